"""Name tasks: after the heading above them, else after what their code does."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable, Sequence

from nb2dag.compiler.suggestion.outline import Above
from nb2dag.directives.names import why_not_id
from nb2dag.model.program import ProgramCell

_MOST_WORDS = 4
_MOST_CHARACTERS = 40

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the of and or to in on for with from by at as is are be we our us let lets s this that these those it "
        "its some using use via into how what do does can will where when which",
    )
)

_NUMBERING = re.compile(
    r"^\s*(?:(?:chapter|section|part|step|exercise|question|task)\s+)?(?:\d+(?:\.\d+)*|[ivx]+(?=[.)]))[.):]*\s+",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|\$[^$]*\$|<[^>]*>|&\w+;|[`*]")

_VERBS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("load", re.compile(r"(read|load|fetch)(_.*|csv|s|txt)?|get_data|genfromtxt|open|connect")),
    ("split", re.compile(r".*train_test_split|.*split")),
    ("fit", re.compile(r"fit|fit_transform|fit_predict|train|fit_regularized|minimize|cross_val_score|compile")),
    ("score", re.compile(r".*_score|score|evaluate|confusion_matrix|classification_report|mean_squared_error")),
    ("predict", re.compile(r"predict|predict_proba|forecast|get_prediction")),
    ("clean", re.compile(r"dropna|fillna|drop_duplicates|replace|astype|to_datetime|rename|drop|interpolate|strip")),
    ("merge", re.compile(r"merge|join|concat")),
    ("aggregate", re.compile(r"groupby|agg|aggregate|pivot|pivot_table|resample|value_counts|crosstab")),
    ("plot", re.compile(
        r"plot.*|.*plot|scatter|hist|hist2d|bar|barh|imshow|subplots?|figure|heatmap|show|boxplot|contourf?|"
        r"errorbar|savefig|pairplot|distplot|set_title|title|xlabel"
    )),
    ("save", re.compile(r"to_(csv|parquet|json|excel|pickle|sql|hdf)|dump|savez?|savetxt|write")),
)  # fmt: skip
"""The kinds of work, each with the calls that tell it; of several the one with the most calls counts."""


def task_names(
    tasks: Sequence[Sequence[ProgramCell]], outline: dict[int, Above], taken: Iterable[str] = ()
) -> list[str]:
    """Return a valid task name for each of `tasks`, all different, and different from `taken`."""
    used = set(taken)
    names = []
    for number, cells in enumerate(tasks, 1):
        wanted = _from_heading(cells, outline) or _from_code(cells) or f"step_{number}"
        name, count = wanted, 1
        while name in used:
            count += 1
            name = f"{wanted}_{count}"
        used.add(name)
        names.append(name)
    return names


def _from_heading(cells: Sequence[ProgramCell], outline: dict[int, Above]) -> str:
    titles = outline[cells[0].cell.index].titles
    # The notebook's own title says what the whole is about, not its first task.
    below_title = [title for title in titles if title[0] > 1]
    ordered = below_title or titles
    own_level = min((level for level, _ in ordered), default=0)
    inside = [level for cell in cells[1:] for level, _ in outline[cell.cell.index].titles]
    spans = any(level > own_level for level in inside)
    for _, title in ordered if spans else reversed(ordered):
        if name := heading_name(title):
            return name
    return ""


def heading_name(title: str) -> str:
    """Return a task name made of a heading's words, an empty string where nothing is left.

    >>> heading_name("3.2 Loading the *raw* data"), heading_name("K-means: how does it work?"), heading_name("???")
    ('loading_raw_data', 'k_means_work', '')
    """
    text = _MARKUP.sub(lambda match: match[1] or "", title)
    text = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    text = text[match.end() :] if (match := _NUMBERING.match(text)) else text
    words = re.findall(r"[a-z0-9]+", re.sub(r"['’]", "", text).lower())
    words = [word for word in words if word not in _STOP_WORDS] or words
    while words and words[0].isdigit():
        words = words[1:]
    kept: list[str] = []
    for word in words[:_MOST_WORDS]:
        if len("_".join([*kept, word])) > _MOST_CHARACTERS and kept:
            break
        kept.append(word[:_MOST_CHARACTERS])
    name = "_".join(kept)
    return name if name and not why_not_id(name) else ""


def _from_code(cells: Sequence[ProgramCell]) -> str:
    verb = work(cells)
    made = _made(cells)
    if verb == "plot":
        return "plot"
    if verb:
        return f"{verb}_{made}" if made and not made.startswith(verb) else verb
    return f"make_{made}" if made else ""


def work(cells: Iterable[ProgramCell]) -> str:
    """Return the kind of work that code does, an empty string where nothing tells it.

    >>> from nb2dag.compiler.frontend.tagging import tag_program
    >>> from nb2dag.model.notebook import Cell, CellType, Notebook
    >>> cell = Cell(1, "a", CellType.CODE, "df = pd.read_csv('rows.csv')")
    >>> work(tag_program(Notebook("n.ipynb", (cell,))).cells)
    'load'
    """
    counts: dict[str, int] = {}
    for cell in cells:
        for node in ast.walk(cell.code.tree):
            if isinstance(node, ast.Call):
                name = _called(node.func)
                for verb, pattern in _VERBS:
                    if pattern.fullmatch(name):
                        counts[verb] = counts.get(verb, 0) + 1
                        break
    order = [verb for verb, _ in _VERBS]
    return max(counts, key=lambda verb: (counts[verb], -order.index(verb)), default="")


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _made(cells: Sequence[ProgramCell]) -> str:
    """Return the last plain name of some length that the top level of the code binds."""
    found = ""
    for cell in cells:
        for statement in cell.code.tree.body:
            for target in statement.targets if isinstance(statement, ast.Assign) else ():
                if isinstance(target, ast.Name) and (len(target.id) > 1 or not found):
                    found = target.id
    name = found.strip("_").lower()
    return name[:_MOST_CHARACTERS] if name and name.isascii() and not why_not_id(name) else ""
