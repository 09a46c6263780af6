"""Find the tags in a cell's text and take them apart into words and entries, without knowing what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nb2dag.directives.entries import read_entries
from nb2dag.directives.logical import inner_lines
from nb2dag.directives.raw import EntryLine, RawOption, RawTag
from nb2dag.directives.vocabulary import DIRECTIVES, DISTINCTIVE_KEYS
from nb2dag.directives.words import LogicalLine, split_words
from nb2dag.model.directive import Spelling
from nb2dag.model.span import Region

KEYWORDS = frozenset(spec.keyword for spec in DIRECTIVES)
"""The option-line keys that name a directive."""

_NAME = r"[ \t]*(?i:airflow)(?!_preview\b)[_-]?\w[\w-]*(?::[\w.-]*)?(?=\s|\\|$)"
_MAGIC = re.compile(rf"([ \t]*)(%%?)({_NAME})")
"""A magic of the tag language, or what is meant as one: `%%Airflow-task`, `%% airflow_task`, `%%airflow_task:`.

`%airflow_preview` is a view on the notebook and tags nothing.
"""

_CELL_MAGIC = re.compile(r"[ \t]*%%(\w+|!)")
_OPTION_LINE = re.compile(r"[ \t]*#[ \t]*\|[ \t]?")
_COMMENT = re.compile(r"[ \t]*(?:#|$)")
_OUR_KEYS = "|".join(sorted(KEYWORDS | DISTINCTIVE_KEYS))
_STRAY = re.compile(
    rf"^[ \t]*(?:%%?{_NAME}|#[ \t]*\|[ \t]*(?:{_OUR_KEYS})[ \t]*(?::[ \t]|:?$))",
    re.MULTILINE,
)

OPAQUE_MAGICS = frozenset(
    {"!", "R", "SVG", "bash", "cmd", "cython", "file", "html", "javascript", "js", "latex", "markdown", "md", "perl"}
    | {"powershell", "pypy", "python", "python2", "python3", "ruby", "script", "sh", "sql", "svg", "sx", "system"}
    | {"writefile"}
)
"""Cell magics whose body is data or another process's code: nothing in it is a tag."""


