"""Whatever directive there is, its text reads back as the same directive; whatever text there is, it parses."""

from __future__ import annotations

import keyword
import shlex
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from nb2dag.directives.formatter import format_directive
from nb2dag.directives.grammar import parse_directive
from nb2dag.directives.layout import cell_lines
from nb2dag.directives.names import why_not_id
from nb2dag.directives.spec import NameRule, OptionSpec, ValueType
from nb2dag.directives.vocabulary import DIRECTIVES, OPTIONS, accepts
from nb2dag.directives.words import LogicalLine, split_words
from nb2dag.magics.transformer import untagged
from nb2dag.model.directive import Directive, Option, Spelling
from nb2dag.model.schedule import (
    Asset,
    AssetCondition,
    AssetSchedule,
    CronSchedule,
    IntervalSchedule,
    PresetSchedule,
)
from nb2dag.model.span import START

texts = st.text(min_size=1, max_size=20).filter(lambda text: text.strip())
ids = st.from_regex(r"[\w.][\w.-]{0,20}", fullmatch=True).filter(lambda name: not why_not_id(name))
durations = st.timedeltas(timedelta(microseconds=1), timedelta(days=400))
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
dates = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.none() | offsets).map(  # noqa: DTZ001
    lambda moment: moment.replace(fold=0)
)
asset_names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12).filter(
    lambda name: not ("'" in name and '"' in name) and not name.startswith("asset") and "airflow" not in name
)
assets = asset_names.map(Asset)


def conditions(operands):
    def condition(operator):
        flat = operands.filter(lambda operand: getattr(operand, "operator", "") != operator)
        return st.lists(flat, min_size=2, max_size=3).map(lambda found: AssetCondition(operator, tuple(found)))

    return st.sampled_from(["all", "any"]).flatmap(condition)


schedules = st.one_of(
    st.none(),
    st.sampled_from(["0 6 * * *", "*/5 0-4 1,15 * 1-5", "0 0 L * *", "* * * * *"]).map(CronSchedule),
    st.sampled_from(["@once", "@continuous"]).map(PresetSchedule),
    durations.map(IntervalSchedule),
    st.recursive(assets, conditions, max_leaves=6).map(AssetSchedule),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def tuples(items, key=None):
    return st.lists(items, min_size=1, max_size=4, unique_by=key).map(tuple)


VALUES = {
    ValueType.TEXT: texts,
    ValueType.IDENTIFIER: st.from_regex(r"[^\W\d]\w{0,9}", fullmatch=True).filter(
        lambda name: name.isidentifier() and not keyword.iskeyword(name)
    ),
    ValueType.TASK_IDS: tuples(ids, key=str),
    ValueType.GROUP: st.from_regex(r"[\w-]{1,20}", fullmatch=True),
    ValueType.KERNEL: st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True),
    ValueType.TEXTS: tuples(texts, key=str),
    ValueType.ASSETS: tuples(assets, key=lambda asset: asset.name),
    ValueType.INTEGER: st.integers(1, 2**31 - 1),
    ValueType.BACKOFF: st.booleans() | st.sampled_from([2, 1.5, 10]),
    ValueType.FLAG: st.booleans(),
    ValueType.DURATION: durations,
    ValueType.DATE: dates,
    ValueType.TIMEZONE: st.sampled_from(["UTC", "Europe/Oslo", "Etc/GMT+3"]),
    ValueType.SCHEDULE: schedules,
    ValueType.MAPPING: st.dictionaries(st.text(max_size=8), plain, max_size=3),
}


def value_of(option: OptionSpec):
    if option.type is ValueType.CHOICE:
        return st.sampled_from(option.choices)
    if option.type is ValueType.DEFAULT_ARGS:
        defaults = [other for other in OPTIONS if other.default_arg]
        chosen = st.lists(st.sampled_from(defaults), max_size=3, unique_by=lambda other: other.name)
        return chosen.flatmap(lambda found: st.fixed_dictionaries({other.name: value_of(other) for other in found}))
    return VALUES[option.type]


