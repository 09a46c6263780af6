"""Turn the values of an alias group into bytes and back; each way of doing so is a codec with a name."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from nb2dag.runtime import nans, same_numbers, set_order, sharing
from nb2dag.runtime.deep_stack import with_room
from nb2dag.runtime.executed import without_builtins
from nb2dag.runtime.objects import Payload

if TYPE_CHECKING:
    from nb2dag.runtime.pickler import ValuePickler

_Saver = TypeVar("_Saver", bound="ValuePickler")

Values = dict[str, Any]
"""The values of one alias group by name."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A payload, and the packages whose objects it holds."""

    payload: Payload
    packages: frozenset[str]


class Codec(Protocol):
    """A way to put values into bytes; `name` stands in pointers and headers, so it is permanent."""

    name: str

    def encode(
        self, values: Values, namespace: dict[str, Any], opaque: Callable[[type], bool] | None = None
    ) -> Encoded:
        """Return the values as bytes; whatever it raises means that a value cannot be handed over.

        With `opaque` they are for a digest, and never decoded: what objects of such a class hold does not count.
        """

    def decode(self, stream: memoryview, buffers: list[memoryview], namespace: dict[str, Any]) -> Values:
        """Return what `encode` was given, its definitions resolved in the consumer's namespace."""


_FUNCTIONS = (FunctionType, type(functools.lru_cache(maxsize=1)(len)))


class _Stream(bytearray):
    """What a pickler writes to: unlike a `BytesIO`, it needs no closing while something still looks at its bytes."""

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self += data
        return len(data)


class PickleCodec:
    """Pickle protocol 5: lossless for Python, arrays and frames beside the stream, to be mapped and not copied."""

    name = "pickle"

    def encode(
        self, values: Values, namespace: dict[str, Any], opaque: Callable[[type], bool] | None = None
    ) -> Encoded:
        """Return the values as one pickle stream, with memory that two values share stored once."""
        return with_room(functools.partial(self._encode, values, namespace, opaque))

    def _encode(self, values: Values, namespace: dict[str, Any], opaque: Callable[[type], bool] | None) -> Encoded:
        from nb2dag.runtime import pickler

        plain = functools.partial(pickler.ValuePickler, opaque=opaque)
        asking = functools.partial(pickler.AskingPickler, opaque=opaque)
        memory = sharing.Memory()
        stream, saver = self._dump(plain, values, namespace, memory)
        exact, asks = memory.incomplete, nans.may_hold_nan(stream) or set_order.may_hold_set(stream)
        marks: dict[int, str] = {}
        if opaque is None and len(stream) < same_numbers.MOST_BYTES:
            _, asked = self._dump(asking, values, namespace, sharing.Memory())
            # It keeps the numbers, so that each goes on having its identity to itself.
            marks = asked.numbers.repeated()
            asks = asks or bool(asked.orders)
        views = memory.views
        if exact or asks or marks or views or memory.shares_objects:
            memory = sharing.Memory(exact, memory.shared, views)
            kind = functools.partial(asking, marks=marks) if asks or marks else plain
            stream, saver = self._dump(kind, values, namespace, memory)
        regions, buffers = memory.regions()
        return Encoded(Payload((memoryview(stream), *regions), buffers), frozenset(saver.packages))

    def _dump(
        self, kind: Callable[..., _Saver], values: Values, namespace: dict[str, Any], memory: sharing.Memory
    ) -> tuple[_Stream, _Saver]:
        stream = _Stream()
        themselves = [
            value
            for name, value in values.items()
            if isinstance(value, type) or (isinstance(value, _FUNCTIONS) and value.__qualname__ == name)
        ]
        saver = kind(stream, namespace, memory, themselves)
        with without_builtins(values.values()):
            saver.dump(values)
        return stream, saver

    def decode(self, stream: memoryview, buffers: list[memoryview], namespace: dict[str, Any]) -> Values:
        """Return the values; arrays and frames lie in `buffers` and are not copied."""
        from nb2dag.runtime import pickler

        return with_room(lambda: pickler.ValueUnpickler(io.BytesIO(stream), namespace, buffers).load())


CODECS: dict[str, Codec] = {codec.name: codec for codec in (PickleCodec(),)}
"""Every codec by its name."""
