r"""Reduce the bytes of a file to what they mean: two files that differ in when they were written are the same.

>>> meaning(b"%PDF-1.4 /CreationDate (D:20260101) x") == meaning(b"%PDF-1.4 /CreationDate (D:20260102) x")
True
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
import zlib

_ZIP, _GZIP, _TAR, _PDF = b"PK\x03\x04", b"\x1f\x8b", b"ustar", b"%PDF"
_SVG = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE svg[^>]*>\s*|<!--.*?-->\s*)*<svg\b", re.DOTALL)

_TIMES = {
    # When a spreadsheet or document was made and changed (ECMA-376, part 2, core properties).
    "docProps/core.xml": re.compile(rb"<dcterms:(created|modified)\b[^>]*>.*?</dcterms:\1>"),
}
_PDF_TIMES = re.compile(rb"/(?:Creation|Mod)Date\s*\(D:[^)]*\)")
_SVG_TIMES = re.compile(rb"<dc:date>.*?</dc:date>")
_SVG_NAMES = re.compile(rb"\b[a-z][0-9a-f]{10}\b")
"""How matplotlib names what a figure defines, from a number drawn anew each time (`svg.hashsalt`)."""


def meaning(data: bytes) -> bytes:
    """Return bytes that are equal for two files which say the same.

    An archive is what its members are, whenever they were put into it; so are spreadsheets, which are archives. A
    stream of gzip is what it unpacks to. PDF and SVG are taken without the time they were made at.
    """
    if data[:4] == _ZIP:
        return _of_archive(data)
    if data[:2] == _GZIP:
        return _of_gzip(data)
    if data[257:262] == _TAR:
        return _of_tar(data)
    if data[:4] == _PDF:
        return _PDF_TIMES.sub(b"", data)
    if data[:1] == b"<" and _SVG.match(data):
        return _of_drawing(data)
    return data


def _of_archive(data: bytes) -> bytes:
    parts: list[bytes] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                content = archive.read(member)
                if (times := _TIMES.get(member.filename)) is not None:
                    content = times.sub(b"", content)
                parts.append(b"%s %d\n%s\n" % (member.filename.encode(), len(content), content))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        # Broken, encrypted or packed in a way of its own.
        return data
    return b"".join(parts)


def _of_gzip(data: bytes) -> bytes:
    try:
        return meaning(gzip.decompress(data))
    except (OSError, EOFError, zlib.error):
        return data


def _of_tar(data: bytes) -> bytes:
    parts: list[bytes] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                content = member.linkname.encode() if stream is None else stream.read()
                parts.append(b"%s %s %o %d\n%s\n" % (
                    member.name.encode("utf-8", "surrogateescape"), member.type, member.mode, len(content), content,
                ))  # fmt: skip
    except (tarfile.TarError, OSError, KeyError):
        return data
    return b"".join(parts)


def _of_drawing(data: bytes) -> bytes:
    names: dict[bytes, bytes] = {}
    without_times = _SVG_TIMES.sub(b"", data)
    return _SVG_NAMES.sub(lambda found: names.setdefault(found[0], b"#%d" % len(names)), without_times)
