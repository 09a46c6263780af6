"""List the standard library's calculating part: numbers, text, dates, containers, iteration, serialisation."""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import (
    CLOCK,
    CLOCK_READ,
    CONFIGURES,
    ENTROPY,
    ENTROPY_READ,
    FRESH,
    IMMUTABLE,
    MUTATES,
    PURE_IMMUTABLE,
    PURE_SHARES,
    RANDOM,
    SHARES,
    STORES,
    CallFacts,
    call_table,
    joined,
    method_table,
)

_ITERATES = CallFacts(returns="shares", shallow=True, kind="iterator", consumes=True)
_ITERATES_CALLING = CallFacts(returns="shares", shallow=True, kind="iterator", consumes=True, calls=(0,))
_DRAW = CallFacts(returns="immutable", reads=(RANDOM,), writes=(RANDOM,))
_PICKS = CallFacts(returns="shares", reads=(RANDOM,), writes=(RANDOM,))
_PICKS_LIST = CallFacts(returns="shares", shallow=True, kind="list", reads=(RANDOM,), writes=(RANDOM,))
_LIST = CallFacts(kind="list")
_TEXT = CallFacts(returns="immutable", kind="str")
_REDUCES = CallFacts(returns="immutable", kind="immutable", consumes=True)
_MUTATES_FIRST = CallFacts(mutates=(0,), returns="immutable")
_STORES_FIRST = CallFacts(mutates=(0,), returns="immutable", stores=True)
_READS_STREAM = CallFacts(mutates=(0,))
_WRITES_STREAM = CallFacts(mutates=(1, "fp", "file"), returns="immutable")

_NUMBERS = (
    call_table(
        "math",
        (
            IMMUTABLE,
            (
                "acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees erf erfc exp "
                "exp2 expm1 fabs factorial floor fma fmod frexp gamma gcd hypot isclose isfinite isinf isnan "
                "isqrt lcm ldexp lgamma log log10 log1p log2 modf nextafter perm pow radians remainder sin sinh "
                "sqrt tan tanh trunc ulp"
            ),
        ),
        (_REDUCES, "fsum prod dist sumprod"),
    ),
    call_table(
        "cmath",
        (IMMUTABLE, "acos asin atan cos exp isclose isfinite isinf isnan log log10 phase polar rect sin sqrt tan"),
    ),
    call_table(
        "statistics",
        (
            CallFacts(returns="immutable", consumes=True),
            (
                "correlation covariance fmean geometric_mean harmonic_mean linear_regression mean median "
                "median_grouped median_high median_low mode pstdev pvariance stdev variance"
            ),
        ),
        (CallFacts(consumes=True, kind="list"), "multimode quantiles"),
        (CallFacts(consumes=True, returns="shares"), "kde"),
        (
            CallFacts(consumes=True, returns="shares", reads=(ENTROPY,), deterministic=False, seeded_by=("seed",)),
            "kde_random",
        ),
        (IMMUTABLE, "NormalDist"),
    ),
    call_table(
        "decimal",
        (IMMUTABLE, "Decimal DecimalTuple"),
        (CONFIGURES, "setcontext"),
        (SHARES, "getcontext localcontext"),
        (FRESH, "Context"),
    ),
    call_table("fractions", (IMMUTABLE, "Fraction")),
    call_table(
        "random",
        (
            _DRAW,
            (
                "betavariate binomialvariate expovariate gammavariate gauss getrandbits lognormvariate "
                "normalvariate paretovariate randbytes randint random randrange triangular uniform "
                "vonmisesvariate weibullvariate"
            ),
        ),
        (_PICKS, "choice"),
        (_PICKS_LIST, "choices sample"),
        (CallFacts(mutates=(0,), returns="immutable", reads=(RANDOM,), writes=(RANDOM,)), "shuffle"),
        (CallFacts(returns="immutable", writes=(RANDOM,), seeds=True, seeded_by=(0, "a")), "seed"),
        (CallFacts(returns="immutable", writes=(RANDOM,), seeds=True), "setstate"),
        (CallFacts(returns="immutable", reads=(RANDOM,)), "getstate"),
        (CallFacts(kind="rng", reads=(ENTROPY,), deterministic=False, seeded_by=(0, "x")), "Random"),
        (CallFacts(kind="rng", reads=(ENTROPY,), deterministic=False), "SystemRandom"),
    ),
    call_table(
        "secrets",
        (ENTROPY_READ, "randbelow randbits token_bytes token_hex token_urlsafe"),
        (CallFacts(returns="shares", reads=(ENTROPY,), deterministic=False), "choice SystemRandom"),
        (IMMUTABLE, "compare_digest"),
    ),
    call_table("uuid", (IMMUTABLE, "UUID uuid3 uuid5"), (ENTROPY_READ, "uuid1 uuid4 uuid6 uuid7 uuid8 getnode")),
    call_table(
        "hashlib",
        (
            CallFacts(kind="hash"),
            (
                "md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s sha3_224 sha3_256 sha3_384 sha3_512 "
                "shake_128 shake_256 new"
            ),
        ),
        (IMMUTABLE, "pbkdf2_hmac scrypt"),
        (_READS_STREAM, "file_digest"),
    ),
)

