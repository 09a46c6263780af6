"""List other libraries that notebooks use: scipy, joblib, requests, databases, clouds, torch, polars and the like."""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import (
    CONFIGURES,
    FILES,
    FRESH,
    IMMUTABLE,
    MUTATES,
    MUTATES_SHARES,
    NETWORK,
    NETWORK_READ,
    NUMPY_RANDOM,
    PURE_IMMUTABLE,
    PURE_SHARES,
    RANDOM,
    RESOURCE,
    SHARES,
    TORCH_RANDOM,
    CallFacts,
    MethodFacts,
    call_table,
    joined,
    method_table,
    words,
)

_READ = CallFacts(reads=(FILES,), deterministic=False, path_read=0)
_READ_FRAME = CallFacts(kind="frame", reads=(FILES,), deterministic=False, path_read=0)
_SAVE = CallFacts(returns="immutable", path_write=1)
_CONNECTION = CallFacts(returns="shares", kind="connection", opens=True)
_FILE_CONNECTION = CallFacts(returns="shares", kind="connection", opens=True, path_read=0, path_write=0)

_STORAGE = (
    call_table(
        "joblib",
        (_READ, "load"),
        (_SAVE, "dump"),
        (IMMUTABLE, "hash cpu_count effective_n_jobs"),
        (SHARES, "delayed Parallel Memory parallel_backend parallel_config"),
    ),
    call_table("skops.io", (_READ, "load"), (_SAVE, "dump")),
    call_table("pyarrow.parquet", (_READ, "read_table ParquetFile read_schema"), (_SAVE, "write_table")),
    call_table("pyarrow", (SHARES, "table array Table.from_pandas"), (IMMUTABLE, "schema field")),
    call_table("PIL.Image", (_READ, "open"), (FRESH, "new"), (SHARES, "fromarray")),
    call_table("cv2", (_READ, "imread"), (CallFacts(returns="immutable", path_write=0), "imwrite")),
    call_table("toml", (_READ, "load"), (FRESH, "loads"), (IMMUTABLE, "dumps")),
    call_table("ujson", (FRESH, "loads"), (IMMUTABLE, "dumps")),
    call_table("orjson", (FRESH, "loads"), (IMMUTABLE, "dumps")),
    call_table("openpyxl", (_READ, "load_workbook"), (FRESH, "Workbook")),
    call_table("geopandas", (_READ_FRAME, "read_file read_parquet"), (CallFacts(kind="frame"), "GeoDataFrame sjoin")),
    call_table("nltk", (CallFacts(returns="immutable", configures=True), "download")),
    call_table("spacy", (CallFacts(returns="fresh", opens=True), "load")),
)

_REQUESTS = "get post put patch delete head options request"
_NETWORKS = (
    call_table("requests", (NETWORK_READ, _REQUESTS), (RESOURCE, "Session session"), (FRESH, "Request")),
    call_table("httpx", (NETWORK_READ, _REQUESTS), (RESOURCE, "Client AsyncClient")),
    call_table(
        "sqlalchemy",
        (_CONNECTION, "create_engine"),
        (IMMUTABLE, "text"),
        (FRESH, "select func MetaData"),
        (SHARES, "Table"),
    ),
    call_table("sqlalchemy.orm", (_CONNECTION, "sessionmaker Session scoped_session")),
    call_table("sqlite3", (_FILE_CONNECTION, "connect"), (CONFIGURES, "register_adapter register_converter")),
    call_table("duckdb", (_FILE_CONNECTION, "connect"), (SHARES, "query sql from_df")),
    *(
        call_table(module, (_CONNECTION, "connect"))
        for module in [
            "psycopg",
            "psycopg2",
            "pymysql",
            "mysql.connector",
            "pyodbc",
            "oracledb",
            "cx_Oracle",
            "snowflake.connector",
            "trino.dbapi",
        ]
    ),
    call_table("boto3", (RESOURCE, "client resource Session session.Session")),
    call_table("redis", (RESOURCE, "Redis StrictRedis from_url")),
    call_table("pymongo", (RESOURCE, "MongoClient")),
    call_table("elasticsearch", (RESOURCE, "Elasticsearch")),
    call_table("openai", (RESOURCE, "OpenAI AsyncOpenAI AzureOpenAI")),
    call_table("anthropic", (RESOURCE, "Anthropic AsyncAnthropic")),
    call_table("google.cloud", (RESOURCE, "storage.Client bigquery.Client")),
    call_table("s3fs", (RESOURCE, "S3FileSystem")),
    call_table("gcsfs", (RESOURCE, "GCSFileSystem")),
    call_table("fsspec", (RESOURCE, "filesystem")),
    call_table("pyspark.sql", (RESOURCE, "SparkSession.builder.getOrCreate SparkSession.getActiveSession")),
    call_table("dask.distributed", (RESOURCE, "Client LocalCluster")),
    call_table("kafka", (RESOURCE, "KafkaProducer KafkaConsumer")),
    call_table("mlflow", (CONFIGURES, "set_tracking_uri set_experiment autolog sklearn.autolog set_registry_uri")),
    call_table("structlog", (CallFacts(returns="immutable", kind="logger", opens=True), "get_logger")),
)

_PROGRESS = CallFacts(returns="shares", shallow=True, kind="iterator", consumes=True)
_PROGRESSES = tuple(
    call_table(module, (_PROGRESS, "tqdm trange"), (CONFIGURES, "tqdm.pandas"))
    for module in ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.asyncio", "tqdm.autonotebook")
)

