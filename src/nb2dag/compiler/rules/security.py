"""Rules of the family NBD5xx: what should not be in a notebook or a bundle."""

from __future__ import annotations

from nb2dag.compiler.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
