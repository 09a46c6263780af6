"""`-p name=value` becomes a value of the param's type, or a message that says what the param takes."""

from __future__ import annotations

import pytest

from nb2dag.cli.parameters import read_parameters, read_value
from nb2dag.errors import Nb2dagError
from nb2dag.local.bundles import require_params
from nb2dag.model.plan import ParamPlan


@pytest.mark.parametrize(
    ("text", "types", "expected"),
    [
        ("3", ("integer",), 3),
        ("-3", ("integer",), -3),
        ("3", ("number",), 3.0),
        ("1e-3", ("number",), 0.001),
        ("true", ("boolean",), True),
        ("No", ("boolean",), False),
        ("3", ("string",), "3"),
        ("true", ("string",), "true"),
        ("null", ("string",), "null"),
        ("", ("string",), ""),
        ("a=b", ("string",), "a=b"),
        (" spaced ", ("string",), " spaced "),
        ("[1, 2]", ("array",), [1, 2]),
        ("[a, b]", ("array",), ["a", "b"]),
        ('{"a": [1]}', ("object",), {"a": [1]}),
        ("{a: 1}", ("object",), {"a": 1}),
        ("null", ("null", "string"), None),
        ("None", ("null", "integer"), None),
        ("x", ("null", "string"), "x"),
        ("7", ("null", "integer"), 7),
        ("null", ("null",), None),
        ("[1]", ("null",), [1]),
        ("plain", ("null",), "plain"),
    ],
)
def test_a_value_takes_the_type_of_its_param(text, types, expected):
    value = read_value("x", text, types)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("text", "types", "message"),
    [
        ("3.5", ("integer",), "`-p x=3.5`: `x` takes a whole number such as 3"),
        ("many", ("number",), "takes a number such as 0.5"),
        ("nan", ("number",), "takes a number"),
        ("maybe", ("boolean",), "takes true or false"),
        ("1, 2", ("array",), "takes a list such as [1, 2]"),
        ("[2026-01-01]", ("array",), "takes a list"),
        ("[", ("array",), "takes a list"),
        ("[1]", ("object",), 'takes a mapping such as {"a": 1}'),
        ("x", ("null", "integer"), "takes null or a whole number such as 3"),
    ],
)
def test_a_value_of_another_type_is_refused(text, types, message):
    with pytest.raises(Nb2dagError) as caught:
        read_value("x", text, types)
    assert message in str(caught.value)


def test_the_last_of_two_counts_and_an_unknown_name_is_text():
    params = [ParamPlan("n", 1, ("integer",))]
    assert read_parameters(["n=2", "n=3", "other=4"], params) == {"n": 3, "other": "4"}


@pytest.mark.parametrize("assignment", ["n", "=3", ""])
def test_what_is_no_assignment_is_refused(assignment):
    with pytest.raises(Nb2dagError, match="write `-p name=value`"):
        read_parameters([assignment], [])


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (["region", "year"], "`etl` has no param `yaer`: did you mean `year`?"),
        (["region"], "its params are `region`"),
        ([], "it has no params at all"),
    ],
)
def test_an_unknown_param_is_named(known, message):
    with pytest.raises(Nb2dagError) as caught:
        require_params("etl", known, ["yaer"])
    assert message in str(caught.value)
