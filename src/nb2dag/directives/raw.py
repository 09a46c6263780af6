"""Hold a tag's pieces as written, before the vocabulary gives them types, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from nb2dag.model.directive import DirectiveProblem, Spelling
from nb2dag.model.span import Region


@dataclass(frozen=True, slots=True)
class RawText:
    """A single value as text.

    `literal` tells that it was quoted, or is a flag's, so that `null` or `3` in it are letters. `inner` is where `text`
    itself stands, without quotes, if it stands there character by character on one line; else None.
    """

    text: str
    region: Region
    literal: bool = False
    inner: Region | None = None

    def part(self, start: int, end: int) -> Region:
        """Return where `text[start:end]` stands, or the whole value's region where that cannot be told."""
        if self.inner is None:
            return self.region
        column = self.inner.column
        return Region(self.inner.line, column + start, self.inner.line, column + end)


@dataclass(frozen=True, slots=True)
class RawList:
    """A YAML sequence."""

    items: tuple[RawValue, ...]
    region: Region


@dataclass(frozen=True, slots=True)
class RawMapping:
    """A YAML mapping, keys in the order written."""

    entries: tuple[tuple[RawText, RawValue], ...]
    region: Region


RawValue = RawText | RawList | RawMapping


@dataclass(frozen=True, slots=True)
class RawOption:
    """An option as written: `key` as the user spelled it (without `--`), `value` None where there is none."""

    key: str
    key_region: Region
    value: RawValue | None
    region: Region
    is_flag: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a magic's line, with quotes taken away; `is_open` tells that one of them is never closed."""

    value: RawText
    quoted: bool = False
    is_open: bool = False

    @property
    def text(self) -> str:
        """The word without its quotes."""
        return self.value.text

    @property
    def region(self) -> Region:
        """Where the word stands, quotes included."""
        return self.value.region


@dataclass(frozen=True, slots=True)
class RawTag:
    """A directive as written.

    `keyword` is the magic's name or the option line's key, `region` the whole magic line or entry. `words` are
    the words after a magic, `entry` the option line that names the directive. `percents` is 0 for option lines.
    `misplaced` tells that it stands where IPython, or nb2dag, would not look for it.
    """

    keyword: str
    keyword_region: Region
    spelling: Spelling
    region: Region
    lines: tuple[int, ...]
    percents: int = 0
    words: tuple[Word, ...] = ()
    entry: RawOption | None = None
    options: tuple[RawOption, ...] = ()
    problems: tuple[DirectiveProblem, ...] = ()
    misplaced: bool = False


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A line of option text: without `#|`, and how many code points of the cell's line were cut off before it."""

    text: str
    line: int
    cut: int = 0

    def region(self, start: int, end: int) -> Region:
        """Return the region in the cell of `text[start:end]`."""
        return Region(self.line, self.cut + start + 1, self.line, self.cut + end + 1)
