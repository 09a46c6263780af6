"""Read and write dates and timezones."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone

_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(?:(Z)|([+-])(\d\d):?(\d\d))?)?"
)


def parse_date(text: str) -> datetime:
    """Return the moment that `text` spells, naive where it gives no offset from UTC.

    Raises:
        ValueError: It spells none; the message says why.

    >>> parse_date("2026-01-01"), parse_date("2026-01-01T06:30Z")
    (datetime.datetime(2026, 1, 1, 0, 0), datetime.datetime(2026, 1, 1, 6, 30, tzinfo=datetime.timezone.utc))
    """
    match = _DATE.fullmatch(text)
    if match is None or not text.isascii():
        raise ValueError("a date is written YYYY-MM-DD, with THH:MM and an offset after it if need be")
    year, month, day, hour, minute, second = (int(group or 0) for group in match.groups()[:6])
    microsecond = int((match[7] or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=_offset(match))
    except ValueError as error:
        # "day is out of range for month", and in Python 3.14 with the numbers: either tells the user enough.
        raise ValueError(f"there is no such date: {error}") from None


def _offset(match: re.Match[str]) -> timezone | None:
    if match[8]:
        return timezone.utc
    if not match[9]:
        return None
    offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
    return timezone(-offset if match[9] == "-" else offset)


def format_date(moment: datetime) -> str:
    """Return the shortest spelling of `moment`.

    >>> format_date(datetime(2026, 1, 1)), format_date(datetime(2026, 1, 1, 6, tzinfo=timezone.utc))
    ('2026-01-01', '2026-01-01T06:00+00:00')
    """
    if moment.timetz() == time():
        return moment.date().isoformat()
    unit = "auto" if moment.second or moment.microsecond else "minutes"
    return moment.isoformat(timespec=unit)


def why_not_timezone(name: str) -> str:
    """Return why `name` is no IANA timezone, an empty string if it is one."""
    if name == "UTC":
        return ""
    from zoneinfo import ZoneInfo

    # ZoneInfo raises ValueError for a path that leaves the database and OSError for a folder in it (`Europe`).
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return "the IANA database has no such timezone"
    return ""


def timezone_like(name: str) -> str:
    """Return the timezone that `name` may have meant, an empty string where none is near."""
    from zoneinfo import available_timezones

    from nb2dag.directives.nearest import nearest

    zones = sorted(available_timezones())
    city = [zone for zone in zones if zone.rpartition("/")[2].lower() == name.lower().replace(" ", "_")]
    return city[0] if city else nearest(name, zones)


def is_after(first: datetime, second: datetime, zone: str) -> bool:
    """Whether `first` comes after `second`; a naive one is meant in the timezone `zone`."""
    from zoneinfo import ZoneInfo

    local = timezone.utc if zone == "UTC" else ZoneInfo(zone)
    aware = [moment if moment.tzinfo else moment.replace(tzinfo=local) for moment in (first, second)]
    return aware[0] > aware[1]
