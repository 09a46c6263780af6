"""Record which files a call reads and writes, as far as it can be known where they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import Draw, Effects, FileAccess, FileUse, WriteState
from nb2dag.compiler.analysis.file_access import KnownCall
from nb2dag.compiler.analysis.knowledge.facts import FILES, words
from nb2dag.compiler.analysis.outside import called_name
from nb2dag.compiler.analysis.places import file_state, is_file_state, place_of
from nb2dag.compiler.analysis.resolver import CallingEvaluator
from nb2dag.compiler.analysis.texts import ANY, has_parameter, joined_path
from nb2dag.compiler.analysis.values import Value

HANDLES = frozenset({"file", "buffer", "connection", "resource", "client", "logger"})
"""Kinds of values that stand for something opened, and never for a path."""

_MOVES = frozenset({"rename", "renames", "replace", "move"})
_ADDS_SUFFIX = frozenset(
    {"numpy.save", "numpy.savez", "numpy.savez_compressed", "matplotlib.pyplot.savefig", "savefig", "shelve.open",
     "dbm.open", "shutil.make_archive"}
)  # fmt: skip
"""Calls that write `plot.png` when they are told `plot`."""

_PATTERNS = frozenset({"glob.glob", "glob.iglob"})
_LOGS = frozenset({"logging.basicConfig", "logging.FileHandler"})
_UNPACKS = frozenset({"extractall", "extract", "unpack_archive"})
_READING = re.compile(r"^_*(?:load|read|open|parse|from|get|is|has|find|import|list|exists|scan|fetch|show|display)")
_PATHLIKE = re.compile(r"^[\w .\-/*\0\1\2]*\.[A-Za-z]\w{0,7}$")
_WRITING_MODES = words("w a x wb ab xb wt at w+ a+ r+ rb+ wb+ ab+")
_SQLITE = "sqlite:///"
NO_STATES: frozenset[str] = frozenset()


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
    """Record that the working directory becomes the folder that a text names, None where nothing is known of it."""
    known = None if text is None or has_parameter(text) else place_of(text, working_folder(evaluator))
    if known == "*" and text is not None and ANY not in text:
        known = ""
    if known is not None and ("*" in known or not evaluator.certain):
        known = None
    if known and text is not None:
        use_file(evaluator, text, FileAccess.READ, node)
    evaluator.effects.add(WriteState("<cwd>", node, known))


def record_files(evaluator: CallingEvaluator, call: KnownCall) -> frozenset[str]:
    """Record the files that a known call uses.

    Returns:
        The states of files that the call's result writes to later: an open file, a connection to a file.
    """
    facts, node = call.facts, call.node
    if "<cwd>" in facts.writes or call.path == "contextlib.chdir":
        record_move(evaluator, text_of(call.arguments.get(0)) if "<cwd>" in facts.writes else None, node)
        return NO_STATES
    if call.path in _LOGS:
        _record_log(evaluator, call)
        return NO_STATES
    if facts.path_read is None and facts.path_write is None:
        if FILES in facts.reads or FILES in facts.writes:
            use_file(evaluator, ANY, FileAccess.CHANGE if FILES in facts.writes else FileAccess.READ, node)
        return NO_STATES
    found = {_record_file(evaluator, call, access, value) for access, value in call.places()}
    if call.name == "make_archive":
        folder = call.arguments.get(2) or call.arguments.get("root_dir") or call.arguments.get("base_dir")
        use_file(evaluator, "." if folder is None else text_of(folder), FileAccess.READ, node)
    if call.name in _MOVES:
        source = call.receiver if call.receiver is not None else call.arguments.get(0)
        use_file(evaluator, text_of(source), FileAccess.REPLACE, node)
    return frozenset(state for state in found if state)


def _record_file(evaluator: CallingEvaluator, call: KnownCall, access: FileAccess, value: Value | None) -> str:
    """Record one file that a call uses; return its state if the result may write to it, else nothing."""
    if value is not None and value.kind in HANDLES:
        if access is not FileAccess.READ:
            evaluator.effects.mutate(value, call.node)
        return ""
    text = _shaped(call.path, text_of(value))
    if text == ":memory:":
        return ""
    use_file(evaluator, text, access, call.node, sure=call.is_sure(access))
    return state_of(evaluator, text) if access in (FileAccess.CHANGE, FileAccess.REPLACE) else ""


def _record_log(evaluator: CallingEvaluator, call: KnownCall) -> None:
    arguments = call.arguments
    value = arguments.get("filename") or (arguments.get(0) if call.name == "FileHandler" else None)
    if value is not None:
        use = FileUse(
            text_of(value), working_folder(evaluator), FileAccess.CHANGE, evaluator.certain, call.node, logs=True
        )
        evaluator.effects.add(use)


def record_database(evaluator: CallingEvaluator, call: KnownCall) -> frozenset[str]:
    """Record the file behind an SQLite URL that an engine is made for; return its state as `record_files` does."""
    text = text_of(call.arguments.get(0) or call.arguments.get("url"))
    if not text.startswith(_SQLITE) or text == f"{_SQLITE}:memory:":
        return NO_STATES
    path = text.removeprefix(_SQLITE).partition("?")[0]
    use_file(evaluator, path, FileAccess.CHANGE, call.node)
    return frozenset({state_of(evaluator, path)})


def record_guessed_files(evaluator: CallingEvaluator, arguments: Arguments, node: ast.Call) -> frozenset[str]:
    """Record what a call of which nothing is known may do to the files whose paths it is given.

    Returns:
        As `record_files` does.
    """
    name = called_name(node) if isinstance(node.func, (ast.Attribute, ast.Name)) else ""
    if name in _UNPACKS:
        given = [value for value in arguments.all() if value.constant is not None]
        use_file(evaluator, text_of(given[0]) if given else ".", FileAccess.CHANGE, node)
        return NO_STATES
    writes = any(value.constant in _WRITING_MODES for value in arguments.all())
    access = FileAccess.READ if _READING.match(name) and not writes else FileAccess.CHANGE
    texts = [text_of(value) for value in arguments.all() if value.kind == "path" or _looks_like_path(value.constant)]
    for text in texts:
        use_file(evaluator, text, access, node)
    if evaluator.function:
        others = (text_of(value) for value in arguments.all() if text_of(value) not in texts)
        evaluator.effects.guessed |= {(text, access) for text in others if has_parameter(text)}
    if access is FileAccess.READ:
        return NO_STATES
    return frozenset(state for text in texts if (state := state_of(evaluator, text)))


def use_guessed(evaluator: CallingEvaluator, text: str, access: FileAccess, node: ast.AST) -> None:
    """Record that a file is used if a text, which a function passed on, is the path of one."""
    if has_parameter(text):
        evaluator.effects.guessed.add((text, access))
    elif _looks_like_path(text):
        use_file(evaluator, text, access, node)


def _looks_like_path(text: str | None) -> bool:
    return text is not None and bool(_PATHLIKE.match(text)) and bool(text.strip("\0\1\2."))


def state_of(evaluator: CallingEvaluator, text: str) -> str:
    """Return the state of the file that a text names, empty where it is no local path; it may hold parameters."""
    folder = working_folder(evaluator)
    if has_parameter(text):
        return file_state(joined_path([folder, text]) or text)
    place = place_of(text, folder)
    return "" if place is None else file_state(place)


def touch_files(effects: Effects, values: Iterable[Value], node: ast.AST) -> None:
    """Record that the files behind handles among `values` may be changed."""
    for state in sorted({state for value in values for state in value.draws if is_file_state(state)}):
        effects.add(Draw(state, node))


def is_backed(value: Value) -> bool:
    """Tell whether a value is a connection whose state is a file: to use it changes the file, and not the value."""
    return value.kind == "resource" and any(map(is_file_state, value.draws))


def use_file(evaluator: CallingEvaluator, text: str, access: FileAccess, node: ast.AST, *, sure: bool = True) -> None:
    """Record that the file a text names is used; `sure` says that what was there before does not matter."""
    folder = working_folder(evaluator)
    evaluator.effects.add(FileUse(text, folder, access, evaluator.certain and sure, node))


def text_of(value: Value | None) -> str:
    """Return what is known of the text that a value is."""
    return ANY if value is None or value.constant is None else value.constant


def _shaped(path: str, text: str) -> str:
    """Return the text of a path as a call takes it: a pattern matches more, and a suffix may be added."""
    if path in _PATTERNS:
        return re.sub(r"[*?]+|\[[^]]*\]", ANY, text)
    if path in _ADDS_SUFFIX and "." not in text.rpartition("/")[2]:
        return f"{text}{ANY}"
    return text
