"""Answer the panel's requests: authenticated and XSRF-safe, paths confined, bodies checked, nothing that blocks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web  # type: ignore[attr-defined]

from nb2dag import __version__
from nb2dag.errors import Nb2dagError
from nb2dag.server.import_check import check_import
from nb2dag.server.jobs import Jobs
from nb2dag.server.places import OutOfBounds, Places
from nb2dag.server.registration import await_registration
from nb2dag.server.settings import Nb2dagServer
from nb2dag.server.vocabulary_view import vocabulary_document
from nb2dag.server.worker import Superseded, TookTooLong, Worker, WorkerFailed

PATIENCE = 20.0
"""Seconds that a request for events waits for one; proxies cut what waits for a minute."""

_MOST_CELLS = 5000
"""Cells of a notebook that the panel follows: a longer one is compiled by the command line."""


class _Handler(APIHandler):
    auth_resource = "nb2dag"

    @property
    def shared(self) -> dict[str, Any]:
        shared: dict[str, Any] = self.settings["nb2dag"]
        return shared

    @property
    def places(self) -> Places:
        places: Places = self.shared["places"]
        return places

    def refuse(self, status: int, message: str) -> None:
        """Answer with a message that the panel shows."""
        self.set_status(status)
        self.finish(json.dumps({"message": message}))

    def body(self) -> dict[str, Any]:
        """Return the request's body with the notebook's file and the folder in it confined.

        Raises:
            web.HTTPError: It is not what the panel sends, or a path leads out of bounds.
        """
        given = self.get_json_body()
        if not isinstance(given, dict) or not isinstance(given.get("path"), str):
            raise web.HTTPError(400, "the body must be an object with a path")
        notebook = given.get("notebook")
        if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
            raise web.HTTPError(400, "the body must hold a notebook with cells")
        if len(notebook["cells"]) > _MOST_CELLS:
            raise web.HTTPError(413, f"the panel follows notebooks of up to {_MOST_CELLS} cells: use `nb2dag check`")
        try:
            file = self.places.notebook(given["path"])
            folder = self.places.folder(given["folder"]) if isinstance(given.get("folder"), str) else None
        except OutOfBounds as error:
            raise web.HTTPError(403, str(error)) from error
        kept = {"cells": notebook["cells"], "metadata": notebook.get("metadata") or {}}
        return given | {
            "notebook": kept,
            "file": str(file) if file is not None else None,
            "folder": str(folder) if folder is not None else None,
        }

    def bundle(self) -> Path:
        """Return the folder of the bundle in the request's body, confined.

        Raises:
            web.HTTPError: It is not what the panel sends, or the path leads out of bounds.
        """
        given = self.get_json_body()
        if not isinstance(given, dict) or not isinstance(given.get("target"), str):
            raise web.HTTPError(400, "the body must be an object with a target")
        try:
            return self.places.folder(given["target"])
        except OutOfBounds as error:
            raise web.HTTPError(403, str(error)) from error

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - tornado names it
        """Answer an error as the panel reads it, without a traceback."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = error.log_message if isinstance(error, web.HTTPError) and error.log_message else self._reason
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": message}))


class HelloHandler(_Handler):
    """What the panel needs to know once: the version it talks to, the vocabulary, what the server can do."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the server's version, abilities and vocabulary; whoever asks is about to open a notebook."""
        worker: Worker = self.shared["worker"]
        await worker.start()
        settings: Nb2dagServer = self.shared["settings"]
        document = {
            "version": __version__,
            "airflow": bool(settings.airflow_python) or importlib.util.find_spec("airflow") is not None,
            "files": self.places.root is not None,
            "dag_folders": [str(folder) for folder in self.places.dag_folders],
            "vocabulary": vocabulary_document(),
        }
        self.finish(json.dumps(document))


class RuleHandler(_Handler):
    """The page of a rule, as `nb2dag explain` prints it."""

    @web.authenticated
    @authorized
    def get(self, code: str) -> None:
        """Answer with the page's Markdown."""
        from nb2dag.compiler.rule_pages import document
        from nb2dag.compiler.rules.catalogue import find_rule

        rule = find_rule(code)
        if rule is None:
            raise web.HTTPError(404, f"there is no rule {code}")
        self.finish(json.dumps({"page": document(rule)}))


