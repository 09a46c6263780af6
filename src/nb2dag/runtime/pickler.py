"""Pickle values so that what the notebook defines travels by definition and is bound to the consumer's namespace.

The consumer runs the notebook's imports, classes and functions again before it loads a value. So a class or function
that a top-level name leads to is stored as that name; any other function (nested, a lambda, a closure, an old version)
as its code, to run on the consumer's namespace; any other class by value, as cloudpickle does it; and the rest as
pickle does it.

Importing this module imports cloudpickle: import it where a value is saved or loaded, not before.
"""

from __future__ import annotations

import copyreg
import functools
import gc
import io
import marshal
import pickle
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import Enum
from math import isnan
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, Protocol

import cloudpickle

from nb2dag.runtime import by_name, containers, definitions
from nb2dag.runtime.arrays import ArrayReducers
from nb2dag.runtime.definitions import CellStandIn, module_name, resolve, state_family
from nb2dag.runtime.formulas import formula_reducer
from nb2dag.runtime.generators import GLOBAL_GENERATORS, global_generator
from nb2dag.runtime.nans import NanNumbers, NumberedNans
from nb2dag.runtime.refusal import UnsavableError
from nb2dag.runtime.remade import Reduced, remaking
from nb2dag.runtime.same_numbers import Number, SeenNumbers, number_of
from nb2dag.runtime.set_order import (
    LATER,
    LATER_DICT,
    Order,
    filled_later,
    has_own_hash,
    is_in_its_keys,
    order_of,
    restore,
)
from nb2dag.runtime.settings import attribute
from nb2dag.runtime.sharing import Memory

_PROTOCOL = 5
_OF_SESSION = re.compile(r"_+|_i*\d*|_oh|_dh|_ih")
"""Names under which IPython remembers what was shown."""

_LRU_CACHE: type = type(functools.lru_cache(maxsize=1)(len))

_OF_PROCESS = {
    ("os", "_Environ"): "os.environ",
    ("matplotlib", "RcParams"): "matplotlib.rcParams",
    ("decimal", "Context"): "decimal.getcontext",
}
"""Classes of objects of which one is state of the whole process, with the way to that one."""

_DICT_VIEWS: dict[type, str] = {
    type(getattr(maker(), kind)()): kind for maker in (dict, OrderedDict) for kind in ("keys", "values", "items")
}


ORDERS = "<orders of sets>"
"""Under which the orders of sets stand among the values, which have the names of the notebook."""


