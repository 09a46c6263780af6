"""Tell what decorates a definition, and what the notebook's own decorators make of what they are given."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence

from nb2dag.compiler.analysis.classes import family, named, path_of
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import Definition

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_MAKING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_CONTEXT_MAKERS = {"contextmanager", "asynccontextmanager"}
_LOOKING = {"callable", "getattr", "hasattr", "id", "isinstance", "issubclass", "len", "print", "repr", "str", "type"}
"""Builtins that only look at what they are given."""


def makes_context(decorator: Definition) -> bool:
    """Tell whether a function is decorated by `contextlib.contextmanager`, whose result decorates as well."""
    nodes = getattr(decorator.node, "decorator_list", ())
    return any(ast.unparse(node).rpartition(".")[2] in _CONTEXT_MAKERS for node in nodes)


def made_by_factories(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the functions inside the notebook's functions that decorate a definition: `@register("name")`."""
    factories = [each for each in decorators(resolver, definition) if not each.is_class]
    return [decorator for factory in factories for decorator in wrappers(factory)]


def calls_what_it_is_given(decorator: Definition) -> bool:
    """Tell whether a function calls its first parameter, and not only in a function that it makes."""
    arguments = decorator.node.args if isinstance(decorator.node, _Function) else None
    first = next(iter([*arguments.posonlyargs, *arguments.args] if arguments is not None else ()), None)
    calls = [node.func for node in ast.walk(decorator.node) if isinstance(node, ast.Call)]
    later = {id(node) for wrapper in wrappers(decorator) for node in ast.walk(wrapper.node)}
    named = [node for node in calls if isinstance(node, ast.Name) and first is not None and node.id == first.arg]
    return any(id(node) not in later for node in named)


def decorators(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the notebook's own functions and classes that decorate a definition, `@retry(3)` included."""
    nodes = getattr(definition.node, "decorator_list", [])
    return list(named(resolver, [node.func if isinstance(node, ast.Call) else node for node in nodes]))


def decorated_by_method(node: ast.stmt) -> str:
    r"""Return the decorator of a definition that is a method of something, as it is written, "" where there is none.

    >>> decorated_by_method(ast.parse("@bus.on('sold')\ndef f(): ...").body[0])
    "bus.on('sold')"
    """
    for decorator in getattr(node, "decorator_list", ()):
        method = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(method, ast.Attribute):
            return ast.unparse(decorator)
    return ""


def paths_of_decorators(resolver: Resolver, definition: Definition) -> list[str]:
    """Return the dotted paths of the decorators of a definition that are functions of modules."""
    nodes = getattr(definition.node, "decorator_list", ())
    paths = (path_of(resolver, node.func if isinstance(node, ast.Call) else node) for node in nodes)
    return [path for path in paths if path]


def keeps_state(decorator: Definition) -> bool:
    """Tell whether what a decorator returns may remember something from call to call.

    A class does, and a function that binds variables of its own (`cache = {}`) or sets attributes (`w.calls = 0`).
    """
    return decorator.is_class or _remembers(decorator.node)


def wrappers(decorator: Definition) -> list[Definition]:
    """Return the functions that a decorator makes inside, as definitions of their own."""
    inner = [node for node in ast.walk(decorator.node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [Definition(node.name, node, decorator.position) for node in inner if node is not decorator.node]


def wraps_by_object(resolver: Resolver, definition: Definition) -> bool:
    """Tell whether an object of the notebook's wraps a definition: `@timer`, `@stats.counted`, `@app.timed("x")`."""
    return any(_wraps(resolver, node) for node in getattr(definition.node, "decorator_list", ()))


def _wraps(resolver: Resolver, decorator: ast.expr) -> bool:
    called = isinstance(decorator, ast.Call)
    method = decorator.func if isinstance(decorator, ast.Call) else decorator
    owner = method.value if isinstance(method, ast.Attribute) else method
    value = resolver.resolve(owner.id) if isinstance(owner, ast.Name) else None
    if value is None or value.definition is not None:
        return False
    name = method.attr if isinstance(method, ast.Attribute) else "__call__"
    parts = [part.node for item in value.carries if item.is_class for part in family(resolver, item)]
    makers = [item for part in parts for item in getattr(part, "body", ()) if getattr(item, "name", "") == name]
    if called:
        # What it gives is the decorator.
        makers = [inner for maker in makers for inner in ast.walk(maker) if inner is not maker]
    return any(isinstance(maker, _Function) and _holds_function(maker) for maker in makers)


@functools.lru_cache(maxsize=1024)
def _remembers(node: ast.AST) -> bool:
    return any(
        isinstance(child, ast.Nonlocal)
        or (isinstance(child, ast.Attribute | ast.Subscript) and isinstance(child.ctx, ast.Store))
        or (isinstance(child, ast.Assign | ast.AnnAssign) and not _is_inside_wrapper(node, child))
        for child in ast.walk(node)
    )


def _is_inside_wrapper(decorator: ast.AST, statement: ast.AST) -> bool:
    """Tell whether a statement is run at each call of the wrapper, and not when the decorator is."""
    inner = [node for node in ast.walk(decorator) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(statement in ast.walk(node) and node is not decorator and not _holds_function(node) for node in inner)


def _holds_function(node: ast.AST) -> bool:
    """Tell whether a function makes another one: then it is a decorator itself, made by a factory."""
    return any(isinstance(child, _Function) for child in ast.walk(node) if child is not node)


def wrapping(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return those of a definition's decorators that may put something in its place."""
    return [each for each in decorators(resolver, definition) if not gives_back(each)]


def gives_back(decorator: Definition) -> bool:
    """Tell whether a decorator returns what it is given, or makes one that does: `@register`, `@register("name")`.

    To call what it decorates is then to call nothing of the decorator. It must not put functions on it either.
    """
    node = decorator.node
    return isinstance(node, ast.FunctionDef) and not node.decorator_list and _gives_back(node)


@functools.lru_cache(maxsize=1024)
def _gives_back(node: ast.FunctionDef) -> bool:
    inner = [child for child in ast.walk(node) if isinstance(child, _MAKING) and child is not node]
    if not inner:
        given = next(iter([*node.args.posonlyargs, *node.args.args]), None)
        return given is not None and _ends_with(node, given.arg) and not _may_add_functions(node, given.arg)
    made = inner[0]
    if len(inner) > 1 or not isinstance(made, ast.FunctionDef) or made not in node.body or made.decorator_list:
        return False
    return _ends_with(node, made.name, of=node.body) and _gives_back(made)


def _ends_with(node: ast.FunctionDef, name: str, of: Sequence[ast.stmt] | None = None) -> bool:
    """Tell whether a function returns what `name` stands for and nothing else, and does not bind it itself."""
    parts = [child for part in node.body if of is None or not isinstance(part, _Function) for child in ast.walk(part)]
    given = [part.value for part in parts if isinstance(part, ast.Return)]
    bound = any(isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store) for part in parts)
    returned = all(isinstance(value, ast.Name) and value.id == name for value in given)
    return isinstance(node.body[-1], ast.Return) and returned and not bound


def _may_add_functions(node: ast.FunctionDef, name: str) -> bool:
    """Tell whether a function sets an attribute of an argument to more than a constant, or passes it to a function."""
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store) and _is_of(child.value, name):
            return True
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id not in _LOOKING:
            given = [*child.args, *(keyword.value for keyword in child.keywords)]
            if any(_is_of(part, name) for part in given):
                return True
    return False


def _is_of(node: ast.expr, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))
