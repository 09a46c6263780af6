"""Word what is worth saying about the flow of values although the DAG is faithful: part of the family NBD2xx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from nb2dag.compiler.rules.customary import how_to_define
from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.diagnostic import Diagnostic, Severity

UNUSED_TASK = Rule(
    "NBD220",
    "unused-task",
    Severity.WARNING,
    page(
        "Reports a task whose values nobody reads, and that writes and shows nothing: it only imports and defines, or "
        "binds names by known calls. The notebook's last task is never reported: it may be unfinished.",
        "It takes a worker's time in every run, and its results are thrown away. Often a name below is misspelt, or "
        "the task was left behind.",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task count\nn = len(rows)\n# %%\n"
        "%%airflow_task report\nprint(rows)",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task count\nn = len(rows)\n# %%\n"
        "%%airflow_task report\nprint(rows, n)",
        "When the task matters by taking time or by failing. `--return NAME` makes a value visible in Airflow.",
    ),
)

SERIAL_MUTATION = Rule(
    "NBD221",
    "serial-mutation",
    Severity.NOTE,
    page(
        "Reports a task that waits for another one only because both change the same object, in different places of "
        "it, or draw from the same generator of random numbers.",
        "The tasks could run side by side. As it is, the object goes from one to the other, so that no change is lost.",
        "%%airflow_task load\nscores = {}\n# %%\n%%airflow_task small\nscores['small'] = 1\n# %%\n"
        "%%airflow_task large\nscores['large'] = 2\n# %%\n%%airflow_task report\nprint(scores)",
        "%%airflow_task small\nsmall_score = 1\n# %%\n%%airflow_task large\nlarge_score = 2\n# %%\n"
        "%%airflow_task report\nprint({'small': small_score, 'large': large_score})",
        "When the order is meant. `--after` says so, and ends the note.",
    ),
)

UNSEEDED_RANDOMNESS = Rule(
    "NBD222",
    "unseeded-randomness",
    Severity.NOTE,
    page(
        "Reports, once per notebook, that tasks draw random numbers from a generator that nothing seeds.",
        "Each run computes something else, and a task that is tried again gives other values than the first time. "
        "Nothing can prove that the DAG computes what the notebook computes.",
        "import random\n# %%\n%%airflow_task draw\nwinner = random.choice(['a', 'b'])\nprint(winner)",
        "import random\n# %%\n%%airflow_task draw\nwinner = random.Random(7).choice(['a', 'b'])\nprint(winner)",
        "When the values shall differ, as in a test with random data.",
    ),
)

REPEATED_WORK = Rule(
    "NBD223",
    "repeated-work",
    Severity.WARNING,
    page(
        "Reports shared code that looks like much work and runs again in several tasks: training a model, reading "
        "files or asking another machine in a cell tagged as shared, sleeping, working through a million elements.",
        "Shared code runs in every task that needs it. What takes long then takes long several times.",
        "squares = [n * n for n in range(2_000_000)]\n# %%\n%%airflow_task low\nprint(squares[0])\n# %%\n"
        "%%airflow_task high\nprint(squares[-1])",
        "%%airflow_task compute\nsquares = [n * n for n in range(2_000_000)]\n# %%\n%%airflow_task low\n"
        "print(squares[0])\n# %%\n%%airflow_task high\nprint(squares[-1])",
        "When handing the value over takes longer than making it again.",
    ),
)

UNBOUND_IN_FUNCTION = Rule(
    "NBD224",
    "unbound-in-function",
    Severity.WARNING,
    page(
        "Reports a name in the body of a function that no cell of the notebook binds anywhere.",
        "Whoever calls the function gets a `NameError`, in the notebook and in the DAG: usually the name is misspelt, "
        "or its cell was deleted while the session still knew it.",
        "%%airflow_task load\nrate = 1.2\ndef gross(net):\n    return net * rates\nprint(gross(10))",
        "%%airflow_task load\nrate = 1.2\ndef gross(net):\n    return net * rate\nprint(gross(10))",
        "When the function is never called, or the name is bound in a way that the text does not show.",
    ),
)

RULES: tuple[Rule, ...] = (UNUSED_TASK, SERIAL_MUTATION, UNSEEDED_RANDOMNESS, REPEATED_WORK, UNBOUND_IN_FUNCTION)
"""The rules of this part of the family, in the order of their codes."""

_Values = Mapping[str, str]
_Wording = tuple[str, str]


def _unused(values: _Values) -> _Wording:
    if values["defines"]:
        return (
            f"task `{values['task']}` only imports and defines ({values['names']}), and does no work of its own",
            "take its tag away: what a cell without a tag imports and defines, each task takes that needs it",
        )
    made = f" (it makes {values['names']})" if values["names"] else ""
    return (
        f"no task reads what `{values['task']}` makes, and it writes and shows nothing{made}",
        "read its result in a task below, print or write it, or remove the task",
    )


def _serial(values: _Values) -> _Wording:
    task, other, name = values["task"], values["other"], values["name"]
    if name.startswith("<"):
        module = name.strip("<>")
        return (
            f"`{task}` waits for `{other}` only because both draw from the generator of `{module}`",
            f"to run them side by side, give each a generator of its own: {_OWN_GENERATOR.get(module, 'seeded anew')}",
        )
    return (
        f"`{task}` waits for `{other}` only because both change {values['names']}",
        (
            f"if the order is meant, say so with `--after {other}`; else let each make a value of its own, and put "
            "them together in a task below"
        ),
    )


_OWN_GENERATOR = {
    "random": "`random.Random(seed)`",
    "numpy.random": "`np.random.default_rng(seed)`",
    "torch.random": "`torch.Generator().manual_seed(seed)`",
}

_SEEDS = {
    "<random>": "`random.seed(0)` in a cell above the first task",
    "<numpy.random>": "`np.random.seed(0)` in a cell above the first task, or `random_state=0` in the call",
    "<torch.random>": "`torch.manual_seed(0)` in a cell above the first task",
    "<model>": "`random_state=0` in the call, or `np.random.seed(0)` in a cell above the first task",
}


def _unseeded(values: _Values) -> _Wording:
    seed = _SEEDS.get(values["state"], f"give `{values['call']}` a seed")
    what = "learns by chance" if values["state"] == "<model>" else "draws random numbers"
    return (
        f"`{values['call']}` {what}, and no seed is set: each run computes something else",
        f"for runs that can be repeated: {seed}",
    )


def _repeated(values: _Values) -> _Wording:
    return (
        f"this {values['work']}, and {values['count']} tasks do it again, each for itself: {values['tasks']}",
        "tag the cell `%%airflow_task NAME`, so that it runs once and hands its values over",
    )


def _unbound(values: _Values) -> _Wording:
    name, similar = values["name"], values["similar"]
    return (
        f"this function reads `{name}`, and no cell binds it: a call fails with a `NameError`",
        f"did you mean `{similar}`?" if similar else how_to_define(name),
    )


def without_premature(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Leave out that a task is unused where an error may be the reason: a reader whose name is misspelt."""
    found = list(diagnostics)
    broken = any(item.severity is Severity.ERROR for item in found)
    return (item for item in found if not (broken and item.code == UNUSED_TASK.code))


WORDINGS: dict[str, tuple[Rule, Callable[[_Values], _Wording]]] = {
    rule.name: (rule, wording)
    for rule, wording in (
        (UNUSED_TASK, _unused),
        (SERIAL_MUTATION, _serial),
        (UNSEEDED_RANDOMNESS, _unseeded),
        (REPEATED_WORK, _repeated),
        (UNBOUND_IN_FUNCTION, _unbound),
    )
}
"""By rule: what makes the message and the hint from a problem's values."""
