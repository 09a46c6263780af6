"""Render diagnostics as SARIF 2.1.0, the form that code scanning services read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from nb2dag import __version__
from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.span import Span
from nb2dag.report.github import Locate
from nb2dag.report.ipynb_lines import FileRegion
from nb2dag.report.json_format import dumps

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """What a report says about a rule: `summary` is one sentence, `page` its whole page in Markdown."""

    code: str
    name: str
    severity: Severity
    summary: str
    page: str


def render_sarif(
    diagnostics: Iterable[Diagnostic],
    locate: Locate,
    rules: Sequence[RuleEntry],
    unreadable: Iterable[tuple[str, str]] = (),
) -> str:
    """Return the report as a SARIF document that ends with a newline.

    Regions are those of the .ipynb file; the cell is the logical location. `unreadable` are notebooks that could not
    be checked at all, as pairs of path and reason: they make the invocation an unsuccessful one.
    """
    numbers = {rule.code: number for number, rule in enumerate(rules)}
    notifications = [_notification(path, reason) for path, reason in unreadable]
    run = {
        "tool": {"driver": {"name": "nb2dag", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications},
        ],
        "results": [_result(diagnostic, locate, numbers[diagnostic.code]) for diagnostic in diagnostics],
    }
    return dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]})


def _rule(rule: RuleEntry) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(diagnostic: Diagnostic, locate: Locate, number: int) -> dict[str, Any]:
    text = f"{diagnostic.message}. Hint: {diagnostic.hint}" if diagnostic.hint else diagnostic.message
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": diagnostic.severity.value,
        "message": {"text": text},
        "locations": [_location(diagnostic.span, locate(diagnostic.span))],
        "partialFingerprints": {"nb2dagFinding/v1": _fingerprint(diagnostic)},
    }
    if diagnostic.labels:
        result["relatedLocations"] = [_related(label, locate) for label in diagnostic.labels]
    return result


def _related(label: Label, locate: Locate) -> dict[str, Any]:
    return {**_location(label.span, locate(label.span)), "message": {"text": label.message}}


def _location(span: Span, region: FileRegion) -> dict[str, Any]:
    # Code scanning wants a region of every result: a finding about the file as a whole stands at its start.
    place = {
        "artifactLocation": {"uri": uri(span.path)},
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        },
    }
    location: dict[str, Any] = {"physicalLocation": place}
    if span.cell:
        name = f"cell {span.cell}"
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": f"{name}, line {span.line}"}]
    return location


def _notification(path: str, reason: str) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": reason},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(path)}}}],
    }


def _fingerprint(diagnostic: Diagnostic) -> str:
    """Return what stays the same when cells are moved: the rule, the file, the cell's id, and the message."""
    span = diagnostic.span
    text = "\0".join((diagnostic.code, span.path, span.cell_id, diagnostic.message))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def uri(path: str) -> str:
    """Return a path as a URI reference: relative as it is, absolute as a file URI.

    >>> uri("notebooks/my sales.ipynb"), uri("/srv/a.ipynb"), uri("./b:c.ipynb")
    ('notebooks/my%20sales.ipynb', 'file:///srv/a.ipynb', 'b%3Ac.ipynb')
    """
    pure = PurePath(path)
    written = quote(pure.as_posix(), safe="/", errors="backslashreplace")
    return f"file://{written}" if pure.is_absolute() else written
