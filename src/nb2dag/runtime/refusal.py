"""Define the error for a value that must not be pickled, although pickle or cloudpickle would make something of it."""


class UnsavableError(Exception):
    """A value that must not be pickled; the message says why, and what to hand over instead."""
