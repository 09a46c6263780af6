"""Parsing code cells: what the tree is, where its parts stand, and that nothing is ever raised."""

import ast
import re
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from nb2dag.compiler.frontend.escapes import parse_code
from nb2dag.model.code import EscapeKind
from nb2dag.model.span import Region

FOREIGN = [
    "bash", "sh", "html", "javascript", "latex", "markdown", "perl", "ruby", "R", "cython", "writefile", "script",
    "file", "svg", "!", "sql", "unheard_of",
]  # fmt: skip
LINE, CELL, SHELL, HELP = EscapeKind.LINE_MAGIC, EscapeKind.CELL_MAGIC, EscapeKind.SHELL, EscapeKind.HELP


def shown(source):
    parsed = parse_code(source)
    assert parsed.problem is None, parsed.problem
    return ast.unparse(parsed.tree)


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# only a comment", ""),
        ("x = 1", "x = 1"),
        ("await f()\nasync with a: pass", "await f()\nasync with a:\n    pass"),
        ("x = (a\n% b)", "x = a % b"),
        ("x = a \\\n  % b", "x = a % b"),
        ("s = '''\n%cd a\n!ls\nname?\n'''", "s = '\\n%cd a\\n!ls\\nname?\\n'"),
        ("f('name?')  # name?", "f('name?')"),
        ("\x0cx = 1", "x = 1"),
        ("if x:\n\ty = 1", "if x:\n    y = 1"),
        ("é = '𝔘' # ü", "é = '𝔘'"),
        ("s = '\\d'", "s = '\\\\d'"),
    ],
)
def test_plain_python(source, tree):
    assert shown(source) == ast.unparse(ast.parse(tree))
    assert parse_code(source).escapes == ()


