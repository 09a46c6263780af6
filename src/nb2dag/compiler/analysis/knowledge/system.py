"""List the standard library's outward part: files, environment, processes, logging, and the interpreter itself."""

from __future__ import annotations

from dataclasses import replace

from nb2dag.compiler.analysis.knowledge.facts import (
    CLOCK,
    CONFIG,
    CONFIGURES,
    CWD,
    ENTROPY_READ,
    ENVIRON,
    FILES,
    FRESH,
    IMMUTABLE,
    MODE,
    MUTATES,
    MUTATES_SHARES,
    NETWORK,
    NETWORK_READ,
    PURE_IMMUTABLE,
    PURE_SHARES,
    RECEIVER,
    SHARES,
    SYS_PATH,
    CallFacts,
    MethodFacts,
    call_table,
    joined,
    method_table,
)

_READ = CallFacts(returns="immutable", reads=(FILES,), deterministic=False, path_read=0)
_READ_LIST = CallFacts(kind="list", reads=(FILES,), deterministic=False, path_read=0)
_WRITE = CallFacts(returns="immutable", path_write=0)
_COPY = CallFacts(returns="immutable", reads=(FILES,), path_read=0, path_write=1)
_OPEN = CallFacts(kind="file", reads=(FILES,), deterministic=False, path_read=MODE, path_write=MODE)
_DATABASE = CallFacts(kind="file", path_read=0, path_write=0, deterministic=False)
_ENVIRON_READ = CallFacts(returns="immutable", reads=(ENVIRON,))
_ENVIRON_WRITE = CallFacts(returns="immutable", writes=(ENVIRON,))
_PATH_WRITE = CallFacts(returns="immutable", writes=(SYS_PATH,))
_CWD_READ = CallFacts(returns="immutable", kind="str", reads=(CWD,))
_RUNS = CallFacts(returns="fresh", reads=(FILES, ENVIRON), writes=(FILES,), deterministic=False)
_PATH = CallFacts(returns="immutable", kind="path")
_HOST_READ = CallFacts(returns="immutable", deterministic=False)

_OS = call_table(
    "os",
    (_ENVIRON_READ, "getenv getenvb environ.get environ.keys environ.values environ.items environ.copy get_exec_path"),
    (_ENVIRON_WRITE, "environ.update environ.setdefault environ.pop environ.clear environ.popitem putenv unsetenv"),
    (_CWD_READ, "getcwd getcwdb"),
    (CallFacts(returns="immutable", writes=(CWD,)), "chdir fchdir"),
    (_READ, "access stat lstat readlink statvfs"),
    (_READ_LIST, "listdir"),
    (CallFacts(kind="iterator", reads=(FILES,), deterministic=False, path_read=0), "scandir walk fwalk"),
    (_WRITE, "mkdir makedirs remove unlink rmdir removedirs truncate utime chmod chown"),
    (CallFacts(returns="immutable", path_read=0, path_write=1), "rename replace renames link symlink"),
    (IMMUTABLE, "fspath fsencode fsdecode strerror"),
    (
        _HOST_READ,
        ("cpu_count getpid getppid getlogin getuid getgid uname getloadavg times sched_getaffinity get_terminal_size"),
    ),
    (ENTROPY_READ, "urandom getrandom"),
    (_RUNS, "system popen"),
    (_DATABASE, "open"),
    (CONFIGURES, "umask nice"),
)

_OS_PATH = call_table(
    "os.path",
    (
        IMMUTABLE,
        ("basename commonpath commonprefix dirname isabs join normcase normpath split splitdrive splitext splitroot"),
    ),
    (CallFacts(returns="immutable", kind="str", reads=(CWD,)), "abspath realpath relpath"),
    (CallFacts(returns="immutable", kind="str", reads=(ENVIRON,)), "expanduser expandvars"),
    (_READ, "exists getatime getctime getmtime getsize isdir isfile islink ismount lexists"),
    (CallFacts(returns="immutable", reads=(FILES,), deterministic=False), "samefile"),
)

_PATHLIB = call_table(
    "pathlib",
    (_PATH, "Path PurePath PosixPath WindowsPath PurePosixPath PureWindowsPath"),
    (CallFacts(returns="immutable", kind="path", reads=(CWD,)), "Path.cwd"),
    (CallFacts(returns="immutable", kind="path", reads=(ENVIRON,)), "Path.home"),
)

