"""Find what one cell's code says whatever stands around the cell, each statement looked through once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

from nb2dag.compiler.analysis.exported import QUESTIONS, figures_in_loops, installations, local_paths, questions
from nb2dag.compiler.analysis.filling import has_filling
from nb2dag.compiler.analysis.imports import dotted_names, imported_modules
from nb2dag.compiler.analysis.lazy_annotations import makes_lazy, with_lazy_annotations
from nb2dag.compiler.analysis.names import NameFacts, statement_names
from nb2dag.compiler.analysis.own_attributes import own_attributes
from nb2dag.compiler.analysis.pyplot_state import takes_own_backend
from nb2dag.compiler.analysis.regions import region_in
from nb2dag.compiler.analysis.secrets import secrets_in_escapes, secrets_in_nodes
from nb2dag.compiler.analysis.spelled_out import Texts, has_names_in_texts, spell_out
from nb2dag.compiler.analysis.written_modules import writes_modules
from nb2dag.compiler.memo import Memo
from nb2dag.model.code import Escape, LocalModule, ParsedCode, Script, escape_of, nodes_of
from nb2dag.model.program import Program, ProgramCell
from nb2dag.model.span import Region

_MOST_CELLS = 20_000
_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


@dataclass(eq=False)
class StatementFacts:
    """What one top-level statement says by itself.

    `text` are its lines, whole. `local_paths`, `questions` and `figures` (shown in a loop) are findings with what they
    say.
    """

    node: ast.stmt
    region: Region
    text: str
    compound: bool
    escapes: tuple[Escape, ...]
    local_paths: tuple[tuple[Region, str], ...]
    questions: tuple[tuple[Region, str], ...]
    figures: tuple[tuple[Region, str], ...]
    local_modules: tuple[LocalModule, ...] = ()
    """The local modules that it imports, and those that these import."""

    @cached_property
    def names(self) -> NameFacts:
        """The global names it reads, binds and deletes."""
        return statement_names(self.node)

    @cached_property
    def modules(self) -> frozenset[str]:
        """The dotted modules that it imports."""
        return imported_modules(self.node)

    @cached_property
    def dotted(self) -> frozenset[tuple[str, tuple[str, ...]]]:
        """The names that attributes are taken of, with these attributes: `("xml", ("etree", "ElementTree"))`."""
        return dotted_names(self.node)

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """The string constants in it, and in the files that it runs by `%run`."""
        trees = (self.node, *(part.tree for script in self.scripts for part in script.parts))
        nodes = (node for tree in trees for node in nodes_of(tree) if isinstance(node, ast.Constant))
        return tuple(node.value for node in nodes if isinstance(node.value, str))

    @cached_property
    def scripts(self) -> list[Script]:
        """The files that it runs by `%run`."""
        calls = nodes_of(self.node) if any(escape.script is not None for escape in self.escapes) else []
        scripts = (escape.script for call in calls if (escape := escape_of(call)) is not None)
        return [script for script in scripts if script is not None]


@dataclass(frozen=True, slots=True, eq=False)
class CellFacts:
    """What one cell's code says by itself.

    `statements` are all but those that load nb2dag itself; `secrets` are literals that look like one, with what they
    look like; `own_questions` the names of functions that ask a person, where the cell binds such a name itself;
    `installations` are the commands that install packages; `names_in_texts` tells that strings may name names;
    `own_attributes` are names of attributes that it gives to objects of the notebook's and that libraries use as well;
    `own_backend` tells that it has figures outlive their cells, `own_deletion` that it says what happens when an object
    goes, `writes_modules` that it may write files of code, `makes_lazy` that annotations below are not evaluated,
    `has_filling` that it may make dicts which fill in what is missing.
    """

    statements: tuple[StatementFacts, ...]
    secrets: tuple[tuple[Region, str], ...]
    own_questions: frozenset[str]
    installations: tuple[tuple[Region, str], ...]
    may_fail_on_a_worker: bool
    names_in_texts: bool
    own_attributes: frozenset[str]
    own_backend: bool
    own_deletion: bool
    writes_modules: bool
    makes_lazy: bool
    has_filling: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the statements."""
        return tuple(statement.text for statement in self.statements)


