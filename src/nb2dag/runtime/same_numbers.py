"""Let a number be the same object again after a load, where it was one object in several places: `a is b`.

Pickle writes a number as its value, each time anew; texts and tuples it writes once.
"""

from __future__ import annotations

from collections.abc import Callable

Number = int | float | complex

MOST_BYTES = 5_000
"""Of longer streams, finding out would take longer than the handoff: who compares numbers so has few of them."""

_TYPES = frozenset({int, float, complex})
_MARK = "="
"""What no name begins with: names stand for NaNs."""


class SeenNumbers:
    """Counts how often each number, by its identity, is among some values, and keeps it alive."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Number, bool]] = {}

    def see(self, value: object) -> None:
        """Note that one more of the values is this object."""
        if type(value) in _TYPES and not _is_small(value):
            assert isinstance(value, Number)
            self._seen[id(value)] = value, id(value) in self._seen

    def repeated(self) -> dict[int, str]:
        """Return, by identity, what stands in a stream for each number that was seen more than once."""
        found = [(key, value) for key, (value, again) in self._seen.items() if again]
        return {key: f"{_MARK}{place}:{_written(value)}" for place, (key, value) in enumerate(found)}


def number_of(mark: str, known: dict[str, Number]) -> Number | None:
    """Return the number that a mark stands for, from then on `known`; None for what is no such mark.

    >>> known = {}
    >>> number_of("=0:i2710", known), number_of("=0:i2710", known) is known["=0:i2710"], number_of("name", known)
    (10000, True, None)
    """
    if mark not in known and mark.startswith(_MARK):
        written = mark.partition(":")[2]
        known[mark] = _READERS[written[0]](written[1:])
    return known.get(mark)


def _is_small(value: object) -> bool:
    """Tell whether CPython has one object for the number anyway."""
    return type(value) is int and -5 <= value <= 256


def _written(value: Number) -> str:
    if isinstance(value, int):
        return f"i{value:x}"
    return f"f{value.hex()}" if isinstance(value, float) else f"c{value.real.hex()} {value.imag.hex()}"


def _complex(text: str) -> complex:
    return complex(*map(float.fromhex, text.split()))


_READERS: dict[str, Callable[[str], Number]] = {"i": lambda text: int(text, 16), "f": float.fromhex, "c": _complex}
