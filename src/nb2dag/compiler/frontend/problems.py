"""Turn what a parser raised into a `SyntaxProblem` that says what to do, at a place in the user's text."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from nb2dag.compiler.frontend.masked import MaskedText, Place
from nb2dag.model.code import SyntaxProblem

DEEPEST_TREE = 250
"""A tree with more levels is refused, so that whoever walks it with recursion cannot run out of stack."""

_STRING = r"""[^'"#]*"""
_NEWER_SYNTAX: tuple[tuple[tuple[int, int], re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (version, re.compile(message), re.compile(line))
    for version, message, line in (
        ((3, 11), "", r"^\s*except\s*\*"),
        ((3, 11), "invalid syntax", rf"^{_STRING}\[[^\]'\"#]*\*\w|^\s*(?:async\s+)?def\s.*\*\w+\s*:\s*\*"),
        ((3, 12), "", r"^\s*type\s+\w+\s*(?:\[.*\])?\s*="),
        ((3, 12), "", r"^\s*(?:async\s+def|def|class)\s+\w+\s*\["),
        ((3, 12), r"f-string expression part cannot include", ""),
        ((3, 12), r"^f-string: ", r"""\b[rR]?[fF][rR]?(["'])[^"']*\{[^}"']*\1"""),
        ((3, 13), "", r"^\s*(?:async\s+def|def|class|type)\s+\w+\s*\[[^\]]*\w\s*="),
        ((3, 14), "", rf"""^{_STRING}\b(?:[tT][rR]?|[rR][tT])["']"""),
        ((3, 14), "multiple exception types must be parenthesized", r"^\s*except\s[^:]*,\s*[\w.]*\b[A-Z]\w*\s*:"),
        ((3, 15), "", r"^\s*lazy\s+(?:import|from)\s"),
        ((3, 15), "unpacking cannot be used in comprehension", ""),
    )
)
_PYTHON_2 = re.compile(r"Missing parentheses in call to '(?:print|exec)'|leading zeros in decimal integer")
_PYTHON_2_LINE = re.compile(r"^\s*except\s+\w[\w.]*\s*,\s*[a-z]\w*\s*:|^\s*raise\s+\w[\w.]*\s*,\s|^\s*print\s+[\w\"'%]")
_AUTOMAGIC = (
    # IPython's line magics and the shell aliases it defines, as `%lsmagic` lists them, that one writes without `%`.
    r"alias|alias_magic|autoawait|autocall|autoreload|automagic|bookmark|cat|cd|clear|colors|conda|config|cp|"
    r"dhist|dirs|doctest_mode|ed|edit|env|gui|hist|history|ldir|less|lf|lk|ll|load|load_ext|loadpy|logoff|"
    r"logon|logstart|logstate|logstop|ls|lsmagic|lx|macro|magic|mamba|man|matplotlib|micromamba|mkdir|more|mv|"
    r"notebook|page|pastebin|pdb|pdef|pdoc|pfile|pinfo|pinfo2|pip|popd|pprint|precision|prun|psearch|psource|"
    r"pushd|pwd|pycat|pylab|quickref|recall|rehashx|reload_ext|rep|rerun|reset|reset_selective|rm|rmdir|run|"
    r"save|set_env|store|sx|system|tb|time|timeit|unalias|unload_ext|uv|who|who_ls|whos|xdel|xmode"
)
_AUTOMAGIC_LINE = re.compile(rf"\s*(?:{_AUTOMAGIC})\s+(?![=.,):\]\}}])\S")
_COMMAND_WITH_FLAG = re.compile(r"\s*(ls|ll|lf|lk|lx|ldir|cat|cp|mv|rm|mkdir|rmdir|less|more|man)\s+-[A-Za-z]\w*\s*")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the working text does not parse: what was raised, or a message of our own, and where."""

    message: str
    start: Place
    end: Place


class Faulty(Exception):
    """The text cannot be parsed. `typed` tells that the fault's places are in the typed text already."""

    def __init__(self, fault: Fault, *, typed: bool = False) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.typed = typed


def fault_of(raised: BaseException, text: MaskedText) -> Fault:
    """Describe what `ast.parse` or IPython raised about the working text; places are in the working text."""
    if isinstance(raised, UnicodeEncodeError):
        place = _place_of_offset(text.source, raised.start)
        return Fault("an unpaired surrogate (half of a character)", place, (place[0], place[1] + 1))
    null = text.source.find("\0")
    if null >= 0:
        place = _place_of_offset(text.source, null)
        return Fault("a null character", place, (place[0], place[1] + 1))
    if isinstance(raised, SyntaxError):
        return _fault_of_syntax_error(raised, text)
    message = "code nested too deeply for Python's parser"
    if not isinstance(raised, (RecursionError, MemoryError)):
        message = f"IPython cannot read this cell: {' '.join(str(raised).split()) or type(raised).__name__}"
    return Fault(message, (text.first, 0), (text.first, 0))


def problem_of(fault: Fault, text: MaskedText, *, typed: bool = False) -> SyntaxProblem:
    """Return a fault as a problem of the cell, with advice where the line is recognised.

    The fault's places are in the working text unless they are `typed`.
    """
    start, end = (fault.start, fault.end) if typed else (text.origin(fault.start), text.origin(fault.end))
    line = text.typed[start[0]]
    version = _needed_version(fault.message, line)
    message = fault.message.rstrip(".")
    automagic = _automagic(line)
    if version:
        message = f"{message}: this syntax needs Python {version}"
    elif _PYTHON_2.search(fault.message) or _PYTHON_2_LINE.search(line):
        message = f"{message} (this looks like Python 2)"
    elif automagic:
        message = f"`{automagic}` is an IPython command without its percent sign: write `%{automagic}`"
    return SyntaxProblem(message, text.region(start, max(start, end)), version)


def command_without_percent(source: str) -> bool:
    """Tell whether a cell is one line such as `ls -l`, which IPython runs as a command although Python could read it.

    >>> command_without_percent("ls -l"), command_without_percent("total - l")
    (True, False)
    """
    return _COMMAND_WITH_FLAG.fullmatch(source) is not None


def _fault_of_syntax_error(raised: SyntaxError, text: MaskedText) -> Fault:
    message = " ".join(str(raised.msg).split()) or "invalid syntax"
    last = len(text.lines) - 1
    line = min(max((raised.lineno or 1) - 1, 0), last)
    column = min(max((raised.offset or 1) - 1, 0), len(text.lines[line]))
    end_line = min(max((raised.end_lineno or 0) - 1, line), last)
    end_column = min(max((raised.end_offset or 0) - 1, 0), len(text.lines[end_line]))
    return Fault(message, (line, column), max((line, column), (end_line, end_column)))


def _place_of_offset(source: str, offset: int) -> Place:
    line = source.count("\n", 0, offset)
    return line, offset - (source.rfind("\n", 0, offset) + 1)


def _needed_version(message: str, line: str) -> str | None:
    found = [
        version
        for version, words, pattern in _NEWER_SYNTAX
        if version > sys.version_info[:2] and words.search(message) and pattern.search(line)
    ]
    return ".".join(map(str, max(found))) if found else None


def _automagic(line: str) -> str:
    return line.strip() if _AUTOMAGIC_LINE.match(line) else ""
