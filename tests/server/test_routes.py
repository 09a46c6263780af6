"""Every route is authenticated, checks what it is sent, and answers what the published schema says."""

from __future__ import annotations

import json

import jsonschema
import pytest
from tornado.httpclient import HTTPClientError

from support.schemas import part, strict, whole
from support.sent import SHOP, sent

ROUTES = [
    ("GET", "hello"),
    ("GET", "rules/NBD202"),
    ("POST", "panel"),
    ("POST", "news"),
    ("POST", "code"),
    ("POST", "schedule"),
    ("POST", "edit"),
    ("POST", "preview"),
    ("POST", "export"),
    ("POST", "import"),
    ("POST", "registration"),
    ("POST", "jobs"),
    ("GET", "jobs/0123456789abcdef"),
    ("DELETE", "jobs/0123456789abcdef"),
]


@pytest.mark.parametrize(("method", "route"), ROUTES)
async def test_nobody_gets_in_without_the_token(jp_fetch, method, route):
    body = json.dumps(sent(*SHOP)) if method == "POST" else None
    answer = await jp_fetch(
        "nb2dag", *route.split("/"), method=method, body=body, headers={"Authorization": ""}, raise_error=False
    )
    assert answer.code == 403


@pytest.mark.parametrize(("method", "route"), [each for each in ROUTES if each[0] != "GET"])
async def test_a_cookie_alone_changes_nothing_without_xsrf(
    jp_serverapp, jp_fetch, jp_base_url, http_server_client, method, route
):
    """A page of somebody else makes the browser send the cookie, but cannot read the XSRF token."""
    page = await jp_fetch("api", "status")
    assert page.code == 200
    cookie = await logged_in(jp_serverapp, http_server_client, jp_base_url)
    body = json.dumps(sent(*SHOP)) if method == "POST" else None
    with pytest.raises(HTTPClientError) as refused:
        await http_server_client.fetch(
            f"{jp_base_url}nb2dag/{route}", method=method, body=body, headers={"Cookie": cookie, "Host": "localhost"}
        )
    assert refused.value.code == 403
    assert "XSRF" in str(refused.value) or "_xsrf" in refused.value.response.body.decode()


async def logged_in(app, client, base):
    """Return the cookie that a browser has after it opened a page with the token."""
    token = app.identity_provider.token
    answer = await client.fetch(f"{base}tree?token={token}", follow_redirects=False, raise_error=False)
    cookies = [line.split(";")[0] for line in answer.headers.get_list("Set-Cookie")]
    found = [cookie for cookie in cookies if cookie.startswith("username-")]
    assert found, cookies
    return found[0]


async def test_hello_says_what_the_panel_needs(jp_fetch):
    document = json.loads((await jp_fetch("nb2dag", "hello")).body)
    jsonschema.validate(document, strict(part("hello")))
    task = next(each for each in document["vocabulary"] if each["directive"] == "task")
    assert next(option for option in task["options"] if option["name"] == "retries")["flag"] == "--retries"


async def test_a_rule_has_its_page(jp_fetch):
    document = json.loads((await jp_fetch("nb2dag", "rules", "NBD202")).body)
    jsonschema.validate(document, strict(part("rule_page")))
    assert document["page"].startswith("# ")


async def test_the_panel_gets_graph_cells_and_findings(ask):
    code, document = await ask("panel", sent(*SHOP, "%%airflow_task load --retris 3\nx = 1"))
    assert code == 200
    jsonschema.validate(document, strict(whole()))
    assert document["dag_id"] == "shop"
    assert document["cells"][2]["tag"]["options"] == [{"name": "retries", "text": "2"}]
    assert document["diagnostics"][0]["span"]["cell_id"] == "c5"
    # A wrong option says nothing against the flow.
    assert [task["task_id"] for task in document["graph"]["tasks"]] == ["load", "report"]
    assert not document["exportable"]


async def test_a_cell_that_cannot_be_read_leaves_no_graph(ask):
    _, document = await ask("panel", sent(*SHOP, "%%airflow_task load\nx = ("))
    jsonschema.validate(document, strict(whole()))
    assert document["graph"] is None
    assert not document["exportable"]


