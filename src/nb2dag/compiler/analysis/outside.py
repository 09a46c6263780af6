"""Record what a known call does outside the objects it is given: state without a name, and files."""

from __future__ import annotations

import ast
import builtins
import re

from nb2dag.compiler.analysis import knowledge
from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Draw, Effects, ReadState, Seed, WriteState
from nb2dag.compiler.analysis.knowledge.facts import MODE, CallFacts, MethodFacts
from nb2dag.compiler.analysis.modes import opens_for_writing_only
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import FRESH, Value, container
from nb2dag.model.code import nodes_of

STREAMS = frozenset({"sys.stdout", "sys.stderr", "sys.stdin"})
"""What is the process's own: no task gets it from another one."""

GENERATORS = frozenset({"<random>", "<numpy.random>", "<torch.random>"})
"""Global random number generators, as state without a name."""

_GENERATOR_NAME = re.compile("rng|rand|generator")
_KEPT_GENERATOR = re.compile("rng|generator")

_LOGGED_BY = ("emit", "handle", "filter", "format")
"""Methods of handlers, filters and formatters that logging calls for each message."""


def record_state(
    evaluator: CallingEvaluator, facts: CallFacts | MethodFacts, arguments: Arguments, node: ast.AST, path: str
) -> None:
    """Record state without a name that a call of `path` reads and writes, but the working directory and files."""
    effects = evaluator.effects
    seeds = isinstance(facts, CallFacts) and facts.seeds
    pinned = arguments.given(facts.seeded_by) if facts.seeded_by else False
    if seeds and (pinned or not facts.seeded_by):
        for state in facts.writes:
            effects.add(Seed(state, node, evaluator.certain))
        return
    if pinned:
        return
    if facts.path_write == MODE and opens_for_writing_only(arguments, is_function=isinstance(facts, CallFacts)):
        # What it writes is the notebook's doing; only reading depends on what lies there.
        return
    for state in dict.fromkeys([*facts.reads, *facts.writes]):
        if state == "<config>":
            record_setting(effects, path, node)
        elif state in GENERATORS:
            effects.add(Draw(state, node))
            effects.unstable.setdefault(state, node)
        elif state in ("<clock>", "<entropy>", "<network>", "<files>"):
            effects.unstable.setdefault(state, node)
        elif state == "<cwd>" and state in facts.writes:
            continue
        elif state in facts.writes:
            effects.add(WriteState(state, node))
        else:
            effects.add(ReadState(state, node))
    if not facts.deterministic:
        effects.unstable.setdefault(f"`{called_name(node)}()`", node)


def record_given_generators(
    evaluator: CallingEvaluator, facts: CallFacts | MethodFacts | None, arguments: Arguments, node: ast.AST
) -> None:
    """Record that a generator of numbers which a call is given moves on: `df.sample(5, random_state=rng)`."""
    given = {id(value): value for value in arguments.all() if value.kind == "rng"}
    for place in facts.seeded_by if facts is not None else ():
        value = arguments.get(place)
        # In a function's body only its name tells that it is no number.
        if value is not None and not value.kind and any(map(_GENERATOR_NAME.search, value.same)):
            given[id(value)] = value
        elif value is not None and not value.kind and value.part and _KEPT_GENERATOR.search(_written(arguments, place)):
            # One that is kept somewhere: `random_state=config["rng"]`.
            given[id(value)] = value
    for value in given.values():
        evaluator.effects.mutate(value, node)


def _written(arguments: Arguments, place: int | str) -> str:
    node = arguments.nodes.get(place)
    return "" if node is None else ast.unparse(node)


def record_setting(effects: Effects, path: str, node: ast.AST) -> None:
    """Record that the setting at a dotted path is changed, for the whole process."""
    if knowledge.is_handed_over(path):
        effects.add(WriteState("<config>", node))
    else:
        effects.configures = True


def record_attribute(effects: Effects, path: str, node: ast.AST, item: Value = FRESH) -> None:
    """Record that the attribute of a module at a dotted path is set to something, or deleted."""
    if path in STREAMS:
        # They stay in the process; see `streams`.
        return
    module, _, name = path.rpartition(".")
    state = knowledge.module_state(path) or f"<{path}>"
    if module == "builtins" and hasattr(builtins, name):
        # Any code calls it by its bare name, that of libraries too.
        state = "<builtins>"
    if state == "<config>":
        record_setting(effects, path, node)
    else:
        effects.add(WriteState(state, node))
        if item.carries or item.definition is not None:
            effects.hold(Value(same=frozenset({state})), container([item]))


def record_log_keeping(evaluator: CallingEvaluator, arguments: Arguments, node: ast.AST) -> None:
    """Record that logging is given something of the notebook's that remembers what is logged anywhere."""
    given = arguments.all()
    carried = {item.node for value in given for item in value.carries}
    if any(value.kind == "buffer" for value in given) or any(map(_keeps_messages, carried)):
        evaluator.effects.add(WriteState("<log>", node))


def _keeps_messages(node: ast.AST) -> bool:
    """Tell whether what logging calls for each message puts something into an attribute or a container."""
    methods = [item for item in getattr(node, "body", ()) if getattr(item, "name", "") in _LOGGED_BY]
    return any(map(_puts_something, (part for method in methods for part in nodes_of(method))))


def _puts_something(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute | ast.Subscript):
        return isinstance(node.ctx, ast.Store)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    facts = knowledge.method_call(node.func.attr)
    return facts is not None and facts.stores_args


def called_name(node: ast.AST) -> str:
    """Return the short name of what a call calls, for a message."""
    if isinstance(node, ast.Call):
        function = node.func
        return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)[:40]
    return ast.unparse(node)[:40]
