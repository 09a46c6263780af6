"""The front end's types are those of the published schemas, and its version is the package's."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import jsonschema
import pytest

from nb2dag import __version__
from support.schemas import load

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("wire_types", CHECKOUT / "tools" / "wire_types.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_types_are_as_written_from_the_schemas(generator):
    assert generator.TARGET.read_text("utf-8") == generator.source(), "run: python tools/wire_types.py"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(load("panel"))


def test_front_end_and_package_are_of_one_version():
    text = (CHECKOUT / "labextension" / "src" / "version.ts").read_text("utf-8")
    assert re.search(r"VERSION = '(.*)'", text)[1] == __version__
    assert f'"version": "{__version__}"' in (CHECKOUT / "labextension" / "package.json").read_text("utf-8")


def test_no_lock_names_a_registry():
    assert "https://" not in (CHECKOUT / "labextension" / "yarn.lock").read_text("utf-8")
