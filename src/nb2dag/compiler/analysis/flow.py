"""Walk the notebook once from top to bottom and remember what every statement did to every name and object."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field, replace

from nb2dag.compiler.analysis.effects import Bind, Draw, FileUse, Hold, Mutate, ReadState, Seed, Summary, WriteState
from nb2dag.compiler.analysis.evaluation import Evaluator
from nb2dag.compiler.analysis.file_states import FileStates
from nb2dag.compiler.analysis.functions import function_names
from nb2dag.compiler.analysis.names import statement_names
from nb2dag.compiler.analysis.places import is_file_state
from nb2dag.compiler.analysis.star_imports import STARS, StarImports
from nb2dag.compiler.analysis.statements import OwnerKind, Statement
from nb2dag.compiler.analysis.summaries import Summaries
from nb2dag.compiler.analysis.timeline import NO_REGIONS, Regions, Snapshot, Timeline
from nb2dag.compiler.analysis.values import Definition, Value

BUILTIN_NAMES = frozenset(dir(builtins)) | {"display", "get_ipython", "__name__", "__file__", "__builtins__"}
"""Names that every notebook has without binding them."""


@dataclass(slots=True)
class Use:
    """What running a statement reads: names as of that point, and definitions in the very version a value carries.

    `deferred` are the names read only by function bodies: a name that is missing there fails when, and only when, the
    function runs.
    """

    names: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    definitions: set[Definition] = field(default_factory=set)


@dataclass(slots=True)
class Flow:
    """The notebook's statements with their effects, and the timeline they made; `uses[p]` is of `statements[p]`."""

    statements: list[Statement]
    timeline: Timeline
    uses: list[Use]
    read_names: set[str]
    stars: StarImports

    def definition_with_state(self, name: str, position: int) -> Definition | None:
        """Return the class or function that `name` stands for right before `position`, if it changed since defined."""
        snapshot = self.timeline.before(name, position)
        if snapshot is None or snapshot.definition is None:
            return None
        version = self.timeline.version(name, position)
        return None if version == snapshot.bound else snapshot.definition

    def changed_since_defined(self, definition: Definition, position: int) -> int | None:
        """Return where the object of a definition was last changed before `position`, whatever its name means there."""
        snapshot = self.timeline.before(definition.name, definition.position + 1)
        if snapshot is None or snapshot.definition != definition:
            return None
        events = [event for number in snapshot.own for event in self.timeline.regions[number].events]
        return max((event for event in events if definition.position < event < position), default=None)


def trace_flow(statements: list[Statement]) -> Flow:
    """Return the flow of the whole notebook."""
    tracer = _Tracer()
    for statement in statements:
        tracer.step(statement)
    return Flow(statements, tracer.timeline, tracer.uses, tracer.read_names, tracer.stars)


