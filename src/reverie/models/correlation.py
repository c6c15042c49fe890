"""Estimate the correlation matrix of normal latents of which categories show only the interval."""

from collections.abc import Sequence

import numpy as np

from reverie.models.margins import CategoryMargin, Margin

TERMS = 24
"""Terms of the Hermite series: two binary columns show correlations up to about .95 by it."""
SWEEPS = 10
"""Rounds of `refine`; the second half is averaged."""
STRONGEST = 0.999
FLOOR = 1e-5
"""Least eigenvalue that needs no repair."""


def estimate(
    margins: Sequence[Margin], scores: np.ndarray, weights: np.ndarray, shrinkage: float
) -> np.ndarray:
    """Correlation of the latents, positive definite, from their means given what was seen: (rows, latents).

    NaN scores are absent, and each pair is estimated where both are present. `shrinkage` is a number of rows
    of independence added to each pair.
    """
    present = ~np.isnan(scores)
    filled = np.where(present, scores, 0.0)
    mass = (present * weights[:, None]).T @ present.astype(float)
    first = (filled * weights[:, None]).T @ present
    second = (filled * weights[:, None]).T @ filled
    count = np.maximum(mass, 1e-12)
    moment = second / count - (first / count) * (first.T / count)
    observed = moment * mass / (mass + shrinkage)
    found = latent_correlation(np.stack([hermite(margin) for margin in margins]), observed)
    return positive_definite(found, np.clip(np.diag(mass) / max(weights.sum(), 1e-12), 1e-3, 1))


def hermite(margin: Margin) -> np.ndarray:
    """The margin's score in terms 1..TERMS of the normalised Hermite polynomials of its latent, (TERMS,)."""
    out = np.zeros(TERMS)
    if not isinstance(margin, CategoryMargin):
        out[0] = 1.0
        return out
    edges, scores = margin.edges, margin.normal_scores()[margin.codes]
    inner = np.where(np.isfinite(edges), edges, 0.0)
    density = np.where(np.isfinite(edges), np.exp(-0.5 * np.square(inner)) / np.sqrt(2 * np.pi), 0.0)
    last, this = np.zeros_like(inner), np.ones_like(inner)
    for m in range(1, TERMS + 1):
        out[m - 1] = -scores @ np.diff(this * density) / np.sqrt(m)
        last, this = this, (inner * this - np.sqrt(m - 1) * last) / np.sqrt(m)
    return out


def latent_correlation(series: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """The correlations rho that give the covariances of scores: sum over m of rho^m c_jm c_km = observed_jk.

    Source: Kibble 1945 (Mehler's formula); solved for all pairs at once by bisection.
    """
    terms = [np.multiply.outer(column, column) for column in series.T]
    low, high = np.full_like(observed, -STRONGEST), np.full_like(observed, STRONGEST)
    for _ in range(24):
        middle = (low + high) / 2
        value = np.zeros_like(observed)
        for term in reversed(terms):
            value = (value + term) * middle
        above = value > observed
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    found = np.where(terms[0] > 1e-9, (low + high) / 2, 0.0)
    np.fill_diagonal(found, 1.0)
    return (found + found.T) / 2


def positive_definite(matrix: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The matrix itself if it is positive definite, else with every latent made noisier, and its diagonal 1.

    `present` (latents,) is the share of rows with each latent: the fewer, the more noise. The noise is twice
    what just removes the negative eigenvalues: relations as tight as that error are not known to exist.
    """
    if np.linalg.eigvalsh(matrix)[0] >= FLOOR:
        return matrix
    root = np.sqrt(present)
    error = max(-np.linalg.eigvalsh(matrix * root * root[:, None])[0], 0.0)
    return standardised(matrix + np.diag((2 * error + FLOOR) / present))


def standardised(covariance: np.ndarray) -> np.ndarray:
    """The correlation matrix of a covariance matrix."""
    scale = np.sqrt(np.diag(covariance))
    return covariance / scale / scale[:, None]


def refine(
    correlation: np.ndarray,
    margins: Sequence[Margin],
    seen: Sequence[np.ndarray],
    weights: np.ndarray,
    shrinkage: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """A correlation matrix nearer to the most likely one than the pairwise estimate it starts from.

    `seen` has each latent's values, (rows,): codes of a category, numbers with NaN where absent. What they
    hide of the latents is drawn given all other latents, and the correlations follow from the drawn.

    Source: Celeux & Diebolt 1985 (stochastic EM); Hoff 2007 (copulas by Gibbs sampling).
    """
    hidden = [
        j for j, margin in enumerate(margins) if isinstance(margin, CategoryMargin) or np.isnan(seen[j]).any()
    ]
    latents = np.zeros((len(margins), len(weights)))
    for j, margin in enumerate(margins):
        latents[j] = margin.latent(latents[j], 1.0, seen[j], rng)
    kept = []
    for sweep in range(SWEEPS if hidden else 0):
        precision = np.linalg.inv(correlation)
        for j in hidden:
            variance = 1 / precision[j, j]
            mean = latents[j] - variance * (precision[j] @ latents)
            latents[j] = margins[j].latent(mean, np.sqrt(variance), seen[j], rng)
        correlation = standardised((latents * weights) @ latents.T + shrinkage * np.eye(len(latents)))
        if sweep >= SWEEPS // 2:
            kept.append(correlation)
    return np.mean(kept, axis=0) if kept else correlation


def ordered_codes(codes: np.ndarray, k: int, others: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The k codes, ordered along the direction in which their mean scores of the other latents differ most.

    `codes` is (rows,), `others` (rows, latents) without NaN. Means of rare codes are drawn towards 0.
    """
    ranked = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[ranked], np.arange(k))
    seen = np.bincount(codes, minlength=k) > 0
    sums, mass = np.zeros((k, others.shape[1])), np.bincount(codes, weights, minlength=k)
    sums[seen] = np.add.reduceat((others * weights[:, None])[ranked], starts[seen], axis=0)
    means = sums / (mass[:, None] + 20.0)
    _, vectors = np.linalg.eigh((means * mass[:, None]).T @ means)
    return np.argsort(means @ vectors[:, -1], kind="stable")
