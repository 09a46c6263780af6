"""What is suggested for a random notebook compiles, and computes what the notebook computes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.suggestion.notebook import suggest_notebook
from nb2dag.model.directive import Spelling
from support.oracle import MOST_BYTES, judge, notebook_text
from support.programs import program_of

PROGRAMS = 40
MOST_REFUSED = 0.10

NOWHERE = Path("/nonexistent")
_TAG = re.compile(r"^#\| task: \w+\n")


def suggested(cells: list[str], spelling: Spelling = Spelling.OPTION_LINES):
    return suggest_notebook(notebook_text(cells), "random.ipynb", NOWHERE, MOST_BYTES, spelling)


def test_suggestions_for_random_notebooks_print_what_the_notebooks_print() -> None:
    refused = 0
    for seed in range(PROGRAMS):
        cells = [_TAG.sub("", cell) for cell in program_of(seed).cells]
        found = suggested(cells)
        if found.text is None:
            refused += 1
            assert found.errors
            continue
        sources = [cell.source for cell in parse_notebook(found.text, "").cells]
        verdict = judge(sources, seed)
        assert verdict.kind in ("same", "broken"), "\n---\n".join([str(seed), *sources, verdict.detail])
    assert refused <= MOST_REFUSED * PROGRAMS


@settings(max_examples=150, deadline=None)
@given(cells=st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_is_tagged_or_refused(cells: list[str]) -> None:
    for spelling in (Spelling.MAGIC, Spelling.OPTION_LINES):
        found = suggested(cells, spelling)
        if found.text is None:
            assert found.errors or not any(re.sub(r"#.*", "", cell).strip() for cell in cells)
        else:
            assert len(json.loads(found.text)["cells"]) == len(cells) + found.added
