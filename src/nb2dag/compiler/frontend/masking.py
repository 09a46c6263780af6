"""Mask the escapes of a cell: decide what each one reads, binds and runs, and put a call in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from nb2dag.compiler.frontend import magics
from nb2dag.compiler.frontend.interpolation import interpolated_expressions
from nb2dag.compiler.frontend.isolated import outside_reads
from nb2dag.compiler.frontend.magics import CodeScope
from nb2dag.compiler.frontend.masked import MaskedText, Place
from nb2dag.compiler.frontend.problems import Fault, Faulty
from nb2dag.model.code import Escape, EscapeKind, ParsedCode
from nb2dag.model.span import Region

_MAGIC_NAME = re.compile(r"[^\W\d][\w.\-]*|!")
_CELL_HELP = re.compile(r"%%\w+\?")
_ESCAPE_SIGN = re.compile(r"[%!?]")
_MOST_ESCAPES = 500


@dataclass(frozen=True, slots=True)
class Found:
    """An escape found in the working text.

    `start` is where it begins, `last` the index of its last line, `text` its text as one line. `block` is the line
    index of the outermost statement that it belongs to: nothing above can change any more. `call` is what IPython
    makes of the escape where that is plain Python (`/f x` is `f(x)`), `asks` the object of `name?`.
    """

    start: Place
    last: int
    text: str
    block: int
    call: str = ""
    asks: str = ""


@dataclass(frozen=True, slots=True)
class _Uses:
    """What an escape does to the notebook's names, and the text below it that is not Python."""

    reads: tuple[ast.expr, ...] = ()
    binds: tuple[str, ...] = ()
    body: str | None = None

    def __add__(self, other: _Uses) -> _Uses:
        return _Uses(self.reads + other.reads, self.binds + other.binds, self.body)


_NOTHING = _Uses()


class EscapeFinder(Protocol):
    """A way to find escapes: by plain lines, or as IPython does."""

    def clean(self, text: MaskedText, line: int) -> None:
        """Strip prompts and common indentation from line index `line` on."""

    def find(self, text: MaskedText, line: int) -> Found | None:
        """Return the first escape from line index `line` on; all code above that line is Python."""


