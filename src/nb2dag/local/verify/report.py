"""Hold what came of a verification, and write it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from nb2dag.local.verify.request import Item, Kind, Outcome

VERSION = 1
"""Version of the JSON form: it changes when a key changes its meaning or goes, not when one is added."""


class Verdict(Enum):
    """What a verification comes to, from best to worst."""

    SAME = "same"
    UNPROVEN = "unproven"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared of a notebook and its DAG.

    `items` are in notebook order. `orders` are the orders in which the DAG's tasks were started. `cell_ids` maps a cell
    number to the cell's id. `notes` say what was left out.
    """

    notebook: str
    dag_id: str
    folder: Path
    items: tuple[Item, ...]
    orders: tuple[tuple[str, ...], ...]
    cell_ids: Mapping[int, str]
    notes: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> tuple[Item, ...]:
        """Return the items with that outcome, in notebook order."""
        return tuple(item for item in self.items if item.outcome is outcome)

    @property
    def verdict(self) -> Verdict:
        """`different` with any difference; `unproven` where a value or file is not comparable or not reproducible.

        An output that is not reproducible is told but proves nothing against the DAG: no task reads it.
        """
        if self.of(Outcome.DIFFERENT):
            return Verdict.DIFFERENT
        changing = [item for item in self.of(Outcome.NOT_REPRODUCIBLE) if item.kind is not Kind.OUTPUT]
        return Verdict.UNPROVEN if changing or self.of(Outcome.NOT_COMPARABLE) else Verdict.SAME

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        counted = [outcome for outcome in Outcome if outcome is not Outcome.DIFFERENT]
        return {
            "version": VERSION,
            "notebook": self.notebook,
            "dag_id": self.dag_id,
            "verdict": self.verdict.value,
            "compared": {outcome.value: len(self.of(outcome)) for outcome in counted},
            "differences": [self._pair(item) for item in self.of(Outcome.DIFFERENT)],
            "not_comparable": [{**self._place(item), "reason": item.whole} for item in self.of(Outcome.NOT_COMPARABLE)],
            "not_reproducible": [
                {**self._place(item), "first": item.whole, "second": item.dag}
                for item in self.of(Outcome.NOT_REPRODUCIBLE)
            ],
            "orders": [list(order) for order in self.orders],
            "notes": list(self.notes),
            "folder": str(self.folder),
        }

    def _pair(self, item: Item) -> dict[str, Any]:
        return {**self._place(item), "whole": item.whole, "dag": item.dag}

    def _place(self, item: Item) -> dict[str, Any]:
        return {
            "cell": item.cell,
            "cell_id": self.cell_ids.get(item.cell, ""),
            "task": item.task_id,
            "name": item.name,
            "kind": item.kind.value,
        }
