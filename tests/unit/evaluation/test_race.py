"""The race of families: who wins, who is disqualified or left out, what is told, and how long it takes."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from reverie.core import registry
from reverie.core.errors import ConfigError
from reverie.evaluation import heats
from reverie.evaluation.composite import Score
from reverie.evaluation.race import Race, choose, race
from reverie.models.base import Budget, Capabilities, Fitted, State
from reverie.schema.blocks import Blocks, Real

from .tables import SCHEMA, people

ROWS = people(900, seed=1)


class Drawn(Fitted):
    """Rows that were learned from, or with `mixed` their cells, column by column."""

    family = "drawn"

    def __init__(self, blocks: Blocks, *, mixed: bool) -> None:
        self.specs, self.blocks, self.mixed = blocks.specs, blocks, mixed

    def sample(self, n: int, *, rng: np.random.Generator, given: Any = None) -> Blocks:
        if not self.mixed:
            return self.blocks.take(rng.integers(self.blocks.rows, size=n))
        gates = {spec.name: spec.gate.block for spec in self.specs if isinstance(spec, Real) and spec.gate}
        picked = {spec.name: rng.integers(self.blocks.rows, size=n) for spec in self.specs}
        arrays = {name: array[picked[gates.get(name, name)]] for name, array in self.blocks.arrays.items()}
        return Blocks(self.specs, arrays, n)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        return np.zeros(blocks.rows)

    def state(self) -> State:
        return State()


def made(fit: Callable[[Blocks], Fitted], seconds: float | None = 0.1, requires: tuple[str, ...] = ()) -> Any:
    """A family of which `fit` makes models."""
    module = SimpleNamespace(
        CAPABILITIES=Capabilities("made for tests", requires=requires),
        Config=SimpleNamespace,
        fit=lambda blocks, **_: fit(blocks),
    )
    if seconds is not None:
        module.seconds = lambda *_: seconds
    return module


def refuse(blocks: Blocks) -> Fitted:
    raise ConfigError("cannot be learned", where="columns", fix="Choose another family")


COPIES = made(lambda blocks: Drawn(blocks, mixed=False))
MIXES = made(lambda blocks: Drawn(blocks, mixed=True))


@pytest.fixture
def families(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The copula, which is ahead of all that is made here, and what a test puts beside it."""
    mine, names, load = "reverie.models.families", registry.names, registry.load
    found = {"copula": load(mine, "copula")}
    monkeypatch.setattr(
        registry, "names", lambda package: tuple(sorted(found)) if package == mine else names(package)
    )
    monkeypatch.setattr(
        registry, "load", lambda package, name: found[name] if package == mine else load(package, name)
    )
    monkeypatch.setattr("reverie.evaluation.race.slowness", lambda: 1.0)
    return found


def run(rows: pa.Table = ROWS, seconds: float | None = 3600.0) -> Race:
    return race(rows, SCHEMA, seed=3, budget=Budget(seconds, threads=1))


def verdicts(found: Race) -> dict[str, str]:
    return {entry.family: entry.verdict for entry in found.entries}


def test_the_more_faithful_family_wins(families: dict[str, Any]) -> None:
    families["mixes"] = MIXES
    found = run()
    assert found.winner == "copula"
    assert verdicts(found) == {"copula": "chosen", "mixes": "behind"}
    ahead, behind = found.entries
    assert ahead.composite > behind.composite + 5  # type: ignore[operator]
    assert ahead.figures["c2st_fresh"] < behind.figures["c2st_fresh"]
    assert ahead.figures["trend"] < behind.figures["trend"]
    assert (found.rows, found.held_back, found.folds) == (720, 180, 2)
    assert f"{ahead.composite:.1f}" in found.why


def test_one_that_copies_is_disqualified(families: dict[str, Any]) -> None:
    families["copies"] = COPIES
    found = run()
    assert found.winner == "copula"
    assert verdicts(found)["copies"].startswith("disqualified: ")
    copies = next(entry for entry in found.entries if entry.family == "copies")
    assert copies.figures["dcr_share"] > 0.55
    assert found.why == "auto: copula, as copies failed the privacy floor"


