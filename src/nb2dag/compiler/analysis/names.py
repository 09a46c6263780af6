r"""Find the names one statement reads, binds, may bind and deletes, before anything is known about values.

The walk is the interpreter's own order of evaluation. A name counts as read when some path reaches it before the
statement itself has bound it; it counts as bound when every path that ends normally binds it, and as maybe bound when
only some do. Bodies of functions do not run here: the globals they use are *deferred*, and count where the function
is referenced.

>>> facts = statement_names(ast.parse("if c:\n    x = y\nelse:\n    x = z").body[0])
>>> sorted(facts.reads), sorted(facts.binds), sorted(facts.maybe)
(['c', 'y', 'z'], ['x'], [])
>>> facts = statement_names(ast.parse("def f(a=n): return a + offset").body[0])
>>> sorted(facts.reads), sorted(facts.binds), sorted(facts.deferred)
(['n'], ['f'], ['offset'])
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from nb2dag.compiler.analysis.walk_expressions import Rules
from nb2dag.compiler.analysis.walk_statements import NameWalker


@dataclass(slots=True)
class NameFacts:
    """What one statement does with global names.

    `reads`, `deferred` map a name to the first node that reads it. `binds` are bound on every path, `maybe` on some.
    `stars` are the modules of `from m import *`. `inline` are names that lambdas and generators inside the statement
    use: they may run at once, so they are among `reads` too. `deferred` are those of `def` bodies and of methods.
    """

    reads: dict[str, ast.AST] = field(default_factory=dict)
    deferred: dict[str, ast.AST] = field(default_factory=dict)
    binds: dict[str, ast.AST] = field(default_factory=dict)
    maybe: dict[str, ast.AST] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)

    @property
    def touched(self) -> set[str]:
        """Every name the statement may bind or delete."""
        return set(self.binds) | set(self.maybe) | self.deletes


def statement_names(statement: ast.stmt) -> NameFacts:
    """Return the name facts of one top-level statement of a cell.

    A function that only assigns a global counts as using it: what it leaves there depends on whether it was called.
    """
    walker = NameWalker(Rules())
    walker.statement(statement)
    certain = set(walker.stores) if walker.paths is None else walker.paths.must
    return NameFacts(
        reads=walker.reads,
        deferred=walker.called_stores | walker.deferred,
        binds={name: node for name, node in walker.stores.items() if name in certain},
        maybe={name: node for name, node in walker.stores.items() if name not in certain},
        deletes=walker.deletes,
        stars=walker.stars,
    )
