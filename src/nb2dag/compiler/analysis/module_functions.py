"""Find what the functions of a local module change of what they are given, as is found of the notebook's own."""

from __future__ import annotations

import ast
import builtins
from functools import lru_cache

from nb2dag.compiler.analysis.decorators import keeps_state, wrappers
from nb2dag.compiler.analysis.effects import Summary
from nb2dag.compiler.analysis.local_state import MARKED, changing, remembering, using_file
from nb2dag.compiler.analysis.summaries import Summaries
from nb2dag.compiler.analysis.texts import has_parameter
from nb2dag.compiler.analysis.values import Definition, Value
from nb2dag.compiler.memo import Memo
from nb2dag.model.code import LocalModule

_BUILTINS = frozenset(dir(builtins))
_MOST_SUMMARIES = 1000
_MOST_IMPORTS = 4
"""Through how many modules it is followed what a function changes."""


@lru_cache(maxsize=256)
def notes_of_functions(modules: tuple[LocalModule, ...]) -> frozenset[str]:
    """Return what is to be noted of the functions of modules that may import one another."""
    noted = frozenset[str]()
    for _ in range(_MOST_IMPORTS if len(modules) > 1 else 1):
        known = " ".join(sorted(noted))
        found = (
            note
            for each in modules
            for note in (
                *changing_functions(each, known),
                *files_of_functions(each, known),
                *remembering_decorators(each),
            )
        )
        if noted == (noted := frozenset(found)):
            break
    return noted


@lru_cache(maxsize=256)
def changing_functions(module: LocalModule, known: str = "") -> tuple[str, ...]:
    """Return the functions of a module that change an argument, with its place, as `local_state` notes them.

    `known` are the notes of the functions of other modules, with spaces between.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> changing_functions(LocalModule("m", parse_code("def f(a, xs): xs.append(a)")))
    ('m.f@1@xs',)
    """
    resolver = _ModuleResolver(module, known)
    found: list[str] = []
    for node in module.code.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            summary = resolver.summary(Definition(node.name, node, -1))
            places = [
                (place, name)
                for place, name in enumerate(summary.parameters)
                if f"@{name}" in summary.mutated_parameters
            ]
            found += [changing(f"{module.name}.{node.name}", place, name) for place, name in places]
    return tuple(found)


@lru_cache(maxsize=256)
def remembering_decorators(module: LocalModule) -> tuple[str, ...]:
    r"""Return the functions of a module that make functions which remember something, as `local_state` notes them.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> text = "def once(f):\n    n = [0]\n    def inner(): n[0] += 1; return n[0]\n    return inner"
    >>> remembering_decorators(LocalModule("m", parse_code(text)))
    ('^m.once',)
    """
    functions = [node for node in module.code.tree.body if isinstance(node, ast.FunctionDef)]
    found = [Definition(node.name, node, -1) for node in functions]
    return tuple(remembering(f"{module.name}.{each.name}") for each in found if wrappers(each) and keeps_state(each))


@lru_cache(maxsize=256)
def files_of_functions(module: LocalModule, known: str = "") -> tuple[str, ...]:
    r"""Return the files that functions of a module use, whatever they are given, as `local_state` notes them.

    >>> from nb2dag.compiler.frontend.escapes import parse_code
    >>> files_of_functions(LocalModule("m", parse_code("LOG = 'o.txt'\ndef f(s): open(LOG, 'a').write(s)")))
    ('~m.f~change~o.txt',)
    >>> files_of_functions(LocalModule("m", parse_code("def f(path): open(path)")))
    ()
    """
    resolver = _ModuleResolver(module, known)
    found: list[str] = []
    for node in module.code.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            uses = resolver.summary(Definition(node.name, node, -1)).effects.files
            texts = {(use.access, use.text) for use in uses if not has_parameter(use.text)}
            found += [using_file(f"{module.name}.{node.name}", access, text) for access, text in texts]
    return tuple(sorted(found))


class _ModuleResolver:
    """Says what the names of a module stand for to its functions: its definitions and imports."""

    def __init__(self, module: LocalModule, known: str) -> None:
        self._known = Value(kind="immutable", constant=known)
        self._values: dict[str, Value] = {}
        self._summaries = Summaries(self, Memo(_MOST_SUMMARIES))
        for node in module.code.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._values[node.name] = Value(definition=Definition(node.name, node, -1))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                text = node.value.value if isinstance(node.value.value, str) else None
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._values[target.id] = Value(kind="immutable", constant=text)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self._values[name] = Value(kind="module", module=alias.name if alias.asname else name)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self._values[alias.asname or alias.name] = Value(module=f"{node.module or ''}.{alias.name}")

    def resolve(self, name: str) -> Value:
        known = self._values.get(name)
        if known is not None:
            return known
        if name.startswith(MARKED):
            return self._known
        return Value(module=f"builtins.{name}") if name in _BUILTINS else Value(same=frozenset({name}))

    def define(self, definition: Definition) -> Definition:
        return definition

    def summary(self, definition: Definition) -> Summary:
        return self._summaries.summary(definition)

    def methods(self, definition: Definition, name: str) -> list[Summary]:
        return self._summaries.methods(definition, name)
