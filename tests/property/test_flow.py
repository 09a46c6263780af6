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


def test_a_long_chain_of_names_for_one_object() -> None:
    count = 60
    chain = [f"#| task: t{number}\nx{number} = x{number - 1}" for number in range(1, count)]
    names = ", ".join(f"x{number} is x0" for number in range(count))
    verdict = judge(["#| task: t0\nx0 = [0]", *chain, f"#| task: last\nx0.append(1)\nprint({names}, x{count - 1})"])
    assert verdict.kind == "same", verdict.detail
