"""The map: groups of any kind of column, directions where groups are few, and no single real row."""

import datetime
from decimal import Decimal
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest

from reverie.reports.latent_map import _grouped, draw

SVG = "{http://www.w3.org/2000/svg}"
ROWS = 300


def places(groups, seed=0):
    """Groups lie apart along the second of four directions."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(len(groups), 4))
    found[:, 1] += 6 * np.asarray(groups)
    return found


def words(picture):
    root = ElementTree.fromstring(picture.svg.encode())
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def count(picture, kind):
    root = ElementTree.fromstring(picture.svg.encode())
    return sum(1 for _ in root.iter(f"{SVG}{kind}"))


DAY = datetime.date(2024, 1, 1)
COLUMNS = {
    "texts": pa.array(["a", "b", None] * 100),
    "dictionary": pa.array(["a", "b", None] * 100).dictionary_encode(),
    "truths": pa.array([True, False] * 150),
    "many texts": pa.array([f"v{i % 40}" for i in range(ROWS)]),
    "numbers": pa.array(np.random.default_rng(1).normal(size=ROWS)),
    "numbers with gaps": pa.array([None if i % 3 else float(i) for i in range(ROWS)]),
    "few numbers": pa.array([1, 2, 3] * 100),
    "days": pa.array([DAY + datetime.timedelta(days=i) for i in range(ROWS)]),
    "amounts": pa.array([Decimal(i) / 100 for i in range(ROWS)]),
    "one value": pa.array(["x"] * ROWS),
    "nothing": pa.array([None] * ROWS, pa.string()),
    "all apart": pa.array([f"id {i}" for i in range(ROWS)]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_any_column_gives_a_map(name):
    column = pa.chunked_array([COLUMNS[name]])
    groups, labels, fills = _grouped(column)
    assert len(labels) == len(fills) == len(set(fills))
    assert set(np.unique(groups)) == set(range(len(labels)))
    assert (labels[-1] == "missing") == bool(column.null_count)
    drawn = draw(places(groups % 3), column, name, places([0] * ROWS, 1), 5)
    assert count(drawn, "circle") > 0.98 * ROWS
    assert words(drawn)[2] == name


def test_numbers_are_in_fifths_from_low_to_high():
    groups, labels, _ = _grouped(pa.chunked_array([pa.array(range(100))]))
    assert labels == ["0 to 19", "20 to 39", "40 to 59", "60 to 79", "80 to 99"]
    assert np.bincount(groups).tolist() == [20] * 5


def test_common_values_have_colours_and_the_rest_one():
    column = pa.array([f"v{i}" for i in range(12) for _ in range(20 - i)])
    groups, labels, _ = _grouped(pa.chunked_array([column]))
    assert labels == [*(f"v{i}" for i in range(7)), "other"]
    assert (groups == 7).sum() == sum(20 - i for i in range(7, 12))


def test_groups_that_lie_apart_are_apart_on_the_map():
    groups = np.arange(ROWS) % 2
    drawn = draw(places(groups), pa.chunked_array([pa.array(groups.astype(str))]), "g", places(groups, 1), 5)
    root = ElementTree.fromstring(drawn.svg.encode())
    dots = [(float(each.get("cx", 0)), each.get("fill")) for each in root.iter(f"{SVG}circle")]
    first, second = (
        np.array([x for x, fill in dots if fill == colour]) for colour in {fill for _, fill in dots}
    )
    assert max(first.min(), second.min()) > min(first.max(), second.max())


def test_cells_with_few_real_rows_are_not_shown():
    column = pa.chunked_array([pa.array(["a", "b"] * 150)])
    made, real = places(np.arange(ROWS) % 2), np.zeros((20, 4))
    real[0] = 4.0
    plain, shaded = (draw(made, column, "c", rows, 20) for rows in (real, np.concatenate([real, real[1:2]])))
    assert count(shaded, "rect") == count(plain, "rect") + 1


def test_one_real_row_and_one_direction():
    column = pa.chunked_array([pa.array(["a", "b"] * 150)])
    made = places(np.arange(ROWS) % 2)
    assert count(draw(made, column, "c", made[:1], 5), "circle") > 290
    assert count(draw(made[:, 1:2], column, "c", made[:5, 1:2], 5), "circle") > 290
