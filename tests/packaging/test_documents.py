"""The documents lead somewhere, and the README's notebook becomes what the README shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

CHECKOUT = Path(__file__).parents[2]
FOLDERS = ("*.md", "benchmarks/*.md", "docs/**/*.md", "notebooks/**/*.md")
PAGES = sorted(page for pattern in FOLDERS for page in CHECKOUT.glob(pattern))
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
CELL = re.compile(r'<text class="[mt]" x="68" y="(\d+)"[^>]*>(.*?)</text>')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    missing = [target for target in LINK.findall(text) if not (page.parent / target).exists()]
    assert missing == []


def _cells_of_the_picture():
    """Return the cells drawn in the README's picture: lines that stand close together are one cell."""
    cells, last = [], 0
    for place, text in CELL.findall((CHECKOUT / "docs/images/notebook-to-dag.svg").read_text()):
        if int(place) - last > 19:
            cells.append([])
        cells[-1].append(text)
        last = int(place)
    return ["\n".join(lines) for lines in cells]


def test_the_picture_of_the_readme_is_true(tmp_path):
    cells = [new_code_cell(source) for source in _cells_of_the_picture()]
    nbformat.write(new_notebook(cells=cells), tmp_path / "sales.ipynb")
    (tmp_path / "orders.csv").write_text("region,day,total\nnorth,mon,1\nsouth,tue,2\n")
    command = [sys.executable, "-m", "nb2dag", "show", "sales.ipynb"]
    shown = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip() in (CHECKOUT / "README.md").read_text()