@pytest.mark.parametrize(
    ("source", "tree", "escapes"),
    [
        ("%matplotlib inline\nimport x", "__escape__(0)\nimport x", [(LINE, "matplotlib", "inline")]),
        ("%cd data\n!ls -l", "__escape__(0)\n__escape__(1)", [(LINE, "cd", "data"), (SHELL, "!", "ls -l")]),
        ("if a:\n    %cd b\n    c = 1", "if a:\n    __escape__(0)\n    c = 1", [(LINE, "cd", "b")]),
        ("try:\n  !ls\nexcept E:\n  pass", "try:\n    __escape__(0)\nexcept E:\n    pass", [(SHELL, "!", "ls")]),
        ("x = %env A", "x = __escape__(0)", [(LINE, "env", "A")]),
        ("f = !ls", "f = __escape__(0)", [(SHELL, "!", "ls")]),
        ("x = !!cmd", "x = __escape__(0)", [(SHELL, "!!", "cmd")]),
        ("a, b = !ls", "a, b = __escape__(0)", [(SHELL, "!", "ls")]),
        ("(a,\n b) = !ls", "a, b = __escape__(0)", [(SHELL, "!", "ls")]),
        ("for a in b: c = !ls", "for a in b:\n    c = __escape__(0)", [(SHELL, "!", "ls")]),
        ("!!ls", "__escape__(0)", [(SHELL, "!!", "ls")]),
        ("?name", "__escape__(0)", [(HELP, "?", "name")]),
        ("??name", "__escape__(0)", [(HELP, "??", "name")]),
        ("name?", "__escape__(0)", [(HELP, "?", "name")]),
        ("a.b??", "__escape__(0)", [(HELP, "??", "a.b")]),
        ("%%time?", "__escape__(0)", [(HELP, "?", "%%time")]),
        ("x = 1\n?", "x = 1\n__escape__(0)", [(HELP, "?", "")]),
        ("%env A=1", "__escape__(0)", [(LINE, "env", "A=1")]),
        ("%run other.py", "__escape__(0)", [(LINE, "run", "other.py")]),
        ("%ls a \\\n   b\nx = 1", "__escape__(0)\nx = 1", [(LINE, "ls", "a     b")]),
        ("x = !ls a \\\n b\ny", "x = __escape__(0)\ny", [(SHELL, "!", "ls a   b")]),
        ("!echo it's\nx = 1", "__escape__(0)\nx = 1", [(SHELL, "!", "echo it's")]),
        ("  %cd a\n  x = 1", "__escape__(0)\nx = 1", [(LINE, "cd", "a")]),
        ("    x = 1\n    y = x", "x = 1\ny = x", []),
        (">>> if x:\n...     y = 1\n>>> x", "if x:\n    y = 1\nx", []),
        ("In [1]: x = 1\n   ...: x", "x = 1\nx", []),
        ("/f a b", "f(a, b)", []),
        (",f a b", "f('a', 'b')", []),
        (";f a b", "f('a b')", []),
    ],
)
def test_escapes(source, tree, escapes):
    assert shown(source) == ast.unparse(ast.parse(tree))
    assert [(each.kind, each.name, each.text) for each in parse_code(source).escapes] == escapes


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("%time x = f()", "__escape__(0)\nx = f()"),
        ("%time x = f(); y = 2", "__escape__(0)\nx = f()\ny = 2"),
        ("if a:\n    %time x = f()\nelse:\n    y = 1", "if a:\n    __escape__(0)\n    x = f()\nelse:\n    y = 1"),
        ("%time for i in x: f(i)\nz = 1", "__escape__(0)\nfor i in x:\n    f(i)\nz = 1"),
        ("y = %time f(x)", "__escape__(0)\ny = f(x)"),
        ("for a in b: y = %time f(a)", "for a in b:\n    __escape__(0)\n    y = f(a)"),
        ("%time x = f(a, \\\n  b)", "__escape__(0)\nx = f(a, b)"),
        ("%time !ls", "__escape__(0)\n__escape__(1)"),
        ("%time x = !ls", "__escape__(0)\nx = __escape__(1)"),
        ("%time %time x", "__escape__(0)\n__escape__(1)\nx"),
        ("%time", "__escape__(0)"),
        ("%time # nothing", "__escape__(0)"),
        ("%time --no-raise-error x = 1", "__escape__(0)\nx = 1"),
        ("%prun -s cumtime -l 10 x = f()", "__escape__(0)\nx = f()"),
        ("%memit -r 3 f(x)", "__escape__(0)\nf(x)"),
        ("%%time\nx = 1\ny = 2", "__escape__(0)\nx = 1\ny = 2"),
        ("\n\n%%time\n\n  x = 1\n  y = 2", "__escape__(0)\nx = 1\ny = 2"),
        ("%%capture out\n%%time\nx = !ls", "__escape__(0)\n__escape__(1)\nx = __escape__(2)"),
        ("%%prun -s time x = 1\ny = 2", "__escape__(0)\nx = 1\ny = 2"),
        ("%%prun\ny = 2", "__escape__(0)\ny = 2"),
    ],
)
def test_code_that_a_magic_runs_in_the_notebook(source, tree):
    assert shown(source) == ast.unparse(ast.parse(tree))


@pytest.mark.parametrize(
    ("source", "reads", "binds"),
    [
        ("%timeit f(x)", ["f(x)"], ()),
        ("%timeit -n 3 -r2 -q f(x)", ["f(x)"], ()),
        ("%timeit -n3 -x", ["-x"], ()),
        ("r = %timeit -o f(x)", ["f(x)"], ()),
        ("%timeit y = x + 1; f(y)", ["x + 1", "f(None)"], ()),
        ("%timeit [i for i in x] + i", ["[i for i in x] + i"], ()),
        ("%timeit box.append(1)", ["box.append(1)"], ()),
        ("%timeit d['a'] = x; e.f = 2", ["d.__setitem__('a', None)", "x", "e.__setattr__('f', None)"], ()),
        ("%timeit !ls {x}", ["x"], ()),
        ("%%timeit y = 3\nz = y + w\nq.append(z)", ["None + w", "q.append(None)"], ()),
        ("%%timeit\nglobal n\nn = m", ["m"], ("n",)),
        ("%%timeit\ndef g(a): return a + b\ng(1)", ["None + b"], ()),
        ("%%timeit\nfor i in x:\n    y[i]", ["x", "y[None]"], ()),
    ],
)
def test_code_that_a_magic_runs_on_its_own(source, reads, binds):
    parsed = parse_code(source)
    (escape,) = parsed.escapes
    assert [ast.unparse(each) for each in escape.reads] == reads
    assert escape.binds == binds
    assert escape.body is None


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("!cp {a / 'b'} $c $d.e $$f", ["a / 'b'", "c", "d.e"]),
        ("x = !ls {folder}", ["folder"]),
        ("!awk '{print $1}' $file", []),
        ("!echo '$a' $b", ["b"]),
        ("!find . -exec ls {} \\;", []),
        ("!echo {a[0]} {b[1:2]} {c!r}", ["a[0]", "b[1:2]", "c"]),
        ("%cd {folder}", ["folder"]),
        ("%time f('{x}')", []),
        ("%%bash -s {a} $b\necho $c {d}", ["a", "b"]),
        ("%store table", ["table"]),
        ("%lprun -f f -f g.h f(x)", ["f", "g.h"]),
        ("%%R -i a,b -o c\nc <- a + b", ["a", "b"]),
        ("%sql select * from t where day = :day and n = $n and a::int > {m}", ["n", "m", "day", "n", "m"]),
    ],
)
def test_interpolation(source, reads):
    assert [ast.unparse(each) for each in parse_code(source).escapes[0].reads] == reads


