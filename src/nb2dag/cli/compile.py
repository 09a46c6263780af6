"""`nb2dag compile`: write notebooks as bundles, or say whether the bundles written earlier are fresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2dag.cli import exits
from nb2dag.cli.arguments import notebooks_argument

if TYPE_CHECKING:
    from nb2dag.cli.findings import Findings
    from nb2dag.compiler.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Target:
    """One notebook's bundle and the folder it goes to."""

    path: str
    dag_id: str
    bundle: Bundle
    folder: Path


@click.command("compile")
@notebooks_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the bundles, one folder per DAG in it.  [default: `output` in [tool.nb2dag], else dags]",
)
@click.option(
    "--airflow",
    metavar="RELEASE",
    help="Write code for this Airflow release and later ones.  [default: `airflow` in [tool.nb2dag], else 3.0]",
)
@click.option(
    "--operator",
    type=click.Choice(["nb2dag", "papermill"]),
    help="The operator that runs each task's notebook.  [default: `operator` in [tool.nb2dag], else nb2dag]",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and a diff if a bundle is stale.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("--force", is_flag=True, help="Overwrite files that nb2dag did not write or that were edited since.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context,
    notebooks: tuple[str, ...],
    output: Path | None,
    airflow: str | None,
    operator: str | None,
    check: bool,
    diff: bool,
    force: bool,
) -> None:
    """Write each of NOTEBOOKS as an Airflow DAG with one papermill notebook per task.

    A folder stands for every tagged notebook below it. Nothing is written unless all of them are free of errors.
    """
    from nb2dag.cli.findings import collect, print_text, require_distinct
    from nb2dag.cli.sources import find_notebooks
    from nb2dag.compiler.pipeline import compile_notebook

    if force and (check or diff):
        raise click.UsageError("--force writes, and --check and --diff write nothing: give one or the other.")
    findings = collect(find_notebooks(notebooks).paths, compile_notebook)
    if findings.diagnostics or findings.unreadable:
        print_text(findings, err=True)
    if findings.exit_code != exits.CLEAN:
        ctx.exit(findings.exit_code)
    require_distinct(findings)
    targets = _targets(findings, output, airflow, operator)
    ctx.exit(_compare(targets, check) if check or diff else _write(targets, force))


def _targets(findings: Findings, output: Path | None, airflow: str | None, operator: str | None) -> list[Target]:
    from nb2dag.compiler.backend.dialects import PAPERMILL_OPERATOR, dialect_for
    from nb2dag.compiler.backend.papermill_operator import left_out
    from nb2dag.compiler.bundle import build_bundle
    from nb2dag.config import load_config

    targets = []
    for path, plan in findings.plans:
        config = load_config(path)
        folder = output if output is not None else config.output_folder()
        dialect = dialect_for(airflow or config.airflow, operator or config.operator)
        bundle = build_bundle(plan, Path(path).parent, dialect)
        for line in left_out(plan) if dialect.operator is PAPERMILL_OPERATOR else ():
            click.echo(f"{path}: note: {line}", err=True)
        targets.append(Target(path, plan.dag_id, bundle, folder / plan.dag_id))
    return targets


def _write(targets: Sequence[Target], force: bool) -> int:
    from nb2dag.compiler.bundle import write_bundle
    from nb2dag.report.summary import counted

    for target in targets:
        changed = write_bundle(target.bundle, target.folder, force=force)
        what = counted(len(changed), "file") if changed else "nothing"
        click.echo(f"{target.path} -> {target.folder} ({what} changed)")
    return exits.CLEAN


def _compare(targets: Sequence[Target], check: bool) -> int:
    from nb2dag.compiler.bundle import diff_bundle

    stale = missing = 0
    for target in targets:
        if check and not target.folder.exists():
            missing += 1
            click.echo(f"{target.path}: not compiled yet: there is no {target.folder}")
            continue
        difference = diff_bundle(target.bundle, target.folder)
        if difference:
            stale += 1
            click.echo(difference, nl=not difference.endswith("\n"))
    if not check:
        return exits.CLEAN
    if stale or missing:
        what = [f"{stale} of {len(targets)} bundles stale"] * bool(stale) + [f"{missing} missing"] * bool(missing)
        click.echo(f"{', '.join(what)}: run `nb2dag compile` and commit what it writes", err=True)
        return exits.FINDINGS
    return exits.CLEAN
