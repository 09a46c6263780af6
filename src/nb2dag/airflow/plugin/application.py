"""Answer the requests of the tab `Notebook`, under Airflow's own authentication and permissions."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Annotated

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.utils.net import get_hostname
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response

from nb2dag.airflow.plugin.attempts import Attempt, TaskInstanceFacts, task_instance_facts
from nb2dag.airflow.plugin.cells import NotNotebook, rich_part, shown_cells
from nb2dag.airflow.plugin.finding import Found, find
from nb2dag.airflow.plugin.frames import FRAME_POLICY, IMAGE_POLICY, frame_document, image_bytes
from nb2dag.airflow.plugin.outputs import IMAGES, LARGEST_FRAME
from nb2dag.airflow.plugin.reading import Reader
from nb2dag.airflow.plugin.view import version_of, view_of

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""For the page itself, which is ours: scripts and styles from files only, nothing from elsewhere."""

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
_PAGE = files("nb2dag.airflow.plugin") / "page"
_STATIC = {
    "notebook.js": "text/javascript",
    "cells.js": "text/javascript",
    "texts.js": "text/javascript",
    "notebook.css": "text/css",
}

# A notebook shows what a task's log shows, and more: whoever may not read the logs may not read it either.
_MAY_READ = [
    Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.TASK_INSTANCE)),
    Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.TASK_LOGS)),
]
_INSTANCE = "{dag_id}/{run_id}/{task_id}/{map_index}"


def build() -> FastAPI:
    """Return the application that the API server mounts."""
    app = FastAPI(title="nb2dag", docs_url=None, redoc_url=None, openapi_url=None)
    reader = Reader()

    @app.get(f"/notebook/{_INSTANCE}", dependencies=_MAY_READ)
    def page() -> Response:
        """Return the page; its script asks for everything else."""
        return _answer((_PAGE / "notebook.html").read_bytes(), "text/html; charset=utf-8", PAGE_POLICY)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        """Return a file of the page."""
        if name not in _STATIC:
            raise HTTPException(404, "no such file")
        return _answer((_PAGE / name).read_bytes(), f"{_STATIC[name]}; charset=utf-8", PAGE_POLICY)

    @app.get(f"/view/{_INSTANCE}", dependencies=_MAY_READ)
    def view(
        facts: Facts,
        attempt: int | None = None,
        start: Annotated[int, Query(ge=0)] = 0,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Return what the page shows as JSON, or 304 where nothing has changed."""
        chosen = _attempt(facts, attempt)
        found = find(facts, chosen, get_hostname())
        version = version_of(facts, chosen, found, start)
        if if_none_match == version:
            return Response(status_code=304, headers={**_EVERYWHERE, "ETag": version})
        content = json.dumps(view_of(facts, chosen, found, reader, start)).encode()
        answer = _answer(content, "application/json", "default-src 'none'")
        answer.headers["ETag"] = version
        return answer

    @app.get(f"/part/{_INSTANCE}/{{attempt}}/{{cell}}/{{output}}", dependencies=_MAY_READ)
    def part(facts: Facts, attempt: int, cell: int, output: int, theme: str = "light") -> Response:
        """Return one output, or the text of a Markdown cell (output -1), in a document without rights."""
        found = find(facts, _attempt(facts, attempt), get_hostname())
        if not isinstance(found, Found):
            raise HTTPException(404, "there is no notebook")
        return _part(reader, found, cell, output, theme)

    return app


def _facts(dag_id: str, run_id: str, task_id: str, map_index: str, session: SessionDep) -> TaskInstanceFacts:
    # The UI leaves `{MAP_INDEX}` as it is for a task that is not mapped.
    number = int(map_index) if map_index.isdecimal() else -1
    facts = task_instance_facts(session, dag_id, run_id, task_id, number)
    if facts is None:
        raise HTTPException(404, "there is no such task instance")
    return facts


Facts = Annotated[TaskInstanceFacts, Depends(_facts)]


def _attempt(facts: TaskInstanceFacts, number: int | None) -> Attempt:
    found = facts.attempt(number)
    if found is None:
        raise HTTPException(404, f"there is no attempt {number}")
    return found


def _part(reader: Reader, found: Found, cell: int, output: int, theme: str) -> Response:
    try:
        cells = shown_cells(reader.read(found))
    except (NotNotebook, OSError) as error:
        raise HTTPException(404, f"the notebook cannot be read: {error}") from None
    rich = rich_part(cells[cell], None if output < 0 else output) if 0 <= cell < len(cells) else None
    if rich is None or len(rich.content) > LARGEST_FRAME:
        raise HTTPException(404, "there is no such output")
    if rich.mime not in IMAGES:
        return _answer(frame_document(rich, theme).encode("utf-8", "replace"), "text/html; charset=utf-8", FRAME_POLICY)
    try:
        return _answer(image_bytes(rich), rich.mime, IMAGE_POLICY)
    except ValueError as error:
        raise HTTPException(404, str(error)) from None


def _answer(content: bytes, media_type: str, policy: str) -> Response:
    headers = {**_EVERYWHERE, "Content-Security-Policy": policy}
    return Response(content, media_type=media_type, headers=headers)
