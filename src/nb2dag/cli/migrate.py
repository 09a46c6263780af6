"""`nb2dag migrate`: put nb2dag's tags in place of Kale's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb2dag.cli import exits
from nb2dag.cli.arguments import notebook_argument

if TYPE_CHECKING:
    from nb2dag.cli.retagging import Retagged
    from nb2dag.compiler.migration.migrate import Migration
    from nb2dag.report.style import Style


@click.command("migrate")
@notebook_argument
@click.option("-w", "--write", is_flag=True, help="Change the notebook itself.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the migrated notebook to FILE."
)
@click.option("--force", is_flag=True, help="With -o: overwrite FILE.")
@click.option(
    "--style",
    type=click.Choice(["magic", "options"]),
    default="magic",
    show_default=True,
    help="Tags as `%%airflow_task name` or as `#| task: name`.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "patch"]),
    default="text",
    show_default=True,
    help="Form of the change; a patch is for `git apply`.",
)
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context, notebook: str, write: bool, output: Path | None, force: bool, style: str, form: str
) -> None:
    """Put nb2dag's tags in place of Kale's in NOTEBOOK, as a difference to accept.

    Every step becomes a task, and every declared edge stays. What has no counterpart is a warning. Nothing is written
    but by --write and -o.

    \b
    Exit codes:
      0  the migrated notebook compiles
      1  it has findings of severity error, which are printed too
      2  could not run, or the notebook is not tagged for Kale
    """  # noqa: D301 - click wants the very character
    from nb2dag.cli.retagging import Retagged, read_text, require_sense, require_writable, write_text
    from nb2dag.compiler.migration.migrate import migrate_notebook
    from nb2dag.config import load_config
    from nb2dag.model.directive import Spelling

    require_sense(form, write=write, output=output, force=force)
    text = read_text(notebook)
    target = Path(notebook) if write else output
    if target is not None:
        require_writable(notebook, target, force=force)
    spelling = Spelling.MAGIC if style == "magic" else Spelling.OPTION_LINES
    found = migrate_notebook(text, notebook, Path(notebook).parent, load_config(notebook).max_file_size, spelling)
    changed = Retagged(notebook, text, found.text, found.added)
    _print(found, changed, form, accepted=target is not None)
    if target is not None:
        write_text(found.text, notebook, target)
        click.echo(f"wrote {target}: see `nb2dag check {target}`", err=True)
    ctx.exit(exits.FINDINGS if found.compilation.has_errors else exits.CLEAN)


def _print(found: Migration, changed: Retagged, form: str, *, accepted: bool) -> None:
    from nb2dag.cli.terminal import style_for
    from nb2dag.report.json_format import dumps

    if form == "json":
        click.echo(dumps(_document(found, changed)), nl=False)
        return
    style = style_for(sys.stdout)
    if form == "patch":
        click.echo(changed.patch(), nl=False)
    else:
        blocks = ["\n".join(_summary(found, style, added=changed.added if accepted else 0))]
        if not accepted:
            blocks += [changed.cell_diff(style), f"accept it: nb2dag migrate {found.notebook.path} --write"]
        click.echo("\n\n".join(blocks), color=style.colour)
    _print_doubts(found)


def _summary(found: Migration, style: Style, added: int) -> Iterator[str]:
    from nb2dag.cli.suggestion_text import cell_ranges
    from nb2dag.report.style import printable
    from nb2dag.report.summary import counted

    yield style.paint(f"{printable(found.notebook.path)}: {counted(len(found.tasks), 'task')}", "bold")
    width = max(len(task.name) for task in found.tasks)
    for task in found.tasks:
        after = f"  after {', '.join(task.after)}" if task.after else ""
        yield f"  {style.paint(task.name.ljust(width), 'green')}  {cell_ranges(task.cells, added)}{after}"


def _print_doubts(found: Migration) -> None:
    """Print the warnings, and the findings of the migrated notebook, to stderr."""
    from nb2dag.cli.terminal import style_for
    from nb2dag.report.style import printable
    from nb2dag.report.text import render_text

    style = style_for(sys.stderr)
    for warned in found.warnings:
        place = f"{found.notebook.path}:cell {warned.cell}:" if warned.cell else f"{found.notebook.path}:"
        line = f"{printable(place)} {style.paint('warning', 'yellow', 'bold')}: {warned.message}"
        click.echo(line, err=True, color=style.colour)
    if found.compilation.has_errors:
        click.echo("the migrated notebook does not compile yet; cells are counted as they are then:\n", err=True)
        blocks = render_text(found.compilation.diagnostics, [found.compilation.notebook], style)
        click.echo(blocks, err=True, color=style.colour)


def _document(found: Migration, changed: Retagged) -> dict[str, Any]:
    from nb2dag.cli.retagging import cells_to_json
    from nb2dag.report.json_format import VERSION, diagnostic_to_json

    return {
        "version": VERSION,
        "notebook": found.notebook.path,
        "dag_id": found.dag_id,
        "tasks": [{"task": task.name, "cells": list(task.cells), "after": list(task.after)} for task in found.tasks],
        "warnings": [{"cell": warned.cell, "message": warned.message} for warned in found.warnings],
        "cells": cells_to_json(changed),
        "diagnostics": [diagnostic_to_json(item) for item in found.compilation.diagnostics],
    }
