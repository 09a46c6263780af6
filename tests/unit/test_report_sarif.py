"""SARIF 2.1.0: what the standard and the services that read it demand of a document."""

from __future__ import annotations

import json

from nb2dag.compiler.rules.catalogue import all_rules
from nb2dag.model.diagnostic import Diagnostic, Label, Severity
from nb2dag.model.span import Region, Span
from nb2dag.report.ipynb_lines import FILE_START, FileRegion
from nb2dag.report.sarif import RuleEntry, render_sarif

RULES = [RuleEntry(rule.code, rule.name, rule.severity, rule.summary, rule.document()) for rule in all_rules()]
SPAN = Span("nb/my sales.ipynb", 3, "c3", Region(2, 6, 2, 8))
REGION = FileRegion(12, 5, 12, 7)


def document(diagnostics, unreadable=()):
    def locate(span):
        return REGION if span.cell else FILE_START

    return json.loads(render_sarif(diagnostics, locate, RULES, unreadable))


def finding(code="NBD201", span=SPAN, **extra):
    rule = next(rule for rule in RULES if rule.code == code)
    return Diagnostic(code, rule.name, rule.severity, "`df` is lost", span, "do this", **extra)


def check_structure(sarif):
    """Hold a document to the parts of the standard's schema that it uses."""
    assert sarif["version"] == "2.1.0"
    assert sarif["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = sarif["runs"]
    driver = run["tool"]["driver"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert set(rule) == {"id", "name", "shortDescription", "help", "defaultConfiguration"}
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"] == rule["help"]["markdown"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"note", "warning", "error"}
        assert result["message"]["text"]
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            physical = location["physicalLocation"]
            assert " " not in physical["artifactLocation"]["uri"]
            region = physical["region"]
            assert all(isinstance(value, int) and value >= 1 for value in region.values())
            assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


def test_every_rule_is_described():
    sarif = document([])
    check_structure(sarif)
    (run,) = sarif["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.code for rule in all_rules()]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_a_finding_is_a_result_on_the_line_of_the_file():
    label = Label(Span("nb/my sales.ipynb", 1, "c1"), "made here")
    sarif = document([finding(labels=(label,)), finding("NBD214")])
    check_structure(sarif)
    first, second = sarif["runs"][0]["results"]
    assert (first["ruleId"], first["level"], second["level"]) == ("NBD201", "error", "warning")
    assert first["message"]["text"] == "`df` is lost. Hint: do this"
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "nb/my%20sales.ipynb"},
        "region": {"startLine": 12, "startColumn": 5, "endLine": 12, "endColumn": 7},
    }
    assert location["logicalLocations"] == [{"name": "cell 3", "fullyQualifiedName": "cell 3, line 2"}]
    assert first["relatedLocations"][0]["message"] == {"text": "made here"}


def test_a_finding_about_the_file_is_at_its_start():
    sarif = document([finding("NBD003", Span("a.ipynb", 0, ""))])
    check_structure(sarif)
    (location,) = sarif["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["region"]["startLine"] == 1
    assert "logicalLocations" not in location


def test_a_fingerprint_stays_when_cells_are_moved_and_tells_findings_apart():
    moved = finding(span=Span(SPAN.path, 7, SPAN.cell_id, Region(9, 1, 9, 2)))
    other = finding("NBD214")
    prints = [
        result["partialFingerprints"]["nb2dagFinding/v1"]
        for result in document([finding(), moved, other])["runs"][0]["results"]
    ]
    assert prints[0] == prints[1] != prints[2]


def test_what_could_not_be_read_makes_the_run_unsuccessful():
    sarif = document([], [("x.ipynb", "not JSON")])
    (invocation,) = sarif["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"] == {"text": "not JSON"}


def test_a_raised_severity_is_the_results_level():
    raised = Diagnostic("NBD214", "bare-call", Severity.ERROR, "message", SPAN)
    assert document([raised])["runs"][0]["results"][0]["level"] == "error"
