"""Find literals that look like secrets; nothing that is found repeats the secret itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from nb2dag.compiler.analysis.regions import region_in
from nb2dag.model.code import Escape
from nb2dag.model.span import Region

_KEYS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a Stripe key": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "an OpenAI or Anthropic key": r"\bsk-(?:(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{40,})",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a SendGrid key": r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "an Azure storage key": r"\bAccountKey=[A-Za-z0-9+/]{40,}",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
}
_KEY = re.compile("|".join(f"(?P<k{number}>{pattern})" for number, pattern in enumerate(_KEYS.values())))
_KINDS = tuple(_KEYS)

_URL = re.compile(r"[a-z0-9]://[^\s/:@{}$<>*]{1,100}:([^\s/@{}$<>*]{1,200})@[\w.\[-]", re.IGNORECASE)

_SETTINGS = re.compile(r"\b(?:host|hostaddr|server|data source|user|uid|user id|dbname|driver)\s*=", re.IGNORECASE)
_PASSWORD_SETTING = re.compile(r"\b(?:password|pwd)\s*=\s*([^\s;&'\"{}$<>*%]{1,200})", re.IGNORECASE)
_PASSWORD_NAME = re.compile(r"(?:^|_)(?:password|passwd|passphrase|pwd)$", re.IGNORECASE)
_TOKEN_NAME = re.compile(
    r"(?:^|_)(?:token|secret|api_?key|access_?key|secret_?key|private_?key|auth_?key)$", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"^$|^[<{$*\[]|\*\*|\.\.\.|^x+$|example|placeholder|change.?me|dummy|redacted|^your|^my.?password$|^password$"
    r"|^none$|^test$|^todo",
    re.IGNORECASE,
)
_SHORTEST_TOKEN = 8


def secrets_in_nodes(nodes: Iterable[ast.AST], lines: Sequence[str]) -> Iterator[tuple[Region, str]]:
    """Yield every literal that looks like a secret, with what it looks like.

    Judged are a literal's own form (keys of known services, a URL with a password), and the name it is given. `nodes`
    are those of a statement, parents before children, `lines` those of its cell.
    """
    named: set[ast.expr] = set()
    for node in nodes:
        for name, value in _named_values(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and is_secret(name, value.value):
                named.add(value)
                yield region_in(value, lines), f"the value of `{name}`"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in named:
            kind = kind_of_secret(node.value)
            if kind:
                yield region_in(node, lines), kind


def secrets_in_escapes(escapes: Iterable[Escape]) -> Iterator[tuple[Region, str]]:
    """Yield every magic or command whose text holds what looks like a secret."""
    for escape in escapes:
        kind = kind_of_secret(f"{escape.text}\n{escape.body or ''}")
        if kind:
            yield escape.region, kind


def kind_of_secret(text: str) -> str:
    """Return what secret `text` holds by its form, an empty string where there is none.

    >>> kind_of_secret("postgresql://etl:s3cr3t@db/sales"), kind_of_secret("https://user:{password}@host/")
    ('a URL with a password', '')
    """
    match = _KEY.search(text)
    if match is not None and match.lastgroup is not None and "EXAMPLE" not in match.group():
        return _KINDS[int(match.lastgroup[1:])]
    url = _URL.search(text)
    if url is not None and not _PLACEHOLDER.search(url[1]):
        return "a URL with a password"
    setting = _PASSWORD_SETTING.search(text) if _SETTINGS.search(text) else None
    return "a connection with a password" if setting is not None and not _PLACEHOLDER.search(setting[1]) else ""


def is_secret(name: str, value: str) -> bool:
    """Tell whether a literal that is given this name is likely a secret and no placeholder, path or prompt.

    >>> is_secret("db_password", "hunter2"), is_secret("pad_token", "<pad>"), is_secret("password", "changeme")
    (True, False, False)
    """
    if _PLACEHOLDER.search(value) or any(character.isspace() for character in value):
        return False
    if _PASSWORD_NAME.search(name):
        return not value.startswith(("/", "~"))
    if not _TOKEN_NAME.search(name) or len(value) < _SHORTEST_TOKEN or value.startswith(("/", "~", "http")):
        return False
    return any(character.isdigit() for character in value) and any(character.isalpha() for character in value)


def _named_values(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield what a node gives a name to: variable, attribute, key, keyword argument."""
    if isinstance(node, ast.Assign):
        yield from ((_name(target), node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign):
        yield _name(node.target), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Dict):
        yield from ((_text(key), value) for key, value in zip(node.keys, node.values, strict=True))


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    return _text(target.slice) if isinstance(target, ast.Subscript) else ""


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
