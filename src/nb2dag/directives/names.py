"""Judge the names that become Airflow ids and file names."""

from __future__ import annotations

import keyword
import re

MAX_CHARACTERS = 250
"""Airflow's limit on the length of a DAG id or task id."""

MAX_BYTES = 240
"""Our own limit: an id becomes a file name, and file systems allow 255 bytes with the suffix."""

MAX_GROUP = 200
"""Airflow's limit on the length of a group id."""

_ID = re.compile(r"[\w.-]+")
_GROUP = re.compile(r"[\w-]+")
_KERNEL = re.compile(r"[A-Za-z0-9._-]+")


def why_not_id(name: str) -> str:
    """Return why `name` cannot be a DAG id or task id, an empty string if it can.

    >>> why_not_id("clean"), why_not_id("../x")
    ('', 'it holds `/`')
    """
    if not name:
        return "it is empty"
    if not _ID.fullmatch(name):
        return f"it holds {_first_refused(name)}"
    if name.startswith("-"):
        return "it starts with a hyphen, as flags do"
    if name in {".", ".."}:
        return "it becomes a file name, and that one is a folder"
    if len(name) > MAX_CHARACTERS:
        return f"it has {len(name)} characters, and Airflow allows {MAX_CHARACTERS}"
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return f"it becomes a file name and takes {size} bytes, and {MAX_BYTES} are allowed"
    return ""


def why_not_group(name: str) -> str:
    """Return why `name` cannot be a task group's id, an empty string if it can."""
    if not _GROUP.fullmatch(name):
        return "a group id is made of letters, digits, hyphens and underscores"
    return f"it has more than {MAX_GROUP} characters" if len(name) > MAX_GROUP else ""


def why_not_kernel(name: str) -> str:
    """Return why `name` cannot be a kernel's name, an empty string if it can."""
    return "" if _KERNEL.fullmatch(name) else "a kernel name is made of ASCII letters, digits, `.`, `-` and `_`"


def why_not_identifier(name: str) -> str:
    """Return why `name` cannot be a Python variable, an empty string if it can."""
    if not name.isidentifier():
        return "it is no Python name"
    return "it is a Python keyword" if keyword.iskeyword(name) else ""


def id_like(name: str) -> str:
    """Return the valid id nearest to `name`, an empty string where nothing is left of it.

    >>> id_like("load data!"), id_like("../x")
    ('load_data', 'x')
    """
    proposal = re.sub(r"[^\w.-]+", "_", name).strip("_.-")[:100]
    return "" if why_not_id(proposal) else proposal


def _first_refused(name: str) -> str:
    character = next(character for character in name if not _ID.fullmatch(character))
    shown = {" ": "a blank", "\n": "a line break", "\t": "a tab", "`": "a backquote"}
    if character in shown:
        return shown[character]
    return f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"
