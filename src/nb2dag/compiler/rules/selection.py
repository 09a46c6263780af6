"""Choose which findings are shown and how much they weigh, as settings and command line say.

What a rule reports as an error makes a faithful split impossible: it is always shown, and stays an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nb2dag.compiler.rules.catalogue import all_rules, find_rule, require_rule
from nb2dag.compiler.rules.rule import Rule
from nb2dag.errors import Nb2dagError
from nb2dag.model.diagnostic import Diagnostic, Severity

_FAMILY_PREFIX = "NBD"


@dataclass(frozen=True, slots=True)
class Selection:
    """The codes of the rules that are shown, and the severities that differ from a rule's own."""

    shown: frozenset[str]
    severities: tuple[tuple[str, Severity], ...] = ()

    def apply(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return the diagnostics that are shown, each with its severity."""
        severities = dict(self.severities)
        return [
            replace(diagnostic, severity=severities.get(diagnostic.code, diagnostic.severity))
            for diagnostic in diagnostics
            if diagnostic.code in self.shown
        ]


def make_selection(
    select: Sequence[str] = (), ignore: Sequence[str] = (), severity: Sequence[tuple[str, Severity]] = ()
) -> Selection:
    """Return the selection that words of a user make; no word in `select` means all rules.

    A word is a code (`NBD214`), a name (`bare-call`), or the beginning of codes (`NBD2`), which stands for the
    warnings and notes among them.

    Raises:
        Nb2dagError: A word names no rule, or asks for an error to be ignored or lowered.
    """
    chosen = {rule.code for word in select for rule in _rules(word)} if select else {rule.code for rule in all_rules()}
    ignored = {rule.code for word in ignore for rule in _ignorable(word)}
    errors = {rule.code for rule in all_rules() if rule.severity is Severity.ERROR}
    levels = tuple((_weighed(word, level).code, level) for word, level in severity)
    return Selection(frozenset((chosen - ignored) | errors), levels)


def _rules(word: str) -> tuple[Rule, ...]:
    prefix = word.strip().upper()
    if prefix.startswith(_FAMILY_PREFIX) and find_rule(prefix) is None:
        beginning = tuple(rule for rule in all_rules() if rule.code.startswith(prefix))
        if beginning:
            return beginning
    return (require_rule(word),)


def _ignorable(word: str) -> tuple[Rule, ...]:
    rules = _rules(word)
    if len(rules) == 1 and rules[0].severity is Severity.ERROR and find_rule(word) is rules[0]:
        raise Nb2dagError(f"`{rules[0].name}` ({rules[0].code}) is an error and cannot be ignored: {_WHY}")
    return rules


def _weighed(word: str, level: Severity) -> Rule:
    rule = require_rule(word)
    if rule.severity is Severity.ERROR and level is not Severity.ERROR:
        raise Nb2dagError(f"`{rule.name}` ({rule.code}) is an error and cannot be a {level.value}: {_WHY}")
    return rule


_WHY = "the DAG would not compute what the notebook computes, or would not run"
