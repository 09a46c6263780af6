"""Random notebooks, run whole and as a DAG in a random topological order, print the same."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.oracle import judge
from support.programs import program


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_a_dag_prints_what_the_notebook_prints(data: st.DataObject, seed: int) -> None:
    cells = program(lambda options: data.draw(st.sampled_from(options)))
    verdict = judge(cells, seed)
    assert verdict.kind in ("same", "refused", "broken"), "\n---\n".join([*cells, verdict.detail])
