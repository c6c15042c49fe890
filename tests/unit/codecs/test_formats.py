"""Common formats of dates and times are told from text, and nothing else is."""

import datetime as dt

import pyarrow as pa
import pytest

from reverie.codecs.formats import find_format, read_moments, write_moments

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
        ("%-m/%-d/%Y", "date"),
        ("%-d.%-m.%Y", "date"),
        ("%-d.%-m.%y", "date"),
        ("%-m/%-d/%y", "date"),
        ("%b %-d, %Y", "date"),
        ("%-m/%-d/%Y %-I:%M %p", "datetime"),
        ("%-d/%-m/%Y %-H:%M", "datetime"),
        ("%-d.%-m.%Y %H:%M", "datetime"),
    ],
)
def test_the_format_that_wrote_the_texts_is_found(pattern, kind):
    days = [moment.replace(day=28) if i < 2 else moment for i, moment in enumerate(MOMENTS)]
    found = find_format(write_moments(pa.array(days, pa.timestamp("s")), pattern))
    assert found is not None
    assert (found.pattern, found.type) == (pattern, kind)


def test_day_and_month_that_could_be_swapped_are_told():
    found = find_format(pa.array(["01/02/2020", "03/04/2021"]))
    assert found is not None
    assert {found.pattern, found.other} == {"%d/%m/%Y", "%m/%d/%Y"}


@pytest.mark.parametrize(
    ("texts", "pattern", "other"),
    [
        (["01/02/2020", "12/11/2020"], "%d/%m/%Y", "%m/%d/%Y"),
        (["1/2/2020", "12/11/2020"], "%-m/%-d/%Y", "%-d/%-m/%Y"),
        (["01/02/2020 05:05 PM"], "%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p"),
        (["1/2/2020", "13/2/2020"], "%-d/%-m/%Y", ""),
        (["1/2/2020", "2/13/2020"], "%-m/%-d/%Y", ""),
        (["1.2.2020"], "%-d.%-m.%Y", ""),
    ],
)
def test_the_day_comes_first_but_in_american_ways(texts, pattern, other):
    found = find_format(pa.array(texts))
    assert found is not None
    assert (found.pattern, found.other) == (pattern, other)


def test_unpadded_moments_are_written_back():
    texts = pa.array(["3/4/2022 5:05 PM", "12/14/2022 12:30 AM", None])
    moments = read_moments(texts, "%-m/%-d/%Y %-I:%M %p")
    assert moments.to_pylist()[:2] == [dt.datetime(2022, 3, 4, 17, 5), dt.datetime(2022, 12, 14, 0, 30)]
    assert write_moments(moments, "%-m/%-d/%Y %-I:%M %p").equals(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "blue"],
        ["2020-01-31", "soon"],
        ["2020-13-01"],
        ["12345678", "99999999"],
        ["", "2020-01-31"],
        ["1/2/22", "1/13/2022"],
    ],
)
def test_other_text_has_no_format(texts):
    assert find_format(pa.array(texts)) is None