class _Tracer:
    """Carries the timeline through the notebook; it is the evaluator's resolver for global names."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.uses: list[Use] = []
        self.read_names: set[str] = set()
        self.summaries = Summaries(self)
        self.free: dict[Definition, frozenset[str]] = {}
        self.stars = StarImports()
        self.files = FileStates(self.timeline)
        self.position = 0
        self.cell = 0
        self.around: set[str] = set()

    # -- the resolver --------------------------------------------------------------------------------------------

    def resolve(self, name: str) -> Value:
        snapshot = self.timeline.now(name)
        if snapshot is None:
            module = self.stars.module_of(name) or (f"builtins.{name}" if name in BUILTIN_NAMES else "")
            return Value(module=module) if module else Value(same=frozenset({name}))
        carries: frozenset[Definition] = frozenset()
        free: frozenset[str] = frozenset()
        draws: frozenset[str] = frozenset()
        for number in snapshot.reach:
            region = self.timeline.regions[number]
            carries |= region.carries
            free |= region.free
            draws |= region.draws
        same = frozenset() if snapshot.module or snapshot.kind == "immutable" else frozenset({name})
        return Value(
            same=same,
            kind=snapshot.kind,
            carries=carries,
            free=free,
            draws=draws,
            module=snapshot.module,
            definition=snapshot.definition,
            constant=snapshot.constant,
        )

    def summary(self, definition: Definition) -> Summary:
        return self.summaries.summary(definition)

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        return self.summaries.methods(definition, name)

    # -- one statement -------------------------------------------------------------------------------------------

    def step(self, statement: Statement) -> None:
        self.position = statement.position
        evaluator = Evaluator(self, statement.cell.code.escapes, position=statement.position)
        evaluator.statement(statement.node)
        statement.effects = evaluator.effects
        use = self.use(statement)
        if any(self.may_be_starred(name) for name in use.names):
            use.names.add(STARS)
        self.uses.append(use)
        self.read_names |= use.names
        for module in statement.names.stars:
            self.stars.add(module, statement.position)
            self.state(WriteState(STARS, statement.node), statement.position)
        self.apply(statement)

    def may_be_starred(self, name: str) -> bool:
        """Tell whether `from m import *` may have bound a name: what was bound since was not."""
        snapshot = self.timeline.now(name)
        return self.stars.last >= 0 and (snapshot is None or snapshot.bound < self.stars.last)

    def use(self, statement: Statement) -> Use:
        """Return what the statement reads, through every definition it may call or that a value it reads carries."""
        use = Use(names=set(statement.names.reads))
        for event in statement.effects.events:
            if isinstance(event, (Draw, ReadState, WriteState)) and self.timeline.now(event.state) is not None:
                use.names.add(event.state)
            elif isinstance(event, FileUse):
                use.names |= self.files.needed(event)
        use.names |= self.files.imported(statement.node) | self.surroundings(statement)
        if self.timeline.now("<cwd>") is not None and (statement.effects.files or statement.effects.unstable):
            use.names.add("<cwd>")
        touched = statement.names.touched
        runs = not _only_derives(statement.node)
        names = list(use.names)
        definitions = [item for item in statement.effects.references if item.name not in touched]
        seen: set[Definition] = set()
        while names or definitions:
            if not definitions:
                definitions += self.behind(names.pop(), use, names)
                continue
            definition = definitions.pop()
            if definition not in seen:
                seen.add(definition)
                if self.has_state(definition):
                    _defer(frozenset({definition.name}), use, names)
                definitions += self.inside(definition)
                if runs or _runs_when_derived(definition.node):
                    _defer(self.free_names(definition), use, names)
        return use

    def surroundings(self, statement: Statement) -> set[str]:
        """Return the state of the whole process that was changed: a task sees it from its first statement on."""
        first = statement.cell.cell.index != self.cell
        self.cell = statement.cell.cell.index
        if not first or statement.kind is not OwnerKind.TASK:
            return set()
        return set(self.around)

    def behind(self, name: str, use: Use, names: list[str]) -> list[Definition]:
        """Return the definitions that a name stands for or that its value carries, and note what they need."""
        snapshot = self.timeline.now(name)
        if snapshot is None:
            return []
        found = [] if snapshot.definition is None else [snapshot.definition]
        for number in snapshot.reach:
            region = self.timeline.regions[number]
            found += region.carries
            if snapshot.definition is None:
                use.definitions |= region.carries
            _defer(region.free, use, names)
        return found

    def has_state(self, definition: Definition) -> bool:
        """Tell whether a definition's object, a class or function, may have changed since it was defined."""
        snapshot = self.timeline.now(definition.name)
        if snapshot is None or snapshot.definition != definition:
            return False
        return any(self.timeline.regions[number].events for number in snapshot.reach)

    def inside(self, definition: Definition) -> list[Definition]:
        """Return the definitions that a definition is made of: bases, decorators, defaults."""
        snapshot = self.timeline.before(definition.name, definition.position + 1)
        if snapshot is None:
            return []
        return [item for number in snapshot.reach for item in self.timeline.regions[number].carries]

    def free_names(self, definition: Definition) -> frozenset[str]:
        """Return the globals that the bodies of a definition use."""
        found = self.free.get(definition)
        if found is None:
            node = definition.node
            if isinstance(node, ast.ClassDef):
                found = frozenset(statement_names(node).deferred)
            else:
                found = frozenset(function_names(node).free)
            self.free[definition] = found
        return found

    # -- applying what it does -----------------------------------------------------------------------------------

    def apply(self, statement: Statement) -> None:
        position = statement.position
        rebound: dict[str, int] = {}
        for event in statement.effects.events:
            if isinstance(event, Bind):
                rebound[event.name] = rebound.get(event.name, 0) + 1
        waiting: list[tuple[str, Snapshot]] = []
        for event in statement.effects.events:
            if not (isinstance(event, Bind) and event.together):
                self.record(waiting)
            if isinstance(event, Bind):
                always = event.name in statement.names.binds
                certain = always and not statement.compound and rebound[event.name] == 1
                waiting.append((event.name, self.bound(event, position, certain=certain, always=always)))
            elif isinstance(event, Mutate):
                snapshot = self.timeline.now(event.name)
                if snapshot is not None:
                    self.timeline.touch(snapshot.reach if event.deep else snapshot.own, position)
            elif isinstance(event, Hold):
                self.hold(event, position)
            else:
                self.state(event, position)
        self.record(waiting)
        self.others(statement, rebound)

    def record(self, waiting: list[tuple[str, Snapshot]]) -> None:
        """Let the bindings of one moment take effect, now that the values of all are known."""
        for name, snapshot in waiting:
            self.timeline.record(name, snapshot)
        waiting.clear()

    def others(self, statement: Statement, bound: dict[str, int]) -> None:
        """Bind what the names pass saw and the evaluator did not (magics), and unbind what is deleted."""
        for name in statement.names.touched - set(bound) - statement.names.deletes:
            certain = name in statement.names.binds
            made = self.bound(Bind(name, Value()), statement.position, certain=certain, always=certain)
            self.timeline.record(name, made)
        for name in statement.names.deletes:
            snapshot = self.timeline.now(name)
            if snapshot is not None and name not in statement.names.binds:
                gone = not statement.compound
                self.timeline.record(
                    name,
                    replace(
                        snapshot, position=statement.position, bound=statement.position, deleted=gone, unbound=True
                    ),
                )

    def regions_of(self, value: Value) -> tuple[Regions, Regions]:
        own: set[int] = set()
        reach: set[int] = set()
        for name in value.same:
            snapshot = self.timeline.now(name)
            if snapshot is not None:
                own |= snapshot.own
                reach |= snapshot.reach
        for name in value.part:
            snapshot = self.timeline.now(name)
            if snapshot is not None:
                own |= snapshot.reach
                reach |= snapshot.reach
        for name in value.holds:
            snapshot = self.timeline.now(name)
            if snapshot is not None:
                reach |= snapshot.reach
        return frozenset(own), frozenset(own | reach)

    def bound(self, event: Bind, position: int, *, certain: bool, always: bool) -> Snapshot:
        """Return what a name stands for once it is bound."""
        value = event.value
        before = self.timeline.now(event.name)
        own, reach = self.regions_of(value)
        plain = value.same and not value.part and not value.holds
        carries = value.carries
        one_of_several = frozenset[Definition]()
        if not certain:
            # It may be one of several definitions of this name: what reads the name needs them all.
            earlier = before.definition if before is not None and not always else None
            one_of_several = frozenset(each for each in (value.definition, earlier) if each is not None)
            carries |= one_of_several
        if (
            not value.module
            and (not value.immutable or carries or value.free)
            and (one_of_several or not (plain and own))
        ):
            region = self.timeline.new_region(carries, value.free, value.draws)
            own, reach = own | {region}, reach | {region}
        snapshot = Snapshot(
            position=position,
            bound=position,
            own=own,
            reach=reach,
            kind=value.kind,
            module=value.module,
            definition=value.definition,
            constant=value.constant,
        )
        return snapshot if certain else _either(snapshot, before, always=always)

    def hold(self, event: Hold, position: int) -> None:
        snapshot = self.timeline.now(event.name)
        if snapshot is None:
            return
        value = event.value
        definitions = value.carries if value.definition is None else value.carries | {value.definition}
        for number in snapshot.own:
            region = self.timeline.regions[number]
            region.carries |= definitions
            region.free |= value.free
            region.draws |= value.draws
        _, reach = self.regions_of(value)
        if value.definition is not None or not reach:
            return
        for name in self.timeline.names_reaching(snapshot.own):
            now = self.timeline.now(name)
            if now is not None and not reach <= now.reach:
                self.timeline.record(name, replace(now, position=position, reach=now.reach | reach))

    def state(self, event: Draw | Seed | ReadState | WriteState | FileUse, position: int) -> None:
        if isinstance(event, WriteState) and is_surrounding(event.state):
            self.around.add(event.state)
        if isinstance(event, FileUse):
            self.files.apply(event, position)
        elif isinstance(event, Draw) and is_file_state(event.state):
            self.files.touch(event.state, position)
        elif isinstance(event, Seed) and (event.certain or self.timeline.now(event.state) is None):
            region = self.timeline.new_region()
            own = frozenset({region})
            self.timeline.record(event.state, Snapshot(position, position, own, own))
        elif isinstance(event, (Draw, Seed)):
            snapshot = self.timeline.now(event.state)
            if snapshot is not None:
                self.timeline.touch(snapshot.own, position)
        elif isinstance(event, WriteState) and event.state == "<cwd>":
            own = frozenset({self.timeline.new_region()})
            made = Snapshot(position, position, own, own, kind="immutable", constant=event.text)
            self.timeline.record(event.state, made)
        elif isinstance(event, WriteState):
            snapshot = self.timeline.now(event.state)
            if snapshot is None:
                own = frozenset({self.timeline.new_region()})
                self.timeline.record(event.state, Snapshot(position, position, own, own))
            else:
                self.timeline.touch(snapshot.own, position)


