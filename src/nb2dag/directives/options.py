"""Bind options as written to the vocabulary: find each one, type its value, and list everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from nb2dag.directives.dates import is_after
from nb2dag.directives.nearest import nearest
from nb2dag.directives.raw import RawOption, RawText
from nb2dag.directives.spec import DirectiveSpec, OptionSpec, ValueType
from nb2dag.directives.values import BadValue, Reading, as_mapping, missing, read_value
from nb2dag.directives.vocabulary import ELSEWHERE, OPTIONS, accepts, directive_spec, find_option, options_of
from nb2dag.model.directive import DirectiveKind, DirectiveProblem, Option

Problems = list[DirectiveProblem]


def bind_options(
    directive: DirectiveSpec, written: Iterable[RawOption]
) -> tuple[tuple[Option, ...], tuple[DirectiveProblem, ...]]:
    """Return the typed options of a directive and every problem in them; an option with a problem is left out.

    An option that is known but not lowered yet is kept, with a problem that says so, unless the whole directive is not
    lowered: then that is said once, elsewhere.
    """
    options: dict[str, Option] = {}
    problems: Problems = []
    for raw in written:
        spec = _find(directive.kind, raw, problems)
        if spec is None:
            continue
        if spec.name in options:
            problems.append(_repeated(raw, options[spec.name]))
            continue
        option = _typed(spec, raw, problems)
        if option is not None:
            options[spec.name] = option
            if directive.lowered and not spec.lowered:
                problems.append(DirectiveProblem("not-lowered", raw.region, (("option", shown(raw)),)))
    problems.extend(_given_in_default_args_too(options))
    problems.extend(_contradictions(options))
    return tuple(options.values()), tuple(problems)


def shown(raw: RawOption) -> str:
    """Return an option's name as the user wrote it: `--retry-delay` or `retry_delay`."""
    return f"--{raw.key}" if raw.is_flag else raw.key


def _find(kind: DirectiveKind, raw: RawOption, problems: Problems) -> OptionSpec | None:
    spec = find_option(raw.key)
    directive = directive_spec(kind).magic
    if spec is None:
        known = [option.name for option in options_of(kind)]
        suggestion = ELSEWHERE.get(raw.key.lower().replace("-", "_"), "")
        suggestion = suggestion or nearest(raw.key, known) or nearest(raw.key, [option.name for option in OPTIONS])
        if raw.is_flag:
            suggestion = suggestion.replace("_", "-")
        values = (("option", shown(raw)), ("directive", directive), ("suggestion", suggestion))
        problems.append(DirectiveProblem("unknown-option", raw.key_region, values))
        return None
    if not accepts(kind, spec):
        homes = ", ".join(f"`{directive_spec(home).magic}`" for home in spec.directives)
        values = (("option", shown(raw)), ("directive", directive), ("homes", homes))
        problems.append(DirectiveProblem("option-elsewhere", raw.region, values))
        return None
    return spec


def _repeated(raw: RawOption, first: Option) -> DirectiveProblem:
    values = (("option", shown(raw)), ("line", str(first.region.line)), ("column", str(first.region.column)))
    return DirectiveProblem("repeated-option", raw.region, values)


def _typed(spec: OptionSpec, raw: RawOption, problems: Problems) -> Option | None:
    if raw.value is None:
        if spec.type in {ValueType.FLAG, ValueType.BACKOFF}:
            return Option(spec.name, True, raw.region)
        problems.append(missing(shown(raw), raw.region))
        return None
    if spec.type is ValueType.DEFAULT_ARGS:
        return _default_args(spec, raw, problems)
    try:
        return Option(spec.name, read_value(spec, shown(raw), raw.value), raw.region)
    except BadValue as error:
        problems.extend(error.problems)
        return None


def _default_args(spec: OptionSpec, raw: RawOption, problems: Problems) -> Option | None:
    assert raw.value is not None
    try:
        mapping = as_mapping(Reading(spec, shown(raw)), raw.value)
    except BadValue as error:
        problems.extend(error.problems)
        return None
    values: dict[str, object] = {}
    before = len(problems)
    for key, value in mapping.entries:
        region = key.region
        empty = isinstance(value, RawText) and not value.literal and not value.text
        inner = RawOption(key.text, region, None if empty else value, region)
        inner_spec = _find_default_arg(inner, problems)
        if inner_spec is None:
            continue
        option = _typed(inner_spec, inner, problems)
        if inner_spec.name in values:
            problems.append(_repeated(inner, Option(inner_spec.name, None, raw.region)))
        elif option is not None:
            values[option.name] = option.value
    return Option(spec.name, values, raw.region) if len(problems) == before else None


def _find_default_arg(raw: RawOption, problems: Problems) -> OptionSpec | None:
    spec = find_option(raw.key)
    if spec is not None and spec.default_arg:
        return spec
    known = [option.name for option in OPTIONS if option.default_arg]
    if spec is None:
        values = (("option", raw.key), ("directive", "default_args"), ("suggestion", nearest(raw.key, known)))
        problems.append(DirectiveProblem("unknown-option", raw.key_region, values))
    else:
        homes = ", ".join(f"`{directive_spec(home).magic}`" for home in spec.directives)
        values = (("option", raw.key), ("directive", "default_args"), ("homes", homes))
        problems.append(DirectiveProblem("option-elsewhere", raw.region, values))
    return None


def _given_in_default_args_too(options: dict[str, Option]) -> Iterator[DirectiveProblem]:
    defaults = options.get("default_args")
    if defaults is None or not isinstance(defaults.value, dict):
        return
    place = (("line", str(defaults.region.line)), ("column", str(defaults.region.column)))
    for name in defaults.value:
        if name in options:
            yield DirectiveProblem("repeated-option", options[name].region, (("option", name), *place))


def _contradictions(options: dict[str, Option]) -> Iterator[DirectiveProblem]:
    start, end = options.get("start_date"), options.get("end_date")
    zone = options["timezone"].value if "timezone" in options else "UTC"
    if start is None or end is None:
        return
    assert isinstance(start.value, datetime)
    assert isinstance(end.value, datetime)
    if is_after(start.value, end.value, str(zone)):
        yield DirectiveProblem("end-before-start", end.region)
