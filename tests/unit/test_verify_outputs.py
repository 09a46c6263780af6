"""What cells show is compared without what is volatile, and pictures by their pixels."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest

from nb2dag.local.verify.outputs import mismatch, shown, without_changing
from nb2dag.local.verify.volatile import normalised


def _stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {kind.replace("_", "/", 1): value for kind, value in data.items()}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<Thing at 0x7f12ab34cd>", "<Thing at 0x55aa00ff12>"),
        ("CPU times: user 3 ms, sys: 1 ms, total: 4 ms\nWall time: 4 ms", "CPU times: user 9 s\nWall time: 2min 3s"),
        (
            "1.2 ms ± 3 µs per loop (mean ± std. dev. of 7 runs, 10 loops each)",
            "13.4 µs ± 21 ns per loop (mean ± std. dev. of 7 runs, 100,000 loops each)",
        ),
        ("\r 10%|#  | 1/10 [00:01<00:09,  1.00it/s]\r100%|###| 10/10 [00:03<00:00,  3.1it/s]",
         "\r 50%|## | 5/10 [00:01<00:01,  5.00it/s]\r100%|###| 10/10 [00:02<00:00,  5.0it/s]"),
        ("/tmp/ipykernel_12/345.py:3: UserWarning: x", "/tmp/ipykernel_77/991.py:2: UserWarning: x"),
        ("/tmp/nb2dag-task-ab12/work/out.csv", "/tmp/nb2dag-task-zz_9/work/out.csv"),
        ("Writing out.py\n", "Overwriting out.py\n"),
        ("loss 0.30000000000000004", "loss 0.3"),
    ],
)  # fmt: skip
def test_volatile_text_is_the_same(one: str, other: str) -> None:
    assert not mismatch(shown([_stream(one)]), shown([_stream(other)])).part


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([_stream("a 1\nb 2")], [_stream("a 1\nb 3")]),
        ([_stream("total 10")], [_stream("total 11")]),
        ([_stream("0.31")], [_stream("0.32")]),
        ([_stream("x")], [_stream("x", "stderr")]),
        ([_stream("x")], []),
        ([_display(text_plain="1")], [_display(text_plain="2")]),
        ([_display(text_plain="1")], [_display(text_plain="1"), _display(text_plain="1")]),
        ([_display(application_json={"a": 1})], [_display(application_json={"a": 2})]),
        ([_display(image_png="AAAA")], [_display(image_png="AAAB")]),
    ],
)
def test_another_output_differs(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    found = mismatch(shown(one), shown(other))
    assert found.part


def test_streams_are_joined_whatever_their_pieces() -> None:
    assert shown([_stream("a"), _stream("w", "stderr"), _stream("b")]) == (("stderr", "w"), ("stdout", "ab"))


def test_widgets_are_left_out_and_ids_in_html_do_not_count() -> None:
    widget = {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}}
    assert shown([widget]) == ()
    assert normalised('<div id="T_a1b2c_row0">', html=True) == normalised('<div id="T_99fff_row0">', html=True)


def test_the_line_that_differs_is_shown() -> None:
    found = mismatch(shown([_stream("a\nb 2\nc")]), shown([_stream("a\nb 3\nc")]))
    assert (found.part, found.one, found.other) == ("stdout", "b 2", "b 3")


def test_what_is_stable_is_compared_although_the_rest_is_not() -> None:
    first, again, dag = (shown([_stream(f"now {time}\nsum {total}")]) for time, total in (("a", 1), ("b", 1), ("c", 2)))
    found = mismatch(*without_changing(first, again, dag))
    assert (found.one, found.other) == ("sum 1", "sum 2")


def test_pictures_are_compared_by_their_pixels() -> None:
    image = pytest.importorskip("PIL.Image")
    picture = image.new("RGB", (4, 4), "red")
    data = []
    for level in (0, 9):
        stream = io.BytesIO()
        picture.save(stream, "PNG", compress_level=level)
        data.append(base64.b64encode(stream.getvalue()).decode())
    assert data[0] != data[1]
    assert not mismatch(shown([_display(image_png=data[0])]), shown([_display(image_png=data[1])])).part


TRACEBACK = """\
---------------------------------------------------------------------------
AttributeError                            Traceback (most recent call last)
File formatters.py:347, in BaseFormatter.__call__(self, obj)
Cell In[{cell}], line {line}, in show.__repr__(self)
     {above} def __repr__(self):
---> {line}     return {code}

AttributeError: 'DataFrame' object has no attribute 'append'"""


def test_where_a_cell_of_a_shown_traceback_stands_does_not_count() -> None:
    one = TRACEBACK.format(cell=8, line=15, above=14, code="self.x")
    other = TRACEBACK.format(cell=1, line=9, above=8, code="self.x")
    assert normalised(one) == normalised(other)
    assert normalised(one) != normalised(TRACEBACK.format(cell=8, line=15, above=14, code="self.y"))


def test_numbers_at_the_beginning_of_a_line_count_elsewhere() -> None:
    assert normalised("    12 rows") != normalised("    13 rows")


def test_what_matplotlib_says_once_in_a_process_is_left_out() -> None:
    said = "findfont: Failed to find font weight 500 for DejaVu Sans, now using 400.\nloaded"
    assert normalised(said) == normalised("loaded")
