"""The likeliest completion: the most frequent, the median, whole rows, and no rule broken by choosing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import reverie as rv
from reverie.core.errors import ConfigError
from reverie.sampling import consensus
from reverie.sampling.consensus import likeliest


@dataclass
class Rules:
    """Columns of a table, of which `unique` may not repeat."""

    arrow: dict[str, pa.DataType]
    unique: str = ""

    def valid(self, table: pa.Table) -> np.ndarray:
        if not self.unique:
            return np.ones(table.num_rows, bool)
        found = np.zeros(table.num_rows, bool)
        found[np.unique(table[self.unique].to_numpy(), return_index=True)[1]] = True
        return found


@dataclass
class Drawn:
    """Stands for a learned table: each draw is the next of `draws`."""

    draws: list[pa.Table]
    rules: Rules = field(init=False)
    unique: str = ""

    def __post_init__(self) -> None:
        schema = self.draws[0].schema
        self.rules = Rules(dict(zip(schema.names, schema.types, strict=True)), self.unique)

    def likeliest(
        self, known: dict[str, list], monkeypatch: pytest.MonkeyPatch, unwanted: Sequence[str] = ()
    ) -> dict[str, list]:
        monkeypatch.setattr(consensus, "DRAWS", len(self.draws))
        rows = iter(self.draws)
        wanted = [name for name in self.rules.arrow if name not in unwanted]
        return likeliest(cast("Any", self), pa.table(known), lambda: next(rows), wanted).to_pydict()


def draws_of(**columns: list[list]) -> list[pa.Table]:
    """One table for each draw; a column is a list of draws of its rows."""
    count = len(next(iter(columns.values())))
    return [pa.table({name: draws[at] for name, draws in columns.items()}) for at in range(count)]


def test_the_most_frequent_level(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(draws_of(a=[["x", "p"], ["y", "p"], ["y", "q"], ["z", "p"], ["y", "r"]]))
    assert drawn.likeliest({"a": [None, None]}, monkeypatch)["a"] == ["y", "p"]


def test_the_median_of_numbers_whatever_their_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(draws_of(a=[[1.0, 5.0], [2.0, 1e9], [3.0, 4.0], [1e12, 3.0], [9.0, 6.0]]))
    assert drawn.likeliest({"a": [None, None]}, monkeypatch)["a"] == [3.0, 5.0]


def test_missing_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(draws_of(a=[[1.0, None], [None, 2.0], [None, 2.5], [None, 3.0]]))
    assert drawn.likeliest({"b": [0, 0]}, monkeypatch)["a"] == [None, 2.5]


def test_a_row_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """No draw holds the most frequent of both columns: what is taken was drawn."""
    drawn = Drawn(draws_of(a=[["x"], ["x"], ["x"], ["y"], ["y"]], b=[["1"], ["2"], ["3"], ["4"], ["4"]]))
    made = drawn.likeliest({"a": [None]}, monkeypatch)
    assert (made["a"], made["b"]) in [(["x"], [str(i)]) for i in (1, 2, 3)] + [(["y"], ["4"])]


def test_cells_that_are_known_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(draws_of(a=[["k"], ["k"], ["k"]], b=[["1"], ["2"], ["2"]], c=[[b"1"], [b"2"], [b"3"]]))
    made = drawn.likeliest({"a": ["k"]}, monkeypatch)
    assert (made["a"], made["b"]) == (["k"], ["2"])


def test_columns_that_are_not_wanted_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(draws_of(a=[["x"], ["y"], ["y"]], b=[["1"], ["2"], ["3"]], c=[["3"], ["1"], ["1"]]))
    assert drawn.likeliest({"a": ["x"]}, monkeypatch, unwanted=["c"])["b"] == ["1"]
    assert drawn.likeliest({"a": [None]}, monkeypatch, unwanted=["b", "c"])["a"] == ["y"]


def test_rows_without_gaps_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(draws_of(a=[["x"], ["y"]], b=[["1"], ["2"]]))
    asked = []
    monkeypatch.setattr(consensus, "DRAWS", 9)

    def draw() -> pa.Table:
        asked.append(1)
        return drawn.draws[0]

    made = likeliest(cast("Any", drawn), pa.table({"a": ["x"]}), draw, ["a"])
    assert (len(asked), made.to_pydict()) == (1, {"a": ["x"], "b": ["1"]})


def test_what_cannot_be_compared_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture is missing, and nothing tells which of several is the likeliest."""
    drawn = Drawn(draws_of(a=[["x"]], picture=[[b"1"]]))
    monkeypatch.setattr(consensus, "DRAWS", 9)
    rows = iter(drawn.draws)
    made = likeliest(cast("Any", drawn), pa.table({"a": ["x"]}), lambda: next(rows), ["a", "picture"])
    assert made.to_pydict() == {"a": ["x"], "picture": [b"1"]}


def test_no_rule_is_broken_by_choosing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both rows would be 2 at most draws, and that may not repeat."""
    drawn = Drawn(draws_of(a=[[1, 2, 3], [2, 1, 3], [2, 3, 1], [2, 3, 1]]), unique="a")
    made = drawn.likeliest({"a": [None] * 3}, monkeypatch)["a"]
    assert len(set(made)) == 3


@pytest.fixture(scope="module")
def learned() -> rv.Synthesizer:
    """Whoever is over 50 likes tea four times of five; the price is about ten times the age."""
    rng = np.random.default_rng(0)
    age = rng.integers(20, 80, 1500)
    tea = np.where(rng.random(1500) < np.where(age > 50, 0.8, 0.2), "tea", "coffee")
    return rv.Synthesizer(model="copula").fit(
        {"age": age, "cup": tea, "price": age * 10 + rng.normal(0, 60, 1500)}
    )


def test_guesses_are_better_than_draws(learned: rv.Synthesizer) -> None:
    age = np.array([30, 70] * 100)
    asked = {"age": age, "cup": [None] * 200, "price": [None] * 200}
    shares, errors = {}, {}
    for best in (False, True):
        made = learned.impute(asked, likeliest=best)
        shares[best] = np.mean((np.asarray(made["cup"]) == "tea") == (age > 50))
        errors[best] = np.abs(np.asarray(made["price"], float) - age * 10).mean()
        np.testing.assert_array_equal(made["age"], age)
    assert shares[True] > shares[False] + 0.08
    assert errors[True] < 0.7 * errors[False]
    given = learned.sample(given=pd.DataFrame({"age": age}), likeliest=True)
    assert np.mean((np.asarray(given["cup"]) == "tea") == (age > 50)) > shares[False]


def test_the_same_seed_gives_the_same(learned: rv.Synthesizer) -> None:
    asked = {"age": [30, 60, 70], "cup": [None] * 3}
    first, again = (learned.impute(asked, seed=3, workers=workers, likeliest=True) for workers in (1, 2))
    assert list(first["cup"]) == list(again["cup"])


def test_only_known_rows_have_a_likeliest_completion(learned: rv.Synthesizer) -> None:
    with pytest.raises(ConfigError, match="known rows"):
        learned.sample(3, given={"age": 30}, likeliest=True)
