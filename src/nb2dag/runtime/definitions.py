"""Rebuild what a notebook defines: look a definition up by its name, or make a function of its code."""

from __future__ import annotations

import abc
import contextlib
import copyreg
import functools
import importlib
import marshal
import pickle
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from enum import EnumMeta
from types import CellType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

_STATE_NAMES = (
    "__defaults__",
    "__kwdefaults__",
    "__name__",
    "__qualname__",
    "__doc__",
    "__module__",
    "__type_params__",
)


_NEVER_STATE = (ModuleType, MemberDescriptorType, GetSetDescriptorType, type(threading.Lock()), type(threading.RLock()))
"""Types of class attributes that running the class statement makes anew, and that are not data."""

PICKLING_HOOKS = {"__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__"}
"""Methods by which a class says how its instances are pickled."""


class CellStandIn:
    """Stands for a closure's cell while pickling: it is stored empty, and each function fills its own cells.

    A cell stored with its contents would never end where a function refers to itself.
    """

    __slots__ = ("cell",)

    def __init__(self, cell: CellType) -> None:
        self.cell = cell


def module_name(namespace: dict[str, Any]) -> str:
    """Return the module name that a notebook's definitions carry: `__main__` in a kernel."""
    return str(namespace.get("__name__", "__main__"))


def resolve(namespace: dict[str, Any], qualname: str) -> Any:
    """Return what a qualified name leads to, as `Model.fit` to a method.

    Raises:
        KeyError: The first name is not in the namespace.
        AttributeError: A later one is not an attribute.
    """
    root, *rest = qualname.split(".")
    return functools.reduce(getattr, rest, namespace[root])


def is_importable(obj: Any) -> bool:
    """Tell whether a module holds exactly this object under its own qualified name."""
    module = module_of(obj)
    if module is None or module.__name__ == "__main__":
        return False
    try:
        return resolve(vars(module), obj.__qualname__) is obj
    except (KeyError, AttributeError, TypeError):
        return False


def module_of(obj: Any) -> ModuleType | None:
    """Return the module that a class or function says it is of, None where it cannot be found.

    One that its package has not imported yet, as numpy does with `numpy.rec`, is imported.
    """
    name = getattr(obj, "__module__", None) or ""
    if name not in sys.modules and "." in name and name.partition(".")[0] in sys.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    return sys.modules.get(name)


def is_scope_of(module: str | None, function: FunctionType) -> bool:
    """Tell whether an imported module of that name is where a function looks its global names up."""
    found = sys.modules.get(module or "")
    return found is not None and module != "__main__" and vars(found) is function.__globals__


def definition(qualname: str, kind: str) -> Any:
    """Stand in a stream for "what this qualified name leads to in the consumer", which the unpickler knows."""
    raise pickle.UnpicklingError(f"`{qualname}` ({kind}) can be resolved by nb2dag's own unpickler only")


def named_mark(_name: str) -> object:
    """Stand in a stream for `mark_of` on the consumer's namespace, which the unpickler knows."""
    raise pickle.UnpicklingError("a mark of the notebook can be found by nb2dag's own unpickler only")


def mark_of(namespace: dict[str, Any], name: str) -> object:
    """Return the `object()` that a name of the notebook stands for: the consumer's own, where it made it again."""
    found = namespace.get(name)
    return found if type(found) is object else _marks.setdefault((id(namespace), name), object())


_marks: dict[tuple[int, str], object] = {}
"""The marks that were loaded by a name of a namespace: one of several streams is one object."""


def rebuild_function(_code: bytes, _module: str | None, _cells: tuple[CellType, ...]) -> FunctionType:
    """Stand in a stream for `build_function` on the consumer's namespace, which the unpickler knows."""
    raise pickle.UnpicklingError("a notebook's function can be rebuilt by nb2dag's own unpickler only")


def build_function(
    namespace: dict[str, Any], code: bytes, module: str | None, cells: tuple[CellType, ...]
) -> FunctionType:
    """Return a function that runs `code` on a module, or for None on the notebook's namespace; the rest comes after."""
    scope = namespace if module is None else importlib.import_module(module).__dict__
    return FunctionType(marshal.loads(code), scope, closure=cells or None)


def function_state(function: FunctionType, cells: tuple[CellStandIn, ...]) -> tuple[Any, ...]:
    """Return what `restore_function` needs beside a function's code."""
    contents = []
    for stand_in in cells:
        try:
            contents.append((stand_in, stand_in.cell.cell_contents))
        except ValueError:
            # A variable that was not bound yet.
            continue
    try:
        annotations = function.__annotations__
    except NameError:
        # Evaluated on access since Python 3.14, where a name may be missing.
        annotations = {}
    attributes = {name: getattr(function, name) for name in _STATE_NAMES if hasattr(function, name)}
    return contents, attributes | {"__annotations__": annotations}, function.__dict__


