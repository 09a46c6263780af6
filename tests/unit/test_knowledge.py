"""Tables of known calls: cases, completeness against the installed libraries, and the purity they claim, tried out."""

import copy
import importlib
import inspect
import pickle
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from nb2dag.compiler.analysis.knowledge import MODE, RECEIVER, attribute, method_call, module_call, module_state


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("pandas.read_csv", {"returns": "fresh", "kind": "frame", "path_read": 0, "deterministic": False}),
        ("pandas.concat", {"returns": "fresh", "mutates": ()}),
        ("pandas.set_option", {"configures": True}),
        ("pandas.DataFrame", {"returns": "fresh", "kind": "frame", "deterministic": True}),
        ("numpy.random.seed", {"writes": ("<numpy.random>",), "seeds": True}),
        ("numpy.random.normal", {"reads": ("<numpy.random>",), "writes": ("<numpy.random>",)}),
        ("numpy.random.default_rng", {"deterministic": False, "seeded_by": (0, "seed"), "kind": "rng"}),
        ("numpy.random.shuffle", {"mutates": (0,), "writes": ("<numpy.random>",)}),
        ("numpy.asarray", {"returns": "shares", "shallow": False}),
        ("numpy.array", {"returns": "fresh", "kind": "array"}),
        ("numpy.add", {"mutates": ("out", 2)}),
        ("random.shuffle", {"mutates": (0,), "reads": ("<random>",), "writes": ("<random>",)}),
        ("random.seed", {"seeds": True, "writes": ("<random>",)}),
        ("heapq.heappush", {"mutates": (0,), "stores": True}),
        ("os.environ.update", {"writes": ("<environ>",)}),
        ("os.chdir", {"writes": ("<cwd>",)}),
        ("sys.path.append", {"writes": ("<sys.path>",)}),
        ("uuid.uuid4", {"reads": ("<entropy>",), "deterministic": False}),
        ("datetime.datetime.now", {"reads": ("<clock>",), "deterministic": False, "returns": "immutable"}),
        ("json.dump", {"mutates": (1, "fp", "file")}),
        ("json.loads", {"returns": "fresh", "deterministic": True}),
        ("copy.copy", {"returns": "shares", "shallow": True}),
        ("copy.deepcopy", {"returns": "fresh"}),
        ("builtins.sorted", {"returns": "shares", "shallow": True, "kind": "list", "consumes": True}),
        ("builtins.print", {"returns": "immutable", "mutates": ("file",)}),
        ("builtins.next", {"mutates": (0,), "returns": "shares"}),
        ("builtins.open", {"path_read": MODE, "path_write": MODE, "kind": "file"}),
        ("builtins.setattr", {"mutates": (0,), "stores": True}),
        ("sklearn.model_selection.train_test_split", {"returns": "fresh", "seeded_by": ("random_state",)}),
        ("sklearn.ensemble.RandomForestClassifier", {"kind": "estimator", "draws": ("<numpy.random>",)}),
        ("sklearn.linear_model.LinearRegression", {"kind": "estimator", "draws": (), "returns": "shares"}),
        ("sklearn.pipeline.make_pipeline", {"kind": "estimator", "returns": "shares"}),
        ("sklearn.metrics.accuracy_score", {"returns": "fresh", "mutates": ()}),
        ("sklearn.datasets.load_iris", {"deterministic": True}),
        ("matplotlib.pyplot.subplots", {"unpacks": ("figure", "axes")}),
        ("matplotlib.pyplot.savefig", {"path_write": 0}),
        ("seaborn.set_theme", {"configures": True}),
        ("pylab.rc", {"configures": True}),
        ("matplotlib.pylab.rand", {"reads": ("<numpy.random>",)}),
        ("seaborn.mpl.rc", {"configures": True}),
        ("logging.getLogger", {"opens": True, "kind": "logger"}),
        ("sqlalchemy.create_engine", {"opens": True}),
        ("requests.get", {"reads": ("<network>",), "deterministic": False}),
        ("scipy.stats.norm.rvs", {"reads": ("<numpy.random>",)}),
        ("joblib.dump", {"path_write": 1}),
    ],
)
def test_call(path, fields):
    facts = module_call(path)
    assert facts is not None
    assert {name: getattr(facts, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("name", "kind", "fields"),
    [
        ("dropna", "", {"mutates_receiver": False, "inplace_keyword": True, "returns": "fresh"}),
        ("assign", "", {"mutates_receiver": False, "returns": "fresh"}),
        ("head", "", {"mutates_receiver": False, "returns": "shares"}),
        ("merge", "", {"mutates_receiver": False, "returns": "fresh"}),
        ("groupby", "frame", {"mutates_receiver": False, "returns": "shares"}),
        ("pop", "", {"mutates_receiver": True}),
        ("insert", "frame", {"mutates_receiver": True}),
        ("insert", "index", {"mutates_receiver": False}),
        ("copy", "frame", {"returns": "fresh"}),
        ("copy", "list", {"returns": "shares", "shallow": True}),
        ("copy", "", {"mutates_receiver": False, "returns": "shares", "shallow": True}),
        ("append", "", {"mutates_receiver": True, "stores_args": True, "touches_only_receiver": True}),
        ("sort", "", {"mutates_receiver": True, "inplace_keyword": False}),
        ("fit", "", {"mutates_receiver": True, "returns": "receiver", "touches_only_receiver": True}),
        ("fit_transform", "", {"mutates_receiver": True, "returns": "fresh", "touches_only_receiver": True}),
        ("predict", "", {"mutates_receiver": False, "returns": "fresh"}),
        ("transform", "", {"mutates_receiver": False}),
        ("reshape", "array", {"mutates_receiver": False, "returns": "shares"}),
        ("get", "", {"mutates_receiver": False, "returns": "shares"}),
        ("update", "", {"mutates_receiver": True, "stores_args": True}),
        ("add", "frame", {"mutates_receiver": False}),
        ("add", "", {"mutates_receiver": True}),
        ("replace", "", {"mutates_receiver": False, "inplace_keyword": True}),
        ("replace", "path", {"path_read": RECEIVER, "path_write": 0}),
        ("write_text", "", {"mutates_receiver": False, "path_write": RECEIVER}),
        ("read_text", "path", {"path_read": RECEIVER, "deterministic": False}),
        ("to_csv", "", {"mutates_receiver": False, "path_write": 0}),
        ("savefig", "", {"mutates_receiver": False, "path_write": 0}),
        ("plot", "", {"mutates_receiver": False, "mutates_args": ("ax",)}),
        ("plot", "axes", {"mutates_receiver": True, "touches_only_receiver": True}),
        ("set_title", "", {"mutates_receiver": True, "touches_only_receiver": True}),
        ("set_index", "", {"mutates_receiver": False, "inplace_keyword": True}),
        ("set_anything_at_all", "", {"mutates_receiver": True, "touches_only_receiver": True}),
        ("sample", "", {"mutates_receiver": False, "seeded_by": ("random_state",)}),
        ("normal", "rng", {"mutates_receiver": True}),
        ("shuffle", "", {"mutates_receiver": True, "mutates_args": (0,)}),
        ("pipe", "", {"returns": "shares", "calls": (0, "func")}),
        ("strftime", "immutable", {"mutates_receiver": False, "returns": "immutable"}),
        ("write_text", "immutable", {"mutates_receiver": False, "path_write": RECEIVER}),
        ("replace", "immutable", {"mutates_receiver": False, "path_write": None}),
        ("whatever", "immutable", {"mutates_receiver": False, "returns": "immutable"}),
        ("read", "", {"mutates_receiver": True}),
        ("close", "", {"mutates_receiver": True}),
        ("group", "", {"mutates_receiver": False}),
        ("json", "", {"mutates_receiver": False, "returns": "fresh"}),
        ("info", "", {"mutates_receiver": False}),
    ],
)
def test_method(name, kind, fields):
    facts = method_call(name, kind)
    assert facts is not None
    assert {field: getattr(facts, field) for field in fields} == fields


def test_unknown_is_none():
    assert module_call("mylib.load") is None
    assert module_call("builtins.eval") is None
    assert method_call("frobnicate") is None
    assert method_call("frobnicate", "frame") is None
    assert module_state("mylib.setting") is None


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("pandas.options.display.max_rows", "<config>"),
        ("matplotlib.pyplot.rcParams", "<config>"),
        ("warnings.filterwarnings", "<config>"),
        ("os.environ", "<environ>"),
        ("sys.path.append", "<sys.path>"),
        ("numpy.random.seed", "<numpy.random>"),
        ("random.seed", "<random>"),
        ("os.chdir", "<cwd>"),
    ],
)
def test_state(path, state):
    assert module_state(path) == state


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("shape", "", "immutable"),
        ("values", "", "shares"),
        ("T", "", "shares"),
        ("T", "frame", "fresh"),
        ("real", "array", "shares"),
        ("str", "", "fresh"),
        ("plot", "frame", "fresh"),
        ("loc", "", "shares"),
        ("anything", "", "shares"),
    ],
)
def test_attribute(name, kind, answer):
    assert attribute(name, kind) == answer


