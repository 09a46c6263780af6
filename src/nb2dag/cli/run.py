"""`nb2dag run`: run a notebook's DAG on this machine, without Airflow."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2dag.cli import exits
from nb2dag.cli.arguments import notebook_argument

if TYPE_CHECKING:
    from types import FrameType

    from nb2dag.local.run import RunOptions
    from nb2dag.model.notebook import Notebook
    from nb2dag.model.plan import DagPlan


@click.command("run")
@notebook_argument
@click.option("-p", "--param", "assignments", multiple=True, metavar="NAME=VALUE", help="Give a param another value.")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the executed notebooks.  [default: one in .nb2dag/runs beside the notebook]",
)
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Tasks at once.  [default: one per processor]")
@click.option(
    "--store", metavar="URL", help="Folder or URL for handoffs.  [default: .nb2dag/store beside the notebook]"
)
@click.option(
    "--fingerprints/--no-fingerprints",
    default=True,
    help="Fail a task that changes in place, unforeseen, what a task below reads; costs time with large values.",
)
@click.option("-q", "--quiet", is_flag=True, help="Leave out what the cells write.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context,
    notebook: str,
    assignments: tuple[str, ...],
    output_dir: Path | None,
    jobs: int | None,
    store: str | None,
    fingerprints: bool,
    quiet: bool,
) -> None:
    """Run the DAG of NOTEBOOK on this machine: each task in its own process, in parallel, without Airflow.

    Trigger rules, retries and timeouts hold as they do in Airflow. The notebook itself is left as it is; everything is
    kept under .nb2dag beside it.
    """
    from nb2dag.cli.findings import require_plan
    from nb2dag.cli.parameters import read_parameters
    from nb2dag.local.bundles import require_params
    from nb2dag.local.kernels import with_kernel_of_this_machine
    from nb2dag.local.run import RunOptions

    source, plan = require_plan(ctx, notebook, print_warnings=True)
    plan, said = with_kernel_of_this_machine(plan)
    if said:
        click.echo(said, err=True)
    params = read_parameters(assignments, plan.params)
    require_params(plan.dag_id, [param.name for param in plan.params], params)
    options = RunOptions(params, _absolute(store), jobs, output_dir, fingerprints=fingerprints)
    ctx.exit(_run(source, plan, options, quiet))


def _run(source: Notebook, plan: DagPlan, options: RunOptions, quiet: bool) -> int:
    from nb2dag.cli.run_display import display_for
    from nb2dag.cli.run_summary import result_text
    from nb2dag.cli.terminal import style_for
    from nb2dag.compiler.bundle import build_bundle, write_bundle
    from nb2dag.local.layout import new_run_folder
    from nb2dag.local.run import run_bundle

    beside = Path(source.path).parent
    bundle = build_bundle(plan, beside)
    folder = new_run_folder(beside)
    write_bundle(bundle, folder.bundle)
    _say_what_is_not_honoured(folder.bundle)
    style = style_for(sys.stdout)
    display = display_for([task.task_id for task in plan.tasks], style, quiet=quiet)
    with _sigterm_interrupts(), display:
        result = run_bundle(folder.bundle, folder, options, display)
    click.echo("\n" + result_text(result, source, style), nl=False, color=style.colour)
    if result.interrupted:
        return exits.INTERRUPTED
    return exits.CLEAN if result.ok else exits.FINDINGS


_AS_VARIABLES = {"connections": "`AIRFLOW_CONN_<ID>`", "variables": "`AIRFLOW_VAR_<KEY>`"}
"""Options of which the notebook sees environment variables, which a person can set as well."""


def _say_what_is_not_honoured(bundle: Path) -> None:
    from nb2dag.local.bundles import read_manifest

    for task in read_manifest(bundle).tasks:
        if task.not_honoured:
            names = ", ".join(f"`{name}`" for name in task.not_honoured)
            message = f"nb2dag run does not honour {names} of `{task.task_id}`: only Airflow does"
            variables = [_AS_VARIABLES[name] for name in task.not_honoured if name in _AS_VARIABLES]
            message += f"; set {' and '.join(variables)} in your shell" if variables else ""
            click.echo(message, err=True)


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM, such as a cancelled CI job sends, end a run as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _absolute(store: str | None) -> str | None:
    """Return a folder as an absolute path, and a URL as it is: tasks run in other folders."""
    return store if store is None or "://" in store else str(Path(store).absolute())
