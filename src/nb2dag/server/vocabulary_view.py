"""Describe the vocabulary for forms, menus and completion: what each directive takes, with its help."""

from __future__ import annotations

from typing import Any

from nb2dag.directives.reference import usage
from nb2dag.directives.spec import DirectiveSpec, OptionSpec
from nb2dag.directives.vocabulary import DIRECTIVES, options_of


def vocabulary_document() -> list[dict[str, Any]]:
    """Return every directive with the options it takes, in the order documentation lists them."""
    return [_directive(spec) for spec in DIRECTIVES]


def _directive(spec: DirectiveSpec) -> dict[str, Any]:
    return {
        "directive": spec.keyword,
        "magic": spec.magic if spec.cell_magic or spec.line_magic else "",
        "usage": usage(spec),
        "help": spec.help,
        "name": spec.name.value,
        "lowered": spec.lowered,
        "options": [_option(option, own=spec.kind in option.directives) for option in options_of(spec.kind)],
    }


def _option(option: OptionSpec, *, own: bool) -> dict[str, Any]:
    return {
        "name": option.name,
        "flag": option.flag,
        "type": option.type.value,
        "help": option.help,
        "example": option.example,
        "airflow": option.airflow,
        "choices": list(option.choices),
        "lowered": option.lowered,
        "own": own,
    }
