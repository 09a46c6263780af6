"""Make the IPython shell of a notebook's process, configured as a kernel's would be."""

from __future__ import annotations

import os
import sys
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.application import BaseIPythonApplication
from IPython.core.shellapp import InteractiveShellApp

from nb2dag.runtime.shell.publishing import PipeSession, publish_comms


class Kernel:
    """What a shell and libraries ask of `get_ipython().kernel` where there is none."""

    def __init__(self, session: PipeSession) -> None:
        self.session = session
        self.eventloop: Any = None
        self.iopub_socket = None
        self._parent: dict[str, Any] = {"header": {"msg_id": ""}}

    def get_parent(self, channel: str | None = None) -> dict[str, Any]:  # noqa: ARG002 (ipykernel's signature)
        """Return the request that is being worked on."""
        return self._parent

    def set_parent(self, parent: dict[str, Any]) -> None:
        """Set the request that is being worked on."""
        self._parent = parent


class IPKernelApp(BaseIPythonApplication, InteractiveShellApp):  # type: ignore[misc]
    """An application of ipykernel's name, so that a kernel's configuration and start-up files hold here as well."""

    name = "ipython-kernel"
    auto_create = True
    kernel: Kernel
    shell: ZMQInteractiveShell

    def make_shell(self, session: PipeSession) -> ZMQInteractiveShell:
        """Read the configuration and return the shell, ready for the first cell."""
        BaseIPythonApplication.initialize(self, [])
        # One database for all kernels of a user, which tasks side by side would wait for; nobody looks for them there.
        self.config.HistoryManager.enabled = False
        self.kernel = Kernel(session)
        self.init_path()
        self.shell = ZMQInteractiveShell.instance(
            parent=self,
            profile_dir=self.profile_dir,
            user_ns={},
            kernel=self.kernel,
            compiler_class=XCachingCompiler,
        )
        self.shell.configurables.append(self)
        self.shell.displayhook.session = self.shell.display_pub.session = session
        self.shell.displayhook.topic = b"execute_result"
        publish_comms(session, self.kernel)
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        self.init_gui_pylab()
        self.init_extensions()
        self.init_code()
        sys.argv[:] = [""]
        return self.shell
