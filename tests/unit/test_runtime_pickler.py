"""What the notebook defines travels by definition; what cannot travel is named."""

from __future__ import annotations

import pickle
import sqlite3
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from nb2dag.runtime import unsavable
from nb2dag.runtime.codecs import PickleCodec
from nb2dag.runtime.pickler import DefinitionMissingError

DEFINITIONS = """
import dataclasses, enum, functools, collections

SCALE = 2

class Model:
    def __init__(self, weight=1):
        self.weight = weight
        self.__hidden = 7
    def __private(self):
        return self.__hidden * SCALE
    def bound_private(self):
        return self.__private
    def predict(self, x):
        return x * self.weight * SCALE
    @classmethod
    def make(cls):
        return cls()
    class Part:
        pass

class Colour(enum.Enum):
    RED = 1
    GREEN = 2

@dataclasses.dataclass
class Point:
    x: int
    y: "list[int]" = dataclasses.field(default_factory=list)

Row = collections.namedtuple("Row", "a b")

def scaled(x):
    return x * SCALE

@functools.lru_cache
def slow(x):
    return x + SCALE

def deco(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) + SCALE
    return wrapper

@deco
def decorated(x):
    return x

def counter():
    count = 0
    def up():
        nonlocal count
        count += SCALE
        return count
    def now():
        return count
    return up, now

def factorial_maker():
    def factorial(n):
        return 1 if n < 2 else n * factorial(n - 1)
    return factorial
"""


def notebook(source: str = "", definitions: str = DEFINITIONS) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(definitions, namespace)
    exec(textwrap.dedent(source), namespace)
    return namespace


def hand_over(producer: dict[str, Any], consumer: dict[str, Any], *names: str) -> None:
    codec = PickleCodec()
    payload = codec.encode({name: producer[name] for name in names}, producer).payload
    # What this process knows of classes by value, the consumer's process does not.
    cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.clear()
    regions = [memoryview(bytearray(region)) for region in payload.regions]
    buffers = [regions[region][start : start + size] for region, start, size in payload.buffers]
    consumer.update(codec.decode(regions[0], buffers, consumer))


CASES = {
    "instance of a class": ("v = Model(3)", "isinstance(v, Model) and v.predict(1) == 15"),
    "the class itself": ("v = [Model, Model]", "v[0] is Model and v[1] is Model"),
    "nested class": ("v = Model.Part()", "type(v) is Model.Part"),
    "function": ("v = {'f': scaled}", "v['f'] is scaled and v['f'](1) == 5"),
    "method of an instance": ("v = Model(3).predict", "v(1) == 15"),
    "function of a class": ("v = Model.predict", "v is Model.predict"),
    "class method": ("v = Model.make", "isinstance(v(), Model)"),
    "private method": ("v = Model().bound_private()", "v() == 35"),
    "enum member": ("v = [Colour.RED]", "v[0] is Colour.RED"),
    "dataclass": ("v = Point(1, [2])", "v == Point(1, [2])"),
    "named tuple": ("v = Row(1, 2)", "v == Row(1, 2) and type(v) is Row"),
    "cached function": ("v = [slow]", "v[0] is slow and v[0](1) == 6"),
    "decorated function": ("v = decorated", "v is decorated and v(1) == 6"),
    "its inner function": ("v = decorated.__wrapped__", "v(1) == 1"),
    "partial": ("v = functools.partial(scaled, 3)", "v() == 15"),
    "lambda": ("v = [lambda x, y=4: x * y * SCALE]", "v[0](1) == 20"),
    "lambda bound to a name": ("f = lambda x: x * SCALE\nv = {'f': f}", "v['f'](1) == 5"),
    "shared closure": ("v = counter()", "(v[0](), v[0](), v[1]()) == (5, 10, 10)"),
    "recursive closure": ("v = factorial_maker()", "v(5) == 120"),
    "cached closure": (
        "def make(n):\n    return functools.lru_cache(8)(lambda x: x + n)\nv = make(3)",
        "v(1) == 4 and v.cache_info().maxsize == 8",
    ),
    "function with attributes": (
        "def make():\n    def f(a, *, b: str = 'x'):\n        'doc'\n    f.tag = 1\n    return f\nv = make()",
        "(v.tag, v.__doc__, v.__kwdefaults__, v.__annotations__['b']) == (1, 'doc', {'b': 'x'}, 'str')",
    ),
    "unbound variable of a closure": (
        "def make():\n    def f():\n        return later\n    if False:\n        later = 1\n    return f\nv = make()",
        "v.__code__.co_freevars == ('later',)",
    ),
    "class made in a function": (
        "def make():\n    class Local:\n        def f(self):\n            return SCALE\n    return Local\nv = make()()",
        "v.f() == 5 and type(v).__name__ == 'Local'",
    ),
    "class that calls its base": (
        (
            "def make():\n    class Local(Model):\n        def predict(self, x):\n"
            "            return super().predict(x) + 1\n    return Local\nv = make()(3)"
        ),
        "v.predict(1) == 16 and isinstance(v, Model)",
    ),
    "data class made in a function": (
        "def make():\n    @dataclasses.dataclass\n    class P:\n        x: int\n    return P\nv = make()(3)",
        "v.x == 3 and v == type(v)(3)",
    ),
    "old version of a class": (
        "old = Model(1)\nclass Model:\n    pass\nv = [old, Model()]",
        "v[0].predict(1) == 5 and type(v[0]) is not Model and type(v[1]) is Model",
    ),
    "old version of a function": ("v = scaled\ndef scaled(x):\n    return 'new'", "v(1) == 5 and v is not scaled"),
    "function of a library": ("import os.path\nv = os.path.join", "v is __import__('os').path.join"),
    "module": ("import json.decoder\nv = json.decoder", "v.__name__ == 'json.decoder'"),
    "logger": ("import logging\nv = logging.getLogger('etl')", "v.name == 'etl'"),
    "standard output": ("import sys\nv = {'stream': sys.stdout}", "v['stream'] is __import__('sys').stdout"),
    "exception": ("v = KeyError('x')", "type(v) is KeyError and v.args == ('x',)"),
    "generator of random numbers": (
        "import numpy as np\nv = np.random.default_rng(1)\nv.random()\nexpected = 0.9504636963259353",
        "v.random() == 0.9504636963259353",
    ),
    "code object": ("v = scaled.__code__", "v.co_name == 'scaled'"),
    "recursive containers": ("v = [1]\nv.append({'v': v})", "v[1]['v'] is v"),
}


