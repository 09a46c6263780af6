"""Task notebooks run in real kernels, through papermill, and hand real values over."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import nbformat
import papermill
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from nb2dag.runtime.execution import execute_task
from nb2dag.runtime.failures import (
    KernelDiedError,
    NotRunnableError,
    StoreError,
    TaskError,
    TaskInterruptedError,
    TaskTimeoutError,
)
from nb2dag.runtime.progress import CellFinished, CellStarted, Event, OutputLine
from support.task_bench import RUNTIME, Bench, body, is_running


@pytest.fixture(params=["nb2dag", "nb2dag-kernel"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path, engine=request.param)


def test_values_cross_from_kernel_to_kernel(bench: Bench) -> None:
    shared = """
        import pandas as pd
        class Model:
            def predict(self, x):
                return x * SCALE
    """
    bench.run(
        "train",
        ("preamble", 1, shared),
        ("preamble", 2, "SCALE = 2"),
        body(
            """
            def counter():
                n = 0
                def up():
                    nonlocal n
                    n += SCALE
                    return n
                return up
            df = pd.DataFrame({"a": range(5), "s": list("abcde")})
            column = df["a"]
            model = Model(); same = model
            up = counter()
            """,
            3,
        ),
        (
            "save",
            3,
            RUNTIME
            + "_nb2dag.save(globals(), 'df', 'df', 'column')\n_nb2dag.save(globals(), 'model', 'model', 'same')",
        ),
        (
            "save",
            3,
            RUNTIME + "_nb2dag.save(globals(), 'up', optional=('never',))\n_nb2dag.save_return(globals(), 'SCALE')",
        ),
    )
    bench.run(
        "use",
        ("preamble", 1, shared),
        ("preamble", 2, "SCALE = 5"),
        (
            "load",
            0,
            RUNTIME + "_nb2dag.load(globals(), 'train', 'df', 'df', 'column')\n"
            "_nb2dag.load(globals(), 'train', 'model', 'model', 'same')\n_nb2dag.load(globals(), 'train', 'up')",
        ),
        body(
            "print(model is same, isinstance(model, Model), model.predict(1), up(), up(), df['s'].tolist(), "
            "len(column))",
            4,
        ),
    )
    assert bench.manifests["train"].returned == 2
    assert bench.lines() == ["True True 5 5 10 ['a', 'b', 'c', 'd', 'e'] 5"]


def test_events_say_which_cell_and_come_as_it_runs(bench: Bench) -> None:
    bench.run("a", ("preamble", 2, "import time"), body("print('now', flush=True)\ntime.sleep(1.5)\n[1]", 5))
    cells = [event for _, event in bench.events if isinstance(event, (CellStarted, CellFinished))]
    assert [(cell.number, cell.total, cell.origin.cell) for cell in cells] == [
        (1, 2, 2),
        (1, 2, 2),
        (2, 2, 5),
        (2, 2, 5),
    ]
    assert [cell.percent for cell in cells if isinstance(cell, CellFinished)] == [50, 100]
    said = next(at for at, event in bench.events if isinstance(event, OutputLine))
    assert bench.events[-1][0] - said > 1
    assert [(line.stream, line.text) for _, line in bench.events if isinstance(line, OutputLine)] == [
        ("stdout", "now"),
        ("display", "[1]"),
    ]


def test_each_attempt_works_in_a_private_copy_of_the_files(bench: Bench) -> None:
    files = bench.folder / "files"
    files.mkdir()
    (files / "tools.py").write_text("K = 41\n")
    (files / "data.csv").write_text("a\n1\n")
    bench.run(
        "a",
        body(
            "import os, tools\nprint(tools.K, open('data.csv').read().split())\nopen('data.csv', "
            "'w').close()\nprint(os.getcwd())"
        ),
        files=files,
    )
    assert bench.lines()[0] == "41 ['a', '1']"
    assert (files / "data.csv").read_text() == "a\n1\n"
    assert not Path(bench.lines()[1]).exists()
    assert not is_running(bench.process())


def test_parameters_reach_the_notebook_typed(bench: Bench) -> None:
    values = {"region": 'it\'s {"north"}\n', "rate": 0.5, "days": [1, None, True], "nested": {"a": {"b": -1}}}
    cells = [("parameters", 1, "region = rate = days = nested = None"), body("print([region, rate, days, nested])", 2)]
    bench.run("a", *cells, parameters=values)
    assert bench.lines() == [repr(list(values.values()))]


def test_a_path_with_braces(bench: Bench) -> None:
    run = bench.task_run("a{x}", body("1"))
    execute_task(run)
    assert bench.executed("a{x}").exists()


FAILURES: dict[str, tuple[list[tuple[str, int, str]], str, tuple[int, int], str]] = {
    "in the cell": (
        [body("x = 1\nx / 0", 4)],
        "failed in cell 4, line 3: ZeroDivisionError: division by zero",
        (4, 3),
        "",
    ),
    "in a function of another cell": (
        [("preamble", 2, "def f(x):\n    return 1 / x"), body("x = 0\nf(x)", 4)],
        "failed in cell 4, line 3: ZeroDivisionError: division by zero (raised in cell 2, line 3)",
        (4, 3),
        "return 1 / x",
    ),
    "in a library": (
        [body("import json\njson.loads('{')", 4)],
        "failed in cell 4, line 3: JSONDecodeError",
        (4, 3),
        "",
    ),
    "under a cell magic": (
        [body("%%time\nx = 1\nx / 0", 4)],
        "failed in cell 4, line 4: ZeroDivisionError",
        (4, 4),
        "",
    ),
    "a syntax error": ([body("x = 1\nx = = 2", 4)], "failed in cell 4, line 3: SyntaxError", (4, 3), ""),
    "without a line": ([body("%xmode Minimal"), body("1 / 0", 4)], "failed in cell 4: ZeroDivisionError", (4, 0), ""),
    "in a load cell": (
        [("load", 0, RUNTIME + "_nb2dag.load(globals(), 'extract', 'df')")],
        "failed while it loaded its inputs: task `t` was given nothing from task `extract`",
        (0, 0),
        "",
    ),
    "in a save cell": (
        [
            body("import threading\nmodel = {'lock': threading.Lock()}", 4),
            ("save", 4, RUNTIME + "_nb2dag.save(globals(), 'model')"),
        ],
        "failed while it handed over what cell 4 made: `model['lock']` is of type _thread.lock",
        (4, 0),
        "",
    ),
    "by sys.exit(0)": (
        [body("import sys\nsys.exit(0)", 4), body("1")],
        "ended its own program in cell 4 (`sys.exit(0)`)",
        (4, 0),
        "",
    ),
    "by sys.exit(0) in the last cell": ([body("raise SystemExit", 4)], "ended its own program in cell 4", (4, 0), ""),
    "by sys.exit(3)": (
        [body("import sys\nsys.exit(3)", 4)],
        "ended its own program in cell 4 (`sys.exit(3)`)",
        (4, 0),
        "",
    ),
    "by quit()": ([body("quit()", 4), body("1")], "ended its own program in cell 4", (4, 0), ""),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_names_the_source_cell_and_line(bench: Bench, case: str) -> None:
    cells, message, (cell, line), traceback = FAILURES[case]
    with pytest.raises(TaskError) as caught:
        bench.run("t", *cells)
    assert f"task `t` {message}" in str(caught.value)
    assert (caught.value.cell, caught.value.line) == (cell, line)
    assert caught.value.cell_id == (f"id-{cell}" if cell else "")
    assert traceback in caught.value.traceback
    assert "\x1b" not in caught.value.traceback
    executed = nbformat.read(bench.executed("t"), as_version=4)
    assert "failed" in [
        found.metadata.papermill.get("status") for found in executed.cells if "papermill" in found.metadata
    ]
    assert not is_running(bench.process())


DEATHS = {
    "a crash": (
        "def native():\n    ctypes.string_at(0)\nimport ctypes\nnative()",
        "crashed in native code (SIGSEGV)",
        "in native",
    ),
    "the memory killer": (
        "import os\nos.kill(os.getpid(), 9)",
        "was killed (SIGKILL)",
        "",
    ),
    "os._exit(0)": ("import os\nos._exit(0)", "ended with exit code 0, without an exception", ""),
}


@pytest.mark.parametrize("case", DEATHS)
def test_a_dead_kernel_is_a_failure_that_says_why(bench: Bench, case: str) -> None:
    code, why, detail = DEATHS[case]
    process = "the notebook's process" if bench.engine == "nb2dag" else "the kernel's process"
    with pytest.raises(KernelDiedError) as caught:
        bench.run("t", body("print('before')"), body(code, 4), body("print('after')", 5))
    assert f"task `t` failed in cell 4: {process} {why}" in str(caught.value)
    assert detail in str(caught.value)
    assert "before" in bench.outputs("t")
    assert "DeadKernelError" in bench.outputs("t")
    assert "after" not in bench.outputs("t")


def test_a_timeout_interrupts_the_kernel_and_keeps_the_notebook(bench: Bench) -> None:
    started = time.monotonic()
    with pytest.raises(
        TaskTimeoutError, match=r"took longer than its timeout of 5 s; it was stopped in cell 4, line 4"
    ):
        bench.run("t", body("import time\nprint('slow')\ntime.sleep(600)", 4), body("print('after')"), timeout=5)
    assert time.monotonic() - started < 30
    assert "slow" in bench.outputs("t")
    assert "KeyboardInterrupt" in bench.outputs("t")
    assert not is_running(bench.process())


def test_a_cell_that_ignores_the_interrupt_is_killed_with_its_children(bench: Bench) -> None:
    code = """
        import subprocess, time
        print(subprocess.Popen(["sleep", "983"], start_new_session=True).pid, flush=True)
        while True:
            try:
                while True:
                    time.sleep(0.1)
            except KeyboardInterrupt:
                print("no", flush=True)
    """
    with pytest.raises(TaskTimeoutError):
        bench.run("t", body(code, 4), timeout=6)
    assert bench.lines()[1:] == ["no"]
    assert not is_running(bench.process())
    assert not is_running(int(bench.lines()[0]))
    assert "TaskTimeoutError" in bench.outputs("t")


def test_background_processes_end_with_a_task_that_succeeds(bench: Bench) -> None:
    bench.run("t", body("import subprocess\nprint(subprocess.Popen(['sleep', '984']).pid)\n!echo from the shell"))
    assert bench.lines()[1] == "from the shell"
    assert not is_running(int(bench.lines()[0]))


@pytest.mark.parametrize("end", ["", "import os\nos._exit(3)"], ids=["success", "death"])
def test_a_daemon_that_left_session_and_environment_ends_with_the_task(bench: Bench, end: str) -> None:
    # Into a file: a kernel that ends at once says nothing more.
    left = bench.folder / "left"
    code = f"""
        import os, subprocess
        os.environ.clear()
        subprocess.run(["/bin/sh", "-c", "/usr/bin/setsid /bin/sleep 986 >/dev/null 2>&1 & echo $! > {left}"], env={{}})
        with open({str(left)!r}, "a") as file:
            print(subprocess.Popen(["/bin/sleep", "987"], env={{}}, start_new_session=True).pid, file=file)
    """
    with pytest.raises(TaskError) if end else contextlib.nullcontext():
        bench.run("t", body(textwrap.dedent(code) + end))
    started = [int(line) for line in left.read_text().split()]
    assert len(started) == 2
    assert not any(map(is_running, started))


def test_stopping_from_another_thread(bench: Bench) -> None:
    stop = threading.Event()
    bench.on_event = lambda event: stop.set() if isinstance(event, OutputLine) else None
    with pytest.raises(TaskInterruptedError, match=r"task `t` was told to stop, in cell 4, line [34]"):
        bench.run("t", body("import time\nprint('slow', flush=True)\ntime.sleep(600)", 4), stop=stop)
    assert "slow" in bench.outputs("t")
    assert not is_running(bench.process())


def test_what_the_caller_raises_stops_the_task(bench: Bench) -> None:
    def complain(event: Event) -> None:
        if isinstance(event, OutputLine):
            raise KeyboardInterrupt

    bench.on_event = complain
    with pytest.raises(KeyboardInterrupt):
        bench.run("t", body("import time\nprint('slow', flush=True)\ntime.sleep(600)", 4))
    assert "slow" in bench.outputs("t")
    assert not is_running(bench.process())


def test_sigterm_stops_the_kernel_and_keeps_the_notebook(bench: Bench) -> None:
    notebook = bench.notebook("t", body("import time\nprint('slow', flush=True)\ntime.sleep(600)", 4))
    code = f"""
        import sys
        from nb2dag.runtime.execution import TaskRun, execute_task
        from nb2dag.runtime.formats import Job
        from nb2dag.runtime.progress import log_line
        job = Job("sales", "r", "t", 1, {str(bench.folder / "store")!r}, "b", "")
        say = lambda event: print(log_line(event), flush=True)
        try:
            run = TaskRun({str(notebook)!r}, {str(bench.executed("t"))!r}, job, engine={bench.engine!r}, on_event=say)
            execute_task(run)
        except Exception as error:
            print(type(error).__name__, error, flush=True)
    """
    kernel = 0
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            kernel = int(line.rpartition(" ")[2].rstrip(")\n")) if line.startswith("kernel") else kernel
            if line == "slow\n":
                process.send_signal(signal.SIGTERM)
    assert line == "TaskInterruptedError task `t` was told to stop (SIGTERM)\n"
    assert process.returncode == 0
    assert "slow" in bench.outputs("t")
    assert not is_running(kernel)


def install_kernel(folder: Path, name: str, code: str) -> None:
    spec = {
        "argv": [sys.executable, "-c", code, "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
    }
    path = folder / "kernels" / name / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(spec))


LAUNCH = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"


def test_a_kernel_without_nb2dag_is_named_before_any_cell_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(bench.folder))
    install_kernel(bench.folder, "bare", f"import sys; sys.modules['nb2dag'] = None; {LAUNCH}")
    cells = [body("x = 1"), ("save", 1, RUNTIME + "_nb2dag.save(globals(), 'x')")]
    with pytest.raises(NotRunnableError, match=r"kernel `bare` cannot import nb2dag.*-m pip install nb2dag"):
        bench.run("t", *cells, kernel_name="bare")
    assert not [event for _, event in bench.events if isinstance(event, CellStarted)]
    assert not is_running(bench.process())
    bench.run("t", cells[0], kernel_name="bare")


def test_a_kernel_that_does_not_start(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(bench.folder))
    install_kernel(bench.folder, "broken", "raise SystemExit('no licence')")
    with pytest.raises(NotRunnableError, match=r"(?s)kernel `broken` did not start: .*no licence"):
        bench.run("t", body("x = 1"), kernel_name="broken")


def test_what_is_missing_is_said_before_the_run(bench: Bench) -> None:
    with pytest.raises(NotRunnableError, match="there is no kernel `nope` on this machine"):
        bench.run("t", body("1"), kernel_name="nope")
    with pytest.raises(NotRunnableError, match="cannot read the task notebook"):
        execute_task(replace(bench.task_run("t", body("1")), notebook=bench.folder / "gone.ipynb"))
    for text, what in (
        ("<html>", "its text is no JSON"),
        ("[]", "it is JSON and has no cells: name an .ipynb file"),
        ("{}", "has no cells"),
    ):
        (bench.folder / "page.ipynb").write_text(text)
        with pytest.raises(NotRunnableError, match=f"page.ipynb is no notebook.*{what}"):
            execute_task(replace(bench.task_run("t", body("1")), notebook=bench.folder / "page.ipynb"))
    (bench.folder / "file").write_text("in the way")
    with pytest.raises(NotRunnableError, match="cannot make the folder for the executed notebook"):
        execute_task(replace(bench.task_run("t", body("1")), output=bench.folder / "file" / "x.ipynb"))
    with pytest.raises(NotRunnableError, match=r"kept at nowhere://x/t\.ipynb, which is no URL; make a place"):
        execute_task(replace(bench.task_run("t", body("1")), output="nowhere://x/t.ipynb"))
    with pytest.raises(NotRunnableError, match="cannot write the executed notebook"):
        execute_task(replace(bench.task_run("t", body("1")), output=bench.folder))
    with pytest.raises(NotRunnableError, match="deploy the whole bundle"):
        bench.run("t", body("1"), files=bench.folder / "gone")


def test_why_a_cell_failed_is_said_also_where_its_notebook_cannot_be_kept(bench: Bench) -> None:
    place = bench.folder / "executed"
    moves = f"from pathlib import Path\nPath({str(place)!r}).rename({str(bench.folder / 'elsewhere')!r})\n"
    with pytest.raises(TaskError, match="ZeroDivisionError"):
        bench.run("t", body(moves + "1 / 0"))
    assert any("the executed notebook cannot be kept in" in line for line in bench.lines())
    # Cells that succeeded are no success without the evidence.
    with pytest.raises(FileNotFoundError):
        bench.run("u", body(moves.replace("elsewhere", "far away")))


def test_a_store_that_cannot_be_written_is_said_before_the_first_cell(bench: Bench) -> None:
    (bench.folder / "store").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write to the handoff store"):
        bench.run("t", body("x = 1"), ("save", 1, RUNTIME + "_nb2dag.save(globals(), 'x')"))
    assert not [event for _, event in bench.events if isinstance(event, CellStarted)]


def test_a_relative_store_is_the_callers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bench.folder)
    run = bench.task_run("t", body("x = 1"), ("save", 1, RUNTIME + "_nb2dag.save(globals(), 'x')"))
    manifest = execute_task(replace(run, job=replace(run.job, store="mine")))
    assert (bench.folder / "mine" / manifest.objects["x"].path).exists()
    assert Path.cwd() == bench.folder


def test_the_kernel_does_not_inherit_another_tasks_job(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2DAG_JOB", "/another/tasks/job.json")
    bench.run("t", body("import os\nprint(os.environ['NB2DAG_JOB'])"))
    assert bench.lines()[0].endswith("/job.json")
    assert bench.lines()[0] != "/another/tasks/job.json"
    assert not Path(bench.lines()[0]).exists()
    assert os.environ["NB2DAG_JOB"] == "/another/tasks/job.json"


def test_two_tasks_at_once_in_threads_of_one_process(bench: Bench) -> None:
    others = Bench(bench.folder)
    code = "import os, time\nopen('mine', 'w').close()\ntime.sleep(1)\nprint(os.listdir())"
    thread = threading.Thread(target=lambda: others.run("b", body(code)))
    thread.start()
    bench.run("a", body(code))
    thread.join()
    assert bench.lines() == others.lines() == ["['mine']"]


class CountedFiles(MemoryFileSystem):
    """A file system that counts what is written to it."""

    protocol = "counted"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    writes = 0

    def pipe_file(self, path: str, value: bytes, **options: Any) -> Any:
        CountedFiles.writes += 1
        return super().pipe_file(path, value, **options)


def test_many_cells_are_not_saved_one_by_one(bench: Bench) -> None:
    """papermill saves after every cell, so that its cost grows with the square of the cells."""
    fsspec.register_implementation("counted", CountedFiles, clobber=True)
    CountedFiles.writes = 0
    run = bench.task_run("t", *(body(f"print({number})", number) for number in range(1, 81)))
    started = time.monotonic()
    execute_task(replace(run, output="counted://kept/t.ipynb"))
    assert CountedFiles.writes <= 4 + (time.monotonic() - started) / 15
    kept = json.loads(CountedFiles().cat_file("counted://kept/t.ipynb"))
    assert kept["cells"][-1]["outputs"][0]["text"] in ("80\n", ["80\n"])


def test_the_engine_by_papermill_alone(bench: Bench) -> None:
    notebook = bench.notebook("t", body("print(6 * 7)"), body("import sys\nsys.exit(0)", 2), body("print('after')", 3))
    papermill.execute_notebook(
        str(notebook), str(bench.folder / "out.ipynb"), engine_name=bench.engine, progress_bar=False
    )
    executed = nbformat.read(bench.folder / "out.ipynb", as_version=4)
    assert [cell.metadata.papermill.status for cell in executed.cells] == ["completed", "failed", "pending"]
    assert executed.cells[0].outputs[0].text == "42\n"
