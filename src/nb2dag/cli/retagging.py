"""Show what tags would change in a notebook, cell by cell or as a patch of the file, and write it on request."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.errors import Nb2dagError
from nb2dag.model.notebook import Cell
from nb2dag.report.style import Style, printable


@dataclass(frozen=True, slots=True)
class Retagged:
    """The text of a notebook file before and after it was tagged; `added` cells stand before all others."""

    path: str
    before: str
    after: str
    added: int = 0

    @property
    def cells(self) -> list[tuple[Cell | None, Cell]]:
        """Each cell that differs, as it is and as it will be; None for one that is new."""
        old: list[Cell | None] = [*([None] * self.added), *parse_notebook(self.before, self.path).cells]
        new = parse_notebook(self.after, self.path).cells
        return [
            (was, now)
            for was, now in zip(old, new, strict=True)
            if was is None or (was.source, was.tags) != (now.source, now.tags)
        ]

    def patch(self) -> str:
        """Return the change of the file as a unified diff, which `git apply` and `patch` take."""
        before, after = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        lines = difflib.unified_diff(before, after, f"a/{self.path}", f"b/{self.path}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def cell_diff(self, style: Style) -> str:
        """Return the change of every cell for people to read."""
        return "\n".join("\n".join(_one_cell(was, now, style)) for was, now in self.cells)


_CONTEXT = 2
"""Lines of a cell that are shown below what changes in it."""


def _one_cell(was: Cell | None, now: Cell, style: Style) -> Iterator[str]:
    title = f"cell {was.index} ({was.id})" if was is not None else "new first cell"
    yield style.paint(f"@@ {printable(title)}", "cyan")
    before = _shown(was) if was is not None else []
    for line in list(difflib.unified_diff(before, _shown(now), n=_CONTEXT, lineterm=""))[2:]:
        if not line.startswith("@@"):
            colour = {"+": "green", "-": "red"}.get(line[:1])
            text = line[:1] + printable(line[1:])
            yield style.paint(text, colour) if colour else text


def _shown(cell: Cell) -> list[str]:
    """Return a cell's lines, its tags as the first one."""
    tags = [f"(cell tags: {', '.join(cell.tags)})"] if cell.tags else []
    return [*tags, *cell.source.split("\n")]


def cells_to_json(changed: Retagged) -> list[dict[str, Any]]:
    """Return every changed cell as JSON: its number and id in the notebook as it is (0 for a new one) and after it."""
    return [
        {
            "cell": was.index if was is not None else 0,
            "cell_id": was.id if was is not None else "",
            "new_cell": now.index,
            "new_cell_id": now.id,
            "source": now.source,
            "tags": list(now.tags),
        }
        for was, now in changed.cells
    ]


def read_text(path: str) -> str:
    """Return the text of a notebook file, its byte order mark included.

    Raises:
        NotebookUnreadable: There is no such file, or it is no notebook.
    """
    from nb2dag.compiler.frontend.reader import read_notebook

    read_notebook(Path(path))
    return Path(path).read_bytes().decode("utf-8")


def require_writable(source: str, target: Path, *, force: bool) -> None:
    """Make sure that the notebook made from `source` may be written to `target`, before anything is said.

    Raises:
        Nb2dagError: `target` is another file that exists, and `force` is not given; or it is a folder, or in none.
    """
    same = target.exists() and target.samefile(source)
    if target.is_dir():
        raise Nb2dagError(f"{target}: is a folder: name the notebook to write")
    if target.exists() and not same and not force:
        raise Nb2dagError(f"{target}: is there already: give --force to overwrite it, or another name")
    if not target.resolve().parent.is_dir():
        raise Nb2dagError(f"{target.resolve().parent}: there is no such folder")


def write_text(text: str, source: str, target: Path) -> None:
    """Write a notebook whole or not at all, with the permissions of `source`, from which it comes."""
    place = target.resolve()
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
        Path(name).chmod(Path(source).stat().st_mode & 0o7777)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_sense(form: str, *, write: bool, output: Path | None, force: bool) -> None:
    """Make sure that the options go together.

    Raises:
        UsageError: They do not.
    """
    if write and output is not None:
        raise click.UsageError("--write changes the notebook itself, and -o writes another: give one or the other.")
    if force and output is None:
        raise click.UsageError("--force is about the file of -o: give that too.")
    if form == "patch" and (write or output is not None):
        raise click.UsageError("--format patch prints what another program shall change: leave --write and -o out.")
