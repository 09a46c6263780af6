"""Rules of the family NBD9xx: nb2dag itself."""

from __future__ import annotations

from nb2dag.compiler.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
