"""Read and write assets and asset expressions: `asset a & (b | "c d")`."""

from __future__ import annotations

import re

from nb2dag.model.schedule import Asset, AssetCondition, AssetExpression

_TOKEN = re.compile(r"""\s*(?:([&|()])|"([^"]*)"|'([^']*)'|([^\s&|()"']+))""")
_Tokens = list[tuple[str, str]]
_OPERATORS = {"|": "any", "&": "all"}
MAX_LENGTH = 1500
"""Airflow's limit on an asset's name or URI."""

MAX_DEPTH = 50
"""How deep brackets may be nested."""


def why_not_asset(name: str) -> str:
    """Return why `name` is no asset's name or URI, an empty string if it is one."""
    if not name.strip():
        return "an asset has a name"
    if len(name) > MAX_LENGTH:
        return f"it has {len(name)} characters, and Airflow allows {MAX_LENGTH}"
    if not name.isprintable():
        return "it holds a character that cannot be printed"
    if name.lower().startswith("airflow:"):
        return "Airflow keeps the scheme `airflow` to itself"
    return ""


def parse_asset_expression(text: str) -> AssetExpression:
    """Return the expression that `text`, without the word `asset`, spells; `&` binds closer than `|`.

    Raises:
        ValueError: It spells none; the message says why.

    >>> parse_asset_expression("a & b | c").operator
    'any'
    """
    tokens = _tokens(text)
    expression, rest = _joined(tokens, "|", 0)
    if rest:
        raise ValueError(
            f"`{rest[0][1]}` is left over: assets are joined by `&` and `|`, and a name with blanks is quoted"
        )
    return expression


def format_asset_expression(expression: AssetExpression) -> str:
    """Return the spelling of `expression`, without the word `asset`."""
    return _formatted(expression, inside="")


def _tokens(text: str) -> _Tokens:
    tokens, offset = [], 0
    text = text.rstrip()
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise ValueError(f"`{text[offset:].strip()}` has a quote that is never closed")
        sign, *names = match.groups()
        name = next((name for name in names if name is not None), "")
        tokens.append(("sign", sign) if sign else ("name", name))
        offset = match.end()
    return tokens


def _joined(tokens: _Tokens, sign: str, depth: int) -> tuple[AssetExpression, _Tokens]:
    """Read operands joined by `sign`, where those of `|` are operands joined by `&`; return what is left, too."""
    operands: list[AssetExpression] = []
    while True:
        operand, tokens = _joined(tokens, "&", depth) if sign == "|" else _operand(tokens, depth)
        same = isinstance(operand, AssetCondition) and operand.operator == _OPERATORS[sign]
        operands.extend(operand.operands if isinstance(operand, AssetCondition) and same else (operand,))
        if not tokens or tokens[0] != ("sign", sign):
            break
        tokens = tokens[1:]
    if len(operands) == 1:
        return operands[0], tokens
    return AssetCondition(_OPERATORS[sign], tuple(operands)), tokens


def _operand(tokens: _Tokens, depth: int) -> tuple[AssetExpression, _Tokens]:
    if not tokens:
        raise ValueError("an asset is missing at the end")
    (kind, text), rest = tokens[0], tokens[1:]
    if kind == "name":
        if why := why_not_asset(text):
            raise ValueError(f"`{text}`: {why}")
        return Asset(text), rest
    if text != "(":
        raise ValueError(f"an asset is missing before `{text}`")
    if depth >= MAX_DEPTH:
        raise ValueError("brackets are nested too deeply")
    expression, rest = _joined(rest, "|", depth + 1)
    if not rest or rest[0] != ("sign", ")"):
        raise ValueError("a bracket is never closed")
    return expression, rest[1:]


def _formatted(expression: AssetExpression, inside: str) -> str:
    if isinstance(expression, Asset):
        name = expression.name
        if re.fullmatch(r"""[^\s&|()"']+""", name):
            return name
        quote = "'" if '"' in name else '"'
        return f"{quote}{name}{quote}"
    sign = "|" if expression.operator == "any" else "&"
    text = f" {sign} ".join(_formatted(operand, expression.operator) for operand in expression.operands)
    return f"({text})" if inside == "all" and expression.operator == "any" else text
