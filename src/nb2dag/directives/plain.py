"""Turn raw YAML into plain Python values that JSON can hold, by YAML 1.2's core rules."""

from __future__ import annotations

import math
import re

from nb2dag.directives.raw import RawList, RawText, RawValue
from nb2dag.model.span import Region

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?\d{1,1000}", re.ASCII)
_BASED = re.compile(r"0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)


class UnfitValue(Exception):
    """A value that JSON cannot hold: its text, where it stands, and why."""

    def __init__(self, text: str, region: Region, why: str) -> None:
        super().__init__(why)
        self.text, self.region, self.why = text, region, why


def plain_value(raw: RawValue) -> object:
    """Return `raw` as None, bool, int, float, str, list or dict with text keys; dates stay the text they are.

    Raises:
        UnfitValue: A number is not finite, or a key is not text.

    >>> here = Region(1, 1, 1, 2)
    >>> [plain_value(RawText(text, here)) for text in ("3", "1e3", "no", "2026-01-01", "true", "")]
    [3, 1000.0, 'no', '2026-01-01', True, None]
    """
    if isinstance(raw, RawText):
        return _plain_text(raw)
    if isinstance(raw, RawList):
        return [plain_value(item) for item in raw.items]
    return {_key(key): plain_value(value) for key, value in raw.entries}


def _key(key: RawText) -> str:
    if not isinstance(_plain_text(key), str):
        raise UnfitValue(key.text, key.region, "a key is text: put quotes around it")
    return key.text


def _plain_text(raw: RawText) -> object:
    text = raw.text
    if raw.literal:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _NOT_FINITE.fullmatch(text) or (_FLOAT.fullmatch(text) and not math.isfinite(float(text))):
        raise UnfitValue(text, raw.region, "JSON has no such number")
    return float(text) if _FLOAT.fullmatch(text) else text
