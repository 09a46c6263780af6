"""Parse a cell's tag: the one reader of the tag language, for the compiler and for the magics alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nb2dag.directives.flags import MagicWords, read_flags
from nb2dag.directives.layout import KEYWORDS, cell_lines, find_tags
from nb2dag.directives.names import id_like, why_not_id
from nb2dag.directives.nearest import nearest
from nb2dag.directives.options import bind_options
from nb2dag.directives.raw import RawTag, RawText
from nb2dag.directives.spec import DirectiveSpec, NameRule
from nb2dag.directives.values import is_flag_word
from nb2dag.directives.vocabulary import (
    DIRECTIVES,
    DISTINCTIVE_KEYS,
    FOREIGN_KEYS,
    directive_of_keyword,
    directive_of_magic,
)
from nb2dag.model.directive import Directive, DirectiveKind, DirectiveProblem, Spelling, Tag
from nb2dag.model.span import START

PARAMETERS_TAG = "parameters"
"""The cell tag by which papermill knows the parameters cell."""

_MAYBE_TAGGED = re.compile(r"%[ \t]*(?i:airflow)|#[ \t]*\|")
_LOST_COLON = re.compile(rf"({'|'.join(sorted(KEYWORDS))})(?:[ \t]+|:)(?=\S)")
_UNTAGGED = Tag(None)


def parse_directive(source: str, cell_tags: Sequence[str] = ()) -> Tag:
    r"""Return the tag of a code cell with the text `source` and the metadata tags `cell_tags`.

    A cell has one directive or none. Where a tag is wrong the directive is still made if its kind is known, from the
    parts that are right, so that one mistake does not bring forth others; `problems` lists every mistake, in the order
    of the text. Never raises, whatever the text.

    `tag_lines` are exactly the lines to take away: what is left is the cell's own code. `body_line` is the first line
    that is left, which stands above the tag where a comment or `%load_ext nb2dag` does.

    >>> tag = parse_directive("%%airflow_task clean --after extract\ndf = df.dropna()")
    >>> tag.directive.kind.name, tag.directive.name, tag.directive.options[0].value, tag.directive.body_line
    ('TASK', 'clean', ('extract',), 2)
    >>> parse_directive("#| echo: false\nx = 1")
    Tag(directive=None, problems=())
    """
    tags = [tag for tag in _tags(source) if tag.keyword or _is_ours(tag)]
    if not tags:
        return _by_cell_tag() if PARAMETERS_TAG in cell_tags else _UNTAGGED
    problems: list[DirectiveProblem] = []
    directive: Directive | None = None
    seen = False
    for tag in tags:
        made, found = _read_tag(tag, alone=len(tags) == 1)
        problems.extend(found)
        if seen and tag.keyword:
            problems.append(DirectiveProblem("conflicting-directives", tag.region, (("directive", _shown(tag)),)))
        directive = directive or made
        seen = seen or bool(tag.keyword)
    if PARAMETERS_TAG in cell_tags and directive is not None and directive.kind is not DirectiveKind.PARAMETERS:
        values = (("directive", "the `parameters` cell tag"),)
        problems.append(DirectiveProblem("conflicting-directives", directive.region, values))
    return Tag(_placed(directive, tags), tuple(sorted(problems, key=lambda problem: problem.region)))


def _tags(source: str) -> tuple[RawTag, ...]:
    # Nearly every cell of a long notebook ends here.
    return find_tags(cell_lines(source)) if _MAYBE_TAGGED.search(source) else ()


def _by_cell_tag() -> Tag:
    return Tag(Directive(DirectiveKind.PARAMETERS, None, (), Spelling.CELL_TAG, START, None, (), 1))


def _placed(directive: Directive | None, tags: Sequence[RawTag]) -> Directive | None:
    """Say which lines the tags take up, and where the cell's own text begins."""
    if directive is None:
        return None
    lines = tuple(sorted({line for tag in tags for line in tag.lines}))
    body_line = next(number for number in range(1, len(lines) + 2) if number not in lines)
    return replace(directive, tag_lines=lines, body_line=body_line)


def _is_ours(tag: RawTag) -> bool:
    """Whether option lines without a directive look like ours, and not like Quarto's or nbdev's."""
    by_key = any(option.key in DISTINCTIVE_KEYS or _meant_keyword(option.key) for option in tag.options)
    return by_key or any(_without_colon(problem) for problem in tag.problems)


def _without_colon(problem: DirectiveProblem) -> str:
    """Return an option line like `task clean` or `task:clean` as it is meant, an empty string for any other."""
    text = dict(problem.values).get("text", "")
    found = _LOST_COLON.match(text) if problem.rule == "invalid-yaml" else None
    return f"{found[1]}: {text[found.end() :]}" if found else ""