_TEXTS = (
    call_table(
        "re",
        (IMMUTABLE, "match fullmatch search compile template escape"),
        (_LIST, "split findall"),
        (CallFacts(returns="immutable", calls=(1, "repl")), "sub subn"),
        (CallFacts(kind="iterator"), "finditer"),
        (CallFacts(returns="immutable"), "purge"),
    ),
    call_table("string", (_TEXT, "capwords"), (FRESH, "Formatter"), (IMMUTABLE, "Template")),
    call_table("textwrap", (_LIST, "wrap"), (_TEXT, "fill dedent indent shorten"), (FRESH, "TextWrapper")),
    call_table("html", (_TEXT, "escape unescape")),
    call_table("pprint", (IMMUTABLE, "pp pprint pformat isreadable isrecursive saferepr"), (FRESH, "PrettyPrinter")),
    call_table("fnmatch", (IMMUTABLE, "fnmatch fnmatchcase translate"), (FRESH, "filter")),
    call_table(
        "difflib",
        (FRESH, "get_close_matches ndiff unified_diff context_diff restore"),
        (SHARES, "SequenceMatcher Differ HtmlDiff"),
    ),
    call_table(
        "base64",
        (
            IMMUTABLE,
            (
                "encodebytes decodebytes b64encode b64decode b32encode b32decode b16encode b16decode b85encode "
                "b85decode a85encode a85decode standard_b64encode standard_b64decode urlsafe_b64encode "
                "urlsafe_b64decode"
            ),
        ),
    ),
    call_table("unicodedata", (IMMUTABLE, "normalize category name lookup numeric decimal combining bidirectional")),
    call_table(
        "locale",
        (CONFIGURES, "setlocale resetlocale"),
        (IMMUTABLE, "getlocale getdefaultlocale getpreferredencoding atof atoi currency format_string strcoll strxfrm"),
        (FRESH, "localeconv"),
    ),
)

_DATES = (
    call_table(
        "datetime",
        (
            IMMUTABLE,
            (
                "date datetime time timedelta timezone date.fromisoformat date.fromordinal date.fromtimestamp "
                "date.fromisocalendar datetime.combine datetime.fromisoformat datetime.fromordinal "
                "datetime.fromtimestamp datetime.strptime datetime.utcfromtimestamp datetime.fromisocalendar "
                "time.fromisoformat"
            ),
        ),
        (CLOCK_READ, "date.today datetime.now datetime.today datetime.utcnow"),
    ),
    call_table("zoneinfo", (IMMUTABLE, "ZoneInfo"), (FRESH, "available_timezones")),
    call_table(
        "time",
        (
            CLOCK_READ,
            (
                "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns "
                "thread_time thread_time_ns clock_gettime clock_gettime_ns"
            ),
        ),
        # without an argument these tell the present time
        (
            CallFacts(returns="immutable", reads=(CLOCK,), deterministic=False, seeded_by=(0,)),
            "gmtime localtime ctime asctime",
        ),
        (CallFacts(returns="immutable", reads=(CLOCK,), deterministic=False, seeded_by=(1,)), "strftime"),
        (IMMUTABLE, "mktime strptime sleep struct_time get_clock_info clock_getres"),
        (CONFIGURES, "tzset"),
    ),
    call_table(
        "calendar",
        (IMMUTABLE, "isleap leapdays weekday monthrange month calendar timegm prmonth prcal"),
        (FRESH, "monthcalendar Calendar TextCalendar HTMLCalendar"),
        (CONFIGURES, "setfirstweekday"),
    ),
    call_table("dateutil.parser", (IMMUTABLE, "parse isoparse")),
    call_table("dateutil.relativedelta", (IMMUTABLE, "relativedelta")),
)

