"""Run every benchmark and print one table each, as Markdown: what `make bench` runs."""

from __future__ import annotations

import os
import platform
import sys

import compile_cost
import parse_cost
import scaling
from measure import print_rows

BENCHMARKS = (
    ("Parse: what Airflow's DAG processor spends on a compiled DAG", parse_cost.rows),
    ("Compile: ten steps, cold process, beside Kale", compile_cost.rows),
    ("Scaling: 1,000 to 10,000 cells", scaling.rows),
)


def main() -> int:
    """Return 0 where every target was met, 1 where one was missed."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load} at the start")
    met = [print_rows(title, rows()) for title, rows in BENCHMARKS]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
