"""Collect the rules of every family, and find one by its code or name."""

from __future__ import annotations

from functools import cache

from nb2dag.compiler.rules import airflow, dataflow, directive, internal, isolation, notebook, security
from nb2dag.compiler.rules.rule import Rule
from nb2dag.directives.nearest import nearest
from nb2dag.errors import Nb2dagError
from nb2dag.report.style import printable

FAMILIES = {
    "0": notebook,
    "1": directive,
    "2": dataflow,
    "3": isolation,
    "4": airflow,
    "5": security,
    "9": internal,
}
"""The first digit of a code, and the module whose `RULES` those are."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the codes."""
    return tuple(rule for family in FAMILIES.values() for rule in family.RULES)


def find_rule(code_or_name: str) -> Rule | None:
    """Return the rule with that code (`NBD108`, in any case) or name (`unknown-option`), or None."""
    wanted = code_or_name.strip()
    return next((rule for rule in all_rules() if wanted.upper() == rule.code or wanted.lower() == rule.name), None)


def require_rule(word: str) -> Rule:
    """Return the rule with the code or name `word`.

    Raises:
        Nb2dagError: There is none; the message suggests the nearest.
    """
    rule = find_rule(word)
    if rule is not None:
        return rule
    meant = nearest(word.strip(), [name for rule in all_rules() for name in (rule.code, rule.name)])
    hint = f"did you mean `{meant}`?" if meant else "`nb2dag explain` lists them"
    raise Nb2dagError(f"there is no rule `{printable(word)}`: {hint}")
