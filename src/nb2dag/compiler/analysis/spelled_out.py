"""Spell out the names that code uses by their text: `exec("x = 1")`, `globals()["x"]`, `df.query("a > @limit")`.

What such a construct does with names is put into the syntax tree as if it had been written plainly, at the same place
in the text, so that the rest of the analysis needs no special case. What cannot be read off the text stays as it is.
"""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from nb2dag.model.code import copied, nodes_of

_TRIGGERS = re.compile(
    r"exec|eval|globals|locals|vars|dir\b|__main__|modules\[|query|evaluate|duckdb|sqldf|~|timeit|\.sql\(|__subclasses__|unittest|formula|\bsmf\b|dmatri"
)
"""Some of this stands in the text of every cell that there is anything to do for."""

_NAMESPACES = {"globals", "locals", "vars", "dir"}
_NAME = re.compile(r"[^\W\d]\w*")
_AT_NAME = re.compile(r"@([^\W\d]\w*)")
_CALLED_NAME = re.compile(r"([^\W\d]\w*)\s*[.(]")
_TABLE_QUERIES = {"sql", "query", "execute", "from_query"}
_TAKES_FORMULA = {
    "ols", "gls", "wls", "glsar", "glm", "gee", "logit", "probit", "poisson", "mixedlm", "rlm", "quantreg", "phreg",
    "mnlogit", "negativebinomial", "glmgam", "from_formula", "dmatrix", "dmatrices",
}  # fmt: skip
_EXECUTES = "exec_in"
"""The method that `exec(code, names)` is spelled as a call of."""
DEFINES = "define_in"
"""The same for code that makes functions, whose global names are in `names`."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_EVALUATES = "eval_in"
_OPTIONAL = "nb2dag_optional"
_EXTRA = "nb2dag_names"
"""The argument that carries the names a call reads by itself."""
_Node = TypeVar("_Node", bound=ast.AST)


class Texts:
    """What the strings of a notebook are, as far as they are written down in it.

    Args:
        sources: The text of every code cell.
        trees: Their syntax trees.
    """

    def __init__(self, sources: Iterable[str], trees: Iterable[ast.Module]) -> None:
        whole = list(sources)
        self._duckdb = any("duckdb" in source for source in whole)
        self._bound: dict[str, list[str | None]] = {}
        self._at_names: set[str] = set()
        self._called_names: set[str] = set()
        self.asked: dict[str, object] = {}
        """What was asked for, with the answers."""
        whole_trees = list(trees)
        for tree in whole_trees:
            bound, at_names, called_names = _strings(tree)
            self._at_names |= at_names
            self._called_names |= called_names
            for name, texts in bound.items():
                self._bound.setdefault(name, []).extend(texts)
        classes = (node for tree in whole_trees for node in nodes_of(tree) if isinstance(node, ast.ClassDef))
        derives = any("__subclasses__" in source or "unittest" in source for source in whole)
        self._derived = sorted({node.name for node in classes if node.bases}) if derives else []
        self.evaluators = _evaluators(whole_trees) if any("eval" in source for source in whole) else set()
        """Functions and classes of the notebook that evaluate texts, and are only ever called by their names."""

    @property
    def duckdb(self) -> bool:
        """Whether the notebook names duckdb."""
        self.asked["@duckdb"] = self._duckdb
        return self._duckdb

    @property
    def derived(self) -> list[str]:
        """The names of all classes that the notebook derives from others."""
        self.asked["@derived"] = self._derived
        return self._derived

    @property
    def at_names(self) -> set[str]:
        """Every name that a string of the notebook has an `@` before."""
        self.asked["@names"] = self._at_names
        return self._at_names

    @property
    def called_names(self) -> set[str]:
        """Every name that a string of the notebook may call: in a formula that is put together."""
        self.asked["@called"] = self._called_names
        return self._called_names

    def bound(self, name: str) -> list[str | None]:
        """Return what is assigned to a name: strings, None for anything else."""
        found = self.asked[name] = self._bound.get(name, [])
        return found

    def holds(self, asked: dict[str, object]) -> bool:
        """Tell whether questions of an earlier time have the same answers."""
        known: dict[str, object] = {
            "@duckdb": self._duckdb,
            "@names": self._at_names,
            "@called": self._called_names,
            "@evaluators": self.evaluators,
            "@derived": self._derived,
        }
        return all(self._bound.get(name, known.get(name, [])) == answer for name, answer in asked.items())

    def code(self, node: ast.expr) -> str | None:
        """Return the text an expression certainly is, None where it is not known."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            texts = self.bound(node.id)
            return texts[0] if len(texts) == 1 else None
        return None

    def parts(self, node: ast.expr) -> list[str] | None:
        """Return every text that an expression may contain, None where something in it is not known."""
        found: list[str] = []
        for child in ast.walk(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                found.append(child.value)
            elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                texts = self.bound(child.id)
                if not texts or None in texts:
                    return None
                found += [text for text in texts if text is not None]
        return found


@lru_cache(maxsize=20_000)
def _strings(tree: ast.Module) -> tuple[dict[str, list[str | None]], set[str], set[str]]:
    bound: dict[str, list[str | None]] = {}
    at_names: set[str] = set()
    called_names: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            text = node.value.value if isinstance(node.value, ast.Constant) else None
            bound.setdefault(node.targets[0].id, []).append(text if isinstance(text, str) else None)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id, [])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            at_names.update(_AT_NAME.findall(node.value))
            called_names.update(_CALLED_NAME.findall(node.value))
    return bound, at_names, called_names


