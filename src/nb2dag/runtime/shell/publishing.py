"""Send what a shell publishes (displays, errors, comms) into the pipe instead of a kernel's socket."""

from __future__ import annotations

import base64
from typing import Any

import comm
from comm.base_comm import BaseComm
from ipykernel.jsonutil import json_clean
from jupyter_client.session import Session, json_packer

from nb2dag.runtime.shell.wire import Writer


class PipeSession(Session):  # type: ignore[misc]
    """Jupyter's session, as far as a shell needs it: it makes messages, and sends them by a `Writer`."""

    writer: Writer

    def send(self, _socket: Any, msg_or_type: Any, content: Any = None, parent: Any = None, **more: Any) -> None:
        """Send a message; only what the notebook's process needs to know of it crosses."""
        message = msg_or_type
        if not isinstance(message, dict):
            message = {"msg_type": msg_or_type, "content": content, "metadata": more.get("metadata")}
        parent = parent or message.get("parent_header") or {}
        buffers = more.get("buffers") or message.get("buffers") or ()
        self.writer.message(
            {
                "msg_type": message["msg_type"],
                "content": message["content"],
                "metadata": message.get("metadata") or {},
                "parent": parent.get("header", parent).get("msg_id", ""),
                "buffers": [base64.b64encode(buffer).decode("ascii") for buffer in buffers],
            },
            json_packer,
        )


def publish_comms(session: PipeSession, kernel: Any) -> None:
    """Make comms (which widgets talk through) publish by `session`."""

    class PipeComm(BaseComm):
        def publish_msg(
            self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
        ) -> None:
            content = json_clean({"data": data or {}, "comm_id": self.comm_id, **keys})
            session.send(
                None, msg_type, content, kernel.get_parent(), metadata=json_clean(metadata or {}), buffers=buffers
            )

    # The hooks that the package `comm` offers to whoever is the kernel.
    comm.create_comm = PipeComm
