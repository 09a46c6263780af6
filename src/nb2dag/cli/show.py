"""`nb2dag show`: print a notebook's tasks, edges, handoffs and params."""

from __future__ import annotations

import sys

import click

from nb2dag.cli.arguments import notebook_argument


@click.command("show")
@notebook_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "mermaid"]),
    default="text",
    show_default=True,
    help="Form of the graph.",
)
@click.option("--cells", is_flag=True, help="List each code cell's names instead: defined, referenced, mutated.")
@click.pass_context
def command(ctx: click.Context, notebook: str, form: str, *, cells: bool) -> None:
    """Show the tasks, edges, handoffs and params of NOTEBOOK, or with --cells the names of its cells.

    With findings of severity error there is no graph: they are printed instead. --cells lists what can be listed, of
    a notebook without tags too.
    """
    if cells:
        _show_cells(notebook, form)
        return
    from nb2dag.cli.findings import require_plan
    from nb2dag.cli.graph_views import graph_document, graph_mermaid, graph_text
    from nb2dag.cli.terminal import style_for

    _, plan = require_plan(ctx, notebook)
    if form == "json":
        from nb2dag.report.json_format import dumps

        click.echo(dumps(graph_document(plan)), nl=False)
    elif form == "mermaid":
        click.echo(graph_mermaid(plan), nl=False)
    else:
        style = style_for(sys.stdout)
        click.echo(graph_text(plan, style), nl=False, color=style.colour)


def _show_cells(notebook: str, form: str) -> None:
    from nb2dag.cli.cell_views import cells_document, cells_text, unlisted
    from nb2dag.cli.terminal import style_for
    from nb2dag.compiler.pipeline import list_names
    from nb2dag.report.json_format import dumps

    if form == "mermaid":
        raise click.UsageError("--cells has the forms text and json: Mermaid draws the graph")
    program, names = list_names(notebook)
    if form == "json":
        click.echo(dumps(cells_document(program, names)), nl=False)
    else:
        style = style_for(sys.stdout)
        click.echo(cells_text(program, names, style), nl=False, color=style.colour)
    for line in unlisted(program):
        click.echo(line, err=True)
