"""Carry what a notebook set for the whole process from task to task: options of libraries, environment, search path.

Only libraries that are imported already are looked at, and only what was changed since the process began travels where
that can be told; the rest is set to what it was in the other task.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

_BEGAN_WITH = dict(os.environ)
_BEGAN_ON = list(sys.path)
"""As they were when this module was imported: a task's kernel does so before the first cell."""

_OWN = frozenset({"NB2DAG_JOB", "JPY_PARENT_PID", "JPY_SESSION_NAME", "PWD", "OLDPWD", "SHLVL", "_"})
"""Variables that belong to one process."""

_KEPT = frozenset({"backend", "backend_fallback", "interactive", "toolbar"})
"""Parameters of matplotlib that say how this process shows figures."""


def environment() -> dict[str, str | None]:
    """Return the environment variables that changed since the process began; None for one that was removed."""
    names = (_BEGAN_WITH.keys() | os.environ.keys()) - _OWN
    return {name: os.environ.get(name) for name in sorted(names) if os.environ.get(name) != _BEGAN_WITH.get(name)}


def set_environment(changes: dict[str, str | None]) -> None:
    """Make the changes that `environment` returned, and no others: what this process has changed is undone."""
    undone = {name: _BEGAN_WITH.get(name) for name in environment()}
    for name, value in (undone | changes).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def search_path(root: Path) -> tuple[list[tuple[int, str]], list[str]]:
    """Return the entries of `sys.path` that are new, each with its place, and those that are gone.

    An entry in the working directory `root` is given relative to it, with `./` in front.
    """
    new = [(place, _relative(entry, root)) for place, entry in enumerate(sys.path) if entry not in _BEGAN_ON]
    return new, [entry for entry in _BEGAN_ON if entry not in sys.path]


def set_search_path(changes: tuple[list[tuple[int, str]], list[str]], root: Path) -> None:
    """Make the changes that `search_path` returned, and no others."""
    new, gone = changes
    sys.path[:] = [entry for entry in _BEGAN_ON if entry not in gone]
    for place, entry in new:
        entry = str(root / entry) if entry.startswith("./") else entry
        if entry not in sys.path:
            sys.path.insert(place, entry)


def _relative(entry: str, root: Path) -> str:
    if os.path.isabs(entry) and Path(entry).is_relative_to(root):
        return f"./{Path(entry).relative_to(root).as_posix()}"
    return entry


def options() -> dict[str, Any]:
    """Return the options of the interpreter and of every library that is imported and known here."""
    found = {name: read() for name, (read, _) in _LIBRARIES.items() if name in sys.modules}
    return {name: value for name, value in found.items() if value is not None}


def set_options(values: dict[str, Any]) -> None:
    """Set what `options` returned; a library that is not imported here yet is imported."""
    for name, value in values.items():
        importlib.import_module(name)
        _LIBRARIES[name][1](value)


def attribute(path: str) -> Any:
    """Return what a dotted path leads to: a module, then attributes."""
    return reduce(getattr, *_reached(path))


def set_attribute(path: str, value: Any) -> None:
    """Set what a dotted path leads to."""
    owner, _, name = path.rpartition(".")
    setattr(attribute(owner), name, value)


def _reached(path: str) -> tuple[list[str], Any]:
    """Return the attributes of a dotted path, and the module that they begin at."""
    parts = path.split(".")
    module = importlib.import_module(parts[0])
    for length in range(2, len(parts)):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            return parts[length - 1 :], module
    return parts[max(1, len(parts) - 1) :], module


# -- libraries ---------------------------------------------------------------------------------------------------


def _sys() -> dict[str, int]:
    return {"recursion": sys.getrecursionlimit(), "digits": getattr(sys, "get_int_max_str_digits", lambda: 0)()}


def _set_sys(value: dict[str, int]) -> None:
    sys.setrecursionlimit(value["recursion"])
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(value["digits"])


def _set_warnings(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    # What was shown once may have to be shown again.
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _decimal() -> Any:
    import decimal

    return decimal.getcontext().copy()


def _set_decimal(context: Any) -> None:
    import decimal

    decimal.setcontext(context)


def _locale() -> str:
    import locale

    return locale.setlocale(locale.LC_ALL)


def _set_locale(name: str) -> None:
    import locale

    locale.setlocale(locale.LC_ALL, name)


def _socket() -> list[float | None]:
    import socket

    return [socket.getdefaulttimeout()]


def _set_socket(value: list[float | None]) -> None:
    import socket

    socket.setdefaulttimeout(value[0])


def _csv() -> int:
    import csv

    return csv.field_size_limit()


def _set_csv(limit: int) -> None:
    import csv

    csv.field_size_limit(limit)


def _logging() -> dict[str, Any]:
    import logging

    levels = {name: item.level for name, item in logging.root.manager.loggerDict.items() if hasattr(item, "level")}
    own = {name: level for name, level in levels.items() if level}
    return {"levels": own, "root": logging.root.level, "disabled": logging.root.manager.disable}


def _set_logging(value: dict[str, Any]) -> None:
    import logging

    for name, level in value["levels"].items():
        logging.getLogger(name).setLevel(level)
    logging.root.setLevel(value["root"])
    logging.disable(value["disabled"])


def _numpy() -> dict[str, Any]:
    import numpy as np

    return {"errors": np.geterr(), "printing": np.get_printoptions()}


def _set_numpy(value: dict[str, Any]) -> None:
    import numpy as np

    np.seterr(**value["errors"])
    np.set_printoptions(**{name: item for name, item in value["printing"].items() if name != "override_repr"})


def _pandas() -> dict[str, Any]:
    return dict(_pandas_options())


def _pandas_options() -> Iterator[tuple[str, Any]]:
    import pandas as pd
    from pandas._config import config

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in config._registered_options:
            if name not in config._deprecated_options:
                yield name, pd.get_option(name)


def _set_pandas(values: dict[str, Any]) -> None:
    import pandas as pd

    here = _pandas()
    for name, value in values.items():
        if name in here and here[name] != value:
            pd.set_option(name, value)


def _matplotlib() -> dict[str, Any]:
    import matplotlib

    return {name: value for name, value in dict.items(matplotlib.rcParams) if name not in _KEPT}


def _set_matplotlib(values: dict[str, Any]) -> None:
    import matplotlib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcParams.update(values)


def _sklearn() -> dict[str, Any]:
    import sklearn

    return dict(sklearn.get_config())


def _set_sklearn(values: dict[str, Any]) -> None:
    import sklearn

    sklearn.set_config(**values)


def _plotly() -> str | None:
    import plotly.io

    return str(plotly.io.templates.default) if plotly.io.templates.default else None


def _set_plotly(name: str) -> None:
    import plotly.io

    plotly.io.templates.default = name


def _polars() -> str:
    import polars

    return str(polars.Config.save())


def _set_polars(text: str) -> None:
    import polars

    polars.Config.load(text)


_LIBRARIES: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "sys": (_sys, _set_sys),
    "warnings": (lambda: list(warnings.filters), _set_warnings),
    "decimal": (_decimal, _set_decimal),
    "locale": (_locale, _set_locale),
    "socket": (_socket, _set_socket),
    "csv": (_csv, _set_csv),
    "logging": (_logging, _set_logging),
    "numpy": (_numpy, _set_numpy),
    "pandas": (_pandas, _set_pandas),
    "matplotlib": (_matplotlib, _set_matplotlib),
    "sklearn": (_sklearn, _set_sklearn),
    "plotly.io": (_plotly, _set_plotly),
    "polars": (_polars, _set_polars),
}
"""How to read and to set the options of each module: what `knowledge.state` lists as handed over."""