def has_names_in_texts(source: str) -> bool:
    """Tell whether there may be anything to spell out in a cell."""
    return _TRIGGERS.search(source) is not None


def spell_out(node: ast.stmt, texts: Texts) -> ast.stmt:
    """Return a statement with the names it uses by their text spelled out; the same object where there are none.

    There are none in a cell without `has_names_in_texts`, unless it names one of the notebook's evaluators.

    >>> tree = ast.parse("globals()['x'] = eval('a + b')")
    >>> ast.unparse(spell_out(tree.body[0], Texts(["eval"], [tree])))
    'x = a + b'
    """
    spelled = _Speller(texts).visit(copied(node))
    return node if ast.dump(spelled) == ast.dump(node) else spelled


def is_optional(node: ast.AST) -> bool:
    """Tell whether a name that stands in a text may as well be something else: a column, a word of SQL."""
    return getattr(node, _OPTIONAL, False)


def mark_optional(tree: ast.AST) -> None:
    """Say of every name in a tree that it may as well be missing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            setattr(node, _OPTIONAL, True)


class _Speller(ast.NodeTransformer):
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._inside = 0
        self._evaluating = 0

    # -- functions have a namespace of their own -----------------------------------------------------------------

    def _function(self, node: ast.AST) -> ast.AST:
        outermost = not self._inside and getattr(node, "name", None) in self._texts.evaluators
        self._inside += 1
        self._evaluating += outermost
        self.generic_visit(node)
        self._evaluating -= outermost
        self._inside -= 1
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _function

    def _is_namespace(self, node: ast.AST, *, names: Iterable[str] = ("globals", "locals", "vars")) -> bool:
        """Tell whether an expression is the notebook's namespace: `globals()`, and outside of functions `locals()`."""
        if not isinstance(node, ast.Call) or node.args or node.keywords or not isinstance(node.func, ast.Name):
            return False
        return node.func.id in names and (node.func.id == "globals" or not self._inside)

    # -- statements ----------------------------------------------------------------------------------------------

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        if isinstance(call, ast.Call) and not self._inside:
            body = self._executed(call) or self._updated(call)
            if body is not None:
                return _at(ast.If(ast.Constant(value=True), body, []), node)
        return self.generic_visit(node)

    def _executed(self, call: ast.Call) -> list[ast.stmt] | None:
        if not (isinstance(call.func, ast.Name) and call.func.id == "exec") or not self._here(call):
            return None
        text = self._texts.code(call.args[0])
        try:
            return None if text is None else [_at(ast.Expr(call.args[0]), call), *ast.parse(text).body]
        except (SyntaxError, ValueError):
            return None

    def _here(self, call: ast.Call) -> bool:
        """Tell whether `exec` or `eval` works on the notebook's namespace."""
        return bool(call.args) and not call.keywords and all(map(self._is_namespace, call.args[1:]))

    def _updated(self, call: ast.Call) -> list[ast.stmt] | None:
        """Return the bindings of `globals().update(x=1)`."""
        function = call.func
        if not (
            isinstance(function, ast.Attribute) and function.attr == "update" and self._is_namespace(function.value)
        ):
            return None
        pairs: list[tuple[str | None, ast.expr]] = [(item.arg, item.value) for item in call.keywords]
        for argument in call.args:
            if not isinstance(argument, ast.Dict):
                return None
            keys = [self._texts.code(key) if key is not None else None for key in argument.keys]
            pairs += zip(keys, argument.values, strict=True)
        if not pairs or any(name is None or not name.isidentifier() for name, _ in pairs):
            return None
        return [_at(ast.Assign([ast.Name(str(name), ast.Store())], self.visit(value)), call) for name, value in pairs]

    # -- expressions ---------------------------------------------------------------------------------------------

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        name = self._texts.code(node.slice)
        if self._is_namespace(node.value) and name is not None and name.isidentifier():
            if isinstance(node.ctx, ast.Load):
                return _at(_both(node.slice, ast.Name(name, ast.Load())), node)
            if isinstance(node.slice, ast.Constant) and not self._inside:
                return _at(ast.Name(name, node.ctx), node)
        if ast.unparse(node) in ("sys.modules[__name__]", "sys.modules['__main__']"):
            return _at(ast.Call(ast.Name("globals", ast.Load()), [], []), node)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "__main__" and not self._inside:
            return _at(ast.Name(node.attr, node.ctx), node)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`"x" in globals()` depends on `x` and on nothing else of the namespace."""
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            name = self._texts.code(node.left)
            if name is not None and self._is_namespace(node.comparators[0], names=_NAMESPACES):
                node.comparators = [_at(_names([name]), node)]
                return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in self._texts.evaluators:
            given = self._given_to_evaluate(node)
            if given is not None:
                node.keywords.append(ast.keyword(_EXTRA, _at(given, node)))
            return node
        if self._evaluating and _evaluates(node):
            # What it evaluates is said where the function around it is called.
            return _at(ast.Call(ast.Attribute(node.args[0], _EVALUATES, ast.Load()), [], []), node)
        if _looks_for_classes(node.func):
            node.keywords.append(ast.keyword(_EXTRA, _at(_names(self._texts.derived), node)))
            return node
        for spell in (self._evaluated, self._in_namespace, self._got, self._formatted, self._timed):
            found = spell(node)
            if found is not None:
                return _at(found, node)
        names = sorted(set(self._mentioned(node)))
        if names:
            node.keywords.append(ast.keyword(_EXTRA, _at(_names(names), node)))
        return node

    def _evaluated(self, call: ast.Call) -> ast.expr | None:
        if not (isinstance(call.func, ast.Name) and call.func.id == "eval") or not self._here(call):
            return None
        text = self._texts.code(call.args[0])
        try:
            found = None if text is None else ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return None
        return found if found is None or isinstance(call.args[0], ast.Constant) else _both(call.args[0], found)

    def _in_namespace(self, call: ast.Call) -> ast.expr | None:
        """`exec(code, names)` may change what is in `names`, and nothing else of the notebook."""
        function = call.func
        if not (isinstance(function, ast.Name) and function.id in ("exec", "eval")) or len(call.args) < 2:
            return None
        if call.keywords or any(map(self._is_namespace, call.args)):
            return None
        name = _EVALUATES if function.id == "eval" else DEFINES if self._defines(call.args[0]) else _EXECUTES
        places: ast.expr = call.args[1] if len(call.args) == 2 else ast.Tuple(call.args[1:], ast.Load())
        return ast.Call(ast.Attribute(places, name, ast.Load()), call.args[:1], [])

    def _defines(self, text: ast.expr) -> bool:
        """Tell whether a text that is known defines functions or classes."""
        code = self._texts.code(text)
        try:
            return code is not None and any(isinstance(node, _DEFINITIONS) for node in nodes_of(ast.parse(code)))
        except (SyntaxError, ValueError):
            return False

    def _got(self, call: ast.Call) -> ast.expr | None:
        """Return `x` for `globals().get("x")`."""
        function = call.func
        if not (isinstance(function, ast.Attribute) and function.attr == "get" and self._is_namespace(function.value)):
            return None
        name = self._texts.code(call.args[0]) if call.args else None
        if name is None or call.keywords:
            return None
        return ast.IfExp(ast.Constant(value=True), _optional(name), _at(ast.Tuple(call.args[1:], ast.Load()), call))

    def _formatted(self, call: ast.Call) -> ast.expr | None:
        """Return `"{x}".format(x=x)` for `"{x}".format(**locals())`."""
        function = call.func
        spread = [item for item in call.keywords if item.arg is None and self._is_namespace(item.value)]
        if not (isinstance(function, ast.Attribute) and function.attr == "format" and len(spread) == 1):
            return None
        text = self._texts.code(function.value)
        if text is None:
            return None
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(text) if field]
        except ValueError:
            return None
        names = [found.group() for field in fields if (found := _NAME.match(field))]
        others = [item for item in call.keywords if item not in spread]
        return ast.Call(function, call.args, [*others, ast.keyword(_EXTRA, _names(names))])

    def _timed(self, call: ast.Call) -> ast.expr | None:
        """Return `timeit("f(x)")` as a call that reads `f` and `x`, for `globals=globals()`."""
        spread = [item for item in call.keywords if item.arg == "globals" and self._is_namespace(item.value)]
        parts = [self._texts.parts(argument) for argument in call.args]
        if not spread or None in parts:
            return None
        names = [name for texts in parts for text in texts or [] for name in _NAME.findall(text)]
        others = [item for item in call.keywords if item not in spread]
        return ast.Call(call.func, call.args, [*others, ast.keyword(_EXTRA, _names(names))])

    # -- libraries that look into the caller's namespace ---------------------------------------------------------

    def _mentioned(self, call: ast.Call) -> list[str]:
        """Return the names that a library looks up where it is called, as far as its text shows them.

        Sources: `DataFrame.query` and `DataFrame.eval` (`@name`), `pandas.eval` and `numexpr.evaluate` (every name),
        duckdb's replacement scans (a table's name), patsy's formulas (functions; every name where there is no data).
        """
        text = call.args[0] if call.args else _keyword(call, "expr", "formula")
        if text is None:
            return []
        name, is_method, owner = _called(call)
        parts = self._texts.parts(text)
        if is_method and name in ("query", "eval") and owner not in ("pd", "pandas", "duckdb"):
            return sorted(self._texts.at_names) if parts is None else _found(_AT_NAME, parts)
        if (is_method and name == "eval") or name in ("evaluate", "sqldf"):
            return _found(_NAME, parts or ())
        if self._texts.duckdb and is_method and name in _TABLE_QUERIES:
            return _found(_NAME, parts or ())
        if parts is None:
            return sorted(self._texts.called_names) if is_method and name in _TAKES_FORMULA else []
        if any("~" in part for part in parts):
            given = len(call.args) > 1 or _keyword(call, "data") is not None
            return _found(_CALLED_NAME if given else _NAME, parts)
        return []

    def _given_to_evaluate(self, call: ast.Call) -> ast.expr | None:
        """Return what a notebook function that evaluates texts is given: `x` and `x + y` of `show("x", "x + y")`.

        A text that is not written down in the notebook stays a call of `eval`, which nobody can see through.
        """
        found: list[ast.expr] = []
        for argument in [*call.args, *(item.value for item in call.keywords)]:
            texts = self._texts.parts(argument)
            if texts is None:
                found.append(ast.Call(ast.Name("eval", ast.Load()), [ast.Constant("")], []))
            for text in texts or ():
                found += _expression(text)
        return ast.Tuple(found, ast.Load()) if found else None


def _looks_for_classes(function: ast.expr) -> bool:
    """Tell whether a call looks for classes by what they are derived from: all subclasses, all tests."""
    return isinstance(function, ast.Attribute) and (
        function.attr == "__subclasses__" or ast.unparse(function) == "unittest.main"
    )


def _evaluators(trees: Iterable[ast.Module]) -> set[str]:
    """Return the functions and classes that evaluate texts, and that nothing but a call names."""
    found: set[str] = set()
    named: Counter[str] = Counter()
    called: Counter[str] = Counter()
    for tree in trees:
        evaluating, names, calls = _named_and_called(tree)
        found |= evaluating
        named.update(names)
        called.update(calls)
    return {name for name in found if named[name] == called[name]}


@lru_cache(maxsize=20_000)
def _named_and_called(tree: ast.Module) -> tuple[frozenset[str], Counter[str], Counter[str]]:
    """Return the functions and classes of a cell that evaluate texts, and how often each name is read and called."""
    evaluating = frozenset(
        statement.name
        for statement in tree.body
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and any(map(_evaluates, nodes_of(statement)))
    )
    nodes = nodes_of(tree)
    named = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    called = Counter(node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    return evaluating, named, called


def _evaluates(node: ast.AST) -> bool:
    """Tell whether something is a call of `eval` with a text that is not written down in it."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) != 1:
        return False
    return node.func.id == "eval" and not isinstance(node.args[0], ast.Constant)


