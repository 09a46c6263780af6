"""Ask a running Airflow whether it has registered an exported DAG, through its REST API (v2).

Tokens and passwords come from the server's environment and go to Airflow only: no answer, message or log holds them.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from nb2dag.local.airflow_access import PASSWORD, TOKEN, URL, USER, advice, without_userinfo
from nb2dag.local.bundles import read_manifest
from nb2dag.runtime.formats import BundleManifest

_PAUSE = 1.0
_TIMEOUT = 10.0


class AirflowUnreachable(Exception):
    """Airflow gave no answer, or refused to; the message is for people and holds no secret."""


@dataclass
class AirflowApi:
    """One Airflow and the way in; `token` is asked for when it is first needed, where a user and password are given."""

    url: str
    token: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def configured(cls, url: str, environment: Mapping[str, str] = os.environ) -> AirflowApi | None:
        """Return the Airflow at `url`, else at the environment's, None where neither names one."""
        address = (url or environment.get(URL, "")).rstrip("/")
        if not address:
            return None
        secrets = (environment.get(name, "") for name in (TOKEN, USER, PASSWORD))
        return cls(without_userinfo(address), *secrets)

    def page(self, dag_id: str) -> str:
        """Return where a browser sees a DAG."""
        return f"{self.url}/dags/{quote(dag_id, safe='')}"

    async def get(self, path: str) -> Any:
        """Return the JSON answer to a GET, None where there is no such thing.

        Raises:
            AirflowUnreachable: There is no answer, or Airflow refuses.
        """
        if not self.token:
            self.token = await self._new_token()
        try:
            return await self._fetch(path, headers={"Authorization": f"Bearer {self.token}"})
        except HTTPClientError as error:
            if error.code == 404:
                return None
            if error.code == 401 and self.user:
                # It has expired: the next question asks for another.
                self.token = ""
            raise AirflowUnreachable(f"Airflow at {self.url} answered {error.code}{advice(error.code)}") from None

    async def _new_token(self) -> str:
        given = {"username": self.user, "password": self.password}
        try:
            answer = await self._fetch("/auth/token", **(_posted(given) if self.user else {}))
            return str(answer["access_token"])
        except (HTTPClientError, KeyError, TypeError):
            raise AirflowUnreachable(f"Airflow at {self.url} gave no token{advice(401)}") from None

    async def _fetch(self, path: str, **request: Any) -> Any:
        try:
            answer = await AsyncHTTPClient().fetch(self.url + path, request_timeout=_TIMEOUT, **request)
            return json.loads(answer.body)
        except HTTPClientError as error:
            if error.code == 599:
                raise AirflowUnreachable(f"Airflow at {self.url} does not answer") from None
            raise
        except (OSError, ValueError):
            raise AirflowUnreachable(f"Airflow at {self.url} cannot be reached, or is no Airflow 3") from None


async def await_registration(bundle: Path, airflow: AirflowApi | None, patience: float) -> dict[str, Any]:
    """Return what Airflow knows of a bundle, waiting up to `patience` seconds for it to know this very text.

    The `state` is `registered`, `import-error` (the `message` is Airflow's), `waiting`, `unreachable`, or `off` where
    no Airflow is configured.

    Raises:
        Nb2dagError: The folder holds no bundle.
    """
    manifest = read_manifest(bundle)
    if airflow is None:
        return {"state": "off", "message": "", "url": ""}
    written = (bundle / manifest.dag_file).stat().st_mtime
    deadline = time.monotonic() + patience
    page = airflow.page(manifest.dag_id)
    while True:
        try:
            state, message = await _state(airflow, manifest, written)
        except AirflowUnreachable as error:
            return {"state": "unreachable", "message": str(error), "url": page}
        if state != "waiting" or time.monotonic() + _PAUSE > deadline:
            return {"state": state, "message": message, "url": page}
        await asyncio.sleep(_PAUSE)


async def _state(airflow: AirflowApi, manifest: BundleManifest, written: float) -> tuple[str, str]:
    dag = await airflow.get(f"/api/v2/dags/{quote(manifest.dag_id, safe='')}/details")
    # The digest is in the DAG's documentation: a DAG of that name may be an earlier export, or another one.
    if dag is not None and manifest.digest in (dag.get("doc_md") or ""):
        return "registered", ""
    name = f"{manifest.dag_id}/{manifest.dag_file}"
    query = urlencode({"filename_pattern": f"%{manifest.dag_file}", "limit": 100})
    found = await airflow.get(f"/api/v2/importErrors?{query}")
    for error in (found or {}).get("import_errors", ()):
        if f"/{error['filename']}".endswith(f"/{name}") and _moment(error["timestamp"]) >= written:
            return "import-error", str(error["stack_trace"]).strip().splitlines()[-1]
    return "waiting", ""


def _moment(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _posted(body: Mapping[str, str]) -> dict[str, Any]:
    return {"method": "POST", "body": json.dumps(body), "headers": {"Content-Type": "application/json"}}
