"""`nb2dag check`: report what is wrong with notebooks, without writing anything."""

from __future__ import annotations

import click

from nb2dag.cli.arguments import notebooks_argument


@click.command("check")
@notebooks_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.pass_context
def command(ctx: click.Context, notebooks: tuple[str, ...], form: str) -> None:
    """Report what is wrong with NOTEBOOKS, without writing anything.

    A folder stands for every tagged notebook below it.
    """
    from nb2dag.cli.findings import collect, print_text, print_unreadable, require_distinct
    from nb2dag.cli.sources import find_notebooks
    from nb2dag.compiler.pipeline import check_notebook

    sources = find_notebooks(notebooks)
    findings = collect(sources.paths, check_notebook)
    if form == "json":
        from nb2dag.report.json_format import render_json

        click.echo(render_json(findings.diagnostics, findings.summary, findings.unreadable), nl=False)
        print_unreadable(findings)
    else:
        print_text(findings)
        if sources.untagged:
            click.echo(f"left out: {len(sources.untagged)} without a tag")
    require_distinct(findings)
    ctx.exit(findings.exit_code)