def _only_derives(node: ast.stmt) -> bool:
    """Tell whether a statement is a class whose making calls nothing of the notebook: its bases do not run yet."""
    if not isinstance(node, ast.ClassDef) or node.keywords or node.decorator_list:
        return False
    made = [*node.bases, *(part for part in node.body if not isinstance(part, ast.FunctionDef))]
    made += [part.args for part in node.body if isinstance(part, ast.FunctionDef)]
    if any(part.decorator_list for part in node.body if isinstance(part, ast.FunctionDef)):
        return False
    return not any(isinstance(part, ast.Call) for whole in made for part in ast.walk(whole))


def _runs_when_derived(node: ast.AST) -> bool:
    """Tell whether a class has code that runs when another one is derived from it."""
    if not isinstance(node, ast.ClassDef):
        return False
    return bool(node.keywords) or any(getattr(part, "name", "") == "__init_subclass__" for part in node.body)


def is_surrounding(state: str) -> bool:
    """Tell whether a state may matter to any code: settings, environment, search path, attributes of modules."""
    if not state.startswith("<") or is_file_state(state):
        return False
    return state in ("<config>", "<environ>", "<sys.path>") or (
        "." in state[2:] and " " not in state and "random" not in state
    )


def _defer(found: frozenset[str], use: Use, names: list[str]) -> None:
    """Add names that function bodies read to a use, and to those still to look behind."""
    fresh = found - use.names
    use.names |= fresh
    use.deferred |= fresh
    names += fresh


def _either(new: Snapshot, old: Snapshot | None, *, always: bool) -> Snapshot:
    """Return the snapshot of a name that was bound on some path only, or more than once in one statement."""
    if old is None:
        return replace(new, unbound=not always)
    if always and old.position != new.position:
        return new
    if new.module or old.module:
        # `try: import a` and `except ImportError: a = None`: where it is used, it is the module.
        return replace(
            new if new.module else old, position=new.position, bound=new.bound, unbound=old.unbound and not always
        )
    return replace(
        new,
        own=new.own | old.own,
        reach=new.reach | old.reach,
        kind=new.kind if new.kind == old.kind else "",
        definition=new.definition if new.definition == old.definition else None,
        constant=new.constant if new.constant == old.constant else None,
        unbound=old.unbound and not always,
    )


__all__ = ["BUILTIN_NAMES", "NO_REGIONS", "Flow", "Use", "trace_flow"]
