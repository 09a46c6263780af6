"""`make corpus`: good, odd and malformed notebooks are all examined, and what nb2dag gets wrong makes it fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import corpus
import pytest
from corpus_checks import Finding, digest, examine

from nb2dag.model.span import Region
from support.ipynb_files import written
from support.oracle import notebook_text

TOOL = Path(corpus.__file__)


def old(major, **fields):
    """Return a notebook of nbformat 2 or 3."""
    cell = {"cell_type": "code", "input": "print 'old'\nx = 1", "language": "python", "outputs": [], "collapsed": False}
    return json.dumps({"nbformat": major, "metadata": {"name": ""}, "worksheets": [{"cells": [cell | fields]}]})


def with_output(size):
    """Return a notebook with an output of many bytes."""
    notebook = json.loads(notebook_text(["x = 1", "#| task: a\ny = x"]))
    notebook["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * size}]
    return json.dumps(notebook)


def without_kernelspec():
    return json.dumps({**json.loads(notebook_text(["import os", "#| task: a\nprint(os.sep)"])), "metadata": {}})


FILES = {
    "plain.ipynb": notebook_text(["x = [1]", "y = x", "x.append(2)", "print(y)", "z = 3", "print(z, x)"]),
    "version-2.ipynb": old(2),
    "version-3.ipynb": old(3),
    # nbformat's own converter raises UnboundLocalError for an output type that it does not know
    "unbound-local.ipynb": old(2, cell_type="unheard of"),
    "page.ipynb": "<!DOCTYPE html>\n<html><body>Not found</body></html>",
    "pointer.ipynb": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
    "empty.ipynb": "",
    "conflict.ipynb": '{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [1],\n>>>>>>> main\n}',
    "list.ipynb": "[1, 2]",
    "no-kernelspec.ipynb": without_kernelspec(),
    "python-2.ipynb": notebook_text(["print 'a'", "exec 'b = 1'", "print `b`"]),
    "large.ipynb": with_output(8_000_000),
    "windows.ipynb": written(["a = 1\nb = a", "%time c = b"], "crlf file"),
    "one-line.ipynb": written(["a = 1\nb = a\n", "!ls {b}", "x = !ls"], "minified"),
    "magics.ipynb": notebook_text(["%matplotlib inline", "%%bash\nls", "%%time\nx = 1", "x?", "    y = 1", "ls -l"]),
    "tagged.ipynb": notebook_text(["import math", "#| task: a\nr = 2", "#| task: b\nprint(math.pi * r)"]),
    "wrong-tags.ipynb": notebook_text(["#| task: a\n#| after: [b", "%%airflow_task", "%%airflow_dag x\na: {"]),
    "nested/deep.ipynb": notebook_text(["x = " + "(" * 300 + ")" * 300, "y = " + "-" * 5000 + "1"]),
    "julia.ipynb": notebook_text(["x = 1"]).replace('"python"', '"julia"'),
    "markdown.ipynb": '{"cells": [{"cell_type": "markdown", "source": "# T"}], "metadata": {}, "nbformat": 4}',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (folder / "binary.ipynb").write_bytes(bytes(range(256)))
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "plain-checkpoint.ipynb").write_text(FILES["plain.ipynb"])
    (folder / "folder.ipynb").mkdir()
    return folder


def test_a_folder_of_odd_notebooks(folder, tmp_path):
    command = [sys.executable, str(TOOL), str(folder), "--jobs", "1", "--seconds", "60", "--sample", "6"]
    command += ["--json", str(tmp_path / "answers.json")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(FILES) + 1} notebooks in" in done.stdout
    assert "0 violations" in done.stdout
    assert "NBD001 syntax-error" in done.stdout
    answers = json.loads((tmp_path / "answers.json").read_text())["notebooks"]
    outcomes = {Path(path).name: {one["way"]: one["outcome"] for one in found} for path, found in answers.items()}
    unreadable = {name for name, found in outcomes.items() if found == {"read": "unreadable"}}
    assert unreadable == {
        "unbound-local.ipynb", "page.ipynb", "pointer.ipynb", "empty.ipynb", "conflict.ipynb", "list.ipynb",
        "binary.ipynb",
    }  # fmt: skip
    assert outcomes["tagged.ipynb"]["as it is"] == "compiled"
    assert outcomes["plain.ipynb"] == {
        "names": "listed",
        "as it is": "no tasks",
        "every third cell a task": "refused",
        "tasks of three cells": "compiled",
    }
    assert outcomes["julia.ipynb"] == {"names": "listed", "read": "another language"}


def test_no_notebook_at_all(tmp_path):
    done = subprocess.run([sys.executable, str(TOOL), str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no .ipynb file below" in done.stderr


def test_what_takes_too_long_is_a_violation(folder):
    answers = corpus.examine_all([folder / "tagged.ipynb"], 1, 60, "0")
    assert list(corpus.find_violations(answers, 60)) == []
    assert len(list(corpus.find_violations(answers, 0))) == 4


def test_a_notebook_that_hangs_is_a_violation_and_the_next_one_is_examined(folder, monkeypatch):
    checks = folder / "checks.py"
    checks.write_text(
        "import json, sys, time\n"
        "for line in sys.stdin:\n"
        "    if 'empty' in line: time.sleep(600)\n"
        "    if 'list' in line: sys.exit(3)\n"
        "    print(json.dumps([{'way': 'names', 'seconds': 0, 'violations': [], 'digest': ''}]), flush=True)\n"
    )
    monkeypatch.setattr(corpus, "CHECKS", checks)
    monkeypatch.setattr(corpus, "START_SECONDS", 5)
    names = ("plain", "empty", "tagged", "list", "large")
    answers = corpus.examine_all([folder / f"{name}.ipynb" for name in names], 1, 1.0, "0")
    found = [line.partition(": ")[2] for line in corpus.find_violations(answers, 2)]
    assert found == ["all: hang: no answer in 1 s", "all: crash: the process died (exit 3)"]


def test_a_crash_a_place_outside_and_another_result_are_violations(folder, monkeypatch):
    path = folder / "tagged.ipynb"
    monkeypatch.setattr("corpus_checks.list_cell_names", lambda program: 1 / 0)
    names, as_it_is, *_ = examine(path)
    assert names.outcome == "crash"
    assert "ZeroDivisionError" in names.violations[0]
    assert as_it_is.violations == []
    broken = {"way": "names", "seconds": 0, "violations": ["crash: x"], "digest": "1"}
    assert list(corpus.find_violations({path: [broken]}, 2)) == [f"{path}: names: crash: x"]
    assert len(list(corpus.find_differences({path: [broken]}, {path: [{**broken, "digest": "2"}]}))) == 1


def test_a_digest_knows_no_order_of_sets():
    finding = Finding("names", "listed")
    assert digest([{"b", "a"}, finding]) == digest([{"a", "b"}, finding])
    assert digest(Region(1, 2, 3, 4)) != digest(Region(1, 2, 3, 5))
