"""`nb2dag check`: report what is wrong with notebooks, and mend on request what can be mended."""

from __future__ import annotations

from dataclasses import dataclass

import click

from nb2dag.cli.arguments import notebooks_argument


@dataclass(frozen=True, slots=True)
class Fixing:
    """What `check` is to do about findings that have a fix."""

    apply: bool = False
    unsafe: bool = False
    diff: bool = False

    @property
    def wanted(self) -> bool:
        """Whether fixes are to be made or shown at all."""
        return self.apply or self.diff


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
    from nb2dag.cli.findings import collect, require_distinct
    from nb2dag.cli.reports import print_findings
    from nb2dag.cli.sources import find_notebooks
    from nb2dag.compiler.pipeline import check_notebook

    fixing = Fixing(fix, unsafe_fixes, diff)
    if unsafe_fixes and not fixing.wanted:
        raise click.UsageError("--unsafe-fixes says which fixes: give --fix or --diff too.")
    if fix and diff:
        raise click.UsageError("--fix writes, and --diff writes nothing: give one or the other.")
    sources = find_notebooks(notebooks)
    findings = collect(sources.paths, check_notebook, select, ignore)
    if fixing.wanted and _mend(fixing, findings, form):
        findings = collect(sources.paths, check_notebook, select, ignore)
    print_findings(findings, form)
    if form == "text" and sources.untagged:
        click.echo(f"left out: {len(sources.untagged)} without a tag")
    require_distinct(findings)
    ctx.exit(findings.exit_code)
