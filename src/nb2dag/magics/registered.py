"""Register the directives as magics, so that `?`, completion and `%lsmagic` know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nb2dag.directives.grammar import parse_directive
from nb2dag.directives.reference import magic_help
from nb2dag.directives.spec import DirectiveSpec
from nb2dag.directives.vocabulary import DIRECTIVES, options_of
from nb2dag.magics.tag_error import TagError
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.span import Region

KINDS = ("line", "cell")


def magic_specs() -> tuple[DirectiveSpec, ...]:
    """Return the directives that have a magic."""
    return tuple(spec for spec in DIRECTIVES if spec.cell_magic)


def register(shell: Any) -> None:
    """Register every directive, as a line magic too where it is none: its help is the same, and running it says why."""
    for spec in magic_specs():
        for kind in KINDS:
            shell.register_magic_function(_magic(shell, spec), magic_kind=kind, magic_name=spec.kind.value)
        for percents in ("%", "%%"):
            shell.set_hook("complete_command", _completer(spec), str_key=percents + spec.kind.value)


def unregister(shell: Any) -> None:
    """Take back what `register` did."""
    for spec in magic_specs():
        for kind in KINDS:
            shell.magics_manager.magics[kind].pop(spec.kind.value, None)
        for percents in ("%", "%%"):
            shell.strdispatchers["complete_command"].strs.pop(percents + spec.kind.value, None)


def _magic(shell: Any, spec: DirectiveSpec) -> Callable[..., None]:
    """Return the function behind a magic.

    The transformer takes a tag away before IPython would call this. What is left: `%airflow_dag` in the cell that
    loads the extension, whose text was transformed before the transformer was there, and calls by hand.
    """
    from IPython.core.magic import no_var_expand

    def magic(line: str, cell: str | None = None) -> None:
        if cell is None and spec.line_magic:
            source = _running_cell(shell, f"%{spec.kind.value} {line}".rstrip())
            problems = parse_directive(source).problems
        else:
            source = f"%%{spec.kind.value} {line}".rstrip() if cell is not None else f"%{spec.kind.value} {line}"
            problems = _only_as_first_line(source, spec, cell)
        if problems:
            raise TagError(source, problems)

    magic.__doc__ = magic_help(spec)
    magic.__name__ = spec.kind.value
    return no_var_expand(magic)  # type: ignore[no-any-return]


def _running_cell(shell: Any, tag: str) -> str:
    """Return the cell that is being run, as the user typed it, or the tag alone where IPython keeps no history."""
    cells = shell.history_manager.input_hist_raw if shell.history_manager is not None else []
    return cells[-1] if cells and tag in cells[-1] else tag


def _only_as_first_line(source: str, spec: DirectiveSpec, cell: str | None) -> tuple[DirectiveProblem, ...]:
    region = Region(1, 1, 1, len(source) + 1)
    if cell is None:
        return (DirectiveProblem("line-magic-for-a-cell", region, (("directive", spec.kind.value),)),)
    return (DirectiveProblem("misplaced-tag", region, (("tag", f"%%{spec.kind.value}"),)),)


def _completer(spec: DirectiveSpec) -> Callable[[Any, Any], list[str]]:
    def complete(_shell: Any, event: Any) -> list[str]:
        return [option.flag for option in options_of(spec.kind) if option.flag.startswith(event.symbol)]

    return complete