_FILES = (
    call_table(
        "shutil",
        (_COPY, "copy copy2 copyfile copytree move"),
        (
            CallFacts(returns="immutable", writes=("<shutil._ARCHIVE_FORMATS>",)),
            "register_archive_format unregister_archive_format",
        ),
        (
            CallFacts(returns="immutable", writes=("<shutil._UNPACK_FORMATS>",)),
            "register_unpack_format unregister_unpack_format",
        ),
        (_WRITE, "rmtree make_archive"),
        (CallFacts(returns="immutable", path_read=0, path_write=1), "unpack_archive copymode copystat"),
        (CallFacts(returns="immutable", mutates=(0, 1)), "copyfileobj"),
        (
            CallFacts(returns="immutable", reads=(ENVIRON, FILES), deterministic=False),
            "which disk_usage get_terminal_size",
        ),
    ),
    call_table("glob", (_READ_LIST, "glob"), (IMMUTABLE, "escape")),
    call_table("glob", (CallFacts(kind="iterator", reads=(FILES,), deterministic=False, path_read=0), "iglob")),
    call_table(
        "tempfile",
        (CallFacts(kind="temporary", deterministic=False), "NamedTemporaryFile TemporaryFile SpooledTemporaryFile"),
        (CallFacts(returns="immutable", deterministic=False), "mkdtemp mkstemp mktemp"),
        (CallFacts(kind="temporary", deterministic=False), "TemporaryDirectory"),
        (_ENVIRON_READ, "gettempdir gettempprefix"),
    ),
    call_table(
        "io", (_OPEN, "open"), (CallFacts(kind="buffer"), "StringIO BytesIO"), (SHARES, "TextIOWrapper BufferedReader")
    ),
    call_table("contextlib", (CallFacts(returns="immutable"), "chdir")),
    call_table("gzip", (_OPEN, "open GzipFile")),
    call_table("bz2", (_OPEN, "open BZ2File"), (IMMUTABLE, "compress decompress")),
    call_table("lzma", (_OPEN, "open LZMAFile"), (IMMUTABLE, "compress decompress")),
    call_table("zipfile", (_OPEN, "ZipFile"), (_READ, "is_zipfile")),
    call_table("tarfile", (_OPEN, "open"), (_READ, "is_tarfile")),
    call_table("codecs", (_OPEN, "open")),
    call_table("shelve", (_DATABASE, "open DbfilenameShelf")),
    call_table("dbm", (_DATABASE, "open dumb.open gnu.open ndbm.open sqlite3.open"), (_READ, "whichdb")),
    call_table("configparser", (CallFacts(kind="settings"), "ConfigParser RawConfigParser SafeConfigParser")),
    call_table("dotenv", (CallFacts(returns="immutable", writes=(ENVIRON,), path_read=0), "load_dotenv")),
    call_table("dotenv", (CallFacts(kind="dict", reads=(FILES,), deterministic=False, path_read=0), "dotenv_values")),
)

_PROCESSES = (
    call_table("subprocess", (_RUNS, "run call check_call check_output getoutput getstatusoutput")),
    call_table("subprocess", (replace(_RUNS, kind="process"), "Popen")),
    call_table("socket", (CallFacts(returns="shares", kind="connection", opens=True), "socket")),
    call_table("http.server", (CallFacts(returns="shares", kind="server"), "HTTPServer ThreadingHTTPServer")),
    call_table("socketserver", (CallFacts(returns="shares", kind="server"), "TCPServer UDPServer ThreadingTCPServer")),
    call_table(
        "platform",
        (
            _HOST_READ,
            (
                "architecture machine node platform processor python_version python_version_tuple release system "
                "uname version python_implementation"
            ),
        ),
    ),
    call_table("socket", (CONFIGURES, "setdefaulttimeout")),
    call_table(
        "socket", (_HOST_READ, "gethostname getfqdn"), (NETWORK_READ, "gethostbyname create_connection getaddrinfo")
    ),
    call_table("getpass", (_HOST_READ, "getuser getpass")),
    call_table(
        "threading",
        (CallFacts(kind="lock"), "Lock RLock Condition Semaphore BoundedSemaphore Event Barrier"),
        (CallFacts(kind="thread-local"), "local"),
        (CallFacts(returns="shares", kind="thread"), "Thread Timer"),
        (_HOST_READ, "get_ident active_count current_thread"),
    ),
    call_table(
        "ctypes",
        (CallFacts(kind="window"), "create_string_buffer create_unicode_buffer pointer byref cast"),
    ),
    call_table(
        "unittest.mock",
        (CallFacts(returns="shares", kind="patcher"), "patch patch.object patch.dict patch.multiple"),
        (CallFacts(kind="mock"), "Mock MagicMock AsyncMock NonCallableMock create_autospec"),
    ),
    call_table("contextvars", (CallFacts(kind="context variable"), "ContextVar")),
    call_table(
        "weakref",
        (CallFacts(returns="shares", kind="weak reference"), "ref proxy WeakMethod"),
        # What it is given runs when the object ends, which may be at once.
        (CallFacts(returns="shares", kind="weak reference", calls=(1, "func"), writes=("<finalizer>",)), "finalize"),
        (CallFacts(returns="shares", kind="weak reference"), "WeakSet WeakValueDictionary WeakKeyDictionary"),
    ),
    call_table(
        "multiprocessing", (_HOST_READ, "cpu_count current_process"), (CallFacts(kind="thread"), "Pool Process")
    ),
    call_table("concurrent.futures", (CallFacts(kind="pool", opens=True), "ThreadPoolExecutor ProcessPoolExecutor")),
    call_table("concurrent.futures", (CallFacts(returns="shares", consumes=True), "as_completed wait")),
    call_table(
        "asyncio",
        (SHARES, "gather wait_for as_completed"),
        (CallFacts(returns="shares", kind="future"), "create_task ensure_future"),
        (IMMUTABLE, "sleep"),
        (CallFacts(kind="async queue"), "Queue LifoQueue PriorityQueue"),
    ),
    call_table(
        "gc",
        (IMMUTABLE, "collect"),
        (CONFIGURES, "enable disable freeze set_threshold"),
        (_HOST_READ, "get_count get_stats"),
    ),
    call_table(
        "timeit", (CallFacts(returns="immutable", reads=(CLOCK,), deterministic=False, calls=(0,)), "timeit repeat")
    ),
    call_table("timeit", (CallFacts(returns="immutable", reads=(CLOCK,), deterministic=False), "default_timer")),
    call_table("signal", (CONFIGURES, "signal siginterrupt")),
    call_table("codecs", (CONFIGURES, "register register_error")),
    call_table("traceback", (IMMUTABLE, "print_exc format_exc print_exception format_exception print_stack")),
    call_table(
        "inspect", (IMMUTABLE, "getsource getdoc isclass isfunction ismethod getfile cleandoc"), (SHARES, "signature")
    ),
    call_table(
        "importlib",
        (CallFacts(kind="module"), "import_module"),
        (CallFacts(returns="first", configures=True), "reload"),
    ),
    call_table("importlib.metadata", (IMMUTABLE, "version"), (FRESH, "metadata")),
)

