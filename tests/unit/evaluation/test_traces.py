import numpy as np
import pyarrow as pa

from reverie.evaluation.traces import Traced, traces


def table(first: int) -> pa.Table:
    rng = np.random.default_rng(first)
    return pa.table(
        {
            "word": [f"secret{first + i:04d}" for i in range(50)] + ["common"] * 50,
            "amount": rng.random(100) * 1e4,
            "text": [f"some words and no. {first + i}" for i in range(100)],
            "small": np.arange(100) % 7,
        }
    )


def test_what_a_state_keeps_letter_by_letter_is_counted() -> None:
    real, unseen = table(0), table(1000)
    state = {
        "levels": ["common", "secret0003", "secret0004", {"deep": ["secret0005"]}],
        "knots": np.array(real["amount"].to_pylist()[:20]),
        "four bytes": np.array(real["amount"].to_pylist()[20:30], np.float32),
        "names": np.array(["secret0006", "other"]),
    }
    found = traces(state, real, unseen, 5)
    assert (found["word"].found, found["word"].rare, found["word"].unseen) == (4, 50, 0)
    assert found["amount"].found == 30
    assert found["amount"].kept
    assert not found["small"].rare
    assert not found["small"].kept
    assert found["text"].found == 0


def test_a_word_of_many_texts_is_no_secret() -> None:
    texts = ["great"] + [f"a great thing {i}" for i in range(30)]
    one, other = pa.table({"text": texts}), pa.table({"text": ["nothing like it"]})
    assert traces({"words": ["great"]}, one, other, 5)["text"].found == 0
    assert traces({"words": ["great"]}, one.slice(0, 4), other, 5)["text"].found == 1


def test_values_that_are_there_by_chance_are_not_kept() -> None:
    assert Traced(found=10, rare=100).kept
    assert not Traced(found=10, rare=100, unseen=9, unseen_rare=100).kept
    assert Traced(found=60, rare=100, unseen=9, unseen_rare=100).kept
    assert not Traced().kept


def test_what_real_rows_share_is_no_chance_of_unseen_ones() -> None:
    real = pa.table({"city": [f"town{i % 40:02d}" for i in range(800)] + [f"alone{i}" for i in range(10)]})
    unseen = pa.table({"city": [f"town{i:02d}" for i in range(15)] + ["elsewhere"] * 9})
    found = traces({"levels": real["city"].unique().to_pylist()}, real, unseen, 5)["city"]
    assert (found.found, found.rare, found.unseen_rare) == (10, 10, 0)
    assert found.kept


def test_columns_of_other_types_are_counted_by_themselves() -> None:
    numbers, words = pa.table({"a": [1.234567, 2.345678]}), pa.table({"a": ["x7654321", "y7654321"]})
    assert traces({"knots": np.array([1.234567])}, numbers, words, 5)["a"] == Traced(1, 2, 0, 2)
