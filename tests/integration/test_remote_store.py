"""A handoff store behind a URL whose server is away for a while."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nb2dag.runtime.failures import StoreError
from nb2dag.runtime.store import RemoteStore


class Shelf(BaseHTTPRequestHandler):
    """Keeps what is posted, and gives it back."""

    kept: dict[str, bytes]

    def do_POST(self) -> None:
        # In chunks: a line with the size in hexadecimal digits, the bytes, an empty line; the last size is 0.
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.kept[self.path] = body
        self._answer(201)

    def do_GET(self) -> None:
        self._answer(200 if self.path in self.kept else 404, self.kept.get(self.path, b""))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(port: int, kept: dict[str, bytes], after: float) -> Iterator[None]:
    """Serve `kept` at a port, not before `after` seconds have passed."""
    servers: list[ThreadingHTTPServer] = []

    def serve() -> None:
        servers.append(ThreadingHTTPServer(("127.0.0.1", port), type("Kept", (Shelf,), {"kept": kept})))
        servers[0].serve_forever(poll_interval=0.05)

    timer = threading.Timer(after, serve)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        while not servers and timer.is_alive():
            timer.join(0.05)
        for server in servers:
            server.shutdown()
            server.server_close()
        timer.join()


def test_a_store_that_is_away_for_a_moment_is_waited_for() -> None:
    port, kept = free_port(), {}
    store = RemoteStore(f"http://127.0.0.1:{port}/store")
    started = time.monotonic()
    with served(port, kept, after=1), store.create("dag/run") as draft:
        draft.file.write(b"value")
        path = draft.publish("digest")
    assert time.monotonic() - started > 1
    assert kept == {"/store/dag/run/digest": b"value"}
    with served(port, kept, after=1):
        assert bytes(store.read(path)) == b"value"
    with served(port, kept, after=0):
        time.sleep(0.1)
        with pytest.raises(FileNotFoundError):
            store.read("dag/run/other")


def test_a_store_that_stays_away_is_named() -> None:
    store = RemoteStore(f"http://127.0.0.1:{free_port()}/store")
    with (
        pytest.raises(StoreError, match=r"cannot write http://127.0.0.1:\d+/store/dag/digest: ClientConnector"),
        store.create("dag") as draft,
    ):
        draft.publish("digest")
