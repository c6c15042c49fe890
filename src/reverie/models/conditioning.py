"""Draw rows of a sequential model that meet given evidence, by sequential Monte Carlo.

Every block that something is known of is drawn from its conditional restricted to the evidence, and the
particle is weighted by the evidence's probability, so nothing is rejected blindly. Where evidence late in the
order is still rarely met, guides learned from the first particles lead the early blocks to where it is.

Source: Doucet & Johansen 2009, sections 3 and 4 (adaptive resampling).
"""

from dataclasses import dataclass

import numpy as np

from reverie.core.errors import ConditionError
from reverie.models.guides import Guides, learn
from reverie.models.particles import (
    Particles,
    Steps,
    effective,
    is_known,
    known_rows,
    normalise,
    spread,
    systematic,
    systematic_rows,
)
from reverie.schema.blocks import CategoryEvidence, Evidence

PILOT = 4096
POOL = 1 << 18
"""Most particles at a time, for the sake of memory."""
WORK = 2_000_000
"""Most particles spent on one answer of at most `ROWS` rows."""
ROWS = 1 << 16
PER_ROW = 32
"""Particles for each row whose own values are known."""
MOST_PER_ROW = 16 * 16 * PER_ROW
"""Particles for such a row in the last of three attempts."""
POOR = 0.25
"""Guides are worth their price where the effective share of a pool is below this."""
INCREDIBLE = 1e-7, 1e-2
"""Evidence contradicts itself if its joint probability is below the first figure, and its ratio to what
independence would give below the second."""


@dataclass(frozen=True)
class Pool:
    """Particles that stand before the last evidence, weighted by all of it.

    `effective` is how many independent rows they are worth, `log_evidence` an estimate of log P(evidence).
    """

    particles: Particles
    weight: np.ndarray
    size: int
    effective: float
    log_evidence: float


def answer(model: Steps, n: int, rng: np.random.Generator, given: Evidence) -> dict[str, np.ndarray]:
    """Arrays of `n` rows, by block, that meet `given`. Raises ConditionError if that cannot be."""
    check(model, n, given)
    if any(known_rows(evidence) is not None for evidence in given.values()):
        step = POOL // PER_ROW
        parts = [_complete(model, np.arange(at, min(at + step, n)), rng, given) for at in range(0, n, step)]
    else:
        parts = [_conditional(model, min(ROWS, n - at), rng, given) for at in range(0, n, ROWS)]
    return stack(parts) if parts else stack([_empty(model, rng)])


def check(model: Steps, n: int, given: Evidence) -> None:
    """Raise ConditionError if evidence names no block, has other than `n` rows, or allows nothing."""
    for name, evidence in given.items():
        if name not in model.order:
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


