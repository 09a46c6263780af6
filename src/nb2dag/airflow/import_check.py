"""Import one DAG file as Airflow's DAG processor does and print what came of it: `python -m ... FILE`."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any


def main(path: str) -> int:
    """Print the DAGs in the file and its errors as one line of JSON."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    output.write(json.dumps(imported(path)) + "\n")
    output.flush()
    return 0


def imported(path: str) -> dict[str, Any]:
    """Return the ids of the DAGs in a file, and its errors with the line where each one is, 0 where none is named."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        # Where Airflow 3.0 has it.
        from airflow.models.dagbag import DagBag
    bag = DagBag(path)
    errors = [{"message": _last_line(text), "line": _line(text, path)} for text in bag.import_errors.values()]
    return {"dag_ids": sorted(bag.dags), "errors": errors}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it cannot be imported"


def _line(text: str, path: str) -> int:
    found = re.findall(rf'File "{re.escape(path)}", line (\d+)', text)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
