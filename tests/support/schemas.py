"""The published JSON Schemas, made strict: a key that a schema does not name fails."""

from __future__ import annotations

import json
from pathlib import Path

import nb2dag.report

SCHEMAS = Path(nb2dag.report.__file__).parent / "schema"


def load(name):
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))


def whole():
    """Return the schema of the panel's document, with what it takes from that of `check` written into it."""
    panel, check = load("panel"), load("check")
    panel["$defs"] |= check["$defs"] | {"summary": check["properties"]["summary"]}
    text = json.dumps(panel).replace("check.schema.json#/properties/summary", "#/$defs/summary")
    return json.loads(text.replace("check.schema.json#/$defs/", "#/$defs/"))


def part(name):
    """Return the schema of another answer, by its name under `$defs`."""
    panel = whole()
    return {"$ref": f"#/$defs/{name}", "$defs": panel["$defs"]}


def strict(node):
    """Return a schema that takes no key it does not name."""
    if isinstance(node, dict):
        closed = {key: strict(value) for key, value in node.items()}
        return {"additionalProperties": False} | closed if node.get("type") == "object" else closed
    return [strict(item) for item in node] if isinstance(node, list) else node
