"""The notebook to work in, made from an executed one."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
import pytest

from nb2dag.local.pull.notebook import pulled_notebook
from nb2dag.runtime.attempt_record import AttemptRecord, RecordUnreadable, attempt_record
from nb2dag.runtime.formats import CellOrigin, Job, PointerManifest, StoredObject

JOB = Job("sales", "manual__1", "clean", 2, "s3://me:secret@bucket/store", "d1", "/tmp/manifest.json")
KERNEL = {"name": "python3", "display_name": "Python 3"}
FOLDER = Path("/somewhere/clean")


def record(**changes):
    objects = {key: StoredObject(key, f"a/{key}", "d", 8, (key,)) for key in ("rows", "other")}
    manifest = PointerManifest("extract", 1, "d1", "3.11.7", objects, returned="a value")
    job = Job(**{name: getattr(JOB, name) for name in JOB.__slots__} | {"inputs": {"extract": manifest}})
    return attempt_record(job, {"extract": ["rows"]}, source="sales.ipynb", **changes)


def code(source, *, count=None, outputs=(), tags=(), origin=None, **metadata):
    if origin is not None:
        metadata["nb2dag"] = origin.to_json()
    return {
        "cell_type": "code",
        "id": f"c{len(source)}",
        "metadata": {"tags": list(tags), "papermill": {"status": "completed"}, **metadata},
        "execution_count": count,
        "outputs": list(outputs),
        "source": source,
    }


def raised(ename, evalue, *traceback):
    return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": list(traceback)}


def executed(*cells):
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"nb2dag": record().to_json(), "papermill": {"exception": True}, "kernelspec": KERNEL},
        "cells": list(cells),
    }


def pulled(notebook, state="failed", **changes):
    before = copy.deepcopy(notebook)
    made = pulled_notebook(notebook, record(**changes), FOLDER, state=state, with_files=True)
    assert notebook == before
    nbformat.validate(nbformat.from_dict(made.notebook))
    return made


def text(made, number=0):
    return "".join(made.notebook["cells"][number]["source"])


BODY = CellOrigin("body", 7, "c7", (3, 4))


def test_a_failed_cell_is_marked_and_papermills_marks_are_gone():
    mark = {"cell_type": "markdown", "id": "m", "metadata": {"tags": ["papermill-error-cell-tag"]}, "source": "x"}
    failed = code("a = 1\nrows['n']", count=2, outputs=[raised("KeyError", "'n'", "Cell In[2], line 2")], origin=BODY)
    made = pulled(executed(mark, code("rows = {}", count=1, origin=CellOrigin("load")), mark, failed, code("later")))
    assert made.failure == "task `clean` failed in cell 7, line 4: KeyError: 'n'"
    cells = made.notebook["cells"]
    assert [cell["metadata"]["tags"] for cell in cells] == [
        ["nb2dag-pulled"],
        ["nb2dag-pulled"],
        [],
        ["failed-here"],
        ["failed-here"],
        [],
    ]
    assert "failed in cell 7, line 4: KeyError: 'n'" in text(made, 3)
    assert cells[4]["outputs"] == failed["outputs"]
    assert "".join(cells[1]["source"]).endswith("_nb2dag.connect('/somewhere/clean')")
    assert "papermill" not in made.notebook["metadata"]
    assert "nb2dag" not in made.notebook["metadata"]
    assert all("papermill" not in cell["metadata"] for cell in cells)
    assert "and what it was handed (`rows` from `extract`)" in text(made)
    assert "What you mend belongs in `sales.ipynb`" in text(made)


@pytest.mark.parametrize(
    ("cells", "state", "said"),
    [
        ([code("1", count=1)], "success", "its state is success."),
        ([code("1", count=1)], "failed", "it failed, and no cell says why: look at the task's log"),
        ([code("1", count=1)], "", "no cell failed."),
        (
            [code("1", count=1, outputs=[raised("ValueError", "wanted")], tags=["raises-exception"])],
            "success",
            "its state is success.",
        ),
        ([code("1", outputs=[raised("DeadKernelError", "was killed")], origin=BODY)], "failed", "cell 7: was killed**"),
        ([code("1", count=1, outputs=[raised("SystemExit", "0")], origin=BODY)], "failed", "ended its own program in"),
        (
            [code("1", count=1, outputs=[raised("HandoffError", "`rows` is gone")], origin=CellOrigin("load"))],
            "failed",
            "failed while it loaded its inputs: `rows` is gone**",
        ),
    ],
)
def test_how_the_attempt_ended_is_said(cells, state, said):
    assert said in text(pulled(executed(*cells), state))


def test_what_is_not_pulled_is_said():
    given = code("password = '***'\nregion = 'north'", tags=["injected-parameters"])
    made = pulled(executed(given), environment=["AIRFLOW_VAR_KEY", "AIRFLOW_CONN_DB"], files={"a.csv": "0"})
    assert made.masked
    assert "A parameter was secret and is not here" in text(made)
    assert "set `AIRFLOW_CONN_DB`, `AIRFLOW_VAR_KEY` before" in text(made)
    assert "`files/` holds the files" in text(made)


def test_ids_stay_apart_and_old_formats_have_none():
    twice = pulled(executed(code("1"), code("2")))
    identifiers = [cell["id"] for cell in twice.notebook["cells"]]
    assert len(set(identifiers)) == len(identifiers)
    old = executed(code("1")) | {"nbformat_minor": 4}
    assert not any("id" in cell for cell in pulled(old).notebook["cells"])


def test_a_record_holds_pointers_and_no_secret():
    kept = record(environment=["AIRFLOW_CONN_DB"], files={"a.csv": "0"})
    assert kept.job.store == "s3://bucket/store"
    assert list(kept.job.inputs["extract"].objects) == ["rows"]
    assert kept.job.inputs["extract"].returned is None
    assert AttemptRecord.from_json(kept.to_json()) == kept


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 9, "nb2dag": "7.0"}, "of format 9, written by nb2dag 7.0, and this nb2dag"),
        ({"job": {**record().to_json()["job"], "version": 9}}, "it holds a job file of version 9, not 1"),
        ({"files": 3}, "damaged (AttributeError("),
        ({"job": {"version": 1}}, "damaged (KeyError('dag_id'))"),
    ],
)
def test_a_record_of_another_nb2dag_is_refused(change, said):
    with pytest.raises(RecordUnreadable) as refused:
        AttemptRecord.from_json(record().to_json() | change)
    assert said in str(refused.value)
