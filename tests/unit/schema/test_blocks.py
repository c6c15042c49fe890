import numpy as np
import pytest

from reverie.schema.blocks import Blocks, Category, Gate, Real, RealEvidence, concatenate

SPECS = (Category("kind", 2), Real("x", gate=Gate("kind", 1)), Real("latent", n=4, d=2))


def made(rows: int, start: int = 0) -> Blocks:
    numbers = np.arange(start, start + rows)
    arrays = {
        "kind": (numbers % 2).astype(np.int32),
        "x": np.where(numbers % 2, numbers, np.nan).reshape(-1, 1, 1),
        "latent": np.repeat(numbers, 8).reshape(rows, 4, 2).astype(np.float32),
    }
    return Blocks(SPECS, arrays, rows)


def same(left: Blocks, right: Blocks) -> bool:
    equal = [np.array_equal(array, right[spec.name], equal_nan=True) for spec, array in left]
    return left.specs == right.specs and left.rows == right.rows and all(equal)


def test_blocks_are_walked_in_column_order() -> None:
    blocks = made(3)
    assert [spec.name for spec, _ in blocks] == ["kind", "x", "latent"]
    assert all(array is blocks[spec.name] for spec, array in blocks)


def test_rows_are_taken_in_the_order_asked_for() -> None:
    taken = made(6).take(np.array([5, 0, 5]))
    assert taken.rows == 3
    np.testing.assert_array_equal(taken["kind"], [1, 0, 1])
    np.testing.assert_array_equal(taken["latent"][:, 3, 1], [5, 0, 5])
    np.testing.assert_array_equal(taken["x"].reshape(-1), [5, np.nan, 5])


def test_a_mask_takes_where_it_is_true() -> None:
    mask = np.array([True, False, False, True])
    assert same(made(4).take(mask), made(4).take(np.array([0, 3])))
    assert made(4).take(np.zeros(4, bool)).rows == 0


def test_parts_join_to_the_whole() -> None:
    assert same(concatenate([made(2), made(3, start=2), made(1, start=5)]), made(6))


def test_blocks_do_not_change() -> None:
    arrays = dict(made(2).arrays)
    blocks = Blocks(SPECS, arrays, 2)
    arrays["kind"] = np.zeros(2, np.int32)
    np.testing.assert_array_equal(blocks["kind"], [0, 1])
    with pytest.raises(TypeError):
        blocks.arrays["kind"] = arrays["kind"]  # type: ignore[index]


HOLED = RealEvidence.union(np.array([-np.inf, 1.0, 4.0]), np.array([0.0, 2.0, 5.0]))


def test_evidence_of_intervals_and_the_gaps_between_them() -> None:
    assert RealEvidence(-np.inf, 5.0, gaps=((0.0, 1.0), (2.0, 4.0))) == HOLED
    low, high = HOLED.intervals
    np.testing.assert_array_equal(low, [-np.inf, 1, 4])
    np.testing.assert_array_equal(high, [0, 2, 5])
    held = HOLED.contains(np.array([-9, 0, 0.5, 1, 2, 3, 4, 5, 6, np.nan]))
    assert held.tolist() == [True, True, False, True, True, False, True, True, False, False]


def test_what_two_pieces_of_evidence_allow_together() -> None:
    assert HOLED.meet(RealEvidence()) == HOLED
    assert HOLED.meet(RealEvidence(-1.0, 4.5)) == RealEvidence(-1.0, 4.5, gaps=HOLED.gaps)
    other = RealEvidence.union(np.array([0.5, 1.5]), np.array([1.0, 9.0]))
    expected = RealEvidence.union(np.array([1.0, 1.5, 4.0]), np.array([1.0, 2.0, 5.0]))
    assert HOLED.meet(other) == other.meet(HOLED) == expected


def test_evidence_that_allows_nothing_or_everything() -> None:
    nothing = HOLED.meet(RealEvidence(2.5, 3.5))
    assert nothing.low > nothing.high
    assert not nothing.contains(np.array([0.0, 3.0])).any()
    assert nothing.meet(HOLED) == nothing == RealEvidence.union(np.array([]), np.array([]))
    assert HOLED.bounded
    assert not RealEvidence().bounded
    assert RealEvidence(gaps=((0.0, 1.0),)).bounded


def test_no_value_is_shown() -> None:
    assert repr(made(2)) == "Blocks(2 rows of kind, x, latent)"
