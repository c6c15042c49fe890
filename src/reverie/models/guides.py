"""Guides: regions of early blocks from which late evidence is met, learned from weighted particles.

A guided block is drawn from its region most of the time and freely the rest of the time; the particle's debt
makes good the difference exactly, so a wrong guide costs efficiency and never correctness.

Source: Guarniero, Johansen & Lee 2017 (twisting); Hesterberg 1995 (defensive mixtures).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reverie.models.particles import BlockEvidence, Particles
from reverie.schema.blocks import Category, CategoryEvidence, Real, RealEvidence, Spec

FREE = 0.2
"""Share of particles drawn without guidance: bounds their weight by its inverse."""
INSIDE = 0.98
"""Share of the weight that a region holds."""
NARROW = 0.5
"""A region that holds more than this share of unweighted particles is not worth a guide."""


@dataclass(frozen=True)
class Guides:
    """Block name -> its region."""

    regions: Mapping[str, BlockEvidence] = field(default_factory=dict)

    def draw(
        self, particles: Particles, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, log probability of the evidence, and log correction for the guidance, of each particle."""
        values, logp = particles.draw(name, rng, evidence)
        region = self.regions.get(name)
        narrowed = None if region is None else intersect(region, evidence)
        if narrowed is None:
            return values, logp, np.zeros(len(particles))
        led, log_inside = particles.draw(name, rng, narrowed)
        # Share of the region within the evidence; 0 where the region is out of reach, and then nobody is led.
        share = np.exp(np.minimum(log_inside - np.where(np.isfinite(logp), logp, 0.0), 0.0))
        follow = (rng.random(len(particles)) >= FREE) & (share > 0)
        values[follow] = led[follow]
        # A closed gate leaves no value, and both draws are then the same draw.
        inside = contains(narrowed, values)
        density = FREE + np.where(inside, (1 - FREE) / np.where(share > 0, share, 1.0), 0.0)
        void = np.isnan(values.reshape(len(values), -1)).any(axis=1) | (share == 0)
        return values, logp, np.where(void, 0.0, -np.log(density))


def intersect(region: BlockEvidence, evidence: BlockEvidence | None) -> BlockEvidence | None:
    """What both allow, or None if that is nothing."""
    if evidence is None:
        return region
    if isinstance(region, CategoryEvidence) and isinstance(evidence, CategoryEvidence):
        allowed = evidence.allowed if region.allowed is None else region.allowed & evidence.allowed
        return CategoryEvidence(allowed) if allowed is not None and allowed.any() else None
    if isinstance(region, CategoryEvidence) or isinstance(evidence, CategoryEvidence):
        return None
    both = region.meet(evidence)
    return both if both.low < both.high else None


def contains(region: BlockEvidence, values: np.ndarray) -> np.ndarray:
    """Which values lie in the region, (rows,) bool."""
    if isinstance(region, CategoryEvidence):
        return np.ones(len(values), bool) if region.allowed is None else region.allowed[values]
    return region.contains(values.reshape(len(values), -1)[:, 0])


def learn(
    specs: tuple[Spec, ...], names: tuple[str, ...], pools: Sequence[tuple[Particles, np.ndarray]]
) -> Guides:
    """Regions of the blocks `names` that hold nearly all the weight but few particles of the first pool.

    The first pool is neither guided nor resampled; the weights of a pool sum to what it is worth.
    """
    regions = {}
    for spec in specs:
        if spec.name not in names:
            continue
        first = pools[0][0].values[spec.name]
        values = np.concatenate([particles.values[spec.name] for particles, _ in pools])
        weight = np.concatenate([weight for _, weight in pools])
        region = (
            _codes(spec, values, weight) if isinstance(spec, Category) else _interval(spec, values, weight)
        )
        if region is not None and contains(region, first).mean() < NARROW * _present(first):
            regions[spec.name] = region
    return Guides(regions)


def _present(values: np.ndarray) -> float:
    return float(np.mean(~np.isnan(values.reshape(len(values), -1)[:, 0])))


def _codes(spec: Category, values: np.ndarray, weight: np.ndarray) -> CategoryEvidence | None:
    mass = np.bincount(values, weight, minlength=spec.k)
    if not mass.any():
        return None
    ranked = np.argsort(-mass)
    within = np.cumsum(mass[ranked]) - mass[ranked] < INSIDE * mass.sum()
    allowed = np.zeros(spec.k, bool)
    allowed[ranked[within & (mass[ranked] > 0)]] = True
    return CategoryEvidence(allowed)


def _interval(spec: Spec, values: np.ndarray, weight: np.ndarray) -> RealEvidence | None:
    if not isinstance(spec, Real) or spec.n * spec.d != 1:
        return None
    flat = values.reshape(-1)
    held = (weight > 0) & ~np.isnan(flat)
    if np.count_nonzero(held) < 3:
        return None
    order = np.argsort(flat[held])
    place, mass = flat[held][order], np.cumsum(weight[held][order])
    cut = (1 - INSIDE) / 2 * mass[-1]
    low, high = (
        place[np.searchsorted(mass, cut)],
        place[min(np.searchsorted(mass, mass[-1] - cut), len(place) - 1)],
    )
    margin = (high - low) * (0.1 + 2 / len(place))
    return RealEvidence(float(low - margin), float(high + margin))
