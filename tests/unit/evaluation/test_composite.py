"""One figure to choose by."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.composite import Score, mean, score

from .tables import SCHEMA, people, shuffled

PART, UNSEEN, OTHER = (people(400, seed=seed) for seed in (1, 2, 3))


def test_real_rows_score_high_and_shuffled_ones_low() -> None:
    good, bad = (score(PART, UNSEEN, fake, SCHEMA, 0) for fake in (OTHER, shuffled(OTHER)))
    assert good.composite > bad.composite + 4 * np.hypot(good.error, bad.error)
    assert not good.fails
    assert set(good.figures) == {"shape", "trend", "c2st_fresh", "dcr_share", "copies"}


def test_the_composite_is_the_stated_mean() -> None:
    found = score(PART, UNSEEN, shuffled(OTHER), SCHEMA, 0)
    figures = found.figures
    parts = 100 - figures["shape"], 100 - figures["trend"], 100 - 200 * (figures["c2st_fresh"] - 0.5)
    assert found.composite == pytest.approx(np.mean(parts))


def test_copies_of_the_rows_learned_from_fail() -> None:
    found = score(PART, UNSEEN, PART, SCHEMA, 0)
    assert "nearer to a row learned from" in found.fails
    assert not score(PART, UNSEEN, UNSEEN, SCHEMA, 0).fails


def test_few_rows_are_judged_by_what_can_be_measured() -> None:
    few = pa.Table.slice(UNSEEN, 0, 30)
    found = score(PART, few, OTHER, SCHEMA, 0)
    assert set(found.figures) == {"shape", "trend", "copies"}
    assert found.composite == pytest.approx(100 - (found.figures["shape"] + found.figures["trend"]) / 2)


def test_the_mean_of_folds() -> None:
    folds = [Score({"shape": 1.0}, 90.0, 3.0, "x"), Score({"shape": 3.0}, 80.0, 4.0), Score({}, 70.0, 0.0)]
    found = mean(folds)
    assert (found.composite, found.figures["shape"], found.fails) == (80.0, 2.0, "")
    assert found.error == pytest.approx(5 / 3)
    assert mean(folds[:1]).fails == "x"
