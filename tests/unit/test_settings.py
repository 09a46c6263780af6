"""Settings of the process are read where they were made and set where they are needed."""

from __future__ import annotations

import decimal
import os
import sys
import types
import warnings
from pathlib import Path

import pytest

from nb2dag.runtime import library_options, settings


def test_changes_of_the_environment_travel_and_others_are_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2DAG_TEST_A", "1")
    changes = settings.environment()
    assert changes["NB2DAG_TEST_A"] == "1"
    monkeypatch.setenv("NB2DAG_TEST_B", "2")
    monkeypatch.delenv("NB2DAG_TEST_A")
    settings.set_environment(changes)
    assert os.environ["NB2DAG_TEST_A"] == "1"
    assert "NB2DAG_TEST_B" not in os.environ


def test_the_search_path_is_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lib"), *before, "plain"])
    changes = settings.search_path(tmp_path)
    monkeypatch.setattr(sys, "path", before)
    settings.set_search_path(changes, Path("/other"))
    assert "/other/lib" in sys.path
    assert "plain" in sys.path
    assert str(tmp_path / "lib") not in sys.path


def test_options_of_libraries_travel() -> None:
    with decimal.localcontext(decimal.Context(prec=3)), warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        found = library_options.options()
        decimal.getcontext().prec = 9
        warnings.simplefilter("ignore")
        library_options.set_options({name: found[name] for name in ("decimal", "warnings")})
        assert decimal.getcontext().prec == 3
        assert warnings.filters[0][:3] == ("error", None, FutureWarning)


def test_an_attribute_of_a_module_is_reached_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("nb2dag_test_module")
    module.Box = type("Box", (), {"size": 1})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.set_attribute("nb2dag_test_module.Box.size", 5)
    assert settings.attribute("nb2dag_test_module.Box.size") == 5
    settings.set_attribute("nb2dag_test_module.extra", 6)
    assert settings.attribute("nb2dag_test_module.extra") == 6