_TORCH_DRAW = CallFacts(reads=(TORCH_RANDOM,), writes=(TORCH_RANDOM,))
_TORCH = (
    call_table(
        "torch",
        (_TORCH_DRAW, "rand randn randint randperm normal rand_like randn_like bernoulli multinomial"),
        (
            CallFacts(returns="immutable", writes=(TORCH_RANDOM,), seeds=True),
            "manual_seed cuda.manual_seed cuda.manual_seed_all random.manual_seed",
        ),
        (
            FRESH,
            ("tensor zeros ones full arange linspace eye empty zeros_like ones_like cat stack matmul exp log sum mean"),
        ),
        (SHARES, "from_numpy as_tensor asarray"),
        (CallFacts(returns="shares", draws=(TORCH_RANDOM,)), "utils.data.DataLoader"),
        (IMMUTABLE, "device cuda.is_available cuda.device_count is_tensor"),
        (
            CONFIGURES,
            (
                "set_default_dtype set_num_threads set_default_device set_printoptions "
                "use_deterministic_algorithms set_grad_enabled"
            ),
        ),
        (_READ, "load"),
        (_SAVE, "save"),
    ),
    call_table(
        "tensorflow.random",
        (CallFacts(returns="immutable", writes=("<tensorflow.random>", RANDOM, NUMPY_RANDOM), seeds=True), "set_seed"),
    ),
)

_POLARS = call_table(
    "polars",
    # polars' frames are changed in place by next to nothing, and share no buffer that can be written
    (
        FRESH,
        (
            "DataFrame Series LazyFrame from_pandas from_dict from_dicts from_arrow col lit when concat "
            "date_range len all exclude struct selectors"
        ),
    ),
    (_READ, ("read_csv read_parquet read_json read_excel read_ndjson read_ipc scan_csv scan_parquet scan_ndjson")),
    (CONFIGURES, "Config.set_tbl_rows Config.set_tbl_cols Config.set_fmt_str_lengths"),
)

CALLS = joined((*_STORAGE, *_NETWORKS, *_PROGRESSES, *_TORCH, _POLARS))

_SCIPY_DRAW = CallFacts(
    reads=(NUMPY_RANDOM,),
    writes=(NUMPY_RANDOM,),
    seeded_by=("random_state", "rng", "seed"),
    calls=(0, "func", "statistic"),
)
_SCIPY_DRAWING = words(
    "optimize.differential_evolution optimize.dual_annealing optimize.basinhopping optimize.shgo "
    "cluster.vq.kmeans cluster.vq.kmeans2 stats.bootstrap stats.permutation_test "
    "stats.monte_carlo_test sparse.random sparse.rand sparse.random_array"
)
_SCIPY_SOLVERS = words("sparse.linalg.splu sparse.linalg.spilu sparse.linalg.factorized")
_SOLVER = CallFacts(returns="shares", kind="solver")
_SCIPY_CALLING = CallFacts(calls=(0, "func", "fun", "f"))


def scipy_call(path: str) -> CallFacts | None:
    """Return the facts of a function of scipy: it calculates, and changes no argument."""
    if not path.startswith("scipy."):
        return None
    rest = path.removeprefix("scipy.")
    name = rest.rpartition(".")[2]
    if rest in _SCIPY_DRAWING or name == "rvs":
        return _SCIPY_DRAW
    if rest.startswith("io."):
        return _READ if name.startswith(("load", "read", "mmread")) else CallFacts(path_write=0)
    if rest.startswith(("optimize.", "integrate.")):
        return _SCIPY_CALLING
    if rest in _SCIPY_SOLVERS:
        return _SOLVER
    if rest.startswith(("sparse.", "spatial.", "interpolate.")):
        return SHARES
    return FRESH


CLIENT = method_table(
    (MethodFacts(True, touches_only_receiver=True, reads=(NETWORK,), deterministic=False), f"{_REQUESTS} send"),
    # Tables are made in the database; `metadata` knows them from before.
    (MethodFacts(False, returns="immutable", writes=(NETWORK,)), "create_all drop_all"),
    (MUTATES, "close mount commit rollback flush disconnect dispose begin add_all delete expunge refresh"),
    (
        MethodFacts(True, touches_only_receiver=True, returns="shares", reads=(NETWORK,), deterministic=False),
        ("execute executemany executescript fetchone fetchmany fetchall scalars scalar query sql ping __enter__"),
    ),
    (
        MethodFacts(
            True,
            touches_only_receiver=True,
            returns="shares",
            kind="connection",
            reads=(NETWORK,),
            deterministic=False,
        ),
        "cursor connect raw_connection",
    ),
)

SAMPLER = method_table(
    (
        MethodFacts(
            False, reads=(NUMPY_RANDOM,), writes=(NUMPY_RANDOM,), seeded_by=("random_state", "rng", "seed", "distrvs")
        ),
        "rvs generate_sample",
    ),
)
"""Distributions of scipy and statsmodels, and processes of statsmodels."""

TORCH = method_table(
    (MUTATES_SHARES, "train eval to cuda cpu requires_grad_ half float double apply"),
    (
        MUTATES,
        (
            "backward step zero_grad load_state_dict zero_ add_ mul_ sub_ div_ fill_ copy_ uniform_ normal_ "
            "clamp_ register_buffer register_parameter register_forward_hook add_module unfreeze"
        ),
    ),
    (
        PURE_SHARES,
        ("detach numpy state_dict parameters named_parameters children modules unsqueeze permute contiguous"),
    ),
    (PURE_IMMUTABLE, "is_cuda size numel"),
)
