"""Tell which notebook classes say themselves how an instance is pickled, in a way that a handoff would be seen by.

The notebook never pickles its values: methods that count, print or leave something out would run in the DAG alone.
Plain is what only passes on the attributes, and what is left out if it is made anew as `__init__` makes it: a lock.
A load hashes what is a key, too; and what is handed over goes in each process, not where the notebook deletes it.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from nb2dag.model.code import nodes_of

_SAVES = {"__getstate__", "__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__"}
_METHODS = _SAVES | {"__setstate__"}
_KEYED = {"set", "frozenset", "dict", "zip", "Counter", "fromkeys", "add", "setdefault", "update", "defaultdict"}
"""Functions and methods that may put what they are given into a set, or into a dict as keys."""
_OF_KEYS = ("__hash__", "__eq__")

_WHOLE = {f"return {state}" for state in ("self.__dict__", "self.__dict__.copy()", "dict(self.__dict__)", "vars(self)")}
_TAKEN = {"self.__dict__.update(state)", "self.__dict__ = state", "vars(self).update(state)"}
_STATES = {f"state = {text.removeprefix('return ')}" for text in _WHOLE}

_VALUES = {"str", "int", "float", "bytes", "tuple", "complex", "frozenset"}
_FILLED = _VALUES - {"complex"} | {"list", "dict", "set"}
_PLAIN_BASES = {"object", "ABC", "abc.ABC", "Generic", "list", "dict", "set"}


@lru_cache(maxsize=1024)
def own_way_of_pickling(node: ast.AST) -> str | None:
    r"""Return the method of a class that a handoff runs and that does more, or keeps less, than pickle by itself.

    `__del__` is one: it runs in each process.

    >>> plain = "class A:\n def __getstate__(self): return self.__dict__"
    >>> prints = "class A:\n def __setstate__(self, d): print(d)"
    >>> needs = "class A:\n def __new__(cls, name): return object.__new__(cls)"
    >>> ends = "class A:\n def __del__(self): print('gone')"
    >>> [own_way_of_pickling(ast.parse(text).body[0]) for text in (plain, prints, needs, ends)]
    [None, '__setstate__', '__new__', '__del__']
    """
    methods = {item.name: item for item in _statements(node) if isinstance(item, ast.FunctionDef)}
    own = [methods[name] for name in sorted(_METHODS & methods.keys())]
    remade = _made_in(methods.get("__init__")) & _made_in(methods.get("__setstate__"))
    if says_how_it_goes(node):
        return "__del__"
    making = methods.get("__new__")
    # Where an instance is loaded it runs again, but not where the load knows how to do without it.
    if (
        making is not None
        and (own or not _is_filled_plainly(node))
        and (_does_more(making) or (not own and _needs_arguments(making, node)))
    ):
        return "__new__"
    reduced = next((method.name for method in own if method.name.startswith("__reduce")), None)
    if reduced is not None and "__init__" in methods and _does_more(methods["__init__"]):
        return reduced
    return next((method.name for method in own if not _is_plain(method, remade, node)), None)


@lru_cache(maxsize=1024)
def says_how_it_goes(node: ast.AST) -> bool:
    """Tell whether a class says what happens when an instance is deleted."""
    return any(isinstance(item, ast.FunctionDef) and item.name == "__del__" for item in _statements(node))


def _statements(node: ast.AST) -> list[ast.stmt]:
    """Return the statements of a class, none of a function or a lambda, whose instances do not exist."""
    return node.body if isinstance(node, ast.ClassDef) else []


@lru_cache(maxsize=1024)
def notes_as_key(node: ast.AST) -> bool:
    r"""Tell whether an instance counts or notes that a load puts it into a set or dict.

    >>> counts = "class A:\n def __hash__(self):\n  A.n += 1\n  return 1"
    >>> [notes_as_key(ast.parse(text).body[0]) for text in (counts, counts.replace("hash", "eq"))]
    [True, False]
    """
    methods = {item.name: item for item in _statements(node) if isinstance(item, ast.FunctionDef)}
    return "__hash__" in methods and any(_does_more(methods[name]) for name in _OF_KEYS if name in methods)


def hashed_attributes(node: ast.AST) -> frozenset[str]:
    r"""Return the attributes of an instance from which its class computes the hash.

    >>> text = "class A:\n def __hash__(self): return hash((self.a, self.b))"
    >>> sorted(hashed_attributes(ast.parse(text).body[0]))
    ['a', 'b']
    """
    own = next((item for item in _statements(node) if getattr(item, "name", "") == "__hash__"), None)
    if own is not None:
        used = (child for child in ast.walk(own) if isinstance(child, ast.Attribute))
        return frozenset(child.attr for child in used if isinstance(child.ctx, ast.Load))
    if any("unsafe_hash=True" in ast.unparse(item) for item in getattr(node, "decorator_list", ())):
        fields = (item.target for item in _statements(node) if isinstance(item, ast.AnnAssign))
        return frozenset(field.id for field in fields if isinstance(field, ast.Name))
    return frozenset()


@lru_cache(maxsize=4096)
def puts_under_keys(node: ast.AST) -> bool:
    r"""Tell whether a statement may put something into a set, or into a dict as a key.

    >>> [puts_under_keys(ast.parse(text).body[0]) for text in ("d[k] = 1", "d['k'] = 1", "{'a': b}", "s.add(x)")]
    [True, False, False, True]
    """
    return any(map(_puts_under_key, nodes_of(node)))


def _puts_under_key(node: ast.AST) -> bool:
    if isinstance(node, ast.Set | ast.SetComp | ast.DictComp):
        return True
    if isinstance(node, ast.Dict):
        return not all(isinstance(key, ast.Constant) for key in node.keys)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Store) and not isinstance(node.slice, ast.Constant | ast.Slice)
    name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
    return name in _KEYED


def _is_plain(method: ast.FunctionDef, remade: set[str], node: ast.AST) -> bool:
    body = [item for item in method.body if not _is_docstring(item)]
    if method.name in ("__reduce__", "__getnewargs__", "__reduce_ex__", "__getnewargs_ex__"):
        return _passes_all(body, node, is_reduced=method.name.startswith("__reduce"))
    texts = [_text(item, method) for item in body]
    if method.name == "__setstate__":
        return all(text in _TAKEN or text in remade for text in texts)
    if len(texts) == 1:
        return texts[0] in _WHOLE
    left_out = {text.partition("=")[0].strip() for text in remade}
    dropped = {f"{verb}{name.removeprefix('self.')}" for name in left_out for verb in ("del ", "pop ")}
    whole = texts[0] in _STATES and texts[-1] == "return state"
    return whole and all(_dropping(text) in dropped for text in texts[1:-1])


def _is_filled_plainly(node: ast.AST) -> bool:
    """Tell whether a class is derived from a container or a value alone: then a load calls nothing of its own."""
    bases = {ast.unparse(base).partition("[")[0] for base in getattr(node, "bases", ())}
    return bool(bases & _FILLED) and bases <= _FILLED | {"ABC", "abc.ABC", "Generic"}


def _does_more(making: ast.FunctionDef) -> bool:
    """Tell whether a method prints, counts or notes something, in a statement that is not there to make an instance."""
    for child in ast.walk(making):
        if isinstance(child, ast.AugAssign | ast.Global):
            return True
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Call):
            called = ast.unparse(child.value.func)
            if called.rpartition(".")[2] not in ("__setattr__", "__init__", "setattr"):
                return True
    return False


def _needs_arguments(making: ast.FunctionDef, node: ast.AST) -> bool:
    """Tell whether `__new__` needs more than a pickle gives it: nothing, or the value that a text or number is.

    Bases that are not known here may say for themselves how they are made.
    """
    bases = {ast.unparse(base).partition("[")[0] for base in getattr(node, "bases", ())}
    needed = len(making.args.posonlyargs + making.args.args) - len(making.args.defaults) - 1
    needed += making.args.kw_defaults.count(None)
    given = 1 if bases & _VALUES else 0
    return needed > given and bases <= _VALUES | _PLAIN_BASES


def _text(item: ast.stmt, method: ast.FunctionDef) -> str:
    """Return a statement with the names that are usual for an object and for its state."""
    names = {argument.arg: usual for argument, usual in zip(method.args.args, ("self", "state"), strict=False)}
    if method.name == "__getstate__":
        names |= {
            target.id: "state"
            for found in method.body
            if isinstance(found, ast.Assign)
            for target in found.targets
            if isinstance(target, ast.Name)
        }
    copy = ast.parse(ast.unparse(item)).body[0]
    for child in ast.walk(copy):
        if isinstance(child, ast.Name):
            child.id = names.get(child.id, child.id)
    return ast.unparse(copy)


def _dropping(text: str) -> str:
    """Return `del lock` for `del state['lock']`, `pop lock` for `state.pop('lock', None)`.

    >>> _dropping("del state['lock']"), _dropping("state.pop('lock', None)"), _dropping("state['n'] = 0")
    ('del lock', 'pop lock', '')
    """
    node = ast.parse(text).body[0]
    if isinstance(node, ast.Delete) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
        key: ast.expr = node.targets[0].slice
        return f"del {key.value!s}" if isinstance(key, ast.Constant) else ""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args:
        key = node.value.args[0]
        popped = ast.unparse(node.value.func) == "state.pop"
        return f"pop {key.value!s}" if popped and isinstance(key, ast.Constant) else ""
    return ""


def _made_in(method: ast.FunctionDef | None) -> set[str]:
    """Return the attributes that a method makes by a call of a library, whatever it is given: `self.lock = Lock()`."""
    if method is None:
        return set()
    return {
        _text(item, method)
        for item in method.body
        if isinstance(item, ast.Assign)
        and isinstance(item.targets[0], ast.Attribute)
        and isinstance(item.value, ast.Call)
        and not (item.value.args or item.value.keywords)
        and ast.unparse(item.value.func) not in ("list", "dict", "set")
    }


def _passes_all(body: list[ast.stmt], node: ast.AST, *, is_reduced: bool) -> bool:
    """Tell whether the only statement returns attributes, and all that the class sets are among them."""
    if len(body) != 1 or not isinstance(body[0], ast.Return) or not isinstance(body[0].value, ast.Tuple):
        return False
    if any(isinstance(child, ast.Call) and ast.unparse(child) != "type(self)" for child in ast.walk(body[0])):
        return False
    made = ast.unparse(body[0].value.elts[0]) if body[0].value.elts else ""
    if is_reduced and made not in (getattr(node, "name", ""), "type(self)", "self.__class__"):
        return False
    given = {child.attr for child in ast.walk(body[0]) if isinstance(child, ast.Attribute)} - {"__class__"}
    stored = {
        child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store)
    }
    return stored <= given


def _is_docstring(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)
