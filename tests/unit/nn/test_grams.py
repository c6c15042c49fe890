"""Counted pairs and triples of codes: probabilities of what follows."""

import numpy as np
import pytest
import torch

from reverie.nn.grams import DISCOUNT, Grams, count

VOCABULARY = 5


def texts(*rows, length=6):
    found = np.full((len(rows), length), -1, np.int32)
    for row, codes in enumerate(rows):
        found[row, : len(codes)] = codes
    return found


def test_counts_are_of_all_rows_and_grams_of_what_enough_rows_hold():
    found = count(texts([0, 1], [0, 1], [0, 1, 1, 1], [3, 4]), VOCABULARY, 2)
    assert found["single"].tolist() == [3, 5, 0, 1, 1, 4, 4]
    # 5 is the end, and 6 what comes before a text.
    pairs = {tuple(pair[:2]): pair[2] for pair in found["pairs"].tolist()}
    assert pairs == {(6, 0): 3, (0, 1): 3, (1, 5): 3}
    assert {tuple(row) for row in found["triples"].tolist()} == {(6, 6, 0, 3), (6, 0, 1, 3), (0, 1, 5, 2)}


def test_a_text_that_fills_its_length_has_no_end():
    assert count(texts([0, 1, 2], length=3), VOCABULARY, 1)["single"][VOCABULARY] == 0


def test_probabilities_add_up_and_follow_the_counts():
    grams = Grams.of(count(texts(*[[0, 1, 2]] * 8, *[[3, 1, 4]] * 8), VOCABULARY, 5))
    places = torch.tensor([[0, 1], [3, 1], [2, 1], [6, 6], [5, 5]])
    found = grams(places[:, 0].contiguous(), places[:, 1].contiguous()).exp()
    torch.testing.assert_close(found.sum(1), torch.ones(5))
    assert found[0, 2] > 0.9
    assert found[1, 4] > 0.9
    # After a pair that was not seen what follows its last alone counts.
    rest = 2 * DISCOUNT / 16
    one = (8 + 0.5) / (16 * 4 + 0.5 * 6)
    assert float(found[2, 2]) == pytest.approx((8 - DISCOUNT) / 16 + rest * one, abs=1e-6)


def test_no_counts():
    found = Grams(VOCABULARY)(torch.tensor([0]), torch.tensor([6]))
    torch.testing.assert_close(found.exp(), torch.full((1, 6), 1 / 6))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("pairs", [[0, 9, 3]]), ("pairs", [[0, 1, 0]]), ("pairs", [[-1, 1, 2]]), ("single", [-1] * 7)],
)
def test_counts_that_make_no_sense_are_refused(name, wrong):
    grams = Grams(VOCABULARY, 1, 0)
    getattr(grams, name).copy_(torch.tensor(wrong))
    with pytest.raises(ValueError, match="no such counts"):
        grams.settle()


def test_counts_larger_than_those_of_what_came_before_leave_probabilities():
    """A file may say that a pair stands more often than its first code does."""
    grams = Grams(VOCABULARY, 1, 0)
    grams.pairs.copy_(torch.tensor([[0, 1, 1000]]))
    grams.settle()
    found = grams(torch.tensor([6]), torch.tensor([0])).exp()
    assert float(found.sum()) == pytest.approx(1, abs=1e-4)
    assert (found >= 0).all()
