"""Texts beside real ones: likelihood, variety, lengths, and what they say of their rows."""

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison
from reverie.evaluation.quality.texts import MEASURE, Model
from reverie.schema.types import Column, Table

SCHEMA = Table(name="t", columns=(Column(name="t", type="prose"), Column(name="mood", type="category")))
GOOD, BAD = ("fine", "lovely", "warm", "soft"), ("poor", "torn", "thin", "cold")


def table(n: int, seed: int, words: int = 8) -> pa.Table:
    rng = np.random.default_rng(seed)
    moods = rng.integers(0, 2, n)
    cells = [" ".join(rng.choice([*(GOOD if mood else BAD), "it", "is"], words)) for mood in moods]
    return pa.table({"t": cells, "mood": np.array(["bad", "good"])[moods]})


def measured(fake: pa.Table) -> dict:
    found = MEASURE.measure(Comparison(table(300, 1), fake, table(300, 3), SCHEMA))
    return {one.name: one for one in found}


def test_real_texts_are_as_good_as_unseen_ones() -> None:
    found = measured(table(300, 2))
    assert set(found) == {"text_perplexity", "text_distinct", "text_length", "text_coherence"}
    perplexity = found["text_perplexity"]
    assert abs(perplexity.value - perplexity.floor) < 0.2
    assert found["text_length"].value == 0
    assert found["text_coherence"].value > 95
    assert found["text_coherence"].detail["columns"][0]["name"] == "mood"


def test_texts_that_say_something_else_are_found() -> None:
    fake = table(300, 2)
    mixed = fake.set_column(1, "mood", pa.array(fake["mood"].to_pylist()[::-1]))
    assert measured(mixed)["text_coherence"].value < 65


def test_odd_short_and_plain_texts_are_found() -> None:
    fake = table(300, 2, words=4)
    odd = fake.set_column(0, "t", pa.array([f"q{row} z{row}" for row in range(300)]))
    assert measured(odd)["text_perplexity"].value > measured(odd)["text_perplexity"].floor + 3
    assert measured(fake)["text_length"].value == 100
    plain = fake.set_column(0, "t", pa.array(["it is it is it is it is"] * 300))
    assert measured(plain)["text_distinct"].value < measured(plain)["text_distinct"].floor / 2


def test_bits_of_known_chances() -> None:
    model = Model.of([["a", "b"]] * 8)
    # b after a: half of one word and all of two; a: half of one word.
    chances = 0.2 * 0.5 + 1e-6, 0.2 * 0.5 + 0.35 * 1.0 + 1e-6
    assert np.isclose(model.bits(["a", "b"]), -np.log2(chances).mean())


def test_too_few_texts_are_not_measured() -> None:
    assert measured(table(20, 2)) == {}
