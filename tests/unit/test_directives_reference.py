"""The vocabulary's table holds together, and what is generated from it is what the guide shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nb2dag.directives.grammar import parse_directive
from nb2dag.directives.reference import directive_table, magic_help, option_table, special_table
from nb2dag.directives.spec import NameRule, OptionSpec, ValueType
from nb2dag.directives.vocabulary import DIRECTIVES, OPTIONS, TRIGGER_RULES, directive_spec, options_of
from nb2dag.model.directive import DirectiveKind

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "tag-language.md"

LOWERED_TASK = (
    "after retries retry_delay retry_exponential_backoff timeout cell_timeout connections variables pool pool_slots "
    "priority_weight queue executor executor_config trigger_rule depends_on_past group inlets outlets kernel return doc"
)
LOWERED_DAG = (
    "schedule start_date end_date timezone catchup max_active_runs max_active_tasks dagrun_timeout tags owner "
    "description default_args params"
)


def own(kind: DirectiveKind) -> list[OptionSpec]:
    return [option for option in OPTIONS if kind in option.directives]


def test_what_is_lowered():
    assert {spec.kind.name for spec in DIRECTIVES if spec.lowered} == {"DAG", "TASK", "SHARED", "SKIP", "PARAMETERS"}
    assert [option.name for option in own(DirectiveKind.TASK) if option.lowered] == LOWERED_TASK.split()
    assert [option.name for option in own(DirectiveKind.DAG)] == LOWERED_DAG.split()


def test_every_directive_is_in_the_table_once():
    assert sorted(spec.kind.value for spec in DIRECTIVES) == sorted(kind.value for kind in DirectiveKind)
    keywords = [spec.keyword for spec in DIRECTIVES]
    assert len(set(keywords)) == len(keywords)
    assert not set(keywords) & {option.name for option in OPTIONS}


def test_option_names_are_unique_and_spelled_with_underscores():
    names = [option.name for option in OPTIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_parses_by_its_example(option: OptionSpec):
    spec = directive_spec(option.directives[0])
    name = " x" if spec.name is not NameRule.NONE else ""
    line = f"#| {option.name}: {option.example}" if option.example else f"#| {option.name}"
    tag = parse_directive(f"{spec.magic}{name}\n{line}\n")
    assert {problem.rule for problem in tag.problems} <= {"not-lowered"}
    assert tag.directive is not None
    assert tag.directive.option(option.name) is not None
    assert bool(option.example) or option.type in {ValueType.FLAG, ValueType.BACKOFF}
    assert option.help.endswith((".", "`"))


def test_trigger_rules_are_airflows():
    from airflow.sdk import TriggerRule

    assert sorted(TRIGGER_RULES) == sorted(rule.value for rule in TriggerRule)


@pytest.mark.parametrize("spec", [spec for spec in DIRECTIVES if spec.cell_magic], ids=lambda spec: spec.keyword)
def test_help_of_a_magic_lists_every_option(spec):
    text = magic_help(spec)
    assert text.startswith(spec.magic)
    for option in options_of(spec.kind):
        assert f"  {option.flag} {option.metavar}".rstrip() + "\n" in text


GENERATED = {
    "directives": directive_table,
    "dag-options": lambda: option_table(DirectiveKind.DAG),
    "task-options": lambda: option_table(DirectiveKind.TASK),
    "special-options": special_table,
}


@pytest.mark.parametrize("name", GENERATED)
def test_the_guide_shows_the_table(name):
    """To renew the guide, copy the table that this test expected between the two comments."""
    text = GUIDE.read_text(encoding="utf-8")
    shown = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == GENERATED[name]().strip()


def guide_examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", guide_examples())
def test_the_guides_examples_parse(example):
    for cell in re.split(r"^# %%\n", example, flags=re.MULTILINE):
        assert parse_directive(cell.strip("\n")).problems == ()
