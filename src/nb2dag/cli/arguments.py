"""The arguments and options that several commands share."""

from __future__ import annotations

import click

notebooks_argument = click.argument("notebooks", nargs=-1, required=True, type=click.Path(), metavar="NOTEBOOKS...")
"""One or more notebooks or folders. That a file exists is checked where it is read, so that the message is the same."""

notebook_argument = click.argument("notebook", type=click.Path(), metavar="NOTEBOOK")
"""Exactly one notebook."""
