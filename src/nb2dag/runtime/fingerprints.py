"""Notice that a task's cell changed what it loaded: a digest of each loaded value before the cell and after it.

Whether anybody else would see the change is not known here: it goes into the attempt's pointer manifest, and whoever
runs the DAG judges it. It is on where the variable `NB2DAG_FINGERPRINTS` is set in the kernel, and costs a pass over
the bytes of every loaded value per cell; a value keeps its memory while it is watched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

from nb2dag.runtime.codecs import CODECS
from nb2dag.runtime.formats import FINGERPRINTS_VARIABLE, ChangedInput
from nb2dag.runtime.packages import package_of

_DATA = frozenset({
    "array", "builtins", "collections", "copyreg", "datetime", "decimal", "enum", "fractions", "ipaddress", "nb2dag",
    "numpy", "pandas", "pathlib", "pickle", "polars", "pyarrow", "scipy", "types", "uuid", "zoneinfo",
})  # fmt: skip
"""Packages whose objects are data: what is in them is all there is to them."""
_WORKING = (
    "pandas.api.typing", "pandas.core.groupby", "pandas.core.resample", "pandas.core.window", "scipy.spatial",
    "scipy.stats",
)  # fmt: skip
"""Modules of these packages whose objects note for themselves what they have worked out."""
_UNCHANGING = (type(None), bool, int, float, complex, str, bytes)


@dataclass(slots=True)
class _Watched:
    """A loaded value; `digest` is None once it was found changed."""

    task_id: str
    key: str
    name: str
    value: Any
    digest: bytes | None


_watched: list[_Watched] = []


def watch(task_id: str, key: str, values: Iterable[tuple[str, Any]], namespace: dict[str, Any]) -> None:
    """Remember what values that task `task_id` handed over under `key` are now."""
    if not os.environ.get(FINGERPRINTS_VARIABLE):
        return
    for name, value in values:
        if isinstance(value, _UNCHANGING) or name.startswith("<"):
            continue
        if (digest := _digest(value, namespace)) is not None:
            _watched.append(_Watched(task_id, key, name, value, digest))


def changed(namespace: dict[str, Any], cell: int) -> list[ChangedInput]:
    """Return the watched values that are not what they were; each is returned once. `cell` is the cell that ran."""
    found = []
    for one in [each for each in _watched if each.digest is not None]:
        now = _digest(one.value, namespace)
        if now == one.digest:
            continue
        one.digest = None
        # A value that cannot be read any more, or whose digest is another each time, is not comparable.
        if now is not None and now == _digest(one.value, namespace):
            found.append(ChangedInput(one.task_id, one.key, one.name, cell))
    return found


def _digest(value: Any, namespace: dict[str, Any]) -> bytes | None:
    """Return a digest of a value's pickle stream and buffers; None where it cannot be pickled."""
    try:
        encoded = CODECS["pickle"].encode({"": value}, namespace, opaque=partial(_is_opaque, namespace.get("__name__")))
    except Exception:  # noqa: BLE001 - whatever a value's own code raises: it cannot be compared
        return None
    state = blake2b(digest_size=16)
    for region in encoded.payload.regions:
        state.update(region)
    return state.digest()


def _is_opaque(own: str | None, kind: type) -> bool:
    """Tell whether objects of a class may change by being used: models, groups, whatever a library keeps a cache in.

    A digest of these would tell of changes that nobody can see. What is known of their methods is in the compiler.
    """
    module = kind.__module__
    return module != own and (package_of(kind) not in _DATA or str(module).startswith(_WORKING))
