"""Gather what is no obstacle to a faithful DAG, or only to its order, and worth saying all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nb2dag.compiler.analysis.demand import Demands
from nb2dag.compiler.analysis.flow import Flow
from nb2dag.compiler.analysis.order import unordered_accesses
from nb2dag.compiler.analysis.repeated import repeated_work
from nb2dag.compiler.analysis.serialised import serial_mutations
from nb2dag.compiler.analysis.statements import Statement
from nb2dag.compiler.analysis.undefined import unbound_in_functions
from nb2dag.compiler.analysis.unrepeatable import unseeded_randomness, wall_clock_dates
from nb2dag.compiler.analysis.unused import unused_tasks
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.program import Program


def find_advice(flow: Flow, demands: Demands, program: Program, exported: Sequence[Statement]) -> Iterator[FlowProblem]:
    """Yield what a reader of the notebook would remark; `exported` are the statements that some task runs."""
    path = program.notebook.path
    yield from unordered_accesses(flow, demands, program)
    yield from serial_mutations(flow, demands, program)
    yield from repeated_work(flow, demands, path)
    yield from unbound_in_functions(flow, exported, path)
    yield from unused_tasks(flow, demands, program)
    yield from unseeded_randomness(flow, exported, path)
    yield from wall_clock_dates(exported, path)
