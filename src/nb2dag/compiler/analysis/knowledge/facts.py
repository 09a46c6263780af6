"""Define what the tables of known calls say, and how a table is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MODE = "mode"
"""Value of `path_read` and `path_write` where the call's `mode` argument decides between reading and writing."""

RECEIVER = "receiver"
"""Value of `path_read` and `path_write` where the receiver of the method is itself the path."""

ANY = "*"
"""Value in `calls` that stands for every keyword that is given: `agg(total=("v", sum))`."""

RANDOM, NUMPY_RANDOM, TORCH_RANDOM = "<random>", "<numpy.random>", "<torch.random>"
CLOCK, ENTROPY, NETWORK, FILES = "<clock>", "<entropy>", "<network>", "<files>"
ENVIRON, CWD, SYS_PATH, CONFIG = "<environ>", "<cwd>", "<sys.path>", "<config>"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known about calling a function or class by its dotted path.

    Where a call is given `copy=False`, read `returns` as `shares`.

    Attributes:
        mutates: Positions and keyword names of the arguments that the call mutates, if they are given. With `out`
            among them, what it mutates is what it returns.
        returns: `fresh` (shares no mutable object with the arguments), `shares` (may be, contain or view one),
            `immutable`, or `first` (the first argument itself).
        kind: The kind of the result where that is certain, one of the receiver kinds of `method_call`.
        reads: State without a name that the call reads; drawing numbers reads and writes the generator.
        writes: State without a name that the call changes.
        seeds: The call sets a generator to a definite state (if one of `seeded_by` is given, where there are any).
        configures: The call configures a module for the whole process, and does nothing else.
        opens: The result is a resource that is made anew in each process rather than handed over.
        deterministic: The same arguments (and the same state of what it reads) give the same result in any process.
        path_read: The argument that is the path of a file it reads, or `MODE`.
        path_write: The argument that is the path of a file it writes, or `MODE`.
        seeded_by: Arguments of which one, given and not None, makes the call draw from no global generator and no
            entropy: it then neither reads nor writes and is deterministic (but a call that `seeds` still writes).
        draws: Generators that *methods* of the result draw from later, unless one of `seeded_by` is given here.
        calls: Positions and keyword names of arguments that the call itself calls: their effects are its effects.
            `ANY` stands for every keyword that is given.
        consumes: The call iterates its arguments at once or later; an iterator among them is used up.
        shallow: With `returns="shares"`: the result is an object of its own, only its elements are shared.
        stores: The mutated argument afterwards contains the other arguments.
        unpacks: Kinds of the elements of a returned tuple, where they are certain.
        views: The result may be a view of the first argument where that may be an array: then read `returns` as
            `shares` (a frame, which pandas before 3 makes of an array without a copy).
    """

    mutates: tuple[int | str, ...] = ()
    returns: str = "fresh"
    kind: str = ""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    seeds: bool = False
    configures: bool = False
    opens: bool = False
    deterministic: bool = True
    path_read: int | str | None = None
    path_write: int | str | None = None
    seeded_by: tuple[int | str, ...] = ()
    draws: tuple[str, ...] = ()
    calls: tuple[int | str, ...] = ()
    consumes: bool = False
    shallow: bool = False
    stores: bool = False
    unpacks: tuple[str, ...] = ()
    views: bool = False


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """What is known about calling a method by its bare name.

    A method that mutates neither its receiver nor a listed argument is pure. Arguments count without the receiver.

    Attributes:
        mutates_receiver: The receiver may be changed.
        mutates_args: As `mutates` in `CallFacts`.
        returns: `fresh`, `shares` (may be, contain or view the receiver or an argument), `receiver`, or `immutable`.
        inplace_keyword: The receiver is changed if and only if `inplace=True` is given.
        kind: The kind of the result where that is certain.
        path_read: The argument that is the path of a file it reads, `RECEIVER` or `MODE`.
        path_write: The argument that is the path of a file it writes, `RECEIVER` or `MODE`.
        touches_only_receiver: The arguments are certainly not changed, although the receiver is.
        stores_args: The receiver afterwards contains the arguments.
        reads: State without a name that it reads.
        writes: State without a name that it changes.
        deterministic: The same receiver and arguments give the same result in any process.
        seeded_by: As in `CallFacts`.
        calls: As in `CallFacts`; a function given to `pipe` gets the receiver itself.
        shallow: As in `CallFacts`.
    """

    mutates_receiver: bool
    mutates_args: tuple[int | str, ...] = ()
    returns: str = "fresh"
    inplace_keyword: bool = False
    kind: str = ""
    path_read: int | str | None = None
    path_write: int | str | None = None
    touches_only_receiver: bool = False
    stores_args: bool = False
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deterministic: bool = True
    seeded_by: tuple[int | str, ...] = ()
    calls: tuple[int | str, ...] = ()
    shallow: bool = False


FRESH = CallFacts()
SHARES = CallFacts(returns="shares")
IMMUTABLE = CallFacts(returns="immutable", kind="immutable")
CONFIGURES = CallFacts(returns="immutable", configures=True, writes=(CONFIG,))
RESOURCE = CallFacts(returns="shares", kind="client", opens=True)
CLOCK_READ = CallFacts(returns="immutable", kind="immutable", reads=(CLOCK,), deterministic=False)
ENTROPY_READ = CallFacts(returns="immutable", reads=(ENTROPY,), deterministic=False)
NETWORK_READ = CallFacts(reads=(NETWORK,), deterministic=False)

PURE = MethodFacts(False)
PURE_IMMUTABLE = MethodFacts(False, returns="immutable", kind="immutable")
PURE_SHARES = MethodFacts(False, returns="shares")
MUTATES = MethodFacts(True, returns="immutable", touches_only_receiver=True)
MUTATES_SHARES = MethodFacts(True, returns="shares", touches_only_receiver=True)
STORES = MethodFacts(True, returns="immutable", touches_only_receiver=True, stores_args=True)
CHAINS = MethodFacts(True, returns="receiver", touches_only_receiver=True)


def call_table(prefix: str, *rows: tuple[CallFacts, str]) -> dict[str, CallFacts]:
    """Return dotted paths with their facts; a row is facts and the names, parted by spaces, that they hold for.

    >>> sorted(call_table("math", (IMMUTABLE, "sin cos")))
    ['math.cos', 'math.sin']
    """
    return {f"{prefix}.{name}": facts for facts, names in rows for name in names.split()}


def method_table(*rows: tuple[MethodFacts, str]) -> dict[str, MethodFacts]:
    """Return bare method names with their facts; a row is facts and the names that they hold for."""
    return {name: facts for facts, names in rows for name in names.split()}


def words(text: str) -> frozenset[str]:
    """Return the names parted by spaces in `text`."""
    return frozenset(text.split())


def joined(tables: Iterable[Mapping[str, CallFacts]]) -> dict[str, CallFacts]:
    """Return several tables of calls as one."""
    whole: dict[str, CallFacts] = {}
    for table in tables:
        whole.update(table)
    return whole
