"""Find the files that an attempt had beside its notebook, each with the very content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath

from nb2dag.local.bundles import read_manifest
from nb2dag.local.pull.production import PullRefused

_FILES = "files"


def find_shipped(files: Mapping[str, str], given: Path | None, usual: Iterable[Path]) -> Path | None:
    """Return the folder that holds the files, None where there are none to hold.

    Args:
        files: The sha256 of each file by its path.
        given: The bundle that the user names; no other is looked at then.
        usual: Bundles to look at otherwise.

    Raises:
        PullRefused: No bundle has all of them with that content.
        Nb2dagError: `given` is no bundle, or one of a newer nb2dag.
    """
    if given is not None:
        read_manifest(given)
    if not files:
        return None
    why = ""
    for bundle in [given] if given is not None else usual:
        wrong = _first_wrong(files, bundle / _FILES)
        if wrong is None:
            return bundle / _FILES
        if (bundle / _FILES).is_dir():
            why = why or f" ({bundle / _FILES / wrong} is another one, or missing)"
    names = ", ".join(sorted(files)[:5]) + (" ..." if len(files) > 5 else "")
    raise PullRefused(
        f"the files that ran beside the notebook are not here as they were{why}: {names}. Name the bundle as it was "
        "deployed with --bundle, a checkout of that commit for example, or leave them out with --without-files"
    )


def _first_wrong(files: Mapping[str, str], folder: Path) -> str | None:
    for name, digest in sorted(files.items()):
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts:
            raise PullRefused(f"`{name}` is no file of a bundle")
        try:
            if sha256((folder / pure).read_bytes()).hexdigest() != digest:
                return name
        except OSError:
            return name
    return None
