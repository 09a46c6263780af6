"""Parse a code cell: plain Python at the cost of `ast.parse`, IPython syntax through IPython's own transformer.

A cell takes the first of three ways that succeeds, and its positions always point into the text the user typed:

1. `ast.parse` as it stands.
2. With every line masked that plainly is a magic or a shell command: it stands at the left edge, between pieces of
   code that parse by themselves, so that IPython cannot but agree. This saves the 0.2 s that IPython takes to
   import, for `%load_ext`, `%matplotlib inline`, `%%time` and `!pip install`.
3. With the escapes masked that IPython's transformer finds, one after the other as IPython itself does: indented
   ones, `files = !ls`, `name?`, continued lines, pasted prompts, cells that are indented as a whole.
"""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from dataclasses import replace
from tokenize import TokenInfo
from typing import Any

from nb2dag.compiler.frontend.masked import MaskedText
from nb2dag.compiler.frontend.masking import EscapeFinder, Found, Masker
from nb2dag.compiler.frontend.problems import (
    DEEPEST_TREE,
    Fault,
    Faulty,
    command_without_percent,
    fault_of,
    problem_of,
)
from nb2dag.model.code import ESCAPE_NAME, ParsedCode

_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_PROMPT = re.compile(r"^\s*(?:>>>|(?:\[\w+\] ?)? ?In \[\d+\]: |\.{3,}:)", re.MULTILINE)
_MAYBE_ESCAPE = re.compile(r"^\s*[%!?,;/]|=[ \t\f]*(?:\\\n\s*)*[%!]|\?\s*$", re.MULTILINE)
_NO_CODE = frozenset({tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE})
_WINDOW = 64
_HELP_TARGET = re.compile(r"%{0,2}(?!\d)[\w*]+(?:\.(?!\d)[\w*]+|\[-?[0-9]+\])*(?=\?\??$)")
_PLAIN_ESCAPE = re.compile(r"!|%[^\W\d][\w.]*(?: |$)")


class _NotPlain(Exception):
    """The plain way cannot tell what is an escape."""


def parse_code(source: str, first_line: int = 1) -> ParsedCode:
    """Return the tree of a code cell's text, with IPython syntax as calls of `__escape__`.

    Never raises: what does not parse is the result's `problem`. `%time x = f()` and `%%time` give the escape as a
    statement of its own, followed by the statements that it runs; `y = %time f()` is that escape followed by
    `y = f()`. What `%timeit` runs is in the escape's `reads`, since its names stay with it.

    Args:
        source: The whole cell as typed, its tag included.
        first_line: The 1-based line where the code begins; the tag's lines above it are only counted.

    >>> parsed = parse_code("files = !ls {folder}")
    >>> ast.unparse(parsed.tree), parsed.escapes[0].text, ast.unparse(parsed.escapes[0].reads[0])
    ('files = __escape__(0)', 'ls {folder}', 'folder')
    """
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    first = max(first_line - 1, 0)
    with warnings.catch_warnings():
        # An invalid escape in a string of the user's is no warning of ours, even under `-W error`.
        warnings.simplefilter("ignore")
        if first == 0 and (short := _parse_short(source)) is not None:
            return short
        text = MaskedText(source, first)
        try:
            return _parse_as_it_stands(text) or _parse_plainly(source, first) or _parse_as_ipython(text)
        except Faulty as faulty:
            return ParsedCode(ast.Module([], []), problem=problem_of(faulty.fault, text, typed=faulty.typed))
        except _UNPARSABLE as raised:
            return ParsedCode(ast.Module([], []), problem=problem_of(fault_of(raised, text), text))


def _parse_short(source: str) -> ParsedCode | None:
    """Parse what most cells are, short and plain, without anything that a longer cell may need."""
    if len(source) >= DEEPEST_TREE or any(mark in source for mark in (";", "In [", ESCAPE_NAME)):
        return None
    try:
        tree = ast.parse(source)
    except _UNPARSABLE:
        return None
    return None if command_without_percent(source.strip()) else ParsedCode(tree)


_NEVER = {
    # CPython 3.12's tokenizer, which IPython asks, may leave an exception behind after one.
    "\0": "a null character",
    ESCAPE_NAME: f"`{ESCAPE_NAME}` is a name that nb2dag keeps for itself",
}


def _parse_as_it_stands(text: MaskedText) -> ParsedCode | None:
    source = text.source
    for never, message in _NEVER.items():
        if never in source:
            line = next(number for number, line in enumerate(text.lines) if never in line)
            column = text.lines[line].index(never)
            raise Faulty(Fault(message, (line, column), (line, column + len(never))))
    if "In [" in source and _PROMPT.search(source):
        # `In [1]: x` is Python (an annotation), and IPython takes its prompt away.
        return None
    try:
        tree = ast.parse(source)
    except _UNPARSABLE as raised:
        if isinstance(raised, IndentationError) or _MAYBE_ESCAPE.search(source) or _PROMPT.search(source):
            return None
        raise
    if command_without_percent(source.strip()):
        raise Faulty(Fault("invalid syntax", (text.first, 0), text.end))
    return _finished(tree, text)


def _parse_plainly(source: str, first: int) -> ParsedCode | None:
    text = MaskedText(source, first)
    try:
        Masker(text, _PlainLines(), parse_code).mask(first)
        return _finished(ast.parse(text.source), text)
    except (_NotPlain, Faulty, *_UNPARSABLE):
        return None


