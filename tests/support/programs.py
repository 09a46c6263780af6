"""Make random notebooks of tagged cells out of the statements in `constructs`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from support.constructs import DEFINITIONS, DICTS, LISTS, LOOKS, MOTIFS, NUMBERS, PARAMETERS, STATEMENTS, VALUES, Motif

Choose = Callable[[Sequence[Any]], Any]

SIZES = (2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 8, 12)
MANY = 30
_WEIGHTED = tuple(motif for motif in MOTIFS for _ in range(motif.weight))


@dataclass(frozen=True)
class Program:
    """A notebook's code cells, and the constructs that occur in them."""

    cells: tuple[str, ...]
    constructs: frozenset[str]


def program_of(seed: int) -> Program:
    """Return the random notebook of a seed: the same one in any process."""
    return program(random.Random(seed).choice)


def program(choose: Choose) -> Program:
    """Return a random notebook; lists that contain themselves may arise and are printed as such."""
    motifs = [choose(_WEIGHTED) for _ in range(choose((1, 1, 2, 2, 2, 3)))]
    count = choose(SIZES) if choose(range(40)) else MANY
    bodies = [[_filled(choose, choose(STATEMENTS)) for _ in range(choose((1, 1, 2, 3)))] for _ in range(count)]
    constructs = {construct for body in bodies for construct, _ in body}
    texts = [[text for _, text in body] for body in bodies]
    for motif in motifs:
        _place(choose, motif, texts)
        constructs.add(motif.construct)
    tasks = _tasks(choose, count)
    if choose(range(20)) == 0:
        _continue(choose, tasks, texts)
    if _continues(tasks):
        constructs.add("task continued")
    cells = _head(choose, parameters=any(motif.construct == "parameter reassigned" for motif in motifs))
    for task, body in zip(tasks, texts, strict=True):
        cells += _cells(task, [*body, _look(choose)] if "own.append(len(own))" not in body else body)
    cells.append("#| task: last\n" + "\n".join(_look(choose) for _ in range(choose((1, 2, 4)))))
    return Program(tuple(cells), frozenset(constructs))


def _head(choose: Choose, *, parameters: bool) -> list[str]:
    """Return the cells above the random ones: definitions and first values, shared or in a task."""
    cells = [f"#| parameters\n{PARAMETERS}"] if parameters else []
    defined, made = choose(
        (("", "#| task: t0\n"), ("", "#| task: t0\n"), ("", ""), ("#| task: t00\n", "#| task: t0\n"))
    )
    return [*cells, f"{defined}{DEFINITIONS}", f"{made}{VALUES}"]


def _place(choose: Choose, motif: Motif, texts: list[list[str]]) -> None:
    """Put the steps of a motif into cells, each in the same cell as the one before it or further down."""
    number = choose(range(max(1, len(texts) - len(motif.steps) + 1)))
    names = _names(choose)
    for step in motif.steps:
        texts[number].append(Template(step).substitute(names))
        number = min(len(texts) - 1, number + choose((0, 1, 1, 2)))


def _cells(task: str, statements: Sequence[str]) -> list[str]:
    """Return one cell of a task; a cell magic takes a cell of its own."""
    cells, lines = [], []
    for statement in statements:
        if statement.startswith("%%"):
            cells += [lines, [statement]]
            lines = []
        else:
            lines.append(statement)
    return [f"#| task: {task}\n" + "\n".join(each) for each in [*cells, lines] if each]


def _tasks(choose: Choose, count: int) -> list[str]:
    """Return the task of each cell: mostly one each; some go on right below, and in a few notebooks further down."""
    anywhere = choose(range(80)) == 0
    names = [f"u{number}" for number in range(count)]
    for number in range(1, count):
        if anywhere and choose(range(3)) == 0:
            names[number] = choose(names[:number])
        elif choose(range(8)) == 0:
            names[number] = names[number - 1]
    return names


def _continue(choose: Choose, tasks: list[str], texts: list[list[str]]) -> None:
    """Let a task go on further down, with names that are its own."""
    number = choose(range(len(tasks)))
    below = choose(range(number, len(tasks))) + 1
    texts[number].append("own = [K]")
    tasks.insert(below, tasks[number])
    texts.insert(below, ["own.append(len(own))", "print(own)"])


def _continues(tasks: Sequence[str]) -> bool:
    """Tell whether a task goes on below another one."""
    return any(task in tasks[:number] and tasks[number - 1] != task for number, task in enumerate(tasks) if number)


def _filled(choose: Choose, statement: tuple[str, str]) -> tuple[str, str]:
    construct, text = statement
    return construct, Template(text).substitute(_names(choose))


def _look(choose: Choose) -> str:
    return Template(choose(LOOKS)).substitute(_names(choose))


def _names(choose: Choose) -> dict[str, str]:
    kinds = {"x": LISTS, "y": LISTS, "z": LISTS, "i": NUMBERS, "j": NUMBERS, "u": DICTS, "v": DICTS}
    return {letter: choose(names) for letter, names in kinds.items()}
