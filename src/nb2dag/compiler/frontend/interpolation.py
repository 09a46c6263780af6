"""Find the Python expressions that IPython puts into a shell command or a magic's text: `{expr}` and `$name`."""

from __future__ import annotations

import ast
import re
from string import Formatter

_DOLLAR = re.compile(r"\$(\$?[\w.]+)")
_SQL_FIELD = re.compile(
    r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}|(?<![:\w]):([A-Za-z_]\w*)|\$\{?([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\}"
)


def interpolated_expressions(text: str) -> tuple[ast.expr, ...]:
    r"""Return the expressions that IPython evaluates in `text`, in their order.

    IPython (`DollarFormatter`) leaves the whole text as it is when one field cannot be evaluated, as in
    `awk '{print $1}'`; so a field that is no expression makes the result empty. A name that does not exist has
    the same effect when the cell runs, which is no error: `$HOME` then reaches the shell.

    >>> [ast.unparse(expression) for expression in interpolated_expressions("cp {folder / 'a'} $target.name $$HOME")]
    ["folder / 'a'", 'target.name']
    >>> interpolated_expressions("awk '{print $1}' $name")
    ()
    """
    if "$" not in text and "{" not in text:
        return ()
    expressions: list[ast.expr] = []
    try:
        for literal, field, spec, _ in Formatter().parse(text):
            fields = _dollar_names(literal)
            if field is not None:
                fields.append(f"{field}:{spec}" if spec else field)
            expressions += [ast.parse(each.strip(), mode="eval").body for each in fields]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(each for each in expressions if not isinstance(each, ast.Constant))


def sql_names(text: str) -> tuple[ast.expr, ...]:
    """Return the names that a SQL magic may fill into its statement: `:name`, `$name`, `{name}`, `{{name}}`.

    >>> [ast.unparse(name) for name in sql_names("select * from {{table}} where day = :day and a::int > 0")]
    ['table', 'day']
    """
    names = dict.fromkeys("".join(match.groups("")) for match in _SQL_FIELD.finditer(text))
    return tuple(found for name in names if (found := expression(name)) is not None)


def _dollar_names(literal: str) -> list[str]:
    # As IPython's own pattern does, a dollar counts only where an even number of single quotes follows.
    names = (match for match in _DOLLAR.finditer(literal) if not match[1].startswith("$"))
    return [match[1] for match in names if literal.count("'", match.end()) % 2 == 0]


def expression(text: str) -> ast.expr | None:
    """Return `text` parsed as an expression, None where it is none."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
