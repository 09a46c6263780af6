"""Two files mean the same if they differ in when they were written, and in nothing else."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import zipfile

import matplotlib as mpl
import pandas as pd
import pytest

from nb2dag.local.verify.contents import meaning

mpl.use("Agg")

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def _spreadsheet(frame):
    stream = io.BytesIO()
    frame.to_excel(stream, index=False)
    return stream.getvalue()


def _archive(text, when=(2026, 1, 1, 0, 0, 0)):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt", when), text)
    return stream.getvalue()


def _tar(text, when):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size, member.mtime = len(text), when
        archive.addfile(member, io.BytesIO(text))
    return stream.getvalue()


def _figure(height, kind):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, height])
    axes.scatter([1, 2], [1, height])
    stream = io.BytesIO()
    figure.savefig(stream, format=kind)
    plt.close(figure)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("first", "again", "other"),
    [
        (lambda: _archive("a"), lambda: _archive("a", (2026, 2, 2, 0, 0, 0)), lambda: _archive("b")),
        (lambda: _tar(b"a", 1), lambda: _tar(b"a", 2), lambda: _tar(b"b", 1)),
        (lambda: gzip.compress(b"a", mtime=1), lambda: gzip.compress(b"a", mtime=2), lambda: gzip.compress(b"b")),
        (lambda: _spreadsheet(FRAME), lambda: _spreadsheet(FRAME), lambda: _spreadsheet(FRAME.assign(a=3))),
        (lambda: _figure(2, "svg"), lambda: _figure(2, "svg"), lambda: _figure(3, "svg")),
        (lambda: _figure(2, "pdf"), lambda: _figure(2, "pdf"), lambda: _figure(3, "pdf")),
    ],
    ids=["zip", "tar.gz", "gzip", "xlsx", "svg", "pdf"],
)
def test_files_that_say_the_same(first, again, other):
    one = first()
    time.sleep(1.1)  # the times in some of them are whole seconds
    assert one != again()
    assert meaning(one) == meaning(again())
    assert meaning(one) != meaning(other())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"\x1f\x8bbroken", b"<svg", b"<html>", b"text"])
def test_what_is_none_of_these_means_itself(data):
    assert meaning(data) == data
