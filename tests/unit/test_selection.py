"""Which findings are shown and how much they weigh: settings, command line, and that errors stay errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2dag.cli.findings import selection_for
from nb2dag.compiler.rules.catalogue import all_rules, find_rule
from nb2dag.compiler.rules.selection import make_selection
from nb2dag.config import Config
from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Severity
from nb2dag.model.span import Span

BARE, EMPTY, ERROR = (find_rule(name) for name in ("bare-call", "empty-task", "undefined-name"))
FOUND = [rule.diagnostic("message", Span("x.ipynb", 1, "c1")) for rule in (BARE, EMPTY, ERROR)]


def shown(**words):
    return [(item.name, item.severity.value) for item in make_selection(**words).apply(FOUND)]


def test_without_words_everything_is_shown():
    assert make_selection().apply(FOUND) == FOUND
    assert make_selection().shown == {rule.code for rule in all_rules()}


@pytest.mark.parametrize("word", ["NBD214", "nbd214", "bare-call", " bare-call ", "NBD2", "nbd21"])
def test_ignored_by_code_name_or_beginning(word):
    assert [name for name, _ in shown(ignore=[word])] == ["empty-task", "undefined-name"]


@pytest.mark.parametrize("word", ["NBD214", "bare-call", "NBD2"])
def test_selected_with_the_errors_that_are_always_shown(word):
    assert [name for name, _ in shown(select=[word])] == ["bare-call", "undefined-name"]


def test_what_is_selected_and_ignored_is_ignored():
    assert [name for name, _ in shown(select=["NBD"], ignore=["NBD2", "NBD0"])] == ["undefined-name"]


def test_severities():
    levels = [("bare-call", Severity.ERROR), ("NBD004", Severity.NOTE), ("undefined-name", Severity.ERROR)]
    assert shown(severity=levels) == [("bare-call", "error"), ("empty-task", "note"), ("undefined-name", "error")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"ignore": ["undefined-name"]}, "`undefined-name` (NBD201) is an error and cannot be ignored"),
        ({"ignore": ["NBD201"]}, "`undefined-name` (NBD201) is an error and cannot be ignored"),
        ({"severity": [("NBD201", Severity.NOTE)]}, "`undefined-name` (NBD201) is an error and cannot be a note"),
        ({"ignore": ["bare-cal"]}, "there is no rule `bare-cal`: did you mean `bare-call`?"),
        ({"select": ["NBD7"]}, "there is no rule `NBD7`"),
        ({"severity": [("NBD2", Severity.NOTE)]}, "there is no rule `NBD2`"),
    ],
)
def test_mistakes_are_named(words, message):
    with pytest.raises(Nb2dagError) as caught:
        make_selection(**words)
    assert str(caught.value).startswith(message)


def test_the_command_line_replaces_select_and_adds_to_ignore():
    config = Config(select=("NBD0",), ignore=("empty-task",), path=Path("pyproject.toml"))
    assert [item.name for item in selection_for(config).apply(FOUND)] == ["undefined-name"]
    assert [item.name for item in selection_for(config, select=["NBD2"]).apply(FOUND)] == [
        "bare-call",
        "undefined-name",
    ]
    assert [item.name for item in selection_for(Config(), ignore=["NBD2"]).apply(FOUND)] == [
        "empty-task",
        "undefined-name",
    ]


def test_a_mistake_in_the_settings_names_their_file():
    with pytest.raises(Nb2dagError) as caught:
        selection_for(Config(ignore=("bare-cal",), path=Path("pyproject.toml")))
    assert str(caught.value) == (
        "pyproject.toml: `[tool.nb2dag]`: there is no rule `bare-cal`: did you mean `bare-call`?"
    )
