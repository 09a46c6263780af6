"""Say which piece of state without a name an assignment to a module's attribute, or a call, changes."""

from __future__ import annotations

from nb2dag.compiler.analysis.knowledge.facts import CONFIG, CWD, ENVIRON, NUMPY_RANDOM, RANDOM, SYS_PATH, TORCH_RANDOM

_PREFIXES = {
    "os.environ": ENVIRON,
    "os.environb": ENVIRON,
    "sys.path": SYS_PATH,
    "os.chdir": CWD,
    "random": RANDOM,
    "numpy.random": NUMPY_RANDOM,
    "torch.random": TORCH_RANDOM,
    "torch.manual_seed": TORCH_RANDOM,
    "pandas.options": CONFIG,
    "matplotlib.rcParams": CONFIG,
    "matplotlib.pyplot.rcParams": CONFIG,
    "matplotlib.pylab.rcParams": CONFIG,
    "pylab.rcParams": CONFIG,
    "matplotlib.style": CONFIG,
    "seaborn": CONFIG,
    "warnings": CONFIG,
    "logging": CONFIG,
    "plotly.io.templates": CONFIG,
    "plotly.io.renderers": CONFIG,
    "plotly.express.defaults": CONFIG,
    "plotly.options": CONFIG,
    "altair": CONFIG,
    "sklearn": CONFIG,
    "torch.backends": CONFIG,
    "openai": CONFIG,
    "sys.setrecursionlimit": CONFIG,
    "sys.tracebacklimit": CONFIG,
    "sys.displayhook": CONFIG,
    "polars.Config": CONFIG,
    "IPython.core.interactiveshell.InteractiveShell": CONFIG,
    "ssl._create_default_https_context": CONFIG,
    "pandas.set_option": CONFIG,
    "numpy.set_printoptions": CONFIG,
    "numpy.seterr": CONFIG,
    "decimal": CONFIG,
}


_HANDED_OVER = (
    "sys.setrecursionlimit", "sys.set_int_max_str_digits", "warnings.filterwarnings", "warnings.simplefilter",
    "warnings.resetwarnings", "warnings.filters", "decimal", "locale.setlocale", "socket.setdefaulttimeout",
    "csv.field_size_limit", "logging.disable", "numpy.seterr", "numpy.set_printoptions", "pandas.set_option",
    "pandas.reset_option", "pandas.options", "pandas.set_eng_float_format", "matplotlib.rc", "matplotlib.rcdefaults",
    "matplotlib.rcParams", "matplotlib.style", "matplotlib.pyplot.rc", "matplotlib.pyplot.rcdefaults",
    "matplotlib.pyplot.rcParams", "matplotlib.pyplot.style", "matplotlib.pylab.rcParams", "seaborn",
    "sklearn.set_config", "plotly.io.templates", "polars.Config", "setLevel",
)  # fmt: skip
"""Paths, each with all below it, of settings that can be read back and handed over: see `nb2dag.runtime.settings`."""


def is_handed_over(path: str) -> bool:
    """Tell whether what is set at a dotted path is among the settings that a task can hand over.

    >>> is_handed_over("pandas.options.display.max_rows"), is_handed_over("logging.basicConfig")
    (True, False)
    """
    return any(path == known or path.startswith(f"{known}.") for known in _HANDED_OVER)


def state_of(path: str) -> str | None:
    """Return the state's name in angle brackets, or None where nothing is known of that attribute.

    >>> state_of("pandas.options.display.max_rows"), state_of("os.environ"), state_of("settings.x")
    ('<config>', '<environ>', None)
    """
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        found = _PREFIXES.get(".".join(parts[:length]))
        if found is not None:
            return found
    return None
