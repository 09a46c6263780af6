"""`nb2dag pull`: open a production task as a notebook here, with its parameters and handoffs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb2dag.cli import exits
from nb2dag.cli.airflow_options import airflow_options, production

if TYPE_CHECKING:
    from nb2dag.local.pull.pull import Prepared, Pulled


@click.command("pull")
@click.argument("dag_id", metavar="DAG")
@click.argument("run", metavar="RUN")
@click.argument("task_id", metavar="TASK")
@click.option("--map-index", type=click.IntRange(min=0), help="Which instance of a mapped task.")
@click.option("--try", "attempt", type=click.IntRange(min=1), metavar="N", help="Which attempt.  [default: the last]")
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("pulled"),
    show_default=True,
    metavar="DIR",
    help="Folder to pull to; the notebook is DIR/DAG/TASK/TASK.ipynb.",
)
@airflow_options
@click.option(
    "--store", envvar="NB2DAG_STORE", default="", metavar="URL", help="The handoff store, as it is reached from here."
)
@click.option(
    "--notebooks", envvar="NB2DAG_NOTEBOOKS", default="", metavar="URL", help="The executed notebooks, likewise."
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The DAG's folder as it was deployed.  [default: found by the content of its files]",
)
@click.option("--without-files", is_flag=True, help="Leave out the files that ship with the DAG.")
@click.option("--max-size", default="100 MB", show_default=True, metavar="SIZE", help="Ask before more is copied.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-f", "--force", is_flag=True, help="Replace what was pulled there before.")
@click.option("--open", "opens", is_flag=True, help="Open the notebook in JupyterLab.")
@click.pass_context
def command(ctx: click.Context, /, dag_id: str, run: str, task_id: str, **given: Any) -> None:
    """Pull TASK of DAG, as it was in RUN, from Airflow: a notebook with its parameters and handoffs, to debug it here.

    RUN is a run id, `latest` (the last one that the task ran in) or `latest-failed` (the last one that it failed in).

    The notebook keeps the outputs of that attempt. Run it in JupyterLab, or with papermill, and it does what the task
    did; what it hands over stays on this machine. Connections and Variables are not pulled.
    """
    from nb2dag.config import load_config, size_in_bytes
    from nb2dag.local.pull.pull import PullOptions, prepare, write
    from nb2dag.local.pull.selection import Wanted

    try:
        most = size_in_bytes(given["max_size"])
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--max-size") from None
    config = load_config()
    options = PullOptions(
        given["output_dir"],
        given["store"],
        given["notebooks"],
        given["bundle"],
        (config.output_folder(),),
        without_files=given["without_files"],
        force=given["force"],
    )
    wanted = Wanted(dag_id, run, task_id, given["map_index"], given["attempt"])
    with production(given, config.airflow_url) as airflow:
        prepared = prepare(airflow, wanted, options)
    if prepared.size > most and not given["yes"]:
        _ask(prepared, most)
    pulled = write(prepared)
    _tell(prepared, pulled, opens=given["opens"])
    ctx.exit(_open(pulled.notebook) if given["opens"] else exits.CLEAN)


def _ask(prepared: Prepared, most: int) -> None:
    """Ask whether so much may be copied.

    Raises:
        PullRefused: There is nobody to ask.
        Abort: The user does not want it.
    """
    from nb2dag.local.pull.production import PullRefused

    size = _shown(prepared.size)
    if not sys.stdin.isatty():
        raise PullRefused(
            f"{size} would be copied, more than the {_shown(most)} of --max-size: say --yes, or give a larger one"
        )
    click.confirm(f"Copy {size} to {prepared.folder}?", abort=True, err=True)


def _tell(prepared: Prepared, pulled: Pulled, *, opens: bool) -> None:
    from nb2dag.report.style import printable
    from nb2dag.report.summary import counted

    record = prepared.executed.record
    job = record.job
    state = prepared.chosen.instance.state if prepared.chosen.is_last else ""
    handoffs = sum(len(manifest.objects) for manifest in job.inputs.values())
    files = len(record.files) if prepared.files is not None else 0
    index = f", map index {job.map_index}" if job.map_index >= 0 else ""
    click.echo(
        f"{job.dag_id}, run {job.run_id}{index}: attempt {job.attempt} of `{job.task_id}`" + (state and f", {state}")
    )
    if pulled.failure:
        click.echo(f"  {printable(pulled.failure)}")
    click.echo(f"  {counted(handoffs, 'handoff')} and {counted(files, 'file')}, {_shown(prepared.size)}")
    for note in pulled.notes:
        click.echo(f"  note: {printable(note)}")
    place = _from_here(pulled.notebook)
    click.echo(f"  {printable(place)}")
    if not opens:
        click.echo(f"open it: jupyter lab {shlex.quote(place)}")


def _open(notebook: Path) -> int:
    """Open a notebook in JupyterLab, and wait until that ends.

    Raises:
        PullRefused: It is not installed.
    """
    import importlib.util
    import subprocess

    from nb2dag.local.pull.production import PullRefused

    if importlib.util.find_spec("jupyterlab") is None:
        raise PullRefused('JupyterLab is not installed here: pip install "nb2dag[lab]", or open the notebook elsewhere')
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(notebook)])


def _from_here(path: Path) -> str:
    """Return a path as it is shorter to type: relative where it is below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _shown(size: int) -> str:
    """Return a number of bytes in words.

    >>> _shown(512), _shown(1_200_000), _shown(3 * 10**9)
    ('512 bytes', '1.2 MB', '3.0 GB')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
