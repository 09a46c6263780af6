"""Find the executed notebook of an attempt, or say in words why there is none to show."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from nb2dag.airflow.places import executed_notebook
from nb2dag.airflow.plugin.attempts import AT_WORK, NEVER_RUNS, NOT_BEGUN, Attempt, TaskInstanceFacts
from nb2dag.airflow.plugin.kept_notebook import KeptNotebook, OutsideStore, Stamp, kept_notebook
from nb2dag.runtime.formats import NOTEBOOKS_VARIABLE

LARGEST = 50_000_000
"""Bytes of a notebook that is still read; one with more is named."""

OPERATOR = "NotebookOperator"


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why no notebook is shown: a heading, what it means, and whether it may come by itself."""

    title: str
    text: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A notebook that can be shown."""

    notebook: KeptNotebook
    place: str
    stamp: Stamp


def find(facts: TaskInstanceFacts, attempt: Attempt, this_machine: str) -> Found | Nothing:
    """Return the notebook of an attempt, or why there is none; `this_machine` is Airflow's name for the API server."""
    if facts.output_nb is not None and attempt != facts.attempts[-1] and len(facts.attempts) > 1:
        return Nothing(
            "Only the last attempt's notebook is known",
            "The task has an `output_nb` of its own, and each attempt may have written over the one before.",
        )
    ids = SimpleNamespace(
        dag_id=facts.dag_id,
        run_id=facts.run_id,
        task_id=facts.task_id,
        map_index=facts.map_index,
        try_number=attempt.number,
    )
    place = executed_notebook(facts.output_nb, ids)
    try:
        notebook = kept_notebook(place)
        stamp = notebook.stamp()
    except OutsideStore:
        return Nothing(
            "The notebook is kept elsewhere",
            f"It is at {place}, outside the folder of executed notebooks, from which alone this tab shows files.",
        )
    except Exception as error:  # noqa: BLE001 (whatever the handler of that kind of URL raises)
        return Nothing("The notebook cannot be read", f"{place}: {type(error).__name__}: {error}", waits=True)
    if stamp is None:
        return _missing(facts, attempt, notebook, place, this_machine)
    if stamp[0] > LARGEST:
        return Nothing(
            "The notebook is too large to be shown",
            f"It has {stamp[0] / 1e6:,.0f} MB, and more than {LARGEST / 1e6:,.0f} MB would bring this tab to a halt. "
            f"Open it in JupyterLab: {place}",
        )
    return Found(notebook, place, stamp)


def _missing(
    facts: TaskInstanceFacts, attempt: Attempt, notebook: KeptNotebook, place: str, this_machine: str
) -> Nothing:
    """Say why there is no file at `place`."""
    if facts.operator != OPERATOR and facts.output_nb is None:
        return Nothing(
            "No notebook",
            f"This task is run by {facts.operator or 'another operator'}. The tab shows notebooks run by {OPERATOR}.",
        )
    if attempt.state in NOT_BEGUN:
        return Nothing("Not started yet", "The notebook appears here by itself when the task begins.", waits=True)
    if attempt.state in NEVER_RUNS:
        return Nothing("The task did not run", f"Its state is {attempt.state}, and no notebook was begun.")
    if notebook.is_local and attempt.hostname and attempt.hostname != this_machine:
        return Nothing(
            "The notebook is on another machine",
            f"The task ran on {attempt.hostname}, and its notebook is on that machine's disk: {place}. To see "
            f"notebooks here, set {NOTEBOOKS_VARIABLE} to a shared folder or a URL (s3://…) that the workers and the "
            "API server reach.",
            waits=attempt.state in AT_WORK,
        )
    if attempt.state in AT_WORK:
        return Nothing("Starting", "The notebook appears here by itself with its first save.", waits=True)
    return Nothing(
        "The notebook is not there any more",
        f"It was removed, or the task ended before it was begun (its log says why). It would be at {place}.",
    )
