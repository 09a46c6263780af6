"""Edit one cell of a notebook at random, as somebody does who works on it."""

from __future__ import annotations

import random

from support.programs import program

_TAG = "#| task: "


def edit(cells: list[str], generator: random.Random) -> list[str]:
    """Return the cells after one edit."""
    edited = list(cells)
    kind = generator.choice(_KINDS)
    kind(edited, generator.randrange(len(edited)), generator)
    return edited


def _code(generator: random.Random) -> str:
    """Return a few statements of some other random notebook, its definitions apart."""
    cells = [cell.partition("\n")[2] for cell in program(generator.choice).cells[2:]]
    return generator.choice([cell for cell in cells if cell and not cell.startswith("%%")] or ["pass"])


def _append(cells: list[str], place: int, generator: random.Random) -> None:
    cells[place] += "\n" + _code(generator)


def _comment(cells: list[str], place: int, generator: random.Random) -> None:
    cells[place] += "\n# a comment"


def _insert(cells: list[str], place: int, generator: random.Random) -> None:
    """Put a statement below the tag, or before any line at the left edge."""
    lines = cells[place].split("\n")
    edges = [n for n, line in enumerate(lines) if line[:1] not in ("", " ", "#") and not line.startswith("else")]
    edges = [n for n in edges if not lines[n].startswith(("except", "case"))]
    at = generator.choice(edges) if edges else len(lines)
    lines.insert(at, _code(generator))
    cells[place] = "\n".join(lines)


def _drop_line(cells: list[str], place: int, generator: random.Random) -> None:
    lines = cells[place].split("\n")
    del lines[generator.randrange(len(lines))]
    cells[place] = "\n".join(lines)


def _break(cells: list[str], place: int, generator: random.Random) -> None:
    cells[place] += "\nx = ("


def _mend(cells: list[str], place: int, generator: random.Random) -> None:
    for number, cell in enumerate(cells):
        cells[number] = cell.removesuffix("\nx = (")


def _renumber(cells: list[str], place: int, generator: random.Random) -> None:
    """Change the constants."""
    table = str.maketrans({digit: generator.choice("0123456789") for digit in "0123"})
    first, _, rest = cells[place].partition("\n")
    cells[place] = f"{first}\n{rest.translate(table)}"


def _rename(cells: list[str], place: int, generator: random.Random) -> None:
    old, new = generator.choice(("a", "b", "box", "push", "n", "flat")), generator.choice(("c", "zz", "look", "m"))
    for sign in ("(", " =", ".", ",", ")"):
        cells[place] = cells[place].replace(f"{old}{sign}", f"{new}{sign}")


def _retag(cells: list[str], place: int, generator: random.Random) -> None:
    first, _, rest = cells[place].partition("\n")
    body = rest if first.startswith(_TAG) else cells[place]
    tag = generator.choice(
        ("", f"{_TAG}t1\n", f"{_TAG}t9\n", "%%airflow_shared\n", "%%airflow_skip\n", "#| parameters\n")
    )
    cells[place] = tag + body


def _delete(cells: list[str], place: int, generator: random.Random) -> None:
    if len(cells) > 2:
        del cells[place]


def _add(cells: list[str], place: int, generator: random.Random) -> None:
    cells.insert(place, generator.choice(program(generator.choice).cells))


def _swap(cells: list[str], place: int, generator: random.Random) -> None:
    other = generator.randrange(len(cells))
    cells[place], cells[other] = cells[other], cells[place]


_KINDS = (
    _append, _append, _append, _comment, _insert, _insert, _insert, _drop_line, _break, _mend, _mend, _renumber,
    _rename, _retag, _delete, _add, _swap,
)  # fmt: skip
