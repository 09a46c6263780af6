"""Write a bundle to its folder: all of it or nothing, and never over anybody else's work.

The new folder is made beside the old one, complete, and then takes its place by two renames. What nb2dag did not write
moves along. If the program is killed in between, the next run puts the old folder back and starts anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nb2dag.compiler.bundle.build import Bundle
from nb2dag.compiler.bundle.compare import Difference, differences, edited_files, read_manifest
from nb2dag.errors import BundleConflict, Nb2dagError
from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest

_NEW, _OLD = "new", "old"

# Airflow may look through the folder in this very moment, and must not see the DAG twice.
_IGNORE_STAGED = f"{_NEW}/\n{_OLD}/\n"

_CACHES = frozenset({"__pycache__"})


def write_bundle(bundle: Bundle, folder: Path, *, force: bool = False) -> tuple[str, ...]:
    """Write `bundle` to `folder`, which is made where it does not exist.

    A folder that already holds these bytes is left untouched. Files that an earlier bundle had and this one lacks are
    removed; files that nb2dag did not write stay as they are.

    Args:
        bundle: What to write.
        folder: The bundle's own folder, `<dags>/<dag_id>`.
        force: Overwrite files that nb2dag did not write, or that were edited since.

    Returns:
        The paths, relative to the folder, that were made, changed or removed.

    Raises:
        BundleConflict: Without `force`: the folder holds another notebook's bundle, or something that nb2dag did not
            write, or a file edited by hand. Always: a folder stands where a file belongs or the other way round.
        Nb2dagError: The folder cannot be written.
    """
    folder = folder.resolve() if folder.is_symlink() else folder
    try:
        _make_parent(folder)
        with _alone_in(folder.parent):
            _recover(folder)
            return _write(bundle, folder, force)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise Nb2dagError(f"the bundle cannot be written to {folder}: {error.strerror or error}{place}") from error


def require_writable(bundle: Bundle, folder: Path) -> None:
    """Make sure that `write_bundle` would write `bundle` to `folder` without `force`; nothing is written.

    Raises:
        BundleConflict: It would not; see `write_bundle`.
        Nb2dagError: The folder cannot be read.
    """
    _require_places(bundle, folder)
    previous = _previous(bundle, folder, force=False)
    _refuse_edited(folder, previous, list(differences(bundle, folder, previous)))


def _write(bundle: Bundle, folder: Path, force: bool) -> tuple[str, ...]:
    _require_places(bundle, folder)
    previous = _previous(bundle, folder, force)
    changes = list(differences(bundle, folder, previous))
    if changes:
        if not force:
            _refuse_edited(folder, previous, changes)
        _replace(bundle, folder, {change.path for change in changes})
    return tuple(change.path for change in changes)


def _make_parent(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BundleConflict(f"{error.filename} is a file, so no bundle can be written below it") from error


def _require_places(bundle: Bundle, folder: Path) -> None:
    """Refuse a folder where a file belongs, and a file where a folder does."""
    if folder.exists() and not folder.is_dir():
        raise BundleConflict(f"{folder} is a file, and the bundle needs a folder of that name")
    for above in folder.parents:
        if above.exists() and not above.is_dir():
            raise BundleConflict(f"{above} is a file, so no bundle can be written below it")
    for path in bundle.files:
        target = folder / path
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise BundleConflict(f"{target} is no regular file, and the bundle has a file of that name: move it away")
        for above in (folder / part for part in Path(path).parents if part != Path()):
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                raise BundleConflict(f"{above} is no folder, and the bundle has one of that name: move it away")


def _previous(bundle: Bundle, folder: Path, force: bool) -> BundleManifest | None:
    """Return the manifest of the bundle that stands in `folder`, having refused what is not this notebook's."""
    try:
        previous = read_manifest(folder)
    except BundleConflict:
        if not force:
            raise
        return None
    if force:
        return previous
    if previous is None and folder.is_dir() and any(path.name not in _CACHES for path in folder.iterdir()):
        raise BundleConflict(
            f"{folder} is not empty and has no {BUNDLE_MANIFEST}: nb2dag did not write it; "
            "give the DAG another name, or compile with --force"
        )
    if previous is not None and previous.source != bundle.manifest.source:
        raise BundleConflict(
            f"{folder} holds the DAG `{previous.dag_id}` of {previous.source}, and {bundle.manifest.source} has the "
            "same dag_id: give one of them another name, or, if the notebook was renamed, compile with --force"
        )
    return previous


