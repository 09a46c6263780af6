"""Paths that a browser sends stay inside: no `..`, no link, nothing hidden, nothing absolute but DAG folders."""

from __future__ import annotations

import json

import pytest

from nb2dag.server.places import OutOfBounds, Places
from support.sent import SHOP, sent

OUT = ["../secret", "a/../../secret", "/etc", "link/out", ".hidden/x", "a\0b"]


@pytest.fixture
def places(tmp_path):
    root, outside, dags = tmp_path / "root", tmp_path / "outside", tmp_path / "dags"
    for folder in (root, outside, dags):
        folder.mkdir()
    (root / "link").symlink_to(outside)
    (dags / "link").symlink_to(outside)
    return Places(root, (dags,))


@pytest.mark.parametrize("path", OUT)
def test_a_notebook_lies_below_the_root(places, path):
    with pytest.raises(OutOfBounds):
        places.notebook(path)


@pytest.mark.parametrize("path", OUT)
def test_an_export_goes_below_the_root(places, path):
    with pytest.raises(OutOfBounds):
        places.folder(path)


def test_what_lies_inside_is_found(places):
    assert places.notebook("a/n.ipynb") == places.root / "a/n.ipynb"
    assert places.folder("") == places.root
    assert places.folder(str(places.dag_folders[0] / "team")) == places.dag_folders[0] / "team"
    assert places.folder(str(places.root / "dags")) == places.root / "dags"


def test_a_link_does_not_lead_out_of_a_dag_folder(places):
    with pytest.raises(OutOfBounds):
        places.folder(str(places.dag_folders[0] / "link"))
    with pytest.raises(OutOfBounds):
        places.folder(str(places.dag_folders[0] / ".." / "outside"))


def test_a_link_that_stays_inside_is_followed(places):
    (places.root / "a").mkdir()
    (places.root / "b").symlink_to(places.root / "a")
    assert places.notebook("b/n.ipynb") == places.root / "a/n.ipynb"


def test_hidden_folders_are_open_where_the_server_shows_them(places):
    assert Places(places.root, allow_hidden=True).notebook(".x/n.ipynb") == places.root / ".x/n.ipynb"


def test_a_server_without_files_has_no_folders():
    assert Places(None).notebook("n.ipynb") is None
    with pytest.raises(OutOfBounds):
        Places(None).folder("dags")


@pytest.mark.parametrize("path", ["../n.ipynb", "/etc/n.ipynb", ".ssh/n.ipynb"])
async def test_the_server_refuses_a_notebook_elsewhere(ask, path):
    code, document = await ask("panel", sent(*SHOP) | {"path": path})
    assert code == 403
    assert document["message"]


@pytest.mark.parametrize("question", ["preview", "export"])
@pytest.mark.parametrize("folder", ["../dags", "/tmp/elsewhere", "out"])
async def test_the_server_exports_nowhere_else(ask, jp_root_dir, tmp_path_factory, question, folder):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (jp_root_dir / "out").symlink_to(elsewhere)
    code, _ = await ask(question, sent(*SHOP, folder=folder))
    assert code == 403
    assert list(elsewhere.iterdir()) == []


async def test_a_run_begins_nowhere_else(jp_fetch):
    body = json.dumps(sent(*SHOP, kind="run") | {"path": "../n.ipynb"})
    answer = await jp_fetch("nb2dag", "jobs", method="POST", body=body, raise_error=False)
    assert answer.code == 403