def _expression(text: str) -> list[ast.expr]:
    """Return the expression that a text is, its names optional; nothing where it is none."""
    try:
        found = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    mark_optional(found)
    return [found]


def _keyword(call: ast.Call, *names: str) -> ast.expr | None:
    return next((item.value for item in call.keywords if item.arg in names), None)


def _called(call: ast.Call) -> tuple[str, bool, str]:
    """Return the name of what is called, whether it is a method, and the name of its owner."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr, True, function.value.id if isinstance(function.value, ast.Name) else ""
    return function.id if isinstance(function, ast.Name) else "", False, ""


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return [name for text in texts for name in pattern.findall(text)]


def _both(name: ast.expr, value: ast.expr) -> ast.expr:
    """Return an expression that reads `name`, where it is no literal, and gives `value`."""
    return value if isinstance(name, ast.Constant) else ast.BoolOp(ast.And(), [name, value])


def _optional(name: str) -> ast.Name:
    node = ast.Name(name, ast.Load())
    setattr(node, _OPTIONAL, True)
    return node


def _names(names: Iterable[str]) -> ast.expr:
    return ast.Tuple([_optional(name) for name in names if name.isidentifier()], ast.Load())


def _at(node: _Node, place: ast.AST) -> _Node:
    """Return `node` with every part of it standing where `place` stands."""
    for part in ast.walk(node):
        if isinstance(part, ast.expr | ast.stmt | ast.keyword | ast.arg | ast.excepthandler | ast.alias | ast.pattern):
            ast.copy_location(part, place)
    return node
