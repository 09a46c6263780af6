"""Give all tasks of a run the same hashes of texts, as the cells of a notebook have in their one process.

Python draws a seed for them when it starts. The order of a set of texts follows from it, and what `hash("a")` gives:
`enumerate(words)` in one task must number the words as it does in the next.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

VARIABLE = "PYTHONHASHSEED"
"""What Python takes the seed from: a number up to 4294967295, 0 turns it off; `random` or nothing draws one."""

_MOST = 4294967295


def hash_seed(dag_id: str, run_id: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the seed of a run, or the one that an environment has already.

    >>> hash_seed("sales", "manual", {}) == hash_seed("sales", "manual", {}) != hash_seed("sales", "other", {})
    True
    >>> hash_seed("sales", "manual", {"PYTHONHASHSEED": "7"})
    '7'
    """
    if has_seed(environment):
        return environment[VARIABLE]
    digest = hashlib.sha256(f"{dag_id}\0{run_id}".encode()).digest()
    return str(int.from_bytes(digest[:8], "big") % _MOST + 1)


def part_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment Python has to find when it starts."""
    return {VARIABLE: environment[VARIABLE]} if VARIABLE in environment else {}


def has_seed(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether an environment gives Python a seed, so that another process can have the same hashes."""
    return environment.get(VARIABLE, "").isdigit()
