"""Read `[tool.nb2dag]` of the nearest `pyproject.toml` into one checked value."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Severity

FILE_NAME = "pyproject.toml"
TABLE = "tool.nb2dag"

DEFAULT_OUTPUT = "dags"
OPERATORS = ("nb2dag", "papermill")
DEFAULT_MAX_FILE_SIZE = 10 * 1024**2

_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


class ConfigInvalid(Nb2dagError):
    """`[tool.nb2dag]` has an unknown key or a value of the wrong type; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a project; the keys of `[tool.nb2dag]` are these names with hyphens.

    Attributes:
        output: Folder that `compile` writes bundles to, relative to the file that sets it. None where nothing is set.
        airflow: The oldest Airflow release that the DAG files are for, such as `3.2`. Empty where nothing is set.
        operator: The operator that tasks are made of, `nb2dag` or `papermill`. Empty where nothing is set.
        exclude: Glob patterns of notebooks and folders that a folder argument leaves out, relative to the file.
        max_file_size: Largest local file, in bytes, that ships with a bundle.
        select: Codes, names or code prefixes of rules; warnings and notes of others are not shown. Empty for all.
        ignore: Codes, names or code prefixes of rules whose warnings and notes are not shown.
        severity: Pairs of a rule's code or name and the severity its findings shall have.
        airflow_url: Address of the Airflow that `pull` asks, empty for none.
        path: The file the settings came from, None where there is none.
    """

    output: Path | None = None
    airflow: str = ""
    operator: str = ""
    exclude: tuple[str, ...] = ()
    max_file_size: int = DEFAULT_MAX_FILE_SIZE
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity], ...] = ()
    airflow_url: str = ""
    path: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder that relative paths and patterns of the settings start from."""
        return self.path.parent if self.path is not None else Path()

    def output_folder(self) -> Path:
        """Return where `compile` writes when it is not told: the key `output`, else `dags` in the current folder."""
        return self.folder / self.output if self.output is not None else Path(DEFAULT_OUTPUT)


def load_config(start: Path | str = ".") -> Config:
    """Read the settings for `start`, a folder or a file: those of the nearest `pyproject.toml` at or above it.

    The nearest file decides, with or without a `[tool.nb2dag]` table: settings of a project never reach into another
    one below it.

    Raises:
        ConfigInvalid: The file is no TOML, or the table holds an unknown key or a value of the wrong type.
    """
    path = find_pyproject(Path(start))
    return Config() if path is None else read_config(path)


def find_pyproject(start: Path) -> Path | None:
    """Return the nearest `pyproject.toml` at or above `start`, None where there is none."""
    absolute = start.absolute()
    return next(
        (folder / FILE_NAME for folder in (absolute, *absolute.parents) if (folder / FILE_NAME).is_file()), None
    )


def read_config(path: Path) -> Config:
    """Read the settings in one `pyproject.toml`.

    Raises:
        ConfigInvalid: See `load_config`.
    """
    text = _read_text(path)
    # Most projects have no table of ours, and a TOML parser is then not worth its import.
    if "nb2dag" not in text:
        return Config(path=path)
    document = _parse_toml(text, path)
    tool = document.get("tool", {})
    table = tool.get("nb2dag", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigInvalid(f"{path}: `{TABLE}` must be a table, not {_type_name(table)}")
    return _checked(table, path)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path}: cannot be read: {error}") from error


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{path}: is not valid TOML: {error}") from error


def _checked(table: Mapping[str, Any], path: Path) -> Config:
    values: dict[str, Any] = {}
    for key, value in table.items():
        reader = _READERS.get(key)
        if reader is None:
            raise ConfigInvalid(f"{path}: `{TABLE}` has no key `{key}`: {_suggestion(key)}")
        try:
            values[key.replace("-", "_")] = reader(value)
        except ValueError as error:
            raise ConfigInvalid(f"{path}: `{key}` in `{TABLE}` {error}") from error
    return Config(**values, path=path)


def _suggestion(key: str) -> str:
    nearest = difflib.get_close_matches(key.replace("_", "-").lower(), _READERS, n=1)
    if nearest:
        return f"did you mean `{nearest[0]}`?"
    return "its keys are " + ", ".join(f"`{name}`" for name in sorted(_READERS))


def _folder(value: object) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be the name of a folder, not {_shown(value)}")
    return Path(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {_shown(value)}")
    return value


def _release(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+(\.\d+)?", value):
        raise ValueError(f'must be a release such as "3.2", not {_shown(value)}')
    return value


def _operator(value: object) -> str:
    if value not in OPERATORS:
        raise ValueError(f"must be one of {', '.join(map(repr, OPERATORS))}, not {_shown(value)}")
    return str(value)


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"must be a list of strings, not {_shown(value)}")
    return tuple(value)


def _severities(value: object) -> tuple[tuple[str, Severity], ...]:
    if not isinstance(value, dict):
        raise ValueError(f'must be a table such as {{ bare-call = "note" }}, not {_shown(value)}')
    levels = {severity.value: severity for severity in Severity}
    for rule, level in value.items():
        if not isinstance(level, str) or level not in levels:
            raise ValueError(f"gives `{rule}` the severity {_shown(level)}; there are " + ", ".join(map(repr, levels)))
    return tuple((rule, levels[level]) for rule, level in value.items())


def size_in_bytes(value: object) -> int:
    """Return a size such as `10 MB`, or a number of bytes, in bytes.

    Raises:
        ValueError: It is neither; the message goes on from the name of what holds it.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", value.strip()) if isinstance(value, str) else None
    unit = _UNITS.get(match.group(2).lower()) if match else None
    if match is None or unit is None:
        raise ValueError(f'must be a size such as "10 MB" or a number of bytes, not {_shown(value)}')
    return int(float(match.group(1)) * unit)


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({_type_name(value)})"


def _type_name(value: object) -> str:
    names = {str: "a string", bool: "a boolean", int: "an integer", float: "a float", list: "an array", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")


_READERS: dict[str, Callable[[object], object]] = {
    "output": _folder,
    "airflow": _release,
    "operator": _operator,
    "exclude": _strings,
    "max-file-size": size_in_bytes,
    "select": _strings,
    "ignore": _strings,
    "severity": _severities,
    "airflow-url": _text,
}
