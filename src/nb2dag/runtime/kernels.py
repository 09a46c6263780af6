"""Find a task's kernel before the run, and say which there are where it is missing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2dag.runtime.failures import NotRunnableError

_IPYKERNEL = frozenset({"-m", "ipykernel_launcher"})


@dataclass(frozen=True, slots=True)
class Kernel:
    """An installed kernel: its name, its language in lower case, and the program that starts it."""

    name: str
    language: str
    program: str
    is_local: bool
    """Whether it runs as a process that this machine starts (no kernel provisioner of its own)."""
    is_this_python: bool = False
    """Whether it is an ipykernel of the interpreter that runs this code, started in the usual way."""


def find_kernel(name: str) -> Kernel:
    """Return the kernel of that name.

    Raises:
        NotRunnableError: There is none, or the program that starts it is not there.
    """
    spec = _installed(name) or _found_by_jupyter(name)
    program = spec.argv[0] if spec.argv else ""
    is_local = "kernel_provisioner" not in spec.metadata
    if is_local and not _is_own_python(program) and shutil.which(program) is None:
        raise NotRunnableError(f"kernel `{name}` is started by {program}, which is not there: install the kernel again")
    is_own = _is_own_python(program) or _is_same_program(program)
    return Kernel(
        name,
        spec.language.lower(),
        sys.executable if _is_own_python(program) else program,
        is_local,
        is_local and is_own and set(spec.argv) >= _IPYKERNEL and not spec.env,
    )


@dataclass(frozen=True, slots=True)
class _Spec:
    """What is of interest in a kernel's `kernel.json`."""

    argv: tuple[str, ...]
    language: str
    metadata: Mapping[str, Any]
    env: Mapping[str, str]


def _installed(name: str) -> _Spec | None:
    """Return a kernel from where kernels are installed; asking Jupyter would load IPython, to know one folder more."""
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("kernels"):
        file = Path(folder, name, "kernel.json")
        if file.is_file():
            found = json.loads(file.read_text("utf-8"))
            return _Spec(
                tuple(found["argv"]), str(found["language"]), found.get("metadata") or {}, found.get("env") or {}
            )
    return None


def _found_by_jupyter(name: str) -> _Spec:
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
    return _Spec(tuple(spec.argv), spec.language, spec.metadata, spec.env)


def _is_same_program(program: str) -> bool:
    """Tell whether a path is this interpreter's: in the same folder, since environments share what they link to."""
    here, there = Path(sys.executable), Path(program)
    return there.is_absolute() and there.parent.resolve() == here.parent.resolve() and there.samefile(here)


def _is_own_python(program: str) -> bool:
    """Tell whether jupyter_client puts this interpreter in the place of a bare `python`."""
    major, minor = sys.version_info[:2]
    return program in ("python", f"python{major}", f"python{major}.{minor}")
