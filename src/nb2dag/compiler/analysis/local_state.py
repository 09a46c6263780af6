"""Find what the functions of a local module keep in it from call to call: its counters, caches and registries."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.functions import all_arguments
from nb2dag.compiler.analysis.resolver import Resolver
from nb2dag.compiler.analysis.values import FRESH, NONE, Value
from nb2dag.model.code import LocalModule, nodes_of

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_MUTABLE = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
_MAKES_MUTABLE = {"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict"}
_VARIABLE = "!"
_OWN = "!!"
_FILE = "~"
_REMEMBERS = "^"
MARKED = "<module "
"""How the names begin under which is noted what local modules keep."""
_LOOKED_UP = ("self", "cls")
_CLASS_OF = ("type(self)", "self.__class__")


def marker(module: str) -> str:
    """Return the name under which is noted what a local module and those it imports keep: it is none of Python's."""
    return f"{MARKED}{module.partition('.')[0]}>"


def states_at(resolver: Resolver, path: str) -> tuple[str, ...]:
    """Return the states that calling something at a dotted path may change, where a local module is at its root."""
    return tuple(note for note in notes_at(resolver, path) if note[0] == "<")


def held_by_module(resolver: Resolver, path: str) -> Value:
    """Return what of the notebook a local module holds on to: functions in a registry, instances in a list."""
    variable = variable_at(resolver, f"{path}.*") or variable_at(resolver, path)
    states = (*states_at(resolver, path), f"<{variable}>") if variable else states_at(resolver, path)
    held = [resolver.resolve(state) for state in states]
    carries = frozenset(item for value in held for item in value.carries)
    if not carries:
        return FRESH
    return Value(carries=carries, free=NONE.union(*(value.free for value in held)))


def starred(resolver: Resolver, modules: Iterable[str], name: str) -> str:
    """Return the dotted path of a name that a star import of one of these local modules brought, "" where none did."""
    paths = (f"{module}.{name}" for module in modules)
    return next((path for path in paths if f"={path}" in notes_at(resolver, path)), "")


def public_names(module: LocalModule) -> tuple[str, ...]:
    """Return the notes of what a star import of a module brings, if the module keeps anything from call to call."""
    names = {
        child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else child.id
        for node in module.code.tree.body
        for child in (
            [node] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else nodes_of(node)
        )
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        or (isinstance(child, ast.Name) and _binds(child))
    }
    return tuple(f"={module.name}.{name}" for name in names if not name.startswith("_"))


def notes_at(resolver: Resolver, path: str) -> tuple[str, ...]:
    """Return all that is noted of the local module at the root of a dotted path."""
    noted = resolver.resolve(marker(path)).constant
    return tuple(noted.split()) if noted else ()


def changing(path: str, place: int, name: str) -> str:
    """Return the note that the function at a dotted path changes an argument."""
    return f"{path}@{place}@{name}"


def changed_arguments(resolver: Resolver, path: str) -> list[tuple[int, str]]:
    """Return the places and names of the arguments that a function of a local module changes."""
    notes = (note.split("@") for note in notes_at(resolver, path) if note[0] not in f"<=!{_FILE}{_REMEMBERS}")
    return [(int(place), name) for function, place, name in notes if function == path]


def using_file(path: str, access: FileAccess, text: str) -> str:
    """Return the note that the function at a dotted path uses a file, whatever it is given.

    >>> using_file("pu.dump", FileAccess.CHANGE, "my o.txt")
    '~pu.dump~change~my%20o.txt'
    """
    return f"{_FILE}{path}{_FILE}{access.value}{_FILE}{quote(text).replace(_FILE, '%7E')}"


def used_files(resolver: Resolver, path: str) -> list[tuple[FileAccess, str]]:
    """Return which files a function of a local module uses, whatever it is given, and what it does to them."""
    notes = (note[1:].split(_FILE) for note in notes_at(resolver, path) if note[0] == _FILE)
    return [(FileAccess(access), unquote(text)) for function, access, text in notes if function == path]


