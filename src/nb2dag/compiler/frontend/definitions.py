"""Tell whether code only imports and defines, so that running it again changes nothing."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from nb2dag.model.code import ParsedCode, index_of_escape

_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
_QUIET_TEST = (
    ast.BoolOp,
    ast.UnaryOp,
    ast.Compare,
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.Tuple,
    ast.boolop,
    ast.unaryop,
    ast.cmpop,
    ast.expr_context,
)


def only_defines(code: ParsedCode) -> bool:
    r"""Tell whether a cell holds nothing but imports, functions, classes, lambdas with a name and docstrings.

    A compound statement counts if it holds only these and constants, as `try: import x` with a fallback does. A
    constant outside of one does not: it is a value, which a task may need to be handed over.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> only_defines(parse_code("try:\n    import ujson as json\nexcept ImportError:\n    json = None"))
    True
    >>> only_defines(parse_code("import math\nradius = 2"))
    False
    """
    return code.problem is None and bool(code.tree.body) and all(map(_is_definition, code.tree.body))


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, _DEFINITIONS) or type(statement).__name__ == "TypeAlias":
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return isinstance(statement.value, ast.Lambda) and _binds_names(statement)
    if isinstance(statement, ast.If):
        return _is_quiet(statement.test) and _all_fixed(statement.body) and _all_fixed(statement.orelse)
    if isinstance(statement, ast.Try) or type(statement).__name__ == "TryStar":
        return _is_fixed_try(statement)
    return False


def _is_fixed_try(statement: ast.stmt) -> bool:
    handlers = getattr(statement, "handlers", [])
    blocks = [getattr(statement, name) for name in ("body", "orelse", "finalbody")]
    return all(map(_all_fixed, [*blocks, *(handler.body for handler in handlers)]))


def _all_fixed(block: Sequence[ast.stmt]) -> bool:
    return all(_is_definition(statement) or _is_constant(statement) or _only_raises(statement) for statement in block)


def _is_constant(statement: ast.stmt) -> bool:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not _binds_names(statement):
        return False
    try:
        ast.literal_eval(statement.value) if statement.value is not None else None
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


def _only_raises(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise)


def _binds_names(statement: ast.Assign | ast.AnnAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return all(isinstance(target, ast.Name) for target in targets)


def _is_quiet(test: ast.expr) -> bool:
    return index_of_escape(test) is None and all(isinstance(node, _QUIET_TEST) for node in ast.walk(test))