class AskHandler(_Handler):
    """Questions about the text of a notebook, answered by the worker."""

    @web.authenticated
    @authorized
    async def post(self, question: str) -> None:
        """Answer with the worker's document; 409 for a question that gave way to a newer one."""
        body = self.body()
        if question in {"preview", "export"} and body["folder"] is None:
            raise web.HTTPError(400, "the body must say which folder to export to")
        worker: Worker = self.shared["worker"]
        client = body.get("client") if isinstance(body.get("client"), str) else ""
        key = "" if question in {"edit", "export"} else f"{question} {client} {body['path']}"
        try:
            answer = await worker.ask(question, key, body)
        except Superseded:
            self.refuse(409, "a newer question took this one's place")
            return
        except TookTooLong:
            seconds = self.shared["settings"].longest_compile
            self.refuse(504, f"the notebook took more than {seconds:g} s to compile, and was given up")
            return
        except WorkerFailed as error:
            self.refuse(500, str(error))
            return
        if "refused" in answer:
            self.refuse(422, answer["refused"])
            return
        if "target" in answer:
            target = Path(answer["target"])
            answer |= {"target": self.places.shown(target), "inside": self.places.is_below_root(target)}
        self.finish(json.dumps(answer))


class ImportHandler(_Handler):
    """What Airflow makes of an exported bundle; apart from the export, for Airflow takes seconds to start."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Import the DAG file of the bundle in `target` and answer with Airflow's words."""
        bundle = self.bundle()
        try:
            answer = await check_import(bundle, self.shared["settings"].airflow_python)
        except Nb2dagError as error:
            raise web.HTTPError(422, str(error)) from error
        self.finish(json.dumps(answer))


class RegistrationHandler(_Handler):
    """Whether a running Airflow has registered an exported bundle."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Wait a while for the bundle in `target` and answer with what Airflow knows of it; the panel asks again."""
        bundle = self.bundle()
        try:
            answer = await await_registration(bundle, self.shared["airflow"], PATIENCE)
        except Nb2dagError as error:
            raise web.HTTPError(422, str(error)) from error
        self.finish(json.dumps(answer))


class JobsHandler(_Handler):
    """Begin runs and verifications."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start a job and answer with its id."""
        body = self.body()
        if body.get("kind") not in {"run", "verify"}:
            raise web.HTTPError(400, "a job is of the kind run or verify")
        if body["file"] is None:
            raise web.HTTPError(422, "this server's notebooks are no files of this machine, so nothing can run here")
        jobs: Jobs = self.shared["jobs"]
        job_id = await jobs.start(body["kind"], body, Path(body["file"]).parent)
        self.finish(json.dumps({"id": job_id}))


class JobHandler(_Handler):
    """One run or verification."""

    @web.authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        """Answer with the events from number `after` on, when there are some."""
        job = self.shared["jobs"].find(job_id)
        if job is None:
            raise web.HTTPError(404, "there is no such run: the server may have been started anew")
        try:
            count = max(0, int(self.get_query_argument("after", "0")))
        except ValueError:
            raise web.HTTPError(400, "`after` must be a number") from None
        events = await job.after(count, PATIENCE)
        self.finish(json.dumps({"events": [self._shown(event) for event in events], "done": job.done}))

    @web.authenticated
    @authorized
    def delete(self, job_id: str) -> None:
        """Stop a job."""
        job = self.shared["jobs"].find(job_id)
        if job is None:
            raise web.HTTPError(404, "there is no such run: the server may have been started anew")
        job.stop()
        self.set_status(204)
        self.finish()

    def _shown(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event whose executed notebooks have the paths that the browser opens them by, None elsewhere."""
        if "tasks" not in event or event["type"] != "finished":
            return event
        tasks = []
        for task in event["tasks"]:
            notebook = Path(task["notebook"]) if task["notebook"] else None
            inside = notebook is not None and self.places.is_below_root(notebook)
            tasks.append(task | {"notebook": self.places.shown(notebook) if inside and notebook else None})
        return event | {"tasks": tasks}