def remembering(path: str) -> str:
    """Return the note that what the function at a dotted path decorates may remember something from call to call."""
    return f"{_REMEMBERS}{path}"


def is_remembering(resolver: Resolver, path: str) -> bool:
    """Tell whether that is noted of a function."""
    return remembering(path) in notes_at(resolver, path)


def variables(modules: Iterable[LocalModule]) -> tuple[str, ...]:
    """Return the notes of the names that modules bind to objects: what their methods do, only the module knows.

    Of instances of the module's own classes that is true of every method.
    """
    return tuple(note for module in modules for note in _variables(module))


@lru_cache(maxsize=256)
def _variables(module: LocalModule) -> tuple[str, ...]:
    body = module.code.tree.body
    classes = {node.name for node in body if isinstance(node, ast.ClassDef)}
    return tuple(
        f"{_OWN if getattr(node.value.func, 'id', '') in classes else _VARIABLE}{module.name}.{target.id}"
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    )


def variable_at(resolver: Resolver, path: str, *, own: bool = False) -> str:
    """Return the beginning of a dotted path that is a variable of a local module; an empty string where none is.

    With `own` only instances of classes of the module itself count.
    """
    noted = {note.lstrip(_VARIABLE) for note in notes_at(resolver, path) if note.startswith(_OWN if own else _VARIABLE)}
    parts = path.split(".")
    paths = (".".join(parts[:number]) for number in range(2, len(parts)))
    return next((found for found in paths if found in noted), "")


def kept_states(modules: Iterable[LocalModule]) -> tuple[str, ...]:
    """Return the attributes, as states without a name, that the code inside functions of modules changes."""
    found = tuple(modules)
    local = frozenset(module.name for module in found)
    return tuple(f"<{module.name}.{name}>" for module in found for name in kept_names(module, local))


@lru_cache(maxsize=256)
def kept_names(module: LocalModule, local: frozenset[str] = frozenset()) -> tuple[str, ...]:
    r"""Return the names of a module, and the attributes of its classes, that its functions bind or change.

    What it took from other `local` modules counts as well: the object is the same by either name.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> kept_names(LocalModule("m", parse_code("xs = []\ndef f(v): xs.append(v)")))
    ('xs',)
    >>> other = parse_code("import b\nfrom a import ys\ndef f(v):\n    ys.append(v)\n    b.zs.append(v)")
    >>> kept_names(LocalModule("m", other), frozenset({"a", "b"}))
    ('b.zs', 'ys')
    """
    body = module.code.tree.body
    classes = {node.name for node in body if isinstance(node, ast.ClassDef)}
    functions = [node for node in nodes_of(module.code.tree) if isinstance(node, _Function)]
    inside = [node for function in functions for node in nodes_of(function)]
    # What a function binds is its own, and no other module can reach it.
    own_to_functions = {id(node) for node in inside}
    own = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    own |= {
        node.id
        for node in nodes_of(module.code.tree)
        if isinstance(node, ast.Name) and _binds(node) and id(node) not in own_to_functions
    }
    taken = [(name, origin) for node in body for name, origin in _taken(node, module.name)]
    own |= {name for name, origin in taken if origin.rpartition(".")[0] in local and origin not in local}
    # The names of modules are looked through, as those of classes are.
    classes |= {name for name, origin in taken if origin in local}
    found = {name for function in functions for name in _changed(function, own, classes)}
    for node in body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for name in _changed_of_class(node)}
    found |= {name for node in body for name in _changed_defaults(node)}
    return tuple(sorted(found))


