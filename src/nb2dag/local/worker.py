"""Be the process of one attempt of one task: `python -m nb2dag.local.worker REQUEST`.

Messages go to what was stdout when the process began; from then on stdout is stderr, so that nothing that prints by
accident can break them. Standard input is held open by the run: its end means that the run is gone, and then this
process stops its task as it does on SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from nb2dag.local.events import TaskFailure
from nb2dag.local.protocol import Committed, Failed, Message, Output, Progress, Request, encode
from nb2dag.runtime.execution import TaskRun, execute_task
from nb2dag.runtime.failures import HOPELESS, SKIPPED, HandoffError, NotRunnableError, TaskError
from nb2dag.runtime.progress import CellStarted, Event, FilesKept, OutputLine, describe, log_line


def main(request_path: str) -> int:
    """Run the attempt that the file `request_path` describes; return 0 if it committed, 1 if not."""
    with _message_channel() as channel:
        _stop_with_the_run()
        request = Request.loads(Path(request_path).read_text(encoding="utf-8"))
        outcome = _attempt(request, channel)
        _send(channel, outcome)
    return 0 if isinstance(outcome, Committed) else 1


def _attempt(request: Request, channel: BinaryIO) -> Message:
    run = TaskRun(
        notebook=request.notebook,
        output=request.output,
        job=request.job,
        files=None if request.files is None else Path(request.files),
        parameters=request.parameters,
        kernel_name=request.kernel_name,
        timeout=request.timeout,
        fingerprints=request.fingerprints,
        on_event=lambda event: _report(channel, event),
    )
    try:
        return Committed(execute_task(run))
    except TaskError as error:
        hopeless, skips = error.ename == HOPELESS, error.ename == SKIPPED
        return Failed(
            TaskFailure(str(error), error.cell, error.line, error.traceback, can_retry=not hopeless, skips=skips)
        )
    except NotRunnableError as error:
        return Failed(TaskFailure(str(error), can_retry=False))
    except HandoffError as error:
        return Failed(TaskFailure(str(error)))


def _report(channel: BinaryIO, event: Event) -> None:
    match event:
        case CellStarted(number, total, origin):
            _send(channel, Progress(number, total, origin.cell if origin is not None else 0, describe(origin)))
        case OutputLine(_, stream, text):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
            _send(channel, Output(stream, text))
        case FilesKept():
            _send(channel, Output("stdout", log_line(event)))


def _send(channel: BinaryIO, message: Message) -> None:
    channel.write(encode(message))
    channel.flush()


def _message_channel() -> BinaryIO:
    # `dup` makes a descriptor that no child inherits: a kernel that outlives its task cannot keep the run waiting.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def _stop_with_the_run() -> None:
    def wait_for_the_end() -> None:
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
