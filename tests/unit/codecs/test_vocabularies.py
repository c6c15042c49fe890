"""Well-known orders are found whatever the case, and nothing else is."""

import pyarrow as pa
import pytest

from reverie.codecs.vocabularies import find_order


@pytest.mark.parametrize(
    ("levels", "order"),
    [
        (["High", "Low", "Medium"], ["Low", "Medium", "High"]),
        (["Sun", "Mon", "Fri"], ["Mon", "Fri", "Sun"]),
        (["Dec", "June", "Feb"], ["Feb", "June", "Dec"]),
        (["high", "low"], None),
        (["high", "low", "blue"], None),
        (["low", "Low", "high"], None),
    ],
)
def test_orders(levels, order):
    assert find_order(pa.array(levels)) == order
