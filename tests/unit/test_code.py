"""A tree is copied by itself, whatever other libraries write on the nodes that all trees of a process share."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from executing import Source

from nb2dag.compiler.analysis.spelled_out import Texts, spell_out
from nb2dag.model.code import copied

TEXT = "total = a.b + eval('c')\n"


@pytest.fixture
def marked() -> Iterator[None]:
    """Let `executing` read some source, as it does when IPython shows a traceback: every node gets its parent."""
    Source("elsewhere.py", ["shown = other.thing + 1\n"])
    shared = {id(node): node for node in ast.walk(ast.parse(TEXT)) if hasattr(node, "parent")}
    assert shared, "executing marks no shared node any more: this test shows nothing"
    yield
    for node in shared.values():
        del node.parent  # type: ignore[attr-defined]


@pytest.mark.usefixtures("marked")
@pytest.mark.timeout(20)
def test_a_copy_has_nothing_of_a_strangers_tree() -> None:
    tree = ast.parse(TEXT)

    copy = copied(tree)

    assert ast.dump(copy, include_attributes=True) == ast.dump(tree, include_attributes=True)
    own = {id(node) for node in ast.walk(tree) if hasattr(node, "lineno")}
    assert not [node for node in ast.walk(copy) if id(node) in own]


@pytest.mark.usefixtures("marked")
@pytest.mark.timeout(20)
def test_names_in_texts_are_spelled_out_beside_a_strangers_tree() -> None:
    tree = ast.parse(TEXT)

    assert ast.unparse(spell_out(tree.body[0], Texts(["eval"], [tree]))) == "total = a.b + c"