@pytest.mark.parametrize(
    ("source", "binds"),
    [
        ("%%capture out\nx", ("out",)),
        ("%%capture out --no-stderr\nx", ("out",)),
        ("%%capture --no-stderr\nx", ()),
        ("%%capture out\nx;", ()),
        ("%%bash --out a --err b\nls", ("a", "b")),
        ("%%script --out=a bash\nls", ("a",)),
        ("%%R -i a -o b,c\nb <- a", ("b", "c")),
        ("%%sql result <<\nselect 1", ("result",)),
        ("%%bigquery rows --project p\nselect 1", ("rows",)),
        ("%store -r a b", ("a", "b")),
        ("%%cython -a\ncimport numpy\ncpdef int f(int x):\n    return x\ndef g(): pass", ("f", "g")),
        ("%%html\n<b>{x}</b>", ()),
    ],
)
def test_names_that_a_magic_binds(source, binds):
    assert parse_code(source).escapes[0].binds == binds


@pytest.mark.parametrize("name", FOREIGN)
def test_a_body_that_is_not_python_stays_text(name):
    source = f"%%{name} some args\nx = = 1\n\n  %y $z"
    parsed = parse_code(source)
    (escape,) = parsed.escapes
    assert (escape.kind, escape.name, escape.text, escape.body) == (CELL, name, "some args", "x = = 1\n\n  %y $z")
    assert escape.region == Region(1, 1, 4, 8)
    assert ast.unparse(parsed.tree) == "__escape__(0)"


@pytest.mark.parametrize(
    ("source", "silent"),
    [
        ("f()", False),
        ("f();", True),
        ("f() ; # shown?", True),
        ("f();\n# end\n", True),
        ("f(); g()", False),
        ("s = ';'", False),
        ("# f();", False),
        ("%time f();", True),
        ("%%time\nf();", True),
        ("!ls;", False),
        ("é = 'ü';", True),
    ],
)
def test_closing_semicolon(source, silent):
    assert parse_code(source).ends_silent is silent


def test_positions_count_the_tag():
    parsed = parse_code("%%airflow_task a\n#| retries: 2\n\n  é = 1\n  %cd x\n  b = é", 3)
    first, escape, last = parsed.tree.body
    assert (first.lineno, first.col_offset, first.end_lineno, first.end_col_offset) == (4, 2, 4, 8)
    assert (escape.lineno, escape.col_offset, escape.end_lineno, escape.end_col_offset) == (5, 2, 5, 7)
    assert (last.lineno, last.value.col_offset) == (6, 6)
    assert parsed.escapes[0].region == Region(5, 3, 5, 8)


