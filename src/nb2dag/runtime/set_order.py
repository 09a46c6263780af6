"""Let a set of numbers be gone through in the same order after a load.

The order is that of the entries of a hash table, and follows from the hashes and from the set's history: how large the
table once had to be, and what was in the way of what. A load begins with a table of its own size. So the set is filled
with others first, until its table is as large and all is in the way that was, and these are taken out again. How tables
grow and are searched is that of CPython's `Objects/setobject.c`, 3.7 and later; each way is tried before it is taken.

The hashes of texts are the same in two processes only where these were given one seed (see `hash_seed`).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from itertools import islice, product
from types import FunctionType, ModuleType
from typing import Any

from nb2dag.runtime.hash_seed import has_seed

_EMPTY = sys.getsizeof(set())
_ENTRY = 16
"""Bytes of an entry of a table: a hash and a reference."""
_SMALLEST = 8
"""Entries of a table that lies in the set itself."""
_FEWEST = 5
"""How many elements that are added at once make it grow."""
_LINEAR = 9
"""How many entries after one are looked at before another place is."""
_SHIFT = 5
_MOST_PROBES = 40
_MOST_WEIGHED = 60
"""Of how many elements all ways to place them are weighed."""
_MOST_ELEMENTS = 5_000
"""Of more, finding out would take longer than the handoff."""

_WRITTEN = b"\x8f\x94"
"""What pickle writes for an empty set, which it then fills."""

Places = Callable[[list[list[int]]], list[int] | None]
"""Chooses an entry for each element, of those that are looked at for it in turn; None where it finds none."""

Order = tuple[set[Any] | dict[Any, Any], list[Any], list[int], int]
"""A set, its elements as they are added, the entries that others take first, and how many come all at once.

