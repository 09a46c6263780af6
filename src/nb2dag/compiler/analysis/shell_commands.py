"""Read off a shell command which files it reads and writes, where it is one that everybody knows."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import lru_cache

from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.knowledge.facts import words
from nb2dag.compiler.analysis.texts import ANY

_SILENT = words("echo printf true false seq expr test [ : set")
"""Commands that only write what they are told to."""
_LOOKING = words(
    "date pwd whoami hostname nvidia-smi uname which env printenv nproc free lscpu pip pip3 conda mamba uv apt apt-get "
    "sudo sleep export ps"
)
"""Commands that do nothing to files beside the notebook, and that need not say the same the next time."""
_READING = words(
    "cat head tail wc grep egrep fgrep sort uniq diff cmp cut tr tac nl rev paste join column comm fold md5sum sha1sum "
    "sha256sum od xxd strings less more stat file"
)
"""Commands that read the files they are given."""
_LISTING = words("ls ll lf lk ldir lx find tree du df")
"""Commands that look at folders."""
_REMOVING = words("rm rmdir unlink")
_OUTPUTS = {"wget": ("-O", "--output-document"), "curl": ("-o", "--output")}
"""Options after which the file is named that a command writes."""

_FILLED = re.compile(r"\{[^{}]*\}|\$\{?\w+\}?")
_UNKNOWN = re.compile(r"[`()<]")
_GLOB = re.compile(r"[*?]+|\[[^]]*\]")
_OPERATORS = {"&&", "||", ";", "|", "&", "|&"}
_REDIRECTIONS = {">", ">>", ">|", "&>", ">&"}


@dataclass(frozen=True, slots=True)
class ShellUse:
    """What is known of a command line: the files it uses, in order, and whether it does the same each time."""

    files: tuple[tuple[FileAccess, str], ...]
    repeatable: bool


_ANYTHING = ShellUse(((FileAccess.CHANGE, ANY),), repeatable=False)


@lru_cache(maxsize=1000)
def shell_use(text: str) -> ShellUse:
    r"""Return what a text given to the shell does to files; `ANY` stands for what is not known of a path.

    >>> shell_use("echo a > out.txt && cat out.txt").files
    ((<FileAccess.REPLACE: 'replace'>, 'out.txt'), (<FileAccess.READ: 'read'>, 'out.txt'))
    >>> shell_use("make").files
    ((<FileAccess.CHANGE: 'change'>, '\x00'),)
    """
    if _UNKNOWN.search(text):
        return _ANYTHING
    files: list[tuple[FileAccess, str]] = []
    repeatable = True
    for line in text.replace("\\\n", " ").split("\n"):
        commands = _commands(line)
        if commands is None:
            return _ANYTHING
        for command in commands:
            found = _use(command)
            if found is None:
                return _ANYTHING
            files += found.files
            repeatable = repeatable and found.repeatable
    return ShellUse(tuple(files), repeatable)


def _commands(line: str) -> list[list[str]] | None:
    """Return the commands of a line, each as its words and redirections; None where it cannot be parted."""
    lexer = shlex.shlex(_FILLED.sub(ANY, line), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    try:
        found: list[list[str]] = [[]]
        for token in lexer:
            if token in _OPERATORS:
                found.append([])
            else:
                found[-1].append(token)
    except ValueError:
        return None
    return [command for command in found if command]


def _use(command: list[str]) -> ShellUse | None:
    """Return what one command does; None where nothing is known of it."""
    plain: list[str] = []
    written: list[tuple[FileAccess, str]] = []
    tokens = iter(command)
    for token in tokens:
        if token in _REDIRECTIONS:
            target = next(tokens, "")
            if plain and plain[-1] in ("1", "2"):
                plain.pop()
            if target != "/dev/null" and not (token == ">&" and target.isdigit()):
                written.append((FileAccess.CHANGE if token == ">>" else FileAccess.REPLACE, _path(target)))
        else:
            plain.append(token)
    if not plain:
        return ShellUse(tuple(written), repeatable=True)
    found = _named(plain[0], plain[1:])
    return found and ShellUse((*found.files, *written), found.repeatable)


def _named(name: str, given: list[str]) -> ShellUse | None:
    if name in _SILENT:
        return ShellUse((), repeatable=True)
    if name in _LOOKING or "--version" in given:
        return ShellUse((), repeatable=False)
    if name in _LISTING:
        return None if "-exec" in given or "-delete" in given else ShellUse(((FileAccess.READ, ANY),), repeatable=False)
    options = _OUTPUTS.get(name, ())
    if any(word.startswith(options) for word in given if options):
        return _with_output(given, options)
    paths = [_path(word) for word in given if not word.startswith("-") or word == "-"]
    if _writes_beside(name, given, paths):
        return None
    if name == "sed":
        access = FileAccess.CHANGE if any(word.startswith(("-i", "--in-place")) for word in given) else FileAccess.READ
        return _each(access, paths[1:])
    if name in _READING:
        return _each(FileAccess.READ, paths)
    return _changing(name, given, paths)


def _writes_beside(name: str, given: list[str], paths: list[str]) -> bool:
    """Tell whether a command that reads files, as a rule, is told to write another one, or to read what to do."""
    if name in ("uniq", "xxd"):
        return len(paths) > 1
    if name == "sort":
        return any(word.startswith(("-o", "--output")) for word in given)
    kept = (word for word in given if word.startswith(("-f", "--file", "-i", "--in-place=")) and word != "-i")
    return name == "sed" and any(kept)


def _with_output(given: list[str], options: tuple[str, ...]) -> ShellUse | None:
    place = next((number for number, word in enumerate(given) if word in options), None)
    if place is None or place + 1 >= len(given):
        return None
    return ShellUse(((FileAccess.REPLACE, _path(given[place + 1])),), repeatable=False)


def _changing(name: str, given: list[str], paths: list[str]) -> ShellUse | None:
    """Return what a command does that makes, moves or removes files."""
    if name in _REMOVING or name == "touch":
        # What is removed has to be there before.
        return _each(FileAccess.CHANGE, paths)
    if name == "mkdir":
        return _each(FileAccess.FOLDER, paths)
    if name == "tee":
        return _each(FileAccess.CHANGE if "-a" in given else FileAccess.REPLACE, paths)
    if name in ("cp", "mv") and len(paths) == 2 and ANY not in "".join(paths):
        source, target = paths
        if target.endswith("/") or target in (".", ".."):
            target = f"{target}/{source.rpartition('/')[2]}"
        taken = FileAccess.READ if name == "cp" else FileAccess.REPLACE
        return ShellUse(((FileAccess.READ, source), (taken, source), (FileAccess.CHANGE, target)), repeatable=True)
    return None


def _each(access: FileAccess, paths: list[str]) -> ShellUse:
    return ShellUse(tuple((access, path) for path in paths if path != "-"), repeatable=True)


def _path(word: str) -> str:
    return _GLOB.sub(ANY, word)
