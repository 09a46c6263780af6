"""Write labextension/src/wire.ts anew from the JSON Schemas of what the server answers; a test fails where they differ.

Only what those schemas use of JSON Schema is understood; anything else is an error rather than a wrong type.
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "src" / "nb2dag" / "report" / "schema"
TARGET = ROOT / "labextension" / "src" / "wire.ts"

_HEAD = """\
/**
 * What the server extension answers.
 *
 * Written by tools/wire_types.py from src/nb2dag/report/schema: change the schema, then run it.
 */
"""
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_SHARED = ("diagnostic", "span", "fix", "edit")


def source() -> str:
    """Return the TypeScript module."""
    panel = json.loads((SCHEMAS / "panel.schema.json").read_text("utf-8"))
    check = json.loads((SCHEMAS / "check.schema.json").read_text("utf-8"))
    shared = {name: check["$defs"][name] for name in _SHARED} | {"summary": check["properties"]["summary"]}
    types = {"panel": panel, **panel["$defs"], **shared}
    return _HEAD + "".join(f"\n{_interface(name, schema)}" for name, schema in types.items())


def _interface(name, schema):
    return f"{_comment(schema, '')}export interface I{_camel(name)} {_object(schema, '')}\n"


def _object(schema, indent):
    if "properties" not in schema:
        return f"{{ [key: string]: {_type(schema['additionalProperties'], indent)} }}"
    inner = indent + "  "
    required = set(schema.get("required", ()))
    lines = [
        f"{_comment(value, inner)}{inner}{key}{'' if key in required else '?'}: {_type(value, inner)};\n"
        for key, value in schema["properties"].items()
    ]
    return "{\n" + "".join(lines) + indent + "}"


def _type(schema, indent):
    if not schema:
        return "unknown"
    if "$ref" in schema:
        return "I" + _camel(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(_type(each, indent) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"'{each}'" for each in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if isinstance(schema["type"], list):
        return " | ".join(_PLAIN[each] for each in schema["type"])
    if schema["type"] == "array":
        return f"Array<{_type(schema['items'], indent)}>"
    if schema["type"] == "object":
        return _object(schema, indent)
    return _PLAIN[schema["type"]]


def _comment(schema, indent):
    text = schema.get("description")
    return f"{indent}/** {text} */\n" if text else ""


def _camel(name):
    return "".join(word.capitalize() for word in name.split("_"))


if __name__ == "__main__":
    TARGET.write_text(source(), encoding="utf-8")
    print(f"{TARGET}: written")
