"""Compare a bundle with the folder it belongs in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2dag.compiler.bundle.build import Bundle, digest_of
from nb2dag.errors import BundleConflict, Nb2dagError
from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest

_LONGEST_DIFF = 500_000
"""Bytes of the largest file whose lines are compared; a difference in a larger one is summarised."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How one file of the folder differs from the bundle; None stands for no file."""

    path: str
    before: bytes | None
    after: bytes | None


def diff_bundle(bundle: Bundle, folder: Path) -> str:
    """Return what writing `bundle` to `folder` would change as a unified diff, empty where nothing would.

    Files in the folder that nb2dag did not write do not count.

    Raises:
        Nb2dagError: The folder holds something that cannot be read.
    """
    try:
        previous = read_manifest(folder)
    except BundleConflict:
        # What stands there is no bundle of ours; `write_bundle` says so, and a comparison can still be made.
        previous = None
    return "".join(_diff(difference, folder.name) for difference in differences(bundle, folder, previous))


def read_manifest(folder: Path) -> BundleManifest | None:
    """Return the manifest of the bundle in `folder`, None where there is none.

    Raises:
        BundleConflict: It is damaged, or of a format that this nb2dag does not know.
    """
    path = folder / BUNDLE_MANIFEST
    try:
        return BundleManifest.from_json(json.loads(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Nb2dagError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BundleConflict(
            f"{path} is no manifest that this nb2dag can read ({error}): move the folder away, or compile with --force"
        ) from error


def differences(bundle: Bundle, folder: Path, previous: BundleManifest | None) -> Iterator[Difference]:
    """Yield the files that would be made, changed or removed, the manifest last.

    Raises:
        Nb2dagError: A file in the folder cannot be read.
    """
    removed = set(previous.written if previous else ()) - set(bundle.files)
    for path in sorted({*bundle.files, *removed}, key=lambda path: (path == BUNDLE_MANIFEST, path)):
        before, after = read_file(folder, path), bundle.files.get(path)
        stale_mode = path in bundle.executable and not os.access(folder / path, os.X_OK)
        if before != after or (stale_mode and before is not None):
            yield Difference(path, before, after)


def read_file(folder: Path, path: str) -> bytes | None:
    """Return the content of a file of the bundle's folder, None where there is none.

    Raises:
        Nb2dagError: Something stands there that is no file or cannot be read.
    """
    try:
        return (folder / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Nb2dagError(f"{folder / path} cannot be read: {error.strerror}") from error


def edited_files(folder: Path, written: Mapping[str, str]) -> list[str]:
    """Return the files that are no longer what nb2dag wrote; a file that is gone is not among them."""
    contents = {path: read_file(folder, path) for path in sorted(written)}
    return [path for path, content in contents.items() if content is not None and digest_of(content) != written[path]]


def _diff(difference: Difference, name: str) -> str:
    before, after = difference.before, difference.after
    old = "/dev/null" if before is None else f"a/{name}/{difference.path}"
    new = "/dev/null" if after is None else f"b/{name}/{difference.path}"
    if before == after:
        return f"{old} is not executable, {new} is\n"
    old_lines, new_lines = _lines(before), _lines(after)
    if old_lines is None or new_lines is None:
        return f"Binary files {old} ({_size(before)}) and {new} ({_size(after)}) differ\n"
    # Here and not above: only --check and --diff need it, and start-up time counts.
    import difflib

    lines = difflib.unified_diff(old_lines, new_lines, old, new)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes | None) -> list[str] | None:
    """Return the lines of a text; None for what is no text, or too long to compare line by line."""
    if content is None:
        return []
    if b"\0" in content or len(content) > _LONGEST_DIFF:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    # `splitlines` would also split at form feeds and the like, which are no line ends in a diff.
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]


def _size(content: bytes | None) -> str:
    return "no file" if content is None else f"{len(content):,} bytes"