@pytest.mark.parametrize(
    "source",
    [
        "ü = !ls é {x}\nz = ü",
        "é = [ü, x]\nif é:\n    %time ö = f(é, ü)\n    w = ö",
        "%%time\nü = é + w\nfor x in ü: y = !ls {x}\nz = é",
        "a = %time f(é) + g(ü)\nb = a",
        "%time x = f(é, \\\n     ü)\ny = x",
        "  é = 1\n  b = é\n\n  !ls\n  c = b",
        ">>> é = ü\n>>> !ls\n>>> if é: b = é\n",
        "𝔘 = f'{é!r:>{w}}' + f'''\n{é}'''\n%cd a\nx = 𝔘",
        "/f é b\nx = é",
    ],
)
def test_every_name_stands_where_its_position_says(source):
    parsed = parse_code(source)
    lines = source.split("\n")
    names = [node for node in ast.walk(parsed.tree) if isinstance(node, ast.Name) and node.id != "__escape__"]
    assert names
    for name in names:
        text = lines[name.lineno - 1].encode()[name.col_offset : name.end_col_offset].decode()
        assert text == name.id or text == "𝔘" or (name.lineno == 1 and source.startswith("/f"))
    for escape in parsed.escapes:
        start = lines[escape.region.line - 1][escape.region.column - 1 :]
        assert start.startswith(("%", "!"))


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("x = = 1", "invalid syntax", (1, 5)),
        ("#\nf(a, b", "'(' was never closed", (2, 2)),
        ("if x:\n%cd a\ny", "expected an indented block after 'if' statement on line 1", (2, 1)),
        (
            "print 'x'",
            "Missing parentheses in call to 'print'. Did you mean print(...)? (this looks like Python 2)",
            (1, 1),
        ),
        (
            "try: f()\nexcept E, e: g()",
            "multiple exception types must be parenthesized (this looks like Python 2)",
            (2, 8),
        ),
        ("x = 1\n\0", "a null character", (2, 1)),
        ("#\ns = '\ud800'", "an unpaired surrogate (half of a character)", (2, 6)),
        ("ls -l", "`ls -l` is an IPython command without its percent sign: write `%ls -l`", (1, 1)),
        ("cd data", "`cd data` is an IPython command without its percent sign: write `%cd data`", (1, 4)),
        (
            "x = 1\npip install a",
            "`pip install a` is an IPython command without its percent sign: write `%pip install a`",
            (2, 5),
        ),
        ("# c\n%%time\nx", "`%%time` must be the cell's first line: it is a cell magic", (2, 1)),
        ("x = 1\n%%bash\nls", "`%%bash` must be the cell's first line: it is a cell magic", (2, 1)),
        ("%%time", "`%%time` has nothing below it: a cell magic needs a body", (1, 1)),
        ("%%bash\n", "`%%bash` has nothing below it: a cell magic needs a body", (1, 1)),
        ("%%time x = 1\ny", "`%%time` takes no statement beside it: write it on the next line", (1, 1)),
        ("%time f(\n)", "'(' was never closed", (1, 7)),
        ("y = %time x = 3", "invalid syntax", (1, 11)),
        ("%timeit f(", "'(' was never closed", (1, 1)),
        ("x = 2\n% y", "`%` is no magic", (2, 1)),
        ("%time \\\n x = 1", "`%time` has its statement on another line: write it beside the magic", (1, 1)),
        ("x = __escape__(0)", "`__escape__` is a name that nb2dag keeps for itself", (1, 5)),
    ],
)
def test_problems(source, message, place):
    parsed = parse_code(source)
    assert parsed.problem is not None
    assert parsed.problem.message == message
    assert (parsed.problem.region.line, parsed.problem.region.column) == place
    assert (parsed.tree.body, parsed.escapes) == ([], ())


@pytest.mark.parametrize(
    ("version", "source"),
    [
        ((3, 11), "try: f()\nexcept* E: g()"),
        ((3, 11), "x[*y]"),
        ((3, 12), "type X = int"),
        ((3, 12), "def f[T](x: T): pass"),
        ((3, 12), "class A[T]: pass"),
        ((3, 12), "f'{x['a']}'"),
        ((3, 12), "f'{\"\\n\".join(x)}'"),
        ((3, 13), "def f[T = int](x: T): pass"),
        ((3, 14), "t'{x}'"),
        ((3, 14), "try: f()\nexcept ValueError, TypeError: g()"),
        ((3, 15), "lazy import json"),
        ((3, 15), "[*a for a in b]"),
    ],
)
def test_syntax_newer_than_the_interpreter(version, source):
    problem = parse_code(source).problem
    if sys.version_info[:2] >= version:
        assert problem is None
    else:
        assert problem.needs_version == ".".join(map(str, version))
        assert problem.message.endswith(f": this syntax needs Python {problem.needs_version}")


@pytest.mark.parametrize(
    "source",
    [
        "(" * 10_000,
        "[" * 250 + "]" * 250,
        "-" * 100_000 + "1",
        "not " * 50_000 + "x",
        "a" + ".a" * 50_000,
        "1" + " + 1" * 50_000,
        "x" + "()" * 20_000,
        "lambda: " * 5_000 + "1",
        "".join(" " * i + "if x:\n" for i in range(120)),
        "if x: pass\n" + "elif y: pass\n" * 1000,
        "%cd a\n" * 600,
    ],
)
def test_nesting_and_length_have_an_end(source):
    problem = parse_code(source).problem
    assert problem is not None
    assert "\n" not in problem.message