def restore_function(function: FunctionType, state: tuple[Any, ...]) -> None:
    """Give a rebuilt function its closure, defaults and attributes; by now they may refer to the function itself."""
    contents, attributes, own = state
    for cell, value in contents:
        cell.cell_contents = value
    for name, value in attributes.items():
        setattr(function, name, value)
    function.__dict__.update(own)


def rebuild_cached_function(maxsize: int | None, typed: bool, function: Any) -> Any:
    """Return a function under `functools.lru_cache`, its cache empty."""
    return functools.lru_cache(maxsize, typed)(function)


def is_dispatcher(function: FunctionType) -> bool:
    """Tell whether `functools.singledispatch` made a function."""
    made_by = function.__globals__ is vars(functools)
    return made_by and all(hasattr(function, name) for name in ("registry", "dispatch", "__wrapped__"))


def registered(dispatcher: Any) -> list[tuple[type, Any]]:
    """Return the types that a dispatcher knows, but `object`, each with its function."""
    return [(kind, function) for kind, function in dispatcher.registry.items() if kind is not object]


def restore_dispatcher(dispatcher: Any, known: list[tuple[type, Any]]) -> None:
    """Let a dispatcher know types again."""
    for kind, function in known:
        dispatcher.register(kind, function)


def empty_cell() -> CellType:
    """Return a closure's cell without contents."""
    return CellType()


def filled_cell(cell: CellType, value: Any) -> CellType:
    """Fill a closure's cell and return it."""
    cell.cell_contents = value
    return cell


def rebuild_code(code: bytes) -> CodeType:
    """Return a code object from its bytes."""
    loaded: CodeType = marshal.loads(code)
    return loaded


def rebuild_method(function: Any, instance: Any) -> MethodType:
    """Return a function bound to an instance."""
    return MethodType(function, instance)


def standard_stream(name: str) -> Any:
    """Return `sys.stdout` or `sys.stderr` of this process."""
    return getattr(sys, name)


def state_family(cls: type) -> Iterator[type]:
    """Yield a class and all whose attributes are its state too: its bases, its metaclass, the classes inside it."""
    parts: list[type] = [*cls.__mro__, *type.mro(type(cls))]
    for part in parts:
        yield part
        for name, value in vars(part).items():
            if isinstance(value, type) and value.__qualname__ == f"{part.__qualname__}.{name}":
                yield from state_family(value)


ClassState = tuple[frozenset[str], dict[str, Any], dict[str, Any], dict[str, dict[str, Any]], list[type]]


def class_state(cls: type) -> ClassState:
    """Return the state of a class: the names of its attributes, the values to set, and its methods' own state.

    A method that the class statement makes is made again by the consumer; what it keeps in its defaults and attributes
    is state. So is what the members of an enumeration keep, by their names, and the classes that were registered with
    an abstract one.
    """
    attributes = {name: value for name, value in vars(cls).items() if _may_be_state(cls, name, value)}
    made = {name: function for name, value in vars(cls).items() if (function := _own_function(cls, name, value))}
    values = {name: value for name, value in attributes.items() if name not in made}
    kept = {name: state for name, function in made.items() if any(state := _kept_by(function))}
    members = {name: _own_attributes(member) for name, member in _members(cls)}
    return frozenset(attributes), values, kept, members, _registered(cls)


def _members(cls: type) -> Iterable[tuple[str, Any]]:
    return cls.__members__.items() if isinstance(cls, EnumMeta) else ()


def _registered(cls: type) -> list[type]:
    """Return the classes that `register` made virtual subclasses of an abstract class."""
    dump = getattr(abc, "_get_dump", None)
    if dump is None or not isinstance(cls, abc.ABCMeta):
        return []
    registry, *_ = dump(cls)
    return [found for reference in registry if (found := reference()) is not None]


def _own_attributes(member: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(member).items() if name == "_value_" or not name.startswith("_")}


def _kept_by(function: FunctionType) -> tuple[Any, Any, dict[str, Any]]:
    own = {name: value for name, value in vars(function).items() if name != "__wrapped__"}
    return function.__defaults__, function.__kwdefaults__, own


def restore_class(cls: type, state: ClassState) -> None:
    """Give a class that the consumer defined the state it had where it was saved."""
    names, values, kept, members, registered = state
    for name, member in _members(cls):
        vars(member).update(members.get(name, {}))
    for name, value in list(vars(cls).items()):
        if name not in names and _may_be_state(cls, name, value):
            type.__delattr__(cls, name)
    for name, value in values.items():
        if vars(cls).get(name) is not value:
            type.__setattr__(cls, name, value)
    for name, (defaults, keyword_defaults, own) in kept.items():
        function = _own_function(cls, name, vars(cls).get(name))
        if function is not None:
            function.__defaults__, function.__kwdefaults__ = defaults, keyword_defaults
            function.__dict__.update(own)
    for part in registered:
        abc.ABCMeta.register(cls, part)  # type: ignore[arg-type]


def _may_be_state(cls: type, name: str, value: Any) -> bool:
    if isinstance(value, _NEVER_STATE) or name == "_abc_impl":
        return False
    if name.startswith("__") and name.endswith("__"):
        return isinstance(value, FunctionType) and value.__module__ == cls.__module__
    if isinstance(cls, EnumMeta):
        return not (isinstance(value, cls) or name.startswith("_"))
    return True


