"""What the machines of a cluster share: a database, a broker, and an object store, each on a port of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow_api import AirflowFailed

from cluster.processes import Processes, clean_environment, end, family

KEY, SECRET = "cluster", "cluster-secret"
BUCKET = "nb2dag"
ANSWER_SECONDS = 60


class Service(ABC):
    """A server that can be stopped and started again in mid-run, on the same port and with the same data."""

    name = ""
    user: str | None = None
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, port: int, processes: Processes) -> None:
        self.folder, self.port = folder, port
        self._processes = processes
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what starts the server in the foreground."""

    def environment(self) -> dict[str, str]:
        """Return the server's environment."""
        return clean_environment()

    def start(self) -> None:
        """Start it, and wait until it takes connections.

        Raises:
            AirflowFailed: It ends, or does not in a minute; the message ends with what it printed.
        """
        self._process = self._processes.start(self.name, self.command(), self.environment(), self.folder, self.user)
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._processes.log(self.name).read_text(errors="replace")[-2000:]
                raise AirflowFailed(f"{self.name} does not start:\n{said}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it, cutting every connection."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            end(family(self._process), seconds=20)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Database(Service):
    """PostgreSQL, with a database `airflow`."""

    name = "postgresql"
    # Fast shutdown: clients are cut off, nothing is lost.
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, port: int, processes: Processes) -> None:
        super().__init__(folder, port, processes)
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None

    def initialise(self) -> None:
        """Make the files of an empty server."""
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self._call(
            "initdb", "--pgdata", str(self.folder / "data"), "--username", "airflow", "--auth", "trust", "--no-sync"
        )

    def command(self) -> Sequence[str]:
        """Return the server's command; nothing here has to outlive a power cut."""
        options = ["fsync=off", "synchronous_commit=off", f"unix_socket_directories={self.folder}"]
        flags = [flag for option in options for flag in ("-c", option)]
        return [_postgres("postgres"), "-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), *flags]

    def create(self) -> None:
        """Make the database `airflow`."""
        self._call("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", "airflow", "airflow")

    def url(self, prefix: str = "") -> str:
        """Return the database's URL: the driver is spelled out, since SQLAlchemy 2.1 means another one by default."""
        return f"{prefix}postgresql+psycopg2://airflow@127.0.0.1:{self.port}/airflow"

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_postgres(program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=clean_environment(),
            cwd=self.folder,
            user=self.user,
            group=self.user,
        )
        if done.returncode != 0:
            raise AirflowFailed(f"{program} failed:\n{done.stdout}{done.stderr}")


class Broker(Service):
    """Redis, in memory only."""

    name = "redis"

    def command(self) -> Sequence[str]:
        """Return the server's command."""
        return [
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]

    def url(self) -> str:
        """Return the broker's URL."""
        return f"redis://127.0.0.1:{self.port}/0"


class ObjectStore(Service):
    """`rclone serve s3` over a folder: what is stored can be looked at, damaged and deleted there."""

    name = "s3"

    def __init__(self, folder: Path, port: int, processes: Processes) -> None:
        super().__init__(folder, port, processes)
        self.objects = folder / BUCKET
        self.objects.mkdir()

    def command(self) -> Sequence[str]:
        """Return the server's command."""
        address = f"127.0.0.1:{self.port}"
        program = str(Path(sys.executable).with_name("rclone"))
        return [program, "serve", "s3", "--addr", address, "--auth-key", f"{KEY},{SECRET}", str(self.folder)]

    def environment(self) -> dict[str, str]:
        """Return the server's environment, with a configuration that nobody else has written."""
        return clean_environment() | {"RCLONE_CONFIG": str(self.folder / "rclone.conf")}

    def delete(self, stored: Path) -> None:
        """Delete an object, given by the file that holds it."""
        import fsspec

        filesystem = fsspec.filesystem("s3", **self.client_options())
        filesystem.rm_file(stored.relative_to(self.folder).as_posix())

    def client_options(self) -> dict[str, Any]:
        """Return the same for fsspec in this process."""
        endpoint = f"http://127.0.0.1:{self.port}"
        return {"key": KEY, "secret": SECRET, "endpoint_url": endpoint, "client_kwargs": {"region_name": "us-east-1"}}


def client_environment(port: int) -> dict[str, str]:
    """Return what a client of an S3 server at a port of this machine needs in its environment."""
    return {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # rclone answers a request for a part with the checksum of the whole; nb2dag checks every byte itself.
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
    }


def _postgres(program: str) -> str:
    """Return the path of one of PostgreSQL's programs, which Debian keeps off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")) or [shutil.which(program)]
    if not found[-1]:
        raise AirflowFailed(f"there is no {program}: install PostgreSQL (tools/postgresql-redis does on Debian)")
    return str(found[-1])
