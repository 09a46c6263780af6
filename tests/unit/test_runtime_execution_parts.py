"""The small parts around a task notebook's run: parameters, kernels, working directory, log lines, locations."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nb2dag.runtime.failures import Frame, NotRunnableError
from nb2dag.runtime.formats import FOLDER_KEEPER, CellOrigin, Job, ObjectHeader, path_component
from nb2dag.runtime.kernels import find_kernel
from nb2dag.runtime.location import source_frames
from nb2dag.runtime.parameters import check_parameters
from nb2dag.runtime.processes import end_descendants
from nb2dag.runtime.progress import CellFinished, CellStarted, KernelStarted, LineBuffer, OutputLine, log_line
from nb2dag.runtime.store import LocalStore, absolute, default_store, open_store
from nb2dag.runtime.workdir import private_copy


def test_parameters_that_papermill_passes_as_they_are() -> None:
    check_parameters({"a": 1, "b": [1.5, None, True, {"k": ["x"]}], "c": float("nan"), "_d": ""})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"x": (1, 2)}, "parameter `x` is of type tuple, which would become text in the notebook: pass `list"),
        ({"x": {1}}, "of type set"),
        ({"x": b"1"}, r"of type bytes.*\.decode"),
        ({"x": datetime(2026, 1, 1, tzinfo=timezone.utc)}, r"of type datetime.*\.isoformat"),
        ({"x": Decimal(1)}, "of type Decimal.*str"),
        ({"x": Path("a")}, "of type PosixPath"),
        ({"x": [{"k": np.int64(1)}]}, r"parameter `x\[0\]\['k'\]` is of type int64.*\.tolist"),
        ({"x": {1: 2}}, "parameter `x` has the key 1, which would become text"),
        ({"not a name": 1}, "'not a name' cannot be a parameter"),
        ({"class": 1}, "'class' cannot be a parameter"),
        ({"x; import os": 1}, "cannot be a parameter"),
    ],
)
def test_parameters_that_it_would_change(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(NotRunnableError, match=message):
        check_parameters(parameters)


def test_a_kernel_that_is_there() -> None:
    kernel = find_kernel("python3")
    assert (kernel.language, kernel.is_local) == ("python", True)
    assert Path(kernel.program).exists()


def test_a_kernel_that_is_missing_or_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    folder = tmp_path / "kernels" / "broken"
    folder.mkdir(parents=True)
    spec = {"argv": [str(tmp_path / "gone" / "python"), "-m", "x"], "display_name": "Broken", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    with pytest.raises(
        NotRunnableError, match=r"no kernel `conda-ml` on this machine \(installed: `broken`, .*`python3`"
    ):
        find_kernel("conda-ml")
    with pytest.raises(NotRunnableError, match=r"kernel `broken` is started by .*gone/python, which is not there"):
        find_kernel("broken")


def test_a_private_copy_of_the_bundles_files(tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "data").mkdir(parents=True)
    (files / "data" / "a.csv").write_text("1")
    (files / "data" / "a.csv").chmod(0o444)
    (files / "data" / "dangling").symlink_to("nowhere")
    (files / "out").mkdir()
    (files / "out" / FOLDER_KEEPER).touch()
    (files / "data").chmod(0o555)
    with private_copy(files) as folder:
        assert list((folder / "out").iterdir()) == []
        (folder / "data" / "a.csv").write_text("2")
        (folder / "data" / "b.csv").write_text("3")
        assert stat.S_IMODE((folder / "data" / "a.csv").stat().st_mode) & stat.S_IWUSR
        (folder / "data").chmod(0o555)
    assert not folder.exists()
    assert not folder.parent.exists()
    assert (files / "data" / "a.csv").read_text() == "1"
    (files / "data").chmod(0o755)
    with private_copy(None) as folder:
        assert list(folder.iterdir()) == []
    with pytest.raises(NotRunnableError, match="deploy the whole bundle"), private_copy(tmp_path / "gone"):
        pass


def test_a_working_directory_that_its_task_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    with private_copy(None) as folder:
        assert folder.parent.parent == shared
        folder.rmdir()
        folder.parent.rmdir()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        (["a\nb", "c\n"], ["a", "bc"]),
        (["a\r\nb\n"], ["a", "b"]),
        (["\r 10%", "\r 20%", "\r100%\n", "done\n"], [" 10%", "100%", "done"]),
        (["\x1b[32mgreen\x1b[0m\n"], ["green"]),
        (["no line end"], ["no line end"]),
        (["\n"], [""]),
        (["x" * 10_001 + "\n"], ["x" * 10_000 + " … (1 more characters)"]),
    ],
)
def test_output_becomes_lines(chunks: list[str], lines: list[str]) -> None:
    buffer = LineBuffer()
    assert [line for chunk in chunks for line in buffer.feed(chunk, 0.0)] + list(buffer.flush()) == lines


def test_a_progress_bar_shows_every_five_seconds() -> None:
    buffer = LineBuffer()
    shown = [line for second in range(12) for line in buffer.feed(f"\r{second}/12", float(second))]
    assert shown == ["0/12", "5/12", "10/12"]
    assert list(buffer.flush()) == ["11/12"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (KernelStarted("python3", 12), "kernel python3 started (process 12)"),
        (CellStarted(4, 12, CellOrigin("body", 7, "x")), "cell 4/12 25 % (notebook cell 7)"),
        (
            CellFinished(4, 12, 61.0, True, CellOrigin("save", 7, "x")),
            "cell 4/12 33 % (saves what notebook cell 7 made) took 1 min 1 s",
        ),
        (CellFinished(4, 4, 7261.0, False), "cell 4/4 100 % (parameters of this run) failed after 2 h 1 min"),
        (OutputLine(1, "stderr", "careful"), "careful"),
    ],
)
def test_events_in_a_log(event: Any, line: str) -> None:
    assert log_line(event) == line


CELLS = {1: CellOrigin("preamble", 2, "p", (1, 2, 5)), 3: CellOrigin("body", 7, "b", (2, 3, 4)), 4: None}


@pytest.mark.parametrize(
    ("traceback", "frames"),
    [
        (["Cell In[3], line 2", "----> 2 f(a)", "Cell In[1], line 3, in f(x)"], ["cell 7, line 3", "cell 2, line 5"]),
        (["\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[3]\x1b[39m\x1b[32m, line 1\x1b[39m\n"], ["cell 7, line 2"]),
        (
            ["Input In [3], in <cell line: 2>()", "Input In [1], in f(x)\n      2 y\n----> 3 z"],
            ["cell 7, line 3", "cell 2, line 5"],
        ),
        (["<ipython-input-3-0a1b> in <module>\n----> 2 f()"], ["cell 7, line 3"]),
        (["  Cell In[3], line 2\n    f(3)", "  Cell In[1], line 3 in f"], ["cell 7, line 3", "cell 2, line 5"]),
        (
            ["Cell In[3], line 1\n----> 1 get_ipython().run_cell_magic('time')", "File <timed exec>:2"],
            ["cell 7, line 4"],
        ),
        (["ZeroDivisionError: division by zero"], []),
        (["Cell In[9], line 1"], []),
        (["Cell In[3], line 99"], ["cell 7"]),
        (["Cell In[4], line 1"], ["cell 0, line 1"]),
    ],
)
def test_tracebacks_lead_to_the_source_notebook(traceback: list[str], frames: list[str]) -> None:
    assert [str(frame) for frame in source_frames(traceback, CELLS)] == frames
    assert all(isinstance(frame, Frame) for frame in source_frames(traceback, CELLS))


def test_processes_of_a_session_and_daemons_that_left_it_end() -> None:
    code = """
