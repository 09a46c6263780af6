"""What a cell can do to its own process, through both engines: the task ends rightly and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest

from nb2dag.runtime.failures import KernelDiedError, TaskError, TaskTimeoutError
from nb2dag.runtime.progress import OutputCut
from support.task_bench import RUNTIME, Bench, body, is_running


@pytest.fixture(params=["nb2dag", "nb2dag-kernel"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path, engine=request.param)


@pytest.fixture
def shell(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


UNHARMED = {
    "it changes the directory": "import os\nos.chdir('/')",
    "it forks and the child ends": "import os\nif os.fork() == 0:\n    os._exit(3)\nos.wait();",
    "it forks and the child runs on": "import os\nchild = os.fork()\nif child:\n    os.waitpid(child, os.WNOHANG)",
    "it replaces signal handlers": (
        "import signal\nfor number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM):\n"
        "    signal.signal(number, signal.SIG_IGN)"
    ),
    "it leaves a daemon thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    ),
    "it closes the descriptor of stdout": "import os\nos.close(1)",
    "it empties the environment": "import os\nos.environ.clear()",
    "it puts stdout elsewhere": (
        "import io, sys\nsys.stdout, old = io.StringIO(), sys.stdout\nprint('lost')\nsys.stdout = old"
    ),
    "it limits its files": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "it starts a process that goes its own way": (
        "import subprocess\nsubprocess.Popen(['setsid', 'sleep', '986'], stdout=-3, stderr=-3);"
    ),
}


@pytest.mark.parametrize("case", UNHARMED)
def test_the_cell_after_runs_and_its_output_is_there(shell: Bench, case: str) -> None:
    shell.run("t", body(UNHARMED[case]), body("print('still here')", 2))
    assert shell.lines() == ["still here"]
    assert not is_running(shell.process())
    assert not left_behind("sleep\x00986")


def test_a_kernel_bears_them_all_in_a_row(tmp_path: Path) -> None:
    """All but an empty environment, which would take along by what the daemon of another case is found."""
    bench = Bench(tmp_path, engine="nb2dag-kernel")
    harmless = [code for code in UNHARMED.values() if "environ" not in code]
    bench.run("t", *(cell for code in harmless for cell in (body(code), body("print('still here')", 2))))
    assert bench.lines() == ["still here"] * len(harmless)
    assert not is_running(bench.process())
    assert not left_behind("sleep\x00986")


def test_closing_stdout_is_the_notebooks_error(bench: Bench) -> None:
    with pytest.raises(TaskError, match=r"failed in cell 2, line 2: ValueError: I/O operation on closed file"):
        bench.run("t", body("import sys\nsys.stdout.close()"), body("print('unheard')", 2))


def test_a_thread_that_does_not_end_does_not_hold_the_task(bench: Bench) -> None:
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\nprint('done')"
    started = time.monotonic()
    bench.run("t", body(code))
    assert time.monotonic() - started < 60
    assert bench.lines() == ["done"]
    assert not is_running(bench.process())


def test_what_was_printed_before_a_crash_is_kept(shell: Bench) -> None:
    """Not for a kernel: what it has not sent yet dies with it."""
    with pytest.raises(KernelDiedError):
        shell.run("t", body("import os, signal\nprint('last words', end='')\nos.kill(os.getpid(), signal.SIGKILL)"))
    assert shell.lines() == ["last words"]


def test_the_end_of_the_program_runs_what_is_registered_for_it(bench: Bench) -> None:
    mark = bench.folder / "mark"
    bench.run("t", body(f"import atexit, pathlib\natexit.register(pathlib.Path({str(mark)!r}).touch);"))
    assert mark.exists()


def test_a_hundred_megabytes_of_printing(bench: Bench) -> None:
    code = "line = 'x' * 999\nfor _ in range(100_000):\n    print(line)\nprint('the end')"
    started = time.monotonic()
    bench.run("t", body(code), body("print('next')", 2))
    seconds = time.monotonic() - started
    executed = nbformat.read(bench.executed("t"), as_version=4)
    (output,) = executed.cells[0].outputs
    assert len(output.text) == 100_000 * 1000 + len("the end\n")
    assert output.text.endswith("the end\n")
    (cut,) = (event for _, event in bench.events if isinstance(event, OutputCut))
    assert cut.characters == len(output.text) - 1_000_000
    assert sum(len(line) for line in bench.lines()) < 1_100_000
    assert bench.lines()[-1] == "next"
    assert seconds < 120


def test_each_cell_has_its_time(bench: Bench) -> None:
    quick = body("import time\ntime.sleep(0.1)")
    with pytest.raises(TaskTimeoutError, match=r"was stopped in cell 4, line 2: that cell took longer than the 3 s"):
        bench.run("t", quick, quick, body("time.sleep(600)", 4), cell_timeout=3)
    assert "KeyboardInterrupt" in bench.outputs("t")
    assert not is_running(bench.process())


def test_an_awaiting_cell_can_be_stopped(bench: Bench) -> None:
    started = time.monotonic()
    with pytest.raises(TaskTimeoutError):
        bench.run("t", body("import asyncio\nprint('awaiting')\nawait asyncio.sleep(600)", 4), cell_timeout=3)
    assert time.monotonic() - started < 30
    assert "awaiting" in bench.outputs("t")


TASK = """
    import sys
    from nb2dag.runtime.execution import TaskRun, execute_task
    from nb2dag.runtime.formats import Job
    from nb2dag.runtime.progress import log_line
    job = Job("sales", "r", "t", 1, {store!r}, "b", "")
    say = lambda event: print(log_line(event), flush=True)
    {before}
    try:
        execute_task(TaskRun({notebook!r}, {output!r}, job, engine={engine!r}, on_event=say))
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""


