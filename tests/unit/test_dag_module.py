"""The DAG file holds the user's words in literals only, and every edge once."""

import ast
import builtins
import keyword
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2dag.compiler.backend.dag_module import emit_dag_module
from nb2dag.compiler.backend.dependencies import chains
from nb2dag.compiler.backend.dialects import DEFAULT_DIALECT, DIALECTS, dialect_for
from nb2dag.compiler.backend.names import file_stems, variables
from nb2dag.errors import Nb2dagError
from nb2dag.model.plan import CellPurpose, CodeCell, DagPlan, ParamPlan, TaskPlan
from nb2dag.model.schedule import CronSchedule, PresetSchedule

IDS = st.from_regex(r"[\w.-]{1,70}", fullmatch=True) | st.sampled_from(
    ["a", "a.b", "a-b", "a_b", "A", "class", "__name__"]
)


def task(task_id="clean", **fields):
    return TaskPlan(task_id, (CodeCell(CellPurpose.BODY, "pass", 2, "c2", (1,)),), source_cells=(2,), **fields)


PLAN = DagPlan("sales", "sales.ipynb", "sha256:" + "0" * 64, (task(),))


def module_of(plan, dialect=DEFAULT_DIALECT):
    return emit_dag_module(plan, {item.task_id: f"tasks/{item.task_id}.ipynb" for item in plan.tasks}, dialect)


def dag_call(plan):
    block = next(node for node in ast.parse(module_of(plan).text).body if isinstance(node, ast.With))
    return {item.arg: item.value for item in block.items[0].context_expr.keywords}


@given(st.lists(IDS, unique=True, max_size=12))
def test_every_task_has_a_variable_of_its_own(task_ids):
    taken = {"dag", "DAG", "BUNDLE"}
    names = variables(task_ids, taken)
    assert list(names) == task_ids
    assert len(set(names.values())) == len(task_ids)
    for task_id, name in names.items():
        # Python reads an identifier in this normal form.
        assert ast.parse(name, mode="eval").body.id == name
        assert not keyword.iskeyword(name)
        assert not name.startswith("__")
        assert name not in taken
        assert not hasattr(builtins, name)
        usable = task_id.isascii() and task_id.isidentifier() and len(task_id) <= 60 and not task_id.startswith("__")
        if usable and not keyword.iskeyword(task_id) and not keyword.issoftkeyword(task_id):
            assert name == task_id or task_id in taken or hasattr(builtins, task_id)


@given(st.lists(IDS, unique=True, max_size=12))
def test_every_task_has_a_file_that_no_file_system_confuses(task_ids):
    stems = file_stems(task_ids)
    assert len({stem.casefold() for stem in stems.values()}) == len(task_ids)


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 12))
    return {f"t{n}": draw(st.sets(st.sampled_from([f"t{m}" for m in range(n)]))) if n else set() for n in range(size)}


@given(graphs())
def test_chains_hold_every_edge_once(upstream):
    found = chains(upstream)
    edges = []
    for chain in found:
        for above, below in pairwise(chain):
            assert len(above) == 1 or len(below) == 1
            edges += [(source, target) for source in above for target in below]
    assert len(edges) == len(set(edges))
    assert set(edges) == {(source, target) for target, sources in upstream.items() for source in sources}


