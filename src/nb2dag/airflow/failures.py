"""Turn what stops a notebook into the exception that makes Airflow do the right thing."""

from __future__ import annotations

try:
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowSkipException,
        AirflowTaskTimeout,
    )
except ImportError:  # Airflow 3.0 and 3.1 have them where Airflow 2 had them.
    from airflow.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowSkipException,
        AirflowTaskTimeout,
    )

from nb2dag.airflow.deployed import BundleUnusable
from nb2dag.airflow.parameters import ParameterError
from nb2dag.airflow.pointers import HandoffMissing, Superseded
from nb2dag.airflow.references import ReferenceMissing
from nb2dag.runtime.failures import HOPELESS, SKIPPED, HandoffError, NotRunnableError, TaskError, TaskTimeoutError


class NotebookFailed(AirflowException):  # type: ignore[misc]
    """A task notebook could not be run or failed; retried as the task's `retries` says."""


class NotebookCannotSucceed(AirflowFailException):  # type: ignore[misc]
    """A task notebook lacks something that no retry brings; the task fails at once."""


def as_airflow_failure(error: Exception) -> BaseException | None:
    """Return the exception to raise in place of `error`, None for one that is not nb2dag's.

    A handoff, a parameter value or a Connection that is not there stays away however often the task is tried; all else
    may go better on another worker or another day, so `retries` decides. A cell decides by Airflow's own exceptions,
    which are known by name: the kernel need not have Airflow.
    """
    if isinstance(error, TaskError) and error.ename == SKIPPED:
        skip: BaseException = AirflowSkipException(f"{error.evalue or 'skipped'} ({error.place})")
        return skip
    hopeless = isinstance(error, TaskError) and error.ename == HOPELESS
    if hopeless or isinstance(error, (HandoffMissing, ParameterError, ReferenceMissing, Superseded)):
        return NotebookCannotSucceed(str(error))
    if isinstance(error, TaskTimeoutError):
        timeout: BaseException = AirflowTaskTimeout(str(error))
        return timeout
    if isinstance(error, (TaskError, NotRunnableError, HandoffError, BundleUnusable)):
        return NotebookFailed(str(error))
    return None
