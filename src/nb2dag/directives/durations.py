"""Read and write durations: `10m`, `1h30m`, `90s`, `2d`, `PT10M`."""

from __future__ import annotations

import re
from datetime import timedelta

_NUMBER = r"(\d+(?:\.\d+)?)"
_SHORT = re.compile(r"\s*".join(rf"(?:{_NUMBER}\s?{unit})?" for unit in "wdhms"))
_ISO = re.compile(rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?")


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` spells.

    Raises:
        ValueError: It spells none; the message says why.

    >>> parse_duration("1h30m"), parse_duration("PT10M")
    (datetime.timedelta(seconds=5400), datetime.timedelta(seconds=600))
    """
    if re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(f"a unit is missing: `{text}s`, `{text}m`, `{text}h` or `{text}d`")
    match = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError("it is no sequence of numbers with the units w, d, h, m and s, in this order")
    weeks, days, hours, minutes, seconds = (float(group or 0) for group in match.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ValueError("it is too long") from None


def format_duration(duration: timedelta) -> str:
    """Return the shortest spelling of `duration`, which is not negative.

    >>> format_duration(timedelta(hours=25, seconds=1.5)), format_duration(timedelta())
    ('1d1h1.5s', '0s')
    """
    hours, seconds = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{duration.microseconds:06d}".rstrip("0") if duration.microseconds else ""
    parts = [(duration.days, "d"), (hours, "h"), (minutes, "m")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    if seconds or fraction or not text:
        text += f"{seconds}{fraction}s"
    return text
