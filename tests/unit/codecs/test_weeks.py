"""Weeks: only the days that occur are counted, and every one comes back."""

from fractions import Fraction

import numpy as np

from reverie.codecs.weeks import Week

ALL = np.arange(-700, 700)


def test_working_days_round_trip_and_are_consecutive():
    days = ALL[np.isin(ALL % 7, [0, 1, 4, 5, 6])]
    week = Week.of(days)
    assert week.days == (0, 1, 4, 5, 6)
    assert np.all(np.diff(week.count(days)) == 1)
    assert np.array_equal(week.restore(week.count(days)), days)


def test_whole_weeks_change_nothing():
    assert np.array_equal(Week.of(ALL).count(ALL), ALL)


def test_few_days_prove_nothing():
    assert Week.of(ALL[::7][:30]) == Week()


def test_a_day_that_never_occurs_is_between_its_neighbours():
    week = Week((0, 1, 4))
    assert [week.place(Fraction(day)) for day in (0, 1, 2, 3, 4, 5, 7)] == [0, 1, 1.5, 1.5, 2, 2.5, 3]
    assert week.place(Fraction(1, 2)) == Fraction(1, 2)
    assert week.restore(week.count(np.array([2, 6, -1]))).tolist() == [1, 4, -3]