@pytest.mark.parametrize("case", CASES)
def test_values_and_definitions(case: str) -> None:
    source, expected = CASES[case]
    consumer = notebook("SCALE = 5\n" + (source if "class Model" in source or "def scaled" in source else ""))
    hand_over(notebook(source), consumer, "v")
    assert eval(expected, consumer)


def test_a_function_handed_over_itself_keeps_its_defaults() -> None:
    producer, consumer = (
        notebook("rows = [1]\ndef total(items=rows):\n    return sum(items) * SCALE"),
        notebook("SCALE = 5"),
    )
    hand_over(producer, consumer, "total", "rows")
    consumer["rows"].append(2)
    assert consumer["total"]() == 15


def test_identities_hold_within_a_group() -> None:
    consumer = notebook()
    hand_over(notebook("m = Model()\nsame = m\nbox = [m]\nf = m.predict"), consumer, "m", "same", "box", "f")
    assert consumer["m"] is consumer["same"] is consumer["box"][0] is consumer["f"].__self__


def test_a_function_of_a_local_module_runs_on_that_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "local_tools.py").write_text("K = 9\ndef make(n):\n    def f():\n        return K + n\n    return f\n")
    monkeypatch.syspath_prepend(tmp_path)
    consumer = notebook()
    hand_over(notebook("import local_tools\nv = local_tools.make(1)"), consumer, "v")
    assert consumer["v"]() == 10
    assert consumer["v"].__globals__ is vars(sys.modules["local_tools"])


def test_a_function_by_type_that_a_module_has_is_handed_over_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import functools\n@functools.singledispatch\ndef shown(x):\n    return 'other'\n"
    (tmp_path / "by_type.py").write_text(source + "@shown.register\ndef _(x: int):\n    return 'int'\n")
    monkeypatch.syspath_prepend(tmp_path)
    consumer = notebook()
    hand_over(notebook("import by_type\nv = [by_type.shown]"), consumer, "v")
    assert consumer["v"][0] is sys.modules["by_type"].shown


def test_a_namespace_with_another_name_than_main() -> None:
    source = "class Model:\n    pass\nv = Model()\nf = lambda: Model"
    producer: dict[str, Any] = {"__name__": "task_module"}
    consumer: dict[str, Any] = {"__name__": "task_module"}
    exec(source, producer)
    exec("class Model:\n    pass", consumer)
    hand_over(producer, consumer, "v", "f")
    assert isinstance(consumer["v"], consumer["Model"])
    assert consumer["f"]() is consumer["Model"]


@pytest.mark.parametrize(
    ("source", "consumer", "message"),
    [
        ("v = Model()", {}, "class `Model` of the notebook, which is not defined here"),
        ("v = {'f': scaled}", {}, "function `scaled` of the notebook, which is not defined here"),
        ("v = Model.Part()", {"Model": object}, "class `Model.Part` of the notebook, which is not defined here"),
        ("v = Model()", {"Model": 3}, "class `Model` of the notebook, and here `Model` is of type int"),
    ],
)
def test_a_definition_that_the_consumer_lacks(source: str, consumer: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionMissingError) as caught:
        hand_over(notebook(source), {"__name__": "__main__", **consumer}, "v")
    assert message in str(caught.value)
    assert "so that every task has it" in unsavable.why_not_loaded(caught.value)


