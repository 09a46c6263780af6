"""Random notebooks, run whole and as a DAG in a random topological order, print the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.constructs import MOTIFS, STATEMENTS
from support.oracle import judge
from support.pool import judge_apart
from support.programs import program

PROGRAMS = 2000
LEAST_SHARE = 0.01
MOST_REFUSED = 0.10
MOST_BROKEN = 0.03


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_a_dag_prints_what_the_notebook_prints(data: st.DataObject, seed: int) -> None:
    cells = program(lambda options: data.draw(st.sampled_from(options))).cells
    verdict = judge(cells, seed)
    assert verdict.kind in ("same", "refused", "broken"), "\n---\n".join([*cells, verdict.detail])


@pytest.mark.timeout(1500)
def test_thousands_of_programs_with_every_construct() -> None:
    """None is wrong, each construct is in 1 % of 2,000, at most 10 % are refused; the figures are printed (`-rP`)."""
    judged = judge_apart(PROGRAMS)
    print(judged.figures())
    assert judged.wrong == [], judged.wrong[0]
    assert judged.verdicts["refused"] <= MOST_REFUSED * PROGRAMS, judged.figures()
    assert judged.verdicts["broken"] <= MOST_BROKEN * PROGRAMS, judged.figures()
    wanted = {"task continued", *(construct for construct, _ in STATEMENTS), *(motif.construct for motif in MOTIFS)}
    rare = {name for name in wanted if judged.constructs[name] < LEAST_SHARE * PROGRAMS}
    assert PROGRAMS < 2000 or rare == set(), judged.figures()


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("kind", "count", "least_same"), [("frames", 120, 0.95), ("objects", 50, 0.85)])
def test_programs_of_a_kind(kind: str, count: int, least_same: float) -> None:
    """None is wrong; the figures are printed (`-rP`)."""
    judged = judge_apart(count, kind)
    print(judged.figures())
    assert judged.wrong == [], judged.wrong[0]
    assert judged.verdicts["same"] >= least_same * count, judged.figures()


def test_a_long_chain_of_names_for_one_object() -> None:
    count = 60
    chain = [f"#| task: t{number}\nx{number} = x{number - 1}" for number in range(1, count)]
    names = ", ".join(f"x{number} is x0" for number in range(count))
    verdict = judge(["#| task: t0\nx0 = [0]", *chain, f"#| task: last\nx0.append(1)\nprint({names}, x{count - 1})"])
    assert verdict.kind == "same", verdict.detail
