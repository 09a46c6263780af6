"""Word what is wrong with the flow of values between tasks: the family NBD2xx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from nb2dag.compiler.rules import advice
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
            f"notebook order is the meaning, whatever order the cells were run in: move cell {cell} above this one",
        )
    similar = values.get("similar")
    return (
        f"no cell above defines `{name}`",
        f"did you mean `{similar}`?" if similar else "define it in a task or in shared code above, or import it",
    )


def _scratch(values: _Values) -> _Wording:
    name, cell, task = values["name"], values["cell"], values["task"]
    return (
        f"task `{task}` reads `{name}` as the untagged cell {cell} left it, and that cell is not exported",
        f"tag cell {cell} as a task, or continue the task above in it; if the DAG shall not have it: `%%airflow_skip`",
    )


def _shared_needs_task(values: _Values) -> _Wording:
    name = values["name"]
    return (
        f"shared code needs `{name}` when it runs, and `{name}` is made by a task, in cell {values['cell']}",
        f"make `{name}` above the first task, or move this code into a task that comes after cell {values['cell']}",
    )


def _two_versions(values: _Values) -> _Wording:
    return (
        f"task `{values['task']}` needs two versions of `{values['name']}`, made in cells {values['cells']}",
        "give one of the two another name, or split the task where the version changes",
    )


def _reopened(values: _Values) -> _Wording:
    name, task, other = values["name"], values["task"], values["other"]
    return (
        f"task `{task}` makes `{name}`, task `{other}` changes it, and `{task}` reads it again further down",
        f"a task runs once: give the lower cell of `{task}` a task name of its own",
    )


def _cannot_hand_over(values: _Values) -> _Wording:
    name = values["name"]
    return (
        (
            f"`{name}` is {values['kind']}, which cannot be handed over from `{values['other']}` to task "
            f"`{values['task']}`"
        ),
        f"make `{name}` in the task that uses it, or hand over what it was made from (a path, a URL, a list)",
    )


def _definition_state(values: _Values) -> _Wording:
    name = values["name"]
    return (
        f"task `{values['other']}` changes state on `{name}`, a function or class, and task `{values['task']}` uses it",
        f"keep that state in a variable and hand that over: what `{name}` keeps in its process stays there",
    )


def _definition_needs_value(values: _Values) -> _Wording:
    name = values["name"]
    return (
        f"task `{values['task']}` needs `{name}`, whose definition uses a task's value at the moment it is made",
        f"take the value as an argument, or look it up when `{name}` runs: then `{name}` can travel as source",
    )


def _unnamed_state(values: _Values) -> _Wording:
    state = values["state"].strip("<>")
    return (
        (
            f"`{values['task']}` changes `{state}`, and task `{values['other']}` would see it in the notebook, not "
            "in the DAG"
        ),
        "set it in shared code above the first task, from literals and parameters only, in a statement of its own",
    )


def _dynamic(values: _Values) -> _Wording:
    name = values["name"]
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
    return (
        f"this {values['what']}, which nb2dag does not follow yet",
        (
            "write the effect in Python where it is needed (open files by their path, import modules), or tag the cell "
            "`%%airflow_skip`"
        ),
    )


def _scratch_state(values: _Values) -> _Wording:
    state = values["state"].strip("<>")
    return (
        f"this untagged cell changes `{state}`, which the tasks below see in the notebook but not in the DAG",
        "move it above the first task, or tag the cell `%%airflow_skip`",
    )


def _bare_call(values: _Values) -> _Wording:
    return (
        f"nothing is known about the call `{values['call']}`, so every task runs it first",
        "if only one task needs it, move it there; if it is only for looking, tag its cell `%%airflow_skip`",
    )


def _parameter(values: _Values) -> _Wording:
    name = f"`{values['name']}`" if values["name"] else "this statement"
    kinds = {"tuple": "write a list: JSON has no tuples", "set": "write a list: JSON has no sets"}
    return (
        f"{name} in the parameters cell is not a JSON literal",
        kinds.get(
            values["kind"],
            "a DAG param is a number, a string, True, False, None, a list or a dict of these; compute with it in "
            "the next cell",
        ),
    )


def _cycle(values: _Values) -> _Wording:
    return (
        f"the tasks wait for each other: {values['cycle']}",
        "remove one `--after`, or give a cell that continues a task further down a task name of its own",
    )


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