_CONTAINERS = (
    call_table(
        "collections",
        (CallFacts(returns="shares", shallow=True, kind="dict", consumes=True), "Counter OrderedDict"),
        (CallFacts(returns="shares", shallow=True, kind="defaultdict", consumes=True), "defaultdict"),
        (CallFacts(returns="shares", kind="dict"), "ChainMap UserDict"),
        (CallFacts(returns="shares", shallow=True, kind="list", consumes=True), "deque UserList"),
        (IMMUTABLE, "namedtuple UserString"),
    ),
    call_table("copy", (SHARES, "replace"), (CallFacts(returns="shares", shallow=True), "copy"), (FRESH, "deepcopy")),
    call_table(
        "heapq",
        (_STORES_FIRST, "heappush"),
        (_MUTATES_FIRST, "heapify"),
        (CallFacts(mutates=(0,), returns="shares"), "heappop"),
        (CallFacts(mutates=(0,), returns="shares", stores=True), "heapreplace heappushpop"),
        (CallFacts(returns="shares", shallow=True, kind="list", consumes=True, calls=("key",)), "nlargest nsmallest"),
        (CallFacts(returns="shares", shallow=True, kind="iterator", consumes=True, calls=("key",)), "merge"),
    ),
    call_table(
        "bisect", (IMMUTABLE, "bisect bisect_left bisect_right"), (_STORES_FIRST, "insort insort_left insort_right")
    ),
    call_table("array", (CallFacts(kind="memory", consumes=True), "array")),
    call_table("types", (SHARES, "SimpleNamespace MappingProxyType ModuleType"), (IMMUTABLE, "new_class")),
    call_table("queue", (CallFacts(kind="queue"), "Queue LifoQueue PriorityQueue SimpleQueue")),
    call_table(
        "dataclasses",
        (FRESH, "asdict"),
        (SHARES, "astuple replace dataclass make_dataclass"),
        # The factories that it is given run when an instance is made.
        (CallFacts(returns="shares", stores=True), "field"),
        (IMMUTABLE, "fields is_dataclass"),
    ),
    call_table("enum", (IMMUTABLE, "auto Enum IntEnum StrEnum Flag IntFlag unique")),
    call_table(
        "typing",
        (IMMUTABLE, "NamedTuple NewType ParamSpec TypeVar TypedDict get_args get_origin get_type_hints"),
        (SHARES, "cast"),
    ),
)

