"""docs/rules is what the catalogue says."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from nb2dag.cli.app import app
from nb2dag.compiler.rule_pages import _FAMILIES, documents, file_name
from nb2dag.compiler.rules.catalogue import FAMILIES, all_rules

FOLDER = Path(__file__).parents[2] / "docs" / "rules"


def test_the_documents_are_fresh():
    on_disk = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    assert on_disk == documents(), "run `python tools/rule_pages.py`"


def test_every_rule_has_a_page_and_a_line_of_the_index():
    written = documents()
    assert set(_FAMILIES) == set(FAMILIES)
    assert set(written) == {"README.md", *(file_name(rule) for rule in all_rules())}
    assert all(f"| {rule.code} | [{rule.name}]({file_name(rule)})" in written["README.md"] for rule in all_rules())


def test_explain_shows_the_same_page():
    written = documents()
    # A dozen of them: each compiles its example anew.
    for rule in all_rules()[::10]:
        assert CliRunner().invoke(app, ["explain", rule.name]).output == written[file_name(rule)]