def _changed_defaults(node: ast.stmt) -> Iterator[str]:
    """Yield where the functions that a statement defines keep defaults which they change or give away.

    >>> list(_changed_defaults(ast.parse("def f(x, seen=[]): seen.append(x)").body[0]))
    ['f.__defaults__']
    """
    if isinstance(node, ast.ClassDef):
        yield from (f"{node.name}.{name}" for part in node.body for name in _changed_defaults(part))
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.decorator_list:
        return
    places = [*node.args.posonlyargs, *node.args.args]
    by_place = zip(places[len(places) - len(node.args.defaults) :], node.args.defaults, strict=True)
    by_name = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    nodes = nodes_of(node)
    roots = {child.id for target in _targets(nodes) for child in nodes_of(target) if isinstance(child, ast.Name)}
    roots |= {part.value.id for part in nodes if isinstance(part, ast.Return) and isinstance(part.value, ast.Name)}
    for kept, pairs in (("__defaults__", by_place), ("__kwdefaults__", by_name)):
        if any(default is not None and _is_mutable(default) and argument.arg in roots for argument, default in pairs):
            yield f"{node.name}.{kept}"


def _is_mutable(default: ast.expr) -> bool:
    made = ast.unparse(default.func).rpartition(".")[2] if isinstance(default, ast.Call) else ""
    return isinstance(default, _MUTABLE) or made in _MAKES_MUTABLE


def _taken(node: ast.stmt, module: str) -> Iterator[tuple[str, str]]:
    """Yield the names that an import in a module binds, each with the dotted path of what it stands for."""
    if isinstance(node, ast.Import):
        yield from (
            (alias.asname or alias.name, alias.name) for alias in node.names if alias.asname or "." not in alias.name
        )
    elif isinstance(node, ast.ImportFrom):
        # Without a look at the file, a module that imports by place may be a package as well as in one.
        base = node.module or ""
        if node.level:
            parts = module.split(".")
            near = ".".join(parts[: max(0, len(parts) - node.level)])
            base = ".".join(filter(None, (near or module, base)))
        yield from ((alias.asname or alias.name, f"{base}.{alias.name}") for alias in node.names)


def _binds(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _changed(function: _Function, own: set[str], classes: set[str]) -> Iterator[str]:
    nodes = nodes_of(function)
    outer = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    local = {argument.arg for argument in all_arguments(function.args)}
    local |= {node.id for node in nodes if isinstance(node, ast.Name) and _binds(node)} - outer
    for name in sorted(outer):
        if any(isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load) for node in nodes):
            yield name
    for target in _targets(nodes):
        root = target
        parts: list[str] = []
        while isinstance(root, ast.Attribute | ast.Subscript):
            parts = [root.attr] if isinstance(root, ast.Attribute) else []
            root = root.value
        if not isinstance(root, ast.Name) or root.id in local:
            continue
        if root.id in classes and parts:
            yield f"{root.id}.{parts[0]}"
        elif root.id in own:
            yield root.id


def _targets(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """Yield what code changes in place: targets of assignments and deletions, receivers of changing methods."""
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield node
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                facts = knowledge.method_call(node.func.attr)
                if facts is None or facts.mutates_receiver:
                    yield node.func.value
            elif isinstance(node.func, ast.Name) and node.func.id in ("next", "setattr", "delattr") and node.args:
                yield node.args[0]


def _changed_of_class(node: ast.ClassDef) -> Iterator[str]:
    """Yield the class attributes that methods change: by `cls.n += 1`, or in place by `self.items.append(x)`."""
    own = {
        target.id
        for statement in node.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }
    for target in _targets(child for part in node.body if isinstance(part, _Function) for child in nodes_of(part)):
        inner = target
        while isinstance(inner, ast.Subscript | ast.Attribute) and not _is_owner(inner.value):
            inner = inner.value
        owner = ast.unparse(inner.value) if isinstance(inner, ast.Attribute) else ""
        if isinstance(inner, ast.Attribute) and owner in (*_LOOKED_UP, *_CLASS_OF):
            rebinds = not isinstance(inner.ctx, ast.Load) and owner == "self"
            if inner.attr in own and not rebinds:
                yield inner.attr


def _is_owner(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or ast.unparse(node) in _CLASS_OF
