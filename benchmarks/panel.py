"""Measure in a real Chromium how long after a keystroke JupyterLab's panel shows it, and what typing costs beside it.

    python benchmarks/panel.py [cells ...]

*Graph*: keys that rename a task, so that the graph has another shape; from the key to the frame with the new graph.
*Findings*: keys that make a name undefined and defined again. *Typing*: from each key to the frame that shows it, with
the extension switched off, with the panel closed, and with it open.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import HERE, Row, print_rows
from warm import real

sys.path.insert(0, str(HERE.parent / "tests"))

from support.lab import new_page, open_notebook, running_chromium, running_lab

SIZES = (200, 1000)
EDITS = 30
TARGET_MS = {200: 300, 1000: 1000}
TYPED = "total_of_all_the_rows = sum(len(row) for row in many_rows) "
SLOWER = 1.25
"""How much slower than without the extension a key may be before it counts as a change."""

PROBE = """shown => {
    window.probe = new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`nothing after 60 s: ${shown}`)), 60000);
        let began = 0;
        const watch = new MutationObserver(look);
        function look() {
            if (began && new Function(`return ${shown}`)()) {
                watch.disconnect();
                requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
            }
        }
        window.addEventListener('keydown', () => { began = performance.now(); }, { capture: true, once: true });
        watch.observe(document.querySelector('#nb2dag-panel'),
            { subtree: true, childList: true, attributes: true, characterData: true });
    });
}"""

FRAMES = """() => {
    window.keys = [];
    window.stopKeys?.();
    const took = event => {
        const began = event.timeStamp;
        requestAnimationFrame(() => setTimeout(() => window.keys.push(performance.now() - began)));
    };
    window.addEventListener('keydown', took, { capture: true });
    window.stopKeys = () => window.removeEventListener('keydown', took, { capture: true });
}"""


def task_of(name: str) -> str:
    """Return the condition that the graph shows a task of that name."""
    return f'document.querySelector(`#nb2dag-panel [data-task="{name}"]`)'


def status_of(status: str) -> str:
    """Return the condition that the head of the panel says `ok` or `error`."""
    return f'document.querySelector(`#nb2dag-panel .nb2dag-Status[data-status="{status}"]`)'


def to_the_cell(page: Any, index: int, line: int) -> None:
    """Put the cursor at the end of a line of a cell, both from 0, as a user does by clicking there."""
    page.evaluate(
        """async index => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = index;
            await notebook.scrollToItem(index, 'center');
            await notebook.activeCell.ready;
        }""",
        index,
    )
    page.wait_for_timeout(500)
    page.locator(".jp-Cell.jp-mod-active .cm-line").nth(line).click()
    page.keyboard.press("End")
    page.wait_for_timeout(300)


def press(page: Any, key: str, shown: str) -> float:
    """Press a key and return the milliseconds until the panel shows what it made."""
    page.evaluate(PROBE, shown)
    page.keyboard.press(key)
    took: float = page.evaluate("() => window.probe")
    # As between two thoughts, so that each keystroke is one of its own.
    page.wait_for_timeout(150)
    return took


def graph_times(page: Any, cells: list[str], index: int) -> list[float]:
    """Rename the task of a cell, by one key there and one back."""
    to_the_cell(page, index, 0)
    name = cells[index].split("\n")[0].removeprefix("#| task: ")
    times = []
    for _ in range(EDITS // 2):
        times.append(press(page, "z", task_of(f"{name}z")))
        times.append(press(page, "Backspace", f"!{task_of(name + 'z')}"))
    return times


def finding_times(page: Any, index: int, line: int) -> list[float]:
    """Make a name undefined, and defined again."""
    to_the_cell(page, index, line)
    times = []
    for _ in range(EDITS // 2):
        times.append(press(page, "z", status_of("error")))
        times.append(press(page, "Backspace", f"!{status_of('error')}"))
    return times


def typing_times(page: Any, index: int) -> list[float]:
    """Type a line of its own at the end of a cell, as a person does."""
    to_the_cell(page, index, 0)
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.evaluate(FRAMES)
    page.keyboard.type(TYPED, delay=70)
    page.wait_for_timeout(1500)
    times: list[float] = page.evaluate("() => window.keys")
    return times


def summary(times: list[float]) -> str:
    """Return median, 95th percentile and worst in words."""
    ordered = sorted(times)
    return f"{statistics.median(times):.0f} ms, p95 {ordered[int(len(times) * 0.95) - 1]:.0f}, worst {ordered[-1]:.0f}"


def switched(home: Path, *, on: bool) -> None:
    """Switch the extension on or off, as *Settings → Plugin Manager* does, for the next page."""
    folder = home / "config" / "labconfig"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page_config.json").write_text(json.dumps({"disabledExtensions": {} if on else {"nb2dag": True}}))


def only_what_is_seen(home: Path) -> None:
    """Let JupyterLab draw only the cells in sight (windowing mode *full*).

    By default it draws a thousand cells while it is idle: for minutes, which would be measured in place of the panel.
    """
    folder = home / "settings" / "@jupyterlab" / "notebook-extension"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "full"}))


def rows_of(browser: Any, server: Any, count: int) -> list[Row]:
    """Measure a notebook of that many cells, as people write them, ten to a task; tell each figure at once."""
    cells = ["%load_ext nb2dag\n%airflow_dag big", *real(count - 1)]
    server.write("big.ipynb", cells)
    # One of the last tasks that is one of the many, and its line that computes with the frame.
    index = next(i for i in range(count - 20, 0, -1) if "part_" in cells[i] and "part_" not in cells[i - 1])
    typing: dict[str, list[float]] = {}
    found: dict[str, list[float]] = {}
    for kind in ("off", "closed", "open"):
        switched(server.home, on=kind != "off")
        page = new_page(browser)
        page.set_default_timeout(120_000)
        open_notebook(page, server, "big.ipynb", panel=kind == "open")
        if kind == "open":
            page.wait_for_selector("#nb2dag-panel [data-task]", state="attached")
        page.wait_for_timeout(3000)
        if kind == "open":
            first = next(i for i in range(index, 0, -1) if cells[i].split("\n")[0] != cells[i - 1].split("\n")[0])
            found["findings"] = finding_times(page, index, 2)
            found["graph"] = graph_times(page, cells, first)
        # The first time, the page is still busy with itself.
        typing_times(page, index)
        typing[kind] = typing_times(page, index)
        page.context.close()
        for what, times in [*(found.items() if kind == "open" else ()), (f"typing, {kind}", typing[kind])]:
            print(f"  {count} cells, {what}: {summary(times)}", file=sys.stderr, flush=True)
    target = TARGET_MS.get(count, 1000)
    rows = [
        Row(f"{count} cells: key to {what}", summary(times), "", "", f"median ≤ {target} ms",
            statistics.median(times) <= target)
        for what, times in found.items()
    ]  # fmt: skip
    off = statistics.median(typing["off"])
    for kind in ("closed", "open"):
        ratio = statistics.median(typing[kind]) / off
        rows.append(
            Row(f"{count} cells: typing, panel {kind}", summary(typing[kind]), f"{summary(typing['off'])} (without)",
                f"{ratio:.2f}", f"≤ {SLOWER}", ratio <= SLOWER)
        )  # fmt: skip
    return rows


def main() -> int:
    """Return 0 where every target was met, 1 where one was missed."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with (
        tempfile.TemporaryDirectory(prefix="nb2dag-bench-") as home,
        running_chromium() as browser,
        running_lab(Path(home)) as server,
    ):
        only_what_is_seen(server.home)
        rows = [row for size in sizes for row in rows_of(browser, server, size)]
    return 0 if print_rows("JupyterLab's panel in Chromium", rows) else 1


if __name__ == "__main__":
    sys.exit(main())
