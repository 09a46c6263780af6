"""Run or verify the notebook that a browser sent, in a process of its own: one JSON line in, one per event out.

SIGINT stops the tasks in good order, as Ctrl-C does on the command line. Standard input is held open by the server: its
end means that the server is gone, and stops the run as well.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nb2dag.compiler.bundle import build_bundle, write_bundle
from nb2dag.errors import Nb2dagError
from nb2dag.local.events import RunEvent, RunStopping, TaskEnded, TaskOutput, TaskProgress, TaskRetrying, TaskStarted
from nb2dag.local.layout import new_run_folder, new_verify_folder
from nb2dag.local.results import RunResult
from nb2dag.local.run import RunOptions, run_bundle
from nb2dag.local.verify.verification import Step, VerifyOptions, verify_plan
from nb2dag.model.plan import DagPlan
from nb2dag.server.compiling import Compiled, compile_sent

Tell = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Read the request, do what it says, and tell every event; the last one has the type `finished`."""
    # A server that a script started in the background ignores interrupts, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_with_the_server, daemon=True).start()

    def tell(event: Mapping[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    try:
        tell(_finish(request, tell))
    except Nb2dagError as error:
        tell({"type": "finished", "ok": False, "message": str(error)})
    except KeyboardInterrupt:
        tell({"type": "finished", "ok": False, "message": "stopped"})


def _stop_with_the_server() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


def _finish(request: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    compiled = compile_sent(request["body"])
    plan = compiled.compilation.plan
    if plan is None or not plan.tasks:
        raise Nb2dagError("the notebook has errors: mend what Findings lists, then run it")
    if request["kind"] == "verify":
        return _verify(compiled, plan, tell)
    return _run(compiled, plan, tell)


def _run(compiled: Compiled, plan: DagPlan, tell: Tell) -> dict[str, Any]:
    folder = new_run_folder(compiled.folder)
    write_bundle(build_bundle(plan, compiled.folder), folder.bundle)
    result = run_bundle(folder.bundle, folder, RunOptions(), lambda event: tell(event_to_json(event)))
    message = "stopped" if result.interrupted else ""
    return {"type": "finished", "ok": result.ok, "message": message, "tasks": _results(result)}


def _results(result: RunResult) -> list[dict[str, Any]]:
    return [
        {
            "task": task.task_id,
            "state": task.state.value,
            "seconds": round(task.seconds, 3),
            "notebook": str(task.notebook) if task.notebook is not None and task.notebook.exists() else None,
            "failure": _failure(task),
        }
        for task in result.tasks
    ]


def _failure(task: Any) -> dict[str, Any] | None:
    failure = task.failure
    if failure is None:
        return None
    return {"message": failure.message, "cell": failure.cell, "line": failure.line}


def _verify(compiled: Compiled, plan: DagPlan, tell: Tell) -> dict[str, Any]:
    def on_step(step: Step) -> None:
        tell({"type": "step", "run": step.run, "detail": step.detail})

    folder = new_verify_folder(compiled.folder)
    report = verify_plan(compiled.compilation.program, plan, Path(folder), VerifyOptions(on_step=on_step))
    document = report.to_json()
    return {"type": "finished", "ok": document["verdict"] == "same", "message": "", "report": document}


def event_to_json(event: RunEvent) -> dict[str, Any]:
    """Return what happened in a run as the panel reads it."""
    match event:
        case TaskStarted(task, attempt, attempts):
            return {"type": "started", "task": task, "attempt": attempt, "attempts": attempts}
        case TaskProgress(task, number, total, cell, what):
            return {"type": "progress", "task": task, "number": number, "total": total, "cell": cell, "what": what}
        case TaskOutput(task, stream, text):
            return {"type": "output", "task": task, "stream": stream, "text": text}
        case TaskRetrying(task, attempt, attempts, delay, failure):
            rest = {"delay": delay, "message": failure.message}
            return {"type": "retrying", "task": task, "attempt": attempt, "attempts": attempts, **rest}
        case TaskEnded(task, state, seconds, failure):
            message = failure.message if failure is not None else ""
            return {"type": "ended", "task": task, "state": state.value, "seconds": seconds, "message": message}
        case RunStopping(running):
            return {"type": "stopping", "tasks": list(running)}


if __name__ == "__main__":
    main()
