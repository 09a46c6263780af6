r"""Find the global names a function's body uses, through every scope nested in it.

>>> names = function_names(ast.parse("def f(a):\n    b = a\n    return [b + c for c in d if e(c)]").body[0])
>>> sorted(names.free)
['d', 'e']
>>> sorted(function_names(ast.parse("def f():\n    global n\n    n += 1").body[0]).binds)
['n']
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


@dataclass(slots=True)
class FunctionNames:
    """`free`: globals read when the body runs, with the first node; `binds`: globals it assigns or deletes.

    `nested` are the free globals of functions and lambdas defined inside: they may leave with a returned value.
    """

    free: dict[str, ast.AST] = field(default_factory=dict)
    binds: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)


def function_names(node: FunctionNode) -> FunctionNames:
    """Return the global names that calling `node` may read or bind."""
    found = FunctionNames()
    _function(node, [], found, depth=0)
    return found


def local_names(node: FunctionNode) -> set[str]:
    """Return the names local to a function: parameters and everything it binds, `global` names left out."""
    names = {argument.arg for argument in all_arguments(node.args)}
    if isinstance(node, ast.Lambda):
        _collect_walrus(node.body, names)
        return names
    outer: set[str] = set()
    for statement in node.body:
        _collect(statement, names, outer)
    return names - outer


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return every parameter in signature order, `*args` and `**kwargs` last."""
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def _collect(node: ast.AST, names: set[str], outer: set[str]) -> None:
    """Add the names that `node` binds in the scope it stands in; scopes nested in it are left alone."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        names.add(node.name)
        decorators: list[ast.AST] = list(node.decorator_list)
        for child in decorators:
            _collect(child, names, outer)
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, _COMPREHENSIONS):
        _collect_walrus(node, names)
        return
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        outer.update(node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        names.add(node.id)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif (isinstance(node, ast.ExceptHandler) and node.name) or (
        isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
    ):
        names.add(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        names.add(node.rest)
    for child in ast.iter_child_nodes(node):
        _collect(child, names, outer)


def _collect_walrus(node: ast.AST, names: set[str]) -> None:
    for child in ast.walk(node):
        if isinstance(child, ast.NamedExpr):
            names.add(child.target.id)


def _function(node: FunctionNode, scopes: list[set[str]], found: FunctionNames, depth: int) -> None:
    locals_ = local_names(node) | {parameter.name for parameter in getattr(node, "type_params", ())}
    inner = [*scopes, locals_]
    if isinstance(node, ast.Lambda):
        _walk(node.body, inner, found, set(), depth + 1)
        return
    declared = {name for child in _own_nodes(node) if isinstance(child, ast.Global) for name in child.names}
    for statement in node.body:
        _walk(statement, inner, found, declared, depth + 1)


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    """Return the nodes of a function's own scope."""
    found: list[ast.AST] = []
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        child = waiting.pop()
        found.append(child)
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(child))
    return found


def _walk(node: ast.AST, scopes: list[set[str]], found: FunctionNames, declared: set[str], depth: int) -> None:
    """Record the globals that `node` uses; `scopes` are the names of the functions and comprehensions around it."""
    if isinstance(node, ast.Name):
        _name(node, scopes, found, declared, depth)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        _nested_function(node, scopes, found, declared, depth)
    elif isinstance(node, ast.ClassDef):
        _nested_class(node, scopes, found, declared, depth)
    elif isinstance(node, _COMPREHENSIONS):
        _comprehension(node, scopes, found, declared, depth)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        found.binds.update(
            name for alias in node.names if (name := alias.asname or alias.name.partition(".")[0]) in declared
        )
    else:
        for child in ast.iter_child_nodes(node):
            _walk(child, scopes, found, declared, depth)


def _name(node: ast.Name, scopes: list[set[str]], found: FunctionNames, declared: set[str], depth: int) -> None:
    if node.id in declared:
        if isinstance(node.ctx, ast.Load):
            found.free.setdefault(node.id, node)
        else:
            found.binds.add(node.id)
            # An augmented assignment reads the name too, and its node says Store; a read too many is harmless.
            found.free.setdefault(node.id, node)
        return
    if any(node.id in scope for scope in scopes):
        return
    if isinstance(node.ctx, ast.Load):
        found.free.setdefault(node.id, node)
        if depth > 1:
            found.nested.add(node.id)


def _nested_function(
    node: FunctionNode, scopes: list[set[str]], found: FunctionNames, declared: set[str], depth: int
) -> None:
    decorators: list[ast.expr] = [] if isinstance(node, ast.Lambda) else list(node.decorator_list)
    defaults = [default for default in [*node.args.defaults, *node.args.kw_defaults] if default is not None]
    annotations = [argument.annotation for argument in all_arguments(node.args) if argument.annotation is not None]
    if not isinstance(node, ast.Lambda) and node.returns is not None:
        annotations.append(node.returns)
    for expression in [*decorators, *defaults, *annotations]:
        _walk(expression, scopes, found, declared, depth)
    _function(node, scopes, found, depth)


def _nested_class(
    node: ast.ClassDef, scopes: list[set[str]], found: FunctionNames, declared: set[str], depth: int
) -> None:
    for expression in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
        _walk(expression, scopes, found, declared, depth)
    own: set[str] = {"__module__", "__qualname__"}
    outer: set[str] = set()
    for statement in node.body:
        _collect(statement, own, outer)
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _nested_function(statement, scopes, found, declared, depth)
        else:
            _walk(statement, [*scopes, own - outer], found, declared, depth)


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    scopes: list[set[str]],
    found: FunctionNames,
    declared: set[str],
    depth: int,
) -> None:
    _walk(node.generators[0].iter, scopes, found, declared, depth)
    own: set[str] = set()
    inner = [*scopes, own]
    for position, generator in enumerate(node.generators):
        if position:
            _walk(generator.iter, inner, found, declared, depth)
        own.update(
            child.id
            for child in ast.walk(generator.target)
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
        )
        for condition in generator.ifs:
            _walk(condition, inner, found, declared, depth)
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    for element in elements:
        _walk(element, inner, found, declared, depth)
