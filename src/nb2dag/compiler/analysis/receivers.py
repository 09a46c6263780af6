"""Guess what kind of object a method is called on, where only its name tells."""

from __future__ import annotations

import ast
import re

_AXES = re.compile(r"ax(?:e?s)?\d*(?:_\w+)?")
_MOVES = {"rename", "replace"}
_MAKES_PATH = {"with_name", "with_stem", "with_suffix", "joinpath", "Path"}


def guessed_kind(receiver: ast.expr) -> str:
    """Return `axes` for what is named as matplotlib's examples name it, `styler` for what a frame's `style` begins.

    An empty string stands for the rest.

    `plot` and `hist` of an object of which nothing is known draw a frame, which changes nothing; of axes they change
    the figure.

    >>> [guessed_kind(ast.parse(text, mode="eval").body) for text in ("ax", "axes[0, 1]", "self.ax", "axis", "df")]
    ['axes', 'axes', 'axes', '', '']
    >>> guessed_kind(ast.parse("df.style.format(rules)", mode="eval").body)
    'styler'
    """
    if _begins_with_style(receiver):
        return "styler"
    while isinstance(receiver, ast.Subscript):
        receiver = receiver.value
    name = getattr(receiver, "attr", getattr(receiver, "id", ""))
    return "axes" if _AXES.fullmatch(name) else ""


def draws_data(call: ast.Call) -> bool:
    """Tell whether a method that frames and axes have is given what to draw, as axes are: a frame has it itself.

    >>> [draws_data(ast.parse(text, mode="eval").body) for text in ("p.plot([1, 2])", "df.plot('x', 'y')", "df.hist()")]
    [True, False, False]
    """
    first = call.args[0] if call.args else None
    parts = first.elts if isinstance(first, ast.List | ast.Tuple) else [first] if first is not None else []
    return any(not (isinstance(part, ast.Constant) and isinstance(part.value, str)) for part in parts)


def moves_file(call: ast.Call) -> bool:
    """Tell whether a method moves a file, though nothing is known of its object: it is given a path that is made there.

    >>> [moves_file(ast.parse(text, mode="eval").body) for text in ("p.rename(p.with_suffix('.old'))", "df.rename(d)")]
    [True, False]
    """
    if not moves_path(call):
        return False
    target = call.args[0]
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        # Of a text the method takes two, and the name of a series is no path.
        return getattr(call.func, "attr", "") == "replace" or bool(set(target.value) & set("./"))
    made = isinstance(target, ast.Call) and getattr(target.func, "attr", "") in _MAKES_PATH
    return made or (isinstance(target, ast.BinOp) and isinstance(target.op, ast.Div))


def moves_path(call: ast.Call) -> bool:
    """Tell whether a method of a text or a path moves the file of that path: the one of a text takes two arguments.

    >>> [moves_path(ast.parse(text, mode="eval").body) for text in ("p.replace(q)", "t.replace('a', 'b')")]
    [True, False]
    """
    return getattr(call.func, "attr", "") in _MOVES and len(call.args) == 1 and not call.keywords


def _begins_with_style(receiver: ast.expr) -> bool:
    """Tell whether it is `df.style`, or what a chain of methods makes of it."""
    while isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute):
        receiver = receiver.func.value
    return isinstance(receiver, ast.Attribute) and receiver.attr == "style"
