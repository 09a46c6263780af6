"""Change the tag in a cell's text as a form or a menu asks: one option, the whole tag, or a task's name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from nb2dag.directives.formatter import format_directive, format_option
from nb2dag.directives.grammar import parse_directive
from nb2dag.directives.names import id_like, why_not_id
from nb2dag.directives.spec import ValueType
from nb2dag.directives.vocabulary import directive_spec, find_option
from nb2dag.model.directive import Directive, DirectiveKind, DirectiveProblem, Option, Spelling
from nb2dag.model.span import START, Region

_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Replacement:
    """A region of a cell's text and the text that shall stand there."""

    region: Region
    text: str


class NotWritable(Exception):
    """What was asked for cannot be written in a tag; `problems` say why, about the text that was given."""

    def __init__(self, problems: tuple[DirectiveProblem, ...]) -> None:
        super().__init__(", ".join(problem.rule for problem in problems))
        self.problems = problems


def read_option(kind: DirectiveKind, name: str, text: str) -> Option:
    """Return the option `name` of a directive with the value that a form's `text` spells.

    Raises:
        NotWritable: The text is no value of that option.

    >>> read_option(DirectiveKind.TASK, "after", "extract, load").value
    ('extract', 'load')
    """
    spec = find_option(name)
    if spec is None:
        values = (("option", name), ("directive", directive_spec(kind).magic), ("suggestion", ""))
        raise NotWritable((DirectiveProblem("unknown-option", START, values),))
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    value = f"={text.strip()}" if spec.type is ValueType.FLAG else f' "{quoted}"'
    tag = parse_directive(f"{_magic(kind)} {spec.flag}{value}")
    option = tag.directive.option(spec.name) if tag.directive is not None else None
    if option is None or tag.problems:
        raise NotWritable(tag.problems)
    return option


def with_option(source: str, directive: Directive, name: str, option: Option | None) -> Replacement | None:
    r"""Return what writes `option` into the cell's tag, or takes the option `name` out; None where nothing changes.

    >>> tag = parse_directive("%%airflow_task clean --retries 2\nx = 1").directive
    >>> with_option("%%airflow_task clean --retries 2\nx = 1", tag, "retries", None).text
    ''
    """
    lines = source.split("\n")
    old = directive.option(name)
    if old is None:
        return _added(lines, directive, option) if option is not None else None
    as_flag = _is_flag(lines, old.region)
    if option is None:
        return _removed(lines, old.region, as_flag=as_flag)
    if as_flag and "\n" in format_option(option, flag=True):
        return None
    text = format_option(option, flag=as_flag)
    if as_flag and not text.startswith("--"):
        return _moved_below(lines, directive, old.region, text)
    return None if text == _text(lines, old.region) else Replacement(old.region, text)


def with_tag(source: str, directive: Directive | None, tag: Directive | None, spelling: Spelling) -> Replacement:
    r"""Return what puts `tag` in the place of the cell's tag; None takes it out.

    The new tag goes where the old one began, or to the top.

    >>> task = Directive(DirectiveKind.TASK, "clean", (), Spelling.MAGIC, START, None, (), 1)
    >>> with_tag("x = 1", None, task, Spelling.MAGIC)
    Replacement(region=Region(line=1, column=1, end_line=1, end_column=1), text='%%airflow_task clean\n')
    """
    written = format_directive(tag, spelling) if tag is not None else ""
    if directive is None or not directive.tag_lines:
        return Replacement(START, f"{written}\n" if written else "")
    lines = source.split("\n")
    first, last = directive.tag_lines[0], directive.tag_lines[-1]
    kept = [lines[number - 1] for number in range(first, last + 1) if number not in directive.tag_lines]
    text = "\n".join([*([written] if written else []), *kept])
    if not text and last < len(lines):
        return Replacement(Region(first, 1, last + 1, 1), "")
    return Replacement(Region(first, 1, last, len(lines[last - 1]) + 1), text)


