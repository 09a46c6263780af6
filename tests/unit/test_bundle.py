"""A bundle is written whole or not at all, and never over anybody else's work."""

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from nb2dag.compiler.bundle import build_bundle, diff_bundle, write_bundle
from nb2dag.errors import BundleConflict, Nb2dagError
from nb2dag.model.plan import CellPurpose, CodeCell, DagPlan, FilePlan, TaskPlan

MODULE = "VAT = 0.25\n"


def task(task_id, source="x = 1"):
    return TaskPlan(task_id, (CodeCell(CellPurpose.BODY, source, 2, "c2", (1,)),), source_cells=(2,))


PLAN = DagPlan("sales", "sales.ipynb", "0" * 64, (task("clean"), task("report")), files=(FilePlan("lib.py", 11),))
CHANGED = replace(PLAN, digest="1" * 64, tasks=(task("clean", "x = 2"), task("report")))


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "lib.py").write_text(MODULE)
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "dags" / "sales"


def state(folder):
    """Everything below a folder: paths with contents and times of change."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {path: content for path, (content, _) in state(folder).items()}


def test_a_bundle_is_written_to_a_folder_that_was_not_there(notebooks, folder):
    bundle = build_bundle(PLAN, notebooks)
    assert diff_bundle(bundle, folder) != ""
    changed = write_bundle(bundle, folder)
    assert contents(folder) == dict(bundle.files)
    assert sorted(changed) == sorted(bundle.files)
    assert names(folder.parent) == ["sales"]
    assert diff_bundle(bundle, folder) == ""


def test_an_unchanged_bundle_is_left_untouched(notebooks, folder):
    bundle = build_bundle(PLAN, notebooks)
    write_bundle(bundle, folder)
    before, inode = state(folder), folder.stat().st_ino
    assert write_bundle(bundle, folder) == ()
    assert (state(folder), folder.stat().st_ino) == (before, inode)


def test_a_changed_bundle_leaves_unchanged_files_untouched(notebooks, folder):
    write_bundle(build_bundle(PLAN, notebooks), folder)
    before = state(folder)
    changed = write_bundle(build_bundle(CHANGED, notebooks), folder)
    assert set(changed) == {"sales.py", "tasks/clean.ipynb", "nb2dag.json"}
    assert all(state(folder)[path] == before[path] for path in ("tasks/report.ipynb", "files/lib.py"))


def test_files_no_longer_generated_are_removed_and_with_them_their_folder(notebooks, folder):
    write_bundle(build_bundle(PLAN, notebooks), folder)
    smaller = build_bundle(replace(PLAN, tasks=(task("clean"),), files=()), notebooks)
    changed = write_bundle(smaller, folder)
    assert {"tasks/report.ipynb", "files/lib.py", ".airflowignore"} < set(changed)
    assert contents(folder) == dict(smaller.files)
    assert not (folder / "files").exists()


def test_what_nb2dag_did_not_write_stays(notebooks, folder):
    write_bundle(build_bundle(PLAN, notebooks), folder)
    (folder / "README.md").write_text("ours")
    (folder / "tasks" / "empty").mkdir()
    (folder / "link").symlink_to("README.md")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "sales.pyc").write_bytes(b"stale")
    changed = build_bundle(CHANGED, notebooks)
    assert "README" not in diff_bundle(changed, folder)
    write_bundle(changed, folder)
    assert (folder / "README.md").read_text() == "ours"
    assert (folder / "tasks" / "empty").is_dir()
    assert (folder / "link").readlink() == Path("README.md")
    assert not (folder / "__pycache__").exists()


def test_a_shipped_file_stays_executable(notebooks, folder):
    (notebooks / "lib.py").chmod(0o755)
    bundle = build_bundle(PLAN, notebooks)
    write_bundle(bundle, folder)
    assert os.access(folder / "files" / "lib.py", os.X_OK)
    assert not os.access(folder / "sales.py", os.X_OK)
    (folder / "files" / "lib.py").chmod(0o644)
    assert "is not executable" in diff_bundle(bundle, folder)
    assert write_bundle(bundle, folder) == ("files/lib.py",)
    assert os.access(folder / "files" / "lib.py", os.X_OK)


def edit(path):
    path.write_text(path.read_text() + "# by hand\n")


CONFLICTS = {
    "an edited file that changes": (lambda folder: edit(folder / "sales.py"), "edited since"),
    "an edited file that goes": (lambda folder: edit(folder / "files" / "lib.py"), "files/lib.py"),
    "a foreign file in the way": (
        lambda folder: (folder / "tasks" / "new.ipynb").write_text("x"),
        "not written by nb2dag",
    ),
    "no manifest": (lambda folder: (folder / "nb2dag.json").unlink(), "has no nb2dag.json"),
    "a damaged manifest": (lambda folder: (folder / "nb2dag.json").write_text("<<<<<<< HEAD"), "is no manifest"),
    "a manifest that is a list": (lambda folder: (folder / "nb2dag.json").write_text("[]"), "is no manifest"),
    "a manifest of another format": (lambda folder: (folder / "nb2dag.json").write_text('{"format": 99}'), "format 99"),
    "another notebook's bundle": (
        lambda folder: edit_json(folder / "nb2dag.json", source="other.ipynb"),
        "of other.ipynb, and sales.ipynb has the same dag_id",
    ),
}


def edit_json(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_is_refused_and_force_overrides_it(name, notebooks, folder):
    damage, message = CONFLICTS[name]
    write_bundle(build_bundle(PLAN, notebooks), folder)
    damage(folder)
    before = state(folder)
    bundle = build_bundle(replace(CHANGED, tasks=(*CHANGED.tasks, task("new")), files=()), notebooks)
    with pytest.raises(BundleConflict, match=message):
        write_bundle(bundle, folder)
    assert state(folder) == before
    assert names(folder.parent) == ["sales"]
    assert diff_bundle(bundle, folder) != ""
    write_bundle(bundle, folder, force=True)
    assert {path: contents(folder)[path] for path in bundle.files} == dict(bundle.files)
    assert diff_bundle(bundle, folder) == ""


def test_an_edit_that_the_new_bundle_agrees_with_is_no_conflict(notebooks, folder):
    write_bundle(build_bundle(PLAN, notebooks), folder)
    changed = build_bundle(CHANGED, notebooks)
    (folder / "sales.py").write_bytes(changed.files["sales.py"])
    assert "sales.py" not in write_bundle(changed, folder)


IN_THE_WAY = {
    "a file as the bundle's folder": lambda folder: (folder.parent.mkdir(), folder.write_text("x")),
    "a file as the output folder": lambda folder: folder.parent.write_text("x"),
    "a folder as a file": lambda folder: (folder / "sales.py").mkdir(parents=True),
    "a file as a folder": lambda folder: (folder.mkdir(parents=True), (folder / "tasks").write_text("x")),
    "a link as a file": lambda folder: (folder.mkdir(parents=True), (folder / "sales.py").symlink_to("/dev/null")),
    "a link as a folder": lambda folder: (folder.mkdir(parents=True), (folder / "tasks").symlink_to("/dev")),
}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", IN_THE_WAY)
def test_something_of_another_kind_in_the_way_is_never_removed(name, force, notebooks, folder):
    IN_THE_WAY[name](folder)
    before = sorted(folder.parent.parent.rglob("*"))
    with pytest.raises(BundleConflict, match=r"is a file|no regular file|no folder"):
        write_bundle(build_bundle(PLAN, notebooks), folder, force=force)
    assert sorted(folder.parent.parent.rglob("*")) == before


@pytest.mark.parametrize("folder", ["/proc/nowhere/sales", "/proc/sales"])
def test_a_folder_that_cannot_be_written_is_named(folder, notebooks):
    with pytest.raises(Nb2dagError, match=f"cannot be written to {folder}"):
        write_bundle(build_bundle(PLAN, notebooks), Path(folder))


def test_a_linked_folder_is_written_where_it_points(notebooks, folder, tmp_path):
    real = tmp_path / "elsewhere"
    real.mkdir()
    folder.parent.mkdir()
    folder.symlink_to(real)
    bundle = build_bundle(PLAN, notebooks)
    write_bundle(bundle, folder)
    assert folder.is_symlink()
    assert contents(real) == dict(bundle.files)


def test_a_diff_shows_lines_of_text_and_sizes_of_the_rest(notebooks, folder):
    write_bundle(build_bundle(PLAN, notebooks), folder)
    (notebooks / "lib.py").write_bytes(b"\x00\x01")
    diff = diff_bundle(build_bundle(replace(CHANGED, tasks=(task("clean", "x = 2"),)), notebooks), folder)
    assert '-    "x = 1"\n+    "x = 2"\n' in diff
    assert "--- a/sales/tasks/clean.ipynb\n+++ b/sales/tasks/clean.ipynb\n" in diff
    assert "--- a/sales/tasks/report.ipynb\n+++ /dev/null\n" in diff
    assert "Binary files a/sales/files/lib.py (11 bytes) and b/sales/files/lib.py (2 bytes) differ\n" in diff
    assert diff.endswith("\n")


UNREADABLE = [
    ("missing.csv", "No such file"),
    ("../outside.csv", "below the notebook's folder"),
    ("/etc/hostname", "below the notebook's folder"),
    (".", "below the notebook's folder"),
    ("folder", "not a regular file"),
]


@pytest.mark.parametrize(("path", "message"), UNREADABLE)
def test_a_file_that_cannot_ship_is_named(path, message, notebooks):
    (notebooks / "folder").mkdir()
    with pytest.raises(Nb2dagError, match=message) as raised:
        build_bundle(replace(PLAN, files=(FilePlan(path, 1),)), notebooks)
    assert f"`{path}`" in str(raised.value)


@pytest.mark.parametrize("name", ["..", ".", "", "../x", "a/b", "a\\b", "a\0"])
def test_an_id_that_is_no_file_name_is_refused(name, notebooks):
    with pytest.raises(Nb2dagError):
        build_bundle(replace(PLAN, dag_id=name), notebooks)
    with pytest.raises(Nb2dagError):
        build_bundle(replace(PLAN, tasks=(task(name),)), notebooks)


INTERRUPTED = """
import json, os, pickle, sys
from pathlib import Path
from nb2dag.compiler.bundle import write_bundle

