"""Write the notebooks that the faults are tried on."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

PARAMETERS = """\
turn = ""
offset = 0"""

GATED = (
    "%load_ext nb2dag\n%airflow_dag gated --retries 2 --retry-delay 1s",
    PARAMETERS,
    "import os\n\nimport gates",
    """%%airflow_task first
values = [number + offset for number in range(1000)]
kept = {"values": list(values)}
gates.wait(turn, "first")""",
    """%%airflow_task second
gates.wait(turn, "second")
squares = [value * value for value in values]
made_by = os.getpid()""",
    """%%airflow_task third --return total
gates.wait(turn, "third")
print(f"squares of {made_by}")
total = sum(squares) - sum(kept["values"])""",
)
"""Three tasks that read one from the other, each held at a gate; `first` hands on to `third`, too."""

CLOCKS = (
    '%load_ext nb2dag\n%airflow_dag clocks --schedule "30 2 * * *" --timezone Europe/Oslo --start-date 2026-01-01',
    """\
day = ""  # airflow: {{ ds }}
moment = ""  # airflow: {{ ts }}
there = ""  # airflow: {{ data_interval_start.in_timezone("Europe/Oslo").isoformat() }}""",
    "%%airflow_task tell --return told\ntold = [day, moment, there]",
)
"""A daily task at half past two in Oslo, an hour that is missing on one night and comes twice on another."""


def total(offset: int) -> int:
    """Return what the whole notebook `GATED` computes."""
    values = [number + offset for number in range(1000)]
    return sum(value * value for value in values) - sum(values)


def write_notebook(path: Path, cells: tuple[str, ...]) -> Path:
    """Write a notebook whose second cell holds the parameters."""
    notebook = new_notebook(cells=[new_code_cell(text, id=f"cell-{number}") for number, text in enumerate(cells, 1)])
    notebook.cells[1].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path
