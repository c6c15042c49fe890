"""One column's distribution in each table, coarse enough to be shown: no value that only a few people share."""

from typing import Any

import numpy as np

from reverie.evaluation.view import Field, Side, View

BINS = 40
TAIL = 0.005
"""This share of the real values at either end falls into the outer bins, so that no extreme is shown."""
TOP = 15
SHARED = 5
"""A category is named only if at least so many real rows hold it."""


def describe(field: Field, view: View) -> dict[str, Any]:
    """What a report draws of a column: shares of the rows present, and shares missing, for each table.

    Numbers have `edges` (BINS + 1, nanoseconds for dates) and shares of BINS bins; categories have `labels`, the most
    frequent first and the rest together as the last, which is None.
    """
    sides = {"real": view.real, "fake": view.fake} | ({} if view.holdout is None else {"holdout": view.holdout})
    shown = _categories(field, sides) if field.categorical else _numbers(field, sides)
    return {"distribution": shown, "missing": {name: _missing(field, side) for name, side in sides.items()}}


def _missing(field: Field, side: Side) -> float:
    holes = side.codes[:, field.index] < 0 if field.categorical else np.isnan(side.numbers[:, field.index])
    return float(holes.mean()) if side.rows else 0.0


def _numbers(field: Field, sides: dict[str, Side]) -> dict[str, Any]:
    values = {name: side.numbers[:, field.index] for name, side in sides.items()}
    values = {name: array[~np.isnan(array)] for name, array in values.items()}
    if not len(values["real"]):
        return {"edges": [], "shares": {name: [] for name in values}}
    low, high = np.quantile(values["real"], [TAIL, 1 - TAIL])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    shares = {name: _shares(np.histogram(np.clip(array, low, edges[-1]), edges)[0]) for name, array in values.items()}
    return {"edges": edges.tolist(), "shares": shares}


def _categories(field: Field, sides: dict[str, Side]) -> dict[str, Any]:
    size = max(1, len(field.labels))
    counts = {name: _counts(side.codes[:, field.index], size) for name, side in sides.items()}
    order = np.argsort(-counts["real"], kind="stable")
    named = order[counts["real"][order] >= SHARED][:TOP]
    rest = np.setdiff1d(order, named)
    shares = {name: _shares(np.append(count[named], count[rest].sum())) for name, count in counts.items()}
    return {"labels": [*(field.labels[code] for code in named), None], "shares": shares}


def _counts(codes: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(codes[codes >= 0], minlength=size)


def _shares(counts: np.ndarray) -> list[float]:
    return (counts / max(1, counts.sum())).tolist()