_LEFT_OUT = {
    "builtins": {"eval", "exec", "globals", "locals"},
    "numpy": {"test"},
    "numpy.random": {"BitGenerator"},
    "pandas": {"test"},
    "functools": {"singledispatchmethod"},
    "operator": {"call"},
    "re": {"Pattern", "Match", "RegexFlag", "NOFLAG"},
    "datetime": {"tzinfo"},
}
_ABSTRACT = (
    "integer flexible ufunc complexfloating inexact record object_ unsignedinteger generic void signedinteger "
    "floating number"
)
_MODULES = (
    "builtins bisect copy datetime fractions functools heapq itertools math numpy numpy.fft numpy.linalg numpy.random "
    "operator pandas pathlib random re secrets statistics string textwrap sklearn.datasets sklearn.metrics "
    "sklearn.model_selection sklearn.preprocessing"
)


@pytest.mark.parametrize("module_name", _MODULES.split())
def test_every_public_callable_is_classified(module_name):
    module = importlib.import_module(module_name)
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    left_out = _LEFT_OUT.get(module_name, set()) | set(_ABSTRACT.split())
    forgotten = [
        name
        for name in names
        if name not in left_out
        and not name.startswith(("_", "Halving"))
        and callable(value := getattr(module, name, None))
        and not (inspect.isclass(value) and issubclass(value, BaseException))
        and module_call(f"{module_name}.{name}") is None
    ]
    assert forgotten == []


