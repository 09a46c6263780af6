"""Write the vocabulary for people to read: the help of a magic, and the tables of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from nb2dag.directives.spec import DirectiveSpec, NameRule, OptionSpec, ValueType
from nb2dag.directives.vocabulary import DIRECTIVES, options_of
from nb2dag.model.directive import DirectiveKind

_NAMES = {NameRule.REQUIRED: " NAME", NameRule.OPTIONAL: " [NAME]", NameRule.NONE: ""}
WIDTH = 100
"""Columns of a magic's help."""


def usage(spec: DirectiveSpec) -> str:
    """Return how a directive is written.

    >>> from nb2dag.directives.vocabulary import directive_spec
    >>> usage(directive_spec(DirectiveKind.TASK))
    '%%airflow_task NAME [--option value ...]'
    """
    options = " [--option value ...]" if any(options_of(spec.kind)) else ""
    return f"{spec.magic}{_NAMES[spec.name]}{options}"


def magic_help(spec: DirectiveSpec) -> str:
    """Return what `%%airflow_task?` prints: usage, meaning, and every option."""
    lines = [usage(spec), "", *_wrapped(spec.help, "")]
    if not spec.lowered:
        lines += ["", "This version of nb2dag does not compile it yet."]
    own = [option for option in options_of(spec.kind) if spec.kind in option.directives]
    defaults = [option for option in options_of(spec.kind) if spec.kind not in option.directives]
    lines += _option_help("Options:", own) + _option_help("Defaults for every task:", defaults)
    each = ", and one `#| option: value` line per option" if own else ""
    lines += ["", f"As option lines: `{_option_line(spec)}`{each}."]
    return "\n".join(lines) + "\n"


def _option_help(heading: str, options: list[OptionSpec]) -> list[str]:
    lines = ["", heading] if options else []
    for option in options:
        lines.append(f"  {option.flag} {option.metavar}".rstrip())
        lines += _wrapped(option.help + ("" if option.lowered else " Not compiled yet."), " " * 6)
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def directive_table() -> str:
    """Return the directives as a Markdown table."""
    rows = [(_magics(spec), _code(_option_line(spec)), spec.help + _later(lowered=spec.lowered)) for spec in DIRECTIVES]
    return _table(("magic", "option line", "makes"), rows)


def _magics(spec: DirectiveSpec) -> str:
    """Return the magics of a directive as Markdown, both where there are two."""
    signs = ["%"] * spec.line_magic + ["%%"] * spec.cell_magic
    return ", ".join(_code(f"{sign}{spec.kind.value}{_NAMES[spec.name]}") for sign in signs)


def _option_line(spec: DirectiveSpec) -> str:
    return f"#| {spec.keyword}" + (": NAME" if spec.name is not NameRule.NONE else "")


def option_table(kind: DirectiveKind) -> str:
    """Return a directive's own options as a Markdown table."""
    own = [option for option in options_of(kind) if kind in option.directives]
    if kind is DirectiveKind.DAG:
        return _table(("option", "value", "Airflow", "meaning"), [_row(option) for option in own])
    rows = [(*_row(option)[:-1], "yes" if option.default_arg else "", _row(option)[-1]) for option in own]
    return _table(("option", "value", "Airflow", "on the DAG line", "meaning"), rows)


def special_table() -> str:
    """Return the options that only directives other than a task or the DAG take, as a Markdown table."""
    shown = (DirectiveKind.DAG, DirectiveKind.TASK)
    rows = [
        (_code(spec.magic), *_row(option))
        for spec in DIRECTIVES
        if spec.kind not in shown
        for option in options_of(spec.kind)
        if not set(shown) & set(option.directives)
    ]
    return _table(("directive", "option", "value", "Airflow", "meaning"), rows)


def _row(option: OptionSpec) -> tuple[str, ...]:
    value: str = option.type.value
    if option.type is ValueType.CHOICE and len(option.choices) <= 3:
        value = " or ".join(_code(choice) for choice in option.choices)
    elif option.type is ValueType.CHOICE:
        value = "one word"
    example = f"{value}: {_code(option.example)}" if option.example else value
    return (
        _code(option.name),
        example,
        _code(option.airflow) if option.airflow else "",
        option.help + _later(lowered=option.lowered),
    )


def _later(*, lowered: bool) -> str:
    return "" if lowered else " *(not compiled yet)*"


def _code(text: str) -> str:
    return f"`{text}`"


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
