"""`[tool.nb2dag]`: found, checked, and every mistake named with its file and key."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from nb2dag.config import _READERS, DEFAULT_MAX_FILE_SIZE, Config, ConfigInvalid, load_config
from nb2dag.model.diagnostic import Severity


def write(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_field_is_a_key():
    assert {name.replace("-", "_") for name in _READERS} | {"path"} == {field.name for field in fields(Config)}


def test_all_keys(tmp_path):
    path = write(
        tmp_path,
        '[tool.nb2dag]\noutput = "airflow/dags"\nexclude = ["drafts", "*_old.ipynb"]\n'
        'max-file-size = "2 MB"\nselect = ["NBD2"]\nignore = ["NBD203"]\nseverity = { bare-call = "note" }\n'
        'airflow-url = "https://airflow.example.com"\nairflow = "3.2"\noperator = "papermill"\n',
    )
    config = load_config(tmp_path)
    severities = (("bare-call", Severity.NOTE),)
    assert config == Config(
        output=Path("airflow/dags"),
        airflow="3.2",
        operator="papermill",
        exclude=("drafts", "*_old.ipynb"),
        max_file_size=2_000_000,
        select=("NBD2",),
        ignore=("NBD203",),
        severity=severities,
        airflow_url="https://airflow.example.com",
        path=path,
    )
    assert config.output_folder() == tmp_path / "airflow/dags"


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "# nb2dag\n[tool]\n", "[tool.nb2dag]\n"])
def test_without_a_table_the_defaults_hold(tmp_path, text):
    path = write(tmp_path, text)
    assert load_config(tmp_path) == Config(path=path)
    assert load_config(tmp_path).max_file_size == DEFAULT_MAX_FILE_SIZE
    assert load_config(tmp_path).output_folder() == Path("dags")


def test_the_nearest_file_decides(tmp_path):
    write(tmp_path, '[tool.nb2dag]\noutput = "far"\n')
    inner = tmp_path / "project" / "notebooks"
    inner.mkdir(parents=True)
    assert load_config(inner / "etl.ipynb").output == Path("far")
    near = write(tmp_path / "project", "[project]\n")
    assert load_config(inner / "etl.ipynb") == Config(path=near)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tool.nb2dag]\nouput = "x"', "`tool.nb2dag` has no key `ouput`: did you mean `output`?"),
        ("[tool.nb2dag]\nmax_file_size = 1", "has no key `max_file_size`: did you mean `max-file-size`?"),
        (
            "[tool.nb2dag]\nzzz = 1",
            "its keys are `airflow`, `airflow-url`, `exclude`, `ignore`, `max-file-size`, `operator`, `output`,",
        ),
        ("[tool.nb2dag]\noutput = 3", "`output` in `tool.nb2dag` must be the name of a folder, not 3 (an integer)"),
        ('[tool.nb2dag]\noutput = ""', "must be the name of a folder"),
        ('[tool.nb2dag]\nexclude = "drafts"', "must be a list of strings, not 'drafts' (a string)"),
        ("[tool.nb2dag]\nignore = [1]", "must be a list of strings"),
        ("[tool.nb2dag]\nseverity = 1", "`severity` in `tool.nb2dag` must be a table such as { bare-call"),
        (
            '[tool.nb2dag]\nseverity = { bare-call = "warn" }',
            "gives `bare-call` the severity 'warn' (a string); there are 'error', 'warning', 'note'",
        ),
        ('[tool.nb2dag]\nmax-file-size = "10 MX"', 'must be a size such as "10 MB"'),
        ("[tool.nb2dag]\nmax-file-size = -1", 'must be a size such as "10 MB"'),
        ("[tool.nb2dag]\nmax-file-size = true", "not True (a boolean)"),
        ("[tool]\nnb2dag = 3", "`tool.nb2dag` must be a table, not an integer"),
        ("[tool.nb2dag\n", "is not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigInvalid) as caught:
        load_config(tmp_path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe nb2dag")
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("size", "expected"), [('"10MB"', 10_000_000), ('"1.5 GiB"', 3 * 1024**3 // 2), ('"12 b"', 12), ("7", 7)]
)
def test_sizes(tmp_path, size, expected):
    write(tmp_path, f"[tool.nb2dag]\nmax-file-size = {size}\n")
    assert load_config(tmp_path).max_file_size == expected