@pytest.mark.parametrize(
    ("type_", "kind", "left_out"),
    [
        (pd.DataFrame, "frame", {"sparse"}),
        (pd.Series, "series", {"sparse", "str", "dt", "list", "struct"}),
        (pd.Index, "index", {"str"}),
        (np.ndarray, "array", set()),
        (np.random.Generator, "rng", set()),
        (list, "list", set()),
        (dict, "dict", set()),
        (set, "set", set()),
        (str, "str", set()),
    ],
)
def test_every_public_method_is_classified(type_, kind, left_out):
    names = {name for name in dir(type_) if not name.startswith("_") and callable(getattr(type_, name))}
    assert {name for name in names - left_out if method_call(name, kind) is None} == set()


def _frame():
    index = pd.date_range("2026-01-01", periods=4)
    return pd.DataFrame({"k": ["a", "b", "a", None], "x": [3.0, 1.0, None, 2.0], "n": [1, 2, 2, 4]}, index=index)


_FRAME_CALLS = {
    "abs": lambda f: f[["x", "n"]].abs(),
    "add_prefix": lambda f: f.add_prefix("p_"),
    "agg": lambda f: f[["x"]].agg(["mean"]),
    "apply": lambda f: f[["x"]].apply(lambda c: c * 2),
    "asfreq": lambda f: f.asfreq("D"),
    "assign": lambda f: f.assign(y=1),
    "astype": lambda f: f.astype({"n": "int64"}),
    "bfill": lambda f: f.bfill(),
    "clip": lambda f: f[["n"]].clip(0, 2),
    "combine_first": lambda f: f.combine_first(f),
    "copy": lambda f: f.copy(),
    "describe": lambda f: f.describe(),
    "drop": lambda f: f.drop(columns="k"),
    "drop_duplicates": lambda f: f.drop_duplicates("n"),
    "dropna": lambda f: f.dropna(),
    "eval": lambda f: f.eval("y = n + 1"),
    "explode": lambda f: f.explode("k"),
    "fillna": lambda f: f.fillna({"x": 0.0}),
    "ffill": lambda f: f.ffill(),
    "filter": lambda f: f.filter(["x"]),
    "infer_objects": lambda f: f.infer_objects(),
    "interpolate": lambda f: f[["x"]].interpolate(),
    "isna": lambda f: f.isna(),
    "join": lambda f: f.join(f[["x"]], rsuffix="_r"),
    "map": lambda f: f.map(str),
    "mask": lambda f: f[["n"]].mask(f[["n"]] > 1, 0),
    "melt": lambda f: f.melt(),
    "merge": lambda f: f.merge(f, on="n"),
    "nlargest": lambda f: f.nlargest(2, "n"),
    "pivot_table": lambda f: f.pivot_table(index="k", values="x"),
    "query": lambda f: f.query("n > 1"),
    "rank": lambda f: f[["n"]].rank(),
    "reindex": lambda f: f.reindex(f.index),
    "rename": lambda f: f.rename(columns={"x": "y"}),
    "rename_axis": lambda f: f.rename_axis("day"),
    "replace": lambda f: f.replace({"a": "c"}),
    "reset_index": lambda f: f.reset_index(drop=True),
    "round": lambda f: f.round(1),
    "sample": lambda f: f.sample(2, random_state=0),
    "select_dtypes": lambda f: f.select_dtypes("number"),
    "set_axis": lambda f: f.set_axis(["a", "b", "c"], axis=1),
    "set_index": lambda f: f.set_index("n"),
    "shift": lambda f: f.shift(1),
    "sort_index": lambda f: f.sort_index(ascending=False),
    "sort_values": lambda f: f.sort_values("x"),
    "stack": lambda f: f.stack(),
    "to_dict": lambda f: f.to_dict("list"),
    "to_records": lambda f: f.to_records(),
    "truncate": lambda f: f.truncate(after="2026-01-03"),
    "where": lambda f: f[["n"]].where(f[["n"]] > 1, 0),
    "value_counts": lambda f: f.value_counts("n"),
    "unstack": lambda f: f.unstack(),
    "nunique": lambda f: f.nunique(),
    "corr": lambda f: f[["x", "n"]].corr(),
}


