"""Hold what differs between Airflow releases, as data: where names are imported from and which arguments exist.

The sources are the released task SDKs 1.0 to 1.3 (Airflow 3.0 to 3.3). The oldest dialect is the default, since its
spelling runs on all of them without a deprecation warning; a newer one imports more from `airflow.sdk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nb2dag.errors import Nb2dagError


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator class that generated tasks are made of, and the module it is imported from."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one Airflow release spells a DAG file.

    `modules` maps a name that generated code may use to the module it is imported from. `dag_arguments` and
    `task_arguments` are the keyword arguments of `DAG` and `BaseOperator` that take plain values.
    """

    release: str
    modules: Mapping[str, str]
    dag_arguments: frozenset[str]
    task_arguments: frozenset[str]
    operator: Operator


OPERATORS_OWN = frozenset({"cell_timeout", "connections", "variables"})
"""Arguments of `NotebookOperator` that are no other operator's."""

NOTEBOOK_OPERATOR = Operator("nb2dag.airflow", "NotebookOperator")

PAPERMILL_OPERATOR = Operator("airflow.providers.papermill.operators.papermill", "PapermillOperator")
"""Airflow's own, of the provider `apache-airflow-providers-papermill`."""

OPERATORS: Mapping[str, Operator] = {"nb2dag": NOTEBOOK_OPERATOR, "papermill": PAPERMILL_OPERATOR}
"""The operators that tasks can be made of, by the names that `compile --operator` takes; the first is the default."""

TASK_ARGUMENT_OF_OPTION: Mapping[str, str] = {"timeout": "execution_timeout"}
"""Task options whose Airflow argument has another name; all others are called as Airflow calls them."""

_AIRFLOW_3_0 = Dialect(
    release="3.0",
    modules={
        "DAG": "airflow.sdk",
        "Asset": "airflow.sdk",
        "Param": "airflow.sdk",
        "TaskGroup": "airflow.sdk",
        "CronTriggerTimetable": "airflow.timetables.trigger",
        "DeltaTriggerTimetable": "airflow.timetables.trigger",
    },
    dag_arguments=frozenset(
        {
            "catchup",
            "dag_display_name",
            "dagrun_timeout",
            "description",
            "end_date",
            "fail_fast",
            "is_paused_upon_creation",
            "max_active_runs",
            "max_active_tasks",
            "max_consecutive_failed_dag_runs",
            "owner_links",
            "render_template_as_native_obj",
            "start_date",
            "tags",
        }
    ),
    task_arguments=frozenset(
        {
            "depends_on_past",
            "do_xcom_push",
            "end_date",
            "execution_timeout",
            "executor",
            "executor_config",
            "ignore_first_depends_on_past",
            "inlets",
            "map_index_template",
            "max_active_tis_per_dag",
            "max_active_tis_per_dagrun",
            "max_retry_delay",
            "outlets",
            "owner",
            "pool",
            "pool_slots",
            "priority_weight",
            "queue",
            "retries",
            "retry_delay",
            "retry_exponential_backoff",
            "run_as_user",
            "start_date",
            "task_display_name",
            "trigger_rule",
            "wait_for_downstream",
            "wait_for_past_depends_before_skipping",
            "weight_rule",
        }
        | OPERATORS_OWN
    ),
    operator=NOTEBOOK_OPERATOR,
)

_AIRFLOW_3_1 = replace(_AIRFLOW_3_0, release="3.1")

_AIRFLOW_3_2 = replace(
    _AIRFLOW_3_1,
    release="3.2",
    modules={**_AIRFLOW_3_1.modules, "CronTriggerTimetable": "airflow.sdk", "DeltaTriggerTimetable": "airflow.sdk"},
    dag_arguments=_AIRFLOW_3_1.dag_arguments | {"allowed_run_types"},
    task_arguments=_AIRFLOW_3_1.task_arguments | {"render_template_as_native_obj"},
)

_AIRFLOW_3_3 = replace(
    _AIRFLOW_3_2, release="3.3", dag_arguments=_AIRFLOW_3_2.dag_arguments | {"rerun_with_latest_version"}
)

DIALECTS: Mapping[str, Dialect] = {
    dialect.release: dialect for dialect in (_AIRFLOW_3_0, _AIRFLOW_3_1, _AIRFLOW_3_2, _AIRFLOW_3_3)
}
"""The dialects by release, oldest first."""

DEFAULT_DIALECT = _AIRFLOW_3_0


def dialect_for(release: str = "", operator: str = "") -> Dialect:
    """Return the dialect of an Airflow release such as `3.2` or `3.2.1`, with tasks made of one of `OPERATORS`.

    Without a release it is the oldest one, whose code all later ones run; without an operator it is nb2dag's own.

    Raises:
        Nb2dagError: No dialect is known for that release, or there is no such operator.
    """
    dialect = DIALECTS.get(".".join(release.split(".")[:2])) if release else DEFAULT_DIALECT
    if dialect is None:
        raise Nb2dagError(f"no code can be written for Airflow {release}: known are {', '.join(DIALECTS)}")
    if operator and operator not in OPERATORS:
        raise Nb2dagError(f"there is no operator `{operator}`: known are {', '.join(OPERATORS)}")
    if operator == "papermill":
        return replace(dialect, operator=PAPERMILL_OPERATOR, task_arguments=dialect.task_arguments - OPERATORS_OWN)
    return dialect
