"""Values drawn from what a network says of a block, under what is known of it, and the chance of that."""

from collections.abc import Callable

import numpy as np

from reverie.models.histogram import Histograms, pick
from reverie.schema.blocks import Category, CategoryEvidence, RealEvidence


def draw_codes(
    logits: np.ndarray, spec: Category, rng: np.random.Generator, evidence: CategoryEvidence | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Codes (rows,) int32 of logits (rows, k), and the log probability of the evidence, as
    `models.sequential.Sequential.draw` has them.
    """
    wanted = ~np.isin(np.arange(spec.k), spec.muted)
    free = np.where(wanted, logits, -np.inf) if wanted.any() else logits
    if evidence is None:
        return _pick(free, rng), None
    if evidence.allowed is not None:
        wanted &= evidence.allowed
    held = np.where(wanted, logits, -np.inf) if wanted.any() else free
    logp = log_sum(held) - log_sum(free) if wanted.any() else np.full(len(free), -np.inf)
    drawn = _pick(held, rng)
    if evidence.codes is not None:
        known, codes = evidence.codes >= 0, np.maximum(evidence.codes, 0)
        found = logits[np.arange(len(codes)), codes] - log_sum(logits)
        logp = np.where(known, found, logp if evidence.allowed is not None else 0.0)
        drawn = np.where(known, codes, drawn).astype(np.int32)
    return drawn, logp


def draw_numbers(
    histograms: Callable[[np.ndarray], Histograms],
    rows: int,
    there: np.ndarray,
    rng: np.random.Generator,
    evidence: RealEvidence | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Numbers (rows, 1, 1) at the positions `there`, NaN elsewhere, and the log probability of the evidence.

    `histograms` gives those of the rows at some positions. Where a value is known, that is its log density.
    """
    out, logp = np.full(rows, np.nan), np.zeros(rows)
    some = histograms(there)
    if evidence is None or not evidence.bounded:
        out[there] = some.draw(rng)
    else:
        out[there], mass = some.draw_within(*evidence.intervals, rng)
        with np.errstate(divide="ignore"):
            logp[there] = np.log(mass)
    if evidence is not None and evidence.values is not None:
        held = there[~np.isnan(evidence.values[there])]
        out[held] = evidence.values[held]
        logp[held] = histograms(held).log_density(out[held])
    return out.reshape(-1, 1, 1), None if evidence is None else logp


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis; a logit of -inf is none."""
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    return proba / proba.sum(axis=1, keepdims=True)


def log_sum(logits: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exponentials of each row, (rows,) float64."""
    top = logits.max(axis=1)
    with np.errstate(divide="ignore"):
        return top + np.log(np.exp(logits - top[:, None], dtype=np.float64).sum(axis=1))


def _pick(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return pick(softmax(logits), rng).astype(np.int32)