def test_who_cannot_run_is_left_out_with_the_reason(families: dict[str, Any]) -> None:
    families |= {
        "absent": made(refuse, requires=("no_such_module",)),
        "broken": made(refuse),
        "dear": made(refuse, seconds=1e6),
        "mixes": MIXES,
    }
    families["tokens"] = made(refuse)
    families["tokens"].CAPABILITIES = Capabilities("of texts alone", modalities=("tokens",))
    told = verdicts(run())
    assert told["absent"] == "left out: needs: pip install no_such_module"
    assert told["broken"].startswith("stopped: columns: cannot be learned")
    assert "takes about 1000000 s" in told["dear"]
    assert told["tokens"] == "left out: it does not model category, real"
    assert told["copula"] == "chosen"


def test_when_time_is_up_the_others_are_not_tried(
    families: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    families["mixes"] = MIXES
    plan = heats.make_plan
    monkeypatch.setattr(
        "reverie.evaluation.race.make_plan", lambda *given: replace(plan(*given), seconds=-1.0)
    )
    found = run()
    assert (found.winner, found.folds) == ("copula", 1)
    assert verdicts(found)["mixes"] == "stopped: the time of the race was up"


def test_without_a_budget_the_dear_and_the_unknown_wait_for_one(families: dict[str, Any]) -> None:
    families |= {"dear": made(refuse, seconds=99.0), "unknown": made(refuse, seconds=None)}
    found = run(seconds=None)
    assert found.winner == "copula"
    assert found.folds == 0
    told = verdicts(found)
    assert told["dear"] == "left out: it takes about 99 s; give a --budget to let it race"
    assert "an unknown time" in told["unknown"]


def test_a_family_without_an_estimate_is_timed(families: dict[str, Any]) -> None:
    learned: list[int] = []

    def fit(blocks: Blocks) -> Fitted:
        learned.append(blocks.rows)
        return Drawn(blocks, mixed=True)

    families["unknown"] = made(fit, seconds=None)
    assert verdicts(run())["unknown"] == "behind"
    assert learned == [300, 720, 720]


def test_few_rows_are_not_raced_and_the_simplest_is_taken(families: dict[str, Any]) -> None:
    families["trees"] = made(refuse)
    found = run(people(90, seed=2))
    assert (found.winner, found.folds) == ("copula", 0)
    assert "90 rows are too few" in found.why


def test_where_nothing_else_can_run_there_is_no_race(families: dict[str, Any]) -> None:
    families["absent"] = made(refuse, requires=("no_such_module",))
    found = run()
    assert (found.winner, found.folds) == ("copula", 0)
    assert verdicts(found) == {"absent": "left out: needs: pip install no_such_module"}


def test_the_same_seed_tells_the_same(families: dict[str, Any]) -> None:
    families["mixes"] = MIXES
    one, other = run(), run()
    assert [entry.figures for entry in one.entries] == [entry.figures for entry in other.entries]
    assert one.why == other.why


def test_state_round_trip(families: dict[str, Any]) -> None:
    families["mixes"] = MIXES
    found = run()
    assert Race.from_state(json.loads(json.dumps(found.state()))) == found
    assert "privacy floor" in found.state()["rule"]


def score(composite: float, error: float = 1.0, fails: str = "", share: float = 0.5) -> Score:
    return Score({"dcr_share": share}, composite, error, fails)


@pytest.mark.parametrize(
    ("judged", "winner", "said"),
    [
        ({"trees": score(80), "copula": score(70)}, "trees", "ahead with 80.0"),
        ({"trees": score(70), "copula": score(80)}, "copula", "ahead with 80.0 of 100, trees 70.0"),
        ({"trees": score(79), "copula": score(80)}, "trees", "ahead by 1.0 of 100 alone"),
        ({"trees": score(99, fails="x"), "copula": score(70)}, "copula", "as trees failed"),
        ({"copula": score(70)}, "copula", "which alone came through"),
        ({"trees": score(9, 1, "x", 0.9), "copula": score(7, 1, "x", 0.7)}, "copula", "copies least"),
        ({}, "trees", "no family came through"),
    ],
)
def test_choosing(judged: dict[str, Score], winner: str, said: str) -> None:
    found, why = choose(("trees", "copula"), judged)
    assert found == winner
    assert said in why
