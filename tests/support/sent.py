"""Notebooks as the panel sends them."""

from __future__ import annotations


def sent(*cells, **rest):
    """Return the body of a question about a notebook of code cells."""
    given = [
        {"cell_type": "code", "id": f"c{number}", "source": cell, "metadata": {}}
        for number, cell in enumerate(cells, 1)
    ]
    return {"path": "n.ipynb", "client": "test", "notebook": {"cells": given, "metadata": {}}, **rest}


SHOP = (
    "%load_ext nb2dag\n%airflow_dag shop --schedule @daily",
    "#| parameters\nn = 2",
    "%%airflow_task load --retries 2\nrows = [n, n]",
    "%%airflow_task report --after load\nprint(rows)",
)
