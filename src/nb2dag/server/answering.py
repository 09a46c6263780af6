"""Answer the server's questions in a process of its own: one JSON line in, one JSON line out."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from nb2dag.errors import Nb2dagError
from nb2dag.server.code_view import code_document
from nb2dag.server.compiling import compile_sent
from nb2dag.server.editing import edit_document
from nb2dag.server.exporting import export_bundle, preview_export
from nb2dag.server.news import news_of
from nb2dag.server.next_runs import schedule_document
from nb2dag.server.panel import panel_document

Body = Mapping[str, Any]

_BETWEEN_FULL = 50
"""Answers from one look through everything that is remembered to the next."""

QUESTIONS: dict[str, Callable[[Body], dict[str, Any]]] = {
    "panel": lambda body: panel_document(compile_sent(body)),
    "news": lambda body: news_of(panel_document(compile_sent(body)), body.get("known")),
    "code": lambda body: code_document(compile_sent(body)),
    "schedule": lambda body: schedule_document(compile_sent(body)),
    "edit": edit_document,
    "preview": lambda body: preview_export(compile_sent(body), body),
    "export": lambda body: export_bundle(compile_sent(body), body),
}


def answer(line: str) -> dict[str, Any]:
    """Return the answer to one line: `{"answer": ...}`, or `{"failed": why}` for a fault of nb2dag itself.

    What a user can mend, such as settings that are invalid, is an answer: `{"refused": why}`.
    """
    request = json.loads(line)
    try:
        return {"answer": QUESTIONS[request["question"]](request["body"])}
    except Nb2dagError as error:
        return {"answer": {"refused": str(error)}}
    except Exception as error:  # noqa: BLE001 - the process answers the next question, whatever this one was
        traceback.print_exc()
        return {"failed": f"nb2dag failed on this notebook ({type(error).__name__}: {error}); this is a bug in nb2dag"}


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Whatever prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # What is remembered of a large notebook takes half a second to look through: not while somebody waits.
    gc.disable()
    for number, line in enumerate(sys.stdin, 1):
        # Half a surrogate pair, which a damaged notebook may hold, can be written as an escape only.
        answers.write(json.dumps(answer(line)) + "\n")
        answers.flush()
        gc.collect(1 if number % _BETWEEN_FULL else 2)


if __name__ == "__main__":
    main()
