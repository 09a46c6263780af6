"""Say what a class shares with its instances, and which methods of it a name stands for."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from nb2dag.compiler.analysis.effects import Bind, Draw, Effects, FileUse, Hold, Mutate, Seed, Summary, WriteState
from nb2dag.compiler.analysis.functions import methods_in
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import Definition

_NOT_OPERATORS = {
    "__init__", "__new__", "__del__", "__call__", "__init_subclass__", "__set_name__", "__enter__", "__exit__",
    "__copy__", "__deepcopy__",
}  # fmt: skip
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DESCRIPTORS = {"field", "property", "staticmethod", "classmethod", "cached_property", "TypeVar", "frozenset"}
_OF_CLASS = {"__name__", "__qualname__", "__module__", "__doc__"}
_CACHES_OF_CLASS = {"cache", "lru_cache"}
"""Decorators that keep what methods return in the class, and not in the instance."""
_CACHES = _CACHES_OF_CLASS | {"cached_property"}
CACHE_COUNTS = "cache_info"
"""The method of a cached function that tells how often its cache was used."""


def shares_state(resolver: Resolver, definition: Definition) -> bool:
    """Tell whether an instance may reach an object of its class that can change: `items = []` in the class body.

    So may one whose methods ask for the class (`type(self).n += 1`) or whose class decides what an instance is
    (`__new__`). The notebook's own bases and metaclasses count as well.
    """
    return any(isinstance(item.node, ast.ClassDef) and _has_state(item.node) for item in family(resolver, definition))


def replaces_dict(definition: Definition) -> bool:
    """Tell whether instances may have their attributes in an object of their class: `self.__dict__ = self._shared`."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == "__dict__" and isinstance(node.ctx, ast.Store)
        for node in ast.walk(definition.node)
    )


def is_enumeration(resolver: Resolver, definition: Definition) -> bool:
    """Tell whether calling a class gives one of the members that it keeps, and makes nothing."""
    nodes = [node for part in family(resolver, definition) for node in _bases(part)]
    names = [node.value if isinstance(node, ast.Attribute) else node for node in nodes]
    modules = [resolver.resolve(node.id).module for node in names if isinstance(node, ast.Name)]
    return any(module.partition(".")[0] == "enum" for module in modules)


def rewrites_trees(definition: Definition) -> bool:
    """Tell whether a class is derived from `ast.NodeTransformer`, by the base that it is written with."""
    return any(ast.unparse(base).rpartition(".")[2] == "NodeTransformer" for base in _bases(definition))


@functools.lru_cache(maxsize=1024)
def has_changing_members(definition: Definition) -> bool:
    """Tell whether a class of members, `A = {"n": 1}`, has one that is an object which can change.

    >>> [has_changing_members(Definition("C", ast.parse(f"class C(E): A = {text}").body[0], 0)) for text in ("1", "[]")]
    [False, True]
    """
    made = [part.value for part in getattr(definition.node, "body", ()) if isinstance(part, ast.Assign)]
    return definition.is_class and any(isinstance(value, _CHANGING) for value in made)


_CHANGING = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp


def is_named_tuple(definition: Definition) -> bool:
    """Tell whether a class is a tuple with names, by the base that it is written with."""
    return any(ast.unparse(base).rpartition(".")[2] == "NamedTuple" for base in _bases(definition))


def path_of(resolver: Resolver, node: ast.expr) -> str:
    """Return the dotted path of what an expression names in a module, an empty string for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    root = resolver.resolve(node.id).module if isinstance(node, ast.Name) else ""
    return ".".join([root, *reversed(parts)]) if root else ""


def family(resolver: Resolver, definition: Definition) -> Iterator[Definition]:
    """Yield a class, its bases and its metaclasses, as far as the notebook defines them."""
    waiting, seen = [definition], {definition}
    while waiting:
        found = waiting.pop()
        yield found
        for parent in [*named(resolver, _bases(found)), *named(resolver, _metaclass(found))]:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def metaclasses(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the notebook's metaclasses of a class, those of its bases included."""
    return [meta for item in family(resolver, definition) for meta in named(resolver, _metaclass(item))]


def has_foreign_base(resolver: Resolver, definition: Definition) -> bool:
    """Tell whether a class is derived from one that the notebook does not define and that has methods of its own."""
    if not definition.is_class:
        return False
    return any(
        ast.unparse(base).partition("[")[0].rpartition(".")[2] not in _BARE and not list(named(resolver, [base]))
        for part in family(resolver, definition)
        for base in _bases(part)
    )


