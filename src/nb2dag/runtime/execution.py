"""Run one task notebook through papermill: what the Airflow operator and `nb2dag run` both call."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2dag.runtime import hash_seed
from nb2dag.runtime.attempt_record import AttemptRecord
from nb2dag.runtime.engine import KernelEngine, ShellEngine
from nb2dag.runtime.engine_names import KERNEL_ENGINE, SHELL_ENGINE
from nb2dag.runtime.failures import NotRunnableError, TaskError, TaskInterruptedError
from nb2dag.runtime.formats import JOB_VARIABLE, LAID_DOWN, NOTEBOOKS_VARIABLE, Job, PointerManifest
from nb2dag.runtime.kept_files import Stamp, keep_files, kept_folder, read_record
from nb2dag.runtime.kernels import find_kernel
from nb2dag.runtime.papermill_import import import_papermill, is_known
from nb2dag.runtime.parameters import check_parameters
from nb2dag.runtime.progress import Event, FilesKept, OutputLine, ignore
from nb2dag.runtime.session import Failure, Session, cell_origin
from nb2dag.runtime.store import absolute
from nb2dag.runtime.workdir import private_copy

if TYPE_CHECKING:
    from nb2dag.runtime.shell_process import ShellProcess

_ELSEWHERE = (
    "make a place that the worker's user may write to, or name another path or URL by the operator's `output_nb` or "
    f"{NOTEBOOKS_VARIABLE}"
)

_USUAL_KERNEL = "python3"
"""What the kernel of the Python at hand is called, as ipykernel names it."""


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One attempt of one task.

    Attributes:
        notebook: The task notebook of the bundle, a path or any URL that papermill reads.
        output: Where the executed notebook is kept, a path or any URL that papermill writes. It is there after
            success, failure, timeout and interruption alike; beside it, in `<name>.files/`, lie the files it wrote.
        job: Who runs, what it reads and where values are stored. `execute_task` fills in `manifest` itself, so leave it
            empty; a relative store is taken from the current folder.
        files: The bundle's `files/`; the notebook runs in a private copy of it. None for an empty folder.
        parameters: Values for the notebook's parameters.
        kernel_name: The kernel to use; None for the one that the notebook names.
        language: The notebook's language; None for what the notebook says, and Python where it says nothing.
        fingerprints: Whether to note in the manifest which loaded values the task's cells change in place.
        timeout: Seconds for the whole notebook.
        cell_timeout: Seconds for each cell.
        engine: `nb2dag` for a process with a shell, where the kernel is this interpreter's own; `nb2dag-kernel` for a
            kernel in any case.
        redact: Takes secrets out of a text before it is kept or passed on; None where there are none.
        environment: Variables for the notebook beside those of this process, secrets for example.
        record: What the executed notebook's metadata says about the attempt; None for nothing.
        start_timeout: Seconds for the kernel to start.
        on_event: Called in the calling thread for every event, in order. What it raises stops the task.
        stop: Set it, from another thread, to stop the task; SIGTERM does the same where the caller is the main thread.
    """

    notebook: Path | str
    output: Path | str
    job: Job
    files: Path | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kernel_name: str | None = None
    language: str | None = None
    fingerprints: bool = False
    timeout: float | None = None
    cell_timeout: float | None = None
    engine: str = SHELL_ENGINE
    redact: Callable[[str], str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    record: AttemptRecord | None = None
    start_timeout: float = 60.0
    on_event: Callable[[Event], None] = ignore
    stop: threading.Event | None = None


def execute_task(run: TaskRun) -> PointerManifest:
    """Run a task notebook and return what it committed.

    It runs in a private working directory, in a process of its own, of which nothing is left at the end.

    Raises:
        NotRunnableError: No cell has run: a missing kernel, a kernel without nb2dag, a bad parameter, a missing file.
        TaskError: A cell failed, or one of its kinds: `TaskTimeoutError`, `TaskInterruptedError`, `KernelDiedError`.
        StoreError: The store cannot be written; no cell has run.
    """
    check_parameters(run.parameters)
    notebook = _read_notebook(str(run.notebook))
    kernel_name = _kernel_name(run, notebook)
    with (
        _termination_raises(run.job.task_id),
        _started_ahead(run, kernel_name) as process,
        tempfile.TemporaryDirectory(prefix="nb2dag-job-") as scratch,
    ):
        find_kernel(kernel_name)
        with private_copy(run.files) as directory:
            job = _write_job(run, Path(scratch), directory)
            session = Session(
                environment={**_hashes(run), **run.environment, JOB_VARIABLE: str(Path(scratch, "job.json"))},
                directory=directory,
                output=str(run.output),
                checks_handoffs=_has_handoffs(notebook),
                fingerprints=run.fingerprints and bool(run.job.inputs),
                timeout=run.timeout,
                cell_timeout=run.cell_timeout,
                redact=run.redact,
                record=None if run.record is None else run.record.to_json(),
                process=process,
                on_event=run.on_event,
                stop=run.stop,
            )
            try:
                executed = _execute(run, notebook, kernel_name, session)
            finally:
                _keep_files(run, directory, read_record(Path(scratch, LAID_DOWN)))
        return _committed(job, executed)


def _hashes(run: TaskRun) -> dict[str, str]:
    return {hash_seed.VARIABLE: hash_seed.hash_seed(run.job.dag_id, run.job.run_id, {**os.environ, **run.environment})}


@contextlib.contextmanager
def _started_ahead(run: TaskRun, kernel_name: str) -> Iterator[ShellProcess | None]:
    """Start the notebook's process, while this one still imports papermill; end it if another kernel is wanted.

    Which Python a kernel's name stands for is known only after some imports. `python3` is this one as a rule.
    """
    if run.engine != SHELL_ENGINE or kernel_name != _USUAL_KERNEL:
        yield None
        return
    from nb2dag.runtime.shell_process import ShellProcess

    process = ShellProcess(_hashes(run))
    try:
        yield process
    finally:
        process.close()


def _execute(run: TaskRun, notebook: Any, kernel_name: str, session: Session) -> Any:
    """Run the notebook through papermill and return it."""
    import_papermill(str(run.notebook), str(run.output))
    from papermill import execute_notebook
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    # An entry point is found only where nb2dag's installed metadata is up to date.
    papermill_engines.register(KERNEL_ENGINE, KernelEngine)
    papermill_engines.register(SHELL_ENGINE, ShellEngine)
    _make_folder(run.output)
    try:
        executed = execute_notebook(
            _literal(run.notebook),
            _literal(run.output),
            parameters=dict(run.parameters),
            engine_name=run.engine,
            request_save_on_cell_execute=False,
            kernel_name=kernel_name,
            language=run.language or (None if _language(notebook) else "python"),
            progress_bar=False,
            start_timeout=run.start_timeout,
            session=session,
        )
    except PapermillExecutionError as error:
        raise _failed(run, session.failure or _unforeseen(error)) from None
    except (NotRunnableError, TaskError):
        raise
    except Exception as error:
        # papermill writes the notebook at the end, and raises whatever the handler of that kind of place raises.
        if session.failure is None:
            raise
        # Why a cell failed matters more, and is often the same store.
        said = f"the executed notebook cannot be kept in {run.output}: {type(error).__name__}: {error}"
        run.on_event(OutputLine(0, "stderr", said))
        raise _failed(run, session.failure) from None
    if session.failure is not None:
        raise _failed(run, session.failure)
    return executed


def _keep_files(run: TaskRun, directory: Path, laid_down: Mapping[str, Stamp]) -> None:
    """Keep what the notebook wrote beside the executed notebook; that it cannot be kept does not hide why it failed."""
    folder = kept_folder(run.output)
    try:
        names = keep_files(directory, run.files, folder, laid_down)
    except Exception as error:  # noqa: BLE001 (every kind of place has exceptions of its own)
        run.on_event(OutputLine(0, "stderr", f"the files that the task wrote cannot be kept in {folder}: {error}"))
        return
    if names:
        run.on_event(FilesKept(folder, names))


def _failed(run: TaskRun, failure: Failure) -> TaskError:
    # Here: a task that goes well needs none of it.
    from nb2dag.runtime.outcome import task_error

    return task_error(run.job.task_id, failure, run.timeout, run.cell_timeout)


def _unforeseen(error: Any) -> Failure:
    """Return what papermill alone takes for a failure: an error among the outputs of a cell that went on."""
    return Failure("error", None, error.ename, error.evalue, tuple(error.traceback), {})


def _read_notebook(path: str) -> Any:
    try:
        text = _text_at(path)
    except Exception as error:
        # Whatever the handler of that kind of URL raises.
        raise NotRunnableError(f"cannot read the task notebook {path}: {type(error).__name__}: {error}") from error
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise NotRunnableError(f"{path} is no notebook, its text is no JSON ({error}): name an .ipynb file") from None
    # Notebooks of format 3 have worksheets, and papermill reads them.
    if not isinstance(notebook, dict) or "nbformat" not in notebook or not notebook.keys() & {"cells", "worksheets"}:
        raise NotRunnableError(f"{path} is no notebook, it is JSON and has no cells: name an .ipynb file")
    return notebook


def _text_at(path: str) -> str:
    if "://" not in path:
        return Path(path).read_text("utf-8")
    import_papermill(path)
    from papermill.iorw import papermill_io

    text: str = papermill_io.read(path)
    return text


def _kernel_name(run: TaskRun, notebook: Any) -> str:
    name = run.kernel_name or notebook.get("metadata", {}).get("kernelspec", {}).get("name")
    if not name:
        raise NotRunnableError(
            f"the task notebook {run.notebook} names no kernel: name one with the task's option `kernel`"
        )
    return str(name)


def _language(notebook: Any) -> str | None:
    metadata = notebook.get("metadata", {})
    language = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
    return str(language) if language else None


def _has_handoffs(notebook: Any) -> bool:
    origins = (cell_origin(cell) for cell in notebook.get("cells", ()))
    return any(origin is not None and origin.purpose in ("load", "save") for origin in origins)


def _write_job(run: TaskRun, scratch: Path, directory: Path) -> Job:
    """Write the job file; the notebook runs in another folder, so a relative store becomes an absolute one."""
    job = replace(
        run.job,
        manifest=str(scratch / "manifest.json"),
        store=absolute(run.job.store),
        directory=str(directory),
        files="" if run.files is None else str(run.files.absolute()),
    )
    Path(scratch, "job.json").write_text(json.dumps(job.to_json()), "utf-8")
    return job


def _committed(job: Job, executed: Any) -> PointerManifest:
    path = Path(job.manifest)
    if path.exists():
        return PointerManifest.from_json(json.loads(path.read_text("utf-8")))
    python = executed.metadata.get("language_info", {}).get("version", "")
    return PointerManifest(job.task_id, job.attempt, job.bundle, python)


def _make_folder(output: Path | str) -> None:
    if "://" not in str(output):
        try:
            Path(output).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotRunnableError(
                f"cannot make the folder for the executed notebook {output}: {error.strerror or error}; {_ELSEWHERE}"
            ) from error
    elif not is_known(str(output)):
        raise NotRunnableError(f"the executed notebook cannot be kept at {output}, which is no URL; {_ELSEWHERE}")


def _literal(path: Path | str) -> str:
    """Return a path for papermill, which formats what stands in braces with the parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


@contextlib.contextmanager
def _termination_raises(task_id: str) -> Iterator[None]:
    """Raise on SIGTERM, once, after whatever the process did about it before; in another thread do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    received = False

    def stop(number: int, frame: Any) -> None:
        nonlocal received
        if received:
            return
        received = True
        if callable(before):
            before(number, frame)
        raise TaskInterruptedError(f"task `{task_id}` was told to stop (SIGTERM)", task_id=task_id)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