def stack(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays of the same names, one below the other."""
    return (
        parts[0]
        if len(parts) == 1
        else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    )


def _empty(model: Steps, rng: np.random.Generator) -> dict[str, np.ndarray]:
    particles = Particles.start(model, 0)
    particles.finish(model.order, rng)
    return particles.values


# ---- the same evidence for all rows


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
    pilot = _pool(model, PILOT, rng, given, head, Guides(), resample=False)
    pools, guides, last = [pilot], Guides(), pilot
    while (missing := n - sum(pool.effective for pool in pools)) > 0:
        spent = sum(pool.size for pool in pools)
        if spent >= WORK or (not any(pool.effective for pool in pools) and spent >= WORK // 4):
            break
        if last.effective < POOR * last.size:
            guides = learn(
                model.specs, head[:-1], [(pool.particles, pool.weight * pool.effective) for pool in pools]
            )
        wanted = int(1.2 * missing * last.size / last.effective) if last.effective else 8 * last.size
        last = _pool(model, min(max(wanted, PILOT), 8 * last.size, POOL), rng, given, head, guides)
        pools.append(last)
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
    particles, log_evidence = Particles.start(model, size), 0.0
    for name in head[:-1]:
        values, logp, debt = guides.draw(particles, name, rng, given.get(name))
        particles.merit, particles.debt = particles.merit + logp, particles.debt + debt
        weight = normalise(particles.merit)
        if resample and name in given and 0 < effective(weight) < size / 2:
            log_evidence += log_mean(particles.merit)
            particles = particles.take(systematic(weight, size, rng))
            particles.merit = np.zeros(size)
            values, _, debt = guides.draw(particles, name, rng, given.get(name))
        particles.put(name, values)
    _, logp = particles.draw(head[-1], rng, given[head[-1]])
    particles.merit = particles.merit + logp
    weight = normalise(particles.log_weight)
    return Pool(
        particles, weight, size, _distinct(particles, weight), log_evidence + log_mean(particles.log_weight)
    )


def _distinct(particles: Particles, weight: np.ndarray) -> float:
    """Effective number of particles, where those of one origin count as one."""
    return float(effective(np.bincount(particles.origin, weight, minlength=1)))


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
    """Log of the product of the probabilities of each block's evidence alone."""
    particles, total = Particles.start(model, PILOT), 0.0
    for name in head:
        if name in given:
            total += log_mean(particles.draw(name, rng, given[name])[1])
        particles.finish([name], rng)
    return total


# ---- each row's own evidence


def _complete(
    model: Steps, rows: np.ndarray, rng: np.random.Generator, given: Evidence, count: int = PER_ROW
) -> dict[str, np.ndarray]:
    """One survivor of `count` particles for each of `rows`; rows none of whose particles lived get more.

    In the last attempt a known value that the model holds to be impossible is a fact that tells nothing.
    """
    final = count >= MOST_PER_ROW
    particles, alive = _race(model, rows, rng, given, count, lenient=final)
    dead = np.flatnonzero(~alive)
    if len(dead) == 0:
        return particles.values
    if final:
        raise ConditionError(
            f"{len(dead):,} of {len(rows):,} given rows cannot meet the conditions",
            where=", ".join(given),
            fix="They contradict what was learned; widen or drop a condition",
        )
    step = POOL // (16 * count)
    again = stack(
        [
            _complete(model, rows[dead[at : at + step]], rng, given, 16 * count)
            for at in range(0, len(dead), step)
        ]
    )
    for name, array in particles.values.items():
        array[dead] = again[name]
    return particles.values


def _race(
    model: Steps, rows: np.ndarray, rng: np.random.Generator, given: Evidence, count: int, *, lenient: bool
) -> tuple[Particles, np.ndarray]:
    particles = Particles.start(model, len(rows) * count, origin=np.repeat(rows, count))
    alive = np.ones(len(rows), bool)
    for name in model.order:
        here = spread({name: given[name]}, particles.origin)[name] if name in given else None
        values, logp = particles.draw(name, rng, here)
        particles.put(name, values)
        if here is None:
            continue
        logp = logp.reshape(-1, count)
        if lenient:
            logp = np.where(
                is_known(here, len(particles)).reshape(-1, count)
                & np.isneginf(logp).all(axis=1, keepdims=True),
                0.0,
                logp,
            )
        particles.merit = particles.merit + logp.ravel()
        particles, living = _resample_rows(particles, count, rng)
        alive &= living
    return particles.take(_survivors(particles.merit.reshape(-1, count), rng)), alive


def _resample_rows(
    particles: Particles, count: int, rng: np.random.Generator
) -> tuple[Particles, np.ndarray]:
    """Resample the particles of each row whose weights are poor, and say which rows have any weight left."""
    merit = particles.merit.reshape(-1, count)
    weight = normalise(merit)
    living, poor = weight.max(axis=1) > 0, effective(weight) < count / 2
    if poor.any():
        keep = np.where((poor & living)[:, None], weight, 1 / count)
        particles = particles.take(systematic_rows(keep, rng))
        particles.merit = np.where(poor[:, None], 0.0, merit).ravel()
    return particles, living


def _survivors(merit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One position in each row's particles, drawn by weight (the Gumbel trick)."""
    best = np.argmax(merit + rng.gumbel(size=merit.shape), axis=1)
    return best + np.arange(len(merit)) * merit.shape[1]
