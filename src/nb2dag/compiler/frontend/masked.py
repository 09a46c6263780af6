"""Keep a cell's text in a form that Python parses, and lead every position back to what the user typed."""

from __future__ import annotations

import ast

from nb2dag.model.code import ESCAPE_NAME, Escape, index_of_escape
from nb2dag.model.span import Region

Place = tuple[int, int]
"""A 0-based line and a 0-based column in code points."""


class MaskedText:
    """A cell's lines, with escapes replaced by calls of `__escape__`.

    `typed` are the lines as the user typed them, `lines` the working copy; both have the same number of lines, so that
    only columns ever need to be led back, and only those of touched lines.

    >>> from nb2dag.model.code import EscapeKind
    >>> text = MaskedText("x = !ls -l")
    >>> text.mask_escape(Escape(EscapeKind.SHELL, "!", "ls -l", text.region((0, 4), (0, 10))), (0, 4), 0)
    >>> text.source
    'x = __escape__(0)'
    >>> text.origin((0, 17))
    (0, 10)
    """

    def __init__(self, source: str, first: int = 0) -> None:
        """Take `source`; lines above index `first` (the tag) are kept for counting only."""
        self.typed = source.split("\n")
        self.first = min(first, len(self.typed))
        self.lines = [""] * self.first + self.typed[self.first :]
        self.escapes: list[Escape] = []
        self._origins: dict[int, list[Place]] = {}
        self._leading: list[tuple[int, tuple[Place, Place, Place]]] = []

    @property
    def source(self) -> str:
        """The working text."""
        return "\n".join(self.lines)

    @property
    def end(self) -> Place:
        """The place behind the last character."""
        return len(self.typed) - 1, len(self.typed[-1])

    def region(self, start: Place, end: Place) -> Region:
        """Return the stretch between two typed places as a region of the cell."""
        return Region(start[0] + 1, start[1] + 1, end[0] + 1, end[1] + 1)

    def origin(self, place: Place) -> Place:
        """Return where the working text's `place` stands in the typed text; beyond a line's end is its end."""
        line, column = place
        if line >= len(self.lines):
            return self.end
        places = self._origins.get(line)
        if places is None:
            return line, min(column, len(self.typed[line]))
        return places[min(column, len(places) - 1)]

    def strip_start(self, line: int, remaining: str) -> bool:
        """Make `remaining`, the tail of a line, its working text; return whether it is such a tail."""
        text = self.lines[line]
        if not remaining.strip():
            return not text.strip()
        if not text.endswith(remaining):
            return False
        self.cut(line, 0, len(text) - len(remaining))
        return True

    def cut(self, line: int, start: int, end: int) -> None:
        """Leave the columns from `start` to `end` out of a line's working text."""
        if end <= start:
            return
        places = self._places(line)
        text = self.lines[line]
        self.lines[line] = text[:start] + text[end:]
        del places[start:end]

    def mask_escape(self, escape: Escape, start: Place, last: int) -> None:
        """Put a call in the place of `escape`, from the working text's `start` to the end of line `last`."""
        self.mask(f"{ESCAPE_NAME}({len(self.escapes)})", start, last, self._region_end(escape))
        self.escapes.append(escape)

    def mask(self, code: str, start: Place, last: int, end: Place) -> None:
        """Put `code` in the place of what runs from `start` to the end of line `last`; it ends at the typed `end`."""
        line, column = start
        places = self._places(line)
        begin = places[column]
        self.lines[line] = self.lines[line][:column] + code
        places[column:] = [begin] * len(code) + [end]
        for below in range(line + 1, min(last + 1, len(self.lines))):
            self.lines[below] = ""
            self._origins[below] = [end]

    def lead_statement(self, escape: Escape, start: Place, code: int) -> None:
        """Put `escape` before the statement that begins at column `code` of its line, once the text is parsed."""
        line, column = start
        head = self.lines[line][column:code].rstrip()
        places = self.origin(start), self.origin((line, column + len(head))), self.origin((line, code))
        self._leading.append((len(self.escapes), places))
        self.escapes.append(escape)
        self.cut(line, column, code)

    def restore(self, tree: ast.Module) -> None:
        """Move every position of a tree of the working text to the typed text, and insert the leading escapes."""
        if not self._origins:
            return
        for node in ast.walk(tree):
            if hasattr(node, "lineno"):
                self._restore_node(node)
        for node in ast.walk(tree):
            if index_of_escape(node) is not None:
                _cover(node)
        self._insert_leading(tree)

    def column_bytes(self, place: Place) -> int:
        """Return how many UTF-8 bytes stand before a typed place in its line."""
        prefix = self.typed[place[0]][: place[1]]
        return place[1] if prefix.isascii() else len(prefix.encode("utf-8", "surrogatepass"))

    def _places(self, line: int) -> list[Place]:
        places = self._origins.get(line)
        if places is None:
            places = [(line, column) for column in range(len(self.lines[line]) + 1)]
            self._origins[line] = places
        return places

    def _region_end(self, escape: Escape) -> Place:
        return escape.region.end_line - 1, escape.region.end_column - 1

    def _restore_node(self, node: ast.AST) -> None:
        for line_name, column_name in (("lineno", "col_offset"), ("end_lineno", "end_col_offset")):
            line = getattr(node, line_name, None)
            if line is None or line - 1 not in self._origins:
                continue
            encoded = self.lines[line - 1].encode()[: getattr(node, column_name)]
            place = self.origin((line - 1, len(encoded.decode("utf-8", "ignore"))))
            setattr(node, line_name, place[0] + 1)
            setattr(node, column_name, self.column_bytes(place))

    def _insert_leading(self, tree: ast.Module) -> None:
        for index, places in self._leading:
            begin, end, code = ((line + 1, self.column_bytes((line, column))) for line, column in places)
            block, position = _statement_at(tree, code)
            block.insert(position, _escape_statement(index, begin, end))


def _cover(call: ast.AST) -> None:
    # The call is one thing to the reader: its parts have no places of their own.
    assert isinstance(call, ast.Call)
    for part in (call.func, call.args[0]):
        ast.copy_location(part, call)


def _escape_statement(index: int, start: Place, end: Place) -> ast.Expr:
    statement = ast.parse(f"{ESCAPE_NAME}({index})").body[0]
    assert isinstance(statement, ast.Expr)
    for node in ast.walk(statement):
        if isinstance(node, (ast.expr, ast.stmt)):
            node.lineno, node.col_offset = start
            node.end_lineno, node.end_col_offset = end
    return statement


def _statement_at(tree: ast.Module, place: Place) -> tuple[list[ast.stmt], int]:
    """Return the block and position of the statement that starts at `place`, or else the innermost one around it."""
    found: tuple[list[ast.stmt], int] = (tree.body, len(tree.body))
    blocks = [tree.body]
    while blocks:
        candidates = [
            (block, position)
            for block in blocks
            for position, statement in enumerate(block)
            if (statement.end_lineno or 0, statement.end_col_offset or 0) > place
        ]
        if not candidates:
            break
        found = candidates[0]
        statement = found[0][found[1]]
        blocks = _blocks_of(statement) if (statement.lineno, statement.col_offset) < place else []
    return found


def _blocks_of(statement: ast.stmt) -> list[list[ast.stmt]]:
    parts = [statement, *getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    blocks = [getattr(part, "body", []) for part in parts]
    blocks += [getattr(statement, name, []) for name in ("orelse", "finalbody")]
    return [block for block in blocks if block]
