"""Say in one message why a command could not go on, and whether that is the user's to mend or ours."""

from __future__ import annotations

import platform

from nb2dag import __version__
from nb2dag.errors import Nb2dagError
from nb2dag.report.style import printable

INTERNAL_CODE = "NBD901"


def explain_failure(error: Exception) -> str:
    """Return what to print for an exception that ended a command."""
    if isinstance(error, Nb2dagError):
        return f"nb2dag: {error}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"nb2dag: {printable(str(error.filename))}: {error.strerror or error}"
    summary = printable(f"{type(error).__name__}: {error}")[:500]
    return (
        f"nb2dag: internal error[{INTERNAL_CODE}] {summary}\n"
        "  This is a mistake in nb2dag, not in your notebook.\n"
        "  hint: please report it, with the notebook if you can share it and with what `nb2dag --debug` prints for "
        f"the same command (nb2dag {__version__}, Python {platform.python_version()}, {platform.system()})"
    )
