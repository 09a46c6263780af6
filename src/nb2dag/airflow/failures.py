"""Turn what stops a notebook into the exception that makes Airflow do the right thing."""

from __future__ import annotations

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout
except ImportError:  # Airflow 3.0 and 3.1 have them where Airflow 2 had them.
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout

from nb2dag.airflow.deployed import BundleUnusable
from nb2dag.airflow.parameters import ParameterError
from nb2dag.airflow.pointers import HandoffMissing
from nb2dag.runtime.failures import HandoffError, NotRunnableError, TaskError, TaskTimeoutError


class NotebookFailed(AirflowException):  # type: ignore[misc]
    """A task notebook could not be run or failed; retried as the task's `retries` says."""


class NotebookCannotSucceed(AirflowFailException):  # type: ignore[misc]
    """A task notebook lacks something that no retry brings; the task fails at once."""


def as_airflow_failure(error: Exception) -> BaseException | None:
    """Return the exception to raise in place of `error`, None for one that is not nb2dag's.

    A handoff or a parameter value that is not there stays away however often the task is tried; all else may go better
    on another worker or another day, so `retries` decides.
    """
    if isinstance(error, (HandoffMissing, ParameterError)):
        return NotebookCannotSucceed(str(error))
    if isinstance(error, TaskTimeoutError):
        timeout: BaseException = AirflowTaskTimeout(str(error))
        return timeout
    if isinstance(error, (TaskError, NotRunnableError, HandoffError, BundleUnusable)):
        return NotebookFailed(str(error))
    return None
