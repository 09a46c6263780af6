"""Say where a name comes from that is missing: a customary abbreviation, or a module that many use."""

from __future__ import annotations

_ABBREVIATIONS = {
    "alt": "altair",
    "dd": "dask.dataframe",
    "go": "plotly.graph_objects",
    "mpl": "matplotlib",
    "np": "numpy",
    "nx": "networkx",
    "pd": "pandas",
    "pl": "polars",
    "plt": "matplotlib.pyplot",
    "px": "plotly.express",
    "sm": "statsmodels.api",
    "smf": "statsmodels.formula.api",
    "sns": "seaborn",
    "tf": "tensorflow",
    "xr": "xarray",
}
_MODULES = {
    "asyncio", "collections", "contextlib", "copy", "csv", "datetime", "decimal", "functools", "glob", "gzip",
    "hashlib", "io", "itertools", "json", "logging", "math", "numpy", "operator", "os", "pandas", "pathlib", "pickle",
    "polars", "pprint", "random", "re", "requests", "scipy", "seaborn", "shutil", "sklearn", "sqlalchemy", "sqlite3",
    "statistics", "subprocess", "sys", "tempfile", "textwrap", "time", "torch", "tqdm", "typing", "urllib", "uuid",
    "warnings", "zipfile",
}  # fmt: skip
_MEMBERS = {
    "Counter": "collections",
    "Path": "pathlib",
    "dataclass": "dataclasses",
    "defaultdict": "collections",
    "display": "IPython.display",
    "namedtuple": "collections",
    "partial": "functools",
    "timedelta": "datetime",
    "train_test_split": "sklearn.model_selection",
}


def how_to_define(name: str) -> str:
    """Return the hint for a name that nothing defines: the import that everybody writes, where there is one.

    >>> how_to_define("np")
    'write `import numpy as np` above, in a cell without a tag above the first task if several tasks use it'
    >>> how_to_define("total")
    'define it in a task or in shared code above, or import it'
    """
    meant = _import(name)
    if meant:
        return f"write `{meant}` above, in a cell without a tag above the first task if several tasks use it"
    return "define it in a task or in shared code above, or import it"


def _import(name: str) -> str:
    if name in _ABBREVIATIONS:
        return f"import {_ABBREVIATIONS[name]} as {name}"
    if name in _MEMBERS:
        return f"from {_MEMBERS[name]} import {name}"
    return f"import {name}" if name in _MODULES else ""
