"""Hold what running a piece of code may do, in the order it does it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any

from nb2dag.compiler.analysis.knowledge.facts import CONFIG, ENVIRON
from nb2dag.compiler.analysis.marks import is_mark, with_generator
from nb2dag.compiler.analysis.places import is_file_state, place_of
from nb2dag.compiler.analysis.values import (
    ELEMENT,
    ELEMENTS,
    FRAMES,
    FRESH,
    HOLDS_FRAMES,
    NONE,
    Definition,
    Names,
    Value,
    is_local,
    kept,
    shares,
    without_locals,
)


class Depth(IntEnum):
    """Where a change is: of an object itself, of something in it, or of what only a frame in it can hold."""

    ITSELF = 0
    INSIDE = 1
    IN_FRAME = 2


@dataclass(frozen=True, slots=True)
class Bind:
    """A name is bound to `value`; one that is `together` with those before it, at the same moment (`a, b = b, a`)."""

    name: str
    value: Value
    together: bool = False


DELETED = "deleted"
"""The kind of what a function binds a global name to that it deletes."""


@dataclass(frozen=True, slots=True)
class Mutate:
    """The object of `name` may change; with `deep`, so may anything reached from it. `why` is the node to show."""

    name: str
    deep: bool
    why: ast.AST


@dataclass(frozen=True, slots=True)
class Hold:
    """The object of `name` (or something in it) may from now on contain `value`.

    In a function's summary `value` may name objects that the function made itself (`%name`): what two containers then
    have in common. What is held `as_key` matters if it is one of the notebook's own objects, as the callers know.
    """

    name: str
    value: Value
    as_key: bool = False


@dataclass(frozen=True, slots=True)
class Lend:
    """The object of `name` may be an element of a frame from now on, or hold some; `itself` says which."""

    name: str
    itself: bool


PICKLED = "<pickled>"
"""Stands for all that the notebook has written as pickles: whoever reads one needs the definitions of what is in it."""


ACCESSORS = "<accessors>"
"""Stands for all classes that the notebook has registered as accessors of pandas."""

KEPT = (PICKLED, ACCESSORS)
"""What is always there to be held by, without a name."""


@dataclass(frozen=True, slots=True)
class Draw:
    """State without a name is read and moved on (`<random>`: a number is drawn)."""

    state: str
    why: ast.AST


@dataclass(frozen=True, slots=True)
class Seed:
    """State without a name is set to something definite; `certain` says that it happens on every path."""

    state: str
    why: ast.AST
    certain: bool = True


@dataclass(frozen=True, slots=True)
class ReadState:
    """State without a name is read (`<environ>`)."""

    state: str
    why: ast.AST


@dataclass(frozen=True, slots=True)
class WriteState:
    """State without a name is changed (`<environ>`, `<cwd>`, an attribute of a module).

    `text` is the state afterwards where it is a text known at compile time: the working directory.
    """

    state: str
    why: ast.AST
    text: str | None = None


LOG_HANDLERS = "<log handlers>"
"""The state of what loggers do with messages, which matters to code that logs."""

ANNOTATIONS = "__annotations__"
"""The name of a dict that a cell with annotations makes or adds to."""

PATCH = "<patch>"
"""The state of what a patch of `unittest.mock` replaces as long as it lasts."""

REGISTERED = "<registered method>"
"""The state of which a function that is registered with a method of a class becomes a part."""

_REBINDS = "<global "


def rebinding(name: str) -> str:
    """Return the state that stands for a global name which a function without a name binds when it is called.

    >>> rebinding("n"), rebound(rebinding("n")), rebound("<random>")
    ('<global n>', 'n', None)
    """
    return f"{_REBINDS}{name}>"


def rebound(state: str) -> str | None:
    """Return the name that `rebinding` made a state of, None for any other state."""
    return state[len(_REBINDS) : -1] if state.startswith(_REBINDS) else None


def is_surrounding(state: str) -> bool:
    """Tell whether a state may matter to any code: settings, environment, search path, attributes of modules."""
    if not state.startswith("<") or is_file_state(state):
        return False
    return state in ("<config>", "<environ>", "<sys.path>") or (
        "." in state[2:] and " " not in state and "random" not in state
    )


class FileAccess(Enum):
    """What is done to a file: it is read, changed, removed, given wholly new content; a folder is made."""

    READ = "read"
    CHANGE = "change"
    REMOVE = "remove"
    REPLACE = "replace"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class FileUse:
    """A file, or all that a pattern matches, is read or written.

    `text` is what is known of the path, and `folder` of the working directory at that moment. `certain` says that it
    happens on every path through the code. `logs` says that later messages go to the file, wherever they come from.
    """

    text: str
    folder: str
    access: FileAccess
    certain: bool
    why: ast.AST
    logs: bool = False

    @property
    def writes(self) -> bool:
        """Whether the file, or the folder, may be another one afterwards."""
        return self.access is not FileAccess.READ

    @property
    def place(self) -> str | None:
        """The place it uses, None where that is no local path."""
        place = place_of(self.text, self.folder)
        return f"{place}/" if place and self.access is FileAccess.FOLDER else place


Event = Bind | Mutate | Hold | Lend | Draw | Seed | ReadState | WriteState | FileUse


Answer = Callable[[Any, Sequence[Value], Sequence[Value], ast.AST], object]
"""Records, with an evaluator, what some values do to others at a node."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A cached function, or method of a class, was asked: its answer is kept in the process, for the next time.

    `cache` is its definition, `owner` its name or that of the class. The answer followed from what `name` stood for,
    which may be `READ`; `given` says that this was handed to it. Where the name is `CLEARED`, nothing was asked, but
    all answers were thrown away.
    """

    owner: str
    cache: ast.AST
    name: str
    given: bool = False


READ = "<read>"
"""Stands for the files that are read on the way to an answer."""

CLEARED = "<cleared>"
"""Stands for all answers of a cached function, which are thrown away."""


@dataclass(slots=True)
class Effects:
    """What a statement or a function body may do.

    `unstable` are the reasons why doing it again elsewhere need not give the same: `<clock>`, `<files>`, or the text
    of a call nobody knows. `configures` is set when all it does is to set up a module, `opens` when it makes a
    resource. `unknown_calls` are bare calls that are neither configuration nor display. `references` are the notebook
    definitions that it may call.
    """

    events: list[Event] = field(default_factory=list)
    unstable: dict[str, ast.AST] = field(default_factory=dict)
    references: set[Definition] = field(default_factory=set)
    run: set[Definition] = field(default_factory=set)
    """The definitions that a statement makes and runs at once, since a decorator calls what it is given."""
    raised: set[Definition] = field(default_factory=set)
    """The notebook's definitions that an exception which is raised may carry: its own class at the least."""
    swallows: bool = False
    """Whether a `with` block may end early without an exception, by what a class of the notebook's says."""
    unpickled: set[Definition] = field(default_factory=set)
    """The notebook's definitions that a file may need to be read."""
    thrown: set[str] = field(default_factory=set)
    """Names of whose objects an exception that is raised may hold parts: `raise ValueError("rows", rows)`."""
    configures: bool = False
    opens: bool = False
    dynamic: dict[str, ast.AST] = field(default_factory=dict)
    """Calls whose effect cannot be seen: `exec`, `globals()` ..."""
    methods: set[str] = field(default_factory=set)
    """Methods that a function calls on what it is given (see `methods.call_methods` for the spelling)."""
    results: set[str] = field(default_factory=set)
    """Those of the methods whose results a function may go on with (see `application.overridden`)."""
    asked: dict[tuple[Answer, Value], Value] = field(default_factory=dict)
    """What a function leaves for its callers to find out, who know what it is given: who answers about which values,
    and what these may use and change then."""
    identity: set[str] = field(default_factory=set)
    """Names whose identity is asked for (`a is b`, `id(a)`)."""
    consumed: set[tuple[str, bool]] = field(default_factory=set)
    """Parameters of a function that it goes through, each itself or something in it (see `consuming.consume`)."""
    altered: set[tuple[str, Depth]] = field(default_factory=set)
    """Names whose object is changed as containers are, or something in it.

    `ELEMENT` stands for what no name reaches. What a call that nobody knows may change as well does not count.
    """
    guessed: set[tuple[str, FileAccess]] = field(default_factory=set)
    """Texts of a function that are paths if its callers give it paths: a call of which nothing is known gets them."""
    lost: set[tuple[str, str]] = field(default_factory=set)
    """Names with an attribute that is asked of them and that no handoff keeps, such as a traceback."""
    remembered: set[Remembered] = field(default_factory=set)
    """What the answers of cached functions followed from."""

    @property
    def files(self) -> list[FileUse]:
        """The files that are used, in order."""
        return [event for event in self.events if isinstance(event, FileUse)]

    def add(self, event: Event) -> None:
        """Record one more event."""
        if isinstance(event, Draw) and is_mark(event.state):
            return
        self.events.append(event)

    def ask(self, answer: Answer, values: Sequence[Value], given: Sequence[Value]) -> None:
        """Leave a question about `values` to the callers of the function, if one of them is what it was given."""
        asked = without_locals(shares(values))
        if any(name.startswith("@") for name in asked.reaches):
            before = self.asked.get((answer, asked), FRESH)
            self.asked[answer, asked] = without_locals(shares([before, *given]))

    def ask_less(self) -> None:
        """Make one question of those that are put to the same about values which have a parameter in common."""
        found: dict[Answer, list[tuple[Value, Value]]] = {}
        for (answer, asked), used in self.asked.items():
            apart = found.setdefault(answer, [])
            common = [each for each in apart if not each[0].reaches.isdisjoint(asked.reaches)]
            if common:
                asked, used = shares([asked, *(one for one, _ in common)]), shares([used, *(two for _, two in common)])
            found[answer] = [*(each for each in apart if each not in common), (asked, used)]
        self.asked = {(answer, asked): used for answer, each in found.items() for asked, used in each}

    def mutate(self, value: Value, why: ast.AST, *, deep: bool = False) -> None:
        """Record that the object a value stands for may change, and the file that it is a handle of."""
        reached = dict.fromkeys(sorted(value.same), deep) | dict.fromkeys(sorted(value.part), True)
        if deep:
            reached |= dict.fromkeys(sorted(value.holds), True)
        for name, all_of_it in reached.items():
            if not is_local(name):
                self.add(Mutate(name, all_of_it, why))
        for state in sorted(filter(is_file_state, value.draws)):
            self.add(Draw(state, why))
        for state in sorted(value.draws & {ENVIRON, CONFIG}):
            self.add(WriteState(state, why))

    def alter(self, value: Value, why: ast.AST) -> None:
        """Record a change as lists, dicts, sets and the notebook's own objects have them; frames may hold these."""
        self.mutate(value, why)
        self.note_altered(value)

    def alter_inside(self, value: Value, why: ast.AST, depth: Depth) -> None:
        """Record such a change of something in the object that a value stands for."""
        self.mutate(value, why, deep=True)
        self.note_altered(value, depth)

    def note_altered(self, value: Value, depth: Depth = Depth.ITSELF) -> None:
        """Note of a change that is recorded already that it is one of a container, or of something inside."""
        if depth is not Depth.ITSELF:
            self.altered |= {(name, depth) for name in value.reaches}
            marks = {ELEMENT, ELEMENTS, HOLDS_FRAMES} if depth is Depth.IN_FRAME else {ELEMENT, ELEMENTS}
            if value.kind in FRAMES or not value.draws.isdisjoint(marks):
                self.altered.add((ELEMENT, Depth.INSIDE))
            return
        if value.kind not in FRAMES:
            self.altered |= {(name, Depth.ITSELF) for name in value.same}
        if not value.kind:
            self.altered |= {(name, Depth.INSIDE) for name in value.part}
            if ELEMENT in value.draws and all(map(is_local, value.reaches)):
                self.altered.add((ELEMENT, Depth.INSIDE))

    def lend(self, value: Value, *, itself: bool = False) -> None:
        """Record that what is in the object a value stands for may now be an element of a frame, or the object is."""
        if value.kind not in FRAMES:
            names = (name for name in sorted(value.reaches) if not is_local(name))
            self.events += [Lend(name, itself or name in value.holds) for name in names]

    def hold(self, container: Value, item: Value, *, as_key: bool = False) -> None:
        """Record that `item` may now be inside the object `container` stands for."""
        if item.immutable and not item.carries and not item.free and item.definition is None:
            return
        for name in sorted(container.same | container.part):
            if not is_local(name):
                self.add(Hold(name, with_generator(kept(item)), as_key))


@dataclass(slots=True)
class Summary:
    """What calling a function does, in terms of its parameters (`@name`) and of global names."""

    effects: Effects = field(default_factory=Effects)
    returns: Value = FRESH
    parameters: tuple[str, ...] = ()
    positional: int = 0
    variadic: str | None = None
    keywords: str | None = None
    changing_defaults: frozenset[str] = frozenset()
    """Parameters whose default is an object that can change."""
    elements: tuple[Value, ...] | None = None
    """The values of the elements where every call returns a tuple of this many."""
    returned: Names = NONE
    """What the returned value reaches, objects that the function made itself (`%name`) included."""
    of_class: bool = False
    """It is a class method: its first argument is the class."""
    is_property: bool = False
    """To read the attribute is to call it."""
    lazy: str = ""
    """`coroutine` or `generator` where a call runs nothing yet: its effects are those of going through the result."""
    static: bool = False
    """It is a static method: it gets no object or class before its arguments."""

    @property
    def mutated_parameters(self) -> set[str]:
        """The parameters (`@name`) whose objects a call may change."""
        return {event.name for event in self.effects.events if isinstance(event, Mutate) and event.name[0] == "@"}
