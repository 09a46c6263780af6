"""Bring up the whole cluster, and leave nothing of it behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from airflow_api import AirflowApi, AirflowFailed
from standalone_airflow import free_ports

from cluster.machines import Machine, check_isolation, new_machine
from cluster.processes import Processes, family, send
from cluster.services import BUCKET, Broker, Database, ObjectStore, client_environment
from cluster.settings import CONCURRENCY, airflow_settings

START_SECONDS = 300
WORKERS = ("worker-1", "worker-2")
CONTROL_PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")


class Cluster(AirflowApi):
    """An Airflow with the CeleryExecutor: API server, scheduler, DAG processor and triggerer on one machine,
    two workers on machines of their own.

    As a context manager it is up on entry; on exit none of its processes and files is left, unless `keep` says so.

    Attributes:
        database, broker, objects: What the machines share. Each can be stopped and started.
        control: The machine of the scheduler and its companions.
        workers: The machines of the workers, by name.
        gates: A folder that all machines see, by which tests hold tasks.
    """

    def __init__(self, say: Callable[[str], None] = print, *, keep: bool = False) -> None:
        api, *ports = free_ports(7)
        super().__init__(f"http://127.0.0.1:{api}")
        self._say, self._keep = say, keep
        self.folder = Path(tempfile.mkdtemp(prefix="nb2dag-cluster-"))
        # The database's user has to reach its folder.
        self.folder.chmod(0o711)
        folders = [self.folder / name for name in ("logs", "postgresql", "redis", "s3", "gates")]
        for folder in folders:
            folder.mkdir()
        self.processes = Processes(folders[0])
        self.gates = folders[4]
        self.broker = Broker(folders[2], ports[1], self.processes)
        self.objects = ObjectStore(folders[3], ports[2], self.processes)
        self.database = Database(folders[1], ports[0], self.processes)
        shared = airflow_settings(api, self.database, self.broker) | client_environment(self.objects.port)
        shared |= {
            "CLUSTER_GATES": str(self.gates),
            "NB2DAG_STORE": f"s3://{BUCKET}/handoffs",
            "NB2DAG_NOTEBOOKS": f"s3://{BUCKET}/notebooks",
        }
        machines = {
            name: new_machine(
                name,
                self.folder / "machines",
                # Each has its own: they run on one machine after all, where a port can be had but once.
                shared
                | {
                    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports[3 + number]),
                    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports[5]),
                },
            )
            for number, name in enumerate((*WORKERS, "control"))
        }
        self.control: Machine = machines.pop("control")
        self.workers: dict[str, Machine] = machines
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Cluster:
        try:
            self._bring_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _bring_up(self) -> None:
        check_isolation()
        began = time.monotonic()
        self.database.initialise()
        for service in (self.database, self.broker, self.objects):
            service.start()
        self.database.create()
        self._say(f"   PostgreSQL, Redis and the S3 server answer after {time.monotonic() - began:.0f} s")
        self._migrate()
        self._say(f"   Airflow's tables are there after {time.monotonic() - began:.0f} s")
        for part in CONTROL_PARTS:
            self._start(self.control, part, "-m", "airflow", part)
        for name in self.workers:
            self.start_worker(name)
        self.wait_for_api(START_SECONDS, lambda waited: self._say(f"   still starting after {waited:.0f} s ..."))
        self._wait_for_workers()
        self._say(f"   API server, scheduler, DAG processor, triggerer and two workers are up at {self.url}")

    def notebooks(self) -> tuple[str, dict[str, Any]]:
        """Return the URL of the executed notebooks, and what fsspec needs to read them."""
        return f"s3://{BUCKET}/notebooks", self.objects.client_options()

    def deploy(self, bundle: Path) -> None:
        """Give every machine its copy of a bundle."""
        for machine in (self.control, *self.workers.values()):
            machine.deploy(bundle)

    def start_worker(self, name: str) -> None:
        """Start a worker that runs two tasks at a time."""
        arguments = ("celery", "worker", "--celery-hostname", f"{name}@%h", "--concurrency", str(CONCURRENCY))
        self._start(self.workers[name], name, "-m", "airflow", *arguments)

    def worker_pid(self, name: str) -> int:
        """Return the process id of a worker's main process."""
        return self._running[name].pid

    def kill_worker(self, name: str, spared: Callable[[psutil.Process], bool]) -> None:
        """Kill (-9) a worker and all that it started but for the processes that are `spared`."""
        for process in family(self._running[name]):
            if not spared(process):
                send(process, signal.SIGKILL)
        self._running.pop(name).wait()

    def revive(self) -> list[str]:
        """Start again what has ended by itself, as whatever supervises a real Airflow does; return the names."""
        ended = [name for name, process in self._running.items() if process.poll() is not None]
        for name in ended:
            if name in self.workers:
                self.start_worker(name)
            else:
                self._start(self.control, name, "-m", "airflow", name)
        return ended

    def check_alive(self) -> None:
        """Raise an `AirflowFailed` if a part has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise AirflowFailed(f"{name} ended by itself:\n{self._tail(name)}")

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines that each part has printed."""
        return "\n".join(f"--- {name}\n{self._tail(name, lines)}" for name in self._running)

    def stop(self) -> None:
        """End every process, and remove every file."""
        self.processes.end()
        if left := self.processes.alive():
            raise AirflowFailed(f"still running after they were killed: {left}")
        if self._keep:
            self._say(f"   everything is kept in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, machine: Machine, name: str, *arguments: str) -> None:
        others = [each.home for each in (self.control, *self.workers.values()) if each is not machine]
        hidden = [*others, self.database.folder, self.broker.folder, self.objects.folder]
        self._running[name] = machine.start(name, [sys.executable, *arguments], self.processes, hidden)

    def _migrate(self) -> None:
        migration = self.control.start(
            "migration", [sys.executable, "-m", "airflow", "db", "migrate"], self.processes, []
        )
        if migration.wait(timeout=START_SECONDS) != 0:
            raise AirflowFailed(f"`airflow db migrate` failed:\n{self._tail('migration')}")

    def _wait_for_workers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        waiting = set(self.workers)
        while waiting:
            self.check_alive()
            waiting = {
                name for name in waiting if " ready." not in self.processes.log(name).read_text(errors="replace")
            }
            if time.monotonic() > deadline:
                raise AirflowFailed(f"not ready in {START_SECONDS} s: {', '.join(waiting)}\n{self.log_tail()}")
            time.sleep(0.2)

    def _tail(self, name: str, lines: int = 30) -> str:
        log = self.processes.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
