"""The page of rows with pictures."""

import base64

import numpy as np
import pyarrow as pa

from reverie.io.pictures import write
from reverie.reports.gallery import MOST, gallery


def test_rows_are_shown_with_their_pictures():
    one = write(np.zeros((4, 4, 1), np.uint8))
    page = gallery(
        pa.table({"x": pa.array([one, None], pa.binary()), "name": ["<b>Ann", "x" * 100], "n": [0.5, None]}),
        2,
    )
    assert base64.b64encode(one).decode() in page
    assert '<div class="none">none</div>' in page
    assert "&lt;b&gt;Ann" in page
    assert "x" * 79 + "…" in page
    assert "<b>missing</b>" in page
    assert "2 of 2 rows" in page
    assert "http" not in page.split("</head>")[1]


def test_only_so_many_are_shown():
    one = write(np.zeros((4, 4, 1), np.uint8))
    page = gallery(pa.table({"x": pa.array([one] * (MOST + 5), pa.binary())}), 300)
    assert page.count("<img") == MOST
    assert f"{MOST} of 300 rows" in page
