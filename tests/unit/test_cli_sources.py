"""Which notebooks the arguments of a command stand for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nb2dag.cli.sources import Sources, find_notebooks
from nb2dag.errors import Nb2dagError

TAG = "%%airflow_task clean\n"


def write(path: Path, *sources: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": [source]}
        for source in sources
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), encoding="utf-8")
    return path


def test_a_file_is_taken_as_it_is_even_if_it_is_not_there():
    assert find_notebooks(["missing.ipynb"]) == Sources(("missing.ipynb",))


def test_a_folder_is_searched_sorted_and_what_is_not_ours_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.ipynb", "a/c.ipynb", "a/z.ipynb"):
        write(Path("nb", name), TAG)
    for name in (".ipynb_checkpoints/b-checkpoint.ipynb", ".hidden/x.ipynb", "node_modules/x.ipynb", ".x.ipynb"):
        write(Path("nb", name), TAG)
    write(Path("nb/dags/etl/tasks/clean.ipynb"), TAG)
    Path("nb/dags/etl/nb2dag.json").write_text("{}", encoding="utf-8")
    write(Path("nb/venv/share/x.ipynb"), TAG)
    Path("nb/venv/pyvenv.cfg").touch()
    write(Path("nb/plain.ipynb"), "print(1)")
    Path("nb/notes.txt").write_text(TAG, encoding="utf-8")
    assert find_notebooks(["nb"]) == Sources(("nb/b.ipynb", "nb/a/c.ipynb", "nb/a/z.ipynb"), ("nb/plain.ipynb",))


@pytest.mark.parametrize(
    "source", [TAG, "#| task: clean\n", "#|task: x\n", "%airflow_dag d\n", "%%airflow_tsk x\n", "#| parameters\n"]
)
def test_any_trace_of_a_tag_counts(tmp_path, source):
    path = write(tmp_path / "a.ipynb", "import os", source)
    assert find_notebooks([str(tmp_path)]).paths == (str(path),)


def test_a_notebook_named_twice_is_taken_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("nb/a.ipynb"), TAG)
    assert find_notebooks(["nb/a.ipynb", "nb", "./nb/a.ipynb"]).paths == ("nb/a.ipynb",)


def test_an_untagged_notebook_that_is_named_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("nb/a.ipynb"), TAG)
    write(Path("nb/plain.ipynb"), "print(1)")
    assert find_notebooks(["nb", "nb/plain.ipynb"]) == Sources(("nb/a.ipynb", "nb/plain.ipynb"))


def test_exclude_of_the_settings(tmp_path):
    write(tmp_path / "nb/a.ipynb", TAG)
    write(tmp_path / "nb/a_old.ipynb", TAG)
    write(tmp_path / "nb/drafts/b.ipynb", TAG)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.nb2dag]\nexclude = ["nb/drafts/", "*_old.ipynb"]\n', encoding="utf-8"
    )
    assert find_notebooks([str(tmp_path / "nb")]).paths == (str(tmp_path / "nb/a.ipynb"),)


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    with pytest.raises(Nb2dagError, match="there is no notebook in this folder"):
        find_notebooks([str(tmp_path)])
    write(tmp_path / "plain.ipynb", "print(1)")
    with pytest.raises(Nb2dagError, match="holds 1 notebook, but none with a tag"):
        find_notebooks([str(tmp_path)])
