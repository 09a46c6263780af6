"""Name the engines; apart from them, since Airflow loads this with every DAG file."""

SHELL_ENGINE = "nb2dag"
"""A shell in a process of its own, for notebooks of the interpreter that runs it; for others a kernel."""

KERNEL_ENGINE = "nb2dag-kernel"
"""A kernel, for every notebook."""
