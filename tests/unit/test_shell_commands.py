"""What is known of a command's files, and when nothing is."""

from __future__ import annotations

import pytest

from nb2dag.compiler.analysis.effects import FileAccess
from nb2dag.compiler.analysis.shell_commands import shell_use
from nb2dag.compiler.analysis.texts import ANY

READ, CHANGE, REPLACE, FOLDER = FileAccess.READ, FileAccess.CHANGE, FileAccess.REPLACE, FileAccess.FOLDER


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("echo a > out.txt", [(REPLACE, "out.txt")]),
        ("echo a >> out.txt 2>/dev/null", [(CHANGE, "out.txt")]),
        ("mkdir -p out && cat a.txt b.txt | sort > out/c.txt",
         [(FOLDER, "out"), (READ, "a.txt"), (READ, "b.txt"), (REPLACE, "out/c.txt")]),
        ("rm -f a.txt", [(CHANGE, "a.txt")]),
        ("cp in/a.txt out/", [(READ, "in/a.txt"), (READ, "in/a.txt"), (CHANGE, "out//a.txt")]),
        ("mv a.txt b.txt", [(READ, "a.txt"), (REPLACE, "a.txt"), (CHANGE, "b.txt")]),
        ("sed -i s/a/b/ a.txt", [(CHANGE, "a.txt")]),
        ("sed -n 1p a.txt", [(READ, "a.txt")]),
        ("cat data/*.csv {name}.csv", [(READ, f"data/{ANY}.csv"), (READ, f"{ANY}.csv")]),
        ("wget -q -O page.html https://example.org", [(REPLACE, "page.html")]),
        ("uniq a.txt", [(READ, "a.txt")]),
    ],
)  # fmt: skip
def test_commands_that_everybody_knows(text, files):
    assert list(shell_use(text).files) == files


@pytest.mark.parametrize(
    "text",
    ["python a.py", "cat $(ls)", "sort a.txt -o b.txt", "uniq a.txt b.txt", "sed -i.bak s/a/b/ a.txt",
     "sed -f do a.txt", "for f in *; do cat $f; done", "find . -delete", "echo 'a", "cd out && rm a.txt",
     "cat < a.txt"],
)  # fmt: skip
def test_others_may_do_anything(text):
    use = shell_use(text)
    assert use.files == ((CHANGE, ANY),)
    assert not use.repeatable
