"""What is said of a cell's names against the interpreter: its bytecode, and runs of the cell on random paths."""

from __future__ import annotations

import ast
import dis
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2dag.compiler.analysis.cell_names import list_cell_names
from nb2dag.compiler.frontend.tagging import tag_program
from nb2dag.model.notebook import Cell, CellType, Notebook
from support.name_programs import NAMES, make_cell, run_cell


def names_of(source):
    program = tag_program(Notebook("n.ipynb", (Cell(1, "a", CellType.CODE, source),)))
    assert program.cells[0].code.problem is None
    (names,) = list_cell_names(program)
    return {use.name for use in names.definitions}, {use.name for use in names.references}


def names_in_bytecode(source):
    """Return the global names that the compiled cell loads, stores and deletes."""
    found: dict[str, set[str]] = {"LOAD": set(), "STORE": set(), "DELETE": set()}
    code = compile(source, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    waiting = [code]
    while waiting:
        current = waiting.pop()
        waiting += [item for item in current.co_consts if isinstance(item, types.CodeType)]
        instructions = list(dis.get_instructions(current))
        # A class body's own names are found in the class.
        own = {each.argval for each in instructions if each.opname == "STORE_NAME" and current is not code}
        for each in instructions:
            kind, _, rest = each.opname.partition("_")
            if kind in found and (rest.endswith(("GLOBAL", "GLOBALS")) or rest == "NAME"):
                found[kind] |= {each.argval} - (own if rest == "NAME" else set())
    return [names - {"__annotations__", "__name__"} for names in found.values()]


SCOPED = (
    """
def f({0}, {1}={2}): return {0}, {1}, {3}, [{4} for {4} in {3}]
def g():
    global {0}
    {0} = {1}
    def h({2}): return {0}, {2}, {3}
    return h
class C({4}):
    {0} = 1
    def m(self, {1}={2}): return {0}, {1}, {3}
def f():
    {0} = 1
    def g():
        nonlocal {0}
        {0} = {1}
    return g
f = lambda {0}, {1}={2}: ({3} := {0})
def f(*{0}, {1}: {2} = {3}) -> {4}: {0}: {1} = {2}
async def f():
    async for {0} in {1}: yield [{2} async for {2} in {0} if ({3} := {2})]
def f():
    for {0} in {1}: import {2}.x, y as {3}
    with {4} as {3}: return {2}
[{0} for {0} in {1} for {2} in {0} if {3}]
x = {{ {0}: {1} for {0}, {1} in {2} }}, f"{{ {3}:{{ {4} }} }}"
def f({0}):
    def g():
        global {0}
        def h(): return {0}, {1}
        return h
    return g
@{0}
class C:
    global {1}
    {1} = {2}
    def m(self): return {1}, __class__, super()
""".strip()
    .replace("{{ ", "{")
    .replace(" }}", "}")
)


def scoped_parts():
    """Return the templates of `SCOPED`: statements at the left edge, with the indented lines below them."""
    parts = []
    for line in SCOPED.split("\n"):
        if line[:1] == " " or (parts and parts[-1].startswith("@") and "\n" not in parts[-1]):
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return parts


@st.composite
def scoped_cells(draw):
    cells = []
    for part in draw(st.lists(st.sampled_from(scoped_parts()), min_size=1, max_size=4)):
        text = part
        for number, name in enumerate(draw(st.permutations(NAMES))):
            text = text.replace(f"{{{number}}}", name)
        cells.append(text)
    return "\n".join(cells)


@settings(deadline=None, max_examples=400)
@given(scoped_cells())
def test_scopes_agree_with_the_bytecode(source):
    definitions, references = names_of(source)
    loads, stores, deletes = names_in_bytecode(source)
    assert definitions == stores
    assert references & set(NAMES) <= loads | deletes
    assert (loads | deletes) & set(NAMES) - stores <= references


@settings(deadline=None, max_examples=200)
@given(st.integers(min_value=0, max_value=10**9))
def test_no_run_needs_or_leaves_a_name_that_is_not_listed(seed):
    source = make_cell(seed)
    definitions, references = names_of(source)
    left, _, needed = run_cell(source, seed, runs=10)
    assert left <= definitions
    assert needed <= references


@pytest.mark.parametrize("first", range(0, 200, 40))
def test_hardly_a_name_is_listed_that_no_run_needs(first):
    listed = met = 0
    for seed in range(first, first + 40):
        source = make_cell(seed, first_depth=2)
        if "while True" in source:
            # What stands behind an endless loop is listed, and never run.
            continue
        references = names_of(source)[1] & set(NAMES)
        _, _, needed = run_cell(source, seed, runs=100)
        listed += len(references)
        met += len(needed)
    assert met >= 0.97 * listed > 0
