"""The page of rows with pictures."""

import base64

import numpy as np
import pyarrow as pa

from reverie.io.pictures import write
from reverie.io.sounds import write as sound
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


def test_sounds_are_shown_and_can_be_played():
    heard, seen = sound(np.zeros((80, 1)), 8_000), write(np.zeros((4, 4, 1), np.uint8))
    both = pa.table({"s": pa.array([heard, None], pa.binary()), "p": pa.array([seen, seen], pa.binary())})
    page = gallery(both, 2)
    assert page.count("<audio controls") == 1
    assert f'src="data:audio/wav;base64,{base64.b64encode(heard).decode()}"' in page
    assert page.count("<img") == 3
    assert "0.01 s" in page
    assert "<h1>Rows with pictures and sounds</h1>" in page
    assert "media-src data:" in page
    assert "<h1>Rows with sounds</h1>" in gallery(both.select(["s"]), 2)
    assert "<h1>Rows with pictures</h1>" in gallery(both.select(["p"]), 2)
