"""A sequential model small enough to know every probability of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reverie.models.base import State
from reverie.models.sequential import Sequential
from reverie.schema.blocks import Category, Gate, Real


class Toy(Sequential):
    """Uniform a (10 codes) and b (5), x normal and present where b is 0, c by a rule, and late normal.

    `rule` gives P(c = 1) from a, b and x; `drawn` counts the rows drawn of each block.
    """

    family = "toy"
    specs = (
        Category("a", 10),
        Category("b", 5),
        Real("x", gate=Gate("b", 0)),
        Category("c", 2),
        Real("late"),
    )
    order = ("a", "b", "x", "c", "late")

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule, self.drawn = rule, dict.fromkeys(self.order, 0)

    def begin(self, rows, rng):
        return {"rows": rows}

    def take(self, partial, rows):
        kept = {name: array[rows] for name, array in partial.items() if name != "rows"}
        return {"rows": len(rows)} | kept

    def put(self, partial, name, values):
        partial[name] = values

    def chances(self, partial, name):
        if name != "c":
            k = {"a": 10, "b": 5}[name]
            return np.full((partial["rows"], k), 1 / k)
        hit = self.rule(partial["a"], partial["b"], partial["x"].ravel())
        hit = np.broadcast_to(hit, partial["rows"]).astype(float)
        return np.stack([1 - hit, hit], axis=1)

    def draw(self, partial, name, rng, evidence):
        self.drawn[name] += partial["rows"]
        if name in ("x", "late"):
            return self.real(partial["rows"], rng, evidence)
        chances = self.chances(partial, name)
        if evidence is not None and evidence.codes is not None:
            one = np.eye(chances.shape[1])[evidence.codes]
            chances = np.where((evidence.codes < 0)[:, None], chances, chances * one)
        if evidence is not None and evidence.allowed is not None:
            chances = chances * evidence.allowed
        heap = chances.cumsum(axis=1)
        values = (rng.random((len(heap), 1)) * heap[:, -1:] >= heap[:, :-1]).sum(axis=1).astype(np.int32)
        if evidence is not None and evidence.codes is not None:
            values = np.where(evidence.codes < 0, values, evidence.codes).astype(np.int32)
        with np.errstate(divide="ignore"):
            return values, None if evidence is None else np.log(heap[:, -1])

    def real(self, rows, rng, evidence):
        from scipy.special import ndtr, ndtri

        low, high = (-np.inf, np.inf) if evidence is None else (evidence.low, evidence.high)
        values = ndtri(ndtr(low) + rng.random(rows) * (ndtr(high) - ndtr(low)))
        logp = np.full(rows, np.log(ndtr(high) - ndtr(low)))
        if evidence is not None and evidence.values is not None:
            known = ~np.isnan(evidence.values)
            values = np.where(known, evidence.values, values)
            logp = np.where(known, -0.5 * values**2 - 0.5 * np.log(2 * np.pi), logp)
        return values.reshape(-1, 1, 1), None if evidence is None else logp

    def score(self, partial, name, values):
        if name in ("x", "late"):
            return -0.5 * values.ravel() ** 2 - 0.5 * np.log(2 * np.pi)
        with np.errstate(divide="ignore"):
            return np.log(self.chances(partial, name)[np.arange(len(values)), values])

    def state(self):
        return State()


@pytest.fixture
def toy():
    """Toy models by their rule."""
    return Toy
