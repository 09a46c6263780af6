"""The command group: which commands there are, each imported when it is used, and how failures end."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from nb2dag import __version__
from nb2dag.cli import exits
from nb2dag.cli.failures import explain_failure

DEBUG_VARIABLE = "NB2DAG_DEBUG"

COMMANDS = {
    "check": "Report what is wrong with notebooks, without writing anything.",
    "compile": "Write notebooks as Airflow DAGs.",
    "run": "Run a notebook's DAG on this machine, without Airflow.",
    "pull": "Open a task of a production run as a notebook here.",
    "verify": "Prove that a notebook's DAG computes what the notebook computes.",
    "show": "Show a notebook's tasks, edges and handoffs.",
    "suggest": "Suggest which cells of an untagged notebook to make tasks of.",
    "migrate": "Put nb2dag's tags in place of Kale's.",
    "explain": "Explain a rule by its code or name.",
}
"""Each command with its short help; `nb2dag.cli.<name>` holds a click command called `command`."""


class LazyGroup(click.Group):
    """A group that imports a command when it is run, and lists all of them without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order people use them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"nb2dag.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest one."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"No such command '{args[0]}'.{_nearest(args[0])}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what cannot go on ends in a message and an exit code, never in a traceback."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("nb2dag: interrupted", err=True)
            ctx.exit(exits.INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                raise
            click.echo(explain_failure(error), err=True)
            ctx.exit(exits.COULD_NOT_RUN)


def _nearest(name: str) -> str:
    from nb2dag.directives.nearest import nearest

    command = nearest(name, COMMANDS)
    return f" Did you mean '{command}'?" if command else ""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nb2dag", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, default=lambda: bool(os.environ.get(DEBUG_VARIABLE)), help="Show tracebacks.")
def app(debug: bool) -> None:
    """Compile tagged Jupyter notebooks to Airflow DAGs that compute what the notebook computes.

    \b
    Exit codes:
      0  clean (warnings alone too)
      1  findings of severity error, a stale bundle, or a failed task
      2  could not run
    """  # noqa: D301 - click wants the very character
