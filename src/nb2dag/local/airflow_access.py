"""Name the variables of the environment by which nb2dag finds an Airflow, and what it is known by there."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

URL, TOKEN, USER, PASSWORD = (f"NB2DAG_AIRFLOW_{name}" for name in ("URL", "TOKEN", "USER", "PASSWORD"))
"""Airflow's address, and a token, or a user and password."""


def advice(status: int) -> str:
    """Return what to do about an answer of Airflow's, to go on after it; nothing where it is no matter of access."""
    return f": look at {TOKEN}, or {USER} and {PASSWORD}" if status in {401, 403, 405, 422} else ""


def without_userinfo(url: str) -> str:
    """Return a URL without the user and password that it may hold: it is shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
