"""What the commands print as JSON is what the published schemas say, and the schemas name every key."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import nb2dag.report
from nb2dag.cli.app import app
from support.oracle import notebook_text

SCHEMAS = Path(nb2dag.report.__file__).parent / "schema"
GOOD = [
    "#| parameters\nn = 2  # how many\nname = None",
    "import time\nnow = time.time()",
    "%%airflow_task load\nrows = [n, now]",
    "%%airflow_task report --after load\nprint(rows, name)",
]
BAD = [
    "%%airflow_task load --retris 2\nx = 1",
    "%%airflow_task load\nx = 2",
    "%%airflow_task nothing",
    "import foo\nfoo.bar()\npassword = 'hunter2'",
]
CARRYING = [
    "import warnings\nwarnings.filterwarnings('ignore')\nimport foo\nfoo.bar()",
    "class Box:\n    size = 1",
    "%%airflow_shared\nlimit = 3",
    "%%airflow_task a\nx = [Box()]\ny = [x]",
    "%%airflow_task b\nx.append(1)",
    "%%airflow_task c --after b\nprint(y)",
]
CONFLICT = ["%%airflow_task a\nx = 1", "%%airflow_task b --after a\nprint(y)", "%airflow_dag d", "%airflow_dag e"]


def schema(name):
    document = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return document


def strict(node):
    """Return a schema that takes no key it does not name: an undocumented key fails."""
    if isinstance(node, dict):
        closed = {key: strict(value) for key, value in node.items()}
        return closed | {"additionalProperties": False} if node.get("type") == "object" else closed
    return [strict(item) for item in node] if isinstance(node, list) else node


def printed(tmp_path, cells, *arguments):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook_text(cells), "utf-8")
    return json.loads(CliRunner().invoke(app, [*arguments, "--format", "json", str(path)]).stdout)


@pytest.mark.parametrize(
    ("name", "arguments", "cells"),
    [
        ("check", ["check"], GOOD),
        ("check", ["check"], BAD),
        ("check", ["check"], CONFLICT),
        ("show", ["show"], GOOD),
        ("show-cells", ["show", "--cells"], GOOD),
        ("show-cells", ["show", "--cells"], BAD),
        ("show-why", ["show", "--why"], GOOD),
        ("show-why", ["show", "--why"], CARRYING),
    ],
)
def test_output_is_what_its_schema_says(tmp_path, name, arguments, cells):
    jsonschema.validate(printed(tmp_path, cells, *arguments), strict(schema(name)))


def test_the_schema_of_check_covers_fixes_labels_and_what_is_unreadable(tmp_path):
    document = printed(tmp_path, BAD, "check")
    assert any(diagnostic["fix"] for diagnostic in document["diagnostics"])
    assert any(diagnostic["labels"] for diagnostic in printed(tmp_path, CONFLICT, "check")["diagnostics"])
    (tmp_path / "n.ipynb").write_text("no json", "utf-8")
    result = CliRunner().invoke(app, ["check", "--format", "json", str(tmp_path / "n.ipynb")])
    jsonschema.validate(json.loads(result.stdout), strict(schema("check")))


def test_a_wrong_document_is_refused():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": 2}, schema("check"))