def _overwrite(value):
    """Change `value` in place as thoroughly as its type allows."""
    if isinstance(value, pd.DataFrame | pd.Series):
        value.iloc[:] = value.iloc[::-1].to_numpy()
    elif isinstance(value, np.ndarray):
        value[...] = np.zeros((), value.dtype)
    elif isinstance(value, dict | list):
        value.clear()


@pytest.mark.parametrize("name", sorted(_FRAME_CALLS))
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_a_frame_method_said_to_be_pure_and_fresh_is(name):
    facts = method_call(name, "frame")
    assert not facts.mutates_receiver
    assert facts.returns == "fresh"
    frame = _frame()
    result = _FRAME_CALLS[name](frame)
    pd.testing.assert_frame_equal(frame, _frame())
    _overwrite(result)
    pd.testing.assert_frame_equal(frame, _frame())


@pytest.mark.parametrize("name", ["first", "get", "head", "last", "set_flags", "squeeze", "tail", "transpose", "xs"])
def test_a_method_that_gives_a_view_in_pandas_2_shares(name):
    assert method_call(name, "frame").returns == "shares"


@pytest.mark.parametrize("name", ["groupby", "rolling", "expanding", "ewm", "resample"])
def test_a_grouped_frame_shares_the_frame(name):
    argument = {"groupby": "n", "rolling": 2, "resample": "D", "ewm": 1}
    frame = _frame()[["n", "x"]]
    grouped = getattr(frame, name)(*([argument[name]] if name in argument else []))
    frame["new"] = 1.0
    assert method_call(name, "frame").returns == "shares"
    assert "new" in grouped.mean().columns


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in dir(np.ndarray)
        if name[0] != "_" and (f := method_call(name, "array")) and not f.mutates_receiver
    ],
)
def test_an_array_method_said_to_be_fresh_shares_no_memory(name):
    arguments = {
        "choose": ([1.0, 2.0],),
        "compress": ([True, False, True],),
        "dot": (np.eye(3),),
        "argpartition": (1,),
        "astype": (float,),
        "repeat": (2,),
        "searchsorted": (1.0,),
        "take": ([0, 1],),
        "clip": (0, 1),
        "reshape": (9,),
        "swapaxes": (0, 1),
        "getfield": (np.float64,),
        "to_device": ("cpu",),
        "item": (0,),
    }
    if name in {"tofile", "dump", "ptp", "tostring"}:  # numpy 2.2 still lists the last two, which are gone
        return
    array = np.arange(9.0).reshape(3, 3)
    if name == "choose":
        array = np.zeros((2,), dtype=int)
    if name == "searchsorted":
        array = np.arange(3.0)
    before = array.copy()
    result = getattr(array, name)(*arguments.get(name, ()))
    assert np.array_equal(array, before)
    shared = isinstance(result, np.ndarray) and np.shares_memory(result, array)
    assert not shared or method_call(name, "array").returns == "shares"


