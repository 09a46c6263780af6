"""`nb2dag show`: print a notebook's tasks, edges, handoffs and params, its cells' names, or why a task is as it is."""

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
@click.option("--why", is_flag=True, help="Say instead why each task waits, runs, takes and hands over what it does.")
@click.option("--task", metavar="TASK", help="With --why: of this task only.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context, notebook: str, form: str, cells: bool, why: bool, task: str | None
) -> None:
    """Show the tasks, edges, handoffs and params of NOTEBOOK.

    With --cells: the names of its cells, of a notebook without tags or with errors too. With --why: for each
    statement and name of a task's notebook the reason why it is there. With findings of severity error there is
    neither graph nor reason: they are printed instead.
    """
    _require_sense(form, cells, why, task)
    if cells:
        _show_cells(notebook, form)
    elif why:
        _show_why(ctx, notebook, form, task)
    else:
        _show_graph(ctx, notebook, form)


def _require_sense(form: str, cells: bool, why: bool, task: str | None) -> None:
    if cells and why:
        raise click.UsageError("--cells and --why are two views: give one of them.")
    if task is not None and not why:
        raise click.UsageError("--task says whose reasons to print: give --why too.")
    if form == "mermaid" and (cells or why):
        raise click.UsageError(
            f"{'--cells' if cells else '--why'} has the forms text and json: Mermaid draws the graph"
        )


def _show_graph(ctx: click.Context, notebook: str, form: str) -> None:
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


def _show_why(ctx: click.Context, notebook: str, form: str, task: str | None) -> None:
    from nb2dag.cli.findings import require_compilation
    from nb2dag.cli.terminal import style_for
    from nb2dag.cli.why_views import why_document, why_text
    from nb2dag.compiler.pipeline import explain_tasks
    from nb2dag.report.json_format import dumps

    compilation, plan = require_compilation(ctx, notebook)
    if task is not None:
        _require_task(task, [each.task_id for each in plan.tasks])
    reasons = [reason for reason in explain_tasks(compilation) if task is None or reason.task_id == task]
    if form == "json":
        click.echo(dumps(why_document(compilation, plan, reasons)), nl=False)
    else:
        style = style_for(sys.stdout)
        click.echo(why_text(compilation, plan, reasons, style), nl=False, color=style.colour)


def _require_task(task: str, known: list[str]) -> None:
    from nb2dag.directives.nearest import nearest
    from nb2dag.errors import Nb2dagError
    from nb2dag.report.style import printable

    if task not in known:
        meant = nearest(task, known)
        hint = f"did you mean `{meant}`?" if meant else "its tasks are " + ", ".join(f"`{each}`" for each in known)
        raise Nb2dagError(f"the notebook has no task `{printable(task)}`: {hint}")


def _show_cells(notebook: str, form: str) -> None:
    from nb2dag.cli.cell_views import cells_document, cells_text, unlisted
    from nb2dag.cli.terminal import style_for
    from nb2dag.compiler.pipeline import list_names
    from nb2dag.report.json_format import dumps

    program, names = list_names(notebook)
    if form == "json":
        click.echo(dumps(cells_document(program, names)), nl=False)
    else:
        style = style_for(sys.stdout)
        click.echo(cells_text(program, names, style), nl=False, color=style.colour)
    for line in unlisted(program):
        click.echo(line, err=True)