class Writable(Protocol):
    """What a pickler writes to."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""


class DefinitionMissingError(Exception):
    """The consumer lacks a definition that a value needs; the message names it."""


class ValuePickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickle values of one notebook namespace.

    Args:
        file: What the stream is written to.
        namespace: The notebook's namespace.
        memory: Takes the buffers that stay out of the stream; None to keep all in it.
        values: Objects that are handed over themselves. A function among them travels by its code, with its defaults
            and attributes; of a class, which the consumer defines again, its attributes of this time travel, and those
            of its bases. A class that a call made is defined nowhere, and travels itself.

        opaque: Tells of which classes the objects are represented by their class alone.

    Attributes:
        packages: Names of the top-level packages whose classes or functions the values refer to.
    """

    def __init__(
        self,
        file: Writable,
        namespace: dict[str, Any],
        memory: Memory | None = None,
        values: Iterable[object] = (),
        opaque: Callable[[type], bool] | None = None,
    ) -> None:
        super().__init__(file, protocol=_PROTOCOL, buffer_callback=memory and memory.take)
        self.packages: set[str] = set()
        self._namespace = namespace
        self._module = module_name(namespace)
        self._values = frozenset(map(id, values))
        self._stateful = frozenset(id(part) for cls in values if isinstance(cls, type) for part in state_family(cls))
        self._cells: dict[int, CellStandIn] = {}
        self._by_type: dict[type, Callable[[Any], Reduced] | None] = {
            FunctionType: self._reduce_function,
            MethodType: _reduce_method,
            CellType: self._reduce_cell,
            CodeType: _reduce_code,
            memoryview: _refuse_memoryview,
            object: self._reduce_mark,
            _LRU_CACHE: self._reduce_cached_function,
            **dict.fromkeys(_DICT_VIEWS, _reduce_dict_view),
            CellStandIn: _reduce_stand_in,
            by_name.Whole: self._reduce_whole,
        }
        self._whole: dict[int, by_name.Whole] = {}
        self._arrays = ArrayReducers(memory, content=opaque is not None) if memory is not None else None
        self._opaque = opaque

    def reducer_override(self, obj: Any) -> Reduced:
        """Reduce what the notebook defines; leave the rest to pickle and cloudpickle."""
        kind = type(obj)
        try:
            reducer = self._by_type[kind]
        except KeyError:
            of_process = (kind.__module__, kind.__name__) in _OF_PROCESS
            reducer = self._by_type[kind] = _reduce_state if of_process else self._reducer_of(kind)
        return NotImplemented if reducer is None else reducer(obj)

    def _reducer_of(self, kind: type) -> Callable[[Any], Reduced] | None:
        if issubclass(kind, type):
            return self._reduce_class
        if self._opaque is not None and self._opaque(kind):
            return _reduce_opaque
        if issubclass(kind, io.TextIOBase) and not issubclass(kind, io.StringIO):
            return _reduce_text_stream
        if issubclass(kind, Enum):
            return _reduce_member
        if (base := containers.derived_from(kind)) is not None:
            return functools.partial(containers.reduce_derived, base)
        if kind.__module__ == self._module and (reducer := _reducer_of_own(kind)) is not None:
            return reducer
        if issubclass(kind, BaseException) and kind.__reduce__ is BaseException.__reduce__:
            return _reduce_exception
        if kind.__module__ == "dataclasses":
            return _reduce_global
        if kind.__name__ in ("RandomState", "Random"):
            return _reduce_generator
        if (reducer := remaking(kind) or formula_reducer(kind)) is not None:
            return reducer
        return self._arrays.reducer_of(kind) if self._arrays is not None else None

    def _reduce_class(self, cls: type) -> Reduced:
        if self._leads_to(cls):
            found = definitions.definition, (cls.__qualname__, "class")
            if id(cls) not in self._stateful:
                return found
            return *found, definitions.class_state(cls), None, None, definitions.restore_class
        if cls.__module__ == self._module and by_name.is_plain_tuple_class(cls):
            name = by_name.name_of(self._namespace, cls)
            if name is not None:
                fields, defaults = cls._fields, dict(cls._field_defaults)  # type: ignore[attr-defined]
                return by_name.tuple_class, (name, cls.__name__, fields, defaults)
        if self._opaque is not None and cls.__module__ in (self._module, "types"):
            # One that a call made, which would travel whole.
            return str, (cls.__qualname__,)
        if cls.__module__ in (self._module, "types") and id(cls) not in self._values:
            name = by_name.name_of(self._namespace, cls)
            if name is not None:
                whole = self._whole.setdefault(id(cls), by_name.Whole(cls))
                return by_name.made_class, (name, by_name.describe(cls), whole)
        return self._reduce_by_value(cls)

    def _reduce_whole(self, whole: by_name.Whole) -> Reduced:
        return self._reduce_by_value(whole.cls)

    def _reduce_by_value(self, cls: type) -> Reduced:
        self._note_package(cls)
        # Where the module is not imported, cloudpickle would make a class of its own beside the module's.
        definitions.module_of(cls)
        return super().reducer_override(cls)

    def _reduce_function(self, function: FunctionType) -> Reduced:
        if self._leads_to(function):
            return definitions.definition, (function.__qualname__, "function")
        if definitions.is_dispatcher(function) and not definitions.is_importable(function):
            known = definitions.registered(function)
            default = function.registry[object]  # type: ignore[attr-defined]
            return functools.singledispatch, (default,), known, None, None, definitions.restore_dispatcher
        module: str | None = None
        if function.__globals__ is not self._namespace:
            module = function.__globals__.get("__name__")
            self._note_package(function)
            if definitions.is_importable(function) or not definitions.is_scope_of(module, function):
                return super().reducer_override(function)
        if module is None and by_name.is_plain_lambda(function):
            name = by_name.name_of(self._namespace, function)
            if name is not None:
                return by_name.lambda_function, (name, marshal.dumps(function.__code__))
        cells = tuple(self._stand_in(cell) for cell in function.__closure__ or ())
        arguments = (marshal.dumps(function.__code__), module, cells)
        state = definitions.function_state(function, cells)
        return definitions.rebuild_function, arguments, state, None, None, definitions.restore_function

    def _reduce_cached_function(self, cached: Any) -> Reduced:
        if self._leads_to(cached):
            return definitions.definition, (cached.__qualname__, "function")
        if definitions.is_importable(cached):
            self._note_package(cached)
            return NotImplemented
        # As after `cache_clear()`: what a cache holds can be computed again.
        parameters = cached.cache_parameters()
        return definitions.rebuild_cached_function, (parameters["maxsize"], parameters["typed"], cached.__wrapped__)

    def _reduce_mark(self, mark: object) -> Reduced:
        """Reduce an `object()`, which only has an identity.

        One that a class keeps is that of the consumer's class, and one with a name is the consumer's of that name.
        """
        for cls in [value for value in self._namespace.values() if isinstance(value, type) and self._leads_to(value)]:
            for name, value in vars(cls).items():
                if value is mark:
                    return definitions.definition, (f"{cls.__qualname__}.{name}", "attribute")
        names = [name for name, value in self._namespace.items() if value is mark and not _OF_SESSION.fullmatch(name)]
        return (definitions.named_mark, (names[0],)) if names else NotImplemented

    def _reduce_cell(self, cell: CellType) -> Reduced:
        return definitions.filled_cell, (self._stand_in(cell), cell.cell_contents)

    def _stand_in(self, cell: CellType) -> CellStandIn:
        """Return the one object that stands for `cell`: closures that share a variable go on sharing it."""
        return self._cells.setdefault(id(cell), CellStandIn(cell))

    def _leads_to(self, obj: Any) -> bool:
        """Tell whether the notebook's namespace holds exactly this object under its own qualified name."""
        by_code = id(obj) in self._values and (not isinstance(obj, type) or definitions.is_called_into_being(obj))
        if getattr(obj, "__module__", None) != self._module or by_code:
            return False
        if isinstance(obj, type) and definitions.is_made_dataclass(obj):
            return False
        try:
            owner = obj.__qualname__.rpartition(".")[0]
            if owner and definitions.is_made_dataclass(resolve(self._namespace, owner)):
                # A method of one that travels by value.
                return False
            return resolve(self._namespace, obj.__qualname__) is obj
        except (KeyError, AttributeError, TypeError):
            return False

    def _note_package(self, obj: Any) -> None:
        package = str(getattr(obj, "__module__", None) or "").partition(".")[0]
        if package not in ("", "nb2dag", self._module) and package not in sys.stdlib_module_names:
            self.packages.add(package)


