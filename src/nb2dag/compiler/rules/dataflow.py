"""Word what is wrong with the flow of values between tasks: the family NBD2xx."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from nb2dag.compiler.rules import advice
from nb2dag.compiler.rules.customary import how_to_define
from nb2dag.compiler.rules.dataflow_pages import (
    BARE_CALL,
    CANNOT_HAND_OVER,
    CYCLE,
    DEFINITION_NEEDS_VALUE,
    DEFINITION_STATE,
    DYNAMIC_CODE,
    EDGE_BETWEEN_KERNELS,
    OPAQUE_EFFECT,
    PARAMETER_NOT_LITERAL,
    REOPENED_TASK,
    RULES,
    SCRATCH_STATE,
    SCRATCH_VALUE,
    SHARED_NEEDS_TASK,
    STAR_IMPORT,
    TWO_VERSIONS,
    UNDEFINED_NAME,
    UNNAMED_STATE,
)
from nb2dag.compiler.rules.fixes import fix_for
from nb2dag.compiler.rules.rule import Rule
from nb2dag.model.dataflow import FlowProblem
from nb2dag.model.diagnostic import Diagnostic, Label
from nb2dag.model.program import Program

__all__ = ["RULES", "flow_diagnostics"]

_Values = Mapping[str, str]
_Wording = tuple[str, str]

_SESSIONS_OWN = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[oid]h|In|Out")
"""Names that IPython binds by itself, after each cell (its documentation: "Output caching system")."""


def flow_diagnostics(problems: Iterable[FlowProblem], program: Program) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each problem that this family words; problems of other families are passed over."""
    for problem in problems:
        entry = _WORDINGS.get(problem.rule)
        if entry is not None:
            rule, wording = entry
            message, hint = wording(dict(problem.values))
            labels = tuple(Label(span, text) for span, text in problem.labels)
            yield rule.diagnostic(message, problem.span, hint, labels, fix_for(problem, program))


def _undefined(values: _Values) -> _Wording:
    name = values["name"]
    if "below" in values:
        cell = values["below"]
        return (
            f"`{name}` is read here, but bound only further down, in cell {cell}",
            f"move cell {cell} above this one: a DAG goes by the order of the cells, whatever order they were run in",
        )
    if _SESSIONS_OWN.fullmatch(name):
        return (
            f"`{name}` is what the interactive session remembers of other cells; each task has a session of its own",
            "give the value a name in the cell that makes it, and use that name here",
        )
    similar = values.get("similar")
    return (
        f"no cell above defines `{name}`",
        f"did you mean `{similar}`?" if similar else how_to_define(name),
    )


def _scratch(values: _Values) -> _Wording:
    name, cell, task = values["name"], values["cell"], values["task"]
    above = f"`%%airflow_task {values['above']}` makes it part of the task above, " if values["above"] else ""
    if values["repair"] == "shared":
        above = f"`%%airflow_shared` runs it in every task that needs it, {above}"
    what = _state(name) if name.startswith("<") else f"`{name}`"
    needs = f"needs what cell {cell} does to {what}"
    if values["file"]:
        certain = f"uses `{name}`, which cell {cell} writes, or opens to write"
        needs = f"may use files that cell {cell} writes" if "*" in name else certain
    return (
        f"task `{task}` {needs}, and without a tag cell {cell} is no part of the DAG",
        (
            f"tag cell {cell}: {above}`%%airflow_task NAME` a task of its own; where the DAG shall do without it, "
            "`%%airflow_skip` says so"
        ),
    )


def _shared_needs_task(values: _Values) -> _Wording:
    name, cell = values["name"], values["cell"]
    return (
        f"this shared code needs `{name}` when it runs, and `{name}` is made by a task, in cell {cell}",
        (
            f"shared code runs before the tasks: make `{name}` above the first task, move this code into a task below "
            f"cell {cell}, or let a function take `{name}` as an argument when it is called"
        ),
    )


def _two_versions(values: _Values) -> _Wording:
    name, task = values["name"], values["task"]
    return (
        f"task `{task}` needs two versions of `{name}`, made in cells {values['cells']}",
        (
            f"a task takes each name once, before its first cell: call one of the two something else, or make the "
            f"lower cells of `{task}` a task of their own"
        ),
    )


def _reopened(values: _Values) -> _Wording:
    name, task, other = values["name"], values["task"], values["other"]
    others = f" (and {values['others']})" if "others" in values else ""
    return (
        f"task `{task}` makes `{name}`{others}, task `{other}` changes it, and `{task}` reads it again further down",
        f"`{task}` runs once, as a whole, and cannot wait for `{other}` midway: give this cell another task name",
    )