@st.composite
def directives(draw) -> Directive:
    spec = draw(st.sampled_from([spec for spec in DIRECTIVES if spec.lowered]))
    name = None if spec.name is NameRule.NONE else draw(ids if spec.name is NameRule.REQUIRED else st.none() | ids)
    allowed = [option for option in OPTIONS if accepts(spec.kind, option) and option.lowered]
    chosen = draw(st.lists(st.sampled_from(allowed), max_size=5, unique_by=lambda o: o.name)) if allowed else []
    names = {option.name for option in chosen}
    # Two dates may contradict each other, which is another test's matter.
    if {"start_date", "end_date"} <= names:
        chosen = [option for option in chosen if option.name != "end_date"]
    if "default_args" in names:
        chosen = [option for option in chosen if not option.default_arg]
    options = tuple(Option(option.name, draw(value_of(option)), START) for option in chosen)
    return Directive(spec.kind, name, options, Spelling.MAGIC, START, None, (), 1)


@settings(max_examples=500)
@given(directives(), st.sampled_from([Spelling.MAGIC, Spelling.OPTION_LINES]))
def test_parse_reads_back_what_format_writes(directive, spelling):
    text = format_directive(directive, spelling)
    tag = parse_directive(text + "\nx = 1")
    assert tag.problems == ()
    assert tag.directive is not None
    assert (tag.directive.kind, tag.directive.name) == (directive.kind, directive.name)
    assert {o.name: repr(o.value) for o in tag.directive.options} == {o.name: repr(o.value) for o in directive.options}
    assert tag.directive.body_line == text.count("\n") + 2
    assert format_directive(tag.directive, spelling) == text


pieces = st.sampled_from(
    [
        *("%", "%%", "airflow_task", "airflow_dag", "#|", "#| ", " task: ", "after", "--after", "--", "=", " ", "\n"),
        *("clean", "a,b", "[", "]", "{", "}", '"', "'", "\\", "\\\n", "\t", ":", ": ", "&", "*", "|", ">", "- ", "1"),
        *("schedule", "timeout", "retries", "executor_config", "default_args", "'''", "%%time", "\r\n", "漢", "\x00"),
    ]
)


@settings(max_examples=1000)
@given(st.lists(pieces, max_size=25).map("".join) | st.text(max_size=60))
def test_no_text_makes_the_grammar_fail(source):
    tag = parse_directive(source, ())
    lines = cell_lines(source)
    for problem in tag.problems:
        region = problem.region
        assert (region.line, region.column) <= (region.end_line, region.end_column)
        assert 1 <= region.line <= region.end_line <= len(lines)
        assert 1 <= region.column <= len(lines[region.line - 1]) + 2
    if tag.directive is not None:
        assert set(tag.directive.tag_lines) <= set(range(1, len(lines) + 1))
        assert 1 <= tag.directive.body_line <= len(lines) + 1


@given(st.lists(pieces, max_size=25).map("".join))
def test_taking_a_tag_away_keeps_the_other_lines_in_place(body):
    # IPython, as Python, reads every kind of line end as one.
    source = "%%airflow_task clean\n" + body.replace("\r", "")
    tag = parse_directive(source)
    assert tag.directive is not None
    taken = tag.directive.tag_lines
    before, after = source.split("\n"), untagged(source, taken).split("\n")
    kept = [line for number, line in enumerate(before, 1) if number not in taken]
    if len(after) == len(before):
        assert all(line == after[number - 1] for number, line in enumerate(before, 1) if number not in taken)
        assert all(after[number - 1].lstrip().startswith("#") for number in taken)
    else:
        assert after == kept
        assert next(line for line in kept if line.strip()).lstrip().startswith("%%")


def test_the_regions_are_left_out_of_comparison():
    first = parse_directive("%%airflow_task a --retries 1").directive
    second = parse_directive("#| task: a\n#| retries: 1").directive
    assert first is not None
    assert second is not None
    assert first != second
    assert [replace(o, region=START) for o in first.options] == [replace(o, region=START) for o in second.options]


@given(st.text(st.sampled_from("ab \"'\\-=漢\t"), max_size=30))
def test_words_are_those_of_a_shell(text):
    words, problems = split_words(LogicalLine(text, ((0, 1, 1),)))
    reason, expected = "", []
    try:
        expected = shlex.split(text)
    except ValueError as error:
        reason = str(error)
    if reason:
        # A lone backslash at the end continues the line, which is settled before the line is split.
        assert problems or "escaped" in reason
        return
    assert problems == ()
    assert [word.text for word in words] == expected
    for inner in (word.value.inner for word in words if word.value.inner is not None):
        assert text[inner.column - 1 : inner.end_column - 1] in expected