class AskingPickler(ValuePickler):
    """Pickle values with what pickle by itself does not keep: each number as the object that it is, the order of sets.

    Asking about every object takes as long again as pickling it: `nans.may_hold_nan`, `set_order.may_hold_set` and
    `same_numbers.MOST_BYTES` say where it pays.

    Attributes:
        orders: How to give the sets among the values their order again.
        numbers: The numbers among the values.
        marks: What stands in the stream for each number that is in it more than once, by its identity, and for a set
            that is filled when all is there.
    """

    orders: list[Order]
    numbers: SeenNumbers
    marks: dict[int, str]
    _asked: dict[int, set[Any] | dict[Any, Any]]

    def __init__(self, *given: Any, marks: dict[int, str] | None = None, **further: Any) -> None:
        super().__init__(*given, **further)
        self.marks = marks or {}

    @functools.cached_property
    def _nans(self) -> NanNumbers:
        return NanNumbers(self._namespace)

    def dump(self, obj: Any) -> None:
        """Write the values, and then the orders, which are known by then."""
        self.orders, self._asked, self.numbers = [], {}, SeenNumbers()
        super().dump({**obj, ORDERS: self.orders})

    def persistent_id(self, obj: Any) -> int | str | None:
        """Return the number or name of a NaN, the mark of another number that has one, None for anything else."""
        if type(obj) is set:
            if id(obj) not in self._asked:
                # Once: it comes again with its order, or by another name.
                self._asked[id(obj)] = obj
                if (order := order_of(obj)) is not None:
                    self.orders.append(order)
                elif any(map(has_own_hash, obj)):
                    self.marks[id(obj)] = f"{LATER}{len(self.marks)}"
                    self.orders.append(filled_later(obj))
            return self.marks.get(id(obj))
        if type(obj) is dict:
            if id(obj) not in self._asked and is_in_its_keys(obj):
                self._asked[id(obj)] = obj
                self.marks[id(obj)] = f"{LATER_DICT}{len(self.marks)}"
                self.orders.append(filled_later(obj))
            return self.marks.get(id(obj))
        if type(obj) is float and isnan(obj):
            return self._nans.number_of(obj)
        self.numbers.see(obj)
        return self.marks.get(id(obj))


