"""Walk the notebook once from top to bottom and remember what every statement did to every name and object."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nb2dag.compiler.analysis.cell_facts import CellFacts, CellFactsMemo, StatementFacts
from nb2dag.compiler.analysis.changing import apply_effects, apply_state
from nb2dag.compiler.analysis.effects import Effects, Summary, WriteState
from nb2dag.compiler.analysis.elements import ELEMENTS_CHANGE
from nb2dag.compiler.analysis.evaluation import Evaluator
from nb2dag.compiler.analysis.filling import FILLING
from nb2dag.compiler.analysis.local_state import kept_states, marker, notes_at, public_names, starred, variables
from nb2dag.compiler.analysis.module_functions import notes_of_functions
from nb2dag.compiler.analysis.own_attributes import OWN_ATTRIBUTES
from nb2dag.compiler.analysis.present import Present, Questions
from nb2dag.compiler.analysis.pyplot_state import FIGURE, OWN_BACKEND
from nb2dag.compiler.analysis.retracing import retrace
from nb2dag.compiler.analysis.star_imports import STARS, StarImports
from nb2dag.compiler.analysis.statements import OwnerKind, Statements, meant_cells, owner_kind
from nb2dag.compiler.analysis.summaries import Summaries
from nb2dag.compiler.analysis.timeline import NO_REGIONS, Changed, Changes, Snapshot, Timeline
from nb2dag.compiler.analysis.traces import (
    CellKey,
    Habits,
    PlacedCell,
    StatementTrace,
    TracedNotebook,
    Traces,
    find_placed,
    place,
)
from nb2dag.compiler.analysis.uses import OWN_DELETION, Use, ask_for, find_use, with_surroundings, written_modules
from nb2dag.compiler.analysis.values import Definition, Value
from nb2dag.compiler.analysis.written_modules import WRITES_MODULES
from nb2dag.model.program import Program, ProgramCell

BUILTIN_NAMES = frozenset(dir(builtins)) | {
    "display", "get_ipython", "__IPYTHON__", "__name__", "__file__", "__builtins__",
}  # fmt: skip
"""Names that every notebook has without binding them."""


@dataclass(slots=True)
class Flow:
    """The notebook's statements with their effects, and the timeline they made.

    `last` is, by cell, the position of its last statement.
    """

    statements: Statements
    timeline: Timeline
    read_names: set[str]
    last: dict[int, int]
    stars: StarImports
    cells: list[PlacedCell]

    def end_of_cell(self, position: int) -> int:
        """Return the position of the last statement of the cell in which a statement stands."""
        end = self.last[self.statements.standing(position).cell.cell.index]
        self.timeline.asked.ends.add(end)
        return end

    def definition_with_state(self, name: str, position: int) -> Definition | None:
        """Return the class or function that `name` stands for right before `position`, if it changed since defined."""
        snapshot = self.timeline.before(name, position)
        if snapshot is None or snapshot.definition is None or snapshot.definition.position < 0:
            return None
        version = self.timeline.version(name, position)
        return None if version == snapshot.bound else snapshot.definition

    def changed_since_defined(self, definition: Definition, position: int) -> int | None:
        """Return where the object of a definition was last changed before `position`, whatever its name means there."""
        snapshot = self.timeline.before(definition.name, definition.position + 1)
        if snapshot is None or snapshot.definition != definition:
            return None
        return self.timeline.last_change(snapshot.own, definition.position, position)


def trace_flow(program: Program, facts: CellFactsMemo | None = None, traces: Traces | None = None) -> Flow:
    """Return the flow of the whole notebook; `traces` are remembered of an earlier state of the same notebook."""
    facts, traces = facts or CellFactsMemo(), traces or Traces()
    meant = meant_cells(program)
    found = facts.spelled(program, meant)
    placed = [
        (cell, (said, place.positions, owner_kind(cell).value))
        for cell, said, place in zip(meant, found, traces.numbering.places(found), strict=True)
        if place.positions
    ]
    cells, keys = [cell for cell, _ in placed], [key for _, key in placed]
    habits = _habits(found)
    now, changed = _trace(traces, cells, keys, habits)
    if any(cell.trace.changes_elements for cell in now.cells) and any(map(_may_have_frames, found)):
        now, changed = _trace(traces, cells, keys, (*habits, (ELEMENTS_CHANGE, "do")))
    traces.settle(now, changed)
    by_position = {statement.position: statement for cell in now.cells for statement in cell.statements}
    read = set[str]().union(*(cell.read_names for cell in now.cells))
    last = {cell.cell.cell.index: cell.statements[-1].position for cell in now.cells}
    return Flow(Statements(by_position, now.timeline.asked), now.timeline, read, last, now.stars, now.cells)


def _habits(cells: Sequence[CellFacts]) -> Habits:
    """Return what the cells say of the notebook as a whole."""
    names = sorted({name for cell in cells for name in cell.own_attributes})
    own = ((OWN_ATTRIBUTES, f" {' '.join(names)} "),) if names else ()
    said = {
        OWN_BACKEND: any(cell.own_backend for cell in cells),
        OWN_DELETION: any(cell.own_deletion for cell in cells),
        FILLING: any(cell.has_filling for cell in cells),
        WRITES_MODULES: any(cell.writes_modules for cell in cells),
    }
    return (*own, *((habit, "do") for habit, is_one in said.items() if is_one))


def _may_have_frames(cell: CellFacts) -> bool:
    """Tell whether a cell imports more than the standard library, which has no frames."""
    return any(
        module.partition(".")[0] not in sys.stdlib_module_names
        for statement in cell.statements
        for module in statement.modules
    )


def _trace(
    traces: Traces, cells: list[ProgramCell], keys: list[CellKey], habits: Habits
) -> tuple[TracedNotebook, Changed | None]:
    """Return the notebook traced, from what was traced last as far as that holds, and tell what else does."""
    last = traces.take(habits)
    again, changed = None, None
    if last is not None:
        tracer = _Tracer(traces, last.timeline)
        # The timeline knows them already.
        tracer.present.follow(_known(habits))
        again = retrace(last, tracer.present, cells, keys, tracer.cell)
    if last is not None and again is not None:
        now, changed = TracedNotebook(keys, again.cells, last.timeline, last.stars, habits), again.changed
    else:
        tracer = _Tracer(traces, Timeline())
        if habits:
            tracer.present.add(_known(habits))
        found = [tracer.cell(cell, key) for cell, key in zip(cells, keys, strict=True)]
        now = TracedNotebook(keys, found, tracer.present.timeline, tracer.present.all_stars(), habits)
    now.timeline.begin()
    traces.keep(now)
    return now, changed


def _known(habits: Habits) -> Changes:
    """Return what is known before anything else, as if a statement above all others had said it."""
    names = {habit: Snapshot(-1, -1, NO_REGIONS, "immutable", constant=text) for habit, text in habits}
    return Changes(-1, names)


class _Tracer:
    """Carries the present through the notebook; it is the evaluator's resolver for global names."""

    def __init__(self, traces: Traces, timeline: Timeline) -> None:
        self.present = Present(timeline)
        self._traces = traces
        self._summaries = Summaries(self, traces.summaries)
        self._plain: dict[str, tuple[Snapshot, Value]] = {}

    # -- the resolver --------------------------------------------------------------------------------------------

    def resolve(self, name: str) -> Value:
        snapshot = self.present.now(name)
        if snapshot is None:
            stars = self.present.stars()
            module = stars.module_of(name) or ("" if name[0] == "<" else starred(self, stars.modules, name))
            module = module or (f"builtins.{name}" if name in BUILTIN_NAMES else "")
            return Value(module=module) if module else Value(same=frozenset({name}))
        carries: frozenset[Definition] = frozenset()
        free: frozenset[str] = frozenset()
        draws: frozenset[str] = frozenset()
        for number in self.present.reach(snapshot.own):
            region = self.present.region(number)
            if region.carries or region.free or region.draws:
                carries |= region.carries
                free |= region.free
                draws |= region.draws
        if carries or free or draws:
            return _value(name, snapshot, carries, free, draws)
        kept = self._plain.get(name)
        if kept is None or kept[0] is not snapshot:
            kept = self._plain[name] = snapshot, _value(name, snapshot)
        return kept[1]

    def define(self, definition: Definition) -> Definition:
        return self._traces.definitions.same(definition) if definition.position >= 0 else definition

    def summary(self, definition: Definition) -> Summary:
        return self._summaries.summary(definition)

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        return self._summaries.methods(definition, name)

    # -- one cell ------------------------------------------------------------------------------------------------

    def cell(self, cell: ProgramCell, key: CellKey) -> PlacedCell:
        """Trace the statements of one cell, as far as they may do anything else than what is remembered."""
        traces, present, positions = self._traces, self.present, key[1]
        trace = traces.whole(key, present)
        known = None if trace is None else find_placed(trace, cell, present)
        if known is not None:
            for statement in known.trace.statements:
                present.add(statement.changes)
            present.timeline.know(known.looks.found)
            return known
        looking = present.looking()
        found: list[StatementTrace] = []
        for number, position in enumerate(positions):
            each = self._traced(cell, key, number) if trace is None else trace.statements[number]
            looking.at(position, each.use.names)
            looking.add(each.changes)
            found.append(each)
        return place(trace or traces.remember(key, found), cell, positions, looking.looks())

    def _traced(self, cell: ProgramCell, key: CellKey, number: int) -> StatementTrace:
        """Return what is known of a statement, or found out: what it does does not depend on who runs it."""
        traces, present, (facts, positions, _) = self._traces, self.present, key
        opens_task = not number and owner_kind(cell) is OwnerKind.TASK
        found = traces.statement(key, number, present, opens_task=opens_task)
        if found is not None:
            return found
        found = traces.statement(key, number, present) if opens_task else None
        if found is None:
            found = self._statement(facts.statements[number], positions[number], first=not number)
            traces.remember_statement(key, number, found)
        if opens_task:
            found = self._opening(found, positions[number])
            traces.remember_statement(key, number, found, opens_task=True)
        return found

    def _opening(self, trace: StatementTrace, position: int) -> StatementTrace:
        """Return a statement's trace with what was changed of the whole process, which a task sees from the start."""
        present = self.present
        present.begin(position)
        surroundings = present.surroundings()
        seen = surroundings | written_modules(present, surroundings)
        for name in surroundings:
            ask_for(present, name)
        use = with_surroundings(present, trace.use, seen) if seen else trace.use
        asked = Questions()
        for questions in (trace.asked, present.asked):
            asked.add(questions, Changes(position))
        return replace(trace, asked=asked, use=use)

    def _statement(self, facts: StatementFacts, position: int, *, first: bool) -> StatementTrace:
        present = self.present
        present.begin(position)
        figure = present.now(FIGURE) if first and present.now(OWN_BACKEND) is None else None
        if figure is not None and figure.kind:
            # The one of a cell above is closed.
            present.record(FIGURE, Snapshot(position, position, NO_REGIONS))
        evaluator = Evaluator(self, position=position)
        evaluator.statement(facts.node)
        effects = evaluator.effects
        kept = self._kept_by_modules(facts, effects)
        use = find_use(present, facts, effects)
        if facts.names.stars:
            present.changes.stars = tuple((position, module) for module in facts.names.stars)
            apply_state(present, WriteState(STARS, facts.node))
        changes_elements = apply_effects(present, effects, facts.names, compound=facts.compound)
        for name, states in kept.items():
            present.record(name, Snapshot(position, position, NO_REGIONS, "immutable", constant=" ".join(states)))
        return StatementTrace(facts, effects, use, present.asked, present.changes, changes_elements)

    def _kept_by_modules(self, facts: StatementFacts, effects: Effects) -> dict[str, tuple[str, ...]]:
        """Return what to note of the local modules that a statement imports, and let it set up what they keep."""
        found: dict[str, tuple[str, ...]] = {}
        notes = {*kept_states(facts.local_modules), *variables(facts.local_modules)}
        notes |= notes_of_functions(tuple(facts.local_modules))
        if notes and facts.names.stars:
            notes = notes.union(*map(public_names, facts.local_modules))
        for module in facts.local_modules if notes else ():
            known = notes_at(self, module.name)
            if not notes <= set(known):
                found[marker(module.name)] = tuple(sorted({*notes, *known}))
                for state in sorted(notes.difference(known)):
                    if state[0] == "<" and not any(
                        event.state == state for event in effects.events if isinstance(event, WriteState)
                    ):
                        effects.add(WriteState(state, facts.node))
        return found


def _value(
    name: str,
    snapshot: Snapshot,
    carries: frozenset[Definition] = frozenset(),
    free: frozenset[str] = frozenset(),
    draws: frozenset[str] = frozenset(),
) -> Value:
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


__all__ = ["BUILTIN_NAMES", "Flow", "Use", "trace_flow"]
