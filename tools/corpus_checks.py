"""Compile one notebook in several ways and list every promise that it breaks; run as a program, do so for many.

    python tools/corpus_checks.py       reads a path per line from stdin, writes a JSON object per line to stdout

What a notebook does not allow (it cannot be read, or is refused with findings) is no violation: only what nb2dag gets
wrong itself is.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import gc
import hashlib
import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat

from nb2dag.cli.cell_views import cells_document, cells_text, unlisted
from nb2dag.cli.reports import FileLocator
from nb2dag.compiler.analysis.cell_names import list_cell_names
from nb2dag.compiler.bundle.build import Bundle, build_bundle
from nb2dag.compiler.frontend.reader import parse_notebook, read_notebook
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.compiler.pipeline import Compilation, compile_program
from nb2dag.errors import Nb2dagError, NotebookUnreadable
from nb2dag.model.diagnostic import Diagnostic, Severity
from nb2dag.model.notebook import Cell, CellType, Notebook
from nb2dag.model.span import Region, Span
from nb2dag.report.github import render_github
from nb2dag.report.json_format import diagnostic_to_json
from nb2dag.report.style import Style
from nb2dag.report.text import render_text

MOST_BYTES = 10**7
_WARM_UP = '{"cells": [{"cell_type": "code", "source": "files = !ls {x}\\nimport a"}], "metadata": {}, "nbformat": 4}'


@dataclasses.dataclass
class Finding:
    """What came of one notebook in one way: `digest` identifies all that was put out, `seconds` are of CPU."""

    way: str
    outcome: str = ""
    seconds: float = 0.0
    rules: dict[str, int] = dataclasses.field(default_factory=dict)
    violations: list[str] = dataclasses.field(default_factory=list)
    digest: str = ""


def examine(path: Path) -> list[Finding]:
    """Return what came of the notebook at `path`, in every way."""
    try:
        notebook = read_notebook(path)
    except NotebookUnreadable as unreadable:
        reason = str(unreadable)
        said = [] if reason and "\n" not in reason else [f"message: of several lines or none: {reason!r}"]
        return [Finding("read", "unreadable", violations=said, digest=reason)]
    except Exception:  # noqa: BLE001 - that it raises is what is looked for
        return [Finding("read", "crash", violations=[_crash()])]
    if notebook.language != "python":
        return [_guarded("names", lambda found: _names(notebook, found)), Finding("read", "another language")]
    folder = path.parent
    gc.collect()  # what the notebook before left behind is not this one's to pay for
    return [
        _guarded("names", lambda found: _names(notebook, found)),
        _guarded("as it is", lambda found: _compiled(notebook, folder, found, in_file=True)),
        _guarded("every third cell a task", lambda found: _compiled(_thirds(notebook), folder, found)),
        _guarded("tasks of three cells", lambda found: _compiled(_threes(notebook), folder, found)),
    ]


def _guarded(way: str, work: Callable[[Finding], object]) -> Finding:
    """Do the work and turn what it raises into a violation."""
    found = Finding(way)
    try:
        found.digest = digest(work(found))
    except Nb2dagError as error:
        found.outcome, found.digest = "impossible", str(error)
    except Exception:  # noqa: BLE001 - that it raises is what is looked for
        found.outcome = "crash"
        found.violations.append(_crash())
    return found


def _names(notebook: Notebook, found: Finding) -> object:
    """Do what `nb2dag show --cells` does."""
    started = time.process_time()
    program = tag_program(notebook, only_environment=True)
    names = list_cell_names(program)
    document = cells_document(program, names)
    found.seconds = time.process_time() - started
    found.outcome = "listed"
    for own in names:
        for use in (*own.definitions, *own.references, *own.mutations):
            found.violations += _misplaced(notebook.cell(own.cell), use.region, f"name {use.name}")
    return [document, cells_text(program, names, Style()), list(unlisted(program))]


def examine_notebook(notebook: Notebook, folder: Path) -> list[Finding]:
    """Return what came of a notebook that was read: its names listed, and compiled as it is."""
    return [
        _guarded("names", lambda found: _names(notebook, found)),
        _guarded("as it is", lambda found: _compiled(notebook, folder, found)),
    ]


def _compiled(notebook: Notebook, folder: Path, found: Finding, *, in_file: bool = False) -> object:
    """Do what `nb2dag compile` does, and look at all it says and makes."""
    started = time.process_time()
    compilation = compile_program(notebook, folder, MOST_BYTES)
    bundle = build_bundle(compilation.plan, folder) if compilation.plan is not None else None
    found.seconds = time.process_time() - started
    found.outcome = _outcome(compilation)
    for diagnostic in compilation.diagnostics:
        rule = f"{diagnostic.code} {diagnostic.name} ({diagnostic.severity.value})"
        found.rules[rule] = found.rules.get(rule, 0) + 1
        found.violations += _said_badly(notebook, diagnostic)
    if bundle is not None:
        found.violations += _wrong_files(bundle)
    rendered = [
        render_text(compilation.diagnostics, [notebook]),
        [diagnostic_to_json(d) for d in compilation.diagnostics],
    ]
    if in_file:
        rendered.append(render_github(compilation.diagnostics, FileLocator()))
    return [rendered, compilation.dataflow, dict(bundle.files) if bundle is not None else None]


def _outcome(compilation: Compilation) -> str:
    if compilation.plan is not None:
        return "compiled"
    errors = {item.name for item in compilation.diagnostics if item.severity is Severity.ERROR}
    return "no tasks" if errors == {"no-tasks"} else "refused"


def _thirds(notebook: Notebook) -> Notebook:
    """Return the notebook with every third code cell made a task of its own; the others stay untagged."""
    numbers = {cell.index: number for number, cell in enumerate(notebook.code_cells, 1)}
    return _tagged(notebook, {index: f"t{number}" for index, number in numbers.items() if number % 3 == 0})


def _threes(notebook: Notebook) -> Notebook:
    """Return the notebook with its first code cell left alone and each three below it made one task."""
    numbers = {cell.index: number for number, cell in enumerate(notebook.code_cells)}
    return _tagged(notebook, {index: f"t{(number + 2) // 3}" for index, number in numbers.items() if number})


def _tagged(notebook: Notebook, tasks: Mapping[int, str]) -> Notebook:
    cells = tuple(_with_tag(cell, tasks[cell.index]) if cell.index in tasks else cell for cell in notebook.cells)
    return dataclasses.replace(notebook, cells=cells)


def _with_tag(cell: Cell, task: str) -> Cell:
    if cell.type is not CellType.CODE or not cell.source.strip():
        return cell
    # The magic spelling goes above another cell magic; the option line is the one that works in plain Python.
    tag = f"%%airflow_task {task}" if cell.source.lstrip().startswith("%%") else f"#| task: {task}"
    return dataclasses.replace(cell, source=f"{tag}\n{cell.source}")


def _said_badly(notebook: Notebook, diagnostic: Diagnostic) -> Iterator[str]:
    """Yield what is wrong with a diagnostic itself: its places, and its form."""
    spans = [diagnostic.span, *(label.span for label in diagnostic.labels)]
    if diagnostic.fix is not None:
        spans += [Span(notebook.path, edit.cell, edit.cell_id, edit.region) for edit in diagnostic.fix.edits]
    for span in spans:
        if span.cell == 0 and not span.cell_id:
            continue
        if not 1 <= span.cell <= len(notebook.cells) or notebook.cell(span.cell).id != span.cell_id:
            yield f"span: {diagnostic.code} points at cell {span.cell} `{span.cell_id}`, which there is not"
        else:
            yield from _misplaced(notebook.cell(span.cell), span.region, diagnostic.code)
    if not diagnostic.message or "\n" in diagnostic.message or diagnostic.message.endswith("."):
        yield f"message: {diagnostic.code} says {diagnostic.message!r}"


def _misplaced(cell: Cell, region: Region, what: str) -> list[str]:
    lines = cell.source.split("\n")
    ends = ((region.line, region.column), (region.end_line, region.end_column))
    inside = all(1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1 for line, column in ends)
    if inside and ends[0] <= ends[1]:
        return []
    return [f"span: {what} in cell {cell.index} at {ends[0]} to {ends[1]}, outside of its {len(lines)} lines"]


def _wrong_files(bundle: Bundle) -> Iterator[str]:
    """Yield which written files are not what their names say."""
    for name, content in bundle.files.items():
        try:
            if name == bundle.manifest.dag_file:
                ast.parse(content)
            elif name.startswith("tasks/"):
                nbformat.validate(json.loads(content))
            elif name.endswith(".json"):
                json.loads(content)
        except Exception as error:  # noqa: BLE001 - whatever a parser raises, the file is wrong
            yield f"output: {name}: {type(error).__name__}: {str(error).splitlines()[0]}"


def _crash() -> str:
    return "crash: " + traceback.format_exc(limit=-4).strip()


def digest(value: object) -> str:
    """Return what identifies a value, of which no part has an address in its text; sets have no order."""
    return hashlib.sha256(_canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any) -> str:
    """Return a value as text in which no set has an order."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [getattr(value, field.name) for field in dataclasses.fields(value)]
        return f"{type(value).__name__}{_canonical(fields)}"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_canonical, value)))}}}"
    if isinstance(value, Mapping):
        return f"<{', '.join(f'{_canonical(key)}: {_canonical(each)}' for key, each in value.items())}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_canonical, value))}]"
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)


def main() -> None:
    """Answer each path on stdin with a line on stdout."""
    warnings.simplefilter("ignore")
    answers = sys.stdout
    sys.stdout = sys.stderr
    # What the first notebook would pay for all: IPython is imported for the first escape that needs it.
    compile_program(parse_notebook(_WARM_UP, "warm.ipynb"), Path("/nonexistent"), MOST_BYTES)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        found = examine(Path(line.rstrip("\n")))
        answers.write(json.dumps([dataclasses.asdict(each) for each in found]) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
