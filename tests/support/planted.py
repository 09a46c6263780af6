"""Twenty and more ways to miscompile one small notebook: each takes its plan and returns a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nb2dag.model.plan import CellPurpose, CodeCell, DagPlan, Load, LoadCell, PlannedCell, Save, SaveCell, TaskPlan

FILES = {"helpers.py": "def scale(v):\n    return v * 10\n\n\ndef shrink(v):\n    return v / 10\n", "data.txt": "seven"}

_SOURCE = """\
#| parameters
n = 3
label = 'x'
# %%
import os
import random
from helpers import scale
FACTOR = 1
class Box:
    def __init__(self, items):
        self.items = items
def double(v):
    return v * FACTOR
# %%
FACTOR = 2
os.environ['MODE'] = 'fast'
# %%
#| task: make
rows = [1, 2, n]
view = {'rows': rows}
box = Box([5])
total = sum(rows)
price = 8
# %%
#| task: make
box.items.append(6)
random.seed(7)
# %%
#| task: grow
rows.append(double(total))
print(view['rows'])
# %%
#| task: draw
drawn = random.random()
# %%
#| task: left
left = [len(rows), scale(total) + price]
with open('left.txt', 'w') as file:
    file.write('left')
# %%
#| task: quiet
copied = list(rows)
copied[0] = view['rows'][-1]
# %%
#| task: report
print(left, drawn, box.items, label)
print(os.environ['MODE'], open('data.txt').read(), double(n))
print(random.random())
# %%
#| task: last
print(price)
# %%
#| task: keep
with open('kept.txt', 'w') as file:
    file.write('kept')
# %%
#| task: look
print(open('kept.txt').read())
"""

CELLS = tuple(cell.strip("\n") for cell in _SOURCE.split("# %%"))
"""A notebook in which every kind of thing crosses: parameters, definitions, values, aliases, states and files."""

Damage = Callable[[DagPlan], DagPlan]


def task(plan: DagPlan, task_id: str) -> TaskPlan:
    """Return one task of a plan."""
    return next(one for one in plan.tasks if one.task_id == task_id)


def with_task(plan: DagPlan, changed: TaskPlan) -> DagPlan:
    """Return the plan with another task of that id."""
    return replace(plan, tasks=tuple(changed if one.task_id == changed.task_id else one for one in plan.tasks))


def cells(task_id: str, change: Callable[[PlannedCell], PlannedCell | None]) -> Damage:
    """Change a task's cells one by one; None drops the cell."""

    def damage(plan: DagPlan) -> DagPlan:
        old = task(plan, task_id)
        found = tuple(new for new in map(change, old.cells) if new is not None)
        return with_task(plan, replace(old, cells=found))

    return damage


def loads(task_id: str, change: Callable[[Load], Load | None]) -> Damage:
    """Change what a task loads; None drops the load."""

    def one_cell(cell: PlannedCell) -> PlannedCell:
        if not isinstance(cell, LoadCell):
            return cell
        return LoadCell(tuple(new for new in map(change, cell.loads) if new is not None))

    return cells(task_id, one_cell)


def text(task_id: str, purpose: CellPurpose, old: str, new: str) -> Damage:
    """Replace text in a task's code."""

    def one_cell(cell: PlannedCell) -> PlannedCell:
        if not isinstance(cell, CodeCell) or cell.purpose is not purpose or old not in cell.source:
            return cell
        return replace(cell, source=cell.source.replace(old, new))

    return cells(task_id, one_cell)


def reordered(task_id: str, order: Callable[[list[PlannedCell]], list[PlannedCell]]) -> Damage:
    """Put a task's cells in another order."""

    def damage(plan: DagPlan) -> DagPlan:
        old = task(plan, task_id)
        return with_task(plan, replace(old, cells=tuple(order(list(old.cells)))))

    return damage


def lost_edge(plan: DagPlan) -> DagPlan:
    """`report` does not wait for `left`, and reads what is not there yet."""
    report = task(plan, "report")
    changed = replace(report, upstream=tuple(name for name in report.upstream if name != "left"))
    return with_task(plan, changed)


def stale(task_id: str) -> Damage:
    """A task loads `rows` as `make` left it, not as `grow` did."""

    def damage(plan: DagPlan) -> DagPlan:
        key = next(save.key for save in task(plan, "make").saves if "rows" in save.names)

        def change(load: Load) -> Load:
            return replace(load, task_id="make", key=key) if "rows" in load.names else load

        damaged = loads(task_id, change)(plan)
        one = task(damaged, task_id)
        return with_task(damaged, replace(one, upstream=tuple(sorted({*one.upstream, "make"}))))

    return damage


def split_alias(plan: DagPlan) -> DagPlan:
    """`rows` and `view` cross in two streams, so that they share nothing any more."""

    def split(cell: PlannedCell) -> PlannedCell:
        if not isinstance(cell, SaveCell):
            return cell
        found: list[Save] = []
        for save in cell.saves:
            if {"rows", "view"} <= set(save.names):
                found += [Save("rows", ("rows",)), Save("view", ("view",))]
            else:
                found.append(save)
        return replace(cell, saves=tuple(found))

    def apart(cell: PlannedCell) -> PlannedCell:
        if not isinstance(cell, LoadCell):
            return cell
        found: list[Load] = []
        for load in cell.loads:
            if {"rows", "view"} <= set(load.names):
                found += [Load(load.task_id, "rows", ("rows",)), Load(load.task_id, "view", ("view",))]
            else:
                found.append(load)
        return replace(cell, loads=tuple(found))

    return cells("grow", apart)(cells("make", split)(plan))