_ITERATION = (
    call_table(
        "itertools",
        (
            _ITERATES,
            (
                "accumulate chain chain.from_iterable combinations combinations_with_replacement compress cycle "
                "islice pairwise permutations product repeat tee zip_longest batched"
            ),
        ),
        (_ITERATES_CALLING, "dropwhile filterfalse starmap takewhile"),
        (CallFacts(returns="shares", kind="iterator", consumes=True, calls=(1, "key")), "groupby"),
        (CallFacts(kind="iterator"), "count"),
    ),
    call_table(
        "functools",
        (
            SHARES,
            ("partial partialmethod cache lru_cache cached_property singledispatch wraps total_ordering cmp_to_key"),
        ),
        (CallFacts(returns="shares", consumes=True, calls=(0,)), "reduce"),
        (CallFacts(returns="first", mutates=(0,)), "update_wrapper"),
    ),
    call_table(
        "operator",
        # what stands for an operator does what the operands' class does, which is to give a new object
        (
            FRESH,
            (
                "abs add and_ eq floordiv ge gt inv invert le lshift lt matmul mod mul ne neg not_ or_ pos pow "
                "rshift sub truediv truth xor is_ is_not index contains countOf indexOf length_hint"
            ),
        ),
        (SHARES, "attrgetter itemgetter methodcaller getitem concat"),
        (
            CallFacts(mutates=(0,), returns="first", stores=True),
            "iadd iand iconcat ifloordiv ilshift imatmul imod imul ior ipow irshift isub itruediv ixor",
        ),
        (_STORES_FIRST, "setitem"),
        (_MUTATES_FIRST, "delitem"),
    ),
    call_table("contextlib", (SHARES, "closing contextmanager nullcontext suppress redirect_stdout")),
    call_table("contextlib", (CallFacts(returns="shares", kind="exit stack"), "ExitStack AsyncExitStack")),
)

_SERIALISATION = (
    call_table("json", (FRESH, "loads"), (_TEXT, "dumps"), (_READS_STREAM, "load"), (_WRITES_STREAM, "dump")),
    call_table(
        "xml.etree.ElementTree",
        (CallFacts(mutates=(0,), returns="shares", stores=True, kind="element"), "SubElement"),
        (_MUTATES_FIRST, "indent"),
        (
            CallFacts(returns="immutable", writes=("<xml.etree.ElementTree._namespace_map>",)),
            "register_namespace",
        ),
        (CallFacts(kind="element"), "Element fromstring XML fromstringlist"),
        (IMMUTABLE, "tostring iselement"),
    ),
    call_table("copyreg", (CONFIGURES, "pickle constructor")),
    call_table("mimetypes", (CONFIGURES, "init add_type"), (IMMUTABLE, "guess_type guess_extension")),
    call_table("pickle", (FRESH, "loads"), (IMMUTABLE, "dumps"), (_READS_STREAM, "load"), (_WRITES_STREAM, "dump")),
    call_table(
        "cloudpickle", (FRESH, "loads"), (IMMUTABLE, "dumps"), (_READS_STREAM, "load"), (_WRITES_STREAM, "dump")
    ),
    call_table("marshal", (FRESH, "loads"), (IMMUTABLE, "dumps"), (_READS_STREAM, "load"), (_WRITES_STREAM, "dump")),
    call_table("tomllib", (FRESH, "loads"), (_READS_STREAM, "load")),
    call_table(
        "yaml",
        # the text may be an open file
        (_READS_STREAM, "safe_load load full_load safe_load_all load_all"),
        (CallFacts(returns="immutable", mutates=(1, "stream")), "safe_dump dump"),
        (CONFIGURES, "add_constructor add_implicit_resolver add_multi_constructor add_path_resolver add_representer"),
    ),
    call_table(
        "csv",
        (CallFacts(returns="shares", kind="iterator", mutates=(0,)), "reader DictReader"),
        (CallFacts(returns="shares", kind="file"), "writer DictWriter"),
        (CONFIGURES, "field_size_limit register_dialect unregister_dialect"),
        (FRESH, "Sniffer list_dialects get_dialect"),
    ),
    call_table(
        "struct", (IMMUTABLE, "Struct calcsize pack unpack unpack_from"), (CallFacts(mutates=(1,)), "pack_into")
    ),
    call_table("zlib", (IMMUTABLE, "compress decompress crc32 adler32")),
    call_table("gzip", (IMMUTABLE, "compress decompress")),
)

CALLS = joined((*_NUMBERS, *_TEXTS, *_DATES, *_CONTAINERS, *_ITERATION, *_SERIALISATION))

ELEMENT = method_table(
    (PURE_SHARES, "find findall iterfind iter getroot items keys get"),
    (PURE_IMMUTABLE, "findtext itertext"),
    (STORES, "append insert extend set"),
    (MUTATES, "remove clear"),
)