async def test_a_sound_notebook_has_a_graph_with_named_edges(ask):
    _, document = await ask("panel", sent(*SHOP))
    jsonschema.validate(document, strict(whole()))
    assert document["exportable"]
    assert document["graph"]["edges"] == [{"from": "load", "to": "report", "names": ["rows"], "declared": True}]


@pytest.mark.parametrize(("question", "name"), [("code", "code"), ("schedule", "schedule")])
async def test_code_and_schedule_are_what_the_schema_says(ask, question, name):
    code, document = await ask(question, sent(*SHOP))
    assert code == 200
    jsonschema.validate(document, strict(part(name)))


async def test_the_code_is_what_compile_writes(ask):
    _, document = await ask("code", sent(*SHOP))
    paths = [file["path"] for file in document["files"]]
    assert paths == ["shop.py", "tasks/load.ipynb", "tasks/report.ipynb"]
    assert 'dag_id="shop"' in document["files"][0]["cells"][0]


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"path": 3, "notebook": {"cells": []}}',
        b'{"path": "n.ipynb"}',
        b'{"path": "n.ipynb", "notebook": {"cells": 3}}',
    ],
)
async def test_a_body_that_is_none_is_refused(jp_fetch, body):
    answer = await jp_fetch("nb2dag", "panel", method="POST", body=body, raise_error=False)
    assert answer.code == 400
    assert json.loads(answer.body)["message"]


@pytest.mark.parametrize("cell", [3, {"cell_type": "code"}, {"cell_type": "video", "source": ""}])
async def test_a_cell_that_is_none_is_refused_with_words(ask, cell):
    body = sent()
    body["notebook"]["cells"] = [cell]
    code, document = await ask("panel", body)
    assert code == 422
    assert "not a notebook" in document["message"]


async def test_a_huge_notebook_is_refused_with_words(ask):
    code, document = await ask("panel", sent(*["x = 1"] * 5001))
    assert code == 413
    assert "5000" in document["message"]


async def test_half_a_character_breaks_nothing(ask):
    code, _ = await ask("panel", sent("%%airflow_task a\nx = '\ud800'"))
    assert code == 200


async def test_invalid_settings_are_said(ask, jp_root_dir):
    (jp_root_dir / "pyproject.toml").write_text("[tool.nb2dag]\noutputt = 'x'\n")
    code, document = await ask("panel", sent(*SHOP))
    assert code == 422
    assert "output" in document["message"]


async def test_a_process_that_remembers_answers_as_a_new_one(ask, jp_serverapp):
    texts = [SHOP, (*SHOP[:3], SHOP[3].replace("print(rows)", "print(rows, roows)")), (*SHOP[:2], *SHOP[3:]), SHOP]
    remembering = [await ask("panel", sent(*text)) for text in texts]
    for text, answer in zip(texts, remembering, strict=True):
        await jp_serverapp.web_app.settings["nb2dag"]["worker"].close()
        assert await ask("panel", sent(*text)) == answer


async def test_the_panel_is_told_only_what_is_new(ask):
    _, document = await ask("panel", sent(*SHOP))
    code, first = await ask("news", sent(*SHOP))
    assert code == 200
    jsonschema.validate(first, strict(part("news")) | {"additionalProperties": True})
    assert first["changed"] == document
    broken = sent(*SHOP[:-1], SHOP[-1].replace("rows", "roows"))
    _, second = await ask("news", {**broken, "known": first["digests"]})
    _, whole_second = await ask("panel", broken)
    assert set(second["changed"]) == {"graph", "diagnostics", "summary", "exportable"}
    assert first["changed"] | second["changed"] == whole_second


@pytest.mark.parametrize("known", [None, 3, "x", [], {"cells": 3}, {"cells": "0" * 16}])
async def test_what_is_said_to_be_known_is_not_trusted(ask, known):
    _, document = await ask("panel", sent(*SHOP))
    _, news = await ask("news", {**sent(*SHOP), "known": known})
    assert news["changed"] == document
