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
@click.pass_context
def command(ctx: click.Context, notebook: str, form: str) -> None:
    """Show the tasks, edges, handoffs and params of NOTEBOOK.

    With findings of severity error there is no graph: they are printed instead.
    """
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
