"""Remember what was found of each task, and forget it once anything that was asked for on the way is different."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from nb2dag.compiler.analysis.timeline import Asked, Changed

_Result = TypeVar("_Result")
_Key = tuple[str, str]
_Mark = TypeVar("_Mark", str, int)


@dataclass(frozen=True, slots=True)
class _Kept:
    given: object
    result: Any


_MOST_MARKS = 1_000_000
"""Of how many questions it is known who asked them; with more, everything is forgotten and begun anew."""


class Settled:
    """What is known of the tasks of one notebook, whose statements and timeline note in `asked` what they are asked.

    A result may follow from what it is given, which is compared, from statements, and from the timeline: these are
    marked where they change. It must not be altered by whoever gets it, and to find it must not ask for another one.
    """

    def __init__(self) -> None:
        self._kept: dict[_Key, _Kept] = {}
        self._askers = _Askers()
        self._asked = Asked()
        self._replayable: dict[int, bool] = {}

    def begin(self, asked: Asked, changed: Changed | None) -> None:
        """Begin with another state of the notebook, which differs from the last one as `changed` says, or anyhow."""
        self._asked = asked
        if changed is None or self._askers.marks > _MOST_MARKS:
            self._kept.clear()
            self._askers = _Askers()
            self._replayable = {}
        else:
            self._forget(changed)

    def keep_only(self, task_ids: Collection[str]) -> None:
        """Forget all tasks but these: while its name is typed, a task has many."""
        gone = [key for key in self._kept if key[1] not in task_ids]
        for key in gone:
            del self._kept[key]

    def compare(self, replayable: dict[int, bool]) -> None:
        """Mark the statements of which it is no longer the same whether they may be replayed."""
        if self._replayable.items() != replayable.items():
            positions = {position for position, _ in self._replayable.items() ^ replayable.items()}
            self._forget(Changed(statements=positions, standings=positions))
        self._replayable = replayable

    def get(self, what: str, task_id: str, given: object, find: Callable[[], _Result]) -> _Result:
        """Return what is known of a task, or find it out."""
        kept = self._kept.get((what, task_id))
        if kept is None or (kept.given is not given and kept.given != given):
            self._asked.take()
            kept = self._kept[what, task_id] = _Kept(given, find())
            self._askers.add((what, task_id), self._asked.take())
        result: _Result = kept.result
        return result

    def _forget(self, changed: Changed) -> None:
        for key in self._askers.of(changed):
            self._kept.pop(key, None)


class _Askers:
    """Who asked for what, or did so once."""

    def __init__(self) -> None:
        self._names: dict[str, set[tuple[int, _Key]]] = {}
        self._regions: dict[int, set[tuple[int, _Key]]] = {}
        self._statements: dict[int, set[_Key]] = {}
        self._standings: dict[int, set[_Key]] = {}
        self._ends: dict[int, set[_Key]] = {}
        self.marks = 0
        """How many questions were noted, those that were withdrawn included."""

    def add(self, key: _Key, asked: Asked) -> None:
        """Note what one asked for."""
        self.marks += len(asked.names) + sum(len(regions) for _, regions in asked.reached)
        self.marks += len(asked.statements) + len(asked.standings) + len(asked.ends)
        for name, position in asked.names:
            self._names.setdefault(name, set()).add((position, key))
        for position, regions in asked.reached:
            for number in regions:
                self._regions.setdefault(number, set()).add((position, key))
        for position in asked.statements:
            self._statements.setdefault(position, set()).add(key)
        for position in asked.standings:
            self._standings.setdefault(position, set()).add(key)
        for position in asked.ends:
            self._ends.setdefault(position, set()).add(key)

    def of(self, changed: Changed) -> set[_Key]:
        """Return who asked for something that changed."""
        found = _within(self._names, changed.names) | _within(self._regions, changed.regions)
        found.update(*(self._statements.pop(position, ()) for position in changed.statements))
        found.update(*(self._standings.pop(position, ()) for position in changed.standings))
        found.update(*(self._ends.pop(position, ()) for position in changed.ends))
        return found


def _within(askers: dict[_Mark, set[tuple[int, _Key]]], changed: dict[_Mark, list[tuple[int, int]]]) -> set[_Key]:
    found: set[_Key] = set()
    for mark, spans in changed.items():
        concerned = {each for each in askers.get(mark, ()) if any(start < each[0] <= end for start, end in spans)}
        if concerned:
            askers[mark] -= concerned
            found.update(key for _, key in concerned)
    return found
