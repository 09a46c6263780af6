"""Find the rule that a user means by a code or a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb2dag.directives.nearest import nearest
from nb2dag.errors import Nb2dagError
from nb2dag.report.style import printable

if TYPE_CHECKING:
    from nb2dag.compiler.rules.rule import Rule


def require_rule(word: str) -> Rule:
    """Return the rule with the code or name `word`.

    Raises:
        Nb2dagError: There is none; the message suggests the nearest.
    """
    from nb2dag.compiler.rules.catalogue import all_rules, find_rule

    rule = find_rule(word)
    if rule is not None:
        return rule
    meant = nearest(word.strip(), [name for rule in all_rules() for name in (rule.code, rule.name)])
    hint = f"did you mean `{meant}`?" if meant else "`nb2dag explain` lists them"
    raise Nb2dagError(f"there is no rule `{printable(word)}`: {hint}")
