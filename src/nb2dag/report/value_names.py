"""Say what a name stands for that is handed over: most are names of the notebook, some are state without one."""

from __future__ import annotations

_FILE = "file:"

_STATES = {
    "<config>": "the settings of libraries",
    "<environ>": "the environment (`os.environ`)",
    "<cwd>": "the working directory",
    "<star imports>": "what star imports bind",
}


def shown(name: str) -> str:
    """Return a name in backticks; what has none of its own, such as a file or a generator's state, in words.

    >>> shown("df"), shown("<numpy.random>"), shown("<file:out/a.csv>")
    ('`df`', 'the state of `numpy.random`', 'the file `out/a.csv`')
    """
    if not name.startswith("<"):
        return f"`{name}`"
    if name in _STATES:
        return _STATES[name]
    inner = name.strip("<>")
    if inner.startswith(_FILE):
        path = inner.removeprefix(_FILE)
        return f"the folder `{path}`" if path.endswith("/") else f"the file `{path}`"
    return f"the state of `{inner}`" if inner.endswith("random") else f"`{inner}`"


def in_short(name: str) -> str:
    """Return a name for a table or a graph: as it is written, or in words.

    >>> in_short("df"), in_short("<file:out/a.csv>")
    ('df', 'the file out/a.csv')
    """
    return shown(name).replace("`", "")
