"""Write a directive as text, in either spelling: the inverse of the grammar."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from nb2dag.directives.dates import format_date
from nb2dag.directives.durations import format_duration
from nb2dag.directives.schedules import format_schedule
from nb2dag.directives.spec import OptionSpec, ValueType
from nb2dag.directives.vocabulary import directive_spec, find_option
from nb2dag.model.directive import Directive, Option, Spelling
from nb2dag.model.schedule import Asset, Schedule

_BARE_WORD = re.compile(r"[\w@%+=:,./-]+")
_BARE_YAML = re.compile(r"[\w/.+](?:[\w@*/.+:,&|()-]| (?! ))*")
_YAML_WORD = re.compile(r"[A-Za-z_][\w./-]*")
_YAML_CONSTANTS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_NEVER_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def format_directive(directive: Directive, spelling: Spelling) -> str:
    r"""Return the text of `directive` without a final line end; `parse_directive` reads it back, regions aside.

    As a magic, what does not fit into a flag (mappings, text of several lines) goes on `#|` lines below it. A cell tag
    is no text of a cell: its spelling is an empty string. What has no magic (`parameters`) is written as option lines.

    >>> from nb2dag.directives.grammar import parse_directive
    >>> directive = parse_directive("#| task: clean\n#| after: [a, b]\n#| timeout: 90s").directive
    >>> format_directive(directive, Spelling.MAGIC)
    '%%airflow_task clean --after a,b --timeout 1m30s'
    """
    spec = directive_spec(directive.kind)
    if spelling is Spelling.CELL_TAG:
        return ""
    if spelling is Spelling.OPTION_LINES or not spec.cell_magic:
        head = spec.keyword if directive.name is None else f"{spec.keyword}: {_yaml_text(directive.name)}"
        return "\n".join([f"#| {head}", *(_option_line(option) for option in directive.options)])
    words = [spec.magic, *([directive.name] if directive.name is not None else [])]
    lines = []
    for option in directive.options:
        if _fits_a_flag(option):
            words.append(_flag(option))
        else:
            lines.append(_option_line(option))
    return "\n".join([" ".join(words), *lines])


def format_option(option: Option, *, flag: bool) -> str:
    """Return one option's text: as a flag where it shall be one and fits, else as an entry without `#| `.

    >>> from nb2dag.model.span import START
    >>> format_option(Option("retries", 2, START), flag=True)
    '--retries 2'
    >>> format_option(Option("tags", ("a", "b"), START), flag=False)
    'tags: [a, b]'
    """
    return _flag(option) if flag and _fits_a_flag(option) else _option_line(option).removeprefix("#| ")


def option_text(option: Option) -> str:
    """Return an option's value as a form shows it, which `read_option` reads back: items with commas between.

    >>> from nb2dag.model.span import START
    >>> option_text(Option("tags", ("a", "b"), START)), option_text(Option("catchup", True, START))
    ('a,b', 'true')
    """
    value = _spelled(option)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _flag_list(value)
    return value if isinstance(value, str) else _yaml_flow(value)


def _spec(option: Option) -> OptionSpec:
    spec = find_option(option.name)
    assert spec is not None
    return spec


def _fits_a_flag(option: Option) -> bool:
    value = _spelled(option)
    texts = value if isinstance(value, list) else [value]
    return not isinstance(value, Mapping) and not any("\n" in str(text) or "\r" in str(text) for text in texts)


def _flag(option: Option) -> str:
    name, value = _spec(option).flag, _spelled(option)
    if value is True:
        return name
    if value is False:
        return f"{name}=false"
    return f"{name} {_shell_word(_flag_list(value) if isinstance(value, list) else str(value))}"


def _flag_list(items: list[object]) -> str:
    texts = [str(item) for item in items]
    simple = all(text and text == text.strip() and "," not in text for text in texts)
    return ",".join(texts) if simple and not texts[0].startswith("[") else _yaml_flow(items)


def _shell_word(text: str) -> str:
    if _BARE_WORD.fullmatch(text) and not text.startswith("--"):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _option_line(option: Option) -> str:
    value = _spelled(option)
    if isinstance(value, str) and _spec(option).type is not ValueType.TEXT and _is_bare(value):
        return f"#| {option.name}: {value}"
    return f"#| {option.name}: {_yaml_flow(value)}"


def _spelled(option: Option) -> object:
    """Return an option's value as text, number, flag, list or mapping."""
    if _spec(option).type is ValueType.SCHEDULE:
        return format_schedule(cast("Schedule | None", option.value))
    return _plain(option.value)


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, datetime):
        return format_date(value)
    if isinstance(value, Asset):
        return value.name
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _yaml_flow(value: object) -> str:
    if isinstance(value, str):
        return _yaml_text(value)
    if isinstance(value, list):
        return f"[{', '.join(_yaml_flow(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_yaml_text(str(key))}: {_yaml_flow(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


def _is_bare(text: str) -> bool:
    """Whether a value that is not free text needs no quotes, for YAML readers other than ours, too."""
    return bool(_BARE_YAML.fullmatch(text)) and ": " not in text and not text.endswith((":", " "))


def _yaml_text(text: str) -> str:
    """Return a YAML scalar that is this text, quoted unless it is a plain word."""
    if _YAML_WORD.fullmatch(text) and text.isascii() and text.lower() not in _YAML_CONSTANTS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _NEVER_RAW.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)
