"""Render diagnostics as JSON, version 1: the form that programs, CI and the editor's panel read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nb2dag.model.diagnostic import Diagnostic, Edit, Fix
from nb2dag.model.span import Region, Span
from nb2dag.report.summary import Summary

VERSION = 1
"""Version of the format: it changes when a key changes its meaning or goes, not when one is added."""


def render_json(diagnostics: Iterable[Diagnostic], summary: Summary, unreadable: Iterable[tuple[str, str]] = ()) -> str:
    """Return the report as a JSON document that ends with a newline.

    `unreadable` are notebooks that could not be checked at all, as pairs of path and reason.
    """
    document = {
        "version": VERSION,
        "diagnostics": [diagnostic_to_json(diagnostic) for diagnostic in diagnostics],
        "unreadable": [{"path": path, "message": message} for path, message in unreadable],
        "summary": summary_to_json(summary),
    }
    return dumps(document)


def dumps(document: Mapping[str, Any]) -> str:
    """Return a document as nb2dag prints it: indented, keys in their own order, a newline at the end.

    Half a surrogate pair, which a damaged notebook may hold, cannot be written as UTF-8; it is written as an escape.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=2)
    return text + "\n"


def diagnostic_to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return one diagnostic as JSON; every key is always there."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "span": span_to_json(diagnostic.span),
        "hint": diagnostic.hint,
        "labels": [{"message": label.message, "span": span_to_json(label.span)} for label in diagnostic.labels],
        "fix": None if diagnostic.fix is None else _fix_to_json(diagnostic.fix),
    }


def span_to_json(span: Span) -> dict[str, Any]:
    """Return a span as JSON: 1-based lines and code points, the end exclusive; cell 0 is the file as a whole."""
    return {"path": span.path, "cell": span.cell, "cell_id": span.cell_id, **_region_to_json(span.region)}


def summary_to_json(summary: Summary) -> dict[str, int]:
    """Return the counts as JSON."""
    return {
        "notebooks": summary.notebooks,
        "errors": summary.errors,
        "warnings": summary.warnings,
        "notes": summary.notes,
    }


def _region_to_json(region: Region) -> dict[str, int]:
    return {
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }


def _fix_to_json(fix: Fix) -> dict[str, Any]:
    edits = [edit_to_json(edit) for edit in fix.edits]
    return {"title": fix.title, "applicability": fix.applicability.value, "edits": edits}


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Return an edit as JSON."""
    return {
        "cell": edit.cell,
        "cell_id": edit.cell_id,
        **_region_to_json(edit.region),
        "replacement": edit.replacement,
    }
