"""What `ignore` leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2dag.cli.findings import shown
from nb2dag.compiler.rules.catalogue import all_rules
from nb2dag.config import Config
from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Severity
from nb2dag.model.span import Span

WARNING = next(rule for rule in all_rules() if rule.severity is Severity.WARNING)
ERROR = next(rule for rule in all_rules() if rule.severity is Severity.ERROR)
FOUND = [rule.diagnostic("message", Span("x.ipynb", 1, "c1")) for rule in (WARNING, ERROR)]


@pytest.mark.parametrize("word", [WARNING.code, WARNING.code.lower(), WARNING.name])
def test_a_warning_is_ignored_by_code_or_name(word):
    assert shown(FOUND, Config()) == FOUND
    assert shown(FOUND, Config(ignore=(word,))) == FOUND[1:]


def test_an_error_is_never_ignored():
    assert shown(FOUND, Config(ignore=(ERROR.code,))) == FOUND


def test_a_rule_that_does_not_exist_is_named():
    config = Config(ignore=(WARNING.name[:-1],), path=Path("pyproject.toml"))
    with pytest.raises(Nb2dagError) as caught:
        shown(FOUND, config)
    assert str(caught.value) == (
        f"pyproject.toml: `ignore` in `[tool.nb2dag]`: there is no rule `{WARNING.name[:-1]}`: "
        f"did you mean `{WARNING.name}`?"
    )
