"""A machine of the cluster: a home of its own, a host name of its own, and no sight of the other machines' homes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_api import AirflowFailed

from cluster.processes import Processes, clean_environment

# In name spaces of its own for mounts and the host name: every home but its own is covered by an empty folder.
_ENTER = """
hostname "$1"; shift
while [ "$1" != -- ]; do mount -t tmpfs -o size=4k,mode=555 none "$1"; shift; done
shift; exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine named `name`, whose disk is `home`; `environment` is what its processes get beside the usual."""

    name: str
    home: Path
    environment: Mapping[str, str]

    @property
    def dags(self) -> Path:
        """Return its own copy of the DAGs folder."""
        return self.home / "dags"

    def deploy(self, bundle: Path) -> None:
        """Give it a copy of a bundle, in place of an older one of that name."""
        target = self.dags / bundle.name
        fresh = self.dags.with_name(f"{bundle.name}.new")
        shutil.copytree(bundle, fresh)
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)

    def start(
        self, name: str, command: Sequence[str], processes: Processes, hidden: Sequence[Path]
    ) -> subprocess.Popen[bytes]:
        """Start a command on this machine, out of sight of the folders `hidden`."""
        entered = [*_unshare(), "sh", "-ec", _ENTER, "sh", self.name, *map(str, hidden), "--", *command]
        return processes.start(name, entered, self.process_environment(), self.home)

    def process_environment(self) -> dict[str, str]:
        """Return the environment of this machine's processes."""
        return {
            **clean_environment(),
            **self.environment,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
        }


def new_machine(name: str, folder: Path, environment: Mapping[str, str]) -> Machine:
    """Make a machine's home below `folder`."""
    machine = Machine(name, folder / name, environment)
    for part in (machine.dags, machine.home / "tmp"):
        part.mkdir(parents=True)
    return machine


def check_isolation() -> None:
    """Check that machines can be kept apart here.

    Raises:
        AirflowFailed: The kernel gives this user no name spaces.
    """
    probe = [*_unshare(), "sh", "-ec", "hostname probe; mount -t tmpfs none /tmp"]
    done = subprocess.run(probe, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise AirflowFailed(
            "machines that share no disk need mount name spaces, and `unshare` gives this user none "
            f"({done.stderr.strip()}): run as root, or allow unprivileged user name spaces"
        )


def _unshare() -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", "--uts", *as_root, "--"]
