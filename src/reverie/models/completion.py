"""Complete rows of which each has its own known values, by a small population of particles for each row.

All that is known holds in every particle, so only the unknown values compete: particles are weighted by the
probability of what is known after them, resampled within their row, and one survives.
"""

import numpy as np

from reverie.core.errors import ConditionError
from reverie.models.particles import (
    POOL,
    Particles,
    Steps,
    effective,
    is_known,
    normalise,
    spread,
    stack,
    systematic_rows,
)
from reverie.schema.blocks import Evidence

PER_ROW = 32
"""Particles of a row in the first attempt."""
MORE = 16
"""Factor of each further attempt."""
MOST = MORE * MORE * PER_ROW
"""Particles of a row in the last attempt."""


def complete(
    model: Steps, rows: np.ndarray, rng: np.random.Generator, given: Evidence, count: int = PER_ROW
) -> dict[str, np.ndarray]:
    """Arrays by block of the rows at the positions `rows` of the evidence, of `count` particles each.

    Rows none of whose particles lived get more. In the last attempt a known value that the model holds to be
    impossible is a fact that tells nothing. Raises ConditionError if other evidence cannot be met.
    """
    step = max(POOL // count, 1)
    chunks = [rows[at : at + step] for at in range(0, len(rows), step)]
    return stack([_attempt(model, chunk, rng, given, count) for chunk in chunks])


def _attempt(
    model: Steps, rows: np.ndarray, rng: np.random.Generator, given: Evidence, count: int
) -> dict[str, np.ndarray]:
    particles, alive = _race(model, rows, rng, given, count)
    dead = np.flatnonzero(~alive)
    if len(dead) == 0:
        return particles.values
    if count >= MOST:
        raise ConditionError(
            f"{len(dead):,} of {len(rows):,} given rows cannot meet the conditions",
            where=", ".join(given),
            fix="They contradict what was learned; widen or drop a condition",
        )
    again = complete(model, rows[dead], rng, given, MORE * count)
    for name, array in particles.values.items():
        array[dead] = again[name]
    return particles.values


def _race(
    model: Steps, rows: np.ndarray, rng: np.random.Generator, given: Evidence, count: int
) -> tuple[Particles, np.ndarray]:
    """The survivor of each row, and which rows have one that meets the evidence."""
    particles = Particles.start(model, len(rows) * count, rng, origin=np.repeat(rows, count))
    alive = np.ones(len(rows), bool)
    for name in model.order:
        here = spread({name: given[name]}, particles.origin)[name] if name in given else None
        values, logp = particles.draw(name, rng, here)
        particles.put(name, values)
        if here is None:
            continue
        if count >= MOST:
            hopeless = np.repeat(np.isneginf(logp.reshape(-1, count)).all(axis=1), count)
            logp = np.where(hopeless & is_known(here, len(particles)), 0.0, logp)
        particles.merit = particles.merit + logp
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
