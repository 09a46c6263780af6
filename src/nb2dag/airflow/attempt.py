"""Carry out one attempt of a task: gather what the notebook needs, run it, and publish what it committed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2dag.airflow.deployed import read_bundle
from nb2dag.airflow.failures import as_airflow_failure
from nb2dag.airflow.parameters import ParameterError, run_parameters
from nb2dag.airflow.places import executed_notebook, input_notebook, store_url
from nb2dag.airflow.pointers import HandoffMissing, publish, pull_manifests
from nb2dag.airflow.progress import ProgressReporter, publisher
from nb2dag.airflow.references import fetch, is_masked
from nb2dag.runtime.attempt_record import AttemptRecord, attempt_record
from nb2dag.runtime.execution import TaskRun, execute_task
from nb2dag.runtime.failures import SKIPPED, NotRunnableError, TaskError
from nb2dag.runtime.formats import BundleManifest, Job, PointerManifest
from nb2dag.runtime.parameters import check_parameters
from nb2dag.runtime.redaction import redactor

if TYPE_CHECKING:
    from nb2dag.airflow.operator import NotebookOperator

ALARM_GRACE = 30.0
"""Seconds that Airflow's own alarm comes after the notebook's deadline."""


def run_attempt(operator: NotebookOperator, context: Any, stop: threading.Event) -> Any:
    """Run the operator's notebook, push the pointer manifest, and return the task's value for XCom.

    Raises:
        AirflowException: The notebook cannot be run, or failed; the message names the source cell and line.
        AirflowFailException: It would fail again: a missing handoff, a parameter without a value, or a cell says so.
        AirflowSkipException: A cell says that there is nothing to do.
        AirflowTaskTimeout: It took longer than `execution_timeout`.
    """
    try:
        run = _task_run(operator, context, stop)
        operator.log.info(
            "notebook %s, executed notebook %s, handoff store %s", run.notebook, run.output, run.job.store
        )
        manifest = execute_task(run)
        _check_outputs(operator, manifest)
        publish(manifest, context["ti"])
    except Exception as error:
        failure = as_airflow_failure(error)
        if failure is None:
            raise
        if isinstance(error, TaskError) and error.traceback and error.ename != SKIPPED:
            operator.log.error("traceback in the kernel:\n%s", error.traceback)
        # `from None`: the layers below (papermill, nbclient) say nothing that the message does not.
        raise failure from None
    return manifest.returned


def _task_run(operator: NotebookOperator, context: Any, stop: threading.Event) -> TaskRun:
    ti = context["ti"]
    dag_file = str(operator.dag.fileloc)
    bundle = read_bundle(dag_file, operator.bundle)
    files = Path(dag_file).parent / "files"
    job = Job(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        attempt=ti.try_number,
        store=store_url(operator.store),
        bundle=operator.bundle or "",
        manifest="",
        map_index=ti.map_index,
        inputs=pull_manifests(operator.inputs, ti, bundle),
        returns=operator.returns,
    )
    parameters = _parameters(operator, context)
    references = fetch(operator.connections, operator.variables)
    if operator.nbconvert or operator.nbconvert_args:
        operator.log.warning("`nbconvert` makes no file: the executed notebook is rendered when somebody looks at it")
    report = ProgressReporter(ti.task_id, operator.log, publisher(context), shows_output=operator.log_output)
    return TaskRun(
        notebook=input_notebook(operator.input_nb, dag_file),
        output=executed_notebook(operator.output_nb, ti),
        job=job,
        files=files if bundle is not None and files.is_dir() else None,
        parameters=parameters,
        kernel_name=operator.kernel_name or None,
        language=operator.language_name or None,
        timeout=_deadline(operator),
        cell_timeout=_seconds(operator.cell_timeout),
        engine=operator.engine,
        redact=redactor([*references.secrets, *_masked_texts(parameters)]),
        environment=references.environment,
        record=_record(operator, job, bundle, references.environment),
        on_event=report,
        stop=stop,
    )


def _record(
    operator: NotebookOperator, job: Job, bundle: BundleManifest | None, environment: Iterable[str]
) -> AttemptRecord:
    """Return what `nb2dag pull` needs to have this attempt again on another machine."""
    prefix = "files/"
    written = bundle.written if bundle is not None else {}
    files = {path.removeprefix(prefix): digest for path, digest in written.items() if path.startswith(prefix)}
    source = bundle.source if bundle is not None else ""
    return attempt_record(job, operator.inputs, source=source, files=files, environment=environment)


def _parameters(operator: NotebookOperator, context: Any) -> dict[str, Any]:
    values = _values(operator, context)
    try:
        check_parameters(values)
    except NotRunnableError as error:
        raise ParameterError(str(error)) from None
    return values


def _values(operator: NotebookOperator, context: Any) -> dict[str, Any]:
    if isinstance(operator.parameters, Mapping):
        return dict(operator.parameters)
    return run_parameters(
        operator.parameters or (),
        operator.scheduled_parameters,
        context,
        operator.dag.params,
        lambda template: operator.render_template(template, context),
    )


def _masked_texts(value: Any) -> Iterator[str]:
    """Yield the texts in parameters that Airflow would mask: the notebook gets them, and the kept one does not."""
    if isinstance(value, str):
        if is_masked(value):
            yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _masked_texts(item)


def _seconds(limit: timedelta | float | None) -> float | None:
    return limit.total_seconds() if isinstance(limit, timedelta) else limit or None


def _deadline(operator: NotebookOperator) -> float | None:
    """Return `execution_timeout` in seconds, and put Airflow's own alarm off by a grace period.

    Airflow's alarm raises in the main thread wherever it happens to be, also while the kernel is being stopped and the
    notebook written. The notebook's own deadline ends both in order; the alarm stays for the case that it does not.
    """
    if not operator.execution_timeout:
        return None
    if threading.current_thread() is threading.main_thread():
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        if left > 0:
            signal.setitimer(signal.ITIMER_REAL, left + ALARM_GRACE)
    seconds: float = operator.execution_timeout.total_seconds()
    return seconds


def _check_outputs(operator: NotebookOperator, manifest: PointerManifest) -> None:
    missing = [key for key in operator.outputs if key not in manifest.objects]
    if missing:
        raise HandoffMissing(
            f"`{operator.task_id}` ran to its end and saved no {', '.join(f'`{key}`' for key in missing)}: "
            "is a save cell missing in its notebook? compile it again"
        )
