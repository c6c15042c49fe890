import numpy as np
import pytest

from reverie.reports.axes import ticks, write

YEAR = 365.25 * 86_400


def seconds(text: str) -> float:
    return float(np.datetime64(text, "s").astype(float))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, None, "0"),
        (-12.345, "number", "-12.35"),
        (999.96, "number", "1000.0"),
        (12_345_678.0, "integer", "1.23e+07"),
        (0.00001, "number", "1e-05"),
        (45.0, "seconds", "45 s"),
        (3 * 86_400.0, "seconds", "3 d"),
        (-40 * YEAR, "date", "1930-01-01"),
    ],
)
def test_write(value, unit, text):
    assert write(value, unit) == text


def test_ticks_are_round_and_inside():
    found = ticks(0.013, 0.97, "number")
    assert [tick.label for tick in found] == ["0.25", "0.5", "0.75"]
    assert all(0 <= tick.at <= 100 for tick in found)
    assert found[1].at == pytest.approx(100 * (0.5 - 0.013) / 0.957, abs=0.01)


def test_no_minus_zero_and_no_rounding_noise():
    assert [tick.label for tick in ticks(-0.5, 100.5, "integer")] == ["0", "50", "100"]
    assert [tick.label for tick in ticks(0.0, 0.4, "number")] == ["0", "0.1", "0.2", "0.3", "0.4"]


def test_logarithmic_ticks_are_powers():
    assert [tick.label for tick in ticks(2.7, 5.0, "number", logarithmic=True)] == [
        "1,000",
        "10,000",
        "100,000",
    ]


@pytest.mark.parametrize(
    ("start", "end", "labels"),
    [
        ("2019-08-01", "2023-02-01", ["2020", "2021", "2022", "2023"]),
        ("2023-01-20", "2023-09-01", ["2023-03", "2023-05", "2023-07", "2023-09"]),
        ("1650-01-01", "1850-01-01", ["1650", "1700", "1750", "1800", "1850"]),
    ],
)
def test_dates_stand_at_the_start_of_months_and_years(start, end, labels):
    found = [tick.label for tick in ticks(seconds(start), seconds(end), "date")]
    assert found == labels


def test_dates_within_weeks_are_days():
    found = [tick.label for tick in ticks(seconds("2023-01-01"), seconds("2023-01-15"), "date")]
    assert found == ["2023-01-03", "2023-01-08", "2023-01-13"]


def test_moments_within_a_day_have_minutes():
    found = ticks(seconds("2023-01-01T00:00"), seconds("2023-01-01T12:00"), "date")
    assert all(":" in tick.label for tick in found)