class CellFactsMemo:
    """Finds the facts of cells, those of one tree once as long as it is among the last that were asked for."""

    def __init__(self) -> None:
        self._facts: Memo[ParsedCode, CellFacts] = Memo(_MOST_CELLS)
        self._spelled: Memo[CellFacts, tuple[dict[str, object], CellFacts]] = Memo(_MOST_CELLS)
        self._lazy: Memo[CellFacts, CellFacts] = Memo(_MOST_CELLS)
        self._last: Memo[str, CellFacts] = Memo(_MOST_CELLS)

    def of(self, cell: ProgramCell) -> CellFacts:
        """Return the facts of a cell's code; a statement that an edit of the cell left alone keeps its own."""
        found = self._facts.kept(cell.code)
        if found is None:
            found = cell_facts(cell.code, cell.cell.source, self._last.kept(cell.cell.id))
            self._facts.keep(cell.code, found)
            self._last.keep(cell.cell.id, found)
        return found

    def spelled(self, program: Program, cells: Iterable[ProgramCell]) -> list[CellFacts]:
        """Return the facts of cells of a program, with the names spelled out that they use by their text."""
        meant = list(cells)
        found = self._with_lazy_annotations([self.of(cell) for cell in meant])
        if not any(self.of(cell).names_in_texts for cell in program.cells):
            return found
        texts = Texts(
            (cell.cell.source for cell in program.cells),
            (cell.code.tree for cell in program.cells if cell.code.problem is None),
        )
        return [
            self._spell(facts, texts)
            if facts.names_in_texts or any(name in cell.cell.source for name in texts.evaluators)
            else facts
            for cell, facts in zip(meant, found, strict=True)
        ]

    def _with_lazy_annotations(self, cells: list[CellFacts]) -> list[CellFacts]:
        """Return facts in which the annotations below `from __future__ import annotations` are not evaluated."""
        lazy = False
        found: list[CellFacts] = []
        for facts in cells:
            lazy = lazy or facts.makes_lazy
            found.append(self._lazy.get(facts, partial(_read_as, facts, with_lazy_annotations)) if lazy else facts)
        return found

    def _spell(self, facts: CellFacts, texts: Texts) -> CellFacts:
        known = self._spelled.kept(facts)
        if known is not None and texts.holds(known[0]):
            return known[1]
        texts.asked = {"@evaluators": texts.evaluators}
        spelled = _read_as(facts, lambda node: spell_out(node, texts))
        self._spelled.keep(facts, (texts.asked, spelled))
        return spelled


def _fills(module: LocalModule) -> bool:
    return any(getattr(node, "id", getattr(node, "attr", "")) == "defaultdict" for node in nodes_of(module.code.tree))


def _read_as(facts: CellFacts, reading: Callable[[ast.stmt], ast.stmt]) -> CellFacts:
    """Return facts whose statements are read in another way; the same where that makes no difference."""
    nodes = [reading(statement.node) for statement in facts.statements]
    if all(node is statement.node for node, statement in zip(nodes, facts.statements, strict=True)):
        return facts
    statements = tuple(
        statement if node is statement.node else replace(statement, node=node, compound=_is_compound(node))
        for node, statement in zip(nodes, facts.statements, strict=True)
    )
    return replace(facts, statements=statements)


def cell_facts(code: ParsedCode, source: str, before: CellFacts | None = None) -> CellFacts:
    """Return the facts of a cell's code; `source` is the cell's text, which its positions point into.

    Statements that stand in the same text at the same place as in another state of the cell, `before`, have the very
    facts, and trees, that they had.
    """
    lines = source.split("\n")
    # Escapes are of a whole cell, so that statements of a cell that has some may mean something else than before.
    known = {(each.region, each.text): each for each in before.statements if not each.escapes} if before else {}
    found: list[StatementFacts] = []
    secrets: list[tuple[Region, str]] = []
    own: set[str] = set()
    attributes = {name for module in code.modules for name in _attributes_of(module)}
    for node in code.tree.body:
        nodes = nodes_of(node)
        attributes |= own_attributes(nodes)
        secrets += secrets_in_nodes(nodes, lines)
        own.update(QUESTIONS.intersection(_bound_names(nodes)))
        if not is_extension_load(node):
            region = region_in(node, lines)
            text = "\n".join(lines[region.line - 1 : region.end_line])
            same = known.get((region, text)) if not code.escapes else None
            local = code.modules if code.modules and imported_modules(node) else ()
            if same is None or same.local_modules != local:
                same = replace(_statement_facts(node, lines, code.escapes, text), local_modules=local)
            found.append(same)
    secrets += secrets_in_escapes(code.escapes)
    installs = tuple(installations(code.escapes, lines))
    suspect = bool(installs) or any(each.local_paths or each.questions or each.figures for each in found)
    return CellFacts(
        tuple(found),
        tuple(dict.fromkeys(secrets)),
        frozenset(own),
        installs,
        suspect,
        has_names_in_texts(source),
        frozenset(attributes),
        takes_own_backend(source),
        "__del__" in source,
        writes_modules(source),
        any(map(makes_lazy, code.tree.body)),
        has_filling(source) or any(map(_fills, code.modules)),
    )


@lru_cache(maxsize=256)
def _attributes_of(module: LocalModule) -> frozenset[str]:
    return frozenset(own_attributes(nodes_of(module.code.tree)))


def _statement_facts(node: ast.stmt, lines: list[str], escapes: tuple[Escape, ...], text: str) -> StatementFacts:
    nodes = nodes_of(node)
    return StatementFacts(
        node,
        region_in(node, lines),
        text,
        _is_compound(node),
        escapes,
        tuple((region_in(each, lines), text) for each, text in local_paths(nodes)),
        tuple((region_in(call, lines), name) for call, name in questions(nodes)),
        tuple((region_in(call, lines), name) for call, name in figures_in_loops(node)) if "show(" in text else (),
    )


def is_extension_load(node: ast.stmt) -> bool:
    """Tell whether a statement is `%load_ext nb2dag` or `%reload_ext nb2dag`, which no task needs."""
    escape = escape_of(node.value) if isinstance(node, ast.Expr) else None
    return (
        escape is not None
        and escape.name in ("load_ext", "reload_ext")
        and escape.text.split("#")[0].split() == ["nb2dag"]
    )


def _is_compound(node: ast.stmt) -> bool:
    return isinstance(node, _COMPOUND) or type(node).__name__ == "TryStar"


def _bound_names(nodes: Iterable[ast.AST]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