def renamed(source: str, directive: Directive, old: str, new: str) -> tuple[Replacement, ...]:
    """Return what renames a task in one cell: its name, and where other tasks name it in `after` and `teardown`."""
    made = []
    if directive.name == old and directive.name_region is not None:
        made.append(Replacement(directive.name_region, new))
    for option in directive.options:
        spec = find_option(option.name)
        if spec is None or spec.type is not ValueType.TASK_IDS or not isinstance(option.value, tuple):
            continue
        if old in option.value:
            value = tuple(new if each == old else each for each in option.value)
            change = with_option(source, directive, option.name, replace(option, value=value))
            if change is not None:
                made.append(change)
    return tuple(made)


def require_task_name(name: str) -> None:
    """Make sure that `name` can be a task's id.

    Raises:
        NotWritable: It cannot.
    """
    why = why_not_id(name)
    if why:
        values = (("text", name), ("why", why), ("suggestion", id_like(name)))
        raise NotWritable((DirectiveProblem("invalid-name", START, values),))


def _magic(kind: DirectiveKind) -> str:
    return f"%%{kind.value} name" if kind is not DirectiveKind.DAG else "%airflow_dag name"


def _text(lines: list[str], region: Region) -> str:
    if region.line == region.end_line:
        return lines[region.line - 1][region.column - 1 : region.end_column - 1]
    first = lines[region.line - 1][region.column - 1 :]
    inner = lines[region.line : region.end_line - 1]
    return "\n".join([first, *inner, lines[region.end_line - 1][: region.end_column - 1]])


def _is_flag(lines: list[str], region: Region) -> bool:
    return lines[region.line - 1][region.column - 1 :].startswith("--")


def _added(lines: list[str], directive: Directive, option: Option) -> Replacement | None:
    magic = directive.spelling is Spelling.MAGIC
    text = format_option(option, flag=magic)
    if magic and text.startswith("--"):
        return Replacement(_after(lines, directive.region.end_line), f" {text}")
    below = _last_option_line(lines, directive)
    return Replacement(_end(lines, below), f"\n#| {text}")


def _last_option_line(lines: list[str], directive: Directive) -> int:
    """Return the last line of the tag that is a magic or an option line, and not the YAML body of a DAG's."""
    last = max(directive.region.end_line, directive.tag_lines[0])
    for number in directive.tag_lines:
        if number > last and re.match(r"[ \t]*#[ \t]*\|", lines[number - 1]):
            last = number
    return last


def _removed(lines: list[str], region: Region, *, as_flag: bool) -> Replacement:
    if as_flag:
        line = lines[region.line - 1]
        start = len(line[: region.column - 1].rstrip(_BLANKS)) + 1
        # A flag that stands alone on a continued line: the blanks before it are that line's indentation.
        column = start if line[: start - 1] else region.column
        return Replacement(replace(region, column=column), "")
    if region.end_line < len(lines):
        return Replacement(Region(region.line, 1, region.end_line + 1, 1), "")
    if region.line > 1:
        before = len(lines[region.line - 2]) + 1
        return Replacement(Region(region.line - 1, before, region.end_line, len(lines[region.end_line - 1]) + 1), "")
    return Replacement(Region(1, 1, region.end_line, len(lines[region.end_line - 1]) + 1), "")


def _moved_below(lines: list[str], directive: Directive, old: Region, text: str) -> Replacement:
    """Return what takes a flag out and writes it as an option line below the magic, in one replacement."""
    last = directive.region.end_line
    gone = _removed(lines, old, as_flag=True).region
    end = _end(lines, last)
    rest = _text(lines, Region(gone.end_line, gone.end_column, end.line, end.column))
    return Replacement(Region(gone.line, gone.column, end.line, end.column), f"{rest}\n#| {text}")


def _after(lines: list[str], number: int) -> Region:
    """Return the place right after the last character of a line that is no blank."""
    column = len(lines[number - 1].rstrip(_BLANKS)) + 1
    return Region(number, column, number, len(lines[number - 1]) + 1)


def _end(lines: list[str], number: int) -> Region:
    column = len(lines[number - 1]) + 1
    return Region(number, column, number, column)
