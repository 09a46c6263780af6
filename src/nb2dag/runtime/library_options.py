"""Read and set the options that libraries keep for the whole process: the state `<config>` of a handoff.

Only libraries that are imported already are read; all their options travel, as they are at that moment.
"""

from __future__ import annotations

import csv
import decimal
import importlib
import locale
import logging
import socket
import sys
import warnings
from collections.abc import Callable
from typing import Any

_KEPT = frozenset({"backend", "backend_fallback", "interactive", "toolbar"})
"""Parameters of matplotlib that say how this process shows figures."""


def options() -> dict[str, Any]:
    """Return the options of the interpreter and of every library that is imported and known here."""
    found = {name: read() for name, (read, _) in _LIBRARIES.items() if name in sys.modules}
    return {name: value for name, value in found.items() if value is not None}


def set_options(values: dict[str, Any]) -> None:
    """Set what `options` returned; a library that is not imported here yet is imported."""
    for name, value in values.items():
        importlib.import_module(name)
        _LIBRARIES[name][1](value)


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _sys() -> dict[str, int]:
    return {"recursion": sys.getrecursionlimit(), "digits": getattr(sys, "get_int_max_str_digits", lambda: 0)()}


def _set_sys(value: dict[str, int]) -> None:
    sys.setrecursionlimit(value["recursion"])
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(value["digits"])


def _set_warnings(filters: list[Any]) -> None:
    # What was shown once may have to be shown again: to reset says so, too.
    warnings.resetwarnings()
    warnings.filters[:] = filters  # type: ignore[index]


def _decimal() -> Any:
    return decimal.getcontext().copy()


def _set_decimal(context: Any) -> None:
    decimal.setcontext(context)


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


def _set_locale(name: str) -> None:
    locale.setlocale(locale.LC_ALL, name)


def _socket() -> list[float | None]:
    return [socket.getdefaulttimeout()]


def _set_socket(value: list[float | None]) -> None:
    socket.setdefaulttimeout(value[0])


def _csv() -> int:
    return csv.field_size_limit()


def _set_csv(limit: int) -> None:
    csv.field_size_limit(limit)


def _logging() -> dict[str, Any]:
    levels = {name: item.level for name, item in logging.root.manager.loggerDict.items() if hasattr(item, "level")}
    own = {name: level for name, level in levels.items() if level}
    return {"levels": own, "root": logging.root.level, "disabled": logging.root.manager.disable}


def _set_logging(value: dict[str, Any]) -> None:
    for name, level in value["levels"].items():
        logging.getLogger(name).setLevel(level)
    logging.root.setLevel(value["root"])
    logging.disable(value["disabled"])


def _numpy() -> dict[str, Any]:
    return {"errors": _module("numpy").geterr(), "printing": _module("numpy").get_printoptions()}


def _set_numpy(value: dict[str, Any]) -> None:
    numpy = _module("numpy")
    numpy.seterr(**value["errors"])
    numpy.set_printoptions(**{name: item for name, item in value["printing"].items() if name != "override_repr"})


def _pandas() -> dict[str, Any]:
    config, pandas = _module("pandas._config.config"), _module("pandas")
    # pandas lists its options nowhere else.
    names = config._registered_options.keys() - config._deprecated_options.keys()  # noqa: SLF001
    return {name: pandas.get_option(name) for name in sorted(names)}


def _set_pandas(values: dict[str, Any]) -> None:
    here = _pandas()
    for name, value in values.items():
        if name in here and here[name] != value:
            _module("pandas").set_option(name, value)


def _matplotlib() -> dict[str, Any]:
    return {name: value for name, value in dict.items(_module("matplotlib").rcParams) if name not in _KEPT}


def _set_matplotlib(values: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _module("matplotlib").rcParams.update(values)


def _sklearn() -> dict[str, Any]:
    return dict(_module("sklearn").get_config())


def _set_sklearn(values: dict[str, Any]) -> None:
    _module("sklearn").set_config(**values)


def _plotly() -> str | None:
    return str(_module("plotly.io").templates.default) if _module("plotly.io").templates.default else None


def _set_plotly(name: str) -> None:
    _module("plotly.io").templates.default = name


def _polars() -> str:
    return str(_module("polars").Config.save())


def _set_polars(text: str) -> None:
    _module("polars").Config.load(text)


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
