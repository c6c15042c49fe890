"""Draw rows of a sequential model that meet given evidence, by sequential Monte Carlo.

Every block that something is known of is drawn from its conditional restricted to the evidence, and the
particle is weighted by the evidence's probability, so nothing is rejected blindly. Where evidence late in the
order is still rarely met, guides learned from the first particles lead the early blocks to where it is.

Source: Doucet & Johansen 2009, sections 3 and 4 (adaptive resampling).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from reverie.core.errors import ConditionError
from reverie.models.completion import complete
from reverie.models.guides import Guides, learn
from reverie.models.particles import (
    POOL,
    Particles,
    Steps,
    effective,
    known_rows,
    normalise,
    shut,
    stack,
    systematic,
)
from reverie.schema.blocks import CategoryEvidence, Evidence

PILOT = 4096
"""Particles of the first pool, from which the sizes of the others follow."""
ROWS = 1 << 16
"""Most rows answered at a time."""
WORK = 2_000_000
"""Most particles spent on them; an eighth of it if none has met the evidence."""
POOR = 0.25
"""Guides are worth their price where the effective share of a pool is below this."""
ENOUGH = 16.0
"""Rows that pools must be worth before guides are learned: fewer may all lie in one region of several."""
INCREDIBLE = 1e-7, 1e-2
"""Evidence contradicts itself if its joint probability is below the first figure, and its ratio to what
independence would give below the second."""


@dataclass(frozen=True)
class Pool:
    """Particles that stand before the last evidence, weighted by all of it.

    `effective` is how many independent rows they are worth, where those of one origin count as one, and
    `log_evidence` an estimate of log P(evidence).
    """

    particles: Particles
    weight: np.ndarray
    size: int
    effective: float
    log_evidence: float

    @property
    def worth(self) -> np.ndarray:
        """Weights that sum to what the pool is worth."""
        return self.weight * self.effective

    def condensed(self, most: int, rng: np.random.Generator) -> "Pool":
        """The pool with at most `most` particles, for the sake of memory."""
        if self.size <= most or not self.effective:
            return self
        kept = self.particles.take(systematic(self.weight, most, rng))
        return replace(self, particles=kept, weight=np.full(most, 1 / most))


def answer(model: Steps, n: int, rng: np.random.Generator, given: Evidence) -> dict[str, np.ndarray]:
    """Arrays of `n` > 0 rows, by block, that meet `given`. Raises ConditionError if that cannot be."""
    check(model.order, n, given)
    if any(known_rows(evidence) is not None for evidence in given.values()):
        return complete(model, np.arange(n), rng, given)
    return stack([_conditional(model, min(ROWS, n - at), rng, given) for at in range(0, n, ROWS)])


def check(names: Collection[str], n: int, given: Evidence) -> None:
    """Raise ConditionError if evidence is of no block in `names`, or of other than `n` rows, or empty."""
    for name, evidence in given.items():
        if name not in names:
            raise ConditionError(
                f"no block '{name}' to condition on", fix="Name a column of the fitted table"
            )
        known = known_rows(evidence)
        if known is not None and len(known) != n:
            raise ConditionError(
                f"has {len(known):,} known rows where {n:,} are asked for",
                where=name,
                fix="Give one entry a row",
            )
        empty = (
            evidence.allowed is not None and not evidence.allowed.any()
            if isinstance(evidence, CategoryEvidence)
            else evidence.low > evidence.high
        )
        if empty:
            raise ConditionError("no value meets the condition", where=name, fix="Widen the condition")


def _conditional(model: Steps, n: int, rng: np.random.Generator, given: Evidence) -> dict[str, np.ndarray]:
    last = max(model.order.index(name) for name in given)
    pools = _gather(model, n, rng, given, model.order[: last + 1])
    share = np.array([pool.effective for pool in pools])
    quota = np.bincount(systematic(share / share.sum(), n, rng), minlength=len(pools))
    parts = []
    for pool, count in zip(pools, quota, strict=True):
        if count:
            chosen = pool.particles.take(systematic(pool.weight, count, rng))
            values, _ = chosen.draw(model.order[last], rng, given[model.order[last]])
            chosen.put(model.order[last], values)
            chosen.finish(model.order[last + 1 :], rng)
            parts.append(chosen.values)
    mixed = rng.permutation(n)  # neighbours came of one ancestor
    return {name: array[mixed] for name, array in stack(parts).items()}


def _gather(
    model: Steps, n: int, rng: np.random.Generator, given: Evidence, head: tuple[str, ...]
) -> list[Pool]:
    """Pools worth `n` independent particles together, or what the allowed work gives."""
    last = _pool(model, PILOT, rng, given, head, Guides(), resample=False)
    pools, guides, led, size = [last], Guides(), False, PILOT
    while (missing := n - sum(pool.effective for pool in pools)) > 0:
        spent = sum(pool.size for pool in pools)
        if spent >= (WORK if any(pool.effective for pool in pools) else WORK // 8):
            break
        if last.effective < POOR * last.size and n - missing >= ENOUGH:
            guides = learn(model.specs, head[:-1], [(pool.particles, pool.worth) for pool in pools])
            # What unguided particles are worth says little of the first guided ones.
            size, led = size if led else PILOT, True
        wanted = int(1.2 * missing * last.size / last.effective) if last.effective else POOL
        size = min(max(wanted, PILOT), 8 * size, POOL)
        last = _pool(model, size, rng, given, head, guides)
        # A guided pool of many particles holds few that matter.
        pools.append(last.condensed(max(4 * n, PILOT), rng))
    _believe(model, pools, rng, given, head)
    return [pool for pool in pools if pool.effective]


def _pool(
    model: Steps,
    size: int,
    rng: np.random.Generator,
    given: Evidence,
    head: tuple[str, ...],
    guides: Guides,
    *,
    resample: bool = True,
) -> Pool:
    """Run `size` particles up to the last block of `head`, which they are weighted by and do not hold."""
    particles, log_evidence = Particles.start(model, size), 0.0
    for name in head[:-1]:
        values, logp, debt = guides.draw(particles, name, rng, given.get(name))
        particles.merit = particles.merit + logp
        weight = normalise(particles.merit)
        if not weight.any():
            return Pool(particles, weight, size, 0.0, -np.inf)
        if resample and name in given and effective(weight) < size / 2:
            log_evidence += log_mean(particles.merit)
            particles = particles.take(systematic(weight, size, rng))
            particles.merit = np.zeros(size)
            values, _, debt = guides.draw(particles, name, rng, given.get(name))
        particles.debt = particles.debt + debt
        particles.put(name, values)
    particles.merit = particles.merit + particles.draw(head[-1], rng, given[head[-1]])[1]
    weight = normalise(particles.log_weight)
    worth = float(effective(np.bincount(particles.origin, weight)))
    return Pool(particles, weight, size, worth, log_evidence + log_mean(particles.log_weight))


def log_mean(log_weight: np.ndarray) -> float:
    """Logarithm of the mean of weights given by their logarithms."""
    top = log_weight.max()
    return float(top + np.log(np.mean(np.exp(log_weight - top)))) if np.isfinite(top) else -np.inf


def _believe(
    model: Steps, pools: list[Pool], rng: np.random.Generator, given: Evidence, head: tuple[str, ...]
) -> None:
    """Raise ConditionError if no particle met the evidence, or only thanks to the model's smoothing."""
    where = ", ".join(name for name in head if name in given)
    spent = sum(pool.size for pool in pools)
    found = [pool for pool in pools if pool.effective]
    if not found:
        raise ConditionError(
            f"not one of {spent:,} generated rows can meet the conditions together",
            where=where,
            fix="They contradict what was learned; widen or drop one",
        )
    log_joint = max(found, key=lambda pool: pool.effective).log_evidence
    rare, ratio = np.log(INCREDIBLE)
    if len(given) > 1 and log_joint < rare and log_joint - _log_independent(model, rng, given, head) < ratio:
        raise ConditionError(
            f"the conditions are met by about 1 row in {np.exp(min(-log_joint, 500.0)):.0e}; none found",
            where=where,
            fix="They contradict what was learned; widen or drop one",
        )


def _log_independent(model: Steps, rng: np.random.Generator, given: Evidence, head: tuple[str, ...]) -> float:
    """Log of the product of each block's evidence's probability alone, of a number's where it is present."""
    particles, total = Particles.start(model, PILOT), 0.0
    for name in head:
        if name in given:
            _, logp = particles.draw(name, rng, given[name])
            closed = shut(model.specs, name, particles.values)
            present = slice(None) if closed is None or closed.all() else ~closed
            total += log_mean(logp[present])
        particles.finish([name], rng)
    return total
