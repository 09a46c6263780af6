"""Run one task notebook of a bundle through papermill, as an Airflow task."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import BaseOperator

from nb2dag.airflow.links import ExecutedNotebookLink


class NotebookOperator(BaseOperator):  # type: ignore[misc]
    """Run a notebook through papermill, reading and handing over values by pointers.

    The notebook runs in a kernel of its own, in a private working directory that holds a copy of the bundle's `files/`.
    The log gets a line per cell and the cells' output as it comes. The executed notebook is kept whatever happens; the
    log says where, and the task instance's button `Executed notebook` links to it.

    Args:
        input_nb: The notebook. A relative path starts at the folder of the DAG file; papermill reads a URL. Templated.
        output_nb: Where the executed notebook is kept, a path or a URL; a relative path starts at
            `$AIRFLOW_HOME/nb2dag/notebooks`. By default each attempt has its own file
            `$AIRFLOW_HOME/nb2dag/notebooks/<dag_id>/<run_id>/<task_id>/<map_index>/try-<n>.ipynb`. Templated.
        inputs: Each producer's task id, with the handoffs this notebook loads from it.
        outputs: The handoffs this notebook saves; the task fails where one is missing at its end.
        parameters: As a sequence, names of DAG params: the notebook gets their values of this run, with their types.
            As a mapping, the values themselves (what `PapermillOperator` takes). Templated.
        scheduled_parameters: Templates that replace a DAG param's default in a run that nobody started by hand
            (scheduled, backfill, by an asset), unless the run's configuration gives a value.
        kernel_name: The kernel to use instead of the one the notebook names. Templated.
        returns: The name whose value, small and JSON, becomes the task's return value in XCom. Nothing else of a
            notebook's values ever goes to XCom.
        bundle: Digest of the bundle the DAG file belongs to; the operator refuses files of another one.
        store: The handoff store, a folder or an fsspec URL; by default `$NB2DAG_STORE`, else
            `$AIRFLOW_HOME/nb2dag/store`.
        **kwargs: What every operator takes (`task_id`, `retries`, `execution_timeout` ...).

    Raises:
        ValueError: `scheduled_parameters` names what is not in `parameters`.
    """

    template_fields: Sequence[str] = ("input_nb", "output_nb", "parameters", "kernel_name")
    template_fields_renderers = {"parameters": "json"}  # noqa: RUF012 (Airflow's own type for it)
    operator_extra_links = (ExecutedNotebookLink(),)
    ui_color = "#fff3e0"

    def __init__(  # noqa: PLR0913 (Airflow calls operators with keywords only)
        self,
        *,
        input_nb: str,
        output_nb: str | None = None,
        inputs: Mapping[str, Sequence[str]] | None = None,
        outputs: Sequence[str] | None = None,
        parameters: Mapping[str, Any] | Sequence[str] | None = None,
        scheduled_parameters: Mapping[str, str] | None = None,
        kernel_name: str | None = None,
        returns: str | None = None,
        bundle: str | None = None,
        store: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.input_nb = input_nb
        self.output_nb = output_nb
        self.inputs = inputs or {}
        self.outputs = outputs or ()
        self.parameters = parameters
        self.scheduled_parameters = scheduled_parameters or {}
        self.kernel_name = kernel_name
        self.returns = returns
        self.bundle = bundle
        self.store = store
        self._stop: threading.Event | None = None
        if self.scheduled_parameters:
            self._check_scheduled_parameters()

    def execute(self, context: Any) -> Any:
        """Run the notebook, publish what it committed, and return the value that `returns` names."""
        # Here and not above: papermill must not be loaded while Airflow parses the DAG file.
        from nb2dag.airflow.attempt import run_attempt

        self._stop = threading.Event()
        return run_attempt(self, context, self._stop)

    def on_kill(self) -> None:
        """Stop the kernel; the notebook is kept as far as it ran."""
        if self._stop is not None:
            # Airflow calls this in a signal handler, which may have interrupted the thread that holds the event's lock.
            threading.Thread(target=self._stop.set).start()

    def _check_scheduled_parameters(self) -> None:
        names = () if isinstance(self.parameters, Mapping) else self.parameters or ()
        for name in self.scheduled_parameters:
            if name not in names:
                raise ValueError(
                    f"task `{self.task_id}`: `scheduled_parameters` names {name!r}, "
                    "which is no DAG param in `parameters`"
                )
