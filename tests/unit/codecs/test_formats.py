"""Common formats of dates and times are told from text, and nothing else is."""

import datetime as dt

import pyarrow as pa
import pytest

from reverie.codecs.formats import find_format

MOMENTS = [dt.datetime(1990 + i % 40, 1 + i % 12, 1 + i % 28, i % 24, i % 60, i % 59) for i in range(500)]


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("%Y-%m-%d", "date"),
        ("%d/%m/%Y", "date"),
        ("%m/%d/%Y", "date"),
        ("%d.%m.%Y", "date"),
        ("%Y%m%d", "date"),
        ("%d-%b-%Y", "date"),
        ("%B %d, %Y", "date"),
        ("%Y%m%dT%H%M%S", "datetime"),
        ("%Y-%m-%dT%H:%M:%SZ", "datetime"),
        ("%Y-%m-%d %H:%M", "datetime"),
        ("%Y-%m-%d %H:%M:%S +0000", "datetime"),
        ("%m/%d/%Y %I:%M %p", "datetime"),
        ("%H:%M:%S", "time"),
        ("%I:%M %p", "time"),
    ],
)
def test_the_format_that_wrote_the_texts_is_found(pattern, kind):
    days = [moment.replace(day=28) if i < 2 else moment for i, moment in enumerate(MOMENTS)]
    found = find_format(pa.array([moment.strftime(pattern) for moment in days]))
    assert found is not None
    assert (found.pattern, found.type) == (pattern, kind)


def test_day_and_month_that_could_be_swapped_are_told():
    found = find_format(pa.array(["01/02/2020", "03/04/2021"]))
    assert found is not None
    assert {found.pattern, found.other} == {"%d/%m/%Y", "%m/%d/%Y"}


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "blue"],
        ["2020-01-31", "soon"],
        ["2020-13-01"],
        ["12345678", "99999999"],
        ["", "2020-01-31"],
        ["1/2/2020"],
    ],
)
def test_other_text_has_no_format(texts):
    assert find_format(pa.array(texts)) is None
