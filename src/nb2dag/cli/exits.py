"""The exit codes of every command, in one place."""

from __future__ import annotations

CLEAN = 0
"""Nothing was found; warnings and notes alone are clean too."""

FINDINGS = 1
"""A finding of severity error, a stale bundle, or a failed task."""

COULD_NOT_RUN = 2
"""A file cannot be read or written, the command line is wrong, or nb2dag itself is."""

INTERRUPTED = 130
"""Ctrl-C: 128 and the number of SIGINT, as shells have it."""
