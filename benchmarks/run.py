"""Run every benchmark and print a table each, as Markdown: what `make bench` runs.

Each runs in a process of its own, because the peak memory of a measured process begins at that of the one that starts
it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

from measure import HERE

BENCHMARKS = ("parse_cost.py", "compile_cost.py", "scaling.py", "warm.py", "engine.py")


def main() -> int:
    """Return 0 where every target was met, 1 where one was missed."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load} at the start", flush=True)
    codes = [subprocess.run([sys.executable, str(HERE / name)], check=False).returncode for name in BENCHMARKS]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
