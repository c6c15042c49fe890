"""Blocks as matrices and back, shares without what is never generated, and forms."""

import numpy as np
import pytest

from reverie.core.errors import ConfigError
from reverie.models import onehot
from reverie.schema.blocks import Blocks, Category, Gate, Real, Tokens

SPECS = (
    Category("a", 3, muted=(2,)),
    Real("x"),
    Category("kind", 3, positions=(None, 0.5, None)),
    Real("z", gate=Gate("kind", 2)),
)


def rows():
    arrays = {
        "a": np.array([0, 1, 1, 2], np.int32),
        "x": np.arange(4.0).reshape(-1, 1, 1),
        "kind": np.array([2, 0, 1, 2], np.int32),
        "z": np.array([1.0, np.nan, np.nan, 2.0]).reshape(-1, 1, 1),
    }
    return Blocks(SPECS, arrays, 4)


def test_there_and_back():
    blocks = rows()
    found = onehot.matrices(blocks)
    assert found["codes"].tolist() == [[0, 2], [1, 0], [1, 1], [2, 2]]
    again = onehot.placed(SPECS, found["codes"], found["numbers"])
    for name in ("a", "x", "kind", "z"):
        np.testing.assert_array_equal(again[name], blocks[name])


def test_closed_gates_leave_no_number():
    codes, numbers = np.array([[0, 2], [0, 1]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    np.testing.assert_array_equal(onehot.placed(SPECS, codes, numbers)["z"].ravel(), [6.0, np.nan])


def test_shares_leave_out_what_is_never_generated_and_follow_weights():
    a, kind = onehot.shares(rows(), np.array([1.0, 1.0, 2.0, 4.0]))
    np.testing.assert_allclose(a, [0.25, 0.75, 0.0])
    np.testing.assert_allclose(kind, [1 / 8, 2 / 8, 5 / 8])


def test_form_tells_gates_and_places():
    form = onehot.form_of(SPECS)
    assert form.sizes == (3, 3)
    assert form.opening.tolist() == [-1, 5]
    assert form.always.tolist() == [1, 0]
    assert form.places[4, 1] == 0.5
    assert np.isnan(form.places).sum() == 11


def test_tokens_are_refused():
    with pytest.raises(ConfigError, match="does not model"):
        onehot.form_of((Tokens("t", 5, 4),))
