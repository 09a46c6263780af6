"""Make a request of a remote store again where it fails in a way that may pass."""

from __future__ import annotations

import time
from collections.abc import Callable

_PAUSES = (0.5, 2.0, 5.0)
"""Seconds before each further try; a store that is away for longer is the task's to retry."""

_FINAL = (FileNotFoundError, PermissionError, NotImplementedError, TypeError, ValueError)


def patiently(request: Callable[[], object]) -> None:
    """Make a request, and make it again while it fails.

    Many stores' own clients try again, too, but not all, and not all for a server that is not there.

    Raises:
        Exception: What the last try raised, or a try whose failure will not pass.
    """
    for pause in _PAUSES:
        try:
            request()
        except _FINAL:
            raise
        except Exception:  # noqa: BLE001 (every backend has exceptions of its own)
            time.sleep(pause)
        else:
            return
    request()
