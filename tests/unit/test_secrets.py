"""Secrets are found by form and by name, placeholders are not, and no message repeats one."""

from __future__ import annotations

import pytest

from nb2dag.compiler.analysis.secrets import is_secret, kind_of_secret
from support.oracle import compile_cells

# Put together here, so that no scanner takes this file itself for a leak.
AWS = "AKIA" + "Z7QK2N4P5R6S3T1V"
GITHUB = "ghp" + "_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (AWS, "an AWS access key"),
        (f"key={AWS};", "an AWS access key"),
        ("AKIA" + "IOSFODNN7EXAMPLE", ""),
        (GITHUB, "a GitHub token"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\nabc", "a private key"),
        ("postgresql+psycopg2://etl:s3cr3t@db:5432/x", "a URL with a password"),
        ("postgresql://etl@db/x", ""),
        ("postgresql://user:password@db/x", ""),
        ("postgresql://user:<password>@db/x", ""),
        ("postgresql://user:{pw}@db/x", ""),
        ("https://host:8080/a@b", ""),
        ("mail me: ann@example.org", ""),
        ("a." * 100_000, ""),
        ("sk-" + "proj-" + "aB3_" * 8, "an OpenAI or Anthropic key"),
        ("sk-" + "a1B2" * 12, "an OpenAI or Anthropic key"),
        ("sk-learn-is-no-key-at-all-however-long", ""),
        ("hf" + "_" + "a1B2" * 9, "a Hugging Face token"),
        ("eyJ" + "hbGciOiJIUzI1" + ".eyJ" + "zdWIiOiIxMjM0" + "." + "dozjgNryP4J3jVmN", "a JSON web token"),
        ("AccountName=a;AccountKey=" + "a1B2" * 15 + "==", "an Azure storage key"),
        ("host=db user=etl password=s3cr3t", "a connection with a password"),
        ("DRIVER={x};SERVER=db;UID=etl;PWD=s3cr3t", "a connection with a password"),
        ("host=db user=etl password=", ""),
        ("host=db user=etl password={pw}", ""),
        ("the password=s3cr3t of a text", ""),
    ],
)
def test_by_form(text, kind):
    assert kind_of_secret(text) == kind


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("password", "hunter2", True),
        ("DB_PASSWORD", "hunter2", True),
        ("api_key", "a8f5f167f44f4964e6c998dee827110c", True),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG", True),
        ("token", "abc", False),
        ("pad_token", "<pad>", False),
        ("sep_token", "[SEP]", False),
        ("next_token", "something", False),
        ("sort_key", "a8f5f167f44f4964", False),
        ("password", "", False),
        ("password", "changeme", False),
        ("password", "${DB_PASSWORD}", False),
        ("password", "{{ var.value.x }}", False),
        ("password", "enter your password", False),
        ("password_file", "hunter2", False),
        ("password", "/run/secrets/db", False),
        ("tokenizer", "bert2base", False),
    ],
)
def test_by_name(name, value, expected):
    assert is_secret(name, value) is expected


@pytest.mark.parametrize(
    "code",
    [
        "password = 'hunter2'",
        "password: str = 'hunter2'",
        "connect = dict(password='hunter2')",
        "settings = {'db_password': 'hunter2'}",
        "import os\nos.environ['PASSWORD'] = 'hunter2'",
        f"key = '{AWS}'",
        f"%env AWS_ACCESS_KEY_ID={AWS}",
        "url = f'postgresql://etl:hunter2@db/{1}'",
    ],
)
def test_found_in_every_place_once_and_never_repeated(code):
    found = [item for item in compile_cells([f"%%airflow_task a\n{code}"]).diagnostics if item.code == "NBD501"]
    assert len(found) == 1
    assert not any(secret in found[0].message + found[0].hint for secret in ("hunter2", AWS))


@pytest.mark.parametrize("tag", ["%%airflow_skip\n", "", "#| parameters\n"])
def test_found_in_cells_that_are_not_exported_too(tag):
    found = compile_cells(["%%airflow_task a\nx = 1", f"{tag}password = 'hunter2'"]).diagnostics
    assert [item.name for item in found] == ["secret-in-source"]
