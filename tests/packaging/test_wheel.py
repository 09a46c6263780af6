"""What a user gets: the wheel's contents, and the installed command in an environment without the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

CHECKOUT = Path(__file__).parents[2]
HEAVY = ("IPython", "airflow", "fsspec", "ipykernel", "jsonschema", "nbclient", "nbformat", "pandas", "papermill")
CORE = {
    "click",
    "cloudpickle",
    "croniter",
    "fsspec",
    "ipykernel",
    "markdown-it-py",
    "nbformat",
    "papermill",
    "psutil",
    "pygments",
    "pyyaml",
    "rich",
    "tomli",
}


ASSETS = "nb2dag-0.1.0.data/data/share/jupyter/labextensions/nb2dag/"
SERVER_CONFIG = "nb2dag-0.1.0.data/data/etc/jupyter/jupyter_server_config.d/nb2dag.json"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """Return the `bin` folder of an environment that holds the wheel and, by a path file, the dependencies installed
    here. A path file is not followed into further ones, so the checkout itself stays out of reach.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.EnvBuilder(symlinks=True).create(folder)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True, text=True)
    (site_packages,) = (folder / "lib").glob("python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "sums.ipynb"
    cells = ["%load_ext nb2dag\n%airflow_dag sums", "%%airflow_task first\nx = 1", "%%airflow_task second\ny = x + 1"]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


def test_wheel_holds_the_package_and_nothing_else(contents):
    source = CHECKOUT / "src"
    files = {str(path.relative_to(source)) for kind in ("*.py", "*.schema.json") for path in source.rglob(kind)}
    package = {name for name in contents if not name.startswith("nb2dag-0.1.0.data/")}
    assert {name for name in package if name.endswith((".py", ".json"))} == files
    assert {name.split("/")[0] for name in package} == {"nb2dag", "nb2dag-0.1.0.dist-info"}


def test_wheel_carries_the_jupyterlab_extension_prebuilt(contents):
    """Nobody needs Node to install it, and the assets stay small."""
    assets = {name.removeprefix(ASSETS): content for name, content in contents.items() if name.startswith(ASSETS)}
    assert {"package.json", "install.json", "schemas/nb2dag/plugin.json"} <= set(assets)
    assert any(name.startswith("static/remoteEntry") for name in assets)
    assert not any(name.endswith(".map") for name in assets)
    assert sum(map(len, assets.values())) < 250_000
    assert json.loads(contents[SERVER_CONFIG]) == {"ServerApp": {"jpserver_extensions": {"nb2dag": True}}}


def test_a_checkout_without_node_builds_the_command_line_and_says_so(tmp_path):
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("labextension", "__pycache__", ".git", ".venv", "node_modules", "tests", "docs")
    shutil.copytree(CHECKOUT, checkout, ignore=ignored)
    (checkout / "labextension").mkdir()
    for name in ("install.json", "package.json"):
        shutil.copy(CHECKOUT / "labextension" / name, checkout / "labextension")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(checkout)]
    environment = {**os.environ, "PATH": str(tmp_path / "nothing")}
    finished = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr
    assert "without the JupyterLab extension" in finished.stdout + finished.stderr
    (built,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
    assert "nb2dag/cli/app.py" in names
    assert not any("static/" in name for name in names)


def test_wheel_says_that_it_is_typed(contents):
    assert "nb2dag/py.typed" in contents


def test_wheel_carries_its_licence(contents):
    assert b"Apache License" in contents["nb2dag-0.1.0.dist-info/licenses/LICENSE"]


def test_wheel_declares_its_entry_points(contents):
    text = contents["nb2dag-0.1.0.dist-info/entry_points.txt"].decode()
    assert "[console_scripts]\nnb2dag = nb2dag.cli:main" in text
    assert "nb2dag = nb2dag.runtime.engine:ShellEngine\nnb2dag-kernel = nb2dag.runtime.engine:KernelEngine" in text


def test_core_dependencies_are_the_declared_few(contents):
    metadata = HeaderParser().parsestr(contents["nb2dag-0.1.0.dist-info/METADATA"].decode())
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert {re.split(r"[^\w.-]", line)[0].lower() for line in required} == CORE
    assert metadata["Requires-Python"] == ">=3.10"
    assert {"airflow", "lab", "s3", "test"} == set(metadata.get_all("Provides-Extra"))


def test_version_is_the_one_of_the_package(contents):
    from nb2dag import __version__

    assert HeaderParser().parsestr(contents["nb2dag-0.1.0.dist-info/METADATA"].decode())["Version"] == __version__


def test_installed_command_is_the_one_from_the_wheel(installed, tmp_path):
    command = [installed / "python", "-c", "import nb2dag; print(nb2dag.__file__)"]
    found = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
    assert Path(found.stdout.strip()).is_relative_to(installed.parent)


def test_installed_command_shows_help(installed, tmp_path):
    shown = subprocess.run([installed / "nb2dag", "--help"], check=True, capture_output=True, text=True, cwd=tmp_path)
    for command in ("check", "compile", "run", "show", "explain"):
        assert command in shown.stdout


def test_help_imports_nothing_heavy(installed, tmp_path):
    assert _heavy_after(installed, tmp_path, "--help") == []


def test_compile_of_a_plain_notebook_imports_nothing_heavy(installed, tmp_path, notebook):
    assert _heavy_after(installed, tmp_path, "compile", notebook.name, "-o", "dags") == []
    assert (tmp_path / "dags" / "sums" / "sums.py").is_file()


def test_constraints_pin_every_dependency():
    lines = (CHECKOUT / "constraints.txt").read_text().splitlines()
    names = {line.split("==")[0] for line in lines if not line.startswith("#")}
    assert names >= CORE | {"apache-airflow", "pytest", "ruff"}
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; .+)?", line) for line in lines if not line.startswith("#"))


def _heavy_after(installed, folder, *arguments):
    """Return which heavy modules are loaded once the installed command has run with these arguments."""
    program = (
        "import json, sys\n"
        "from nb2dag.cli import main\n"
        f"sys.argv = ['nb2dag', *{arguments!r}]\n"
        "try:\n"
        "    code = main()\n"
        "except SystemExit as end:\n"
        "    code = end.code\n"
        "assert not code, code\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )
    command = [installed / "python", "-c", program]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])
