"""What a run prints while it goes and at its end, from events and results made by hand."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nb2dag.cli.run_display import PlainDisplay, duration
from nb2dag.cli.run_summary import result_text
from nb2dag.local.events import TaskEnded, TaskFailure, TaskOutput, TaskProgress, TaskRetrying, TaskStarted
from nb2dag.local.results import RunResult, TaskResult, write_record
from nb2dag.local.scheduling import TaskState
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.report.style import Style

EVENTS = [
    TaskStarted("extract", 1, 3),
    TaskProgress("extract", 1, 2, 4, "notebook cell 4"),
    TaskOutput("extract", "stdout", "1,024 rows \x1b[2J"),
    TaskRetrying("extract", 1, 3, 75.0, TaskFailure("KeyError: 'x'\nmore", 4, 2)),
    TaskStarted("extract", 2, 3),
    TaskEnded("extract", TaskState.FAILED, 2.5, TaskFailure("KeyError: 'x'", 4, 2)),
    TaskEnded("ab", TaskState.UPSTREAM_FAILED),
]


def test_plain_lines(capsys):
    with PlainDisplay(["extract", "ab"], Style(), quiet=False) as display:
        for event in EVENTS:
            display(event)
    assert capsys.readouterr().out.splitlines() == [
        "extract  started",
        "extract  cell 1/2 (notebook cell 4)",
        "extract  | 1,024 rows \\x1b[2J",
        "extract  try 1 of 3 failed: KeyError: 'x'; the next one in 1 min 15 s",
        "extract  started again, try 2 of 3",
        "extract  failed after 2.5 s",
        "ab       upstream failed",
    ]


def test_quiet_leaves_out_what_cells_write(capsys):
    display = PlainDisplay(["extract"], Style(), quiet=True)
    display(EVENTS[2])
    assert not capsys.readouterr().out


LIVE = """
import time
from nb2dag.cli.run_display import LiveDisplay, display_for
from nb2dag.cli.terminal import style_for
from nb2dag.local.events import *
from nb2dag.local.scheduling import TaskState
import sys
with display_for(["extract", "ab"], style_for(sys.stdout), quiet=False) as display:
    assert isinstance(display, LiveDisplay)
    display(TaskStarted("extract", 1, 1))
    display(TaskProgress("extract", 1, 2, 4, "notebook cell 4"))
    time.sleep(0.3)
    display(TaskOutput("extract", "stdout", "[red]1,024[/red] rows"))
    display(TaskRetrying("extract", 1, 3, 5.0, TaskFailure("KeyError: 'x'")))
    display(TaskEnded("extract", TaskState.FAILED, 2.5, TaskFailure("KeyError: 'x'")))
    display(TaskEnded("ab", TaskState.UPSTREAM_FAILED))
    time.sleep(0.3)
print("after")
"""


def test_a_terminal_gets_a_live_table():
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(
        [sys.executable, "-c", LIVE], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as live:
        os.close(theirs)
        written = b""
        while chunk := read(ours):
            written += chunk
    os.close(ours)
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", written.decode())
    assert live.returncode == 0, text
    assert re.search(r"extract +running +0\.\d s +cell 1/2, notebook cell 4", text)
    assert "extract | [red]1,024[/red] rows" in text
    assert "extract | try 1 of 3 failed: KeyError: 'x'" in text
    assert re.search(r"extract +failed +2\.5 s +KeyError: 'x'", text)
    assert re.search(r"ab +upstream failed", text)
    assert text.rstrip().endswith("after")


def read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # Linux's way to say that the other side is closed.
        return b""


def result(tmp_path, *tasks, interrupted=False):
    return RunResult("sales", "run-1", tmp_path, tmp_path / "notebooks", tasks, 75.2, interrupted)


def test_the_end_of_a_failed_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failure = TaskFailure("KeyError: 'x'\nin cell 2", 2, 3)
    failed = TaskResult("clean", TaskState.FAILED, 2, 61.0, tmp_path / "notebooks/clean.ipynb", failure)
    done = TaskResult("extract", TaskState.SUCCESS, 1, 1.25, tmp_path / "notebooks/extract.ipynb")
    never = TaskResult("report", TaskState.UPSTREAM_FAILED)
    cells = (Cell(1, "a", CellType.MARKDOWN, "#"), Cell(2, "b", CellType.CODE, "#| task: clean\na = 1\ndf['x']"))
    text = result_text(result(tmp_path, done, failed, never), Notebook("sales.ipynb", cells), Style())
    assert text == (
        "sales.ipynb:cell 2:3: task `clean` failed: KeyError: 'x'\n"
        "  3 | df['x']\n"
        "  in cell 2\n"
        "  executed notebook: notebooks/clean.ipynb\n"
        "\n"
        "task     state            tries  time\n"
        "extract  success          1      1.2 s\n"
        "clean    failed           2      1 min 1 s\n"
        "report   upstream failed  -      -\n"
        "\n"
        "sales failed after 1 min 15 s (3 tasks: 1 success, 1 failed, 1 upstream failed)\n"
        "executed notebooks: notebooks\n"
    )


@pytest.mark.parametrize(
    ("state", "interrupted", "word"),
    [
        (TaskState.SUCCESS, False, "succeeded"),
        (TaskState.SKIPPED, False, "succeeded"),
        (TaskState.STOPPED, True, "interrupted"),
    ],
)
def test_how_a_run_ended(tmp_path, state, interrupted, word):
    ended = result(tmp_path, TaskResult("only", state, 1, 1.0), interrupted=interrupted)
    assert f"sales {word} after" in result_text(ended, None, Style())
    assert ended.ok is (word == "succeeded")
    assert Path(write_record(ended)).is_file()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 0 s"), (3600, "1 h 0 min"), (86400, "24 h 0 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text
