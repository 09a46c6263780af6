"""Read the words after a magic: the name, and flags with their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from nb2dag.directives.raw import RawOption, RawText, Word
from nb2dag.directives.spec import DirectiveSpec, NameRule, OptionSpec, ValueType
from nb2dag.directives.values import is_flag_word
from nb2dag.directives.vocabulary import find_option
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.span import Region

_FLAG = re.compile(r"--([A-Za-z][\w-]*)(=)?")


@dataclass(slots=True)
class MagicWords:
    """What the words after a magic say."""

    name: RawText | None = None
    options: list[RawOption] = field(default_factory=list)
    problems: list[DirectiveProblem] = field(default_factory=list)


def read_flags(directive: DirectiveSpec, words: Sequence[Word]) -> MagicWords:
    """Take a magic's words apart.

    A flag's value is the next word, or follows `=`. An on-off flag takes the next word only if that is `true`, `false`
    or the like; `--no-catchup` is `--catchup=false`.
    """
    found = MagicWords()
    words = _without_open_quote(words)
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        match = _FLAG.match(word.text)
        if match is None and found.name is None and directive.name is not NameRule.NONE:
            found.name = word.value
            continue
        if match is None:
            first = index - 1
            while index < len(words) and not _FLAG.match(words[index].text):
                index += 1
            _unexpected(directive, words[first:index], words[max(0, first - 1) : first], found)
            continue
        name, equals = match.groups()
        if equals:
            option = _option(word, name, _after(word, match.end()), word.region)
        elif _takes_value(name, words[index : index + 1]):
            value = words[index]
            index += 1
            option = _option(word, name, value.value, _spanning(word.region, value.region))
        else:
            option = _option(word, name, None, word.region)
        found.options.append(_negated(option))
    return found


def _without_open_quote(words: Sequence[Word]) -> Sequence[Word]:
    """Leave out what a quote that is never closed swallowed: whatever it says, it is not what was meant."""
    if not words or not words[-1].is_open:
        return words
    kept = words[:-1]
    return kept[:-1] if kept and _takes_value(kept[-1].text.removeprefix("--"), words[-1:]) else kept


def _takes_value(name: str, following: Sequence[Word]) -> bool:
    if not following:
        return False
    word = following[0]
    if word.text.startswith("--") and not word.quoted:
        return False
    spec = find_option(name)
    if spec is None:
        return not _is_off_switch(name)
    if spec.type is ValueType.BACKOFF:
        return is_flag_word(word.text) or word.text[:1].isdigit()
    return spec.type is not ValueType.FLAG or is_flag_word(word.text)


def _off_spec(name: str) -> OptionSpec | None:
    rest = name.replace("-", "_").removeprefix("no_")
    spec = find_option(rest) if rest != name.replace("-", "_") else None
    return spec if spec is not None and spec.type in {ValueType.FLAG, ValueType.BACKOFF} else None


def _is_off_switch(name: str) -> bool:
    return find_option(name) is None and _off_spec(name) is not None


def _negated(option: RawOption) -> RawOption:
    if option.value is not None or not _is_off_switch(option.key):
        return option
    spec = _off_spec(option.key)
    assert spec is not None
    return RawOption(
        spec.name.replace("_", "-"), option.key_region, RawText("false", option.region), option.region, True
    )


def _option(word: Word, name: str, value: RawText | None, region: Region) -> RawOption:
    start = word.region
    key_region = Region(start.line, start.column + 2, start.line, start.column + 2 + len(name))
    return RawOption(name, key_region, value, region, True)


def _after(word: Word, offset: int) -> RawText:
    """Return the value of `--flag=value`."""
    text = word.text[offset:]
    if word.value.inner is not None and not word.quoted:
        region = word.value.part(offset, len(word.text))
        return RawText(text, region, True, region)
    whole = word.region
    region = Region(whole.line, whole.column + offset, whole.end_line, whole.end_column)
    return RawText(text, region, True, _unquoted(text, region))


def _unquoted(text: str, region: Region) -> Region | None:
    """Return where `text` stands in `region` if one pair of quotes is all that was taken away."""
    if region.line != region.end_line or region.end_column - region.column != len(text) + 2:
        return None
    return Region(region.line, region.column + 1, region.line, region.end_column - 1)


def _unexpected(directive: DirectiveSpec, rest: Sequence[Word], before: Sequence[Word], found: MagicWords) -> None:
    """Say that words are left over; right after an option's value they are its rest, and the value is not read."""
    region = _spanning(rest[0].region, rest[-1].region)
    text = " ".join(word.text for word in rest)
    values = [("text", text), ("directive", directive.magic)]
    last = found.options[-1] if found.options else None
    if last is not None and isinstance(last.value, RawText) and before and before[0].value is last.value:
        found.options.pop()
        region = _spanning(last.value.region, region)
        values += [("option", f"--{last.key}"), ("whole", f"{last.value.text} {text}")]
    found.problems.append(DirectiveProblem("unexpected-argument", region, tuple(values)))


def _spanning(first: Region, last: Region) -> Region:
    return Region(first.line, first.column, last.end_line, last.end_column)
