"""The JSON form is what programs rely on: every key, its type, and that the text is always valid."""

from __future__ import annotations

import json

from nb2dag.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Label, Severity
from nb2dag.model.span import Region, Span
from nb2dag.report.json_format import dumps, render_json
from nb2dag.report.summary import summarise

SPAN = Span("etl.ipynb", 3, "clean", Region(2, 6, 2, 17))


def test_a_report_has_every_key():
    fix = Fix("rename", (Edit(3, "clean", Region(2, 1, 2, 3), "rows"),), Applicability.SAFE)
    diagnostic = Diagnostic(
        "NBD202", "some-pattern", Severity.WARNING, "message", SPAN, "do this", (Label(SPAN, "here"),), fix
    )
    span = {
        "path": "etl.ipynb",
        "cell": 3,
        "cell_id": "clean",
        "line": 2,
        "column": 6,
        "end_line": 2,
        "end_column": 17,
    }
    edit = {
        "cell": 3,
        "cell_id": "clean",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 3,
        "replacement": "rows",
    }
    assert json.loads(render_json([diagnostic], summarise([diagnostic], 1))) == {
        "version": 1,
        "diagnostics": [
            {
                "code": "NBD202",
                "name": "some-pattern",
                "severity": "warning",
                "message": "message",
                "span": span,
                "hint": "do this",
                "labels": [{"message": "here", "span": span}],
                "fix": {"title": "rename", "applicability": "safe", "edits": [edit]},
            }
        ],
        "unreadable": [],
        "summary": {"notebooks": 1, "errors": 0, "warnings": 1, "notes": 0},
    }


def test_a_clean_report_has_the_same_keys():
    document = json.loads(render_json([], summarise([], 2), [("x.ipynb", "not there")]))
    assert document == {
        "version": 1,
        "diagnostics": [],
        "unreadable": [{"path": "x.ipynb", "message": "not there"}],
        "summary": {"notebooks": 2, "errors": 0, "warnings": 0, "notes": 0},
    }


def test_text_stays_readable_and_half_a_character_does_not_stop_the_report():
    assert "漢" in dumps({"message": "漢"})
    assert json.loads(dumps({"message": "a\ud800"}).encode("utf-8")) == {"message": "a\ud800"}
