"""Lay Python expressions out over lines as a formatter would, without running one.

The result is what `ruff format` leaves alone at `WIDTH` columns: a bracket that does not fit on its line is opened up
with one item a line and a trailing comma, operators start a line, long strings become adjacent literals in
parentheses.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 110
"""Columns of generated code."""

INDENT = "    "


@dataclass(frozen=True, slots=True)
class Atom:
    """Source that is never broken. `uses` are the names it needs imported."""

    source: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A string, written as one literal or, where that is too long, as several side by side."""

    value: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a bracket; `prefix` is `name=` of a keyword argument or `"key": ` of a dict's entry."""

    expression: Expression
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Bracket:
    """A call, list, tuple, dict or set. With `exploded` it takes one line per item even where it would fit on one."""

    opening: str
    items: tuple[Item, ...]
    closing: str
    uses: tuple[str, ...] = ()
    exploded: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """Operands joined by one binary operator."""

    operator: str
    operands: tuple[Expression, ...]


Expression = Atom | Text | Bracket | Operation


def call(name: str, *arguments: Expression, **keywords: Expression) -> Bracket:
    """Return a call of `name`, which the module has to import."""
    items = [Item(argument) for argument in arguments]
    items += [Item(value, f"{keyword}=") for keyword, value in keywords.items()]
    return Bracket(f"{name}(", tuple(items), ")", (name,))


def list_of(items: list[Expression]) -> Bracket:
    """Return a list."""
    return Bracket("[", tuple(Item(item) for item in items), "]")


def dict_of(entries: dict[str, Expression], *, exploded: bool = False) -> Bracket:
    """Return a dict with string keys, in the order given."""
    items = tuple(Item(value, f"{quote(key)}: ") for key, value in entries.items())
    return Bracket("{", items, "}", exploded=exploded and bool(items))


def symbols(expression: Expression) -> set[str]:
    """Return the names that have to be imported for `expression`."""
    if isinstance(expression, Text):
        return set()
    if isinstance(expression, Operation):
        return {name for operand in expression.operands for name in symbols(operand)}
    found = set(expression.uses)
    if isinstance(expression, Bracket):
        for item in expression.items:
            found |= symbols(item.expression)
    return found


def flat(expression: Expression) -> str:
    """Return `expression` on one line, whatever its length."""
    if isinstance(expression, Atom):
        return expression.source
    if isinstance(expression, Text):
        return quote(expression.value)
    if isinstance(expression, Operation):
        return f" {expression.operator} ".join(_operand(operand) for operand in expression.operands)
    items = ", ".join(item.prefix + flat(item.expression) for item in expression.items)
    # A tuple of one needs its comma.
    comma = "," if expression.opening == "(" and len(expression.items) == 1 else ""
    return f"{expression.opening}{items}{comma}{expression.closing}"


def lay_out(
    expression: Expression, prefix: str = "", suffix: str = "", *, depth: int = 0, width: int = WIDTH
) -> list[str]:
    r"""Return the lines of `prefix`, `expression` and `suffix`, indented by `depth` steps.

    Examples:
        >>> print("\n".join(lay_out(list_of([Atom("alpha"), Atom("beta")]), "x = ", width=12)))
        x = [
            alpha,
            beta,
        ]
    """
    indent = INDENT * depth
    line = f"{indent}{prefix}{flat(expression)}{suffix}"
    if not _exploded(expression) and len(line) <= width:
        return [line]
    if isinstance(expression, Bracket) and expression.items:
        lines = [f"{indent}{prefix}{expression.opening}"]
        for item in expression.items:
            lines += lay_out(item.expression, item.prefix, ",", depth=depth + 1, width=width)
        return [*lines, f"{indent}{expression.closing}{suffix}"]
    if isinstance(expression, Operation):
        return _operation_lines(expression, prefix, suffix, depth, width)
    if isinstance(expression, Text):
        pieces = _pieces(expression.value, width - len(indent) - len(INDENT))
        if len(pieces) > 1:
            literals = [f"{indent}{INDENT}{quote(piece)}" for piece in pieces]
            return [f"{indent}{prefix}(", *literals, f"{indent}){suffix}"]
    return [line]


def quote(text: str) -> str:
    r"""Return `text` as one Python string literal; what cannot be seen is escaped, so is a lone surrogate.

    Examples:
        >>> print(quote('say "hi"\n'))
        'say "hi"\n'
    """
    mark = "'" if text.count('"') > text.count("'") else '"'
    return f"{mark}{escape(text, mark)}{mark}"


def escape(text: str, mark: str = "") -> str:
    """Return `text` as it stands within a literal between `mark`s."""
    return "".join(_character(character, mark) for character in text)


def _character(character: str, mark: str) -> str:
    if character in (mark, "\\"):
        return "\\" + character
    # `repr` escapes whatever is not printable: controls, lone surrogates and the marks that reverse the reading
    # direction.
    return character if character.isprintable() else repr(character)[1:-1]


def _exploded(expression: Expression) -> bool:
    if not isinstance(expression, Bracket):
        return False
    return expression.exploded or any(_exploded(item.expression) for item in expression.items)


def _operand(expression: Expression) -> str:
    return f"({flat(expression)})" if isinstance(expression, Operation) else flat(expression)


def _operation_lines(operation: Operation, prefix: str, suffix: str, depth: int, width: int) -> list[str]:
    lines: list[str] = []
    for index, operand in enumerate(operation.operands):
        lead = prefix if index == 0 else f"{operation.operator} "
        tail = suffix if index == len(operation.operands) - 1 else ""
        if not isinstance(operand, Operation):
            lines += lay_out(operand, lead, tail, depth=depth, width=width)
            continue
        line = f"{INDENT * depth}{lead}{_operand(operand)}{tail}"
        if len(line) <= width:
            lines.append(line)
        else:
            inner = _operation_lines(operand, "", "", depth + 1, width)
            lines += [f"{INDENT * depth}{lead}(", *inner, f"{INDENT * depth}){tail}"]
    return lines


def _pieces(text: str, width: int) -> list[str]:
    """Cut `text` after each newline and, where a line is too long, after a space."""
    pieces: list[str] = []
    for line in text.splitlines(keepends=True):
        piece = ""
        for word in _words(line):
            if piece and len(quote(piece + word)) > width:
                pieces.append(piece)
                piece = ""
            piece += word
        pieces.append(piece)
    return pieces


def _words(line: str) -> list[str]:
    parts = line.split(" ")
    return [f"{part} " for part in parts[:-1]] + [parts[-1]]
