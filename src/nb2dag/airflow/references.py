"""Fetch the Connections and Variables that a task names, as Airflow's own variables of the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_TEXT_FIELDS = ("conn_type", "host", "schema", "login", "password")

_SENSITIVE = re.compile("pass|secret|token|key|auth|cred|phrase|private", re.IGNORECASE)
"""Names of what is secret however short it is."""

_LONG = 8
"""Characters of a text that is taken for a secret whatever its name: a region or a flag is shorter."""


class ReferenceMissing(Exception):
    """A Connection or Variable that a task names is not defined; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class References:
    """What a notebook gets by reference.

    Attributes:
        environment: `AIRFLOW_CONN_<ID>` (JSON) and `AIRFLOW_VAR_<KEY>`: Airflow's own convention, so that
            `Connection.get` and `Variable.get` find them in the notebook, too.
        secrets: The texts in them that nobody should read.
    """

    environment: dict[str, str]
    secrets: tuple[str, ...]


def fetch(connections: Sequence[str], variables: Sequence[str]) -> References:
    """Return the named Connections and Variables, from wherever this Airflow keeps them; Airflow masks them in logs.

    Raises:
        ReferenceMissing: One is not defined.
    """
    environment: dict[str, str] = {}
    secrets: list[str] = []
    for conn_id in connections:
        connection = _connection(conn_id)
        environment[f"AIRFLOW_CONN_{conn_id.upper()}"] = _as_json(connection)
        secrets += [connection.password or "", connection.extra or "", *_texts(connection.extra)]
    for key in variables:
        environment[f"AIRFLOW_VAR_{key.upper()}"] = value = _variable(key)
        secrets += [value, *_texts(value)]
    secrets = [*environment.values(), *secrets]
    _mask_in_logs(secrets)
    return References(environment, tuple(dict.fromkeys(secret for secret in secrets if secret)))


def is_masked(text: str) -> bool:
    """Tell whether Airflow would mask (a part of) a text: a template has put a password into it, for example."""
    try:
        from airflow.sdk.log import redact
    except ImportError:
        # Airflow 3.0 has it elsewhere.
        try:
            from airflow.sdk.execution_time.secrets_masker import redact
        except ImportError:
            return False
    return bool(redact(text) != text)


def _connection(conn_id: str) -> Any:
    from airflow.sdk import Connection

    try:
        return Connection.get(conn_id)
    except Exception as error:
        if not _says_not_found(error):
            raise
        raise ReferenceMissing(
            f"there is no Connection `{conn_id}`, which the task names in `connections`: define it in Airflow "
            f"(Admin > Connections, `airflow connections add {conn_id}`, or the secrets backend), or mend the name"
        ) from None


def _variable(key: str) -> str:
    from airflow.sdk import Variable

    try:
        value = Variable.get(key)
    except Exception as error:
        if not _says_not_found(error):
            raise
        raise ReferenceMissing(
            f"there is no Variable `{key}`, which the task names in `variables`: define it in Airflow "
            f"(Admin > Variables, `airflow variables set {key}`, or the secrets backend), or mend the name"
        ) from None
    return value if isinstance(value, str) else json.dumps(value)


def _says_not_found(error: Exception) -> bool:
    """Tell "not defined" from a backend that cannot be asked, which may answer at the next try."""
    if type(error).__name__ == "AirflowNotFoundException":
        return True
    kind = getattr(getattr(error, "error", None), "error", None)
    return str(getattr(kind, "value", kind)) in ("CONNECTION_NOT_FOUND", "VARIABLE_NOT_FOUND")


def _as_json(connection: Any) -> str:
    fields = {name: getattr(connection, name) for name in _TEXT_FIELDS if getattr(connection, name)}
    if connection.port:
        fields["port"] = connection.port
    if connection.extra:
        fields["extra"] = connection.extra
    return json.dumps(fields)


def _texts(text: str | None) -> Iterator[str]:
    """Yield the secrets inside of a JSON text, which may be shown by themselves; nothing for what is no JSON.

    >>> sorted(_texts('{"token": "t0p", "region": "eu", "more": ["a-long-text"]}'))
    ['a-long-text', 't0p']
    """
    try:
        pending = [("", json.loads(text or "null"))]
    except ValueError:
        return
    while pending:
        key, value = pending.pop()
        if isinstance(value, str) and (len(value) >= _LONG or _SENSITIVE.search(key)):
            yield value
        elif isinstance(value, dict):
            pending += value.items()
        elif isinstance(value, list):
            pending += [(key, item) for item in value]


def _mask_in_logs(secrets: list[str]) -> None:
    if not secrets:
        return
    try:
        from airflow.sdk.log import mask_secret
    except ImportError:
        # Airflow 3.0: what it fetched is masked already, and what the notebook prints is redacted before it is logged.
        return
    for secret in secrets:
        if secret:
            mask_secret(secret)