_LOGGER = CallFacts(returns="immutable", kind="logger", opens=True)
_INTERPRETER = (
    call_table(
        "logging",
        (_LOGGER, "getLogger"),
        (CONFIGURES, "basicConfig captureWarnings disable addLevelName setLoggerClass"),
        (IMMUTABLE, "critical debug error exception fatal info log warn warning getLevelName"),
        (
            CallFacts(returns="shares", kind="logger", opens=True),
            "LoggerAdapter StreamHandler NullHandler Formatter Filter",
        ),
        (CallFacts(kind="logger", opens=True, path_write=0), "FileHandler"),
    ),
    call_table("logging.config", (CONFIGURES, "dictConfig fileConfig")),
    call_table(
        "warnings",
        (CONFIGURES, "filterwarnings simplefilter resetwarnings"),
        (IMMUTABLE, "warn formatwarning showwarning"),
        (SHARES, "catch_warnings"),
    ),
    call_table(
        "sys",
        (_PATH_WRITE, "path.append path.insert path.extend path.remove path.pop path.clear"),
        (CONFIGURES, "setrecursionlimit set_int_max_str_digits setswitchinterval settrace setprofile"),
        (
            IMMUTABLE,
            (
                "exit intern getdefaultencoding getfilesystemencoding getrecursionlimit getsizeof stdout.write "
                "stdout.flush stderr.write stderr.flush"
            ),
        ),
        (CallFacts(reads=("<arguments>",), deterministic=False), "exc_info getrefcount"),
    ),
    call_table("site", (_PATH_WRITE, "addsitedir")),
    call_table(
        "urllib.parse",
        (IMMUTABLE, "urlparse urlunparse urljoin urlsplit urlunsplit urlencode quote quote_plus unquote"),
    ),
    call_table("urllib.parse", (IMMUTABLE, "unquote_plus urldefrag"), (FRESH, "parse_qs parse_qsl")),
    call_table("urllib.request", (CallFacts(kind="file", reads=(NETWORK,), deterministic=False), "urlopen")),
    call_table("urllib.request", (CallFacts(reads=(NETWORK,), deterministic=False, path_write=1), "urlretrieve")),
    call_table("urllib.request", (FRESH, "Request pathname2url url2pathname"), (CONFIGURES, "install_opener")),
    call_table("argparse", (FRESH, "Namespace"), (CallFacts(returns="shares", kind="parser"), "ArgumentParser")),
)

CALLS = joined((_OS, _OS_PATH, _PATHLIB, *_FILES, *_PROCESSES, *_INTERPRETER))

_READS_ITSELF = MethodFacts(False, returns="immutable", reads=(FILES,), deterministic=False, path_read=RECEIVER)
_ITERATES_ITSELF = MethodFacts(False, kind="iterator", reads=(FILES,), deterministic=False, path_read=RECEIVER)
_WRITES_ITSELF = MethodFacts(False, returns="immutable", path_write=RECEIVER)

