"""Show what an export would write, and write it: the bundle of the text sent, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2dag.compiler.bundle import Bundle, build_bundle, diff_bundle, write_bundle
from nb2dag.compiler.bundle.compare import differences, read_manifest
from nb2dag.compiler.bundle.write import require_writable
from nb2dag.errors import BundleConflict, Nb2dagError
from nb2dag.runtime.formats import BundleManifest
from nb2dag.server.compiling import Compiled

_LONGEST_DIFF = 200_000
"""Characters of a diff that are sent: more than this nobody reads in a dialog."""


def preview_export(compiled: Compiled, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what writing to the folder `body["folder"]` would do to each file, with a diff and what stands against it.

    Raises:
        Nb2dagError: The notebook has errors, or the folder cannot be read.
    """
    bundle, target = _bundle(compiled, body)
    try:
        previous, conflict = read_manifest(target), ""
        require_writable(bundle, target)
    except BundleConflict as error:
        previous, conflict = _manifest_or_none(target), _without_flags(str(error))
    changed = {difference.path: difference for difference in differences(bundle, target, previous)}
    files = [
        {"path": path, "change": _change(changed[path].before, changed[path].after) if path in changed else "same"}
        for path in sorted({*bundle.files, *changed}, key=_dag_file_first(bundle))
    ]
    diff = diff_bundle(bundle, target)
    return {
        "dag_id": bundle.dag_id,
        "target": str(target),
        "files": files,
        "diff": diff[:_LONGEST_DIFF] + ("\n... (shortened)\n" if len(diff) > _LONGEST_DIFF else ""),
        "conflict": conflict,
    }


def export_bundle(compiled: Compiled, body: Mapping[str, Any]) -> dict[str, Any]:
    """Write the bundle and return the paths that changed.

    Raises:
        Nb2dagError: The notebook has errors, or the bundle cannot be written; nothing was.
    """
    bundle, target = _bundle(compiled, body)
    try:
        changed = write_bundle(bundle, target, force=bool(body.get("force")))
    except BundleConflict as error:
        raise Nb2dagError(_without_flags(str(error))) from error
    return {
        "dag_id": bundle.dag_id,
        "target": str(target),
        "dag_file": bundle.manifest.dag_file,
        "changed": list(changed),
    }


def _bundle(compiled: Compiled, body: Mapping[str, Any]) -> tuple[Bundle, Path]:
    plan = compiled.compilation.plan
    if plan is None or not plan.tasks:
        raise Nb2dagError("the notebook has errors: mend what Findings lists, then export")
    return build_bundle(plan, compiled.folder, compiled.dialect), Path(body["folder"]) / plan.dag_id


def _manifest_or_none(target: Path) -> BundleManifest | None:
    try:
        return read_manifest(target)
    except BundleConflict:
        return None


def _change(before: bytes | None, after: bytes | None) -> str:
    if before is None:
        return "new"
    return "removed" if after is None else "changed"


def _dag_file_first(bundle: Bundle) -> Any:
    return lambda path: (path != bundle.manifest.dag_file, not path.startswith("tasks/"), path)


def _without_flags(message: str) -> str:
    return message.replace("compile with --force", "tick Overwrite")