def _cannot_hand_over(values: _Values) -> _Wording:
    name, kind = values["name"], values["kind"]
    ways = {
        "a generator": f"hand over a list: `{name} = list(...)`",
        "an iterator": f"hand over a list: `{name} = list(...)`; one that never ends can only be used in one task",
        "a coroutine": f"await it in the task that makes it, `{name} = await ...`, and hand over what it gives",
        "an open file": "hand over its path, and open it in the task that reads it",
        "an array that lies on a file": "hand over its path, and map it in the task that uses it",
        "a database in the memory of one process": (
            "keep the database in a file, `sqlite3.connect('data.db')`: the tasks then see what the others wrote; or "
            f"use `{name}` in one task only"
        ),
        "a part of a module that the notebook itself wrote": (
            f"import `{name}` in the task that uses it: what the module keeps is handed over"
        ),
        "a module": f"bind `{name}` in a cell above the first task: every task that needs it imports it then",
    }
    if "attributes" in kind:
        ways[kind] = f"ask the object for its attributes where they are needed, or take a copy: `{name} = dict({name})`"
    if "executed code" in kind:
        ways[kind] = f"take out what other tasks need, `result = {name}['result']`, or execute the code in each task"
    inside = values.get("inside", "")
    if inside == f"{name}.resize":
        return (
            f"`{inside}()` needs an array that owns its memory, and `{name}` comes from `{values['other']}` without",
            f"take a copy first, `{name} = {name}.copy()`, or make a new array: `{name} = np.resize({name}, ...)`",
        )
    if inside.endswith(".__traceback__"):
        return (
            f"`{name}` cannot be handed over from `{values['other']}` to task `{values['task']}` with a traceback",
            "format it where the exception is caught, `text = traceback.format_exc()`, and hand over the text",
        )
    if inside.endswith((".base", ".strides", ".__sizeof__")):
        return (
            f"`{inside}` is {kind}: `{name}` comes to task `{values['task']}` from `{values['other']}` without it",
            f"ask for it in `{values['other']}`, and hand over the answer",
        )
    if kind.startswith("an instance of"):
        return (
            f"`{name}` cannot be handed over from `{values['other']}` to task `{values['task']}`: it holds {kind}",
            f"make `{name}` in the task that uses it, or use it in `{values['other']}` only",
        )
    if inside:
        return (
            f"`{inside}` is {kind}: `{name}` cannot be handed over from `{values['other']}` to task `{values['task']}`",
            (
                f"leave `{inside}` out of `{name}`, and make it anew in each task that needs it; a class says by "
                "`__getstate__` what of it is kept"
            ),
        )
    way = ways.get(kind)
    opened_there = values["other"] != "the shared code"
    if way is None and opened_there and any(word in kind for word in ("connection", "client", "logger")):
        way = f"make `{name}` in a cell above the first task: every task that needs it opens its own then"
    return (
        (f"`{name}` is {kind}, which cannot be handed over from `{values['other']}` to task `{values['task']}`"),
        way or f"it belongs to one process: make `{name}` in the task that uses it, or use it in `{values['other']}`",
    )


def _definition_state(values: _Values) -> _Wording:
    name = values["name"]
    if held := values.get("held"):
        return (
            (
                f"`{name}` keeps an object that task `{values['task']}` also gets from `{values['other']}`, by "
                f"`{held}`: in the DAG it would be two"
            ),
            f"let `{name}` look it up when it runs, by its name in the body, instead of in a default or decorator",
        )
    if stale := values.get("stale"):
        changed = _state(stale) if stale.startswith("<") else f"`{stale}`"
        return (
            (
                f"`{name}` remembers answers that `{values['other']}` had before {changed} changed, and task "
                f"`{values['task']}` asks again: in the DAG it would get new ones"
            ),
            f"call `{name}.cache_clear()` where {changed} changes, or pass what the answer depends on as an argument",
        )
    return (
        f"task `{values['other']}` changes state on `{name}`, a function or class, and task `{values['task']}` uses it",
        f"keep that state in a variable and hand that over: what `{name}` keeps in its process stays there",
    )


def _definition_needs_value(values: _Values) -> _Wording:
    name = values["name"]
    if decorator := values.get("decorator"):
        return (
            f"task `{values['task']}` needs `{name}`, whose decorator `{decorator}` changes what no task can make anew",
            f"define `{name}` without the decorator, and write `{decorator}({name})` below it",
        )
    return (
        f"task `{values['task']}` needs `{name}`, whose definition uses a task's value at the moment it is made",
        (
            f"each task runs the definition of `{name}` anew, before it has any value: use the value in a method or in "
            "the function's body, or pass it as an argument, instead of in a default, a base or the class itself"
        ),
    )


def _unnamed_state(values: _Values) -> _Wording:
    state, task, other = _state(values["state"]), values["task"], values["other"]
    if values["state"] == "<current figure>":
        return (
            f"task `{other}` goes on with pyplot's current figure, which `{task}` draws: that stays in its process",
            (
                "make the figure in the task that draws on it, or hand it over by name: "
                "`fig, ax = plt.subplots()` there, and `ax.set_title(...)` here"
            ),
        )
    return (
        f"`{task}` changes {state}, which task `{other}` sees in the notebook, but not in the DAG",
        (
            "each task is a process of its own: make the change in a cell above the first task, from literals and "
            f"parameters only, or hand the value over under a name and make it again in `{other}`"
        ),
    )