def _reduce_generator(generator: Any) -> Reduced:
    """Let the generator that a whole process draws from be that of the process that loads it, not a copy beside it."""
    module = next((name for name in GLOBAL_GENERATORS if generator is global_generator(name)), None)
    return NotImplemented if module is None else (global_generator, (module,))


_ON_NAMESPACE: dict[tuple[str, str], Callable[..., Any]] = {
    (stand_in.__module__, stand_in.__name__): own
    for stand_in, own in (
        (definitions.rebuild_function, definitions.build_function),
        (definitions.named_mark, definitions.mark_of),
        (by_name.tuple_class, by_name.tuple_class_of),
        (by_name.lambda_function, by_name.lambda_of),
        (by_name.made_class, by_name.made_class_of),
    )
}
"""What stands in a stream for a function that works on the consumer's namespace, by module and name, and that one."""


class ValueUnpickler(pickle.Unpickler):
    """Unpickle values on the namespace of the notebook that loads them."""

    def __init__(self, file: io.BytesIO, namespace: dict[str, Any], buffers: Iterable[memoryview] = ()) -> None:
        super().__init__(file, buffers=iter(buffers))
        self._namespace = namespace
        self._module = module_name(namespace)
        self._nans = NumberedNans(namespace)
        self._numbers: dict[str, Number] = {}
        self._later: dict[str, set[Any] | dict[Any, Any]] = {}

    def load(self) -> Any:
        """Return the values."""
        values = super().load()
        for order in values.pop(ORDERS, ()) if isinstance(values, dict) else ():
            restore(order)
        return values

    def persistent_load(self, number: int | str) -> Number | set[Any] | dict[Any, Any]:
        """Return the NaN that `AskingPickler` gave a number, or went by a name, or what it gave a mark."""
        if isinstance(number, str) and number.startswith(LATER_DICT):
            return self._later.setdefault(number, {})
        if isinstance(number, str) and number.startswith(LATER):
            return self._later.setdefault(number, set())
        known = number_of(number, self._numbers) if isinstance(number, str) else None
        return self._nans.of(number) if known is None else known

    def find_class(self, module: str, name: str) -> Any:
        """Find what the notebook defines in its namespace, and the rest where pickle finds it."""
        if module == definitions.__name__ and name == definitions.definition.__name__:
            return self._definition
        if (own := _ON_NAMESPACE.get((module, name))) is not None:
            return functools.partial(own, self._namespace)
        if module == self._module:
            return self._definition(name, "object")
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError as error:
            raise DefinitionMissingError(f"module `{error.name or module}`, which cannot be imported here") from error
        except AttributeError as error:
            raise DefinitionMissingError(f"`{name}` of module `{module}`, which has no such name here") from error

    def _definition(self, qualname: str, kind: str) -> Any:
        try:
            found = resolve(self._namespace, qualname)
        except (KeyError, AttributeError) as error:
            raise DefinitionMissingError(f"{kind} `{qualname}` of the notebook, which is not defined here") from error
        if (kind == "class" and not isinstance(found, type)) or (kind == "function" and not callable(found)):
            raise DefinitionMissingError(
                f"{kind} `{qualname}` of the notebook, and here `{qualname}` is of type {type(found).__name__}"
            )
        return found


def _reduce_global(value: Any) -> Reduced:
    """Let what a module compares by identity, such as `dataclasses.MISSING`, be that of the module that loads it."""
    module = vars(sys.modules[type(value).__module__])
    return next((name for name, known in module.items() if known is value), NotImplemented)


