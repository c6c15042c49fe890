"""Formal privacy, audited: canaries are learned from by a coin each, and guessed; being right refutes it.

Source: Steinke, Nasr and Jagielski (2023), Privacy Auditing with One (1) Training Run, theorem 3.1 and 5.2.
"""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from reverie.dp.account import Account, Privacy
from reverie.models.base import family
from reverie.models.secret import Secret
from reverie.sampling.learning import learn
from reverie.sampling.private import describe
from reverie.schema.blocks import Blocks, Category

CANARIES, SURE, DELTA = 2_000, 0.01, 1e-6
SHARE = 0.2
"""Of the canaries that are guessed to be in, and as many to be out: those that are surest."""


def least_epsilon(scores: np.ndarray, members: np.ndarray) -> float:
    """The largest epsilon that the guesses refute, being wrong about it once in a hundred times; 0 for none.

    The highest scores are guessed to be members, the lowest not; under (epsilon, 0) each guess is right with
    a chance of e^epsilon / (1 + e^epsilon) at most, whatever the others are.
    """
    order, count = np.argsort(scores, kind="stable"), int(SHARE * len(scores))
    right = int(members[order[-count:]].sum() + (~members[order[:count]]).sum())
    slack = 2 * len(scores) * DELTA
    grid = np.linspace(0, 12, 1201)
    chances = binom.sf(right - 1, 2 * count, 1 / (1 + np.exp(-grid))) + slack
    refuted = grid[chances < SURE]
    return float(refuted.max()) if len(refuted) else 0.0


def coins(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(CANARIES) < 0.5


def test_the_audit_itself() -> None:
    """Guesses that are right as often as epsilon allows refute a little less than it, and never more."""
    rng, members = np.random.default_rng(0), coins(0)
    for epsilon in (0.5, 1.0, 2.0):
        lie = rng.random(CANARIES) > 1 / (1 + np.exp(-epsilon))
        found = least_epsilon(np.where(lie, ~members, members) + 0.01 * rng.random(CANARIES), members)
        assert 0.5 * epsilon < found < epsilon
    assert least_epsilon(rng.random(CANARIES), members) < 0.2


@pytest.mark.parametrize(("kept", "refuted"), [(1.0, False), (6.0, True)])
def test_counts(kept: float, refuted: bool) -> None:
    """Canaries in cells of their own, told with the noise of a promise; one of 1 that keeps 6 is refuted."""
    members = coins(1)
    codes = np.flatnonzero(members).astype(np.int32)
    blocks = Blocks((Category("cell", CANARIES),), {"cell": codes}, len(codes))
    secret = Secret(blocks, Account(Privacy(kept, DELTA), 1))
    counts, _ = secret.coded(lambda rows: rows["cell"][:, None], [CANARIES]).count((0,), "cells", 1.0)
    assert (least_epsilon(counts, members) > 1.0) == refuted


@pytest.mark.parametrize(("kept", "refuted"), [(1.0, False), (40.0, True)])
def test_steps_of_training(kept: float, refuted: bool) -> None:
    """Canaries with a weight of their own, whose gradient is as large as clipping lets it be."""
    import torch

    from reverie.nn.private import Steps, train
    from reverie.nn.task import Task, Turn

    class Lone(Task):
        turns = (Turn("net"),)

        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Embedding(CANARIES, 1)
            torch.nn.init.zeros_(self.net.weight)

        def losses(self, turn, batch, noise):
            return -10 * self.net(batch["row"].long())[:, 0]

    members, task = coins(2), Lone()
    rows = {"row": np.flatnonzero(members).astype(np.int32)}
    steps = Steps(count=20, batch=len(rows["row"]) // 4, rate=1e-2, average=0.0, warmup=1)
    noise = Account(Privacy(kept, DELTA), 1).sampled("steps", 0.25, steps.count)
    train(task, rows, steps, chance=0.25, noise=noise, rng=np.random.default_rng(3))
    scores = task.net.weight.detach().numpy()[:, 0]
    assert (least_epsilon(scores, members) > 1.0) == refuted


@pytest.mark.parametrize("chosen", ["marginals", "autoregressive", "vae", "diffusion", "gan"])
def test_whole_models(chosen: str) -> None:
    """Rows of pairs of levels that nobody else has, sought in what the model makes."""
    side, rng, members = 60, np.random.default_rng(4), coins(4)
    cells = rng.permutation(side**2)[:CANARIES]
    # The others lie on the diagonal, where no canary is.
    plain = rng.integers(0, side, 4_000)
    first = np.concatenate([plain, cells[members] // side])
    second = np.concatenate([plain, cells[members] % side])
    table = pa.table({"a": [f"a{i:02d}" for i in first], "b": [f"b{i:02d}" for i in second]})
    promise = Privacy(1.0, DELTA)
    module = family(chosen)
    config = module.Config() if chosen == "marginals" else module.Config(private={"count": 20, "batch": 256})
    learned = learn(table, describe("t", table, promise), chosen=chosen, privacy=promise, config=config)
    made = learned.decode(
        learned.draw(20_000, None, np.random.default_rng(5), fast=True), rng, 0, dictionaries=False
    ).to_pandas()
    places = made["a"].str[1:].astype(int) * side + made["b"].str[1:].astype(int)
    scores = np.bincount(places, minlength=side**2)[cells] + 0.01 * rng.random(CANARIES)
    assert least_epsilon(scores, members) <= 1.0
