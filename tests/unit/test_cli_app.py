"""The command group: help without imports, suggestions, and how failures end."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from nb2dag import __version__
from nb2dag.cli.app import COMMANDS, app
from nb2dag.cli.failures import explain_failure
from nb2dag.errors import BundleConflict


def test_version_and_help():
    runner = CliRunner()
    assert runner.invoke(app, ["--version"]).output == f"nb2dag {__version__}\n"
    output = runner.invoke(app, ["--help"]).output
    assert all(f"  {name}" in output and text in output for name, text in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_helps(name):
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: nb2dag {name}" in result.output or f" {name} " in result.output


def test_an_unknown_command_is_a_usage_error_with_a_suggestion():
    result = CliRunner().invoke(app, ["chekc"])
    assert result.exit_code == 2
    assert "Did you mean 'check'?" in result.stderr


def test_help_imports_nothing_that_a_command_needs():
    program = (
        "import sys; sys.argv = ['nb2dag', '--help']\n"
        "from nb2dag.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'yaml', 'nbformat', 'jsonschema', 'papermill', 'IPython', 'airflow', 'psutil', 'tomllib'}\n"
        "print(sorted(heavy & set(sys.modules)), [m for m in sys.modules if m.startswith('nb2dag.compiler')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] []"


def test_python_m_nb2dag():
    done = subprocess.run([sys.executable, "-m", "nb2dag", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"nb2dag {__version__}\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BundleConflict("dags/x: was edited by hand"), "nb2dag: dags/x: was edited by hand"),
        (PermissionError(13, "Permission denied", "dags"), "nb2dag: dags: Permission denied"),
    ],
)
def test_what_is_the_users_to_mend_is_one_line(error, message):
    assert explain_failure(error) == message


def test_what_is_ours_asks_for_a_report():
    text = explain_failure(ValueError("a\nb"))
    assert text.startswith("nb2dag: internal error[NBD901] ValueError: a\\nb\n")
    assert "nb2dag --debug" in text


@pytest.fixture
def failing(monkeypatch):
    """A command that raises what it is told to, in the real group."""

    def install(error: BaseException):
        @click.command("check")
        def command():
            raise error

        monkeypatch.setattr(app, "commands", {})
        monkeypatch.setattr(type(app), "get_command", lambda self, ctx, name: command)
        return CliRunner()

    return install


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (BundleConflict("edited"), 2, "nb2dag: edited"),
        (RuntimeError("oops"), 2, "internal error[NBD901] RuntimeError: oops"),
        (KeyboardInterrupt(), 130, "nb2dag: interrupted"),
    ],
)
def test_failures_end_in_a_message_and_a_code(failing, error, code, message):
    result = failing(error).invoke(app, ["check"])
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("arguments", "variables"), [(["--debug", "check"], {}), (["check"], {"NB2DAG_DEBUG": "1"})])
def test_debug_shows_the_traceback(failing, arguments, variables):
    result = failing(RuntimeError("oops")).invoke(app, arguments, env=variables)
    assert isinstance(result.exception, RuntimeError)
