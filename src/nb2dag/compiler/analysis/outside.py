"""Record what a known call does outside the objects it is given: state without a name, and files."""

from __future__ import annotations

import ast

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Draw, Effects, FileUse, ReadState, Seed, WriteState
from nb2dag.compiler.analysis.knowledge.facts import CallFacts, MethodFacts
from nb2dag.compiler.analysis.values import Value

GENERATORS = frozenset({"<random>", "<numpy.random>", "<torch.random>"})
"""Global random number generators, as state without a name."""


def record_state(effects: Effects, facts: CallFacts | MethodFacts, arguments: Arguments, node: ast.AST) -> None:
    """Record state without a name that a call reads and writes."""
    seeds = isinstance(facts, CallFacts) and facts.seeds
    pinned = arguments.given(facts.seeded_by) if facts.seeded_by else False
    if seeds and (pinned or not facts.seeded_by):
        for state in facts.writes:
            effects.add(Seed(state, node))
        return
    if pinned:
        return
    for state in dict.fromkeys([*facts.reads, *facts.writes]):
        if state == "<config>":
            effects.configures = True
        elif state in GENERATORS:
            effects.add(Draw(state, node))
            effects.unstable.setdefault(state, node)
        elif state in ("<clock>", "<entropy>", "<network>", "<files>"):
            effects.unstable.setdefault(state, node)
        elif state in facts.writes:
            effects.add(WriteState(state, node))
        else:
            effects.add(ReadState(state, node))
    if not facts.deterministic:
        effects.unstable.setdefault(f"`{called_name(node)}()`", node)


def record_files(
    effects: Effects,
    places: tuple[int | str | None, int | str | None],
    arguments: Arguments,
    node: ast.AST,
    receiver: Value | None = None,
) -> None:
    """Record which file a call reads or writes, where its path is known; `places` are the two arguments."""
    for place, writes in zip(places, (False, True), strict=True):
        if place is None:
            continue
        if place == "mode":
            if writes == _opens_for_writing(arguments, receiver is None):
                _file(effects, arguments.get(0) or arguments.get("file") or receiver, node, writes=writes)
            continue
        value = receiver if place == "receiver" else arguments.get(place) or _first_path(arguments)
        _file(effects, value, node, writes=writes)


def _first_path(arguments: Arguments) -> Value | None:
    for name in ("path", "path_or_buf", "filepath_or_buffer", "fname", "file", "io", "excel_writer", "buf"):
        if name in arguments.keywords:
            return arguments.keywords[name]
    return None


def _file(effects: Effects, value: Value | None, node: ast.AST, *, writes: bool) -> None:
    if value is not None and value.constant is not None:
        effects.files.append(FileUse(value.constant, writes, node))


def _opens_for_writing(arguments: Arguments, is_function: bool) -> bool:
    mode = arguments.keywords.get("mode") or arguments.get(1 if is_function else 0)
    return mode is not None and mode.constant is not None and any(letter in mode.constant for letter in "wax+")


def called_name(node: ast.AST) -> str:
    """Return the short name of what a call calls, for a message."""
    if isinstance(node, ast.Call):
        function = node.func
        return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)[:40]
    return ast.unparse(node)[:40]
