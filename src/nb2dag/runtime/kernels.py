"""Find a task's kernel before the run, and say which there are where it is missing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass

from nb2dag.runtime.failures import NotRunnableError


@dataclass(frozen=True, slots=True)
class Kernel:
    """An installed kernel: its name, its language in lower case, and the program that starts it."""

    name: str
    language: str
    program: str
    is_local: bool
    """Whether it runs as a process that this machine starts (no kernel provisioner of its own)."""


def find_kernel(name: str) -> Kernel:
    """Return the kernel of that name.

    Raises:
        NotRunnableError: There is none, or the program that starts it is not there.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    specs = KernelSpecManager()
    try:
        spec = specs.get_kernel_spec(name)
    except NoSuchKernel:
        installed = ", ".join(f"`{found}`" for found in sorted(specs.find_kernel_specs())) or "none"
        raise NotRunnableError(
            f"there is no kernel `{name}` on this machine (installed: {installed}): install it, or name another one "
            f"with "
            f"the task's option `kernel`"
        ) from None
    program = spec.argv[0] if spec.argv else ""
    is_local = "kernel_provisioner" not in spec.metadata
    if is_local and not _is_own_python(program) and shutil.which(program) is None:
        raise NotRunnableError(f"kernel `{name}` is started by {program}, which is not there: install the kernel again")
    return Kernel(name, spec.language.lower(), sys.executable if _is_own_python(program) else program, is_local)


def _is_own_python(program: str) -> bool:
    """Tell whether jupyter_client puts this interpreter in the place of a bare `python`."""
    major, minor = sys.version_info[:2]
    return program in ("python", f"python{major}", f"python{major}.{minor}")
