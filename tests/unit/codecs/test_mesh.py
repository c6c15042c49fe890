"""Round numbers: preferred units are found, places and steps are inverse, nothing is invented."""

import numpy as np
import pytest

from reverie.codecs.counts import Counts
from reverie.codecs.mesh import Mesh, count_multiples, learn_mesh
from reverie.codecs.pieces import learn_scale


def _mesh(extra=0.7):
    low, high = np.array([-7, 93, 200]), np.array([12, 307, 200])
    return Mesh(low, high, np.array([5, 50, 1]), np.array([extra, extra, 0.0]))


def test_multiples_are_counted():
    assert count_multiples(np.array([-7, 1, 10]), np.array([12, 4, 10]), 5).tolist() == [4, 0, 1]


@pytest.mark.parametrize("extra", [0.0, 0.3, 0.9999])
def test_steps_and_places_are_inverse_and_cover_the_piece(extra):
    mesh = _mesh(extra)
    for piece in range(3):
        width = int(mesh.high[piece] - mesh.low[piece] + 1)
        where, steps = np.full(width, piece), np.arange(width, dtype=float)
        start, stop = mesh.below(where, steps), mesh.below(where, steps + 1)
        assert start[0] == 0
        assert stop[-1] == pytest.approx(1)
        assert np.allclose(start[1:], stop[:-1])
        assert mesh.steps(where, (start + stop) / 2).tolist() == steps.tolist()


def test_multiples_have_their_extra_share():
    mesh = _mesh()
    numbers = mesh.low[1] + mesh.steps(np.ones(100_000, dtype=int), np.random.default_rng(0).random(100_000))
    assert np.mean(numbers % 50 == 0) == pytest.approx(0.7 + 0.3 * 5 / 215, abs=0.01)


def _prices(rows, unit, share):
    rng = np.random.default_rng(1)
    values = np.floor(rng.lognormal(11, 0.4, rows)).astype(np.int64)
    return np.where(rng.random(rows) < share, values // unit * unit, values)


@pytest.mark.parametrize(("unit", "share"), [(100, 0.9), (25, 0.5), (1_000, 1.0)])
def test_preferred_units_come_back_in_draws(unit, share):
    counts = Counts.of(_prices(6_000, unit, share))
    scale = learn_scale(counts, np.zeros(len(counts.values), dtype=bool), 5, (0, np.inf))
    assert scale.mesh is not None
    drawn = scale.decode(np.random.default_rng(2).standard_normal(20_000))
    assert np.mean(drawn % unit == 0) == pytest.approx(share, abs=0.06)


def test_values_without_a_preference_have_no_mesh():
    counts = Counts.of(_prices(6_000, 1, 1.0))
    assert learn_scale(counts, np.zeros(len(counts.values), dtype=bool), 5, (0, np.inf)).mesh is None


def test_ranges_stay_exact():
    counts = Counts.of(_prices(6_000, 100, 0.9))
    scale = learn_scale(counts, np.zeros(len(counts.values), dtype=bool), 5, (0, np.inf))
    values = np.sort(scale.decode(np.random.default_rng(3).standard_normal(3_000)))
    scores = scale.encode(values, np.random.default_rng(4))
    assert np.array_equal(scale.decode(scores), values)
    assert np.all(np.diff(scores)[np.diff(values) > 0] > 0)
    assert scale.share_below(values[1_500].item(), inclusive=False) < scale.share_below(
        values[1_500].item(), inclusive=True
    )


def test_atoms_alone_have_no_mesh():
    atoms = np.array([100, 200])
    assert learn_mesh(atoms, atoms, np.array([0, 1]), atoms, np.array([9, 9]), 5) is None
