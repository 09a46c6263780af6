"""Evaluate IPython syntax in the abstract: which magics only configure, and which change what others see."""

from __future__ import annotations

import ast
import re
import shlex

from nb2dag.compiler.analysis.effects import FileAccess, ReadState, WriteState
from nb2dag.compiler.analysis.file_calls import record_move, use_file
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.shell_commands import shell_use
from nb2dag.compiler.analysis.texts import ANY, literal
from nb2dag.compiler.analysis.values import FRESH, IMMUTABLE, Value
from nb2dag.model.code import Escape, EscapeKind

_CONFIGURES = {"matplotlib", "config", "load_ext", "reload_ext", "autoreload", "precision", "pylab", "colors", "xmode"}
_HARMLESS = {
    "time", "timeit", "capture", "prun", "who", "whos", "who_ls", "pwd", "ls", "lsmagic", "pinfo", "pinfo2", "psource",
    "pdoc", "page", "cat", "html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG", "memit", "mprun",
    "lprun", "history", "magic", "quickref", "debug", "pdb", "tb", "conda", "pip",
    "pyinstrument", "ipytest", "notify", "watermark", "tensorboard", "autosave", "pprint", "gui", "man", "more", "less",
    "head", "tail", "pycat", "pfile", "psearch", "dirs", "dhist", "bookmark", "unload_ext", "xdel",
}  # fmt: skip
_LOOKS = {"ls", "cat", "more", "less", "head", "pycat"}
_SHELL = {"bash", "sh", "system", "sx", "!", "!!"}
_FOREIGN = _SHELL | {"script", "perl", "ruby", "cmd", "python", "python2", "python3", "pypy", "R"}
_ALIASES = {"mkdir", "rmdir", "mv", "rm", "cp", "ll", "lf", "lk", "ldir", "lx"}
"""Magics that are commands of the shell by another name (IPython's default aliases)."""
_STATE = {
    "set_env": "<environ>", "dotenv": "<environ>", "run": "<run>", "reset": "<namespace>",
    "reset_selective": "<namespace>", "store": "<store>", "load": "<namespace>", "macro": "<namespace>",
    "pushd": "<folder stack>", "popd": "<folder stack>",
}  # fmt: skip
_WRITES = {"writefile", "file"}


def evaluate_escape(evaluator: CallingEvaluator, escape: Escape, node: ast.AST) -> Value:
    """Return the value of an escape and record what it does."""
    for expression in escape.reads:
        evaluator.value(expression)
    if escape.kind is EscapeKind.HELP:
        return IMMUTABLE
    if escape.kind in (EscapeKind.LINE_MAGIC, EscapeKind.CELL_MAGIC):
        known = _magic(evaluator, escape, node)
        if known is not None:
            return known
    if not _shell(evaluator, escape, node):
        evaluator.effects.unstable.setdefault(f"`{_spelled(escape)}`", node)
    return FRESH


def _magic(evaluator: CallingEvaluator, escape: Escape, node: ast.AST) -> Value | None:
    """Record what a magic does and return its value; None for one that runs a program."""
    effects, name = evaluator.effects, escape.name
    if name in _CONFIGURES:
        effects.configures = True
        return IMMUTABLE
    if name == "env":
        if "=" in escape.text or len(escape.text.split()) > 1:
            effects.add(WriteState("<environ>", node))
        return IMMUTABLE
    if _file_magic(evaluator, escape, node):
        return IMMUTABLE
    if name in _STATE:
        effects.add(WriteState(_STATE[name], node))
        return FRESH
    if name in _HARMLESS:
        if name in ("pip", "conda"):
            effects.unstable.setdefault(f"`%{name}`", node)
        if name in _LOOKS:
            use_file(evaluator, ANY, FileAccess.READ, node)
        return IMMUTABLE
    if name not in _FOREIGN | _ALIASES:
        effects.add(WriteState("<magic>", node))
    return None


def _file_magic(evaluator: CallingEvaluator, escape: Escape, node: ast.AST) -> bool:
    """Record what a magic that moves, writes or runs a file does; return whether it is one."""
    if escape.name == "cd":
        record_move(evaluator, _folder(escape), node)
    elif escape.name in _WRITES:
        _write(evaluator, escape, node)
    elif escape.script is not None:
        use_file(evaluator, escape.script.path, FileAccess.READ, node)
        for part in escape.script.parts:
            evaluator.run(part)
    else:
        return False
    return True


def _folder(escape: Escape) -> str | None:
    """Return what is known of the folder that `%cd` goes to; `%cd -` and bookmarks are not followed."""
    words = _words(escape.text)
    words = [word for word in words if word != "-q"]
    if len(words) != 1 or words[0].startswith("-"):
        return None
    return _text(words[0])


def _write(evaluator: CallingEvaluator, escape: Escape, node: ast.AST) -> None:
    words = _words(escape.text)
    appends = any(word in ("-a", "--append") for word in words)
    names = [word for word in words if not word.startswith("-")]
    text = _text(names[0]) if len(names) == 1 else ANY
    use_file(evaluator, text or ANY, FileAccess.CHANGE if appends else FileAccess.REPLACE, node)


def _text(word: str) -> str | None:
    """Return a word of a magic's line as a known text: what is interpolated into it is not known."""
    word = word.strip("'\"")
    return re.sub(r"\{[^{}]*\}|\$\w+", ANY, word) if literal(word) is not None else None


def _shell(evaluator: CallingEvaluator, escape: Escape, node: ast.AST) -> bool:
    """Record what a command may do to files; return whether it does the same each time."""
    text = escape.text if escape.body is None else escape.body
    if escape.name in _ALIASES:
        text = f"{escape.name} {text}"
    elif escape.name not in _SHELL:
        text = escape.name
    found = shell_use(text)
    if "$" in text:
        evaluator.effects.add(ReadState("<environ>", node))
    for access, path in found.files:
        use_file(evaluator, path, access, node)
    return found.repeatable


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, posix=False)
    except ValueError:
        return text.split()


def _spelled(escape: Escape) -> str:
    prefix = {EscapeKind.LINE_MAGIC: "%", EscapeKind.CELL_MAGIC: "%%"}.get(escape.kind, "")
    return f"{prefix}{escape.name}"