def _dynamic(values: _Values) -> _Wording:
    name = values["name"]
    if name == "__annotations__":
        return (
            "`__annotations__` holds the annotations of all cells that have run, also those of other tasks",
            "ask a class or function for its annotations, or write the table out as a dict of your own",
        )
    return (
        f"`{name}()` may read or bind any name, so what this cell needs cannot be seen",
        "write the names out; for a table of values use a dict of your own",
    )


def _star(values: _Values) -> _Wording:
    name, task = values["name"], values["task"]
    return (
        f"the star import in cell {values['cell']} may rebind `{name}`, which task `{task}` takes from a task above it",
        f"import the names you use (`from module import this, that`), or move the star import above `{name}`",
    )


def _opaque(values: _Values) -> _Wording:
    return f"this {values['what']}", values["instead"]


def _scratch_state(values: _Values) -> _Wording:
    return (
        f"this untagged cell changes {_state(values['state'])}, which the tasks below see in the notebook only",
        "move it above the first task, where every task runs it; or tag the cell `%%airflow_skip`",
    )


def _state(state: str) -> str:
    """Return a piece of state without a name in a user's words."""
    known = {
        "<environ>": "the environment (`os.environ`)",
        "<cwd>": "the working directory",
        "<configuration>": "the configuration of a module",
        "<log handlers>": "where messages of logging go",
        "<random>": "the generator of `random`",
        "<numpy.random>": "the generator of `numpy.random`",
    }
    if state.startswith("<file:"):
        return f"the file `{state[len('<file:') : -1]}`"
    return known.get(state) or f"`{state.strip('<>')}`"


def _bare_call(values: _Values) -> _Wording:
    if "files" in values:
        what = f"`{values['call']}` writes or removes {values['files']} in shared code"
        return (
            f"{what}: each task runs it first, unless it takes that file from another task",
            "if only one task needs it, move it there; if all are to find the file beside the notebook, put it there",
        )
    return (
        f"nothing is known about the call `{values['call']}`, so every task runs it first",
        "if only one task needs it, move it there; if it is only for looking, tag its cell `%%airflow_skip`",
    )


def _parameter(values: _Values) -> _Wording:
    name = f"the value of `{values['name']}`" if values["name"] else "this statement"
    kinds = {"tuple": "write a list: JSON has no tuples", "set": "write a list: JSON has no sets"}
    return (
        f"{name} cannot be a DAG param",
        kinds.get(
            values["kind"],
            "a param is a number, a string, True, False, None, or a list or dict of these, written out: compute with "
            "it in the next cell",
        ),
    )


def _cycle(values: _Values) -> _Wording:
    if names := values.get("names"):
        return (
            (
                f"the cell goes on with task `{values['task']}`, and needs {names} from what waits for the upper ones: "
                f"{values['cycle']}"
            ),
            "give this cell a task name of its own: a task runs all of its cells at once",
        )
    if values.get("goes_on"):
        hint = "remove one `--after`, or give a cell that continues a task further down a task name of its own"
    else:
        hint = "remove one `--after`: a task waits anyway for what it reads of the tasks above"
    return f"the tasks wait for each other: {values['cycle']}", hint


def _kernels(values: _Values) -> _Wording:
    here, there = values["here"] or "the default", values["there"] or "the default"
    return (
        f"task `{values['task']}` (kernel `{here}`) takes a value from task `{values['other']}` (kernel `{there}`)",
        "values do not cross between kernels yet: run both tasks in one kernel, or write a file in a format both read",
    )


_WORDINGS: dict[str, tuple[Rule, Callable[[_Values], _Wording]]] = {
    rule.name: (rule, wording)
    for rule, wording in (
        (UNDEFINED_NAME, _undefined),
        (SCRATCH_VALUE, _scratch),
        (TWO_VERSIONS, _two_versions),
        (REOPENED_TASK, _reopened),
        (SHARED_NEEDS_TASK, _shared_needs_task),
        (CYCLE, _cycle),
        (DYNAMIC_CODE, _dynamic),
        (STAR_IMPORT, _star),
        (OPAQUE_EFFECT, _opaque),
        (DEFINITION_STATE, _definition_state),
        (UNNAMED_STATE, _unnamed_state),
        (SCRATCH_STATE, _scratch_state),
        (CANNOT_HAND_OVER, _cannot_hand_over),
        (BARE_CALL, _bare_call),
        (PARAMETER_NOT_LITERAL, _parameter),
        (EDGE_BETWEEN_KERNELS, _kernels),
        (DEFINITION_NEEDS_VALUE, _definition_needs_value),
    )
} | advice.WORDINGS
