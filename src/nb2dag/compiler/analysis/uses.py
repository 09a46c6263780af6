"""Find what running a statement reads, through every definition it may call or that a value it reads carries."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.cell_facts import StatementFacts
from nb2dag.compiler.analysis.effects import Draw, Effects, FileUse, ReadState, WriteState
from nb2dag.compiler.analysis.file_states import FileStates
from nb2dag.compiler.analysis.free_names import free_names
from nb2dag.compiler.analysis.marks import modules_in
from nb2dag.compiler.analysis.own_pickling import says_how_it_goes
from nb2dag.compiler.analysis.present import Present
from nb2dag.compiler.analysis.star_imports import STARS
from nb2dag.compiler.analysis.values import Definition
from nb2dag.model.code import nodes_of

OWN_DELETION = "<own deletion>"
"""Stands for that the notebook has classes which say what happens when an instance is deleted."""


@dataclass(slots=True)
class Use:
    """What running a statement reads: names as of that point, and definitions in the very version a value carries.

    `deferred` are the names read only by function bodies: a name that is missing there fails when, and only when, the
    function runs.
    """

    names: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    definitions: set[Definition] = field(default_factory=set)


def find_use(present: Present, facts: StatementFacts, effects: Effects) -> Use:
    """Return what a statement with these effects reads."""
    use = Use(names=set(facts.names.reads))
    files = FileStates(present)
    for event in effects.events:
        if isinstance(event, (Draw, ReadState, WriteState)) and present.now(event.state) is not None:
            use.names.add(event.state)
        elif isinstance(event, FileUse):
            use.names |= files.needed(event)
    imports = facts.modules.union(each.name for each in facts.local_modules)
    written_modules = files.imported(imports)
    use.names |= written_modules
    # A written module is found from where the notebook stands.
    if present.now("<cwd>") is not None and (effects.files or effects.unstable or written_modules):
        use.names.add("<cwd>")
    use.names |= _needed_before(present, facts, effects)
    use.definitions |= {item for item in effects.unpickled if item.position >= 0}
    touched = facts.names.touched
    definitions = [item for item in effects.references if item.name not in touched] + [*effects.run]
    _look_behind(present, use, list(use.names), definitions, runs=not only_derives(facts.node))
    last_star = present.stars().last
    if last_star >= 0 and any(_may_be_starred(present, name, last_star) for name in use.names):
        use.names.add(STARS)
        ask_for(present, STARS)
    return use


def with_surroundings(present: Present, use: Use, states: frozenset[str]) -> Use:
    """Return a use that has the state of the process as well, and what is needed by what that holds of the notebook."""
    found = Use(use.names | states, set(use.deferred), set(use.definitions))
    _look_behind(present, found, sorted(states), [], runs=True)
    return found


def _look_behind(present: Present, use: Use, names: list[str], definitions: list[Definition], *, runs: bool) -> None:
    """Add what the values of names and definitions need in turn; bodies count as far as they may run."""
    seen: set[Definition] = set()
    while names or definitions:
        if not definitions:
            definitions += _behind(present, names.pop(), use, names)
            continue
        definition = definitions.pop()
        if definition not in seen:
            seen.add(definition)
            if _has_state(present, definition):
                _defer(frozenset({definition.name}), use, names)
            definitions += _inside(present, definition)
            if runs or runs_when_derived(definition.node):
                _defer(free_names(definition.node), use, names)


def _needed_before(present: Present, facts: StatementFacts, effects: Effects) -> set[str]:
    """Return the names of which it matters what they stood for before the statement binds them."""
    found: set[str] = set()
    if effects.swallows:
        # What a block that may end early binds can be what it was before.
        found |= {name for name in facts.names.binds if present.now(name) is not None}
    if present.now(OWN_DELETION) is not None:
        # To bind such a name anew is the end of what it stood for.
        found |= {name for name in facts.names.binds if _goes_in_own_way(present, name)}
    return found


def written_modules(present: Present, states: Iterable[str]) -> set[str]:
    """Return the states of the files that the notebook wrote and that hold the modules of these attributes."""
    modules = {part for state in states if "." in state for part in (state[1:].partition(".")[0],)}
    return FileStates(present).imported(modules)


def ask_for(present: Present, name: str) -> None:
    """Note that it matters what a name stands for and reaches."""
    snapshot = present.now(name)
    if snapshot is not None:
        present.reach(snapshot.own)


def _may_be_starred(present: Present, name: str, last_star: int) -> bool:
    """Tell whether `from m import *` may have bound a name: what was bound since was not."""
    snapshot = present.now(name)
    return snapshot is None or snapshot.bound < last_star


def only_derives(node: ast.stmt, *, registered: bool = False) -> bool:
    """Tell whether a statement is a class whose making calls nothing of the notebook: its bases do not run yet.

    With `registered`, it may be given to its decorators, and to what its bases run for each derived class.
    """
    if not isinstance(node, ast.ClassDef) or ((node.keywords or node.decorator_list) and not registered):
        return False
    made = [*node.bases, *(part for part in node.body if not isinstance(part, ast.FunctionDef))]
    made += [part.args for part in node.body if isinstance(part, ast.FunctionDef)]
    if any(part.decorator_list for part in node.body if isinstance(part, ast.FunctionDef)):
        return False
    return not any(isinstance(part, ast.Call) for whole in made for part in nodes_of(whole))


def runs_when_derived(node: ast.AST) -> bool:
    """Tell whether a class has code that runs when another one is derived from it."""
    if not isinstance(node, ast.ClassDef):
        return False
    return bool(node.keywords) or any(getattr(part, "name", "") == "__init_subclass__" for part in node.body)


def _behind(present: Present, name: str, use: Use, names: list[str]) -> list[Definition]:
    """Return the definitions that a name stands for or that its value carries, and note what they need."""
    snapshot = present.now(name)
    if snapshot is None:
        return []
    definition = snapshot.definition
    found = [] if definition is None else [definition]
    if definition is not None and definition.name != name and definition.position >= 0:
        # Another name of a function or class: it is stored as what has its own name, where that still stands for it.
        own = present.now(definition.name)
        if own is not None and own.definition == definition:
            use.definitions.add(definition)
    for number in present.reach(snapshot.own):
        region = present.region(number)
        if region.carries:
            found += region.carries
            if snapshot.definition is None:
                # One that stands inside a function is made whenever that runs.
                use.definitions |= {item for item in region.carries if item.position >= 0}
        if region.free:
            _defer(region.free, use, names)
        if region.draws and (modules := modules_in(region.draws)):
            use.names |= FileStates(present).imported(modules)
    return found


def _goes_in_own_way(present: Present, name: str) -> bool:
    """Tell whether a name may stand for the last of an object whose class says what happens when it goes."""
    snapshot = present.now(name)
    if snapshot is None or snapshot.definition is not None:
        return False
    carried = (item for number in present.reach(snapshot.own) for item in present.region(number).carries)
    return any(says_how_it_goes(item.node) for item in carried)


def _has_state(present: Present, definition: Definition) -> bool:
    """Tell whether a definition's object, a class or function, may have changed since it was defined."""
    snapshot = present.now(definition.name)
    if snapshot is None or snapshot.definition != definition:
        return False
    return not all(present.is_quiet(number) for number in present.reach(snapshot.own))


def _inside(present: Present, definition: Definition) -> list[Definition]:
    """Return the definitions that a definition is made of: bases, decorators, defaults."""
    snapshot = present.before(definition.name, definition.position + 1)
    if snapshot is None:
        return []
    return [item for number in present.reach(snapshot.own) for item in present.region(number).carries]


def _defer(found: frozenset[str], use: Use, names: list[str]) -> None:
    """Add names that function bodies read to a use, and to those still to look behind."""
    fresh = found - use.names
    use.names |= fresh
    use.deferred |= fresh
    names += fresh
