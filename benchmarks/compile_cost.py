"""Measure what `nb2dag compile` of a ten-step notebook costs, beside Kale compiling the same ten steps.

    python benchmarks/compile_cost.py

Cold processes, started in turn; CPU is user and system time of the process and its children. Kale is installed by name
into `benchmarks/.venv-kale` the first time (about 250 MB).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from generated import ten_steps, ten_steps_for_kale
from measure import HERE, Row, median_cost, print_rows, run_cold

KALE = "kubeflow-kale==2.3.0"
KALE_FOLDER = HERE / ".venv-kale"
ROUNDS = 9
CPU_SHARE = 0.1
PEAK_MIB = 60


def rows() -> list[Row]:
    """Compile with both, in turn, and return CPU and memory side by side."""
    kale = _install_kale()
    nb2dag = Path(sys.executable).with_name("nb2dag")
    _compile_bytecode(HERE.parent / "src")
    with tempfile.TemporaryDirectory(prefix="nb2dag-bench-") as scratch:
        ours, theirs = Path(scratch, "nb2dag"), Path(scratch, "kale")
        ten_steps(ours / "ten_steps.ipynb")
        ten_steps_for_kale(theirs / "ten_steps.ipynb")
        pairs = []
        for number in range(ROUNDS + 1):
            shutil.rmtree(ours / "dags", ignore_errors=True)
            shutil.rmtree(theirs / ".kale", ignore_errors=True)
            pair = (
                run_cold([str(nb2dag), "compile", "ten_steps.ipynb", "-o", "dags"], ours),
                run_cold([str(kale), "--nb", "ten_steps.ipynb"], theirs),
            )
            if number:  # The first pair fills the page cache.
                pairs.append(pair)
        if not (ours / "dags/ten_steps/ten_steps.py").is_file() or not list((theirs / ".kale").glob("*.py")):
            raise SystemExit("a compiler wrote nothing: the figures would mean nothing")
    own, other = median_cost([pair[0] for pair in pairs]), median_cost([pair[1] for pair in pairs])
    share = own.cpu / other.cpu
    return [
        Row(
            "compile 10 steps, cold: CPU",
            f"{own.cpu:.2f} s",
            f"{other.cpu:.2f} s (Kale 2.3.0)",
            f"{share:.3f}",
            f"≤ {CPU_SHARE}",
            share <= CPU_SHARE,
        ),
        Row(
            "compile 10 steps, cold: peak memory",
            f"{own.peak:.0f} MiB",
            f"{other.peak:.0f} MiB (Kale 2.3.0)",
            f"{own.peak / other.peak:.2f}",
            f"< {PEAK_MIB} MiB",
            own.peak < PEAK_MIB,
        ),
        Row(
            "compile 10 steps, cold: wall",
            f"{own.wall:.2f} s",
            f"{other.wall:.2f} s (Kale 2.3.0)",
            f"{own.wall / other.wall:.3f}",
            "",
            True,
        ),
    ]


def _install_kale() -> Path:
    command = KALE_FOLDER / "bin" / "kale"
    if not command.is_file():
        print(f"· installing {KALE} into {KALE_FOLDER.relative_to(HERE.parent)} (once)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(KALE_FOLDER)], check=True)
        python = str(KALE_FOLDER / "bin" / "python")
        uv = Path(sys.executable).with_name("uv")
        installer = (
            [str(uv), "pip", "install", "-q", "-p", python] if uv.is_file() else [python, "-m", "pip", "install", "-q"]
        )
        subprocess.run([*installer, KALE], check=True)
        _compile_bytecode(KALE_FOLDER / "lib")
    return command


def _compile_bytecode(folder: Path) -> None:
    """Compile in another process: this one has to stay small (see `measure.run_cold`)."""
    subprocess.run([sys.executable, "-m", "compileall", "-qq", str(folder)], check=False)


if __name__ == "__main__":
    sys.exit(not print_rows("Compile: ten steps, cold process, beside Kale", rows()))
