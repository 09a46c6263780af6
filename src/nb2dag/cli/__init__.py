"""The command `nb2dag`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line; this is what the installed script `nb2dag` calls."""
    from nb2dag.cli.app import app
    from nb2dag.cli.terminal import tolerate_any_text

    # A compiler's trees live to its end. At the usual thresholds the collector walks them over and over, which takes a
    # third of the time of a large notebook and makes it grow faster than the notebook.
    gc.set_threshold(100_000, 50, 50)
    tolerate_any_text()
    app(prog_name="nb2dag")