def _reduce_state(value: Any) -> Reduced:
    """Let the environment, settings of matplotlib or the decimal context be those of the process that loads them."""
    path = _OF_PROCESS[type(value).__module__, type(value).__name__]
    found = attribute(path)
    if callable(found):
        return (found, ()) if value is found() else NotImplemented
    return (attribute, (path,)) if value is found else NotImplemented


def _reduce_member(member: Enum) -> Reduced:
    """Let a member of an enumeration be that of the class here by its name: its value may be an object that changed."""
    kind = type(member)
    own = kind.__reduce_ex__ is Enum.__reduce_ex__ and kind.__members__.get(member.name or "") is member
    return (getattr, (kind, member.name)) if own else NotImplemented


def _reduce_opaque(value: Any) -> Reduced:
    return str, (type(value).__qualname__,)


def _reduce_stand_in(_stand_in: CellStandIn) -> Reduced:
    return definitions.empty_cell, ()


def _reduce_code(code: CodeType) -> Reduced:
    return definitions.rebuild_code, (marshal.dumps(code),)


def _reduce_method(method: MethodType) -> Reduced:
    # Not by `getattr`, as pickle does: it fails for a private method, whose name is mangled.
    return definitions.rebuild_method, (method.__func__, method.__self__)


def _reduce_exception(error: Any) -> Reduced:
    """Rebuild an exception without its `__init__`, which may take other arguments than those that it passes on."""
    state = definitions.exception_state(error)
    if hasattr(error, "exceptions") and hasattr(error, "derive"):
        given = type(error), error.message, list(error.exceptions)
        return definitions.rebuild_group, given, state, None, None, definitions.restore_exception
    return definitions.rebuild_exception, (type(error), error.args), state, None, None, definitions.restore_exception


def _reducer_of_own(kind: type) -> Callable[[Any], Reduced] | None:
    """Return how to reduce the instances of a class of the notebook's that needs a way of its own."""
    if definitions.guards_attributes(kind):
        return _reduce_guarded
    if issubclass(kind, BaseException):
        return None
    if definitions.keeps_dicts(kind):
        return _reduce_sharing
    return _reduce_with_attributes if definitions.adds_attributes(kind) else None


def _reduce_with_attributes(value: Any) -> Reduced:
    """Reduce an instance of a class derived from a date or number, whose own way of pickling leaves attributes out."""
    made, arguments, *rest = value.__reduce_ex__(_PROTOCOL)
    return NotImplemented if any(rest) or not vars(value) else (made, arguments, vars(value))


def _reduce_sharing(instance: Any) -> Reduced:
    """Reduce an instance so that it goes on sharing its attributes with others of its class, where it does."""
    if not definitions.shares_dict(instance):
        return NotImplemented
    return object.__new__, (type(instance),), vars(instance), None, None, definitions.replace_dict


def _reduce_guarded(instance: Any) -> Reduced:
    kind = type(instance)
    if sys.version_info < (3, 11) and kind.__new__ is object.__new__:
        # Before 3.11 there is no `object.__getstate__`, and the instance itself would be asked for one.
        return (
            copyreg.__newobj__,
            (kind,),
            definitions.instance_state(instance),
            None,
            None,
            definitions.restore_instance,
        )
    made, arguments, *rest = instance.__reduce_ex__(_PROTOCOL)
    state, items, pairs = [*rest, None, None, None][:3]
    return made, arguments, state, items, pairs, definitions.restore_instance


def _reduce_dict_view(view: Any) -> Reduced:
    # cloudpickle would hand over a view of a copy, which no longer follows the dict.
    (viewed,) = (item for item in gc.get_referents(view) if isinstance(item, dict))
    return definitions.dict_view, (viewed, _DICT_VIEWS[type(view)])


def _refuse_memoryview(_view: memoryview) -> Reduced:
    # cloudpickle would hand over a copy as bytes.
    raise UnsavableError("it is a window on memory of this process")


def _reduce_text_stream(stream: io.TextIOBase) -> Reduced:
    for name in ("stdout", "stderr"):
        if stream is getattr(sys, name):
            return definitions.standard_stream, (name,)
    # cloudpickle would read the whole file and hand over its text.
    raise UnsavableError("an open file belongs to the process that opened it")
