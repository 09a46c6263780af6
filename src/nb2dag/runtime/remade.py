"""Reduce what pickle knows no way for, although it can be made again: a match, a row of SQLite, an `.npz` file."""

from __future__ import annotations

import ast
import copyreg
import functools
import gc
import io
import itertools
import re
import struct
from collections.abc import Callable
from pathlib import Path, PosixPath, WindowsPath
from types import MappingProxyType
from typing import Any

from nb2dag.runtime.packages import package_of

Reduced = Any
"""What a reducer returns: a tuple as `object.__reduce_ex__` documents it, or NotImplemented for pickle's own way."""

_PLAIN = (str, bytes, int, float, type(None))


def remaking(kind: type) -> Callable[[Any], Reduced] | None:
    """Return the reducer for instances of a type, None where there is none.

    >>> reducer = remaking(re.Match)
    >>> make, arguments = reducer(re.search("b.", "abc"))
    >>> make(*arguments)
    <re.Match object; span=(1, 3), match='bc'>
    """
    by_name = _BY_NAME.get((package_of(kind), kind.__name__))
    return by_name or _REDUCERS.get(kind)


def match_again(how: str, pattern: re.Pattern[Any], text: Any, start: int, end: int) -> Any:
    """Return the match that a pattern finds at the same place of the same text."""
    return getattr(pattern, how)(text, start, end)


def mapping_proxy(mapping: Any) -> MappingProxyType[Any, Any]:
    """Return a read-only view of a mapping."""
    return MappingProxyType(mapping)


def row(names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """Return a row of SQLite: only a cursor makes one, so ask a database of nothing for it."""
    columns = ", ".join('? AS "{}"'.format(name.replace('"', '""')) for name in names)
    return _empty_database().execute(f"SELECT {columns}", values).fetchone()


class NamedContent(io.BytesIO):
    """The content of a file that had a name."""

    name = "object"


def archive(name: str, content: bytes, arguments: dict[str, Any]) -> Any:
    """Return what `numpy.load` gives for an archive of arrays, `.npz`, with this name and content."""
    import numpy

    file = NamedContent(content)
    file.name = name
    found = numpy.load(file, **arguments)
    found.fid = file
    return found


@functools.cache
def _empty_database() -> Any:
    import sqlite3

    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.row_factory = sqlite3.Row
    return database


def _reduce_match(match: re.Match[Any]) -> Reduced:
    place = match.re, match.string, match.start(), match.endpos
    for how in ("match", "fullmatch"):
        found = match_again(how, *place)
        if found is not None and found.regs == match.regs:
            return match_again, (how, *place)
    return NotImplemented


def _reduce_row(found: Any) -> Reduced:
    values = tuple(found)
    return (row, (tuple(found.keys()), values)) if all(type(value) in _PLAIN for value in values) else NotImplemented


def _reduce_archive(found: Any) -> Reduced:
    if found.zip is None:
        return NotImplemented
    file = found.zip.fp
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    arguments = {"allow_pickle": found.allow_pickle, "max_header_size": found.max_header_size, **found.pickle_kwargs}
    return archive, (str(getattr(found.fid, "name", "object")), content, arguments)


def _reduce_structure(structure: struct.Struct) -> Reduced:
    return struct.Struct, (structure.format,)


def _reduce_proxy(proxy: MappingProxyType[Any, Any]) -> Reduced:
    # A copy would no longer follow what it shows.
    (shown,) = gc.get_referents(proxy)
    return mapping_proxy, (shown,)


def _reduce_count(count: itertools.count[Any]) -> Reduced:
    # Pickle itself gives up iterators of `itertools` (Python 3.14); what comes next and the step stand in the text.
    text = repr(count).removeprefix("count")
    try:
        found = ast.literal_eval(text)
    except ValueError:
        return NotImplemented
    return itertools.count, found if isinstance(found, tuple) else (found,)


def _reduce_path(path: Path) -> Reduced:
    # In one piece, in which `paths_inside` finds the working directory.
    return type(path), (str(path),)


def _reduce_vectorized(function: Any) -> Reduced:
    # What it made of its function when it was first called cannot be pickled, and it makes it again.
    own = vars(function)
    made = type(own["_ufunc"])() if isinstance(own["_ufunc"], dict) else None
    return copyreg.__newobj__, (type(function),), {**own, "_ufunc": made}  # type: ignore[attr-defined]


_BY_NAME: dict[tuple[str, str], Callable[[Any], Reduced]] = {
    ("sqlite3", "Row"): _reduce_row,
    ("numpy", "NpzFile"): _reduce_archive,
    ("numpy", "vectorize"): _reduce_vectorized,
}
"""By the package and the name of a type: of libraries that are imported only where the notebook does."""


def cached_property(function: Any, name: str | None) -> functools.cached_property[Any]:
    """Return a property that keeps its value in the instance, under a name if the property has one."""
    made = functools.cached_property(function)
    made.attrname = name
    return made


def _reduce_cached_property(value: functools.cached_property[Any]) -> Reduced:
    # Before Python 3.12 it holds a lock.
    return cached_property, (value.func, value.attrname)


def closed(kind: type[io.StringIO | io.BytesIO]) -> Any:
    """Return a stream in memory that is closed."""
    stream = kind()
    stream.close()
    return stream


def _reduce_stream(stream: io.StringIO | io.BytesIO) -> Reduced:
    return (closed, (type(stream),)) if stream.closed else NotImplemented


_REDUCERS: dict[type, Callable[[Any], Reduced]] = {
    itertools.count: _reduce_count,
    re.Match: _reduce_match,
    io.BytesIO: _reduce_stream,
    io.StringIO: _reduce_stream,
    functools.cached_property: _reduce_cached_property,
    struct.Struct: _reduce_structure,
    MappingProxyType: _reduce_proxy,
    PosixPath: _reduce_path,
    WindowsPath: _reduce_path,
}
