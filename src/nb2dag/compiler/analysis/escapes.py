"""Evaluate IPython syntax in the abstract: which magics only configure, and which change what others see."""

from __future__ import annotations

import ast
from collections.abc import Callable

from nb2dag.compiler.analysis.effects import Effects, WriteState
from nb2dag.compiler.analysis.values import FRESH, IMMUTABLE, Value
from nb2dag.model.code import Escape, EscapeKind

_CONFIGURES = {"matplotlib", "config", "load_ext", "reload_ext", "autoreload", "precision", "pylab", "colors", "xmode"}
_HARMLESS = {
    "time", "timeit", "capture", "prun", "who", "whos", "who_ls", "pwd", "ls", "lsmagic", "pinfo", "pinfo2", "psource",
    "pdoc", "page", "cat", "html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "memit", "mprun",
    "lprun",     "history", "magic", "quickref", "debug", "pdb", "tb", "conda", "pip",
}  # fmt: skip
_FOREIGN = {"bash", "sh", "script", "perl", "ruby", "system", "sx", "!", "!!", "cmd", "python2", "python3", "R"}
_STATE = {
    "cd": "<cwd>", "pushd": "<cwd>", "popd": "<cwd>", "set_env": "<environ>", "dotenv": "<environ>", "run": "<run>",
    "writefile": "<files written>", "file": "<files written>",
    "reset": "<namespace>", "reset_selective": "<namespace>", "store": "<store>",
    "load": "<namespace>", "macro": "<namespace>",
}  # fmt: skip


def evaluate_escape(effects: Effects, escape: Escape, node: ast.AST, value: Callable[[ast.expr], Value]) -> Value:
    """Return the value of an escape and record what it does."""
    for expression in escape.reads:
        value(expression)
    name = escape.name
    if escape.kind is EscapeKind.HELP:
        return IMMUTABLE
    if escape.kind in (EscapeKind.LINE_MAGIC, EscapeKind.CELL_MAGIC):
        if name in _CONFIGURES:
            effects.configures = True
            return IMMUTABLE
        if name == "env":
            if "=" in escape.text or len(escape.text.split()) > 1:
                effects.add(WriteState("<environ>", node))
            return IMMUTABLE
        if name in _STATE:
            effects.add(WriteState(_STATE[name], node))
            return FRESH
        if name in _HARMLESS:
            if name in ("pip", "conda"):
                effects.unstable.setdefault(f"`%{name}`", node)
            return IMMUTABLE
        if name not in _FOREIGN:
            effects.add(WriteState("<magic>", node))
    effects.unstable.setdefault(f"`{_spelled(escape)}`", node)
    return IMMUTABLE if escape.kind is EscapeKind.SHELL else FRESH


def _spelled(escape: Escape) -> str:
    prefix = {EscapeKind.LINE_MAGIC: "%", EscapeKind.CELL_MAGIC: "%%"}.get(escape.kind, "")
    return f"{prefix}{escape.name}"
