import numpy as np
import pytest

from reverie.models.graph import Measured, draw, estimate, independent, size_with


def chain(rows=6_000):
    """a -> b -> c, each following the one before in four of five rows."""
    rng = np.random.default_rng(0)
    codes = np.zeros((rows, 3), int)
    codes[:, 0] = rng.integers(0, 3, rows)
    for at in (1, 2):
        codes[:, at] = np.where(rng.random(rows) < 0.8, codes[:, at - 1], rng.integers(0, 3, rows))
    return codes


def counted(codes, clique, deviation=0.0):
    counts = np.zeros([3] * len(clique))
    np.add.at(counts, tuple(codes[:, at] for at in clique), 1)
    return Measured(clique, counts, deviation)


def test_pairs_are_joined_into_a_whole():
    codes = chain()
    pairs = [counted(codes, pair) for pair in ((0, 1), (1, 2))]
    tables, _ = estimate((3, 3, 3), pairs, 300)
    made = draw(tables, 50_000, np.random.default_rng(1))
    for clique in ((0, 1), (1, 2), (0, 2)):
        real, mine = counted(codes, clique).counts / len(codes), counted(made, clique).counts / len(made)
        assert mine == pytest.approx(real, abs=0.015)


def test_more_can_be_measured_from_there():
    codes = chain()
    first = [counted(codes, (0,)), counted(codes, (1, 2))]
    _, begun = estimate((3, 3, 3), first, 100)
    tables, _ = estimate((3, 3, 3), [*first, counted(codes, (0, 1))], 300, begun)
    made = draw(tables, 50_000, np.random.default_rng(1))
    assert np.mean(made[:, 0] == made[:, 1]) == pytest.approx(np.mean(codes[:, 0] == codes[:, 1]), abs=0.02)


def test_without_pairs_attributes_are_independent():
    codes = chain()
    made = draw(independent([counted(codes, (at,)) for at in range(3)]), 50_000, np.random.default_rng(1))
    assert np.mean(made[:, 0] == made[:, 1]) == pytest.approx(1 / 3, abs=0.02)


def test_cycles_take_more_room():
    tree, cycle = [(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 2), (2, 3), (0, 3)]
    assert size_with((20, 20, 20, 20), cycle) > 10 * size_with((20, 20, 20, 20), tree)
