"""Know IPython's magics: which ones run Python code, what they read and what they bind."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile

from nb2dag.compiler.frontend.interpolation import expression, interpolated_expressions, sql_names


class CodeScope(Enum):
    """Where the Python code given to a magic runs."""

    NOTEBOOK = "notebook"
    """In the notebook's namespace, as if the magic were not there: `%time`."""

    ISOLATED = "isolated"
    """In a function of its own, whose names stay there: `%timeit`."""

    FOREIGN = "foreign"
    """The text is not Python of this kernel: `%%bash`."""


@dataclass(frozen=True, slots=True)
class _CodeMagic:
    """A magic that runs Python code: its scope, and which one-letter options take a value or none."""

    scope: CodeScope
    valued: str = ""
    flags: str = ""
    long: str = ""
    line: bool = True
    statement_above_body: bool = False


_CODE_MAGICS = {
    "time": _CodeMagic(CodeScope.NOTEBOOK, long="--no-raise-error"),
    "prun": _CodeMagic(CodeScope.NOTEBOOK, "DlsT", "rq", statement_above_body=True),
    "capture": _CodeMagic(CodeScope.NOTEBOOK, line=False),
    "timeit": _CodeMagic(CodeScope.ISOLATED, "nrpv", "tcqo", statement_above_body=True),
    "memit": _CodeMagic(CodeScope.NOTEBOOK, "rti", "co", statement_above_body=True),
    "lprun": _CodeMagic(CodeScope.NOTEBOOK, "fmDTu", "rsz", statement_above_body=True),
    "mprun": _CodeMagic(CodeScope.NOTEBOOK, "fT", "rc", statement_above_body=True),
    "snakeviz": _CodeMagic(CodeScope.NOTEBOOK, "f", "t", statement_above_body=True),
    **dict.fromkeys(
        ("pyinstrument", "memray_flamegraph", "ipytest", "notify"), _CodeMagic(CodeScope.NOTEBOOK, line=False)
    ),
}
_VERBATIM = frozenset({"time", "timeit", "prun", "debug"})
"""Magics whose text IPython does not interpolate (`no_var_expand`)."""

_BINDING_OPTIONS = {
    **dict.fromkeys(
        ("bash", "sh", "script", "perl", "ruby", "python", "python2", "python3", "pypy", "cmd"),
        ("--out", "--err", "--proc"),
    ),
    **dict.fromkeys(("sx", "system", "!"), ("--out",)),
    **dict.fromkeys(("R", "octave", "julia", "spark"), ("-o", "--output")),
}
_READING_OPTIONS = dict.fromkeys(("R", "octave", "julia", "spark"), ("-i", "--input"))
_READING_WORDS = frozenset({"xdel", "Rpush"})
_SQL_RESULT = re.compile(r"\s*(?:\S*://\S+\s+)?([A-Za-z_]\w*)\s*(?:<<|=(?=\s))")
_DOTTED_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_CYTHON_NAME = re.compile(r"^(?:cpdef\s[^(\n]*?|(?:async\s+)?def\s+|class\s+)(\w+)\s*[(:\[]", re.MULTILINE)


def line_code(name: str, text: str) -> tuple[CodeScope, int]:
    """Return how line magic `name` treats its text, and where in the text its Python code begins.

    >>> line_code("timeit", "-n 3 f(x)")
    (<CodeScope.ISOLATED: 'isolated'>, 5)
    >>> line_code("cd", "data")
    (<CodeScope.FOREIGN: 'foreign'>, 0)
    """
    magic = _CODE_MAGICS.get(name)
    if magic is None or not magic.line:
        return CodeScope.FOREIGN, 0
    return magic.scope, _skip_options(text, magic)


def cell_scope(name: str) -> CodeScope:
    """Return how cell magic `%%name` treats the text below its first line."""
    magic = _CODE_MAGICS.get(name)
    return magic.scope if magic is not None else CodeScope.FOREIGN


