"""Word what is wrong with tags: the family NBD1xx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from nb2dag.compiler.rules.directive_pages import CONTRADICTING_OPTION, REPEATED_DAG, RULES
from nb2dag.directives.spec import NameRule, ValueType
from nb2dag.directives.vocabulary import DIRECTIVES, find_option
from nb2dag.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Label
from nb2dag.model.directive import Directive, DirectiveKind, DirectiveProblem, Option
from nb2dag.model.notebook import Cell
from nb2dag.model.span import START, Region

__all__ = ["RULES", "directive_diagnostics", "tag_conflicts"]

SHOWN = 60
"""Characters of a user's text that a message quotes."""

_BY_NAME = {rule.name: rule for rule in RULES}

_Values = Mapping[str, str]
_Wording = tuple[str, str]


def directive_diagnostics(path: str, cell: Cell, problems: Iterable[DirectiveProblem]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem that the grammar found in the tag of `cell`, in their order."""
    for problem in problems:
        values = dict(problem.values)
        message, hint = _WORDINGS[problem.rule](values)
        rule = _BY_NAME[problem.rule]
        labels = _labels(path, cell, values)
        yield rule.diagnostic(message, cell.span(path, problem.region), hint, labels, _fix(cell, problem, values))


def tag_conflicts(path: str, tagged: Iterable[tuple[Cell, Directive]]) -> Iterator[Diagnostic]:
    """Yield what is wrong between cells: a second DAG cell, and an option that a task's cells give differently.

    `tagged` are the notebook's tagged cells in order. A task named again is continued, which is fine; its list options
    (`after`, `inlets`, `outlets`) add up.
    """
    settings: tuple[Cell, Directive] | None = None
    given: dict[tuple[str, str], tuple[Cell, Option]] = {}
    for cell, directive in tagged:
        if directive.kind is DirectiveKind.DAG:
            if settings is None:
                settings = (cell, directive)
            else:
                yield _repeated_dag(path, cell, directive, settings)
        if directive.kind is not DirectiveKind.TASK or directive.name is None:
            continue
        for option in directive.options:
            first = given.setdefault((directive.name, option.name), (cell, option))
            if not _adds_up(option) and first[1].value != option.value:
                yield _contradicting(path, directive.name, cell, option, first)


def _adds_up(option: Option) -> bool:
    spec = find_option(option.name)
    return spec is not None and spec.type in {ValueType.TASK_IDS, ValueType.ASSETS}


def _repeated_dag(path: str, cell: Cell, directive: Directive, settings: tuple[Cell, Directive]) -> Diagnostic:
    first_cell, first = settings
    return REPEATED_DAG.diagnostic(
        f"this is the notebook's second cell with DAG settings; the first is cell {first_cell.index}",
        cell.span(path, directive.region),
        "move the options to the first one, or make a second notebook",
        (Label(first_cell.span(path, first.region), "the first one"),),
        _without_second(cell, directive, first),
    )


def _without_second(cell: Cell, directive: Directive, first: Directive) -> Fix | None:
    """Return the removal of a second DAG line that says nothing the first one does not."""
    lines = directive.tag_lines
    said = all(
        (option.name, option.value) in [(one.name, one.value) for one in first.options] for option in directive.options
    )
    if not said or directive.name not in (None, first.name) or lines[-1] - lines[0] + 1 != len(lines):
        return None
    count = len(cell.source.split("\n"))
    if lines[-1] < count:
        region = Region(lines[0], 1, lines[-1] + 1, 1)
    else:
        region = Region(lines[0], 1, lines[-1], len(cell.source.split("\n")[-1]) + 1)
    return Fix("Remove the second one", (Edit(cell.index, cell.id, region, ""),), Applicability.SAFE)


def _contradicting(path: str, task: str, cell: Cell, option: Option, first: tuple[Cell, Option]) -> Diagnostic:
    first_cell, first_option = first
    return CONTRADICTING_OPTION.diagnostic(
        f"task `{_shown(task)}` is given `{option.name}` twice, with different values",
        cell.span(path, option.region),
        "give it on the task's first cell only",
        (Label(first_cell.span(path, first_option.region), "given here first"),),
    )


def _shown(text: str) -> str:
    """Return a user's text as one short line for a message."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 3]}..."


def _did_you_mean(values: _Values, otherwise: str = "") -> str:
    return f"did you mean `{values['suggestion']}`?" if values.get("suggestion") else otherwise


def _unknown_directive(values: _Values) -> _Wording:
    known = ", ".join(f"`{spec.magic}`" for spec in DIRECTIVES)
    written = values["directive"]
    sign = "#| " if written.startswith("#") else written[: len(written) - len(written.lstrip("%"))]
    hint = f"did you mean `{sign}{values['suggestion']}`?" if values["suggestion"] else f"the directives are {known}"
    return f"unknown directive `{_shown(written)}`", hint


def _misplaced(values: _Values) -> _Wording:
    tag = values["tag"]
    if tag == "option lines":
        return "option lines stand above the tag", "move them right below it"
    if tag.startswith("%%"):
        return (
            f"`{tag}` is not on the cell's first line",
            "make it the first line; another cell magic goes right below it",
        )
    if tag.startswith("%"):
        return (
            f"`{tag}` is not a line of its own at the left margin",
            "move it to the left margin, outside of any block",
        )
    if tag == "#| ":
        return "option lines stand below code", "move them to the top of the cell"
    return f"`{tag}` stands below code", "move the option lines to the top of the cell"


def _line_magic(values: _Values) -> _Wording:
    name = values["directive"]
    return f"`%{name}` tags a whole cell and needs two percent signs", f"write `%%{name}` on the cell's first line"


def _conflicting(values: _Values) -> _Wording:
    shown = values["directive"]
    named = shown if "`" in shown else f"`{_shown(shown)}`"
    return f"{named} is a second directive in this cell", "a cell has one role: take one of them away"


def _options_without_directive(values: _Values) -> _Wording:
    return (
        f"option line `{_shown(values['option'])}` stands in a cell without a directive",
        "add `#| task: NAME` above it",
    )


def _missing_name(values: _Values) -> _Wording:
    shown = values["directive"]
    with_name = f"{shown}: NAME" if shown.startswith("#") else f"{shown} NAME"
    return f"`{shown}` has no name", f"write `{with_name}`"


def _invalid_name(values: _Values) -> _Wording:
    allowed = "a name is made of letters, digits, `_`, `-` and `.`, as Airflow demands"
    hint = f"{allowed}: `{_shown(values['suggestion'])}`" if values["suggestion"] else allowed
    return f"`{_shown(values['text'])}` cannot be a name: {values['why']}", hint


def _unexpected_argument(values: _Values) -> _Wording:
    text, directive = values["text"], values["directive"]
    message = f"unexpected `{_shown(text)}` in `{directive}`"
    if "whole" in values and not text.startswith(("#", "-")):
        option = values["option"]
        shown, several = _shown(option), _takes_several(option)
        meant = ",".join(values["whole"].split()) if several else f'"{values["whole"]}"'
        message = f"the value of `{shown}` has blanks and no {'commas' if several else 'quotes'}"
        return message, f"write `{shown} {_shown(meant)}`"
    if text.startswith("#"):
        return message, "a tag's line takes no comment: move it to a line of its own"
    if text.startswith("-"):
        return message, "an option is written with two hyphens: `--retries 2`"
    if _takes_no_name(directive):
        return message, f"`{directive}` takes neither a name nor a value"
    return message, "one name is enough; a name with blanks is no Airflow id"


def _takes_several(option: str) -> bool:
    spec = find_option(option.removeprefix("--"))
    return spec is not None and spec.type in {ValueType.TEXTS, ValueType.TASK_IDS}


def _takes_no_name(magic: str) -> bool:
    return any(spec.magic == magic and spec.name is NameRule.NONE for spec in DIRECTIVES)


def _unclosed_quote(_: _Values) -> _Wording:
    return "this quote is never closed", "close it, or put an apostrophe into double quotes"


def _invalid_yaml(values: _Values) -> _Wording:
    if "text" in values:
        return (
            f"`{_shown(values['text'])}` is no option line",
            _did_you_mean(
                values, "write `option: value`; code below `%airflow_dag` needs the magic with one percent sign"
            ),
        )
    return (
        f"this is not valid YAML: {_shown(values['reason'])}",
        "write `option: value`, with quotes around special characters",
    )


def _unknown_option(values: _Values) -> _Wording:
    option, directive = _shown(values["option"]), values["directive"]
    flag = "--" if option.startswith("--") else ""
    otherwise = (
        f"`{directive}?` lists the options" if directive.startswith("%") else "only options of a task stand there"
    )
    hint = f"did you mean `{flag}{values['suggestion']}`?" if values["suggestion"] else otherwise
    return f"unknown option `{option}` of `{directive}`", hint


def _option_elsewhere(values: _Values) -> _Wording:
    return (
        f"`{_shown(values['option'])}` is no option of `{values['directive']}`",
        f"it belongs to {values['homes']}",
    )


def _repeated_option(values: _Values) -> _Wording:
    return f"`{_shown(values['option'])}` is given twice", "take one of them away"


def _missing_value(values: _Values) -> _Wording:
    option = values["option"]
    spec = find_option(option.removeprefix("--"))
    example = spec.example if spec is not None and spec.example else "VALUE"
    shown = f"{option} {example}" if option.startswith("--") else f"{option}: {example}"
    return f"`{_shown(option)}` has no value", f"write for example `{shown}`, or leave the option out"


def _invalid_value(values: _Values) -> _Wording:
    why = f": {values['why']}" if values["why"] else ""
    expected = f"expected {values['expected']}"
    hint = f"{_did_you_mean(values)} {expected}" if values["suggestion"] else expected
    return f"`{_shown(values['text'])}` is no value of `{_shown(values['option'])}`{why}", hint


def _end_before_start(_: _Values) -> _Wording:
    return "the end date is before the start date", "the DAG would never run: exchange the two"


def _not_lowered(values: _Values) -> _Wording:
    shown = values.get("option") or values.get("directive", "")
    hint = "leave it out" if shown != "--map" else "leave it out, and go over the items with a loop in the cell"
    if "directive" in values:
        hint = "write the cell as a `%%airflow_task`, or tag it `%%airflow_skip`"
    return f"`{shown}` is part of the tag language, but this version of nb2dag does not compile it yet", hint


def _repeated_parameters(values: _Values) -> _Wording:
    return (
        f"this is a second parameters cell; the first is cell {values['first']}",
        "move its parameters there: papermill sets those of the first cell only",
    )


_WORDINGS: dict[str, Callable[[_Values], _Wording]] = {
    "unknown-directive": _unknown_directive,
    "misplaced-tag": _misplaced,
    "line-magic-for-a-cell": _line_magic,
    "conflicting-directives": _conflicting,
    "options-without-directive": _options_without_directive,
    "missing-name": _missing_name,
    "invalid-name": _invalid_name,
    "unexpected-argument": _unexpected_argument,
    "unclosed-quote": _unclosed_quote,
    "invalid-yaml": _invalid_yaml,
    "unknown-option": _unknown_option,
    "option-elsewhere": _option_elsewhere,
    "repeated-option": _repeated_option,
    "missing-value": _missing_value,
    "invalid-value": _invalid_value,
    "end-before-start": _end_before_start,
    "not-lowered": _not_lowered,
    "repeated-parameters": _repeated_parameters,
}


def _labels(path: str, cell: Cell, values: _Values) -> tuple[Label, ...]:
    if "line" not in values:
        return ()
    line, column = int(values["line"]), int(values["column"])
    return (Label(cell.span(path, Region(line, column, line, column)), "given here first"),)


def _fix(cell: Cell, problem: DirectiveProblem, values: _Values) -> Fix | None:
    """Return the replacement of a misspelt word, which is a guess, or what a tag plainly lacks."""
    start = problem.region
    if problem.rule == "line-magic-for-a-cell" and (start.line, start.column) == (1, 1):
        sign = Edit(cell.index, cell.id, Region(1, 1, 1, 1), "%")
        return Fix("Write two percent signs", (sign,), Applicability.SAFE)
    if problem.rule == "misplaced-tag":
        return _to_the_top(cell, start)
    suggestion = values.get("suggestion", "")
    if not suggestion or problem.rule not in _MISSPELT:
        return None
    edit = Edit(cell.index, cell.id, problem.region, suggestion)
    return Fix(f"Replace with `{suggestion}`", (edit,), Applicability.UNSAFE)


_MISSPELT = {"unknown-option", "unknown-directive", "invalid-name", "invalid-value", "invalid-yaml"}


def _to_the_top(cell: Cell, start: Region) -> Fix | None:
    """Return the edits that move a tag to the cell's first lines, where it stands on lines of its own below others."""
    lines = cell.source.split("\n")
    line = lines[start.line - 1]
    is_tag = line.startswith("%%") or line.lstrip().startswith("#|")
    if start.line == 1 or start.line > len(lines) or not is_tag or line.endswith("\\"):
        return None
    last = start.line
    while last < len(lines) and lines[last].lstrip().startswith("#|"):
        last += 1
    text = "\n".join(lines[start.line - 1 : last])
    if last < len(lines):
        gone = Region(start.line, 1, last + 1, 1)
    else:
        gone = Region(start.line - 1, len(lines[start.line - 2]) + 1, last, len(lines[last - 1]) + 1)
    edits = (Edit(cell.index, cell.id, START, f"{text}\n"), Edit(cell.index, cell.id, gone, ""))
    return Fix("Move the tag to the top of the cell", edits, Applicability.SAFE)
