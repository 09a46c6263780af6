"""Decide which files a task lays down before its shared code runs: those that this code itself opens or imports."""

from __future__ import annotations

from nb2dag.compiler.analysis.demand import Demand
from nb2dag.compiler.analysis.effects import FileAccess, FileUse
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.places import is_file_state, overlap, place_in


def early_states(flow: Flow, demand: Demand) -> set[str]:
    """Return the file states that a task takes from other tasks and that its shared code needs to find.

    Shared code that writes a file anew makes it by itself: what another task made of that file is laid down after it.
    """
    return {
        name
        for name in demand.inputs
        if is_file_state(name) and (name in demand.early or _opened(flow, demand, place_in(name)))
    }


def overwritten_states(flow: Flow, demand: Demand) -> set[str]:
    """Return the states that shared code needs as another task left them, and that other shared code writes anew."""
    return {name for name in demand.early & demand.inputs.keys() if _replaced(flow, demand, place_in(name))}


def _opened(flow: Flow, demand: Demand, place: str) -> bool:
    uses = [use for use in _uses(flow, demand, place) if use.access is not FileAccess.REMOVE]
    return bool(uses) and not _replaced(flow, demand, place)


def _replaced(flow: Flow, demand: Demand, place: str) -> bool:
    replacing = (FileAccess.REPLACE, FileAccess.FOLDER)
    return any(use.access in replacing for use in _uses(flow, demand, place))


def _uses(flow: Flow, demand: Demand, place: str) -> list[FileUse]:
    return [
        use
        for position in demand.replays
        if flow.statements[position].task_id != demand.task_id
        for use in flow.statements[position].effects.files
        if use.place is not None and overlap(use.place, place)
    ]
