"""The options that say which Airflow is meant, and the way in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nb2dag.local.airflow_access import PASSWORD, TOKEN, URL, USER

if TYPE_CHECKING:
    from nb2dag.local.pull.production import Production

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--airflow-url", default="", metavar="URL", help=f"Its address.  [default: ${URL}, or the settings]"),
    click.option("--token", envvar=TOKEN, default="", help="A token for it.", show_envvar=True),
    click.option("--user", envvar=USER, default="", metavar="NAME", help="Or a user of it.", show_envvar=True),
    click.option("--password", envvar=PASSWORD, default="", help="The user's password; asked for.", show_envvar=True),
    click.option(
        "--airflow-home",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Or an Airflow on this machine, asked without its API.  [default: $AIRFLOW_HOME, if no address is known]",
    ),
    click.option(
        "--airflow-python", default="", metavar="FILE", help="The Python of that Airflow.  [default: this one]"
    ),
)


def airflow_options(command: _Command) -> _Command:
    """Give a command the options that `production` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def production(given: Mapping[str, Any], airflow_url: str) -> Iterator[Production]:
    """Yield the Airflow that the options mean.

    Args:
        given: The values of `airflow_options`.
        airflow_url: The address in the project's settings, empty for none.

    Raises:
        AirflowRefused: It cannot be asked.
        UsageError: None is named, or two are.
    """
    if given["airflow_url"] and given["airflow_home"]:
        raise click.UsageError("name the Airflow by --airflow-url or by --airflow-home, not by both")
    url = "" if given["airflow_home"] else given["airflow_url"] or os.environ.get(URL) or airflow_url
    if url:
        from nb2dag.local.pull.rest import RestProduction

        yield RestProduction(url, token=given["token"], user=given["user"], password=_password(given))
        return
    home = given["airflow_home"] or os.environ.get("AIRFLOW_HOME")
    if not home:
        raise click.UsageError(
            f"which Airflow? Name its address with --airflow-url, {URL} or `airflow-url` in [tool.nb2dag], or its "
            "folder on this machine with --airflow-home"
        )
    from nb2dag.local.pull.home import home_production

    with home_production(Path(home), given["airflow_python"]) as found:
        yield found


def _password(given: Mapping[str, Any]) -> str:
    if given["user"] and not given["password"] and not given["token"] and sys.stdin.isatty():
        asked: str = click.prompt(f"Password of {given['user']}", hide_input=True, err=True)
        return asked
    return str(given["password"])
