"""`nb2dag check`: report what is wrong with notebooks, and mend on request what can be mended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nb2dag.cli import exits
from nb2dag.cli.arguments import notebooks_argument
from nb2dag.model.diagnostic import Applicability
from nb2dag.report.summary import counted

if TYPE_CHECKING:
    from nb2dag.cli.findings import Findings
    from nb2dag.cli.fixes import Mended


def _words(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for text in value for word in text.split(",") if word.strip())


@click.command("check")
@notebooks_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.option("--select", multiple=True, callback=_words, metavar="RULES", help="Show warnings of these rules only.")
@click.option("--ignore", multiple=True, callback=_words, metavar="RULES", help="Do not show warnings of these rules.")
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, in the notebook files.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also what is a guess.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    ctx: click.Context,
    notebooks: tuple[str, ...],
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
) -> None:
    """Report what is wrong with NOTEBOOKS; nothing is written but by --fix.

    A folder stands for every tagged notebook below it. RULES are codes (NBD214), names (bare-call) or beginnings of
    codes (NBD2), several with commas between; errors are always shown.
    """
    from nb2dag.cli.findings import collect, print_unreadable, require_distinct
    from nb2dag.cli.reports import print_findings
    from nb2dag.cli.sources import find_notebooks
    from nb2dag.compiler.pipeline import check_notebook

    _require_sense(fix, unsafe_fixes, diff, form)
    sources = find_notebooks(notebooks)
    findings = collect(sources.paths, check_notebook, select, ignore)
    if fix or diff:
        mended = _mend(findings, select, ignore, unsafe_fixes)
        if diff:
            _print_diff(mended, 0 if unsafe_fixes else _guesses(findings))
            print_unreadable(findings)
            ctx.exit(exits.COULD_NOT_RUN if findings.unreadable else exits.CLEAN)
        if _write(mended):
            findings = collect(sources.paths, check_notebook, select, ignore)
    print_findings(findings, form)
    if form == "text" and sources.untagged:
        click.echo(f"left out: {len(sources.untagged)} without a tag")
    require_distinct(findings)
    ctx.exit(findings.exit_code)


def _require_sense(fix: bool, unsafe_fixes: bool, diff: bool, form: str) -> None:
    if unsafe_fixes and not (fix or diff):
        raise click.UsageError("--unsafe-fixes says which fixes: give --fix or --diff too.")
    if fix and diff:
        raise click.UsageError("--fix writes, and --diff writes nothing: give one or the other.")
    if diff and form != "text":
        raise click.UsageError(f"--diff prints a diff, not {form}: leave one of the two out.")


def _mend(findings: Findings, select: Sequence[str], ignore: Sequence[str], unsafe: bool) -> list[Mended]:
    from nb2dag.cli.findings import selection_for
    from nb2dag.cli.fixes import mend_notebook
    from nb2dag.config import load_config

    return [
        mend_notebook(path, selection_for(load_config(path), select, ignore), unsafe=unsafe)
        for path, _ in findings.compilations
    ]


def _guesses(findings: Findings) -> int:
    """Return how many findings only a guess mends."""
    fixes = [item.fix for item in findings.diagnostics if item.fix is not None]
    return sum(fix.applicability is Applicability.UNSAFE for fix in fixes)


def _print_diff(mended: Sequence[Mended], guesses: int) -> None:
    for one in mended:
        click.echo(one.diff(), nl=False)
    count = sum(one.count for one in mended)
    more = f"; {guesses} more with --unsafe-fixes" if guesses else ""
    click.echo((f"{counted(count, 'finding')} would be mended" if count else "nothing to mend") + more, err=True)


def _write(mended: Sequence[Mended]) -> int:
    """Write what was mended, say so on stderr, and return how many findings that were."""
    for one in mended:
        if one.count:
            one.write()
            click.echo(f"{one.path}: mended {counted(one.count, 'finding')}", err=True)
    return sum(one.count for one in mended)
