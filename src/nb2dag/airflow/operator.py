"""Run one task notebook of a bundle through papermill, as an Airflow task."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator

from nb2dag.airflow.links import ExecutedNotebookLink
from nb2dag.runtime.engine_names import KERNEL_ENGINE, SHELL_ENGINE


class NotebookOperator(BaseOperator):  # type: ignore[misc]
    """Run a notebook through papermill, reading and handing over values by pointers.

    The notebook runs in a process of its own, in a private working directory that holds a copy of the bundle's
    `files/`. The log gets a line per cell and the cells' output as it comes. The executed notebook is kept whatever
    happens; the log says where, and the task instance's button `Executed notebook` links to it.

    A cell that raises `AirflowSkipException` skips the task; one that raises `AirflowFailException` fails it for good.

    It takes every argument of `PapermillOperator`, which it can replace.

    Args:
        input_nb: The notebook, or an object with its place in `url` as `PapermillOperator` has one. A relative path
            starts at the folder of the DAG file; papermill reads a URL. Templated.
        output_nb: Where the executed notebook is kept, a path or a URL (or an object as above); a relative path starts
            at `$NB2DAG_NOTEBOOKS`, a folder or a URL, by default `$AIRFLOW_HOME/nb2dag/notebooks`. Without it each
            attempt has a file of its own there, `<dag_id>/<run_id>/<task_id>/<map_index>/try-<n>.ipynb`. Templated.
        inputs: Each producer's task id, with the handoffs this notebook loads from it.
        outputs: The handoffs this notebook saves; the task fails where one is missing at its end.
        parameters: As a sequence, names of DAG params: the notebook gets their values of this run, with their types.
            As a mapping, the values themselves (what `PapermillOperator` takes). Templated.
        scheduled_parameters: Templates that replace a DAG param's default in a run that nobody started by hand
            (scheduled, backfill, by an asset), unless the run's configuration gives a value.
        kernel_name: The kernel to use instead of the one the notebook names. Templated.
        language_name: The notebook's language, where it does not say. Templated.
        engine: What runs the cells: `nb2dag`, a process with a shell for notebooks of this very Python and a kernel
            for all others, or `nb2dag-kernel`, a kernel for all.
        cell_timeout: How long each cell may take; `execution_timeout` is for all of them together.
        connections: Connections that the notebook gets by reference: fetched when the task runs, they stand in its
            environment as `AIRFLOW_CONN_<ID>`, so that `Connection.get` finds them. Their passwords and extras are
            masked in the log and in the executed notebook. Templated.
        variables: The same for Variables, as `AIRFLOW_VAR_<KEY>`. Templated.
        log_output: Whether the log shows what the cells put out.
        returns: The name whose value, small and JSON, becomes the task's return value in XCom. Nothing else of a
            notebook's values ever goes to XCom.
        bundle: Digest of the bundle the DAG file belongs to; the operator refuses files of another one.
        store: The handoff store, a folder or an fsspec URL; by default `$NB2DAG_STORE`, else
            `$AIRFLOW_HOME/nb2dag/store`.
        nbconvert: `PapermillOperator` takes it and does nothing about it; here, too, but for a warning.
        nbconvert_args: As `nbconvert`.
        kernel_conn_id: `PapermillOperator` reaches a kernel on another machine by it, which this operator cannot.
        **kwargs: What every operator takes (`task_id`, `retries`, `execution_timeout` ...).

    Raises:
        ValueError: `scheduled_parameters` names what is not in `parameters`, or another argument cannot be meant so.
    """

    template_fields: Sequence[str] = (
        "input_nb",
        "output_nb",
        "parameters",
        "kernel_name",
        "language_name",
        "connections",
        "variables",
    )
    template_fields_renderers = {"parameters": "json"}  # noqa: RUF012 (Airflow's own type for it)
    operator_extra_links = (ExecutedNotebookLink(),)
    ui_color = "#fff3e0"

    def __init__(  # noqa: PLR0913 (Airflow calls operators with keywords only)
        self,
        *,
        input_nb: str | Any,
        output_nb: str | Any | None = None,
        inputs: Mapping[str, Sequence[str]] | None = None,
        outputs: Sequence[str] | None = None,
        parameters: Mapping[str, Any] | Sequence[str] | None = None,
        scheduled_parameters: Mapping[str, str] | None = None,
        kernel_name: str | None = None,
        language_name: str | None = None,
        engine: str = SHELL_ENGINE,
        cell_timeout: timedelta | float | None = None,
        connections: Sequence[str] | None = None,
        variables: Sequence[str] | None = None,
        log_output: bool = True,
        returns: str | None = None,
        bundle: str | None = None,
        store: str | None = None,
        nbconvert: bool = False,
        nbconvert_args: Sequence[str] | None = None,
        kernel_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.input_nb = getattr(input_nb, "url", input_nb)
        self.output_nb = getattr(output_nb, "url", output_nb)
        self.inputs = inputs or {}
        self.outputs = outputs or ()
        self.parameters = getattr(input_nb, "parameters", None) if parameters is None else parameters
        self.scheduled_parameters = scheduled_parameters or {}
        self.kernel_name = kernel_name
        self.language_name = language_name
        self.engine = engine
        self.cell_timeout = cell_timeout
        self.connections = connections or ()
        self.variables = variables or ()
        self.log_output = log_output
        self.nbconvert = nbconvert
        self.nbconvert_args = nbconvert_args
        self.returns = returns
        self.bundle = bundle
        self.store = store
        self._stop: threading.Event | None = None
        self._check(kernel_conn_id)
        if self.scheduled_parameters:
            self._check_scheduled_parameters()

    def execute(self, context: Any) -> Any:
        """Run the notebook, publish what it committed, and return the value that `returns` names."""
        # Here and not above: papermill must not be loaded while Airflow parses the DAG file.
        from nb2dag.airflow.attempt import run_attempt

        self._stop = threading.Event()
        return run_attempt(self, context, self._stop)

    def on_kill(self) -> None:
        """Stop the notebook's process; the notebook is kept as far as it ran."""
        if self._stop is not None:
            # Airflow calls this in a signal handler, which may have interrupted the thread that holds the event's lock.
            threading.Thread(target=self._stop.set).start()

    def _check(self, kernel_conn_id: str | None) -> None:
        wrong = None
        if self.engine not in (SHELL_ENGINE, KERNEL_ENGINE):
            wrong = f"`engine` is {self.engine!r}, and there are {SHELL_ENGINE!r} and {KERNEL_ENGINE!r}"
        elif kernel_conn_id:
            wrong = (
                "`kernel_conn_id`: a kernel on another machine is not supported; send the task itself there by `queue` "
                "or `executor`, or keep `PapermillOperator`"
            )
        elif isinstance(self.connections, str) or isinstance(self.variables, str):
            wrong = "`connections` and `variables` are lists of names"
        if wrong:
            raise ValueError(f"task `{self.task_id}`: {wrong}")

    def _check_scheduled_parameters(self) -> None:
        names = () if isinstance(self.parameters, Mapping) else self.parameters or ()
        for name in self.scheduled_parameters:
            if name not in names:
                raise ValueError(
                    f"task `{self.task_id}`: `scheduled_parameters` names {name!r}, "
                    "which is no DAG param in `parameters`"
                )
