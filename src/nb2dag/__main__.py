"""Let `python -m nb2dag` be the command `nb2dag`."""

from __future__ import annotations

from nb2dag.cli import main

if __name__ == "__main__":
    main()
