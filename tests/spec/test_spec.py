"""Every case of the spec files: the findings it says, and the same output whole and as a DAG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.oracle import compile_cells, judge
from support.spec import SpecCase, read_cases

WARM = (np, pd)
"""Imported here so that no forked task pays for it."""

CASES = read_cases(Path(__file__).parent)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.title}")
def test_case(case: SpecCase) -> None:
    found = {
        (item.severity.value, item.name, item.span.cell, item.span.region.line)
        for item in compile_cells(case.cells).diagnostics
    }
    assert found == case.expected
    if not any(severity == "error" for severity, *_ in found):
        verdict = judge(case.cells)
        assert verdict.kind == "same", verdict.detail


def test_there_are_cases() -> None:
    assert len(CASES) > 60
