"""List Python's built-in functions, and the methods of its built-in types."""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import (
    ENTROPY,
    FILES,
    FRESH,
    IMMUTABLE,
    MODE,
    MUTATES,
    MUTATES_SHARES,
    PURE_IMMUTABLE,
    PURE_SHARES,
    SHARES,
    STORES,
    CallFacts,
    MethodFacts,
    call_table,
    method_table,
)

_OPEN = CallFacts(kind="file", reads=(FILES,), deterministic=False, path_read=MODE, path_write=MODE)


def _container(kind: str) -> CallFacts:
    return CallFacts(returns="shares", shallow=True, kind=kind, consumes=True)


# `eval`, `exec`, `globals`, `locals` and `__import__` are left out: nothing can be said about them.
CALLS = call_table(
    "builtins",
    (
        IMMUTABLE,
        (
            "ascii bin bool bytes callable chr complex float format hasattr hex int "
            "isinstance issubclass len oct ord range repr slice str type compile help exit quit "
            "bytes.fromhex int.from_bytes float.fromhex str.maketrans credits copyright license display"
        ),
    ),
    # a library's objects answer these with new objects of their own
    (FRESH, "abs round pow divmod dir"),
    (CallFacts(kind="memory"), "bytearray"),
    (CallFacts(kind="mark"), "object"),
    (CallFacts(returns="shares", kind="window"), "memoryview"),
    (SHARES, "getattr vars super property classmethod staticmethod aiter anext"),
    (CallFacts(returns="immutable", mutates=("file",)), "print"),
    (CallFacts(returns="immutable", kind="immutable", consumes=True), "any all"),
    (CallFacts(returns="shares", consumes=True), "sum"),
    (CallFacts(returns="shares", consumes=True, calls=("key",)), "min max"),
    (CallFacts(returns="shares", shallow=True, kind="list", consumes=True, calls=("key",)), "sorted"),
    (_container("list"), "list"),
    (_container("tuple"), "tuple"),
    (_container("dict"), "dict dict.fromkeys"),
    (_container("set"), "set"),
    (_container("immutable"), "frozenset"),
    (CallFacts(returns="shares", shallow=True, kind="iterator", consumes=True), "enumerate zip reversed iter"),
    (CallFacts(returns="shares", shallow=True, kind="iterator", consumes=True, calls=(0,)), "map filter"),
    (CallFacts(returns="shares", mutates=(0,), consumes=True), "next"),
    (CallFacts(returns="immutable", mutates=(0,), stores=True), "setattr"),
    (CallFacts(returns="immutable", mutates=(0,)), "delattr"),
    (_OPEN, "open"),
    # an object's address, and the hash of a string, are other ones in every process
    (CallFacts(kind="address", reads=(ENTROPY,), deterministic=False), "id"),
    (CallFacts(returns="immutable", kind="immutable", reads=(ENTROPY,), deterministic=False), "hash"),
    (CallFacts(returns="immutable", kind="immutable", deterministic=False), "input breakpoint"),
)


LIST = method_table(
    (STORES, "append insert extend appendleft extendleft __setitem__ __iadd__"),
    (MUTATES, "remove clear reverse rotate __delitem__"),
    (MethodFacts(True, returns="immutable", touches_only_receiver=True, calls=("key",)), "sort"),
    (MUTATES_SHARES, "pop popleft"),
    (PURE_IMMUTABLE, "index count __len__ __contains__"),
    (MethodFacts(False, returns="shares", shallow=True, kind="list"), "copy"),
    (PURE_SHARES, "__getitem__ __iter__"),
)

DICT = method_table(
    (STORES, "update __setitem__ __ior__"),
    (MethodFacts(True, returns="shares", touches_only_receiver=True, stores_args=True), "setdefault"),
    (MUTATES, "clear move_to_end subtract __delitem__"),
    (MUTATES_SHARES, "pop popitem"),
    (PURE_SHARES, "get keys values items elements __getitem__ __iter__"),
    (MethodFacts(False, returns="shares", shallow=True, kind="dict"), "copy new_child"),
    (MethodFacts(False, returns="shares", shallow=True, kind="list"), "most_common"),
    (PURE_IMMUTABLE, "total __len__ __contains__"),
    (MethodFacts(False, returns="shares", shallow=True, kind="dict"), "fromkeys"),
)

SET = method_table(
    (STORES, "add update"),
    (MUTATES, "discard remove clear difference_update intersection_update symmetric_difference_update"),
    (MUTATES_SHARES, "pop"),
    (
        MethodFacts(False, returns="shares", shallow=True, kind="set"),
        "copy union intersection difference symmetric_difference",
    ),
    (PURE_IMMUTABLE, "isdisjoint issubset issuperset __len__ __contains__"),
)

_TEXT_LIST = MethodFacts(False, kind="list")
_TEXT = MethodFacts(False, returns="immutable", kind="str")

STR = method_table(
    (
        _TEXT,
        (
            "capitalize casefold center expandtabs format format_map join ljust lower lstrip removeprefix "
            "removesuffix replace rjust rstrip strip swapcase title translate upper zfill decode hex"
        ),
    ),
    (
        PURE_IMMUTABLE,
        (
            "count encode endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier islower "
            "isnumeric isprintable isspace istitle isupper maketrans partition rfind rindex rpartition "
            "startswith fromhex"
        ),
    ),
    (_TEXT_LIST, "rsplit split splitlines"),
)

TUPLE = method_table((PURE_IMMUTABLE, "count index"), (PURE_SHARES, "_replace _asdict __getitem__ __iter__"))

ITERATOR = method_table((MUTATES_SHARES, "__next__ send throw asend athrow"), (MUTATES, "close aclose"))

FILE = method_table(
    (
        MethodFacts(True, touches_only_receiver=True, returns="immutable", deterministic=False),
        "read readline readlines readable seek tell read1 fileno",
    ),
    (MUTATES, "write writelines close flush truncate writerow writerows writeheader detach __enter__ __exit__"),
    (MethodFacts(True, mutates_args=(0,), returns="immutable"), "readinto"),
    (PURE_IMMUTABLE, "getvalue isatty writable seekable"),
    (MethodFacts(False, returns="shares", kind="window"), "getbuffer"),
)
