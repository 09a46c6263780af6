"""Find what goes through files in the notebook and cannot go that way from task to task."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache

from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.file_states import is_module_file
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.functions import function_names
from nb2dag.compiler.analysis.imports import imported_modules
from nb2dag.compiler.analysis.places import is_file_state, overlap
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement, files_of
from nb2dag.model.code import nodes_of

_CHANGES_ROWS = ("insert", "update", "delete", "replace", "with", "begin")
_LINKS = ("link", "symlink", "symlink_to", "hardlink_to", "link_to")
_AUTOCOMMITS = ("isolation_level", "autocommit")

Lost = tuple[Statement, str, str]
"""A statement, what it does that would be lost, and what to do instead."""


def lost_file_effects(flow: Flow) -> Iterator[Lost]:
    """Yield each statement whose effect by way of a file would be another one in the DAG, with what it does."""
    if not any(map(_uses_files, flow.statements)):
        return
    yield from _log_files(flow)
    yield from _modules_written_again(flow)
    yield from _open_transactions(flow)
    yield from _script_globals(flow)
    yield from _linked_files(flow)


def _script_globals(flow: Flow) -> Iterator[Lost]:
    """Yield each script whose functions use a name of its own namespace that changes after the script has run.

    Such a function has its own module of globals, and a value that is handed over does not get there.
    """
    for statement in flow.statements:
        bodies = [part.tree for script in statement.scripts if script.own_namespace for part in script.parts]
        functions = [
            node for tree in bodies for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))
        ]
        names = [function_names(node) for node in functions]
        used = {name for found in names for name in found.free} & statement.names.touched
        bound = {name for found in names for name in found.binds} & statement.names.touched
        changed = {name for name in used if _changes_later(flow, name, statement.position)}
        if bound | changed:
            what = f"runs a script whose functions share `{min(bound | changed)}`, which changes later"
            yield statement, what, "pass it to the functions as an argument, or run the script with `%run -i`"


def _changes_later(flow: Flow, name: str, position: int) -> bool:
    return any(flow.timeline.changed_from(region, position + 1) for region in flow.timeline.reach(name, position + 1))


def _linked_files(flow: Flow) -> Iterator[Lost]:
    """Yield links between files that another task uses: it has copies, and a write to one is none to the other."""
    for statement in flow.statements:
        if not _makes_link(statement):
            continue
        places = [use.place for use in files_of(statement) if use.place]
        if any(
            use.place is not None and any(overlap(use.place, place) for place in places)
            for other in flow.statements.since(statement.position + 1)
            if other.task_id != statement.task_id
            for use in files_of(other)
        ):
            what = "makes a link between two files, which are two copies in another task"
            yield statement, what, "use one name for the file in all tasks"


@lru_cache(MOST_STATEMENTS)
def _uses_files(statement: Statement) -> bool:
    """Tell whether there is anything in a statement that could be lost."""
    uses = bool(statement.scripts) or bool(files_of(statement)) or _makes_link(statement)
    return uses or "execute" in statement.facts.text


@lru_cache(MOST_STATEMENTS)
def _makes_link(statement: Statement) -> bool:
    if not any(link in statement.facts.text for link in _LINKS):
        return False
    calls = (node.func for node in nodes_of(statement.node) if isinstance(node, ast.Call))
    return any(isinstance(function, ast.Attribute) and function.attr in _LINKS for function in calls)


def _log_files(flow: Flow) -> Iterator[Lost]:
    """Yield the reads of a log file: the messages of every task go to a file of its own."""
    logs = [use.place for statement in flow.statements for use in files_of(statement) if use.logs and use.place]
    for statement in flow.statements if logs else ():
        for use in files_of(statement):
            if use.access is FileAccess.READ and use.place and any(overlap(use.place, log) for log in logs):
                yield (
                    statement,
                    "reads a log file, to which each task writes its own messages only",
                    "collect what you need in a list that the tasks hand over, or in a file that they append to",
                )


def _modules_written_again(flow: Flow) -> Iterator[Lost]:
    """Yield imports of a module whose file was written after its first import: the notebook keeps the first one."""
    written = [
        (use.place, statement)
        for statement in flow.statements
        for use in files_of(statement)
        if use.writes and use.place is not None and ("*" in use.place or use.place.endswith(".py"))
    ]
    imported: dict[str, list[Statement]] = {}
    for statement in flow.statements if written else ():
        for module in imported_modules(statement.node):
            before = imported.setdefault(module, [])
            if _is_stale(module, statement, before, written):
                what = f"imports `{module}`, whose file was written again after it had been imported"
                yield statement, what, "the notebook keeps the first one: write each version under a name of its own"
            before.append(statement)
        for module in _reloaded(flow, statement):
            if any(writer.position < statement.position and is_module_file(place, module) for place, writer in written):
                what = f"loads `{module}` again, whose file the notebook has written"
                yield statement, what, "write each version under a name of its own, and import that"


def _reloaded(flow: Flow, statement: Statement) -> Iterator[str]:
    """Yield the modules that a statement loads again, `importlib.reload(rules)`."""
    if "reload(" not in statement.facts.text:
        return
    for node in nodes_of(statement.node):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "reload" and node.args:
            given = node.args[0]
            snapshot = flow.timeline.before(given.id, statement.position) if isinstance(given, ast.Name) else None
            if snapshot is not None and snapshot.module:
                yield snapshot.module


def _is_stale(module: str, statement: Statement, before: list[Statement], written: list[tuple[str, Statement]]) -> bool:
    if not before or statement.task_id in {other.task_id for other in before}:
        # A task that has imported it before keeps it, as the notebook does.
        return False
    first = before[0].position
    foreign = module.partition(".")[0] in sys.stdlib_module_names or not statement.facts.local_modules
    return any(
        first < writer.position < statement.position
        and is_module_file(place, module)
        and not (foreign and "*" in place)
        for place, writer in written
    )


def _open_transactions(flow: Flow) -> Iterator[Lost]:
    """Yield changes of a database that are not committed when another task uses the same connection."""
    for statement in flow.statements:
        if statement.kind is not OwnerKind.TASK or not _changes_rows(flow, statement):
            continue
        if any(word in statement.cell.cell.source for word in _AUTOCOMMITS):
            continue
        own = [other for other in flow.statements.since(statement.position) if other.task_id == statement.task_id]
        if any(_commits(other) for other in own):
            continue
        states = _connections(flow, statement)
        if any(
            other.task_id != statement.task_id and _connections(flow, other) & states
            for other in flow.statements.since(statement.position)
        ):
            what = "changes a database in a transaction that is not committed when the task ends"
            yield statement, what, "call `commit()` in this task, or write it under `with connection:`"


def _connections(flow: Flow, statement: Statement) -> frozenset[str]:
    """Return the files behind connections that a statement uses by a name it did not bind itself."""
    found: set[str] = set()
    for name in statement.names.reads:
        snapshot = flow.timeline.before(name, statement.position)
        if snapshot is not None and snapshot.kind == "resource":
            found |= {state for state in flow.timeline.drawn(name, statement.position) if is_file_state(state)}
    return frozenset(found)


def _changes_rows(flow: Flow, statement: Statement) -> bool:
    if "execute" not in statement.facts.text or not _connections(flow, statement):
        return False
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("execute"):
            sql = node.args[0] if node.args else None
            text = sql.value if isinstance(sql, ast.Constant) else "insert"
            if node.func.attr != "executescript" and str(text).strip().lower().startswith(_CHANGES_ROWS):
                return True
    return False


def _commits(statement: Statement) -> bool:
    """Tell whether a statement commits: by its name, by `with connection:`, or as pandas does after writing."""
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "to_sql", "executescript"):
            return True
        if isinstance(node, ast.With) and any(_is_transaction(item.context_expr) for item in node.items):
            return True
    return False


def _is_transaction(node: ast.expr) -> bool:
    """Tell whether a context manager commits at its end: a connection itself, `engine.begin()`."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(node, ast.Name) or (isinstance(called, ast.Attribute) and called.attr == "begin")
