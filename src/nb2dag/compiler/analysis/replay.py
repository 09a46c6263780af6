"""Decide which statements may run again in every task that needs them, because that equals running them once."""

from __future__ import annotations

import ast
from functools import lru_cache

from nb2dag.compiler.analysis.deriving import as_it_was, parts_as_they_were
from nb2dag.compiler.analysis.effects import LOG_HANDLERS, Bind, Mutate, Seed, WriteState
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.made_classes import MADE_CLASS
from nb2dag.compiler.analysis.marks import OWN_DEFAULTS
from nb2dag.compiler.analysis.outside import GENERATORS
from nb2dag.compiler.analysis.places import is_file_state
from nb2dag.compiler.analysis.statements import MOST_STATEMENTS, OwnerKind, Statement, binds_for_certain

REPLAYED_STATES = frozenset({"<environ>", "<sys.path>", "<cwd>", "<config>", LOG_HANDLERS})
"""State without a name that a replayed statement may set: setting it again has the same result."""


_PLAIN = (
    ast.Constant, ast.Name, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr,
    ast.FormattedValue,
)  # fmt: skip


_TYPE_VARIABLES = {"TypeVar", "ParamSpec", "TypeVarTuple"}

_OF_TYPES = {"make_dataclass", "new_class"}
"""What makes classes that say they are of the module `types`: these travel by value, with their instances."""


def replayable_positions(flow: Flow) -> dict[int, bool]:
    """Return, by position, whether a statement may be replayed: it and all it needs are definitions or repeatable."""
    answers: dict[int, bool] = {}
    for statement in flow.statements:
        answers[statement.position] = _candidate(statement) and _needs_replayable(flow, statement, answers)
    return answers


@lru_cache(MOST_STATEMENTS)
def _candidate(statement: Statement) -> bool:
    if statement.kind is OwnerKind.WHOLE or is_definition(statement.node) or _runs_definitions(statement):
        return True
    if _makes_class(statement) or _makes_type_variable(statement.node) or _names_again(statement):
        return True
    if statement.kind is OwnerKind.TASK:
        return is_plain_value(statement) or (configures(statement) and not statement.effects.unstable)
    if statement.kind is not OwnerKind.SHARED:
        return False
    effects = statement.effects
    if effects.unstable or effects.dynamic:
        return False
    return not any(
        isinstance(event, WriteState) and event.state not in REPLAYED_STATES and not _is_module_attribute(event.state)
        for event in effects.events
    )


def _makes_class(statement: Statement) -> bool:
    """Tell whether a statement is `Color = Enum("Color", "RED GREEN")`: a class statement in another spelling."""
    node, events = statement.node, statement.effects.events
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "attr", getattr(node.value.func, "id", "")) not in _OF_TYPES
        and len(events) == 1
        and isinstance(events[0], Bind)
        and events[0].value.kind == MADE_CLASS
        and OWN_DEFAULTS not in events[0].value.draws
        and not any(
            isinstance(child, (ast.Call, ast.Lambda)) for given in _given(node.value) for child in ast.walk(given)
        )
    )


