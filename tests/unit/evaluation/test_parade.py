"""Families side by side: the same rows for all, what stops one, and what can take part."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from reverie.core import registry
from reverie.core.errors import ConfigError
from reverie.evaluation import parade as module
from reverie.evaluation import recognition
from reverie.evaluation.parade import Parade, entrants_for, parade
from reverie.models.base import Budget, Capabilities
from reverie.schema.types import Table

from .test_race import Drawn, refuse
from .test_recognition import SCHEMA, table


def made(fit: Any, *modalities: str) -> Any:
    """A family of which `fit` makes models of these modalities besides categories and numbers."""
    takes = Capabilities("made for tests", modalities=("category", "real", *modalities))
    return SimpleNamespace(CAPABILITIES=takes, Config=SimpleNamespace, fit=fit)


BUDGETS: list[float] = []


def copying(blocks: Any, *, budget: Budget, **_: Any) -> Drawn:
    BUDGETS.append(budget.seconds or 0.0)
    return Drawn(blocks, mixed=False)


@pytest.fixture
def families(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that gives rows back, one that mixes their cells, one that stops, and one of plain tables."""
    mine, names, load = "reverie.models.families", registry.names, registry.load
    found = {
        "copies": made(copying, "grid"),
        "mixes": made(lambda blocks, **_: Drawn(blocks, mixed=True), "grid"),
        "plain": made(copying),
        "stops": made(lambda blocks, **_: refuse(blocks), "grid"),
    }
    monkeypatch.setattr(recognition, "STEPS", 60)
    monkeypatch.setattr(registry, "names", lambda one: tuple(found) if one == mine else names(one))
    monkeypatch.setattr(registry, "load", lambda one, name: found[name] if one == mine else load(one, name))


def run(rows: pa.Table, *names: str, seconds: float | None = None) -> Parade:
    return parade(rows, SCHEMA, names, seed=3, budget=Budget(seconds, threads=1))


@pytest.mark.usefixtures("families")
def test_each_family_is_judged_by_the_same_rows() -> None:
    held = run(table(400, 1), "copies", "mixes", "stops")
    copies, mixes, stops = held.entrants
    assert (held.rows, held.held_back) == (320, 80)
    assert copies.comparison is not None
    assert mixes.comparison is not None
    assert copies.comparison.holdout is mixes.comparison.holdout
    assert copies.comparison.fake.num_rows == 200
    assert copies.figures["media_copies"].value > 90
    # Cells that are drawn alone show nothing of their rows.
    assert copies.figures["media_coherence"].value > mixes.figures["media_coherence"].value + 20
    assert "shape" in mixes.figures
    assert stops.stopped.startswith("columns: cannot be learned")
    assert [one.family for one in held.shown] == ["copies", "mixes"]
    told = json.loads(json.dumps(held.to_dict()))
    assert told["families"]["copies"]["measures"]["media_copies"]["value"] > 90
    assert "cannot be learned" in told["families"]["stops"]["stopped"]


@pytest.mark.usefixtures("families")
def test_time_is_shared_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS", ())
    BUDGETS.clear()
    run(table(260, 1), "copies", "copies", seconds=1_000)
    assert BUDGETS[0] == pytest.approx(500, abs=5)
    # The first took next to nothing of its half.
    assert BUDGETS[1] == pytest.approx(1_000, abs=15)


@pytest.mark.usefixtures("families")
def test_who_can_take_part() -> None:
    assert set(entrants_for(SCHEMA)) == {"copies", "mixes", "stops"}
    assert entrants_for(SCHEMA, ["mixes", "copies", "mixes"]) == ("mixes", "copies")
    plain = Table(name="t", columns=SCHEMA.columns[:2])
    assert len(entrants_for(plain)) == 4
    with pytest.raises(ConfigError, match="family 'plain' does not learn pictures"):
        entrants_for(SCHEMA, ["plain"])
    with pytest.raises(ConfigError, match="no model family 'none'"):
        entrants_for(SCHEMA, ["none"])


@pytest.mark.usefixtures("families")
def test_too_few_rows_are_said() -> None:
    with pytest.raises(ConfigError, match="90 rows, too few"):
        run(table(90, 1), "copies")


@pytest.mark.usefixtures("families")
def test_pictures_alone_can_be_compared() -> None:
    bare = Table(name="t", columns=SCHEMA.columns[2:])
    held = parade(table(260, 1).select(["photo"]), bare, ("copies",), seed=3, budget=Budget(threads=1))
    assert np.isfinite(held.entrants[0].figures["media_frechet"].value)
