import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models.attributes import CELLS, Attribute, Groups, attributes
from reverie.schema.blocks import Blocks, Category, Gate, Real, Tokens

KIND = Category("x#kind", 3, positions=(None, None, 1.0))
X = Real("x", gate=Gate("x#kind", 0))


def test_a_number_is_joined_with_its_gate():
    found = attributes((Category("colour", 3), KIND, X, Real("y")))
    assert [one.size for one in found] == [3, 2 + CELLS, CELLS]
    kinds, x = np.array([0, 1, 2, 0], np.int32), np.array([-9.0, np.nan, np.nan, 9.0]).reshape(-1, 1, 1)
    codes = found[1].codes(Blocks((KIND, X), {"x#kind": kinds, "x": x}, 4))
    assert codes.tolist() == [2, 0, 1, 1 + CELLS]


def test_cells_are_equally_likely():
    y = np.random.default_rng(0).normal(size=50_000).reshape(-1, 1, 1)
    codes = Attribute(None, Real("y")).codes(Blocks((Real("y"),), {"y": y}, len(y)))
    assert np.bincount(codes, minlength=CELLS) / len(y) == pytest.approx(1 / CELLS, abs=0.005)


def test_neighbours_are_grouped_and_a_heavy_code_stands_alone():
    counts = np.full(2 + CELLS, 10.0)
    counts[0], counts[1] = 300.0, 400.0
    groups = Groups.learn(Attribute(KIND, X), counts, 0.0, 8)
    assert np.count_nonzero(groups.of == groups.of[1]) == 1
    assert groups.size < 12
    assert np.bincount(groups.of, groups.within) == pytest.approx(1.0)
    lined = groups.of[2:]
    assert (np.diff(lined) >= 0).all()


def test_rare_codes_without_places_are_grouped():
    groups = Groups.learn(Attribute(Category("c", 5), None), np.array([900.0, 80, 4, 3, -2]), 3.0, 32)
    assert groups.of.tolist() == [0, 1, 2, 2, 2]


def test_other_blocks_are_refused():
    with pytest.raises(ConfigError, match="tokens"):
        attributes((Tokens("t", 10, 4),))


def test_light_spikes_stand_alone_where_they_are_few():
    kind = Category("x#kind", 21, positions=(None, *np.linspace(-2, 2, 20)))
    counts = np.concatenate([np.full(20, 30.0), np.full(CELLS, 100.0)])
    few = Groups.learn(Attribute(kind, Real("x", gate=Gate("x#kind", 0))), counts, 2.0, 8)
    assert len(set(few.of[:20].tolist())) == 20
    noisy = Groups.learn(Attribute(kind, Real("x", gate=Gate("x#kind", 0))), counts, 20.0, 8)
    assert len(set(noisy.of[:20].tolist())) < 10
    many = Category("x#kind", 101, positions=(None, *np.linspace(-2, 2, 100)))
    counts = np.concatenate([np.full(100, 30.0), np.full(CELLS, 100.0)])
    grouped = Groups.learn(Attribute(many, Real("x", gate=Gate("x#kind", 0))), counts, 2.0, 8)
    assert grouped.size < 20