Or a dict and its items.
"""


class _Filler:
    """An element that belongs to one entry and equals nothing."""

    __slots__ = ("_place",)

    def __init__(self, place: int) -> None:
        self._place = place

    def __hash__(self) -> int:
        return self._place


LATER = "{"
"""How the mark of a set begins that is filled when all else is loaded."""

LATER_DICT = "{:"
"""How the mark of such a dict begins."""

_MOST_KEYS = 1000
_MOST_REACHED = 10_000
"""After how many objects it is not asked any further whether a dict is among what its keys reach."""


def has_own_hash(value: object) -> bool:
    """Tell whether code of a class says what the hash of a value is: it may ask for what is not loaded yet."""
    return isinstance(type(value).__hash__, FunctionType)


def filled_later(values: set[Any] | dict[Any, Any]) -> Order:
    """Return how to fill a set whose elements may hold it in turn, or such a dict."""
    return values, [*(values.items() if isinstance(values, dict) else values)], [], 0


def is_in_its_keys(values: dict[Any, Any]) -> bool:
    """Tell whether keys of a dict may reach the dict itself, and say by code of their own what their hash is.

    >>> class Node:
    ...     def __init__(self): self.children = {}
    ...     def __hash__(self): return 1
    >>> node = Node()
    >>> node.children[node] = 0
    >>> is_in_its_keys(node.children), is_in_its_keys({Node(): 0}), is_in_its_keys({"a": node.children})
    (True, False, False)
    """
    # What the others are like, the first of them tell.
    waiting = [key for key in islice(values, _MOST_KEYS) if has_own_hash(key)]
    seen = {id(key) for key in waiting}
    while waiting and len(seen) < _MOST_REACHED:
        reached = waiting.pop()
        for each in () if isinstance(reached, (type, ModuleType, FunctionType)) else gc.get_referents(reached):
            if each is values:
                return True
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)
    return bool(waiting)


def may_hold_set(stream: bytearray) -> bool:
    """Tell whether a pickle stream may hold a set: asking costs next to nothing."""
    return _WRITTEN in stream


def order_of(values: set[Any]) -> Order | None:
    """Return how to give a set its order again; None where a load gives it, or it cannot be made again.

    >>> order_of({2, 3, 4}) is None, order_of({2, 3, 4} | {17, 5})[1:]
    (True, ([17, 2, 3, 4, 5], [], 7))
    """
    from numbers import Number

    order = list(values)
    alike = (Number, str, bytes, tuple) if has_seed() else Number
    if len(order) > _MOST_ELEMENTS or not all(isinstance(value, alike) for value in order):
        return None
    if _is_so(set(order), order):
        return None
    slots = (sys.getsizeof(values) - _EMPTY) // _ENTRY or _SMALLEST
    for places, at_once in product((_nearest, _cheapest, _first), (True, False)):
        found = _planned(order, slots, places, at_once=at_once)
        if found is not None:
            made: set[Any] = set()
            most = slots // 2 - 1 if at_once else 0
            restore((made, *found, most))
            if _is_so(made, order):
                return values, *found, most
    return None


def restore(known: Order) -> None:
    """Give a set, in place, the order that `order_of` found."""
    values, order, places, at_once = known
    values.clear()
    if isinstance(values, dict):
        values.update(order)
        return
    fillers = [_Filler(place) for place in places]
    added = [*fillers, *order]
    # The keys of a dict are added in their order, to a table that is made for all of them.
    values.update(dict.fromkeys(added[:at_once]))
    for value in added[at_once:]:
        values.add(value)
    values.difference_update(fillers)


def _planned(order: list[Any], slots: int, places: Places, *, at_once: bool) -> tuple[list[Any], list[int]] | None:
    """Return in which order to add elements so that their entries are in this one, and what is there before."""
    from graphlib import CycleError, TopologicalSorter

    probes = [list(islice(_probes(hash(value), slots), _MOST_PROBES)) for value in order]
    chosen = places(probes)
    if chosen is None:
        return None
    entries = {entry: number for number, entry in enumerate(chosen)}
    looked_at = [found[: found.index(entry)] for found, entry in zip(probes, chosen, strict=True)]
    after = {
        number: {entries[entry] for entry in probes if entry in entries} for number, probes in enumerate(looked_at)
    }
    try:
        numbers = list(TopologicalSorter(after).static_order())
    except CycleError:
        return None
    obstacles = dict.fromkeys(entry for probes in looked_at for entry in probes if entry not in entries)
    count = 0 if slots == _SMALLEST else max(slots // 4, _FEWEST) - len(order)
    count = count if at_once else _grows_with(slots)
    others = (entry for entry in range(slots) if entry not in entries and entry not in obstacles)
    filled = [*obstacles, *islice(others, max(0, count - len(obstacles)))]
    return [order[number] for number in numbers], sorted(filled)


def _nearest(probes: list[list[int]]) -> list[int] | None:
    """Return for each element the entry that is looked at first, of those that are left after the one before."""
    return _in_turn(probes, lambda left: left[0])


def _first(probes: list[list[int]]) -> list[int] | None:
    """Return for each element the first entry that is left after the one before."""
    return _in_turn(probes, min)


def _in_turn(probes: list[list[int]], choose: Callable[[list[int]], int]) -> list[int] | None:
    found: list[int] = []
    for entries in probes:
        left = [entry for entry in entries if not found or entry > found[-1]]
        if not left:
            return None
        found.append(choose(left))
    return found


def _cheapest(probes: list[list[int]]) -> list[int] | None:
    """Return entries, each after the one before, for which the fewest others are looked at: few are in the way."""
    if len(probes) > _MOST_WEIGHED:
        return None
    # Of each last entry the fewest looks that lead to it, and the entries on the way.
    best: dict[int, tuple[int, tuple[int, ...]]] = {-1: (0, ())}
    for entries in probes:
        found: dict[int, tuple[int, tuple[int, ...]]] = {}
        for looks, entry in enumerate(entries):
            before = min((way for last, way in best.items() if last < entry), default=None)
            if before is not None and entry not in found:
                found[entry] = before[0] + looks, (*before[1], entry)
        best = found
    return list(min(best.values())[1]) if best else None


def _probes(value: int, slots: int) -> Iterator[int]:
    """Yield the entries that are looked at for an element with this hash."""
    mask = slots - 1
    perturb = value & (2 * sys.maxsize + 1)
    entry = perturb & mask
    while True:
        yield from range(entry, entry + (_LINEAR if entry + _LINEAR <= mask else 0) + 1)
        perturb >>= _SHIFT
        entry = (entry * 5 + 1 + perturb) & mask


def _grows_with(slots: int) -> int:
    """Return with how many elements, added one by one, a table grows to this many entries."""
    grown, count = _SMALLEST, 0
    while grown < slots:
        count = -(-(grown - 1) * 3 // 5)
        while grown <= count * 4:
            grown *= 2
    return count


def _is_so(values: set[Any], order: list[Any]) -> bool:
    return len(values) == len(order) and all(one is other for one, other in zip(values, order, strict=True))
