"""Cut code into pieces with a colour's name each; the page makes text nodes of them, never HTML."""

from __future__ import annotations

from collections.abc import Iterator

_COLOURS = {
    "Keyword": "keyword",
    "Name.Builtin": "builtin",
    "Name.Function": "name",
    "Name.Class": "name",
    "Name.Decorator": "name",
    "Literal.String": "string",
    "Literal.Number": "number",
    "Operator.Word": "keyword",
    "Comment": "comment",
}

Piece = tuple[str, str]
"""A colour's name, empty for none, and a text."""


def highlighted(source: str, language: str) -> list[Piece]:
    """Return `source` in pieces; in one where the language is unknown.

    >>> highlighted("x = 1  # one", "python")
    [('', 'x = '), ('number', '1'), ('', '  '), ('comment', '# one')]
    """
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return [("", source)] if source else []
    return list(_merged((_colour(str(kind)), text) for kind, text in lexer.get_tokens(source)))


def _colour(kind: str) -> str:
    name = kind.removeprefix("Token.")
    while name:
        if name in _COLOURS:
            return _COLOURS[name]
        name = name.rpartition(".")[0]
    return ""


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    colour, texts = "", list[str]()
    for next_colour, text in pieces:
        if next_colour != colour and texts:
            yield colour, "".join(texts)
            texts = []
        colour = next_colour
        texts.append(text)
    if texts:
        yield colour, "".join(texts)
