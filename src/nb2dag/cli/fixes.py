"""Apply the fixes of findings to notebook files, or show what they would change."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.memory import Memory
from nb2dag.compiler.pipeline import compile_program
from nb2dag.compiler.rules.selection import Selection
from nb2dag.config import load_config
from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Severity
from nb2dag.report.ipynb_edit import apply_edits, edit_source, overlaps

_MOST_ROUNDS = 20
"""One fix can bring to light what another one mends; more rounds than this would be two that undo each other."""


@dataclass(frozen=True, slots=True)
class Mended:
    """The text of a notebook file before and after its fixes, and how many were made."""

    path: str
    before: str
    after: str
    count: int

    def diff(self) -> str:
        """Return what the fixes change as a unified diff, an empty string where that is nothing."""
        before, after = self.before.split("\n"), self.after.split("\n")
        lines = difflib.unified_diff(before, after, self.path, self.path, lineterm="")
        return "".join(f"{line}\n" for line in lines)

    def write(self) -> None:
        """Write the notebook whole or not at all, with the permissions it had."""
        if self.count:
            _replace(Path(self.path), self.after.encode("utf-8", "surrogatepass"))


def mend_notebook(path: str, selection: Selection, *, unsafe: bool) -> Mended:
    """Return a notebook file's text with its fixes applied, the safe ones or with `unsafe` the guesses too.

    Fixed are findings that `selection` shows. Nothing is written.

    Raises:
        NotebookUnreadable: The file is no notebook.
    """
    before = Path(path).read_bytes().decode("utf-8")
    folder, most_bytes = Path(path).parent, load_config(path).max_file_size
    memory = Memory()

    def check(text: str) -> list[Diagnostic]:
        notebook = parse_notebook(text, path)
        return selection.apply(compile_program(notebook, folder, most_bytes, memory).diagnostics)

    after, count = _mended(before, check, unsafe)
    return Mended(path, before, after, count)


def _mended(text: str, check: Callable[[str], list[Diagnostic]], unsafe: bool) -> tuple[str, int]:
    count = 0
    found = check(text)
    refused: set[Fix] = set()
    for _ in range(_MOST_ROUNDS):
        fixes = _choose([item for item in found if item.fix not in refused], unsafe)
        if not fixes:
            break
        after = _edited(text, [edit for _, fix in fixes for edit in fix.edits])
        then = check(after)
        if len(fixes) > 1 and _is_worse(fixes, found, then):
            # One of them is to blame: they are tried one by one, the rest in later rounds.
            fixes = fixes[:1]
            after = _edited(text, [edit for _, fix in fixes for edit in fix.edits])
            then = check(after)
        if after == text or _is_worse(fixes, found, then):
            refused.update(fix for _, fix in fixes)
            continue
        text, found = after, then
        count += len(fixes)
    return text, count


def _is_worse(fixes: Iterable[tuple[str, Fix]], before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> bool:
    """Tell whether fixes brought forth errors; what was mended in a tag may only now let the flow be looked at."""
    if any(code[3] in "01" for code, _ in fixes):
        return False
    errors = [sum(item.severity is Severity.ERROR for item in found) for found in (before, after)]
    return errors[1] > errors[0]


def _choose(diagnostics: Iterable[Diagnostic], unsafe: bool) -> list[tuple[str, Fix]]:
    """Return the fixes to make in this round; those that touch another one's edits wait for the next."""
    wanted = {Applicability.SAFE, *([Applicability.UNSAFE] if unsafe else [])}
    chosen: list[tuple[str, Fix]] = []
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or fix.applicability not in wanted:
            continue
        taken = [edit for _, other in chosen for edit in other.edits]
        if not any(overlaps(edit, taken) for edit in fix.edits):
            chosen.append((diagnostic.code, fix))
    return chosen


def _edited(text: str, edits: Sequence[Edit]) -> str:
    """Apply edits, and make sure that the file then says what was meant."""
    after = apply_edits(text, edits)
    old, new = parse_notebook(text, ""), parse_notebook(after, "")
    for cell, edited in zip(old.cells, new.cells, strict=True):
        expected = edit_source(cell.source, [edit for edit in edits if edit.cell == cell.index])
        if edited.source != expected:
            raise Nb2dagError(
                f"cell {cell.index} cannot be mended in the form in which this file is written: save the notebook "
                "from Jupyter first, then try again"
            )
    return after


def _replace(path: Path, content: bytes) -> None:
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
