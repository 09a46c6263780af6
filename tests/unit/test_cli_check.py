"""`nb2dag check`: its forms, its choice of findings, and its fixes of files."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from nb2dag.cli.app import app
from support.oracle import notebook_text

CELLS = [
    "import foo\nfoo.bar(1)",
    "%%airflow_task a\nx = 1  # nb2dag: ignore[empty-task]",
    "%%airflow_task b --after aa",
]


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document = json.loads(notebook_text(CELLS))
    for cell in document["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return path


def check(*arguments):
    return CliRunner().invoke(app, ["check", *arguments, "n.ipynb"], catch_exceptions=False)


def codes(result):
    return [diagnostic["code"] for diagnostic in json.loads(result.stdout)["diagnostics"]]


def test_github_and_sarif_point_at_the_line_of_the_file(notebook):
    lines = notebook.read_text("utf-8").split("\n")
    github = check("--format", "github")
    assert github.exit_code == 1
    commands = github.stdout.splitlines()
    assert [line.split(" ")[0] for line in commands] == ["::warning", "::warning", "::warning", "::error"]
    line = next(number for number, text in enumerate(lines, start=1) if "foo.bar(1)" in text)
    assert f"file=n.ipynb,line={line},endLine={line},col=6," in commands[0]
    assert "1 error and 3 warnings in 1 notebook" in github.stderr
    sarif = json.loads(check("--format", "sarif").stdout)
    regions = [one["locations"][0]["physicalLocation"]["region"] for one in sarif["runs"][0]["results"]]
    assert '"foo.bar(1)"' in lines[regions[0]["startLine"] - 1]
    assert "ignore[empty-task]" in lines[regions[1]["startLine"] - 1]


def test_a_wrong_option_hides_nothing_of_the_flow(notebook):
    notebook.write_text(notebook_text(["%%airflow_task a --retris 2\nprint(never_bound)"]), "utf-8")
    assert codes(check("--format", "json")) == ["NBD111", "NBD201"]


def test_an_unresolved_conflict_is_called_one(notebook):
    notebook.write_text(notebook_text(["%%airflow_task a\n<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b"]), "utf-8")
    assert "hint: a Git conflict stands here unresolved" in check().stdout


def test_an_unreadable_notebook_is_in_every_form(notebook):
    notebook.write_text("no json", "utf-8")
    for form in ("json", "sarif", "github"):
        result = check("--format", form)
        assert result.exit_code == 2
        assert "not a notebook" in result.stdout
        assert "not a notebook" in result.stderr


def test_select_and_ignore(notebook):
    everything = codes(check("--format", "json"))
    assert everything == ["NBD214", "NBD902", "NBD004", "NBD401"]
    assert codes(check("--format", "json", "--select", "NBD9")) == ["NBD902", "NBD401"]
    assert codes(check("--format", "json", "--ignore", "bare-call,NBD9", "--ignore", "NBD004")) == ["NBD401"]
    assert check("--ignore", "NBD401").exit_code == 2


def test_severities_of_the_settings(notebook):
    settings = notebook.with_name("pyproject.toml")
    settings.write_text('[tool.nb2dag]\nseverity = { bare-call = "error" }\nselect = ["bare-call"]\n', "utf-8")
    found = json.loads(check("--format", "json").stdout)["diagnostics"]
    assert [(one["code"], one["severity"]) for one in found] == [("NBD214", "error"), ("NBD401", "error")]
    settings.write_text('[tool.nb2dag]\nseverity = { unknown-upstream = "note" }\n', "utf-8")
    result = check()
    assert result.exit_code == 2
    assert "`unknown-upstream` (NBD401) is an error and cannot be a note" in result.stderr


def test_fix_makes_safe_fixes_and_leaves_the_rest_of_the_file(notebook):
    before = notebook.read_text("utf-8")
    notebook.chmod(0o640)
    result = check("--fix", "--format", "json")
    assert "n.ipynb: mended 1 finding" in result.stderr
    assert codes(result) == ["NBD214", "NBD004", "NBD401"]
    assert notebook.read_text("utf-8") == before.replace("  # nb2dag: ignore[empty-task]", "")
    assert notebook.stat().st_mode & 0o777 == 0o640


def test_unsafe_fixes_are_made_when_asked_for(notebook):
    before = notebook.read_text("utf-8")
    check("--fix", "--unsafe-fixes")
    expected = before.replace("  # nb2dag: ignore[empty-task]", "").replace("--after aa", "--after a")
    assert notebook.read_text("utf-8") == expected


def test_a_fix_can_bring_another_to_light(notebook):
    notebook.write_text(notebook_text(["%airflow_task a\nx = 1  # nb2dag: ignore[bare-call]"]), "utf-8")
    result = check("--fix")
    assert "mended 2 findings" in result.stderr
    assert result.exit_code == 0
    assert json.loads(notebook.read_text("utf-8"))["cells"][0]["source"] == "%%airflow_task a\nx = 1"


def test_diff_shows_and_writes_nothing(notebook):
    before = notebook.read_text("utf-8")
    result = check("--diff", "--unsafe-fixes")
    assert result.exit_code == 0
    assert '-    "%%airflow_task b --after aa"\n+    "%%airflow_task b --after a"' in result.stdout
    assert "2 findings would be mended" in result.stderr
    assert notebook.read_text("utf-8") == before


def test_what_is_not_shown_is_not_mended(notebook):
    before = notebook.read_text("utf-8")
    assert "nothing to mend; 1 more with --unsafe-fixes\n" in check("--diff", "--ignore", "NBD9").stderr
    check("--fix", "--ignore", "NBD9")
    assert notebook.read_text("utf-8") == before


@pytest.mark.parametrize("arguments", [["--unsafe-fixes"], ["--fix", "--diff"], ["--diff", "--format", "json"]])
def test_options_that_contradict_each_other(notebook, arguments):
    assert check(*arguments).exit_code == 2