def task(bench: Bench, notebook: Path, before: str = "", wrapper: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Run a task in a process that a test can kill; `wrapper` is a command that runs another one."""
    store, output = str(bench.folder / "store"), str(bench.executed("t"))
    code = TASK.format(store=store, notebook=str(notebook), output=output, engine=bench.engine, before=before)
    command = [*wrapper, sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_nothing_outlives_a_task_that_is_killed(bench: Bench) -> None:
    """A worker's SIGKILL leaves no time for anything; what the notebook started must go all the same."""
    code = (
        "import subprocess, time\nprint(subprocess.Popen(['setsid', 'sleep', '987']).pid, flush=True)\ntime.sleep(600)"
    )
    with task(bench, bench.notebook("t", body(code))) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("kernel"):
                kernel = int(line.rpartition(" ")[2].rstrip(")\n"))
            if line.strip().isdigit():
                child = int(line)
                os.kill(process.pid, signal.SIGKILL)
                break
    assert ended(kernel)
    assert ended(child)
    assert not left_behind("sleep\x00987")


CGROUPS = Path("/sys/fs/cgroup/memory")


@pytest.mark.skipif(not os.access(CGROUPS / "cgroup.procs", os.W_OK), reason="cannot make a cgroup with little memory")
def test_want_of_memory_is_named(bench: Bench) -> None:
    group = CGROUPS / f"nb2dag-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(400 << 20))
        enter = f"open('{group}/cgroup.procs', 'w').write('0')"
        hungry = "print('hungry', flush=True)\nheld = [bytearray(1 << 20) for _ in range(4000)]"
        with task(bench, bench.notebook("t", body(hungry, 4)), enter) as process:
            assert process.stdout is not None
            said = process.stdout.read()
    finally:
        group.rmdir()
    why = (
        r"failed in cell 4: the (notebook|kernel)'s process was killed \(SIGKILL\) by the system because memory ran out"
    )
    assert re.search(why, said)
    assert "hungry" in bench.outputs("t")


NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
"""Runs a shell that has mounts of its own, which nobody else sees."""


@pytest.mark.skipif(
    subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode != 0,
    reason="cannot make a small disk",
)
def test_a_full_disk_is_named_and_nothing_is_half_written(bench: Bench) -> None:
    store = bench.folder / "store"
    store.mkdir()
    save = ("save", 4, RUNTIME + "_nb2dag.save(globals(), 'big')")
    notebook = bench.notebook("t", body("big = bytes(8 << 20)\nprint('made')", 4), save)
    # What is left in the store is said before the small disk goes.
    small_disk = 'mount -t tmpfs -o size=2m none "$0" && "$@"; find "$0" -type f -size +0'
    with task(bench, notebook, wrapper=(*NAMESPACE, small_disk, str(store))) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    assert "TaskError task `t` failed while it handed over what cell 4 made: the handoff store" in said
    assert said.endswith("is full: free space there, or name another in NB2DAG_STORE\n")
    assert "made" in bench.outputs("t")


def left_behind(command: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and command in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def ended(process: int) -> bool:
    deadline = time.monotonic() + 10
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(process)
