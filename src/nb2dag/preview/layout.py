"""Place tasks in layers, each below its upstream tasks and near them: what the picture of a graph is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX_HEIGHT = 38.0
_LETTER = 7.2
"""Pixels of a letter of the picture's text, on the wide side: there is no browser to measure it."""
_LEAST, _MOST = 84.0, 230.0
_BESIDE, _BELOW, _MARGIN = 18.0, 34.0, 18.0
_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A task's place: the upper left corner, and the width, in pixels."""

    task_id: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture's size in pixels and its boxes."""

    width: float
    height: float
    boxes: Mapping[str, Box]


def lay_out(tasks: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]) -> Layout:
    """Return the places of the tasks of a panel document's graph, whose tasks come after their upstream tasks.

    >>> graph = lay_out([{"task_id": "a"}, {"task_id": "b"}, {"task_id": "c"}], [{"from": "a", "to": "c"}])
    >>> [(box.task_id, box.x, box.y) for box in graph.boxes.values()]
    [('a', 18.0, 18.0), ('b', 120.0, 18.0), ('c', 18.0, 90.0)]
    """
    upstream: dict[str, list[str]] = {task["task_id"]: [] for task in tasks}
    downstream: dict[str, list[str]] = {task["task_id"]: [] for task in tasks}
    for edge in edges:
        upstream[edge["to"]].append(edge["from"])
        downstream[edge["from"]].append(edge["to"])
    layers = _layers(upstream)
    for sweep in range(_SWEEPS):
        _sort_by_neighbours(layers, downstream if sweep % 2 else upstream)
    return _placed(layers, upstream)


def _layers(upstream: Mapping[str, Sequence[str]]) -> list[list[str]]:
    depths: dict[str, int] = {}
    for task_id, before in upstream.items():
        # A cycle is a finding: its edges back count for nothing.
        depths[task_id] = max((depths[each] + 1 for each in before if each in depths), default=0)
    layers: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for task_id, depth in depths.items():
        layers[depth].append(task_id)
    return layers


def _sort_by_neighbours(layers: list[list[str]], neighbours: Mapping[str, Sequence[str]]) -> None:
    """Sort each layer by where the neighbours stand on average, which leaves few edges that cross."""
    for layer in layers:
        places = {task_id: place / max(1, len(each) - 1) for each in layers for place, task_id in enumerate(each)}

        def wanted(task_id: str, places: Mapping[str, float] = places) -> float:
            near = neighbours[task_id]
            return sum(places[each] for each in near) / len(near) if near else places[task_id]

        layer.sort(key=wanted)


def _placed(layers: list[list[str]], upstream: Mapping[str, Sequence[str]]) -> Layout:
    boxes: dict[str, Box] = {}
    for depth, layer in enumerate(layers):
        y, free = _MARGIN + depth * (BOX_HEIGHT + _BELOW), _MARGIN
        for task_id in layer:
            width = min(_MOST, max(_LEAST, len(task_id) * _LETTER + 24))
            above = [boxes[each] for each in upstream[task_id] if each in boxes]
            centre = sum(box.x + box.width / 2 for box in above) / len(above) if above else 0.0
            box = boxes[task_id] = Box(task_id, max(free, centre - width / 2), y, width)
            free = box.x + width + _BESIDE
    width = max((box.x + box.width for box in boxes.values()), default=0.0) + _MARGIN
    height = len(layers) * (BOX_HEIGHT + _BELOW) - _BELOW + 2 * _MARGIN
    # In the order given, which is that of a reader who goes from task to task.
    return Layout(width, height, {task_id: boxes[task_id] for task_id in upstream})
