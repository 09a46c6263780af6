"""`nb2dag suggest`: propose which cells of an untagged notebook to make tasks of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb2dag.cli import exits
from nb2dag.cli.arguments import notebook_argument

if TYPE_CHECKING:
    from nb2dag.cli.retagging import Retagged
    from nb2dag.compiler.suggestion.notebook import SuggestedTags


@click.command("suggest")
@notebook_argument
@click.option("-w", "--write", is_flag=True, help="Tag the notebook itself.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the tagged notebook to FILE."
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
    help="Form of the suggestion; a patch is for `git apply`.",
)
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context, notebook: str, write: bool, output: Path | None, force: bool, style: str, form: str
) -> None:
    """Suggest tags for NOTEBOOK, which has no tasks yet, as a difference to accept.

    Cuts are made at headings and where little is handed over. What is suggested compiles; `nb2dag verify` proves it on
    your data. Nothing is written but by --write and -o.

    \b
    Exit codes:
      0  a suggestion was made
      1  the notebook cannot be a DAG as it is; the findings say why
      2  could not run, or the notebook has tasks already
    """  # noqa: D301 - click wants the very character
    from nb2dag.cli.retagging import Retagged, read_text, require_sense, require_writable, write_text
    from nb2dag.compiler.suggestion.notebook import suggest_notebook
    from nb2dag.config import load_config
    from nb2dag.model.directive import Spelling

    require_sense(form, write=write, output=output, force=force)
    text = read_text(notebook)
    target = Path(notebook) if write else output
    if target is not None:
        require_writable(notebook, target, force=force)
    spelling = Spelling.MAGIC if style == "magic" else Spelling.OPTION_LINES
    found = suggest_notebook(text, notebook, Path(notebook).parent, load_config(notebook).max_file_size, spelling)
    if found.text is None:
        _print_errors(found, form)
        ctx.exit(exits.FINDINGS)
    changed = Retagged(notebook, text, found.text, found.added)
    _print(found, changed, form, accepted=target is not None)
    if target is not None:
        write_text(found.text, notebook, target)
        click.echo(f"wrote {target}: see `nb2dag check {target}`, then `nb2dag verify {target}`", err=True)


def _print(found: SuggestedTags, changed: Retagged, form: str, *, accepted: bool) -> None:
    from nb2dag.cli.terminal import style_for
    from nb2dag.report.json_format import dumps

    if form == "json":
        click.echo(dumps(_document(found, changed)), nl=False)
    elif form == "patch":
        click.echo(changed.patch(), nl=False)
    else:
        from nb2dag.cli.suggestion_text import suggestion_text

        style = style_for(sys.stdout)
        click.echo(suggestion_text(found, changed, style, accepted=accepted), nl=False, color=style.colour)


def _document(found: SuggestedTags, changed: Retagged) -> dict[str, Any]:
    from nb2dag.cli.retagging import cells_to_json
    from nb2dag.report.json_format import VERSION

    proposal = found.proposal
    assert proposal is not None
    return {
        "version": VERSION,
        "notebook": found.path,
        "dag_id": found.dag_id,
        "tasks": [
            {"task": task.name, "cells": list(task.cells), "hands_over": list(task.hands_over)}
            for task in proposal.tasks
        ],
        "shared": list(proposal.shared),
        "parameters": proposal.parameters,
        "skipped": list(proposal.skipped),
        "cells": cells_to_json(changed),
    }


def _print_errors(found: SuggestedTags, form: str) -> None:
    from nb2dag.cli.terminal import style_for
    from nb2dag.report.json_format import render_json
    from nb2dag.report.summary import summarise
    from nb2dag.report.text import render_text

    if form == "json":
        click.echo(render_json(found.errors, summarise(found.errors, 1)), nl=False)
        return
    style = style_for(sys.stderr)
    if found.errors:
        click.echo(render_text(found.errors, [found.notebook], style), err=True, color=style.colour)
    reason = "nothing can be suggested until this is mended" if found.errors else "there is no code to make tasks of"
    click.echo(f"{found.path}: {reason}", err=True)