HOSTILE = [
    '"""\nimport os\n"""',
    "'''; import os #",
    'x"; import os; "',
    "\\",
    '"',
    '""',
    "{{ ds }} {0} %s",
    "line\nline\r\nline\x0cline\u2028line",
    "\u202eright to left\ud800",
    "\x00",
    "# heading\n" + '"' * 7,
    "# " + "x" * 300,
    "name.md",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_of_the_user_stays_text(text):
    plan = replace(
        PLAN,
        source_name=text,
        doc=text,
        options={"description": text, "tags": (text,), "owner": text},
        params=(ParamPlan(text, text, ("string",), text, text),),
        tasks=(task(doc=text, return_name=text, parameters=(text,), options={"executor_config": {text: text}}),),
    )
    source = module_of(plan).text
    source.encode()
    tree = ast.parse(source)
    plain = [type(node) for node in ast.walk(ast.parse(module_of(with_text(plan, text, "plain")).text))]
    assert [type(node) for node in ast.walk(tree)] == plain
    arguments = dag_call(plan)
    assert ast.literal_eval(arguments["description"]) == text
    # Airflow reads a file where doc_md ends with `.md`.
    assert ast.literal_eval(arguments["doc_md"]).endswith("0" * 64)
    assert not any(ord(character) < 32 and character != "\n" for character in source)


def with_text(plan, text, other):
    """The same plan with another text; its documentation keeps a heading where there was one."""
    given = plan.params[0]
    return replace(
        plan,
        source_name=other,
        doc=other,
        options={"description": other, "tags": (other,), "owner": other},
        params=(replace(given, name=other, value=other, description=other, scheduled=other),),
        tasks=(task(doc=other, return_name=other, parameters=(other,), options={"executor_config": {other: other}}),),
    )


def test_no_import_that_is_not_used():
    names = set()
    for node in ast.walk(ast.parse(module_of(PLAN).text)):
        if isinstance(node, ast.ImportFrom):
            names |= {(node.module, alias.name) for alias in node.names}
    assert names == {("airflow.sdk", "DAG"), ("nb2dag.airflow", "NotebookOperator")}


@pytest.mark.parametrize(
    ("release", "module"), [("3.0", "airflow.timetables.trigger"), ("3.2.1", "airflow.sdk"), ("3.3", "airflow.sdk")]
)
def test_a_dialect_says_where_a_timetable_is_imported_from(release, module):
    plan = replace(PLAN, schedule=CronSchedule("@daily"))
    text = module_of(plan, dialect_for(release)).text
    imported = {
        alias.name: node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported["CronTriggerTimetable"] == module
    assert release.startswith(tuple(DIALECTS))


def test_an_unknown_release_is_named():
    with pytest.raises(Nb2dagError, match=r"Airflow 2\.11: known are 3\.0"):
        dialect_for("2.11")


def test_a_continuous_dag_has_one_active_run():
    continuous = replace(PLAN, schedule=PresetSchedule("@continuous"))
    assert ast.literal_eval(dag_call(continuous)["max_active_runs"]) == 1
    assert "max_active_runs" not in dag_call(replace(PLAN, schedule=PresetSchedule("@once")))


def test_the_kernel_of_the_dag_line_goes_to_every_task_without_its_own():
    plan = replace(
        PLAN,
        kernel_name="python3",
        default_args={"kernel": "gpu", "timeout": 5},
        tasks=(task("a"), task("b", kernel_name="python3")),
    )
    text = module_of(plan).text
    assert text.count('kernel_name="gpu"') == 1
    assert 'default_args={"execution_timeout": 5}' in text


UNWRITABLE = {
    "an option of the DAG": (replace(PLAN, options={"colour": 1}), "the DAG: .* option `colour`"),
    "an option of a task": (replace(PLAN, tasks=(task(options={"map": "x"}),)), "task `clean`, .* option `map`"),
    "a default": (replace(PLAN, default_args={"env": "x"}), "default_args: .* option `env`"),
    "a value": (replace(PLAN, tasks=(task(options={"executor_config": object()}),)), "of task `clean`.* cannot be"),
    "a naive date": (replace(PLAN, options={"start_date": datetime.fromisoformat("2026-01-01")}), "without a timezone"),
    "an asset": (replace(PLAN, tasks=(task(options={"outlets": (1,)}),)), "not an asset"),
    "a param": (replace(PLAN, params=(ParamPlan("p", float("nan"), ("number",)),)), "default of param `p` is no JSON"),
    "a group named like a task": (replace(PLAN, tasks=(task(options={"group": "clean"}),)), "both a task and a group"),
    "an edge from nowhere": (replace(PLAN, tasks=(task(upstream=("gone",)),)), "`clean` comes after `gone`"),
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_airflow_cannot_express_is_refused_by_name(name):
    plan, message = UNWRITABLE[name]
    with pytest.raises(Nb2dagError, match=message):
        module_of(plan)


def test_a_thousand_tasks_make_a_module_in_time_proportional_to_them():
    tasks = tuple(task(f"t{n}", upstream=(f"t{n - 1}",) if n else ()) for n in range(1000))
    module = module_of(replace(PLAN, tasks=tasks))
    assert len(module.text.splitlines()) < 9000
    compile(module.text, "sales.py", "exec")
