"""Signs of collapse, in rows made to show them."""

import numpy as np
import pytest

from reverie.models.collapse import collapse
from reverie.schema.blocks import Blocks, Category, Gate, Real

SPECS = (Category("c", 4, muted=(3,)), Category("kind", 2), Real("x"), Real("z", gate=Gate("kind", 1)))


def made(seed=0, rows=2000, spread=1.0, p=(0.6, 0.3, 0.05, 0.05)):
    rng = np.random.default_rng(seed)
    kind = rng.integers(2, size=rows).astype(np.int32)
    z = np.where(kind == 1, rng.normal(size=rows), np.nan)
    c = rng.choice(4, rows, p=p).astype(np.int32)
    x = spread * rng.normal(size=rows)
    return Blocks(SPECS, {"c": c, "kind": kind, "x": x.reshape(-1, 1, 1), "z": z.reshape(-1, 1, 1)}, rows)


def test_rows_of_the_same_distribution_show_none():
    assert collapse(made(), made(1)) == ()


def test_a_muted_code_is_not_missed():
    assert collapse(made(), made(1, p=(0.6, 0.3, 0.1, 0.0))) == ()


def test_a_common_code_that_is_lost_is_told():
    (note,) = collapse(made(), made(1, p=(0.7, 0.297, 0.003, 0.0)))
    assert "has collapsed" in note
    assert "lacks 1 of 3 common values of 'c'" in note
    assert "--model trees" in note


def test_the_kinds_of_a_number_go_by_the_name_of_its_column():
    specs = (Category("gain#kind", 3),)
    real, lost = np.arange(600, dtype=np.int32) % 3, np.arange(600, dtype=np.int32) % 2
    few = (Blocks(specs, {"gain#kind": codes}, 600) for codes in (real, lost))
    assert any("of 'gain'" in note for note in collapse(*few))


def test_a_number_that_hardly_varies_is_told():
    (note,) = collapse(made(), made(1, spread=0.1))
    assert "'x' varies 10% as much" in note


def test_rows_that_repeat_are_told():
    few = made(1, rows=50)
    (note,) = collapse(made(), few.take(np.arange(2000) % 50))
    assert "2% of its rows are distinct" in note or "3% of its rows are distinct" in note


@pytest.mark.parametrize("rows", [1, 100])
def test_few_rows_tell_nothing(rows):
    assert collapse(made(rows=rows), made(1, spread=0.0)) == ()


def test_many_signs_are_cut_short():
    specs = tuple(Real(str(i)) for i in range(9))
    wide = {str(i): np.random.default_rng(i).normal(size=(300, 1, 1)) for i in range(9)}
    narrow = Blocks(specs, {name: 0 * array for name, array in wide.items()}, 300)
    (note,) = collapse(Blocks(specs, wide, 300), narrow)
    assert "and 7 more" in note