_ONE_ARRAY = [
    "abs",
    "sort",
    "cumsum",
    "diff",
    "tril",
    "nan_to_num",
    "copy",
    "array",
    "append",
    "unique",
    "roll",
    "tile",
    "pad",
]
_ONE_ARRAY += [
    "reshape",
    "ravel",
    "squeeze",
    "asarray",
    "flip",
    "rot90",
    "moveaxis",
    "expand_dims",
    "split",
    "real",
    "diag",
]
_ONE_ARRAY += [
    "delete",
    "insert",
    "take",
    "where",
    "concatenate",
    "vstack",
    "hstack",
    "column_stack",
    "repeat",
    "round",
]


@pytest.mark.parametrize("name", _ONE_ARRAY)
def test_a_numpy_function_said_to_be_fresh_shares_no_memory(name):
    extra = {
        "append": (1.0,),
        "roll": (1,),
        "tile": (2,),
        "pad": (1,),
        "reshape": (9,),
        "moveaxis": (0, 1),
        "expand_dims": (0,),
        "split": (3,),
        "delete": (0,),
        "insert": (0, 1.0),
        "take": ([0],),
        "repeat": (2,),
    }
    array = np.arange(9.0).reshape(3, 3)
    first = [array, array] if name in {"concatenate", "vstack", "hstack", "column_stack"} else array
    arguments = (array > 1, array, array) if name == "where" else (first, *extra.get(name, ()))
    result = getattr(np, name)(*arguments)
    results = result if isinstance(result, list | tuple) else [result]
    assert np.array_equal(array, np.arange(9.0).reshape(3, 3))
    shares = any(np.shares_memory(array, one) for one in results)
    assert shares == (module_call(f"numpy.{name}").returns == "shares")


def test_a_frame_copies_the_columns_it_is_made_of():
    array = np.arange(3.0)
    frame = pd.DataFrame({"a": array})
    array[0] = 99
    assert frame["a"].iloc[0] == 0


@pytest.mark.parametrize("made_of", [lambda array: pd.DataFrame(array, columns=["a"]), pd.Series])
def test_a_frame_may_be_a_view_of_the_array_it_is_made_of(made_of):
    array = np.arange(3.0)
    viewed = np.shares_memory(made_of(array).to_numpy(), array)
    assert viewed == pd.__version__.startswith("2.")
    assert module_call("pandas.DataFrame").views
    assert module_call("pandas.Series").views


