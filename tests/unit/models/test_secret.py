import numpy as np
import pytest

from reverie.dp.account import Account, Privacy
from reverie.models.secret import Secret
from reverie.schema.blocks import Blocks, Category


def secret(account=None, rows=4_000):
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, rows).astype(np.int32)
    arrays = {"a": a, "b": a.copy(), "c": rng.integers(0, 2, rows).astype(np.int32)}
    blocks = Blocks((Category("a", 3), Category("b", 3), Category("c", 2)), arrays, rows)
    whole = Secret(blocks, account, np.random.default_rng(1))
    return whole.coded(lambda some: np.column_stack([some["a"], some["b"], some["c"]]), (3, 3, 2))


def test_counts_have_the_noise_they_say():
    account = Account(Privacy(1.0))
    exact, none = secret().count((0, 1), "a and b", 0.5)
    found, deviation = secret(account).count((0, 1), "a and b", 0.5)
    assert (none, account.left) == (0.0, 0.5)
    assert 0 < np.abs(found - exact).max() < 5 * deviation


def test_the_worst_guess_is_chosen():
    pairs, even = (
        [(0, 2), (0, 1), (1, 2)],
        [np.full((3, 2), 667.0), np.full((3, 3), 444.0), np.full((3, 2), 667.0)],
    )
    account = Account(Privacy(1.0))
    assert secret().worst(pairs, even, 0.0, 0.1) == 1
    assert secret(account).worst(pairs, even, 5.0, 0.1) == 1
    assert account.left == pytest.approx(0.9)


def test_the_rows_are_not_shown():
    assert "array" not in repr(secret())
