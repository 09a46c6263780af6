"""Print findings in the form asked for: text, JSON, SARIF or GitHub's workflow commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from nb2dag.cli.findings import Findings, print_text, print_unreadable
from nb2dag.model.span import Span
from nb2dag.report.ipynb_lines import FileRegion, IpynbLines
from nb2dag.report.sarif import RuleEntry


def print_findings(findings: Findings, form: str) -> None:
    """Print the findings to stdout; what a form for programs has no place for goes to stderr."""
    PRINTERS[form](findings)


def _print_json(findings: Findings) -> None:
    from nb2dag.report.json_format import render_json

    click.echo(render_json(findings.diagnostics, findings.summary, findings.unreadable), nl=False)
    print_unreadable(findings)


def _print_sarif(findings: Findings) -> None:
    from nb2dag.report.sarif import render_sarif

    click.echo(render_sarif(findings.diagnostics, FileLocator(), _rule_entries(), findings.unreadable), nl=False)
    print_unreadable(findings)


def _print_github(findings: Findings) -> None:
    from nb2dag.report.github import render_github

    click.echo(render_github(findings.diagnostics, FileLocator(), findings.unreadable), nl=False)
    print_unreadable(findings)
    click.echo(findings.summary.sentence(), err=True)


PRINTERS: dict[str, Callable[[Findings], None]] = {
    "text": print_text,
    "json": _print_json,
    "sarif": _print_sarif,
    "github": _print_github,
}
"""The forms of `--format`, each with what prints it."""


class FileLocator:
    """Finds where spans stand in their files, each of which is read once."""

    def __init__(self) -> None:
        self._files: dict[str, IpynbLines] = {}

    def __call__(self, span: Span) -> FileRegion:
        """Return where `span` stands in its file."""
        if span.path not in self._files:
            self._files[span.path] = IpynbLines(Path(span.path).read_bytes().decode("utf-8-sig"))
        return self._files[span.path].region(span)


def _rule_entries() -> list[RuleEntry]:
    from nb2dag.compiler.rules.catalogue import all_rules

    return [RuleEntry(rule.code, rule.name, rule.severity, rule.summary, rule.document()) for rule in all_rules()]
