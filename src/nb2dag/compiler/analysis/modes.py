"""Read the mode in which a call opens a file."""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.texts import ANY


def mode_of(arguments: Arguments, *, is_function: bool) -> str | None:
    """Return the mode that a call is given, its default `r`, or None where that is not known.

    A method of a path has it as its first argument, a function as its second.
    """
    place: int | str = "mode" if "mode" in arguments.nodes else int(is_function)
    node = arguments.nodes.get(place)
    if node is None:
        return None if arguments.open else "r"
    value = arguments.get(place)
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        # `bz2.open(path, compresslevel)` and the like.
        return "r"
    text = None if value is None else value.constant
    return None if text is None or any(mark in text for mark in (ANY, "\1")) else text


def opens_for_writing_only(arguments: Arguments, *, is_function: bool) -> bool:
    """Tell whether a call certainly opens a file to write into it, and reads nothing of what was there."""
    mode = mode_of(arguments, is_function=is_function)
    return mode is not None and any(letter in mode for letter in "wax") and "+" not in mode


_MAPPING: dict[str, tuple[tuple[int, str], str | None]] = {
    "numpy.memmap": ((2, "mode"), "r+"),
    "numpy.lib.format.open_memmap": ((1, "mode"), "r+"),
    "numpy.load": ((1, "mmap_mode"), None),
}
"""Functions that map a file into memory: where they are told how, and how they do it otherwise."""


def writes_through(path: str, arguments: Arguments) -> bool:
    """Tell whether what is written to the array that a function returns may be written to its file."""
    if path not in _MAPPING:
        return False
    places, default = _MAPPING[path]
    if not arguments.given(places):
        return default is not None or arguments.open
    told = next(value for place in places if (value := arguments.get(place)) is not None)
    return told.constant not in ("r", "c", "readonly", "copyonwrite")