import subprocess, time
subprocess.Popen(["sleep", "971"])
subprocess.Popen(["setsid", "sleep", "972"])
time.sleep(60)
"""
    marker = f"mark-{os.getpid()}-{time.time()}"
    leader = subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, env={**os.environ, "NB2DAG_TEST_MARK": marker}
    )
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    deadline = time.monotonic() + 20
    while len(_marked(marker)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    end_descendants(leader.pid, f"NB2DAG_TEST_MARK={marker}")
    leader.wait(10)
    assert _marked(marker) == []
    assert bystander.poll() is None
    end_descendants(None, "NB2DAG_TEST_MARK=nobody")
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def _marked(marker: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_path_components_are_safe_and_differ() -> None:
    ids = ["a", "A:b+c", "a/b", "a%2Fb", ".", "..", "", "é", "x" * 300, "x" * 299 + "y", "a b", "~"]
    components = [path_component(identifier) for identifier in ids]
    assert len(set(components)) == len(ids)
    assert all(part and "/" not in part and part not in (".", "..") and len(part) <= 200 for part in components)
    assert Job("d", "../../etc", "t", 2, "", "", "", map_index=3).prefix == "d/..%2F..%2Fetc/t/3/try-2"


def test_stores_by_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_store("store").root == absolute("store") == str(tmp_path / "store")
    assert open_store("file:///x/y").root == absolute("file:///x/y") == "/x/y"
    assert absolute("s3://bucket/x") == "s3://bucket/x"
    assert default_store({"NB2DAG_STORE": "s3://b"}) == "s3://b"
    assert default_store({"AIRFLOW_HOME": "/air"}) == "/air/nb2dag/store"
    LocalStore(str(tmp_path / "new")).check()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_header_of_another_format_is_refused() -> None:
    header = ObjectHeader("k", "t", "b", "pickle", "3.11.1", {}, ((0, 1),), (), (7,)).to_bytes()
    assert ObjectHeader.from_bytes(memoryview(header)).checksums == (7,)
    with pytest.raises(ValueError, match="handoff format 9"):
        ObjectHeader.from_bytes(memoryview(header[:8] + (9).to_bytes(4, "big") + header[12:]))
    with pytest.raises(ValueError, match="too few for a header"):
        ObjectHeader.from_bytes(memoryview(header[:10]))
    with pytest.raises(ValueError, match="fewer than its header"):
        ObjectHeader.from_bytes(memoryview(header[:-1]))


def test_importing_the_runtime_costs_nothing() -> None:
    code = (
        "import sys, nb2dag.runtime, nb2dag.runtime.execution, nb2dag.runtime.commit, nb2dag.runtime.engine;"
        "heavy = {'papermill', 'nbclient', 'nbformat', 'cloudpickle', 'fsspec', 'numpy', 'pandas', 'IPython', 'zmq'};"
        "print(*(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
