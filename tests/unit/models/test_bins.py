import numpy as np

from reverie.models.bins import Bins


def grid(*sizes: int) -> Bins:
    """Every combination of the features' bins, one a row."""
    columns = np.meshgrid(*map(np.arange, sizes), indexing="ij")
    codes = np.stack([column.reshape(-1) for column in columns]).astype(np.uint8)
    return Bins(codes, np.array(sizes, np.int64), np.full(len(sizes), True))


def test_bins_are_taken_and_widened() -> None:
    features = grid(3, 2)
    assert features.rows == 6
    np.testing.assert_array_equal(features.take(np.array([5, 0])).codes, [[2, 0], [1, 0]])
    assert features.head(1).codes.shape == (1, 6)
    wider = features.head(1).with_feature(np.arange(6), 6)
    np.testing.assert_array_equal(wider.codes[1], np.arange(6))
    assert (list(wider.sizes), list(wider.ordered)) == ([3, 6], [True, True])


def test_features_are_arranged() -> None:
    turned = grid(3, 2).arranged([1, 0])
    np.testing.assert_array_equal(turned.codes, grid(3, 2).codes[::-1])
    assert list(turned.sizes) == [2, 3]