def test_a_module_that_the_consumer_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("class C:\n    pass\n")
    with monkeypatch.context() as patched:
        patched.syspath_prepend(tmp_path)
        payload = PickleCodec().encode({"v": notebook("import only_here\nv = only_here.C()")["v"]}, notebook()).payload
        del sys.modules["only_here"]
    with pytest.raises(DefinitionMissingError, match="module `only_here`, which cannot be imported here"):
        PickleCodec().decode(payload.regions[0], [], notebook())


class Holder:
    def __init__(self, **members: Any) -> None:
        vars(self).update(members)


class Stubborn:
    def __reduce__(self) -> Any:
        raise ValueError("not me")


def _deep() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


def _closure(member: Any) -> Any:
    def use(x: int) -> Any:
        return member, x

    return use


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[list[Any]]:
    (tmp_path / "data.txt").write_text("x")
    connection = sqlite3.connect(tmp_path / "data.db")
    with (tmp_path / "data.txt").open() as text, (tmp_path / "data.txt").open("rb") as binary:
        yield [text, binary, connection]
    connection.close()


@pytest.mark.parametrize(
    ("make", "place", "kind", "advice"),
    [
        (lambda _: threading.Lock(), "model", "_thread.lock", "make it in the task that uses it"),
        (lambda _: {"a": [1, threading.Lock()]}, "model['a'][1]", "_thread.lock", ""),
        (lambda _: Holder(callbacks=[Holder(lock=threading.Lock())]), "model.callbacks[0].lock", "_thread.lock", ""),
        (lambda _: _closure({"x": threading.Lock()}), "model.<variable member>['x']", "_thread.lock", ""),
        (lambda _: (number for number in [1]), "model", "generator", "hand over `list(...)` of it"),
        (lambda o: o[0], "model", "_io.TextIOWrapper", "hand over its path, and open it in the task that uses it"),
        (lambda o: [o[1]], "model[0]", "_io.BufferedReader", "hand over its path"),
        (lambda o: {"db": o[2]}, "model['db']", "sqlite3.Connection", "make it anew in each task that uses it"),
        (lambda _: memoryview(b"x"), "model", "memoryview", "hand over `bytes(...)` of it"),
        (lambda _: pd.DataFrame({"a": [1], "b": [threading.Lock()]}), "model['b'][0]", "_thread.lock", ""),
        (lambda _: np.array([1, threading.Lock()], object), "model[1]", "_thread.lock", ""),
        (lambda _: Holder(inner=Stubborn()), "model.inner", "Stubborn", "(not me)"),
        (lambda _: _deep(), "model", "list", "nested too deeply"),
    ],
)
def test_what_cannot_be_handed_over_is_named(opened: list[Any], make: Any, place: str, kind: str, advice: str) -> None:
    values = {"fine": [1], "model": make(opened)}
    with pytest.raises(Exception) as caught:  # noqa: PT011, whatever pickle and the value's class raise
        PickleCodec().encode(values, notebook())
    message = unsavable.explain(values, notebook(), caught.value)
    assert message.startswith(f"`{place}")
    assert f"{kind}, which cannot be handed over to another task" in message
    assert advice in message


def test_packages_are_those_whose_objects_a_value_holds() -> None:
    encoded = PickleCodec().encode({"v": [pd.Series([1]), Path(), 1]}, notebook())
    assert encoded.packages == {"pandas", "numpy"}
    producer = notebook("v = [Model(), lambda: 1]")
    assert PickleCodec().encode({"v": producer["v"]}, producer).packages == frozenset()


def test_a_pipeline_of_estimators() -> None:
    producer, consumer = notebook(), notebook()
    x = np.arange(20.0).reshape(10, 2)
    producer["v"] = make_pipeline(FunctionTransformer(producer["scaled"]), LinearRegression()).fit(x, x[:, 0])
    hand_over(producer, consumer, "v")
    assert consumer["v"][0].func is consumer["scaled"]
    np.testing.assert_array_equal(consumer["v"].predict(x), producer["v"].predict(x))


def test_plain_pickle_refuses_a_stream_that_needs_a_notebook() -> None:
    for source in ("v = Model()", "v = lambda: 1"):
        producer = notebook(source)
        stream = PickleCodec().encode({"v": producer["v"]}, producer).payload.regions[0]
        with pytest.raises(pickle.UnpicklingError, match="nb2dag's own unpickler"):
            pickle.loads(stream)
