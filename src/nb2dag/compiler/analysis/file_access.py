"""Tell what a known call does to its files, by its name and the mode it is given."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nb2dag.compiler.analysis.arguments import Arguments
from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.knowledge.facts import MODE, RECEIVER, CallFacts, MethodFacts, words
from nb2dag.compiler.analysis.modes import mode_of
from nb2dag.compiler.analysis.values import Value

_REMOVES = words("remove unlink rmdir removedirs rmtree")
_REPLACES = words(
    "open write_text write_bytes to_csv to_json to_html to_latex to_markdown to_string to_xml to_excel to_feather "
    "to_parquet to_orc to_pickle to_stata savefig imsave save savetxt savez savez_compressed dump tofile "
    "save_model write_image write_html write_json write_table imwrite rename renames replace "
    "ZipFile GzipFile BZ2File LZMAFile ExcelWriter export_graphviz dump_svmlight_file to_file"
)
"""Calls after which nothing is left of what the file was, if they are given no mode that says otherwise."""

_MAKES_FOLDER = words("mkdir makedirs")
_HERE = words("listdir scandir walk fwalk")
"""Calls that mean the working directory when they are given no path."""

_PATH_KEYWORDS = (
    "path", "path_or_buf", "filepath_or_buffer", "fname", "file", "io", "excel_writer", "buf", "filename", "src", "dst",
    "root_dir", "top",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call of which the tables know something: `path` is its dotted path, the bare name of a method.

    `receiver` is the object whose method it is.
    """

    facts: CallFacts | MethodFacts
    arguments: Arguments
    node: ast.Call
    path: str
    receiver: Value | None = None

    @property
    def name(self) -> str:
        """The bare name of what is called."""
        return self.path.rpartition(".")[2]

    def places(self) -> list[tuple[FileAccess, Value | None]]:
        """Return what it does to each of its files, with the value of the path, None where nothing is known of it."""
        found = []
        for place, writes in ((self.facts.path_read, False), (self.facts.path_write, True)):
            access = None if place is None else self._access(place, writes=writes)
            if place is not None and access is not None:
                found.append((access, self._argument(place)))
        return found

    def is_sure(self, access: FileAccess) -> bool:
        """Tell whether what was there before does not matter: `mkdir` without `exist_ok` needs to know it."""
        if access is not FileAccess.FOLDER:
            return True
        node = self.arguments.nodes.get("exist_ok")
        return isinstance(node, ast.Constant) and node.value is True

    def _argument(self, place: int | str) -> Value | None:
        arguments = self.arguments
        if place == RECEIVER:
            return self.receiver
        named = next((arguments.keywords[name] for name in _PATH_KEYWORDS if name in arguments.keywords), None)
        if place == MODE:
            return self.receiver if self.receiver is not None else arguments.get(0) or named
        found = arguments.get(place) or named
        if found is None and self.name in _HERE and not arguments.open:
            return Value(kind="path", constant=".")
        return found

    def _access(self, place: int | str, *, writes: bool) -> FileAccess | None:
        """Return what it does to its file, None where its mode says that it does not read it, or not write it."""
        if self.name in _MAKES_FOLDER:
            return FileAccess.FOLDER if writes else FileAccess.READ
        if place == MODE:
            mode = mode_of(self.arguments, is_function=self.receiver is None)
            return _by_mode("a" if self.name == "HDFStore" and mode == "r" else mode, writes=writes)
        if not writes:
            return FileAccess.READ
        if self.name in _REMOVES:
            return FileAccess.REMOVE
        given = self.arguments.get("mode")
        plain = given is None or given.constant in ("w", "wb", "wt", "x")
        replaces = plain and self.name in _REPLACES and "partition_cols" not in self.arguments.nodes
        return FileAccess.REPLACE if replaces else FileAccess.CHANGE


def _by_mode(mode: str | None, *, writes: bool) -> FileAccess | None:
    if mode is None:
        return FileAccess.CHANGE if writes else FileAccess.READ
    creates = any(letter in mode for letter in "wx")
    if not writes:
        return None if creates or "a" in mode else FileAccess.READ
    if creates:
        return FileAccess.REPLACE
    return FileAccess.CHANGE if "a" in mode or "+" in mode else None
