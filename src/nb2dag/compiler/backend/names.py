"""Make Python names and file names from task ids, which may hold dots, dashes and any letter."""

from __future__ import annotations

import builtins
import itertools
import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

_LONGEST_VARIABLE = 60

_RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))


def variables(task_ids: Iterable[str], taken: Iterable[str]) -> Mapping[str, str]:
    """Return a variable for each task id: the id itself where that is a name, else the nearest one.

    No two are alike, none is a keyword, a builtin or in `taken`, and none begins with two underscores.

    Examples:
        >>> variables(["fit-model", "fit.model", "2nd", "class"], taken=["dag"])
        {'fit-model': 'fit_model', 'fit.model': 'fit_model_2', '2nd': 'task_2nd', 'class': 'class_task'}
    """
    task_ids = list(task_ids)
    reserved = _RESERVED | frozenset(taken)
    # An id that is a name keeps it, wherever it stands: `a_b` must not lose its name to `a.b`.
    own = {task_id for task_id in task_ids if _variable(task_id, reserved) == task_id}
    used = set(own)
    names: dict[str, str] = {}
    for task_id in task_ids:
        candidates = _numbered(_variable(task_id, reserved), "_")
        names[task_id] = task_id if task_id in own else next(name for name in candidates if name not in used)
        used.add(names[task_id])
    return names


def file_stems(identifiers: Iterable[str]) -> Mapping[str, str]:
    """Return a file name without suffix for each id: the id itself where every file system can tell it apart.

    Examples:
        >>> file_stems(["clean", "Clean"])
        {'clean': 'clean', 'Clean': 'Clean-2'}
    """
    used: set[str] = set()
    stems: dict[str, str] = {}
    for identifier in identifiers:
        stem = next(stem for stem in _numbered(identifier, "-") if stem.casefold() not in used)
        used.add(stem.casefold())
        stems[identifier] = stem
    return stems


def _variable(task_id: str, reserved: frozenset[str]) -> str:
    # Python compares names in this normal form, so two ids that differ in it only would be one variable.
    name = unicodedata.normalize("NFKC", task_id)
    name = re.sub(r"\W", "_", name)[:_LONGEST_VARIABLE]
    if name.startswith("__") or not name.isidentifier():
        name = f"task_{name.lstrip('_')}"
    if not name.isidentifier():
        name = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"{name.rstrip('_')}_task" if name in reserved else name


def _numbered(name: str, separator: str) -> Iterator[str]:
    yield name
    yield from (f"{name}{separator}{number}" for number in itertools.count(2))