PATH = method_table(
    (
        MethodFacts(False, returns="immutable", kind="path"),
        "joinpath relative_to with_name with_stem with_suffix with_segments",
    ),
    (PURE_IMMUTABLE, "as_posix as_uri is_absolute is_relative_to is_reserved match full_match"),
    (MethodFacts(False, returns="immutable", kind="path", reads=(CWD,)), "absolute resolve"),
    (MethodFacts(False, returns="immutable", kind="path", reads=(ENVIRON,)), "expanduser"),
    (
        _READS_ITSELF,
        ("exists is_dir is_file is_symlink is_mount lstat stat read_bytes read_text readlink samefile owner group"),
    ),
    (_ITERATES_ITSELF, "glob iterdir rglob walk"),
    (_WRITES_ITSELF, "chmod mkdir rmdir touch unlink write_bytes write_text symlink_to hardlink_to"),
    (MethodFacts(False, returns="immutable", kind="path", path_read=RECEIVER, path_write=0), "rename replace"),
    (MethodFacts(False, kind="file", reads=(FILES,), deterministic=False, path_read=MODE, path_write=MODE), "open"),
)

LOGGER = method_table(
    (
        PURE_IMMUTABLE,
        ("critical debug error exception fatal info log warn warning isEnabledFor getEffectiveLevel hasHandlers"),
    ),
    (
        MethodFacts(True, returns="immutable", touches_only_receiver=True, writes=(CONFIG,)),
        "addHandler removeHandler setLevel addFilter removeFilter setFormatter",
    ),
    (MethodFacts(False, returns="immutable"), "getChild"),
)

THREAD = method_table(
    (
        MethodFacts(True, returns="shares", touches_only_receiver=True, calls=(0,), kind="future"),
        "submit apply_async map_async",
    ),
    (
        MethodFacts(True, returns="shares", touches_only_receiver=True, calls=(0,)),
        "imap imap_unordered starmap",
    ),
    (MUTATES, "start terminate kill acquire release wait notify notify_all shutdown cancel set task_done"),
    (MUTATES_SHARES, "communicate poll result get_nowait"),
    (MethodFacts(True, returns="immutable", touches_only_receiver=True, stores_args=True), "put put_nowait"),
    (PURE_SHARES, "is_alive done running qsize empty full is_set locked"),
)

# each task that uses one opens its own
POOL = method_table(
    (MethodFacts(False, returns="shares", calls=(0,), kind="future"), "submit"),
    (MethodFacts(False, returns="shares", calls=(0,)), "map"),
    (MethodFacts(False, returns="immutable"), "shutdown"),
)

# what it finds is put into a namespace of its own, or into one that it is given
PARSER = method_table(
    (
        MethodFacts(False, mutates_args=(1, "namespace")),
        "parse_args parse_known_args parse_intermixed_args",
    ),
    (PURE_IMMUTABLE, "format_help format_usage print_help print_usage get_default"),
)

SETTINGS = method_table(
    (MethodFacts(True, returns="immutable", touches_only_receiver=True, path_read=0), "read"),
    (MUTATES, "read_file read_string read_dict set add_section remove_section remove_option clear"),
    (PURE_IMMUTABLE, "get getint getfloat getboolean has_section has_option defaults sections options write"),
    (PURE_SHARES, "items values keys"),
)
"""What `configparser` makes."""

ASYNC_QUEUE = method_table(
    (MethodFacts(True, returns="immutable", touches_only_receiver=True, stores_args=True), "put put_nowait"),
    (MUTATES_SHARES, "get get_nowait"),
    (MUTATES, "task_done join shutdown"),
    (PURE_IMMUTABLE, "qsize empty full"),
)

# dates, patterns and matches, numbers, timestamps: nothing can change them
IMMUTABLES = method_table(
    (
        PURE_IMMUTABLE,
        (
            "astimezone ctime dst fromisoformat fromtimestamp isocalendar isoformat isoweekday strftime "
            "strptime timestamp timetuple timetz toordinal tzname utcfromtimestamp utcoffset utctimetuple "
            "weekday total_seconds search match fullmatch sub subn expand group span start end bit_length "
            "bit_count as_integer_ratio is_integer conjugate quantize to_integral_value hexdigest digest "
            "to_pydatetime to_datetime64 normalize floor ceil fromordinal fromisocalendar combine fromutc "
            "to_bytes from_bytes raise_for_status"
        ),
    ),
    (
        MethodFacts(False, returns="immutable", kind="immutable", reads=(CLOCK,), deterministic=False),
        "now today utcnow",
    ),
    (MethodFacts(False), "groups groupdict findall split json"),
    (MethodFacts(False, kind="iterator"), "finditer iter_content iter_lines"),
)