def _makes_type_variable(node: ast.stmt) -> bool:
    """Tell whether a statement is `T = TypeVar("T")`, which says nothing but its name and what it may stand for."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    called = getattr(node.value.func, "attr", getattr(node.value.func, "id", ""))
    given = [child for part in _given(node.value) for child in ast.walk(part)]
    return called in _TYPE_VARIABLES and not any(isinstance(child, (ast.Call, ast.Lambda)) for child in given)


def _names_again(statement: Statement) -> bool:
    """Tell whether a statement gives a function or class of the notebook another name: `cost = weight`."""
    node, events = statement.node, statement.effects.events
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Name)
        and all(isinstance(target, ast.Name) for target in node.targets)
        and all(isinstance(event, Bind) and event.value.definition is not None for event in events)
    )


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


@lru_cache(MOST_STATEMENTS)
def is_plain_value(statement: Statement) -> bool:
    """Tell whether all that a statement does is to bind names to what cannot change, computed by operators alone.

    A task's is handed over to whoever reads it, and made again only where a definition needs it to be made.
    """
    node = statement.node
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None or statement.effects.unstable:
        return False
    # What opens something and cannot change is a logger: there is one by its name.
    of_name = isinstance(node.value, ast.Call) and statement.effects.opens
    parts = node.value.args if isinstance(node.value, ast.Call) and of_name else [node.value]
    return all(
        isinstance(child, _PLAIN) for part in parts for child in ast.walk(part) if isinstance(child, ast.expr)
    ) and all(isinstance(event, Bind) and event.value.immutable for event in statement.effects.events)


@lru_cache(MOST_STATEMENTS)
def configures(statement: Statement) -> bool:
    """Tell whether a statement sets up modules, the environment or a generator.

    It may bind what a module's function returns (`old = np.seterr(all="ignore")`), and changes nothing else.
    """
    effects = statement.effects
    if statement.kind is OwnerKind.SHARED and _sets_up_logging(statement):
        return True
    if any(isinstance(event, Mutate) for event in effects.events):
        return False
    if any(use.writes and not use.logs for use in effects.files):
        return False
    if statement.names.touched:
        return effects.configures and not statement.compound
    states = {event.state for event in effects.events if isinstance(event, (WriteState, Seed))}
    if statement.kind is OwnerKind.TASK and statement.compound:
        return False
    if "<cwd>" in states and statement.kind is OwnerKind.TASK:
        # Where a task went is handed over: the folder may be there only since that task made it.
        return False
    known = all(state in REPLAYED_STATES or state in GENERATORS or _is_module_attribute(state) for state in states)
    return effects.configures or (bool(states) and known)


def _sets_up_logging(statement: Statement) -> bool:
    """Tell whether a block sets up handlers of logging, and changes nothing but what it binds for that."""
    effects = statement.effects
    own = statement.names.touched
    if not statement.compound or "andler" not in statement.facts.text:
        return False
    states = {event.state for event in effects.events if isinstance(event, (WriteState, Seed))}
    changed = {event.name for event in effects.events if isinstance(event, Mutate)}
    return (effects.configures or bool(states)) and states <= {LOG_HANDLERS, "<config>"} and changed <= own


def _is_module_attribute(state: str) -> bool:
    """Tell whether a state is an attribute of a module (`<package.module.name>`)."""
    return "." in state and " " not in state and not is_file_state(state)


def _needs_replayable(flow: Flow, statement: Statement, answers: dict[int, bool]) -> bool:
    position = statement.position
    older = parts_as_they_were(flow, statement)
    return all(
        chain_replayable(flow, name, position, answers)
        or (name in older and as_it_was(flow, name, position, answers) is not None)
        or (is_file_state(name) and _finds_files(statement))
        for name in flow.statements.standing(position).use.names
    )


def _runs_definitions(statement: Statement) -> bool:
    """Tell whether a statement is a `%run` of a file that only imports and defines."""
    scripts = statement.scripts
    return (
        bool(scripts)
        and isinstance(statement.node, ast.Expr)
        and all(
            is_definition(node) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            for script in scripts
            for part in script.parts
            for node in part.tree.body
        )
    )


def _finds_files(statement: Statement) -> bool:
    """Tell whether a statement may be replayed although a task writes the files that it looks for.

    A module, or the file behind a connection, is laid down before it runs.
    """
    return statement.effects.opens or is_definition(statement.node) or bool(statement.scripts)


def chain_replayable(flow: Flow, name: str, position: int, answers: dict[int, bool]) -> bool:
    """Tell whether all that made the value of `name` before `position` may be replayed."""
    while True:
        version = flow.timeline.version(name, position)
        if version is None:
            return True
        maker = flow.statements.standing(version)
        if not answers[version]:
            return False
        if binds_for_certain(maker, name):
            return True
        position = version


def is_definition(node: ast.stmt) -> bool:
    r"""Tell whether a statement only imports, defines, or is a compound of imports, definitions and constants.

    >>> is_definition(ast.parse("try:\n    import a\nexcept ImportError:\n    a = None").body[0])
    True
    >>> is_definition(ast.parse("a = 1").body[0])
    False
    """
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return True
    if type(node).__name__ == "TypeAlias":
        return True
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Lambda) and all(isinstance(target, ast.Name) for target in node.targets)
    if isinstance(node, (ast.If, ast.Try)):
        parts = _parts(node)
        return any(is_definition(part) for part in parts) and all(_may_stand_inside(part) for part in parts)
    return False


def _parts(node: ast.If | ast.Try) -> list[ast.stmt]:
    parts = [*node.body, *node.orelse]
    if isinstance(node, ast.Try):
        parts += [*node.finalbody, *(part for handler in node.handlers for part in handler.body)]
    return parts


def _may_stand_inside(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Pass, ast.Raise)):
        return True
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return isinstance(node.value, ast.Constant)
    return is_definition(node)
