"""A cluster for all tests of this folder, which only `make distributed FAULTS=1` runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from cluster.cluster import Cluster
from cluster.example import Example

from distributed.notebooks import CLOCKS, GATED, write_notebook
from distributed.turns import Turn, wait_for_end
from nb2dag.runtime.host import MARKER_VARIABLE

Gated = Callable[..., Turn]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, tuple[str, ...]], Example]:
    """Compile a notebook that has `gates.py` beside it."""

    def compile_cells(name: str, cells: tuple[str, ...]) -> Example:
        folder = tmp_path_factory.mktemp(name)
        notebook = write_notebook(folder / "notebooks" / f"{name}.ipynb", cells)
        shutil.copy(Path(__file__).with_name("gates.py"), notebook.parent)
        return Example(notebook, folder / "dags")

    return compile_cells


@pytest.fixture(scope="session")
def cluster(compiled: Callable[[str, tuple[str, ...]], Example]) -> Iterator[Cluster]:
    """A cluster that has the DAGs `gated` and `clocks`; at its end nothing of it runs any more."""
    made = Cluster()
    for name, cells in (("gated", GATED), ("clocks", CLOCKS)):
        made.deploy(compiled(name, cells).folder)
    with made:
        for name in ("gated", "clocks"):
            made.wait_for_dag(name, 300)
        yield made
    assert made.processes.alive() == []
    assert not made.folder.exists()


@pytest.fixture
def gated(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Gated]:
    """Start runs of `gated`; when the test ends, no process of a notebook is left."""
    turns: list[Turn] = []

    def start(offset: int = 0) -> Turn:
        turns.append(Turn(cluster, f"{request.node.name}-{len(turns)}", offset))
        return turns[-1]

    yield start
    for turn in turns:
        turn.open("first", "second", "third")
        turn.end()
    for process in cluster.processes.alive():
        if is_notebook(process):
            wait_for_end(process.pid)
    assert [process.pid for process in cluster.processes.alive() if is_notebook(process)] == []


def is_notebook(process: psutil.Process) -> bool:
    """Tell whether a process runs a notebook, or came of one."""
    try:
        return MARKER_VARIABLE in process.environ()
    except psutil.NoSuchProcess:
        return False