class Masker:
    """Masks a text's escapes with the help of a finder; `parse` reads code that stands inside an escape."""

    def __init__(self, text: MaskedText, finder: EscapeFinder, parse: Callable[[str], ParsedCode]) -> None:
        self.text = text
        self.finder = finder
        self.parse = parse

    def mask(self, line: int) -> None:
        """Mask everything from line index `line` on, which begins a cell or the body of a cell magic.

        Raises:
            Faulty: IPython would refuse what stands there.
        """
        lines = self.text.lines
        while line < len(lines) and not lines[line].strip():
            line += 1
        if line == len(lines):
            return
        self.finder.clean(self.text, line)
        if lines[line].startswith("%%") and not _CELL_HELP.match(lines[line]):
            self._mask_cell_magic(line)
        else:
            self._mask_statements(line)

    def _mask_statements(self, line: int) -> None:
        for _ in range(_MOST_ESCAPES):
            found = self.finder.find(self.text, line)
            if found is None:
                return
            masked = self._mask_found(found)
            line = found.last + 1 if masked and found.start[1] == 0 else found.block
        message = f"more than {_MOST_ESCAPES} lines of IPython syntax, where IPython itself gives up: split the cell"
        raise Faulty(Fault(message, (line, 0), (line, 0)))

    def _mask_found(self, found: Found) -> bool:
        """Mask one escape; return False where its line is to be looked at again."""
        if found.asks:
            question = found.text[len(found.text.rstrip("?")) :]
            self._put(found, EscapeKind.HELP, question, found.asks)
        elif found.text.startswith("?"):
            target = found.text.lstrip("?")
            self._put(found, EscapeKind.HELP, found.text[: len(found.text) - len(target)], target)
        elif found.text.startswith("!"):
            sign = "!!" if found.text.startswith("!!") else "!"
            command = found.text[len(sign) :]
            self._put(found, EscapeKind.SHELL, sign, command, _Uses(interpolated_expressions(command)))
        elif found.text.startswith("%"):
            return self._mask_line_magic(found)
        else:
            end = self.text.origin(self._end_of(found.last))
            self.text.mask(found.call, found.start, found.last, end)
        return True

    def _mask_line_magic(self, found: Found) -> bool:
        name, _, arguments = found.text[1:].partition(" ")
        if name.startswith("%"):
            raise self._fault(f"`%{name}` must be the cell's first line: it is a cell magic", found)
        if not _MAGIC_NAME.fullmatch(name):
            raise self._fault(f"`%{name}` is no magic", found)
        scope, begin = magics.line_code(name, arguments)
        code = arguments[begin:]
        if scope is CodeScope.NOTEBOOK and code.strip() and not code.lstrip().startswith("#"):
            self._lead(found, name, 2 + len(name) + begin, code)
            return False
        uses = _Uses(magics.expressions_read(name, arguments), magics.names_bound(name, arguments))
        if scope is CodeScope.ISOLATED:
            uses += self._isolated([code], self._typed_region(found.start, self._end_of(found.last)))
        self._put(found, EscapeKind.LINE_MAGIC, name, arguments, uses)
        return True

    def _lead(self, found: Found, name: str, begin: int, code: str) -> None:
        """Let the code of `%time` stand as the notebook's own, with the magic as a statement before it."""
        line, column = found.start
        whole = self.text.lines[line]
        stop = len(whole) - 1 if found.last > line else len(whole)
        begin = column + begin
        if begin > stop:
            raise self._fault(f"`%{name}` has its statement on another line: write it beside the magic", found)
        assigned = bool(whole[:column].strip())
        self._check_statement(code, (line, begin), assigned)
        head = whole[column:begin]
        arguments = head[1 + len(name) :].strip()
        escape = Escape(
            EscapeKind.LINE_MAGIC,
            name,
            f"{arguments} {code}".strip(),
            self._typed_region(found.start, self._end_of(found.last)),
            reads=self._placed(magics.expressions_read(name, arguments), found.start, self._end_of(found.last)),
        )
        self.text.lead_statement(escape, found.start, begin)

    def _check_statement(self, code: str, place: Place, assigned: bool) -> None:
        """Refuse what is Python only together with the line below, which IPython does not give to the magic."""
        try:
            ast.parse(code.strip(), mode="eval" if assigned else "exec")
        except (SyntaxError, ValueError) as raised:
            if not _ESCAPE_SIGN.search(code):
                message = getattr(raised, "msg", None) or "invalid syntax"
                end = (place[0], len(self.text.lines[place[0]]))
                raise Faulty(Fault(message, place, end)) from None

    def _mask_cell_magic(self, line: int) -> None:
        head = self.text.lines[line].rstrip()
        name, _, arguments = head[2:].partition(" ")
        found = Found((line, 0), line, head, line)
        if not _MAGIC_NAME.fullmatch(name):
            raise self._fault(f"`%%{name}` is no magic", found)
        body = "\n".join(self.text.lines[line + 1 :])
        if not body:
            raise self._fault(f"`%%{name}` has nothing below it: a cell magic needs a body", found)
        scope = magics.cell_scope(name)
        begin = magics.cell_code(name, arguments)
        if begin is not None and not magics.takes_statement_above_body(name):
            raise self._fault(f"`%%{name}` takes no statement beside it: write it on the next line", found)
        if scope is CodeScope.NOTEBOOK and begin is not None:
            self._lead_cell(found, name, arguments, 3 + len(name) + begin)
            return
        foreign = body if scope is CodeScope.FOREIGN else None
        uses = _Uses(
            magics.expressions_read(name, arguments, foreign), magics.names_bound(name, arguments, body), foreign
        )
        if scope is CodeScope.ISOLATED:
            setup = arguments[begin:] if begin is not None else ""
            uses += self._isolated([setup, body], self._typed_region(found.start, (line, len(head))))
        last = line if scope is CodeScope.NOTEBOOK else len(self.text.lines) - 1
        self._put(Found(found.start, last, head, line), EscapeKind.CELL_MAGIC, name, arguments, uses)
        if scope is CodeScope.NOTEBOOK:
            self.mask(line + 1)

    def _lead_cell(self, found: Found, name: str, arguments: str, begin: int) -> None:
        # `%%prun x = f()` runs its own line and the body as one piece.
        line = found.start[0]
        region = self._typed_region(found.start, (line, len(found.text)))
        reads = self._placed(magics.expressions_read(name, arguments), found.start, (line, len(found.text)))
        self.text.lead_statement(
            Escape(EscapeKind.CELL_MAGIC, name, arguments, region, reads=reads), found.start, begin
        )
        self._mask_statements(line)

    def _isolated(self, codes: Iterable[str], region: Region) -> _Uses:
        statements: list[ast.stmt] = []
        reads: tuple[ast.expr, ...] = ()
        for code in codes:
            parsed = self.parse(code.strip() if "\n" not in code else code)
            if parsed.problem is not None:
                place = (region.line - 1, region.column - 1)
                raise Faulty(
                    Fault(parsed.problem.message, place, (region.end_line - 1, region.end_column - 1)), typed=True
                )
            statements += parsed.tree.body
            reads += tuple(read for escape in parsed.escapes for read in escape.reads)
        own, binds = outside_reads(statements)
        return _Uses(own + reads, binds)

    def _put(self, found: Found, kind: EscapeKind, name: str, text: str, uses: _Uses = _NOTHING) -> None:
        end = self._end_of(found.last)
        region = self._typed_region(found.start, end)
        reads = self._placed(uses.reads, found.start, end)
        escape = Escape(kind, name, text.strip(), region, uses.body, reads, tuple(dict.fromkeys(uses.binds)))
        self.text.mask_escape(escape, found.start, found.last)

    def _placed(self, expressions: tuple[ast.expr, ...], start: Place, end: Place) -> tuple[ast.expr, ...]:
        """Give every part of the expressions the escape's own place, which is the nearest that is always right."""
        begin = self.text.origin(start)
        finish = self.text.origin(end)
        for expression in expressions:
            for node in ast.walk(expression):
                if isinstance(node, (ast.expr, ast.keyword, ast.arg)):
                    node.lineno, node.col_offset = begin[0] + 1, self.text.column_bytes(begin)
                    node.end_lineno, node.end_col_offset = finish[0] + 1, self.text.column_bytes(finish)
        return expressions

    def _end_of(self, line: int) -> Place:
        line = min(line, len(self.text.lines) - 1)
        return line, len(self.text.lines[line])

    def _typed_region(self, start: Place, end: Place) -> Region:
        return self.text.region(self.text.origin(start), self.text.origin(end))

    def _fault(self, message: str, found: Found) -> Faulty:
        return Faulty(Fault(message, found.start, self._end_of(found.start[0])))
