"""Try the built wheel in other Airflow releases: what `make test-airflow-matrix` runs.

    python tools/airflow_matrix.py [--only 3.0]

Each environment, `.venv-airflow-<release>`, gets the wheel, one Airflow with what pip finds to fit it, and pytest, and
runs the tests of `tests/releases` and of the operator. The one with `papermill` in its name has Airflow's papermill
provider and runs what `compile --operator papermill` writes. A log lies beside each. Exit code: 0 all passed, 1 not.
"""

from __future__ import annotations

import sys

from wheel_matrix import Matrix, Row

EXAMPLES_NEED = ("pandas", "scikit-learn", "matplotlib")
TEST_TOOLS = ("pytest>=8", "pytest-timeout>=2.3")
OPERATOR = ("tests/releases/test_release.py", "tests/integration/test_airflow_operator.py")
PARSING = ("tests/releases/test_release.py", "-k", "dialect or imported or serialisation or version")
STOCK = ("tests/releases/papermill_provider.py",)
PROVIDER = "apache-airflow-providers-papermill"

OLDEST_NEEDS = ("fastapi<0.118", "cadwyn<6")
"""Airflow 3.0 names no upper limit, and a newer FastAPI refuses what its tasks send to its API."""

NEEDED_BY_3_2 = ("fastapi<0.137", "cadwyn<8")
"""As above; these are the limits that Airflow 3.3 names. With them it parses; the API of its own `dag.test()` still
fails for any operator (`State` has no `svcs_registry`), so that nothing is run there."""


def release(name: str, *packages: str, tests: tuple[str, ...] = OPERATOR) -> Row:
    """Return the row of an Airflow release: what stands before a `-` in its name."""
    airflow = f"apache-airflow=={name.partition('-')[0]}.*"
    return Row(name, (airflow, *packages, *EXAMPLES_NEED, *TEST_TOOLS), tests)


MATRIX = Matrix(
    kind="airflow",
    rows=(
        release("3.0", *OLDEST_NEEDS),
        release("3.1"),
        release("3.2", *NEEDED_BY_3_2, tests=PARSING),
        release("3.3"),
        release("3.0-papermill", PROVIDER, *OLDEST_NEEDS, tests=STOCK),
        release("3.3-papermill", PROVIDER, tests=STOCK),
    ),
    shown=("apache-airflow-core", "apache-airflow-task-sdk", PROVIDER, "papermill"),
)

if __name__ == "__main__":
    sys.exit(MATRIX.main((__doc__ or "").splitlines()[0]))
