"""Airflow's settings that all machines of the cluster have alike."""

from __future__ import annotations

import secrets

from cluster.services import Broker, Database

CONCURRENCY = 2
"""Tasks at a time on each worker."""

HEARTBEAT_TIMEOUT = 30
"""Seconds without a sign of life after which Airflow takes a task's worker for lost; 300 by default."""


def airflow_settings(api_port: int, database: Database, broker: Broker) -> dict[str, str]:
    """Return the settings as environment variables; secrets are made anew for each cluster."""
    url = f"http://127.0.0.1:{api_port}"
    settings = {
        "core": {
            "executor": "CeleryExecutor",
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",
            "simple_auth_manager_all_admins": "True",
            "execution_api_server_url": f"{url}/execution/",
            "parallelism": "16",
            "max_active_tasks_per_dag": "16",
            "default_task_retry_delay": "1",
            # The host name in the machine's own name space; nobody has to resolve it.
            "hostname_callable": "socket.gethostname",
        },
        "database": {"sql_alchemy_conn": database.url()},
        "api": {"host": "127.0.0.1", "port": str(api_port), "base_url": url, "workers": "1"},
        # Whoever issues a task's token and whoever checks it must agree.
        "api_auth": {"jwt_secret": secrets.token_hex(32)},
        "celery": {
            "broker_url": broker.url(),
            "result_backend": database.url("db+"),
            "sync_parallelism": "1",
            "worker_prefetch_multiplier": "1",
            "operation_timeout": "30",
        },
        "scheduler": {
            "scheduler_idle_sleep_time": "0.2",
            "task_instance_heartbeat_timeout": str(HEARTBEAT_TIMEOUT),
            "task_instance_heartbeat_timeout_detection_interval": "2",
            # Only the runs that are asked for: an example's own schedule would start others beside them.
            "use_job_schedule": "False",
        },
        "dag_processor": {
            "refresh_interval": "5",
            "min_file_process_interval": "2",
            "disable_bundle_versioning": "True",
        },
        # A busy machine must not fail a task for an answer that came late.
        "workers": {"execution_api_timeout": "60"},
        "logging": {"logging_level": "INFO"},
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": value
        for section, options in settings.items()
        for key, value in options.items()
    }
    return variables | {"AIRFLOW__API__SECRET_KEY": secrets.token_hex(16), "NO_COLOR": "1"}
