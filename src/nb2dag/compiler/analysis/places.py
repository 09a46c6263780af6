"""Name the files that code reads and writes, as far as their paths are known, and tell which of them may be the same.

A place is a normalised path in which `*` stands for any text, slashes included. It means the file of that path or,
where that is a folder, all in it. A place that ends in a slash means a folder itself, and not what is in it.

Files are state without a name: `<file:out/a.csv>` is the state of a place in a task's working directory. A place
outside of it (`/tmp/a.csv`, `../a.csv`) belongs to the machine, and is no state that could be handed over.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from functools import lru_cache

from nb2dag.compiler.analysis.texts import ANY, filled

EVERYTHING = "*"
"""The place of all files in the working directory."""

_STATE = "<file:"
_REMOTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_LONGEST = 500


@lru_cache(maxsize=4096)
def place_of(text: str, folder: str = "") -> str | None:
    """Return the place that a known text names in the working directory `folder`; None for what is no local path.

    >>> place_of("./data//a.csv"), place_of("a.csv", "out"), place_of("https://x.org/a.csv")
    ('data/a.csv', 'out/a.csv', None)
    >>> place_of("part" + ANY + ".csv"), place_of("../a.csv"), place_of(".")
    ('part*.csv', '../a.csv', '*')
    """
    text = filled(text, lambda _: None)
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    if not text or "\n" in text or len(text) > _LONGEST or _REMOTE.match(text):
        return None
    text = text.replace(ANY, "*")
    if text.startswith(("/", "~")) or _DRIVE.match(text):
        return posixpath.normpath(text)
    if text.startswith("*"):
        # It may be an absolute path as well.
        return re.sub(r"\*[*/]*\*", "*", posixpath.normpath(text))
    folder = filled(folder, lambda _: None).replace(ANY, "*")
    if folder.endswith("*"):
        return re.sub(r"\*\*+", "*", f"{folder}{posixpath.normpath(text)}")
    place = posixpath.normpath(posixpath.join(folder, text))
    return EVERYTHING if place == "." else re.sub(r"\*\*+", "*", place)


def is_outside(place: str) -> bool:
    """Tell whether a place certainly lies outside of the working directory.

    >>> is_outside("/tmp/a.csv"), is_outside("../a.csv"), is_outside("a.csv"), is_outside("*.csv")
    (True, True, False, False)
    """
    return place.startswith(("/", "~", "../")) or place == ".." or bool(_DRIVE.match(place))


def is_exact(place: str) -> bool:
    """Tell whether a place is one path of the working directory, known to the letter."""
    return "*" not in place and not is_outside(place)


def may_be_outside(place: str) -> bool:
    """Tell whether a place may lie outside of the working directory: nothing is known of how its path begins."""
    return is_outside(place) or place.startswith("*")


def file_state(place: str) -> str:
    """Return the name of the state of a place."""
    return f"{_STATE}{place}>"


def is_file_state(name: str) -> bool:
    """Tell whether a name is that of a place's state."""
    return name.startswith(_STATE)


def place_in(state: str) -> str:
    """Return the place of a state's name.

    >>> place_in(file_state("out/a.csv"))
    'out/a.csv'
    """
    return state[len(_STATE) : -1]


@lru_cache(maxsize=65536)
def overlap(one: str, other: str) -> bool:
    """Tell whether two places may have a file in common.

    >>> overlap("out", "out/a.csv"), overlap("out/*.csv", "out/a.csv"), overlap("a*.csv", "b*.csv")
    (True, True, False)
    >>> overlap("*/a.csv", "a.csv"), overlap("*/a.csv", "out/a.csv")
    (True, True)
    >>> overlap("out/", "out/a.csv"), overlap("out/", "out"), overlap("out/", "*")
    (False, True, True)
    """
    if one.endswith("/") and other.endswith("/"):
        return one == other
    if one.endswith("/"):
        one, other = other, one
    if other.endswith("/"):
        return _covers(one, other[:-1]) or ("*" in other and _covers(other[:-1], one))
    if "*" in one and "*" in other:
        return _patterns_overlap(one, other)
    if "*" in other:
        one, other = other, one
    # `other` is exact: the pattern may match it, a folder above it, or something below it.
    return _covers(one, other) or _may_be_below(one, other)


def lies_below(place: str, folder: str) -> bool:
    """Tell whether a place may lie below the folder of a place that ends in a slash: writing there needs the folder.

    >>> lies_below("out/a.csv", "out/"), lies_below("out/sub/", "out/"), lies_below("out", "out/")
    (True, True, False)
    >>> lies_below("out/a.csv", "*/"), lies_below("a.csv", "*/")
    (True, False)
    """
    if "*" in folder:
        parent = place.rstrip("/").rpartition("/")[0]
        return bool(parent) and _covers(folder[:-1], parent)
    return _may_be_below(place.rstrip("/"), folder[:-1])


def _covers(pattern: str, path: str) -> bool:
    """Tell whether a pattern may match a path or a folder above it.

    What is unknown in front of a slash may be the working directory: `root / "a.csv"`.
    """
    patterns = [each.replace("[", "[[]") for each in (pattern, pattern.removeprefix("*/")) if "*" in pattern]
    while path:
        if pattern == path or any(fnmatchcase(path, each) for each in patterns):
            return True
        path = path.rpartition("/")[0]
    return False


def _may_be_below(pattern: str, folder: str) -> bool:
    if not folder:
        return True
    head = pattern.partition("*")[0] if "*" in pattern else pattern
    below = f"{folder}/"
    return head.startswith(below) or ("*" in pattern and below.startswith(head))


def _patterns_overlap(one: str, other: str) -> bool:
    heads = one.partition("*")[0], other.partition("*")[0]
    if not (heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])):
        return False
    tails = one.rpartition("*")[2], other.rpartition("*")[2]
    plain = all("." in tail and "/" not in tail for tail in tails)
    return not plain or tails[0].endswith(tails[1]) or tails[1].endswith(tails[0])
