"""Leave out the findings that a comment silences, and report the comments that silence none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nb2dag.compiler.rules.catalogue import all_rules, find_rule
from nb2dag.compiler.rules.internal import INVALID_SUPPRESSION, SUPPRESSED_ERROR, UNUSED_SUPPRESSION
from nb2dag.directives.nearest import nearest
from nb2dag.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Severity
from nb2dag.model.span import Region
from nb2dag.model.suppression import Suppression
from nb2dag.report.style import printable

_SHOWN = 60


def silence(
    diagnostics: Iterable[Diagnostic], suppressions: Sequence[Suppression], path: str, *, complete: bool
) -> list[Diagnostic]:
    """Return the diagnostics that no comment silences, with those about the comments themselves.

    Warnings and notes can be silenced, errors cannot. That a comment is unused is known only where the checks are
    `complete`: no error kept any of them from being made.
    """
    used: set[tuple[int, str]] = set()
    kept: list[Diagnostic] = []
    for diagnostic in diagnostics:
        numbers = [n for n, suppression in enumerate(suppressions) if _is_meant(suppression, diagnostic)]
        if diagnostic.severity is Severity.ERROR or not numbers:
            kept.append(diagnostic)
        else:
            used.update((number, diagnostic.code) for number in numbers)
    for number, suppression in enumerate(suppressions):
        kept += _mistakes(suppression, path)
        unused = [word for word in suppression.words if _silences(word) and (number, _code(word)) not in used]
        if complete and unused:
            kept.append(_unused(suppression, unused, path))
    return kept


def _is_meant(suppression: Suppression, diagnostic: Diagnostic) -> bool:
    span = diagnostic.span
    if span.cell != suppression.cell.index or not {span.region.line, span.region.end_line} & set(suppression.lines):
        return False
    return diagnostic.code in {_code(word) for word in suppression.words}


def _code(word: str) -> str:
    rule = find_rule(word)
    return rule.code if rule is not None else ""


def _silences(word: str) -> bool:
    rule = find_rule(word)
    return rule is not None and rule.severity is not Severity.ERROR


def _mistakes(suppression: Suppression, path: str) -> Iterator[Diagnostic]:
    span = suppression.cell.span(path, suppression.region)
    if not suppression.words:
        yield INVALID_SUPPRESSION.diagnostic(
            "this comment names no rule, so it silences nothing", span, "write `# nb2dag: ignore[NAME]`"
        )
    for word in suppression.words:
        rule = find_rule(word)
        if rule is None:
            meant = nearest(word, [name for known in all_rules() for name in (known.code, known.name)])
            yield INVALID_SUPPRESSION.diagnostic(
                f"there is no rule `{printable(word)[:_SHOWN]}`",
                span,
                f"did you mean `{meant}`?" if meant else "`nb2dag explain` lists the rules",
                fix=_respelt(suppression, word, meant),
            )
        elif rule.severity is Severity.ERROR:
            yield SUPPRESSED_ERROR.diagnostic(
                f"`{rule.name}` is an error, which a comment cannot silence",
                span,
                f"remove it, and see `nb2dag explain {rule.code}`",
                fix=Fix("Remove what cannot be silenced", (_removal(suppression, [word]),), Applicability.SAFE),
            )


def _respelt(suppression: Suppression, word: str, meant: str) -> Fix | None:
    """Return the replacement of a misspelt rule."""
    cell, region = suppression.cell, suppression.region
    column = cell.source.split("\n")[region.line - 1].find(word, region.column - 1) + 1
    if not meant or not column:
        return None
    place = Region(region.line, column, region.line, column + len(word))
    return Fix(f"Replace with `{meant}`", (Edit(cell.index, cell.id, place, meant),), Applicability.UNSAFE)


def _unused(suppression: Suppression, unused: Sequence[str], path: str) -> Diagnostic:
    names = ", ".join(f"`{word}`" for word in unused)
    return UNUSED_SUPPRESSION.diagnostic(
        f"there is no finding of {names} here to silence",
        suppression.cell.span(path, suppression.region),
        "remove it",
        fix=Fix("Remove what silences nothing", (_removal(suppression, unused),), Applicability.SAFE),
    )


def _removal(suppression: Suppression, unused: Sequence[str]) -> Edit:
    cell, region = suppression.cell, suppression.region
    left = [word for word in suppression.words if word not in unused]
    line = cell.source.split("\n")[region.line - 1]
    if left:
        text = line[region.column - 1 :]
        opening, closing = text.index("["), text.index("]")
        inner = Region(region.line, region.column + opening + 1, region.line, region.column + closing)
        return Edit(cell.index, cell.id, inner, ", ".join(left))
    if suppression.alone:
        last = region.line == cell.source.count("\n") + 1
        whole = Region(region.line, 1, *((region.line, len(line) + 1) if last else (region.line + 1, 1)))
        return Edit(cell.index, cell.id, whole, "")
    code = len(line[: region.column - 1].rstrip())
    return Edit(cell.index, cell.id, Region(region.line, code + 1, region.line, region.end_column), "")