def test_a_deep_expression_within_the_limit_parses():
    assert parse_code("x = " + " + ".join(["a"] * 200)).problem is None


@pytest.mark.parametrize(
    "source", ["s = '\\d'", "%cd a\ns = '\\d'", "%time s = '\\d'", "x = 1if y else 2", "!ls '\\d' {'\\d'}"]
)
def test_no_warning_gets_out(source):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_code(source).problem is None


PIECES = [
    "%", "!", "?", "??", "%%", "=", "x", "y = ", "(", ")", "[", "]", "{", "}", "'", '"', '"""', "'''", "\\", "\n",
    "\n    ", "\n  ", " ", "if x:", "else:", "def f():", "try:", "except:", "%time ", "%timeit ", "%%time",
    "%%timeit", "%%capture out", "%prun ", "%cd a", "!ls", "!!ls {x}", "#", ";", ",", "/", "é", "𝔘", "\x0c", "\t",
    "\r", "\r\n", "\x00", "\ud800", "\x0b", "\u2028", "\x85", ">>> ", "... ", "In [1]: ", "   ...: ", "lambda: ",
    "await z", "f'{x}'", "@d", "class A:", "return", "1", "-", "*", ":", "$x", "for i in x:", "\\\n", "%%sql r <<",
    "__escape__",
]  # fmt: skip
LINES = [
    "x = 1", "%cd a", "if x:", "    %cd b", "    y = !ls {x}", "else:", "    pass", "z = '''", "''' ", "%time q = 1",
    "y = %time f(x)", "f(", "    a)", "name?", "?name", "", "   ", "# c?", "for i in x:", "        w = 2",
    "%timeit f(x)", "    return", "def g():", "%x \\", "  b", "!ls \\", "a = (1", "%y", "!z", "  )", "try:",
    "    !rm", "except E:", "w = !!ls", "(a, b) = !ls", "/f x", ",g a b", "@d", "x = 3;", "  %cd k", "a = b = !ls",
    "x += !ls", "d['k'] = !ls", "s = 'it?'", "!echo it's", "5 %x",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join)), st.integers(1, 4))
def test_any_text_gives_a_tree_or_a_problem_within_the_text(source, first_line):
    parsed = parse_code(source, first_line)
    lines = re.split("\r\n|\r|\n", source)
    regions = [escape.region for escape in parsed.escapes]
    if parsed.problem is not None:
        assert parsed.tree.body == []
        regions.append(parsed.problem.region)
    for region in regions:
        assert (1, 1) <= (region.line, region.column) <= (region.end_line, region.end_column)
        assert region.end_line <= len(lines)
        assert region.column <= len(lines[region.line - 1]) + 1
        assert region.end_column <= len(lines[region.end_line - 1]) + 1
    trees = [parsed.tree, *(read for escape in parsed.escapes for read in escape.reads)]
    for node in (node for tree in trees for node in ast.walk(tree) if hasattr(node, "lineno")):
        assert (1, 0) <= (node.lineno, node.col_offset) <= (node.end_lineno, node.end_col_offset)
        assert node.end_lineno <= len(lines)
        assert node.end_col_offset <= len(lines[node.end_lineno - 1].encode("utf-8", "surrogatepass"))
        ast.unparse(node)
    numbers = [call.args[0].value for call in ast.walk(parsed.tree) if isinstance(call, ast.Call) and is_escape(call)]
    assert sorted(numbers) == list(range(len(parsed.escapes)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=7).map("\n".join))
def test_agrees_with_ipython_about_what_parses(source):
    parsed = parse_code(source)
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        assert parsed.problem is not None
        return
    assert parsed.problem is None or "y = %" in source or "%time" in source
    if not any(escape.name == "time" for escape in parsed.escapes) and parsed.problem is None:
        assert [type(each) for each in parsed.tree.body] == [type(each) for each in tree.body]
        assert stored(parsed.tree) == stored(tree)


def is_escape(call):
    return isinstance(call.func, ast.Name) and call.func.id == "__escape__"


def stored(tree):
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