with open(sys.argv[1], "rb") as file:
    old, new = pickle.load(file)
folder, sent = Path(sys.argv[2]), int(sys.argv[3])


def write_until(count):
    seen = 0

    def watch(event, arguments):
        # Every change to a file system raises an audit event before it happens.
        nonlocal seen
        writes = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        if writes or event in ("os.rename", "os.mkdir", "os.link", "os.remove", "os.rmdir", "os.chmod"):
            seen += 1
            if seen == count:
                os.kill(os.getpid(), sent)

    sys.addaudithook(watch)
    try:
        write_bundle(new, folder)
    except BaseException:
        os._exit(1)
    os._exit(0)


def state():
    if not folder.exists():
        return "none"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    complete = {"old": old, "new": new}
    return next((name for name, bundle in complete.items() if files == {**bundle.files, "README.md": b"ours"}), "other")


finished = False
count = 0
while not finished:
    count += 1
    write_bundle(old, folder)
    (folder / "README.md").write_text("ours")
    child = os.fork()
    if not child:
        write_until(count)
    finished = os.waitpid(child, 0)[1] == 0
    before = state(), sorted(os.listdir(folder.parent))
    # Whatever the interruption left, the next run ends with the new bundle and nothing else.
    write_bundle(new, folder)
    print(json.dumps([*before, state(), sorted(os.listdir(folder.parent))]))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_write_leaves_the_old_bundle_or_the_new_one(sent, notebooks, folder, tmp_path):
    bundles = build_bundle(PLAN, notebooks), build_bundle(CHANGED, notebooks)
    (tmp_path / "bundles").write_bytes(pickle.dumps(bundles))
    command = [sys.executable, "-c", INTERRUPTED, tmp_path / "bundles", folder, str(int(sent))]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found, beside, after, beside_after = zip(*map(json.loads, output.splitlines()), strict=True)
    assert len(found) > 20
    assert {*after} == {"new"}
    assert all(listing == ["sales"] for listing in beside_after)
    if sent == signal.SIGINT:
        assert {*found} == {"old", "new"}
        assert all(listing == ["sales"] for listing in beside)
    else:
        # Only a program that is killed between the two renames leaves no folder, until the next run.
        assert {*found} == {"old", "new", "none"}
        assert found.count("none") == 1


def test_two_runs_at_once_wait_for_each_other(notebooks, folder, tmp_path):
    bundles = [build_bundle(PLAN, notebooks), build_bundle(CHANGED, notebooks)]
    program = textwrap.dedent("""
        import pickle, sys
        from pathlib import Path
        from nb2dag.compiler.bundle import write_bundle
        bundles = pickle.load(open(sys.argv[1], "rb"))
        for turn in range(100):
            write_bundle(bundles[turn % 2], Path(sys.argv[2]))
    """)
    (tmp_path / "bundles").write_bytes(pickle.dumps(bundles))
    command = [sys.executable, "-W", "ignore", "-c", program, tmp_path / "bundles", folder]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert contents(folder) in [dict(bundle.files) for bundle in bundles]
    assert names(folder.parent) == ["sales"]
