"""The command `nb2dag`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; this is what the installed script `nb2dag` calls."""
    from nb2dag.cli.app import app
    from nb2dag.cli.terminal import tolerate_any_text

    tolerate_any_text()
    app(prog_name="nb2dag")
