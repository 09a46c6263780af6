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
