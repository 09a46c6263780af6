"""Compile notebooks one after the other, collect what is found, and print it in the format asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2dag.cli import exits
from nb2dag.config import Config, load_config
from nb2dag.errors import BundleConflict, Nb2dagError, NotebookUnreadable
from nb2dag.model.diagnostic import Diagnostic
from nb2dag.report.summary import Summary, summarise

if TYPE_CHECKING:
    from nb2dag.compiler.pipeline import Compilation
    from nb2dag.compiler.rules.selection import Selection
    from nb2dag.model.notebook import Notebook
    from nb2dag.model.plan import DagPlan


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of compiling several notebooks.

    `unreadable` are those that are no notebooks at all, as pairs of path and reason. `diagnostics` are those
    that settings and command line want shown.
    """

    compilations: tuple[tuple[str, Compilation], ...]
    diagnostics: tuple[Diagnostic, ...]
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def summary(self) -> Summary:
        """The diagnostics, counted."""
        return summarise(self.diagnostics, len(self.compilations))

    @property
    def plans(self) -> list[tuple[str, DagPlan]]:
        """The plans of the notebooks without errors, each with its notebook's path."""
        return [(path, one.plan) for path, one in self.compilations if one.plan is not None]

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends here."""
        if self.unreadable:
            return exits.COULD_NOT_RUN
        return exits.FINDINGS if self.summary.errors else exits.CLEAN


def collect(
    paths: Sequence[str],
    compile_one: Callable[[str], Compilation],
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Findings:
    """Run `compile_one` on each path; a notebook that cannot be read does not keep the others from being checked.

    `select` and `ignore` are words of the command line, see `selection_for`.
    """
    compilations, diagnostics, unreadable = [], [], []
    for path in paths:
        selection = selection_for(load_config(path), select, ignore)
        try:
            compilation = compile_one(path)
        except NotebookUnreadable as error:
            unreadable.append((path, str(error)))
            continue
        compilations.append((path, compilation))
        diagnostics.extend(selection.apply(compilation.diagnostics))
    return Findings(tuple(compilations), tuple(diagnostics), tuple(unreadable))


def selection_for(config: Config, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Selection:
    """Return which findings of a notebook are shown: as its settings say, and the words of the command line.

    `select` replaces that of the settings, `ignore` adds to it.

    Raises:
        Nb2dagError: A word names no rule, or asks for an error to be ignored or lowered.
    """
    from nb2dag.compiler.rules.selection import make_selection

    try:
        selection = make_selection(config.select, config.ignore, config.severity)
    except Nb2dagError as error:
        raise Nb2dagError(f"{config.path}: `[tool.nb2dag]`: {error}") from error
    if select or ignore:
        return make_selection(select or config.select, (*config.ignore, *ignore), config.severity)
    return selection


def print_text(findings: Findings, *, err: bool = False) -> None:
    """Print the findings for people, with the summary at the end; to stderr with `err`."""
    from nb2dag.cli.terminal import style_for
    from nb2dag.report.text import render_summary, render_text

    style = style_for(sys.stderr if err else sys.stdout)
    notebooks = [compilation.notebook for _, compilation in findings.compilations]
    blocks = render_text(findings.diagnostics, notebooks, style)
    if blocks:
        click.echo(blocks, err=err, color=style.colour)
    print_unreadable(findings)
    if findings.compilations:
        click.echo(render_summary(findings.summary, style), nl=False, err=err, color=style.colour)


def print_unreadable(findings: Findings) -> None:
    """Say on stderr which notebooks could not be read, and why."""
    for _, reason in findings.unreadable:
        click.echo(f"nb2dag: {reason}", err=True)


def require_distinct(findings: Findings) -> None:
    """Make sure that no two notebooks make the same DAG.

    Raises:
        BundleConflict: Two do; the message names both.
    """
    owners: dict[str, str] = {}
    for path, plan in findings.plans:
        owner = owners.setdefault(plan.dag_id, path)
        if owner != path:
            raise BundleConflict(
                f"{owner} and {path} both make the DAG `{plan.dag_id}`: give one of them another name, in its "
                "`%airflow_dag` line or, where it has none, as its file name"
            )


def require_plan(ctx: click.Context, path: str, *, print_warnings: bool = False) -> tuple[Notebook, DagPlan]:
    """Compile one notebook for a command that needs its plan, and return both; see `require_compilation`."""
    compilation, plan = require_compilation(ctx, path, print_warnings=print_warnings)
    return compilation.notebook, plan


def require_compilation(ctx: click.Context, path: str, *, print_warnings: bool = False) -> tuple[Compilation, DagPlan]:
    """Compile one notebook for a command that needs its plan, and return the compilation with it.

    With findings of severity error there is no plan: they are printed to stderr, and the command ends with their exit
    code. With `print_warnings`, findings that stop nothing are printed there too.
    """
    from nb2dag.compiler.pipeline import compile_notebook

    if Path(path).is_dir():
        raise Nb2dagError(f"{path}: is a folder, and this command takes one notebook")
    findings = collect([path], compile_notebook)
    compilation = findings.compilations[0][1] if findings.compilations else None
    if compilation is None or compilation.plan is None:
        print_text(findings, err=True)
        ctx.exit(findings.exit_code or exits.COULD_NOT_RUN)
    if print_warnings and findings.diagnostics:
        print_text(findings, err=True)
    return compilation, compilation.plan
