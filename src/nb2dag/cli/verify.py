"""`nb2dag verify`: prove that a notebook's DAG computes what the notebook computes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from nb2dag.cli import exits
from nb2dag.cli.arguments import notebook_argument


@click.command("verify")
@notebook_argument
@click.option("-p", "--param", "assignments", multiple=True, metavar="NAME=VALUE", help="Give a param another value.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Tasks at once.  [default: one per processor]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.option("-q", "--quiet", is_flag=True, help="Leave out the progress, which goes to stderr.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context, notebook: str, assignments: tuple[str, ...], jobs: int | None, form: str, quiet: bool
) -> None:
    """Prove that the DAG of NOTEBOOK computes what the notebook computes.

    The notebook is run whole, as its DAG, as its DAG in another order, and whole again, each in a copy of its folder;
    then every value that crosses, every output and every file is compared. It is really run: what it does outside its
    folder it does each time.

    \b
    Exit codes:
      0  the same, by value or by structure
      1  different, or something is not comparable or not reproducible
      2  could not run; the notebook itself may fail
    """  # noqa: D301 - click wants the very character
    from nb2dag.cli.findings import require_plan
    from nb2dag.cli.parameters import read_parameters
    from nb2dag.cli.verify_display import display_for
    from nb2dag.cli.verify_summary import report_text
    from nb2dag.compiler.frontend.tagging import tag_program
    from nb2dag.local.bundles import require_params
    from nb2dag.local.kernels import with_kernel_of_this_machine
    from nb2dag.local.layout import new_verify_folder
    from nb2dag.local.verify.report import Verdict
    from nb2dag.local.verify.verification import VerifyOptions, verify_plan
    from nb2dag.report.json_format import dumps

    source, plan = require_plan(ctx, notebook)
    plan, said = with_kernel_of_this_machine(plan)
    if said:
        click.echo(said, err=True)
    params = read_parameters(assignments, plan.params)
    require_params(plan.dag_id, [param.name for param in plan.params], params)
    folder = new_verify_folder(Path(notebook).parent)
    with display_for(quiet=quiet) as display:
        report = verify_plan(tag_program(source), plan, folder, VerifyOptions(params, jobs, on_step=display))
    if form == "json":
        click.echo(dumps(report.to_json()), nl=False)
    else:
        from nb2dag.cli.terminal import style_for

        style = style_for(sys.stdout)
        click.echo(report_text(report, style), nl=False, color=style.colour)
    ctx.exit(exits.CLEAN if report.verdict is Verdict.SAME else exits.FINDINGS)
