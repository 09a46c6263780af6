"""Split a magic's line into words as a shell does, keeping where each one stands in the cell."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from nb2dag.directives.raw import RawText, Word
from nb2dag.model.directive import DirectiveProblem
from nb2dag.model.span import Region

_PLAIN_WORD = re.compile(r"""[^\s'"\\]+(?=\s|$)""")


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """A line that backslashes continue over several lines: its text joined by blanks, and where each piece began.

    `pieces` are `(offset in text, line, column)`, in order.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and column, 1-based, of an offset into `text`."""
        start, line, column = self.pieces[bisect_right(self.pieces, (offset, 1 << 62, 0)) - 1]
        return line, column + offset - start

    def region(self, start: int, end: int) -> Region:
        """Return the region of `text[start:end]`."""
        if start == end:
            line, column = self.place(start)
            return Region(line, column, line, column)
        last_line, last_column = self.place(end - 1)
        return Region(*self.place(start), last_line, last_column + 1)


def split_words(line: LogicalLine) -> tuple[tuple[Word, ...], tuple[DirectiveProblem, ...]]:
    """Split at white space outside quotes, as `shlex` does; a backslash outside single quotes quotes a character.

    A quote that is never closed is a problem; what follows it is then one word.

    >>> line = LogicalLine('clean --doc "a b" --after=x', ((0, 1, 16),))
    >>> [(word.text, word.region.column) for word in split_words(line)[0]]
    [('clean', 16), ('--doc', 22), ('a b', 28), ('--after=x', 34)]
    """
    words: list[Word] = []
    problems: list[DirectiveProblem] = []
    text, offset = line.text, 0
    while offset < len(text):
        if text[offset].isspace():
            offset += 1
            continue
        start = offset
        if plain := _PLAIN_WORD.match(text, start):
            offset = plain.end()
            region = line.region(start, offset)
            words.append(Word(RawText(plain[0], region, True, region if region.line == region.end_line else None)))
            continue
        characters, offset, open_quote = _read_word(text, start)
        if open_quote is not None:
            problems.append(DirectiveProblem("unclosed-quote", line.region(open_quote, len(text))))
        words.append(_word(line, start, offset, characters, open_quote is not None))
    return tuple(words), tuple(problems)


def _read_word(text: str, offset: int) -> tuple[list[tuple[str, int]], int, int | None]:
    """Return the word's characters with their offsets, where it ends, and where a quote opens that is never closed."""
    characters: list[tuple[str, int]] = []
    quote, opened = "", offset
    while offset < len(text):
        character = text[offset]
        if not quote and character.isspace():
            break
        if character == "\\" and quote != "'" and offset + 1 < len(text) and (not quote or text[offset + 1] in '"\\'):
            offset += 1
            characters.append((text[offset], offset))
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote, opened = character, offset
        else:
            characters.append((character, offset))
        offset += 1
    return characters, offset, opened if quote else None


def _word(line: LogicalLine, start: int, end: int, characters: list[tuple[str, int]], is_open: bool) -> Word:
    text = "".join(character for character, _ in characters)
    quoted = len(characters) != end - start
    return Word(RawText(text, line.region(start, end), True, _inner(line, characters)), quoted, is_open)


def _inner(line: LogicalLine, characters: list[tuple[str, int]]) -> Region | None:
    if not characters:
        return None
    first, last = characters[0][1], characters[-1][1]
    region = line.region(first, last + 1)
    contiguous = last - first + 1 == len(characters) and region.line == region.end_line
    return region if contiguous else None