def cell_lines(source: str) -> list[str]:
    """Return a cell's lines as Python counts them, without their ends; a final line end begins no further line."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def find_tags(lines: Sequence[str]) -> tuple[RawTag, ...]:
    """Return every tag in a cell, in order; one that stands in the wrong place is marked so.

    Option lines that name no directive make a tag with the keyword "": whether they are ours, the grammar knows.
    """
    first = next((number for number, line in enumerate(lines, 1) if line.strip()), 1)
    ours = _MAGIC.match(lines[first - 1])
    if ours and ours[2] == "%%":
        tag = _magic_tag(lines, first, ours)
        return (tag, *_strays(lines, tag.lines[-1] + 1))
    if cell_magic := _CELL_MAGIC.match(lines[first - 1]):
        return () if cell_magic[1] in OPAQUE_MAGICS else tuple(_strays(lines, first + 1))
    tags = _option_line_tags(lines, first)
    last = max((tag.lines[-1] for tag in tags), default=0)
    return (*tags, *_strays(lines, last + 1, in_place=True))


def _strays(lines: Sequence[str], start: int, *, in_place: bool = False) -> Iterator[RawTag]:
    """Yield the tags from line `start` on: `in_place` where a line magic is right, every other one is misplaced."""
    if not _STRAY.search("\n".join(lines[start - 1 :])) or _is_opaque(lines, start):
        return
    inner = inner_lines(lines)
    number = start
    while number <= len(lines):
        line = lines[number - 1]
        if number in inner or not _STRAY.match(line):
            number += 1
            continue
        match = _MAGIC.match(line)
        if match is None:
            found = _option_line_tags(lines, number, misplaced=True)
        else:
            misplaced = not in_place or len(match[2]) == 2 or bool(match[1])
            found = (_magic_tag(lines, number, match, misplaced=misplaced),)
        yield from found
        number = found[-1].lines[-1] + 1


def _is_opaque(lines: Sequence[str], start: int) -> bool:
    first = next((line for line in lines[start - 1 :] if not _COMMENT.match(line)), "")
    match = _CELL_MAGIC.match(first)
    return match is not None and match[1] in OPAQUE_MAGICS


def _magic_tag(lines: Sequence[str], first: int, match: re.Match[str], *, misplaced: bool = False) -> RawTag:
    last = first
    while lines[last - 1].endswith("\\") and last < len(lines):
        last += 1
    words, problems = split_words(_logical_line(lines, first, last, match.end()))
    is_yaml = match[2] == "%%" and match[3] == "airflow_dag"
    following = list(_option_lines(lines, last + 1))
    below = following[-1].line if following else last
    entries, entry_problems = read_entries(following)
    taken = [*range(first, last + 1), *(line.line for line in following)]
    if is_yaml:
        body = [EntryLine(line, number) for number, line in enumerate(lines, 1) if number > below]
        body_entries, body_problems = read_entries(body)
        entries, entry_problems = entries + body_entries, entry_problems + body_problems
        taken = list(range(first, len(lines) + 1))
    indent = len(match[1])
    return RawTag(
        match[3],
        Region(first, indent + 1, first, match.end() + 1),
        Spelling.MAGIC,
        Region(first, indent + 1, last, len(lines[last - 1].rstrip()) + 1),
        tuple(taken),
        len(match[2]),
        words,
        None,
        entries,
        problems + entry_problems,
        misplaced,
    )


def _logical_line(lines: Sequence[str], first: int, last: int, start: int) -> LogicalLine:
    """Join the pieces of a magic's line as IPython does: the backslash goes, and a blank comes between."""
    text, pieces = "", []
    for number in range(first, last + 1):
        cut = start if number == first else 0
        piece = lines[number - 1][cut:].removesuffix("\\")
        pieces.append((len(text), number, cut + 1))
        text += piece + (" " if number < last else "")
    return LogicalLine(text, tuple(pieces))


def _option_lines(lines: Sequence[str], start: int) -> Iterator[EntryLine]:
    """Yield the `#|` lines from line `start` up to the first code; comments and blank lines may stand between."""
    for number in range(start, len(lines) + 1):
        line = lines[number - 1]
        if match := _OPTION_LINE.match(line):
            yield EntryLine(line[match.end() :], number, match.end())
        elif not _COMMENT.match(line):
            return


def _option_line_tags(lines: Sequence[str], start: int, *, misplaced: bool = False) -> tuple[RawTag, ...]:
    """Return the tag of a block of option lines; a second directive in the block is a second tag."""
    found = list(_option_lines(lines, start))
    if not found:
        return ()
    options, problems = read_entries(found)
    heads = [option for option in options if option.key in KEYWORDS]
    taken = tuple(line.line for line in found)
    others = tuple(option for option in options if option.key not in KEYWORDS)
    if not heads:
        region = Region(taken[0], 1, taken[-1], len(lines[taken[-1] - 1]) + 1)
        return (RawTag("", region, Spelling.OPTION_LINES, region, taken, 0, (), None, others, problems, misplaced),)
    first, *rest = heads
    tag = _entry_tag(first, taken, others, misplaced)
    return (
        RawTag(
            tag.keyword, tag.keyword_region, tag.spelling, tag.region, taken, 0, (), first, others, problems, misplaced
        ),
        *(_entry_tag(head, (head.region.line,), (), misplaced) for head in rest),
    )


def _entry_tag(head: RawOption, taken: tuple[int, ...], options: tuple[RawOption, ...], misplaced: bool) -> RawTag:
    return RawTag(
        head.key,
        head.key_region,
        Spelling.OPTION_LINES,
        head.region,
        taken,
        entry=head,
        options=options,
        misplaced=misplaced,
    )
