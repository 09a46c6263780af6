"""Write the edges between tasks as a person would: `extract >> [clean, split] >> report`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Step = tuple[str, ...]
"""Task ids that stand side by side in a chain."""


def chains(upstream: Mapping[str, Iterable[str]], longest: int = 8) -> list[tuple[Step, ...]]:
    """Return the edges as chains of steps, every edge in exactly one of them.

    `upstream` maps each task to its direct upstream tasks, in an order in which a task comes after its upstream
    tasks. Two steps of which both hold several tasks never stand next to each other, since Python cannot write that;
    `longest` is the most steps of one chain.

    Examples:
        >>> chains({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": ["a"]})
        [(('a',), ('b', 'c', 'e')), (('b', 'c'), ('d',))]
        >>> chains({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]})
        [(('a',), ('b', 'c'), ('d',))]
    """
    result: list[tuple[Step, ...]] = []
    ends: dict[Step, int] = {}
    for first, second in _links(upstream):
        index = ends.pop(first, None)
        if index is None or len(result[index]) >= longest:
            index = len(result)
            result.append((first,))
        result[index] = (*result[index], second)
        ends[second] = index
    return result


def _links(upstream: Mapping[str, Iterable[str]]) -> list[tuple[Step, Step]]:
    """Return pairs of steps, sorted by the first task they lead to."""
    order = {task: position for position, task in enumerate(upstream)}
    fan_out: dict[str, list[str]] = {}
    links: list[tuple[Step, Step]] = []
    for task, above in upstream.items():
        sources = tuple(sorted(above, key=order.__getitem__))
        if len(sources) == 1:
            fan_out.setdefault(sources[0], []).append(task)
        elif sources:
            links.append((sources, (task,)))
    links += [((source,), tuple(tasks)) for source, tasks in fan_out.items()]
    return sorted(links, key=lambda link: order[link[1][0]])