def _meant_keyword(key: str) -> str:
    """Return the directive's keyword that a key misspells, an empty string where it is too far off."""
    if key in FOREIGN_KEYS or key in DISTINCTIVE_KEYS:
        return ""
    import difflib

    simple = key.lower().rstrip("s") if key.lower() not in KEYWORDS else key.lower()
    matches = difflib.get_close_matches(simple, sorted(KEYWORDS), n=1, cutoff=0.75)
    return matches[0] if matches else ""


def _read_tag(tag: RawTag, *, alone: bool) -> tuple[Directive | None, list[DirectiveProblem]]:
    if not tag.keyword:
        return None, _without_directive(tag, alone=alone)
    misplaced = [DirectiveProblem("misplaced-tag", tag.region, (("tag", _shown(tag)),))] if tag.misplaced else []
    spec = directive_of_magic(tag.keyword) if tag.percents else directive_of_keyword(tag.keyword)
    if spec is None:
        return None, [*misplaced, _unknown(tag)]
    problems = misplaced + list(tag.problems)
    if tag.percents == 1 and not spec.line_magic:
        problems.append(
            DirectiveProblem("line-magic-for-a-cell", tag.keyword_region, (("directive", spec.kind.value),))
        )
    words = read_flags(spec, tag.words)
    name = words.name if tag.entry is None else _entry_name(tag, spec, words)
    problems.extend(words.problems)
    problems.extend(_name_problems(tag, spec, name))
    options, option_problems = bind_options(spec, (*words.options, *tag.options))
    problems.extend(option_problems)
    if not spec.lowered:
        problems.append(DirectiveProblem("not-lowered", tag.region, (("directive", spec.magic),)))
    usable = name is not None and not why_not_id(name.text)
    directive = Directive(
        spec.kind,
        name.text if name is not None and usable else None,
        options,
        tag.spelling,
        tag.region,
        name.region if name is not None else None,
        tag.lines,
        1,
    )
    return directive, problems


def _without_directive(tag: RawTag, *, alone: bool) -> list[DirectiveProblem]:
    """Return what to say about option lines that are ours and name no directive."""
    for problem in tag.problems:
        if meant := _without_colon(problem):
            return [replace(problem, values=(*problem.values, ("suggestion", meant)))]
    misspelt = next((option for option in tag.options if _meant_keyword(option.key)), None)
    if misspelt is not None and alone:
        values = (("directive", f"#| {misspelt.key}"), ("suggestion", _meant_keyword(misspelt.key)))
        return [DirectiveProblem("unknown-directive", misspelt.key_region, values)]
    if not alone:
        return [DirectiveProblem("misplaced-tag", tag.region, (("tag", "option lines"),))]
    return [DirectiveProblem("options-without-directive", tag.region, (("option", tag.options[0].key),))]


def _unknown(tag: RawTag) -> DirectiveProblem:
    known = [spec.kind.value for spec in DIRECTIVES if spec.cell_magic]
    percents = "%" * tag.percents
    region = replace(tag.keyword_region, column=tag.keyword_region.column + tag.percents)
    written, _, name = tag.keyword.strip().partition(":")
    meant = nearest(written, known)
    values = (("directive", percents + tag.keyword), ("suggestion", f"{meant} {name}" if meant and name else meant))
    return DirectiveProblem("unknown-directive", region, values)


def _entry_name(tag: RawTag, spec: DirectiveSpec, words: MagicWords) -> RawText | None:
    """Return the name in `#| task: clean`; for a directive without a name, only `true` may stand there."""
    assert tag.entry is not None
    value = tag.entry.value
    if value is None:
        return None
    if not isinstance(value, RawText):
        values = (("text", "a list or a mapping"), ("why", "a name is a word"), ("suggestion", ""))
        words.problems.append(DirectiveProblem("invalid-name", value.region, values))
        return None
    if spec.name is NameRule.NONE:
        if not is_flag_word(value.text) or value.text.lower() not in {"true", "yes", "on"}:
            rest = (("text", value.text), ("directive", spec.magic))
            words.problems.append(DirectiveProblem("unexpected-argument", value.region, rest))
        return None
    if not value.literal and value.text in {"null", "~"}:
        return None
    return value


def _name_problems(tag: RawTag, spec: DirectiveSpec, name: RawText | None) -> Iterator[DirectiveProblem]:
    if name is None:
        refused = tag.entry is not None and not isinstance(tag.entry.value, RawText | None)
        refused = refused or any(word.is_open for word in tag.words)
        if spec.name is NameRule.REQUIRED and not refused:
            yield DirectiveProblem("missing-name", tag.region, (("directive", _shown(tag)),))
    elif why := why_not_id(name.text):
        values = (("text", name.text), ("why", why), ("suggestion", id_like(name.text)))
        yield DirectiveProblem("invalid-name", name.region, values)


def _shown(tag: RawTag) -> str:
    return "%" * tag.percents + tag.keyword if tag.percents else f"#| {tag.keyword}"
