"""Confine paths that a browser sends: below the server's root or a configured DAG folder, by no `..` and no link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath


class OutOfBounds(Exception):
    """The path leads out of what the server gives access to."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the server's files are.

    Attributes:
        root: The folder that API paths start from; None where the contents are no files of this machine.
        dag_folders: Further folders that exports may go to.
        allow_hidden: Whether names that begin with a dot may be used.
    """

    root: Path | None
    dag_folders: tuple[Path, ...] = ()
    allow_hidden: bool = False

    def notebook(self, path: str) -> Path | None:
        """Return the file of a notebook's API path, None where the server's notebooks are no files.

        The file need not be there: a notebook may never have been saved.

        Raises:
            OutOfBounds: The path leads elsewhere.
        """
        if self.root is None:
            return None
        return self._inside(self.root, path)

    def folder(self, path: str) -> Path:
        """Return the folder that `path` names: relative to the root, or absolute in the root or a DAG folder.

        Raises:
            OutOfBounds: The path leads elsewhere, or there is no root to start from.
        """
        if not PurePosixPath(path).is_absolute():
            if self.root is None:
                raise OutOfBounds("this server's notebooks are no files: name one of its DAG folders")
            return self._inside(self.root, path)
        for allowed in (*self.dag_folders, *([self.root] if self.root is not None else [])):
            lexical = allowed.expanduser().absolute()
            for start in (lexical, lexical.resolve()):
                if Path(path).is_relative_to(start):
                    return self._inside(start, str(Path(path).relative_to(start)))
        raise OutOfBounds(f"{path} is neither below the server's root nor in one of its DAG folders")

    def is_below_root(self, path: Path) -> bool:
        """Whether the browser can open a path."""
        return self.root is not None and path.is_relative_to(self.root.resolve())

    def shown(self, path: Path) -> str:
        """Return a path as the browser calls it: relative to the root where it is below."""
        if self.root is not None and self.is_below_root(path):
            return path.relative_to(self.root.resolve()).as_posix()
        return str(path)

    def _inside(self, start: Path, path: str) -> Path:
        pure = PurePosixPath(path)
        if "\0" in path or ".." in pure.parts or pure.is_absolute():
            raise OutOfBounds(f"{path!r} is no path below the server's root")
        if not self.allow_hidden and any(part.startswith(".") for part in pure.parts):
            raise OutOfBounds(f"{path!r} is hidden, and this server shows no hidden files")
        base = start.expanduser().resolve()
        found = (base / pure).resolve()
        if not found.is_relative_to(base):
            raise OutOfBounds(f"{path!r} leads out of the server's root")
        return found