def bases(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the bases of a class that the notebook defines, in their order."""
    return list(named(resolver, _bases(definition)))


def methods_of(resolver: Resolver, definition: Definition, name: str) -> list[Summary]:
    """Return the summaries that a name as `application.call_methods` takes it stands for, in one definition."""
    if not isinstance(definition.node, ast.ClassDef):
        return [resolver.summary(definition)] if name == "__call__" else []
    kind, _, attribute = name.rpartition(" ")
    if kind == "super":
        return [item for base in bases(resolver, definition) for item in resolver.methods(base, attribute)]
    if name in ("*", "__*__"):
        own = {item for part in family(resolver, definition) for item in _method_names(part.node)}
        counted = {item for item in own if name == "*" or (item.startswith("__") and item not in _NOT_OPERATORS)}
        return [summary for item in sorted(counted) for summary in resolver.methods(definition, item)]
    wanted = {attribute}
    if attribute == "*":
        wanted = {item for part in family(resolver, definition) for item in _method_names(part.node)}
    found = [item for each in sorted(wanted) for item in resolver.methods(definition, each)]
    return [item for item in found if item.is_property] if kind in ("property", "set") else found


def descriptors_of(resolver: Resolver, definition: Definition, attribute: str) -> list[Definition]:
    """Return the notebook's classes whose instance stands in a class, or a base of it, under an attribute's name."""
    return [
        found
        for part in family(resolver, definition)
        for call in _made_in_body(part.node, attribute)
        for found in named(resolver, [call.func])
        if found.is_class
    ]


def hooks(resolver: Resolver, definition: Definition) -> list[str]:
    """Return the names of the methods that a library runs when an object is made or its attributes are set.

    They are decorated for that, `@field_validator("name")`, or have a name that the library knows.
    """
    if not definition.is_class:
        return []
    methods = [
        item for part in family(resolver, definition) for item in getattr(part.node, "body", ()) if _is_method(item)
    ]
    marked = {item.name for item in methods if any(_is_hook(resolver, each) for each in item.decorator_list)}
    known = {item.name for item in methods if item.name in _HOOKS}
    return sorted(marked | known) if marked or (known and has_foreign_base(resolver, definition)) else []


def _is_method(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def _is_hook(resolver: Resolver, decorator: ast.expr) -> bool:
    path = path_of(resolver, decorator.func if isinstance(decorator, ast.Call) else decorator)
    return path.partition(".")[0] in _VALIDATING


_HOOKS = {"model_post_init", "__attrs_post_init__", "__attrs_pre_init__", "__setitem__"}
"""Methods that constructors of libraries call: `__setitem__` is one for `collections.UserDict`."""
_VALIDATING = {"pydantic", "attrs", "attr", "sqlalchemy", "marshmallow", "traitlets", "param", "pandera"}
"""Packages whose decorators make a method one that runs when an object is made, or an attribute set."""


def told_their_names(resolver: Resolver, definition: Definition) -> list[Definition]:
    """Return the notebook's classes of which instances stand in the body of a class, each told its name there."""
    calls = _made_in_body(definition.node)
    return [found for call in calls for found in named(resolver, [call.func]) if found.is_class]


def default_factories(resolver: Resolver, definition: Definition) -> list[ast.expr]:
    """Return what makes the default values of a class's fields anew for each instance: `default_factory=...`."""
    return [
        keyword.value
        for part in family(resolver, definition)
        for call in _made_in_body(part.node)
        for keyword in call.keywords
        if keyword.arg in ("default_factory", "factory")
    ]


_BARE = {"object", "ABC", "Protocol", "Generic", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "Exception"}
"""Bases without methods that call others."""


@functools.lru_cache(maxsize=4096)
def _made_in_body(node: ast.AST, name: str = "") -> tuple[ast.Call, ...]:
    """Return the calls whose results a class body binds, to `name` if one is given."""
    found: list[ast.Call] = []
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if not name or any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found.append(statement.value)
    return tuple(found)


def compares_by_identity(definition: Definition) -> bool:
    """Tell whether two instances of a class may be equal only if they are one: it says nothing else of itself.

    A decorator, such as `dataclass`, may say something else.
    """
    node = definition.node
    return isinstance(node, ast.ClassDef) and not node.decorator_list and "__eq__" not in _method_names(node)


def _method_names(node: ast.AST) -> set[str]:
    return {item.name for item in methods_in(node)}


def cached_method(resolver: Resolver, definition: Definition, name: str) -> ast.AST | None:
    """Return the method of a class, or of its bases, of which the standard library caches the results, if it is one."""
    methods = (item for part in family(resolver, definition) for item in getattr(part.node, "body", ()))
    named_so = (item for item in methods if getattr(item, "name", "") == name)
    return next((item for item in named_so if keeps_answers(item)), None)


@functools.lru_cache(maxsize=1024)
def own_variables(node: ast.AST) -> frozenset[str]:
    """Return the name of a class, and those of the variables around it that its methods bind anew."""
    enclosed = (name for child in ast.walk(node) if isinstance(child, ast.Nonlocal) for name in child.names)
    return frozenset((getattr(node, "name", ""), *enclosed))


def has_cached_methods(node: ast.AST) -> bool:
    """Tell whether a class has methods of which the standard library caches the results."""
    return any(keeps_answers(item) for item in getattr(node, "body", ()))


@functools.lru_cache(maxsize=1024)
def may_swallow(node: ast.AST) -> bool:
    r"""Tell whether a context of the notebook's may end its block early, without an exception.

    >>> text = "class C:\n def __exit__(self, *e): return e[0] is KeyError"
    >>> may_swallow(ast.parse(text).body[0]), may_swallow(ast.parse(text.replace("return", "assert")).body[0])
    (True, False)
    """
    if isinstance(node, ast.ClassDef):
        exits = [part for part in node.body if getattr(part, "name", "") in ("__exit__", "__aexit__")]
        returns = (child for part in exits for child in ast.walk(part) if isinstance(child, ast.Return))
        return any(child.value is not None and getattr(child.value, "value", True) for child in returns)
    tries = (child for child in ast.walk(node) if isinstance(child, ast.Try))
    return any(
        any(isinstance(child, ast.Yield) for part in each.body for child in ast.walk(part))
        and any(not any(isinstance(child, ast.Raise) for child in ast.walk(handler)) for handler in each.handlers)
        for each in tries
    )


def keeps_answers(function: ast.AST) -> bool:
    """Tell whether the standard library keeps what a function, or a method of a class, returns, in the process."""
    return _caches(function, _CACHES_OF_CLASS)


def is_cached(definition: Definition) -> bool:
    """Tell whether the standard library caches what a function returns: the same object for the same arguments."""
    return not definition.own_cache and _caches(definition.node)


def names_own_cache(resolver: Resolver, function: ast.AST) -> bool:
    """Tell whether a decorator that is called like a cache of the standard library is the notebook's own."""
    targets = (node.func if isinstance(node, ast.Call) else node for node in getattr(function, "decorator_list", []))
    named = [target.id for target in targets if isinstance(target, ast.Name) and target.id in _CACHES]
    return any(not resolver.resolve(name).module for name in named)


def _caches(function: ast.AST, caches: set[str] = _CACHES) -> bool:
    for node in getattr(function, "decorator_list", []):
        target = node.func if isinstance(node, ast.Call) else node
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name in caches:
            return True
    return False


def does_more_than_return(node: ast.AST, effects: Effects, own: str = "") -> bool:
    """Tell whether a call does more than to return something: it prints, counts, or draws.

    Args:
        node: The function.
        effects: What a call does.
        own: A name whose object may change all the same: the function's own, where it keeps something.
    """
    for event in effects.events:
        if isinstance(event, Bind | Draw | Seed | WriteState) or (isinstance(event, FileUse) and event.writes):
            return True
        if isinstance(event, Mutate | Hold) and event.name != own:
            return True
    return not effects.unstable.keys().isdisjoint(("<clock>", "<entropy>")) or _prints(node)


@functools.lru_cache(maxsize=1024)
def _prints(node: ast.AST) -> bool:
    return any(
        isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in ("print", "display")
        for child in ast.walk(node)
    )


def _bases(definition: Definition) -> list[ast.expr]:
    return definition.node.bases if isinstance(definition.node, ast.ClassDef) else []


def _metaclass(definition: Definition) -> list[ast.expr]:
    keywords = definition.node.keywords if isinstance(definition.node, ast.ClassDef) else []
    return [keyword.value for keyword in keywords if keyword.arg == "metaclass"]


def named(resolver: Resolver, nodes: Iterable[ast.expr]) -> Iterator[Definition]:
    """Yield the notebook's own definitions among what expressions name."""
    for node in nodes:
        if isinstance(node, ast.Name):
            definition = resolver.resolve(node.id).definition
            if definition is not None:
                yield definition


@functools.lru_cache(maxsize=1024)
def _has_state(node: ast.ClassDef) -> bool:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.name in ("__new__", "__call__") or _asks_for_class(statement):
                return True
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            if statement.value is not None and not _is_fixed(statement.value):
                return True
        elif not isinstance(statement, ast.Expr | ast.Pass):
            return True
    return False


def _asks_for_class(method: ast.AST) -> bool:
    """Tell whether a method asks for a class, and not only for its name or whether it is the same as another one."""
    harmless = {id(part) for node in ast.walk(method) for part in _only_told_apart(node)}
    return any(_is_class_asked_for(node) and id(node) not in harmless for node in ast.walk(method))


def _is_class_asked_for(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "__class__"
    return isinstance(node, ast.Name) and node.id in ("type", "__class__")


def _only_told_apart(node: ast.AST) -> list[ast.expr]:
    """Return what asks for a class in `type(self).__name__`, `type(a) is type(b)`, `isinstance(x, type(self))`."""
    asked: list[ast.expr] = []
    if isinstance(node, ast.Attribute) and node.attr in _OF_CLASS:
        asked = [node.value]
    elif isinstance(node, ast.Compare):
        asked = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "issubclass"):
        asked = node.args
    return [each.func if isinstance(each, ast.Call) else each for each in asked]


def _is_fixed(node: ast.expr) -> bool:
    """Tell whether an expression certainly gives something that cannot change."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _DESCRIPTORS
    if isinstance(node, ast.Tuple | ast.BinOp | ast.UnaryOp | ast.JoinedStr):
        return all(_is_fixed(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
    return isinstance(node, ast.Constant | ast.Lambda | ast.FormattedValue | ast.Compare)
