"""Record which files a call reads and writes: what it does to them by its name and mode, and where they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Draw, Effects, FileAccess, FileUse, WriteState
from nb2dag.compiler.analysis.knowledge.facts import FILES, MODE, RECEIVER, CallFacts, MethodFacts
from nb2dag.compiler.analysis.modes import mode_of
from nb2dag.compiler.analysis.outside import called_name
from nb2dag.compiler.analysis.places import file_state, is_file_state, place_of
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.texts import ANY, has_parameter, joined_path
from nb2dag.compiler.analysis.values import Value

READ, CHANGE, REPLACE, FOLDER = FileAccess.READ, FileAccess.CHANGE, FileAccess.REPLACE, FileAccess.FOLDER

HANDLES = frozenset({"file", "buffer",   "connection", "resource", "client", "logger"})
"""Kinds of values that stand for something opened, and never for a path."""

_REPLACES = frozenset(
    "open write_text write_bytes to_csv to_json to_html to_latex to_markdown to_string to_xml to_excel to_feather "
    "to_parquet to_orc to_pickle to_stata savefig imsave save savetxt savez savez_compressed dump tofile "
    "save_model write_image write_html write_json write_table imwrite rename renames replace "
    "ZipFile GzipFile BZ2File LZMAFile ExcelWriter export_graphviz dump_svmlight_file to_file".split()
)
"""Calls after which nothing is left of what the file was, if they are given no mode that says otherwise."""

_MAKES_FOLDER = frozenset({"mkdir", "makedirs"})
_MOVES = frozenset({"rename", "renames", "replace", "move"})
_ADDS_SUFFIX = frozenset(
    {"numpy.save", "numpy.savez", "numpy.savez_compressed", "matplotlib.pyplot.savefig", "savefig", "shelve.open",
     "dbm.open", "shutil.make_archive"}
)  # fmt: skip
"""Calls that write `plot.png` when they are told `plot`."""

_HERE = frozenset({"listdir", "scandir", "walk", "fwalk", "extractall", "extract"})
"""Calls that mean the working directory when they are given no path."""

_PATTERNS = frozenset({"glob.glob", "glob.iglob"})
_PATH_KEYWORDS = (
    "path", "path_or_buf", "filepath_or_buffer", "fname", "file", "io", "excel_writer", "buf", "filename", "src", "dst",
    "root_dir", "top",
)  # fmt: skip
_LOGS = frozenset({"logging.basicConfig", "logging.FileHandler"})
_UNPACKS = frozenset({"extractall", "extract", "unpack_archive"})
_READING = re.compile(r"^_*(?:load|read|open|parse|from|get|is|has|find|import|list|exists|scan|fetch|show|display)")
_PATHLIKE = re.compile(r"^[\w .\-/*\0\1\2]*\.[A-Za-z]\w{0,7}$")
_SQLITE = "sqlite:///"


def working_folder(evaluator: CallingEvaluator) -> str:
    """Return what is known of the working directory, relative to where the notebook began: empty at first."""
    if any(isinstance(event, WriteState) and event.state == "<cwd>" for event in evaluator.effects.events):
        # It changes within the statement, perhaps for a while only (`with chdir(...)`).
        return ANY
    value = evaluator.resolver.resolve("<cwd>")
    if value.kind != "immutable":
        return ""
    return ANY if value.constant is None else value.constant


def record_move(evaluator: CallingEvaluator, text: str | None, node: ast.AST) -> None:
    """Record that the working directory becomes the folder of a text."""
    folder = working_folder(evaluator)
    place = None if text is None or has_parameter(text) else place_of(text, folder)
    known = "" if place == "*" else place
    if place is None or "*" in known or (text is not None and ANY in text) or not evaluator.certain:
        known = None
    if known:
        _use(evaluator, text or ANY, READ, node)
    evaluator.effects.add(WriteState("<cwd>", node, known))


def record_files(
    evaluator: CallingEvaluator,
    facts: CallFacts | MethodFacts,
    arguments: Arguments,
    node: ast.Call,
    path: str,
    receiver: Value | None = None,
) -> frozenset[str]:
    """Record the files that a known call uses.

    Args:
        evaluator: Who evaluates the call.
        facts: What is known of it.
        arguments: What it is given.
        node: The call.
        path: Its dotted path; the bare name of a method.
        receiver: The object whose method it is.

    Returns:
        The states of files that the call's result writes to later: an open file, a connection to a file.
    """
    name = path.rpartition(".")[2]
    if "<cwd>" in facts.writes:
        record_move(evaluator, _text(arguments.get(0)), node)
        return frozenset()
    if path == "contextlib.chdir":
        record_move(evaluator, None, node)
        return frozenset()
    if path in _LOGS:
        value = arguments.get("filename") or (arguments.get(0) if path != "logging.basicConfig" else None)
        if value is not None:
            _use(evaluator, _text(value), CHANGE, node, logs=True)
        return frozenset()
    if facts.path_read is None and facts.path_write is None:
        if FILES in facts.writes:
            _use(evaluator, ANY, CHANGE, node)
        elif FILES in facts.reads:
            _use(evaluator, ANY, READ, node)
        return frozenset()
    found: set[str] = set()
    for place, writes in ((facts.path_read, False), (facts.path_write, True)):
        if place is None:
            continue
        value = _argument(place, arguments, receiver, name, writes=writes)
        access = _access(name, place, arguments, writes=writes, is_function=receiver is None)
        if access is None:
            continue
        if value is not None and value.kind in HANDLES:
            if writes:
                evaluator.effects.mutate(value, node)
            continue
        text = _shaped(path, _text(value))
        if text == ":memory:":
            continue
        _use(evaluator, text, access, node, sure=_sure(name, access, arguments))
        if writes and access in (CHANGE, REPLACE):
            found.add(state_of(evaluator, text))
    if name in _MOVES and facts.path_write == 1:
        _use(evaluator, _shaped(path, _text(arguments.get(0))), REPLACE, node)
    elif name in _MOVES and receiver is not None:
        _use(evaluator, _shaped(path, _text(receiver)), REPLACE, node)
    return frozenset(state for state in found if state)


def record_database(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call) -> frozenset[str]:
    """Record the file behind an SQLite URL that an engine is made for; return its state as `record_files` does."""
    text = _text(arguments.get(0) or arguments.get("url"))
    if not text.startswith(_SQLITE) or text == f"{_SQLITE}:memory:":
        return frozenset()
    path = text.removeprefix(_SQLITE).partition("?")[0]
    _use(evaluator, path, CHANGE, node)
    return frozenset({state_of(evaluator, path)})


def record_guessed_files(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call) -> frozenset[str]:
    """Record what a call of which nothing is known may do to the files whose paths it is given.

    Returns:
        As `record_files` does.
    """
    name = called_name(node)
    found: set[str] = set()
    if name in _UNPACKS:
        given = [value for value in arguments.all() if value.constant is not None]
        _use(evaluator, _text(given[0]) if given else ".", CHANGE, node)
        return frozenset()
    for value in arguments.all():
        if value.kind == "path" or (value.constant is not None and _PATHLIKE.match(value.constant)):
            if value.constant is not None and value.constant.strip("\0\1\2.") == "" and value.kind != "path":
                continue
            access = READ if _READING.match(name) else CHANGE
            _use(evaluator, _text(value), access, node)
            if access is CHANGE:
                found.add(state_of(evaluator, _text(value)))
    return frozenset(state for state in found if state)


def state_of(evaluator: CallingEvaluator, text: str) -> str:
    """Return the state of the file that a text names, empty where it is no local path; it may hold parameters."""
    if has_parameter(text):
        return file_state(joined_path([working_folder(evaluator), text]) or text)
    place = place_of(text, working_folder(evaluator))
    return "" if place is None else file_state(place)


def _use(
    evaluator: CallingEvaluator,
    text: str,
    access: FileAccess,
    node: ast.AST,
    *,
    logs: bool = False,
    sure: bool = True,
) -> None:
    folder = working_folder(evaluator)
    evaluator.effects.add(FileUse(text, folder, access, evaluator.certain and sure, node, logs))


def _argument(
    place: int | str, arguments: Arguments, receiver: Value | None, name: str, *, writes: bool
) -> Value | None:
    """Return the value of the path a call is given; None where nothing can be said."""
    if place == RECEIVER:
        return receiver
    if place == MODE:
        return receiver if receiver is not None else arguments.get(0) or arguments.get("file") or _keyword(arguments)
    found = arguments.get(place) or _keyword(arguments)
    if found is None and name in _HERE and not writes and not arguments.open:
        return Value(kind="path", constant=".")
    return found


def _keyword(arguments: Arguments) -> Value | None:
    return next((arguments.keywords[name] for name in _PATH_KEYWORDS if name in arguments.keywords), None)


def _text(value: Value | None) -> str:
    if value is None or value.constant is None:
        return ANY
    return value.constant


def _access(
    name: str, place: int | str, arguments: Arguments, *, writes: bool, is_function: bool
) -> FileAccess | None:
    """Return what a call does to its file, None where its mode says that it does not read it, or not write it."""
    if name in _MAKES_FOLDER:
        return FOLDER if writes else READ
    if place == MODE:
        mode = mode_of(arguments, is_function=is_function)
        return _access_by_mode("a" if name == "HDFStore" and mode == "r" else mode, writes=writes)
    if not writes:
        return READ
    if "mode" in arguments.nodes:
        text = _text(arguments.get("mode"))
        return REPLACE if text in ("w", "wb", "wt", "x") and name in _REPLACES else CHANGE
    return REPLACE if name in _REPLACES and "partition_cols" not in arguments.nodes else CHANGE


def _access_by_mode(mode: str | None, *, writes: bool) -> FileAccess | None:
    if mode is None:
        return CHANGE if writes else READ
    creates = any(letter in mode for letter in "wx")
    if writes:
        return REPLACE if creates else (CHANGE if "a" in mode or "+" in mode else None)
    return None if creates or "a" in mode else READ


def _sure(name: str, access: FileAccess, arguments: Arguments) -> bool:
    """Tell whether what was there before does not matter: `mkdir` without `exist_ok` fails where the folder is."""
    if access is not FOLDER:
        return True
    node = arguments.nodes.get("exist_ok")
    return isinstance(node, ast.Constant) and node.value is True


def _shaped(path: str, text: str) -> str:
    """Return the text of a path as a call takes it: a pattern matches more, and a suffix may be added."""
    if path in _PATTERNS:
        return re.sub(r"[*?]+|\[[^]]*\]", ANY, text)
    last = text.rpartition("/")[2]
    if path in _ADDS_SUFFIX and "." not in last:
        return f"{text}{ANY}"
    return text


def touch_files(effects: Effects, values: Iterable[Value], node: ast.AST) -> None:
    """Record that the files behind handles among `values` may be changed."""
    for state in sorted({state for value in values for state in value.draws if is_file_state(state)}):
        effects.add(Draw(state, node))


def is_backed(value: Value) -> bool:
    """Tell whether a value is a connection whose state is a file: to use it changes the file, and not the value."""
    return value.kind == "resource" and any(map(is_file_state, value.draws))
