"""A compilation that takes too long is given up with words, and the next question is answered by a new process."""

from __future__ import annotations

import pytest

from support.sent import SHOP, sent


@pytest.fixture
def jp_server_config():
    return {
        "ServerApp": {"jpserver_extensions": {"nb2dag": True}, "allow_unauthenticated_access": False},
        # No process can start and answer in that time.
        "Nb2dagServer": {"longest_compile": 0.001},
    }


async def test_a_compilation_that_takes_too_long_is_given_up(ask, jp_serverapp):
    code, document = await ask("panel", sent(*SHOP))
    assert code == 504
    assert "took more than 0.001 s to compile" in document["message"]
    jp_serverapp.web_app.settings["nb2dag"]["worker"]._longest = 60.0
    code, document = await ask("panel", sent(*SHOP))
    assert code == 200
    assert document["exportable"]
