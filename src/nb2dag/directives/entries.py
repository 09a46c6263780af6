"""Read `option: value` lines, of `#|` lines or of a YAML body, into raw options.

Each entry at the left margin is read by itself, so that a mistake in one does not hide the others, and so that the
plain ones (nearly all) never import a YAML parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nb2dag.directives.raw import EntryLine, RawList, RawOption, RawText
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.span import Region

Entries = tuple[tuple[RawOption, ...], tuple[DirectiveProblem, ...]]

_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*(?::(?=[ \t]|$)[ \t]*|$)")
_QUOTED = re.compile(r"""("[^"\\]*"|'[^']*')[ \t]*(?:#.*)?""")
_WORDS = re.compile(r"\[[ \t]*([A-Za-z_][\w.-]*(?:[ \t]*,[ \t]*[A-Za-z_][\w.-]*)*)[ \t]*\][ \t]*(?:#.*)?")
_WORD = re.compile(r"[\w.-]+")
_PLAIN = re.compile(r"[^\[\]{}\"'|>&!#,?\s-]|-(?=\S)")
_NOT_WORDS = frozenset({"null", "true", "false", "Null", "True", "False", "NULL", "TRUE", "FALSE"})


def read_entries(lines: Iterable[EntryLine]) -> Entries:
    """Return the options written in `lines`, and what is wrong with the text itself.

    A key alone on its line (`shared`, `depends_on_past`) is an option without a value. A value that starts with `@` or
    `*` needs no quotes, as YAML would demand: `schedule: @daily` and `schedule: * * * * *` mean what they say.

    >>> options, _ = read_entries([EntryLine("task: clean", 1, 3), EntryLine("after: [a, b]", 2, 3)])
    >>> [(option.key, type(option.value).__name__) for option in options]
    [('task', 'RawText'), ('after', 'RawList')]
    """
    options: list[RawOption] = []
    problems: list[DirectiveProblem] = []
    for entry in _split(_dedented(list(lines))):
        found = _read_entry(entry)
        if isinstance(found, RawOption):
            options.append(found)
        else:
            problems.append(found)
    return tuple(options), tuple(problems)


def _dedented(lines: list[EntryLine]) -> list[EntryLine]:
    """Take away the indentation that all lines share."""
    indents = [len(line.text) - len(line.text.lstrip(" ")) for line in lines if line.text.strip()]
    margin = min(indents, default=0)
    return [EntryLine(line.text[margin:].rstrip(), line.line, line.cut + margin) for line in lines]


def _split(lines: list[EntryLine]) -> Iterator[list[EntryLine]]:
    """Yield the lines of each entry, blank lines and comments at its end left out."""
    entry: list[EntryLine] = []
    for line in lines:
        if entry and _KEY.match(line.text):
            yield _trimmed(entry)
            entry = []
        if entry or (line.text and not line.text.startswith("#")):
            entry.append(line)
    if entry:
        yield _trimmed(entry)


def _trimmed(entry: list[EntryLine]) -> list[EntryLine]:
    while len(entry) > 1 and (not entry[-1].text or entry[-1].text.startswith("#")):
        entry.pop()
    return entry


def _read_entry(entry: list[EntryLine]) -> RawOption | DirectiveProblem:
    first, last = entry[0], entry[-1]
    match = _KEY.match(first.text)
    if match is None:
        return DirectiveProblem("invalid-yaml", first.region(0, len(first.text)), (("text", first.text),))
    key_region = first.region(*match.span(1))
    if len(entry) == 1:
        rest = first.text[match.end() :]
        if not rest or rest.startswith("#"):
            return RawOption(match[1], key_region, None, first.region(0, match.end(1)))
        value = _simple_value(first, match.end())
        if value is not None:
            end = value.region.end_column - first.cut - 1
            return RawOption(match[1], key_region, value, first.region(0, end))
    from nb2dag.directives.yaml_values import read_yaml_entry

    region = Region(first.line, first.cut + 1, last.line, last.cut + len(last.text) + 1)
    result = read_yaml_entry(entry)
    return result if isinstance(result, DirectiveProblem) else RawOption(match[1], key_region, result, region)


def _simple_value(line: EntryLine, start: int) -> RawText | RawList | None:
    """Return a value that needs no YAML parser, or None."""
    text = line.text
    if quoted := _QUOTED.fullmatch(text, start):
        first, end = quoted.span(1)
        return RawText(text[first + 1 : end - 1], line.region(first, end), True, line.region(first + 1, end - 1))
    if words := _WORDS.fullmatch(text, start):
        found = list(_WORD.finditer(text, *words.span(1)))
        if _NOT_WORDS.isdisjoint(word.group() for word in found):
            regions = [line.region(*word.span()) for word in found]
            items = tuple(RawText(word.group(), at, False, at) for word, at in zip(found, regions, strict=True))
            return RawList(items, line.region(start, text.index("]", start) + 1))
        return None
    plain = text[start:].partition(" #")[0].rstrip()
    if not _PLAIN.match(plain) or ": " in plain or plain.endswith(":"):
        return None
    region = line.region(start, start + len(plain))
    return RawText(plain, region, False, region)
