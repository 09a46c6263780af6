"""Try the built wheel in other JupyterLabs: what `make test-lab-matrix` runs.

    python tools/lab_matrix.py [--only 4.2]

Each environment, `.venv-lab-<name>`, gets the wheel and one JupyterLab, and its server is driven by the browser tests
of this environment: the way of a first user in JupyterLab, the panel in Notebook 7, two browsers on one notebook with
collaboration. A log lies beside each. Exit code: 0 all passed, 1 one failed.
"""

from __future__ import annotations

import sys

from wheel_matrix import Matrix, Row

FIRST_USER = "tests/browser/test_panel.py::test_a_dag_from_nothing_to_a_run"
NOTEBOOK_7 = "tests/browser/test_panel.py::test_the_same_wheel_in_notebook_7"
TWO_BROWSERS = "tests/collaboration"

MATRIX = Matrix(
    kind="lab",
    rows=(
        Row("4.2", ("jupyterlab==4.2.*",), (FIRST_USER,)),
        Row("4.4", ("jupyterlab==4.4.*",), (FIRST_USER,)),
        Row("newest", ("jupyterlab>=4.6,<5", "notebook>=7,<8"), (FIRST_USER, NOTEBOOK_7)),
        Row("rtc", ("jupyterlab>=4.6,<5", "jupyter-collaboration"), (FIRST_USER, TWO_BROWSERS)),
    ),
    shown=("jupyterlab", "notebook", "jupyter-collaboration", "ipywidgets"),
    extras="[lab]",
    driven_by="NB2DAG_LAB_PYTHON",
    frontend=True,
)

if __name__ == "__main__":
    sys.exit(MATRIX.main((__doc__ or "").splitlines()[0]))
