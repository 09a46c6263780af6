"""A real Jupyter server with the extension, and notebooks as the browser sends them."""

from __future__ import annotations

import json

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403 - its fixtures and hooks, for these tests only


@pytest.fixture
def jp_server_config():
    return {"ServerApp": {"jpserver_extensions": {"nb2dag": True}, "allow_unauthenticated_access": False}}


@pytest.fixture
def ask(jp_serverapp, jp_fetch, jp_asyncio_loop):
    """Return a function that asks a question and returns status and answer."""

    async def ask(question, body):
        answer = await jp_fetch(
            "nb2dag", question, method="POST", body=json.dumps(body), raise_error=False, request_timeout=120
        )
        return answer.code, json.loads(answer.body)

    yield ask
    jp_asyncio_loop.run_until_complete(jp_serverapp.web_app.settings["nb2dag"]["worker"].close())
