"""The extension in a real IPython shell: a tagged cell does what it would do without its tag."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from nb2dag.magics.tag_error import TagError
from nb2dag.magics.transformer import TagTransformer

TASK = "%%airflow_task clean --after extract --timeout 10m"
LINES = "#| task: clean\n#| after: [extract]"
SPELLINGS = [
    TASK,
    LINES,
    TASK + "\n#| retries: 2",
    "%%airflow_task clean \\\n  --retries 2",
    "#| shared",
    "%%airflow_skip",
]


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.colors = "nocolor"
    made.run_line_magic("load_ext", "nb2dag")
    yield made
    made.run_line_magic("unload_ext", "nb2dag")
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def run(shell, source):
    return shell.run_cell(source, store_history=True)


@pytest.mark.parametrize("tag", SPELLINGS)
def test_namespace_and_value(shell, tag):
    run(shell, "rows = [1, None]")
    result = run(shell, f"{tag}\nrows = [row for row in rows if row]\nrows")
    assert result.success
    assert result.result == [1]
    assert shell.user_ns["rows"] == [1]


@pytest.mark.parametrize("tag", SPELLINGS)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_nested_cell_magic(shell, tag, between, capsys):
    result = run(shell, f"{tag}{between}%%time\nx = 6\nx * 7")
    assert result.success
    assert result.result == 42
    assert "Wall time" in capsys.readouterr().out
    assert shell.user_ns["x"] == 6


@pytest.mark.parametrize("tag", SPELLINGS)
def test_top_level_await(shell, tag):
    result = run(shell, f"{tag}\nimport asyncio\nx = await asyncio.sleep(0, 5)\nx")
    assert result.success
    assert result.result == 5


@pytest.mark.parametrize("tag", SPELLINGS)
@pytest.mark.parametrize("lead", ["", "\n\n"])
def test_line_of_an_exception_is_as_without_the_tag(shell, tag, lead, capsys):
    def failing_line(first_lines: str) -> str:
        result = run(shell, f"{lead}{first_lines}\nx = 1\n\n1 / 0\n")
        assert isinstance(result.error_in_exec, ZeroDivisionError)
        found = re.search(r"line (\d+)", capsys.readouterr().out)
        assert found is not None
        return found[1]

    comments = "\n".join("# no tag" for _ in tag.split("\n"))
    assert failing_line(tag) == failing_line(comments) == str(len(tag.split("\n")) + 3)


@pytest.mark.parametrize("tag", SPELLINGS)
def test_syntax_error_and_line_magics_below_a_tag(shell, tag):
    assert isinstance(run(shell, f"{tag}\nx = = 1").error_before_exec, SyntaxError)
    assert run(shell, f"{tag}\n%timeit -n1 -r1 1\nfiles = !echo hello\nfiles[0]").result == "hello"


def test_indented_cell(shell):
    assert run(shell, "    %%airflow_task clean\n    x = 3\n    x").result == 3


def test_silent_last_value(shell, capsys):
    assert run(shell, f"{TASK}\n'value';").success
    assert "value" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "source",
    [
        '%airflow_dag daily --schedule "0 6 * * *"',
        "%load_ext nb2dag\n%airflow_dag daily\n#| tags: [a]",
        "%%airflow_dag daily\nschedule: @daily\ndefault_args:\n  retries: 2",
        "#| dag: daily\n#| schedule: @daily",
        "%%airflow_dag",
        "%%airflow_task clean",
    ],
)
def test_settings_do_nothing(shell, source, capsys):
    names = set(shell.user_ns)
    result = run(shell, source)
    assert result.success
    assert result.result is None
    assert capsys.readouterr().err == ""
    assert {name for name in shell.user_ns if not name.startswith("_")} <= names


def test_the_rest_of_a_cell_with_the_dag_line_runs(shell):
    assert run(shell, "import os\n%airflow_dag daily --tags a\nx = os.sep\nx").result == "/"


@pytest.mark.parametrize(
    ("source", "message", "line", "hint"),
    [
        (
            "%%airflow_task clean --retrys 2\nx = 1",
            "unknown option `--retrys` of `%%airflow_task`",
            1,
            "did you mean `--retries`?",
        ),
        ("#| task: a\n#| retries: x\ny = 1", "`x` is no value of `retries`", 2, "expected an integer"),
        ("%airflow_dag a --schedule daily", "`daily` is no value of `--schedule`", 1, "did you mean `@daily`?"),
        ("%%airflow_sql q --conn db\nselect 1", "`%%airflow_sql` is part of the tag language", 1, ""),
        ("%%airflow_task a --gpu 1\nx = 1", "`--gpu` is part of the tag language", 1, "leave it out"),
        ("%airflow_task a\nx = 1", "two percent signs", 1, "write `%%airflow_task`"),
        ("# note\n%%airflow_task a\nx = 1", "is not on the cell's first line", 2, "make it the first line"),
        ("%%time\n%%airflow_task a\nx = 1", "is not on the cell's first line", 2, "make it the first line"),
    ],
)
def test_a_mistake_is_shown_and_nothing_runs(shell, source, message, line, hint, capsys):
    result = run(shell, source)
    error = result.error_before_exec
    assert isinstance(error, TagError)
    assert message in str(error)
    assert "x" not in shell.user_ns
    shown = capsys.readouterr().out
    assert f"TagError: line {line}: " in shown
    assert message in shown
    assert hint in shown
    assert "Traceback" not in shown
    assert "nb2dag/" not in shown


def test_loading_twice_reloading_and_unloading(shell, capsys):
    def transformers() -> int:
        return sum(isinstance(found, TagTransformer) for found in shell.input_transformers_cleanup)

    assert run(shell, "%load_ext nb2dag\n%load_ext nb2dag").success
    import nb2dag

    nb2dag.load_ipython_extension(shell)
    assert transformers() == 1
    assert run(shell, "%reload_ext nb2dag").success
    assert transformers() == 1
    assert run(shell, f"{TASK}\n1").result == 1
    assert run(shell, "%unload_ext nb2dag").success
    assert transformers() == 0
    capsys.readouterr()
    assert not run(shell, f"{TASK}\n1").success
    assert "Cell magic `%%airflow_task` not found" in capsys.readouterr().err
    assert run(shell, "%load_ext nb2dag").success
    assert run(shell, f"{TASK}\n1").result == 1


def test_the_cell_that_loads_the_extension_is_checked_too(shell, capsys):
    run(shell, "%unload_ext nb2dag")
    capsys.readouterr()
    result = run(shell, "# settings\n%load_ext nb2dag\n%airflow_dag daily --retrys 2")
    assert isinstance(result.error_in_exec, TagError)
    assert "TagError: line 3: unknown option `--retrys`" in capsys.readouterr().out
    run(shell, "%unload_ext nb2dag")
    result = run(shell, "%load_ext nb2dag\n%airflow_dag daily --description {x}$y\n#| tags: [a, a]")
    assert "line 3: `a` is given twice" in str(result.error_in_exec)
    run(shell, "%unload_ext nb2dag")
    assert run(shell, "%load_ext nb2dag\n%airflow_dag daily --description {x}$y").success


@pytest.mark.parametrize("question", ["%airflow_task?", "%%airflow_task?", "?%airflow_task"])
def test_help_prints_the_options(shell, question, capsys):
    assert run(shell, question).success
    shown = capsys.readouterr().out
    assert "%%airflow_task NAME" in shown
    assert "--trigger-rule RULE" in shown
    assert "How long one try may take" in shown


def test_completion(shell):
    def completions(line: str) -> set[str]:
        with provisionalcompleter():
            return {line[: found.start] + found.text for found in shell.Completer.completions(line, len(line))}

    assert "%%airflow_task" in completions("%%airflow_t")
    assert "%airflow_dag" in completions("%airflow_d")
    assert completions("%%airflow_task clean --retr") >= {
        "%%airflow_task clean --retries",
        "%%airflow_task clean --retry-delay",
    }
    assert "%airflow_dag daily --schedule" in completions("%airflow_dag daily --s")


def test_calling_a_magic_by_hand_says_what_to_do(shell):
    with pytest.raises(TagError, match="first line"):
        shell.run_cell_magic("airflow_task", "clean", "x = 1")
    with pytest.raises(TagError, match="two percent signs"):
        shell.run_line_magic("airflow_task", "clean")
    with pytest.raises(TagError, match="unknown option"):
        shell.run_line_magic("airflow_dag", "daily --retrys 2")
    assert shell.run_line_magic("airflow_dag", "daily") is None


def test_unfinished_input_is_not_refused(shell):
    assert shell.check_complete("%%airflow_task clean --retrys 2")[0] == "incomplete"
    assert shell.check_complete("x = (")[0] == "incomplete"
    assert shell.check_complete("x = 1")[0] == "complete"


def test_loading_imports_no_heavy_module():
    code = """
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        before = set(sys.modules)
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "nb2dag")
        shell.run_cell("#| task: clean\\n#| after: [extract]\\nx = 1")
        heavy = {"yaml", "croniter", "nbformat", "papermill", "airflow", "click", "rich"}
        print(sorted(heavy & (set(sys.modules) - before)))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