def _parse_as_ipython(text: MaskedText) -> ParsedCode:
    Masker(text, _Transformer(), parse_code).mask(text.first)
    return _finished(ast.parse(text.source), text)


class _PlainLines(EscapeFinder):
    """Finds magics and shell commands at the left edge, and gives up where only IPython can tell."""

    def clean(self, text: MaskedText, line: int) -> None:
        if text.lines[line][:1].isspace() or _PROMPT.search("\n".join(text.lines[line:])):
            raise _NotPlain

    def find(self, text: MaskedText, line: int) -> Found | None:
        lines = text.lines
        escape = next((at for at in range(line, len(lines)) if lines[at][:1] in {"%", "!"}), len(lines))
        try:
            ast.parse("\n".join(lines[line:escape]))
        except _UNPARSABLE:
            raise _NotPlain from None
        if escape == len(lines):
            return None
        if lines[escape].rstrip().endswith(("\\", "?")) or not _PLAIN_ESCAPE.match(lines[escape]):
            raise _NotPlain
        return Found((escape, 0), escape, lines[escape].rstrip(), escape)


class _Transformer(EscapeFinder):
    """Finds what IPython's transformer would transform next."""

    def __init__(self) -> None:
        # The compiler's only import of IPython: most notebooks never come here.
        from IPython.core import inputtransformer2

        self._module: Any = inputtransformer2
        self._machine: Any = inputtransformer2.TransformerManager()

    def clean(self, text: MaskedText, line: int) -> None:
        typed = [f"{each}\n" for each in text.lines[line:]]
        cleaned = typed
        for transform in self._machine.cleanup_transforms:
            cleaned = transform(cleaned)
        tails = [each.removesuffix("\n") for each in cleaned]
        if len(tails) != len(typed) or not all(map(text.strip_start, range(line, len(text.lines)), tails)):
            message = "the indentation or the prompts of this cell cannot be taken away line by line: remove them"
            raise Faulty(Fault(message, (line, 0), (line, len(text.lines[line]))))

    def find(self, text: MaskedText, line: int) -> Found | None:
        # IPython looks at all lines again for every escape; a growing window keeps long cells linear.
        window = _WINDOW
        while True:
            lines = [f"{each}\n" for each in text.lines[line : line + window]]
            try:
                tokens = self._module.make_tokens_by_line(lines)
                found = self._first(tokens, lines, line)
            except (IndexError, AssertionError):
                # IPython fails itself on some broken lines (`x = %` at the end): let Python name the fault.
                found = None
            if line + window >= len(text.lines):
                return found
            if found is not None and found.last - line < tokens[-1][0].start[0] - 1:
                return found
            window *= 4

    def _first(self, tokens: list[list[TokenInfo]], lines: list[str], offset: int) -> Found | None:
        candidates = [found for kind in self._machine.token_transformers if (found := kind.find(tokens))]
        for candidate in sorted(candidates, key=lambda each: each.sortby()):
            try:
                changed = candidate.transform(lines)
            except SyntaxError:
                continue
            first, column = candidate.start_line, candidate.start_col
            last = min(first + len(lines) - len(changed), len(lines) - 1)
            place, end, block = (offset + first, column), offset + last, offset + _outermost(tokens, first)
            if isinstance(candidate, self._module.HelpEnd):
                code = "".join(lines[first : last + 1])[column:].rstrip()
                asked = _HELP_TARGET.search(code)
                return Found(place, end, code, block, asks=asked[0] if asked else code)
            code = self._module.assemble_continued_line(lines, (first, column), last)
            return Found(place, end, code, block, call=changed[first][column:].removesuffix("\n"))
        return None


def _outermost(tokens: list[list[TokenInfo]], line: int) -> int:
    """Return the last line index up to `line` where a statement begins at the left edge."""
    starts = [next((token for token in each if token.type not in _NO_CODE), None) for each in tokens]
    edges = (token.start[0] - 1 for token in starts if token is not None and token.start[1] == 0)
    return max((edge for edge in edges if edge <= line), default=0)


def _finished(tree: ast.Module, text: MaskedText) -> ParsedCode:
    _check_depth(tree, text)
    text.restore(tree)
    silent = _ends_silent(tree, text)
    escapes = tuple(text.escapes)
    if silent:
        # `%%capture out` deletes `out` again where its body ends with a semicolon.
        escapes = tuple(replace(each, binds=()) if each.name == "capture" else each for each in escapes)
    return ParsedCode(tree, escapes, ends_silent=silent)


def _ends_silent(tree: ast.Module, text: MaskedText) -> bool:
    if not tree.body:
        return False
    last = tree.body[-1]
    line = text.typed[(last.end_lineno or 1) - 1]
    if ";" not in line:
        return False
    rest = line.encode("utf-8", "surrogatepass")[last.end_col_offset or 0 :]
    return rest.lstrip().startswith(b";")


def _check_depth(tree: ast.Module, text: MaskedText) -> None:
    for statement in tree.body:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        # Every level takes at least a character, so that short statements need no look.
        if sum(map(len, text.lines[first - 1 : last])) < DEEPEST_TREE:
            continue
        level: list[ast.AST] = [statement]
        for _ in range(DEEPEST_TREE):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
            if not level:
                break
        else:
            place = (first - 1, 0)
            message = f"code nested deeper than {DEEPEST_TREE} levels: split it into several statements"
            raise Faulty(Fault(message, place, place))
