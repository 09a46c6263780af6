"""Mark what a module makes that the notebook itself wrote: whoever loads it needs the module's file."""

from __future__ import annotations

import sys
from dataclasses import replace

from nb2dag.compiler.analysis.marks import made_in
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.values import Value

WRITES_MODULES = "<writes modules>"
"""Stands for that the notebook writes files of code."""


def writes_modules(source: str) -> bool:
    """Tell whether a cell may write a file of code.

    >>> writes_modules("%%writefile rows.py"), writes_modules("import rows")
    (True, False)
    """
    return ".py" in source and "writ" in source


def of_module(evaluator: CallingEvaluator, path: str, result: Value) -> Value:
    """Return what calling something of a module gives, marked with the module if the notebook may have written it."""
    root = path.partition(".")[0]
    if result.immutable or root in sys.stdlib_module_names or root == "builtins":
        return result
    if evaluator.resolver.resolve(WRITES_MODULES).constant is None:
        return result
    return replace(result, draws=result.draws | made_in(root))