def early_save(names: set[str]) -> Damage:
    """The saves of `make` come before its second cell changes what they hold."""

    def order(found: list[PlannedCell]) -> list[PlannedCell]:
        late = [cell for cell in found if isinstance(cell, SaveCell) and any(names & set(s.names) for s in cell.saves)]
        rest = [cell for cell in found if cell not in late]
        first = next(index for index, cell in enumerate(rest) if _is_body(cell))
        # The plan now says that this cell made them.
        body = rest[first]
        moved = [replace(cell, cell=body.cell, cell_id=body.cell_id) for cell in late if isinstance(body, CodeCell)]
        return [*rest[: first + 1], *moved, *rest[first + 1 :]]

    return reordered("make", order)


def _is_body(cell: PlannedCell) -> bool:
    return isinstance(cell, CodeCell) and cell.purpose is CellPurpose.BODY


def swapped_keys(plan: DagPlan) -> DagPlan:
    """`left` gets `price` where it asks for `total`, and the other way round."""
    body = text("make", CellPurpose.BODY, "total = sum(rows)\nprice = 8", "price = sum(rows)\ntotal = 8")
    return body(plan)


def preamble_swapped(found: list[PlannedCell]) -> list[PlannedCell]:
    """Put the shared cells of a task in reverse."""
    preamble = [cell for cell in found if isinstance(cell, CodeCell) and cell.purpose is CellPurpose.PREAMBLE]
    return [*reversed(preamble), *(cell for cell in found if cell not in preamble)]


def bodies_swapped(found: list[PlannedCell]) -> list[PlannedCell]:
    """Put the body cells of a task in reverse, its saves at the end."""
    bodies = [cell for cell in found if _is_body(cell)]
    saves = [cell for cell in found if isinstance(cell, SaveCell)]
    return [*(cell for cell in found if cell not in bodies and cell not in saves), *reversed(bodies), *saves]


def saves_first(found: list[PlannedCell]) -> list[PlannedCell]:
    """Put the saves of a task before its body."""
    return sorted(found, key=lambda cell: not isinstance(cell, SaveCell))


def hidden_input(plan: DagPlan) -> DagPlan:
    """A shared rebinding below the loads hides an input."""

    def order(found: list[PlannedCell]) -> list[PlannedCell]:
        place = next(index for index, cell in enumerate(found) if isinstance(cell, LoadCell)) + 1
        return [*found[:place], CodeCell(CellPurpose.PREAMBLE, "price = 0", 3, "c3", (1,)), *found[place:]]

    return reordered("last", order)(plan)


def _drops(name: str) -> Callable[[Load], Load | None]:
    return lambda load: None if name in load.names else load


PREAMBLE, BODY = CellPurpose.PREAMBLE, CellPurpose.BODY

PLANTED: dict[str, Damage] = {
    "lost edge": lost_edge,
    "lost load": loads("left", _drops("rows")),
    "stale version that shows": stale("left"),
    "stale version that nothing shows": stale("quiet"),
    "lost alias": split_alias,
    "lost definition": text("make", PREAMBLE, "class Box:", "class Bag:"),
    "wrong definition": text("grow", PREAMBLE, "v * FACTOR", "v * FACTOR + 1"),
    "definition of another time": text("report", PREAMBLE, "FACTOR = 2", "FACTOR = 1"),
    "wrong import": text("left", PREAMBLE, "import scale", "import shrink as scale"),
    "lost state": loads("report", _drops("<random>")),
    "lost seed": text("draw", PREAMBLE, "random.seed(7)", "random.seed(8)"),
    "lost environment": text("report", PREAMBLE, "os.environ['MODE'] = 'fast'", "pass"),
    "stale environment": text("report", PREAMBLE, "'fast'", "'slow'"),
    "lost data file": lambda plan: replace(plan, files=tuple(file for file in plan.files if file.path != "data.txt")),
    "lost module": lambda plan: replace(plan, files=tuple(file for file in plan.files if file.path != "helpers.py")),
    "shared cells out of order": reordered("grow", preamble_swapped),
    "cells of a task out of order": reordered("make", bodies_swapped),
    "lost parameter": lambda plan: with_task(plan, replace(task(plan, "make"), parameters=())),
    "wrong default of a parameter": lambda plan: replace(
        plan, params=tuple(replace(param, value="y") if param.name == "label" else param for param in plan.params)
    ),
    "save too early": early_save({"box"}),
    "swapped names": swapped_keys,
    "shared rebinding hides an input": hidden_input,
    "lost statement": text("grow", BODY, "rows.append(double(total))\n", ""),
    "lost cell": cells("make", lambda cell: None if _is_body(cell) and getattr(cell, "cell", 0) == 5 else cell),
    "lost task": lambda plan: replace(plan, tasks=tuple(one for one in plan.tasks if one.task_id != "last")),
    "lost line of output": text("report", BODY, "print(left, drawn, box.items, label)\n", ""),
    "another number": text("make", BODY, "price = 8", "price = 8 + 1e-6"),
    "another type": text("make", BODY, "price = 8", "price = 8.0"),
    "another file": text("left", BODY, "file.write('left')", "file.write('right')"),
    "lost file": loads("look", _drops("<file:kept.txt>")),
    "file saved too early": reordered("keep", saves_first),
    "file not written": text("left", BODY, "file.write('left')", "pass"),
}
"""Each with what is wrong."""
