"""Name what cannot go on at all; a finding about a notebook is a diagnostic, never one of these."""

from __future__ import annotations


class Nb2dagError(Exception):
    """The work cannot go on. The message says what, where and what to do; commands exit with code 2."""


class NotebookUnreadable(Nb2dagError):
    """A file is not there, not JSON, or not a notebook."""


class BundleConflict(Nb2dagError):
    """Writing would overwrite what nb2dag did not write, or what somebody edited since."""


class HandoffError(Nb2dagError):
    """A value could not be saved, found or trusted; the message names producer, value and path."""
