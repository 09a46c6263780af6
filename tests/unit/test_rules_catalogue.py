"""The catalogue polices itself: codes unique and ordered, names kebab-case, pages complete."""

from __future__ import annotations

import re

import pytest

from nb2dag.compiler.rules.catalogue import FAMILIES, all_rules, find_rule
from nb2dag.compiler.rules.rule import SECTIONS, Rule
from support.oracle import compile_cells

RULES = all_rules()


def test_codes_are_unique_ordered_and_of_their_family():
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"NBD[0-59]\d\d", code) for code in codes)
    for digit, family in FAMILIES.items():
        assert all(rule.code[3] == digit for rule in family.RULES)


def test_names_are_unique_and_kebab_case():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_page_is_complete(rule: Rule):
    headings = re.findall(r"^## (.*)$", rule.page, re.MULTILINE)
    assert tuple(headings) == SECTIONS
    assert all(rule.section(heading) for heading in SECTIONS)
    assert rule.page.startswith("## ")
    assert rule.page.endswith("\n")
    assert rule.section("What it does").endswith(".")
    assert max(map(len, rule.page.splitlines())) < 400


def test_find_rule():
    assert find_rule("NBD111") is find_rule("nbd111") is find_rule("unknown-option")
    assert find_rule("NBD999") is None
    assert find_rule("") is None


def test_example_cells():
    rule = Rule("NBD999", "x", RULES[0].severity, "## Example\n```python\na = 1\n# %%\nb = 2\n```\n\n## Use instead\n")
    assert rule.example_cells("Example") == ("a = 1", "b = 2")
    assert rule.example_cells("Use instead") == ()
    assert rule.section("When it is wrong") == ""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_messages_say_what_and_what_to_do(rule: Rule):
    for finding in compile_cells(rule.example_cells("Example")).diagnostics:
        assert finding.message
        assert not finding.message.endswith(".")
        assert "\n" not in finding.message + finding.hint
        assert finding.hint
        assert not finding.hint.endswith(".")
        assert not re.search(r"\bNone\b|<\w+>|\{", finding.message)


NOT_SHOWN_BY_CELLS = {"not-python", "file-too-large", "unread-module"}
"""Rules about the kernel and about files beside the notebook, which cells alone cannot show."""


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name not in NOT_SHOWN_BY_CELLS], ids=lambda r: r.name)
def test_examples_raise_what_they_say(rule: Rule):
    assert {item.name for item in compile_cells(rule.example_cells("Example")).diagnostics} == {rule.name}
    assert compile_cells(rule.example_cells("Use instead")).diagnostics == ()
