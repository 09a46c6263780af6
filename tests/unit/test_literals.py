"""Values become source that means the same and that a formatter leaves alone."""

import ast
import datetime as dt
import math
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2dag.compiler.backend.layout import WIDTH, Atom, Operation, Text, call, dict_of, flat, lay_out, list_of
from nb2dag.compiler.backend.literals import emit, expression, imports_of

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters())
    | st.text(st.sampled_from("ab \n\"'\\\t#{}\r\x0c\u2028\u202e\ud800é€"))
    | st.binary()
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(HASHABLE, inner) | st.sets(HASHABLE)
    ),
    max_leaves=20,
)


def same(left: object, right: object) -> bool:
    """Equality that tells 0.0 from -0.0, 1 from True and a list from a tuple."""
    if isinstance(left, (list, tuple)) and type(left) is type(right):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right and (isinstance(left, (set, dict)) or repr(left) == repr(right))


@given(VALUES, st.sampled_from([WIDTH, 40, 1]))
def test_a_literal_evaluates_to_its_value(value, width):
    source = emit(value, width=width)
    assert same(ast.literal_eval(source), value)
    assert source == emit(value, width=width)
    source.encode()


@given(st.text())
def test_a_string_shows_no_character_that_cannot_be_seen(text):
    assert all(character.isprintable() for line in emit(text).split("\n") for character in line)


CALLS = [
    (timedelta(0), "timedelta(seconds=0)"),
    (timedelta(minutes=5), "timedelta(minutes=5)"),
    (timedelta(days=1, hours=2, seconds=3, microseconds=4), "timedelta(days=1, hours=2, seconds=3, microseconds=4)"),
    (timedelta(minutes=-90), "-timedelta(hours=1, minutes=30)"),
    (date(2026, 1, 2), "date(2026, 1, 2)"),
    (datetime(2026, 1, 1, tzinfo=timezone.utc), "datetime(2026, 1, 1, tzinfo=timezone.utc)"),
    (datetime(2026, 1, 1, 6, tzinfo=ZoneInfo("UTC")), "datetime(2026, 1, 1, 6, tzinfo=timezone.utc)"),
    (
        datetime(2026, 1, 1, 0, 0, 5, tzinfo=ZoneInfo("Europe/Oslo")),
        'datetime(2026, 1, 1, 0, 0, 5, tzinfo=ZoneInfo("Europe/Oslo"))',
    ),
    (
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Oslo")),
        'datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Oslo"), fold=1)',
    ),
    (
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3))),
        "datetime(2026, 1, 1, tzinfo=timezone(-timedelta(hours=3)))",
    ),
    (float("inf"), 'float("inf")'),
    (float("-inf"), 'float("-inf")'),
    ([float("inf"), 1.5], '[float("inf"), 1.5]'),
]


@pytest.mark.parametrize(("value", "source"), CALLS, ids=[source for _, source in CALLS])
def test_a_value_without_a_literal_becomes_a_call_of_what_is_imported(value, source):
    assert emit(value) == source
    modules = {"datetime": dt, "zoneinfo": sys.modules["zoneinfo"]}
    names = {name: getattr(modules[module], name) for name, module in imports_of(value).items()}
    assert eval(source, names) == value


def test_not_a_number_stays_one():
    assert math.isnan(eval(emit(math.nan)))


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["positive", "negative"])
def test_an_int_too_long_for_decimal_is_still_a_literal(number):
    assert ast.literal_eval(emit(number)) == number


@pytest.mark.parametrize(
    "value",
    [
        object(),
        datetime.fromisoformat("2026-01-01"),
        [1, {"a": object()}],
        1j,
        dt.time(6),
        datetime(2026, 1, 1, tzinfo=dt.tzinfo()),
    ],
    ids=["object", "naive", "nested", "complex", "time", "odd zone"],
)
def test_a_value_that_has_no_source_is_refused(value):
    with pytest.raises(TypeError):
        emit(value)


def test_a_set_has_one_order():
    assert emit({"b", "a", 2, 10}) == '{"a", "b", 10, 2}'


LONG = "a sentence that goes on, and on, " * 5
NAMES = [Atom(f"name_number_{number}") for number in range(12)]
EXPRESSIONS = [
    expression({"a": [1, 2], "text": LONG, "markdown": "# T\n\n" + LONG}),
    expression({"a": {"b": {"c": [LONG, "x"]}}, "quotes": 'it\'s "quoted" ' * 9}),
    expression(("x" * 200,)),
    expression([list(range(100))]),
    list_of(NAMES),
    call("f", Text("short"), by=list_of(NAMES), last=Atom("None")),
    call("f", by=Operation("&", (call("Asset", Text("x" * 60)), call("Asset", Text("y" * 60))))),
    call("f", by=Operation("&", (Atom("a"), Operation("|", (Atom("b"), Atom("c"))))), other=Atom("1")),
    call(
        "f",
        by=Operation("&", (Atom("a"), Operation("|", tuple(call("Asset", Text("y" * 60)) for _ in range(3))))),
        other=Atom("1"),
    ),
    dict_of({"key": call("Param", Text("default"), description=Text(LONG))}, exploded=True),
]


def test_a_formatter_has_nothing_to_change(tmp_path):
    lines = [line for index, item in enumerate(EXPRESSIONS) for line in lay_out(item, f"value_{index} = ")]
    module = tmp_path / "generated.py"
    module.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", f"--line-length={WIDTH}", "--diff"]
    outcome = subprocess.run([*command, str(module)], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("item", EXPRESSIONS)
def test_breaking_a_line_changes_nothing_else(item):
    broken = "(\n" + "\n".join(lay_out(item, width=30)) + "\n)"
    assert ast.dump(ast.parse(broken)) == ast.dump(ast.parse(f"({flat(item)})"))