@pytest.mark.parametrize(
    ("type_", "value"),
    [(list, [3, 1, 2]), (dict, {"a": 1, "b": 2}), (set, {1, 2}), (str, "a-b")],
)
def test_container_methods_mutate_if_and_only_if_the_table_says_so(type_, value):
    arguments = {
        "append": (1,),
        "extend": ([1],),
        "insert": (0, 9),
        "remove": (2 if type_ is set else 3,),
        "index": (1,),
        "count": (1,),
        "add": (9,),
        "discard": (1,),
        "update": ({"c": 3},),
        "setdefault": ("z", 1),
        "get": ("a",),
        "fromkeys": ("xy",),
        "pop": ("a",) if type_ is dict else (),
    }
    if type_ is str:
        arguments |= {
            "index": ("a",),
            "count": ("a",),
            "find": ("a",),
            "rfind": ("a",),
            "rindex": ("a",),
            "join": ("xy",),
        }
        arguments |= {"replace": ("a", "b"), "partition": ("-",), "rpartition": ("-",), "center": (9,), "ljust": (9,)}
        arguments |= {
            "rjust": (9,),
            "zfill": (9,),
            "removeprefix": ("a",),
            "removesuffix": ("b",),
            "startswith": ("a",),
        }
        arguments |= {"endswith": ("a",), "translate": ({},), "maketrans": ({},), "format_map": ({},)}
    for name in (name for name in dir(type_) if name[0] != "_"):
        one, before = copy.deepcopy(value), copy.deepcopy(value)
        given = arguments.get(name)
        if given is None:
            given = ({1, 9},) if type_ is set and name not in {"clear", "copy", "pop"} else ()
        getattr(one, name)(*given)
        listed = list(one) if type_ is list else one
        if not method_call(name, type_.__name__).mutates_receiver:
            assert listed == before, name


@pytest.mark.parametrize("name", ["RandomForestClassifier", "KMeans", "SGDClassifier", "DecisionTreeClassifier"])
def test_an_estimator_said_to_draw_does_and_a_seeded_one_does_not(name):
    from sklearn.utils import all_estimators

    class_ = dict(all_estimators())[name]
    values, labels = np.arange(40.0).reshape(20, 2), [0, 1] * 10
    for arguments, draws in (({}, True), ({"random_state": 0}, False)):
        before = pickle.dumps(np.random.get_state())
        class_(**arguments).fit(values, labels)
        assert (pickle.dumps(np.random.get_state()) != before) == draws
    assert module_call(class_.__module__ + "." + name).draws == ("<numpy.random>",)


@pytest.mark.parametrize("name", ["LinearRegression", "Ridge", "KNeighborsClassifier", "GaussianNB", "StandardScaler"])
def test_fitting_changes_neither_arguments_nor_the_generator(name):
    from sklearn.utils import all_estimators

    class_ = dict(all_estimators())[name]
    values, labels = np.arange(40.0).reshape(20, 2), np.array([0, 1] * 10)
    before = pickle.dumps((np.random.get_state(), values, labels))
    class_().fit(values, labels)
    assert pickle.dumps((np.random.get_state(), values, labels)) == before
    assert module_call(f"{class_.__module__}.{name}").draws == ()


@pytest.mark.parametrize(
    "name", ["random", "randint", "choice", "sample", "gauss", "uniform", "getrandbits", "choices"]
)
def test_a_drawing_function_changes_the_generator(name):
    arguments = {"randint": (1, 2), "choice": ("ab",), "sample": ("ab", 1), "uniform": (0, 1), "getrandbits": (4,)}
    arguments |= {"choices": ("ab",), "gauss": (0, 1)}
    before = random.getstate()
    getattr(random, name)(*arguments.get(name, ()))
    assert random.getstate() != before
    assert module_call(f"random.{name}").writes == ("<random>",)


def test_importing_the_tables_imports_no_library():
    code = (
        "import sys; import nb2dag.compiler.analysis.knowledge; "
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'matplotlib', 'IPython') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