def _own_function(cls: type, name: str, value: Any) -> FunctionType | None:
    """Return the function behind a method that the class statement itself made, None for anything else."""
    function = value
    for attribute in ("__func__", "fget", "func"):
        function = getattr(function, attribute, function)
    if not isinstance(function, FunctionType) or function.__module__ != cls.__module__:
        return None
    own = (f"{cls.__qualname__}.{name}", f"{cls.__qualname__}.<lambda>")
    # A property may have got another function since: `C.size = C.size.setter(put)`.
    others = [getattr(value, part, None) for part in ("fget", "fset", "fdel")]
    made_here = all(getattr(each, "__qualname__", own[0]) in own for each in (function, *others))
    return function if made_here else None


def is_called_into_being(cls: type) -> bool:
    """Tell whether a call of `namedtuple` made a class, and no class statement, which the consumer would run again."""
    own = vars(cls)
    return cls.__bases__ == (tuple,) and "_field_defaults" in own and "__orig_bases__" not in own


def is_made_dataclass(cls: object) -> bool:
    """Tell whether `make_dataclass` made a class, which says it is of the notebook since Python 3.12.

    A class statement puts its module first among the attributes.
    """
    own = vars(cls) if isinstance(cls, type) else {}
    return "__dataclass_fields__" in own and next(iter(own)) != "__module__"


def guards_attributes(cls: type) -> bool:
    """Tell whether a class answers for its attributes itself, and leaves to pickle how its instances are stored.

    While an instance is rebuilt it has no attributes yet, and pickle asks it for `__setstate__`: a `__getattr__` that
    uses an attribute would never end.
    """
    own = {name for part in cls.__mro__ if part is not object for name in vars(part)}
    return bool(own & {"__getattr__", "__getattribute__", "__setattr__"}) and not own & PICKLING_HOOKS


def keeps_dicts(cls: type) -> bool:
    """Tell whether a class, or a base of it in the same module, has a dict among its attributes."""
    own = [part for part in cls.__mro__ if part.__module__ == cls.__module__]
    return any(type(value) is dict for part in own for value in vars(part).values())


def shares_dict(instance: Any) -> bool:
    """Tell whether an instance has its attributes in a dict that its class keeps: `self.__dict__ = self._shared`."""
    own = getattr(instance, "__dict__", None)
    return own is not None and any(value is own for part in type(instance).__mro__ for value in vars(part).values())


def replace_dict(instance: Any, attributes: dict[str, Any]) -> None:
    """Let a dict be where an instance has its attributes."""
    object.__setattr__(instance, "__dict__", attributes)


def instance_state(instance: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the attributes of an instance, those in its dict and those in slots, without asking it."""
    get = object.__getattribute__
    slots: dict[str, Any] = {}
    for name in copyreg._slotnames(type(instance)):  # type: ignore[attr-defined]  # noqa: SLF001 - pickle's own
        try:
            slots[name] = get(instance, name)
        except AttributeError:
            continue
    try:
        return get(instance, "__dict__"), slots
    except AttributeError:
        return {}, slots


def restore_instance(instance: Any, state: Any) -> None:
    """Give a rebuilt instance its attributes without asking it."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    if attributes:
        object.__getattribute__(instance, "__dict__").update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)


def rebuild_exception(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """Return an exception with these arguments, without calling its `__init__`."""
    error = cls.__new__(cls)
    error.args = args
    return error


_WITHOUT_ATTRIBUTES = {"datetime", "decimal", "fractions"}
"""Modules whose classes pickle their value and nothing else."""


def rebuild_group(cls: Any, message: str, errors: Sequence[BaseException]) -> BaseException:
    """Return a group of exceptions, without calling its `__init__`."""
    group: BaseException = cls.__new__(cls, message, errors)
    return group


def adds_attributes(cls: type) -> bool:
    """Tell whether the instances of a class may have attributes that its base, a date or a number, does not pickle."""
    own = [part for part in cls.__mro__ if part.__module__ == cls.__module__]
    says = any({"__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"} & vars(part).keys() for part in own)
    return not says and any(part.__module__ in _WITHOUT_ATTRIBUTES for part in cls.__mro__) and cls.__dictoffset__ != 0


def exception_state(error: BaseException) -> tuple[Any, ...]:
    """Return the attributes of an exception, and the exceptions that it was raised from and in place of."""
    return error.__dict__, error.__cause__, error.__context__, error.__suppress_context__


def restore_exception(error: BaseException, state: tuple[Any, ...]) -> None:
    """Give an exception what `exception_state` returned."""
    error.__dict__.update(state[0])
    _, error.__cause__, error.__context__, error.__suppress_context__ = state


def dict_view(viewed: dict[Any, Any], kind: str) -> Any:
    """Return the keys, values or items of a dict, as a view of it."""
    return getattr(viewed, kind)()
