"""What is suggested for a random notebook compiles, and computes what the notebook computes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.suggestion.notebook import suggest_notebook
from nb2dag.model.directive import Spelling
from support.oracle import MOST_BYTES, judge, notebook_text
from support.programs import program

NOWHERE = Path("/nonexistent")
_TAG = re.compile(r"^#\| task: \w+\n")


def suggested(cells: list[str], spelling: Spelling = Spelling.OPTION_LINES):
    return suggest_notebook(notebook_text(cells), "random.ipynb", NOWHERE, MOST_BYTES, spelling)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_a_suggestion_prints_what_the_notebook_prints(data: st.DataObject, seed: int) -> None:
    tagged = program(lambda options: data.draw(st.sampled_from(options)), 8)
    cells = [_TAG.sub("", cell) for cell in tagged]
    found = suggested(cells)
    assert found.text is not None, [*cells, [item.message for item in found.errors]]
    sources = [cell.source for cell in parse_notebook(found.text, "").cells]
    verdict = judge(sources, seed)
    assert verdict.kind in ("same", "broken"), "\n---\n".join([*sources, verdict.detail])


@settings(max_examples=150, deadline=None)
@given(cells=st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_is_tagged_or_refused(cells: list[str]) -> None:
    for spelling in (Spelling.MAGIC, Spelling.OPTION_LINES):
        found = suggested(cells, spelling)
        if found.text is None:
            assert found.errors or not any(re.sub(r"#.*", "", cell).strip() for cell in cells)
        else:
            assert len(json.loads(found.text)["cells"]) == len(cells) + found.added
