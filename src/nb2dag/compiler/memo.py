"""Remember results by what they were made from, the latest of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Memo(Generic[Key, Result]):
    """Keeps at most `most` results; the one that was made longest ago makes room.

    A result must follow from its key alone, so that an old one is never wrong. Not safe to share between threads
    without a lock.

    >>> memo = Memo(2)
    >>> [memo.get(key, lambda: key * 10) for key in (1, 2, 1, 3)], sorted(memo.keys())
    ([10, 20, 10, 30], [2, 3])
    """

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        # A dict keeps the order of insertion: the oldest stands in front. To put what is used behind again at every use
        # would cost more than to make it again once in a long time.
        self._kept: dict[Key, Result] = {}

    def get(self, key: Key, compute: Callable[[], Result]) -> Result:
        """Return the result kept for `key`, or compute and keep it."""
        if key in self._kept:
            return self._kept[key]
        result = compute()
        self.keep(key, result)
        return result

    def kept(self, key: Key) -> Result | None:
        """Return the result kept for `key`, None where there is none."""
        return self._kept.get(key)

    def keep(self, key: Key, result: Result) -> None:
        """Keep a result for `key` in place of the one before."""
        self._kept.pop(key, None)
        self._kept[key] = result
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def keys(self) -> list[Key]:
        """Return the keys of what is kept, the one made longest ago first."""
        return list(self._kept)

    def __len__(self) -> int:
        return len(self._kept)