def _refuse_edited(folder: Path, previous: BundleManifest | None, changes: list[Difference]) -> None:
    written = previous.written if previous else {}
    changed = {change.path for change in changes if change.before is not None}
    edited = sorted(changed & set(edited_files(folder, written)))
    if edited:
        raise BundleConflict(
            f"edited since nb2dag wrote them: {_listed(folder, edited)}; "
            "take the edit into the notebook, or compile with --force to lose it"
        )
    foreign = sorted(changed - set(written) - {BUNDLE_MANIFEST})
    if foreign:
        raise BundleConflict(
            f"not written by nb2dag, and the bundle has files of that name: {_listed(folder, foreign)}; "
            "move them away, or compile with --force to lose them"
        )


def _listed(folder: Path, paths: list[str]) -> str:
    return ", ".join(str(folder / path) for path in paths)


def _replace(bundle: Bundle, folder: Path, changed: set[str]) -> None:
    # The process id makes it this program's own where a file system knows no locks.
    stage = folder.with_name(f"{_stage_prefix(folder)}{os.getpid()}")
    stage.mkdir()
    try:
        (stage / ".airflowignore").write_text(_IGNORE_STAGED)
        _fill(bundle, folder, stage / _NEW, changed)
        if folder.exists():
            folder.rename(stage / _OLD)
        (stage / _NEW).rename(folder)
    finally:
        _clear(stage, folder)


def _fill(bundle: Bundle, folder: Path, new: Path, changed: set[str]) -> None:
    """Make the new folder: changed files written, everything else taken over from the old one."""
    new.mkdir()
    if folder.is_dir():
        _take_over(folder, new, changed)
    for path in sorted(changed & set(bundle.files)):
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(bundle.files[path])
        if path in bundle.executable:
            target.chmod(target.stat().st_mode | 0o111)
    for made, _, _ in os.walk(new):
        before = folder / Path(made).relative_to(new)
        if before.is_dir():
            shutil.copymode(before, made)


def _take_over(folder: Path, new: Path, left_out: set[str]) -> None:
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _CACHES)
        here = Path(above).relative_to(folder)
        links = [name for name in folders if (folder / here / name).is_symlink()]
        if not folders and not names:
            (new / here).mkdir(parents=True, exist_ok=True)
        for name in [*links, *names]:
            if (here / name).as_posix() not in left_out:
                (new / here).mkdir(parents=True, exist_ok=True)
                _link(folder / here / name, new / here / name)


def _link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, so that its time of change and whoever has it open stay."""
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    try:
        target.hardlink_to(source)
    except OSError:
        # Some file systems have no hard links.
        shutil.copy2(source, target)


def _clear(stage: Path, folder: Path) -> None:
    """Remove a stage; an old folder whose successor never took its place goes back first."""
    if (stage / _OLD).exists() and not folder.exists():
        (stage / _OLD).rename(folder)
    try:
        shutil.rmtree(stage, ignore_errors=True)
    except BaseException:
        # Ctrl-C while tidying up: what is left would lie in the user's DAG folder.
        shutil.rmtree(stage, ignore_errors=True)
        raise


def _recover(folder: Path) -> None:
    """Clear what a killed run left behind."""
    for stage in folder.parent.glob(f"{_stage_prefix(folder)}*"):
        _clear(stage, folder)


def _stage_prefix(folder: Path) -> str:
    # The folder's own name might leave no room for a prefix.
    return f".nb2dag-{hashlib.sha256(folder.name.encode()).hexdigest()[:12]}-"


@contextmanager
def _alone_in(parent: Path) -> Iterator[None]:
    """Wait until no other nb2dag writes below `parent`; the lock ends with the process, however that ends."""
    if sys.platform == "win32":
        # It has no such lock, and two compilations of one notebook at once are not kept apart.
        yield
        return
    import fcntl

    descriptor = os.open(parent, os.O_RDONLY)
    try:
        # A network file system may know no locks.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