def cell_code(name: str, text: str) -> int | None:
    """Return where in the first line's text of cell magic `%%name` a Python statement begins, None without one."""
    magic = _CODE_MAGICS.get(name)
    if magic is None or not magic.line:
        return None
    start = _skip_options(text, magic)
    return start if text[start:].strip() else None


def takes_statement_above_body(name: str) -> bool:
    """Tell whether `%%name` accepts a statement in its first line (`%%timeit setup`); `%%time` does not."""
    magic = _CODE_MAGICS.get(name)
    return magic is not None and magic.statement_above_body


def names_bound(name: str, text: str, body: str | None = None) -> tuple[str, ...]:
    """Return the names that a magic binds by itself, beside what Python code in it binds.

    >>> names_bound("bash", "--out listing --err=problems", "ls")
    ('listing', 'problems')
    >>> names_bound("capture", "--no-stderr shown")
    ('shown',)
    """
    words = _words(text)
    found: list[str] = []
    if name == "capture":
        found = [word for word in words if not word.startswith("-")][:1]
    elif name in _BINDING_OPTIONS:
        found = _option_values(words, _BINDING_OPTIONS[name])
    elif name in {"sql", "bigquery"}:
        match = _SQL_RESULT.match(text)
        found = [match[1]] if match else []
        if name == "bigquery" and body is not None and words and not words[0].startswith("-"):
            found = words[:1]
    elif name == "store" and words[:1] == ["-r"]:
        found = words[1:]
    elif name == "cython" and body is not None:
        found = _CYTHON_NAME.findall(body)
    elif name == "Rpull":
        found = [word for word in words if not word.startswith("-")]
    elif name == "macro":
        found = [word for word in words if not word.startswith("-")][:1]
    elif name == "aimport":
        # It imports each module and binds its first part, as `import a.b` does; `-name` only leaves one out.
        found = [module.strip().partition(".")[0] for module in text.split(",")]
    return tuple(dict.fromkeys(word for word in found if word.isidentifier()))


def expressions_read(name: str, text: str, body: str | None = None) -> tuple[ast.expr, ...]:
    """Return the expressions over the notebook's names that a magic's text holds, Python code in it apart.

    A name among them that does not exist is no error when the cell runs: the text is then left as it is.
    """
    found = interpolated_reads(name, text)
    if name == "sql":
        found += sql_names(f"{text}\n{body or ''}")
    names: list[str] = []
    words = _words(text)
    if name in _READING_OPTIONS:
        names = _option_values(words, _READING_OPTIONS[name])
    elif name in {"lprun", "mprun"}:
        names = _option_values(words, ("-f",))
    elif name == "store" and not any(word.startswith("-") for word in words):
        # `%store a b` keeps both, `%store a > file` writes one.
        names = list(takewhile(lambda word: not word.startswith(">"), words))
    elif name in _READING_WORDS:
        names = [word for word in words if not word.startswith("-")]
    named = (expression(word) for word in names if _DOTTED_NAME.fullmatch(word))
    return found + tuple(each for each in named if each is not None)


def interpolated_reads(name: str, text: str) -> tuple[ast.expr, ...]:
    """Return those of the `expressions_read` that IPython itself puts into the text; they come first among them."""
    return () if name in _VERBATIM else interpolated_expressions(text)


def _skip_options(text: str, magic: _CodeMagic) -> int:
    short = rf"-[{magic.flags}]*[{magic.valued}]\s*\S+|-[{magic.flags}]+(?!\S)" if magic.valued else None
    option = re.compile(rf"(?:{'|'.join(filter(None, (short, magic.long)))})\s*")
    position = len(text) - len(text.lstrip())
    while (match := option.match(text, position)) and match[0]:
        position = match.end()
    return position


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, posix=False)
    except ValueError:
        return text.split()


def _option_values(words: list[str], options: tuple[str, ...]) -> list[str]:
    values: list[str] = []
    for position, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in options:
            value = value if equals else next(iter(words[position + 1 : position + 2]), "")
            values += value.split(",")
    return values
