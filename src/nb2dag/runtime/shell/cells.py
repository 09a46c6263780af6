"""Run the cells of a notebook in a shell, as ipykernel runs them."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import getpass
import signal
import sys
from collections.abc import Iterator
from typing import Any

from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import _asyncio_runner


async def run_cell(shell: Any, code: str, *, silent: bool) -> dict[str, Any]:
    """Run a cell in the running event loop and return the content of a kernel's reply to it."""
    with _no_input():
        # Each cell begins with Python's own handler, whatever the one above left behind.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            result = await _result(shell, code, silent)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    error = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
    failed = not result.success or getattr(shell, "_last_traceback_during_displayhook", False)
    reply = {
        "status": "error" if failed else "ok",
        "execution_count": shell.execution_count - 1,
        "payload": shell.payload_manager.read_payload(),
    }
    shell.payload_manager.clear_payload()
    if failed:
        reply |= {"ename": type(error).__name__, "evalue": str(error)}
    return reply


async def _result(shell: Any, code: str, silent: bool) -> Any:
    transformed, failure = code, None
    try:
        transformed = shell.transform_cell(code)
    except Exception:  # noqa: BLE001 (it is shown as the cell's error)
        failure = sys.exc_info()
    options = {"store_history": not silent, "silent": silent}
    awaits = shell.should_run_async(code, transformed_cell=transformed, preprocessing_exc_tuple=failure)
    if not awaits or shell.loop_runner is not _asyncio_runner:
        return shell.run_cell(code, **options)
    running = asyncio.ensure_future(
        shell.run_cell_async(code, transformed_cell=transformed, preprocessing_exc_tuple=failure, **options)
    )
    result = None
    try:
        with _interrupt_cancels(running):
            result = await running
    finally:
        shell.events.trigger("post_execute")
        if not silent:
            shell.events.trigger("post_run_cell", result)
    return result


@contextlib.contextmanager
def _interrupt_cancels(running: asyncio.Future[Any]) -> Iterator[None]:
    """Turn an interrupt into the cancelling of a cell that awaits; raised, it would end the event loop instead."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, running.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextlib.contextmanager
def _no_input() -> Iterator[None]:
    before = builtins.input, getpass.getpass
    builtins.input, getpass.getpass = _refuse("raw_input"), _refuse("getpass")
    try:
        yield
    finally:
        builtins.input, getpass.getpass = before


def _refuse(name: str) -> Any:
    def refuse(*_: Any, **__: Any) -> str:
        raise StdinNotImplementedError(f"{name} was called, but this frontend does not support input requests.")

    return refuse
