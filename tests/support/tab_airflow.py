"""A real Airflow with users, passwords and notebooks to look at: what the tests and pictures of its UI open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from standalone_airflow import StandaloneAirflow

EXAMPLES = Path(__file__).parents[2] / "notebooks" / "examples"
ADMIN, GUEST = "admin", "guest"
"""Two users, each with the own name for a password; the guest has no role and so no permission at all."""

SOON = {
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
}

SHOP = '''"""A shop's orders, and a model that learns from them until somebody opens the gate."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

GATE = Path(os.environ.get("SHOP_GATE", "/nowhere"))


def orders(days):
    """Return the orders of each day."""
    day = pd.date_range("2026-08-01", periods=days, name="day")
    week = np.array([1.0, 0.9, 0.95, 1.0, 1.2, 1.5, 1.3])[day.weekday]
    trend = np.linspace(400, 520, days)
    north = (trend * week).round().astype(int)
    return pd.DataFrame({"north": north, "south": (north * 0.62).round().astype(int)}, index=day)


def fit(weekly):
    """Learn, and tell the loss of every epoch."""
    for epoch in range(1, 13):
        print(f"epoch {epoch:2}/24   loss {18.4 / epoch + 1.7:6.3f}", flush=True)
    while not GATE.exists():
        time.sleep(0.05)
    for epoch in range(13, 25):
        print(f"epoch {epoch:2}/24   loss {18.4 / epoch + 1.7:6.3f}", flush=True)
    return weekly * 1.04
'''

FORECAST = (
    "md:# Tomorrow's orders\n\nHow many parcels to expect in each region, learnt from the last months.",
    "%load_ext nb2dag\n%airflow_dag orders_forecast --tags forecast,shop --retries 1 --retry-delay 1s",
    "import matplotlib.pyplot as plt\nimport pandas as pd\n\nfrom shop import fit, orders",
    'params:days = 90  # how many days to learn from\nregion = "north"  # the region that the chart shows',
    "%%airflow_task load\nsales = orders(days)\nsales.tail()",
    (
        '%%airflow_task train --doc "Learns how the days of a week differ."\n'
        "# A week has its own rhythm: learn that first.\n"
        "weekly = sales.groupby(sales.index.day_name(), sort=False).mean().round(1)\nweekly"
    ),
    "%%airflow_task train\nforecast = fit(weekly)",
    (
        '%%airflow_task train\nax = forecast[region].plot.bar(figsize=(8, 2.6), color="#3a7ca5", rot=0)\n'
        'ax.set_xlabel("")\nax.set_title(f"Orders to expect, {region}", loc="left", fontweight="bold")\n'
        'ax.spines[["top", "right"]].set_visible(False)\nplt.show()'
    ),
    (
        '%%airflow_task publish\nlimits = {"north": 700, "south": 450}\n'
        'for name in ("north", "south", "west"):\n'
        "    print(f\"{name}: at most {limits[name]} parcels, {forecast['north'].max():.0f} expected\")"
    ),
    '%%airflow_task publish\nprint("published")',
)

HOSTILE_SCRIPT = """
const seen = {};
const attempt = (name, act) => { try { seen[name] = "GOT " + act(); } catch (error) { seen[name] = error.name; } };
attempt("cookie", () => document.cookie);
attempt("storage", () => localStorage.length);
attempt("parent", () => parent.document.title);
attempt("top", () => top.document.title);
attempt("leave", () => { if (top === window) throw new DOMException("", "AtTop"); top.location = "about:blank"; });
attempt("origin", () => { if (origin !== "null") return origin; throw new DOMException("", "NoOrigin"); });
const asked = fetch("/api/v2/dags", {credentials: "include"}).then(a => "GOT " + a.status, error => error.name);
asked.then(answer => {
  seen.fetch = answer;
  document.getElementById("seen").textContent = JSON.stringify(seen);
});
"""
HOSTILE_PICTURE = '<img src=x onerror="try { parent.PWNED = 1 } catch {}">'
HOSTILE_HTML = f'<div id="seen">nothing yet</div><script>{HOSTILE_SCRIPT}</script>{HOSTILE_PICTURE}'
HOSTILE_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>parent.PWNED = 1</script></svg>'
HOSTILE = (
    "md:# Hello <img src=x onerror='parent.PWNED=1'> [link](javascript:alert(1))",
    "from IPython.display import HTML, SVG, display\nprint('<script>parent.PWNED = 1</script>')",
    f"display(HTML({HOSTILE_HTML!r}))",
    f"display(SVG({HOSTILE_SVG!r}))",
)

BY_HAND = """
from airflow.sdk import DAG, task
from nb2dag.airflow import NotebookOperator

with DAG("by_hand", schedule=None):
    NotebookOperator(task_id="hostile", input_nb="hostile.ipynb")
    NotebookOperator(task_id="outside", input_nb="small.ipynb", output_nb={outside!r})
    NotebookOperator.partial(task_id="mapped", input_nb="small.ipynb").expand(parameters=[{{"n": 1}}, {{"n": 2}}])

    @task
    def other():
        return 1

    other()
"""


class TabAirflow(StandaloneAirflow):
    """An Airflow whose users log in."""

    def new_token(self) -> str:
        """Return a token of the admin."""
        return self.token_of(ADMIN)

    def token_of(self, user: str) -> str:
        """Return a user's token."""
        return str(self.request("POST", "/auth/token", {"username": user, "password": user})["access_token"])


def prepared_airflow(home: Path) -> TabAirflow:
    """Return an Airflow that is not started yet, with DAGs to look at; a file `home/gate` lets `train` go on."""
    dags = home / "dags"
    write_notebook(home / "notebooks" / "orders_forecast.ipynb", FORECAST)
    (home / "notebooks" / "shop.py").write_text(SHOP)
    for notebook in (home / "notebooks" / "orders_forecast.ipynb", EXAMPLES / "weather_report.ipynb"):
        command = [sys.executable, "-m", "nb2dag", "compile", str(notebook), "-o", str(dags)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    write_notebook(dags / "by_hand" / "hostile.ipynb", HOSTILE)
    write_notebook(dags / "by_hand" / "small.ipynb", ("params:n = 0", "print('n is', n)"))
    (dags / "by_hand" / "by_hand.py").write_text(BY_HAND.format(outside=str(home / "outside.ipynb")))
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({ADMIN: ADMIN, GUEST: GUEST}))
    settings = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin,{GUEST}:",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "SHOP_GATE": str(home / "gate"),
        # The tests' own setting is for plots that nobody sees.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    return TabAirflow(home, SOON | settings)


def write_notebook(path: Path, cells: tuple[str, ...]) -> None:
    """Write a notebook; `md:` begins a Markdown cell, `params:` the parameters cell."""
    made = []
    for number, text in enumerate(cells, 1):
        if text.startswith("md:"):
            cell = new_markdown_cell(text[3:])
        else:
            cell = new_code_cell(text.removeprefix("params:"))
            if text.startswith("params:"):
                cell.metadata["tags"] = ["parameters"]
        cell["id"] = f"c{number}"
        made.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
