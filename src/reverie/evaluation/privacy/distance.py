"""Distance to the closest record: are synthetic rows nearer to the rows the model learned from than to unseen
ones?

With equally many training and holdout rows, a generator that learned only the distribution is nearer to a
training row half of the time. Source: Platzer and Reutterer (2021), Holdout-based empirical assessment of
mixed-type synthetic data.
"""

import math

import numpy as np

from reverie.evaluation import neighbours
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import wilson
from reverie.evaluation.neighbours import Nearest
from reverie.evaluation.view import View

QUERIES = 5000
REFERENCES = 25_000
CLOSEST = 0.05
"""The share of synthetic rows, the ones closest to any real row, that is looked at once more."""
FEWEST = 50


def share_nearer(train: Nearest, holdout: Nearest) -> tuple[float, float]:
    """Share of queries nearer to train than to holdout, ties half, and the effective number of independent
    queries.

    Queries with the same closest record are no independent evidence: were that record in the other half, all
    of them would change sides. Exactly n queries with n different closest records count n.
    """
    nearer = train.first < holdout.first
    share = float(np.mean(nearer + 0.5 * (train.first == holdout.first)))
    record = np.where(nearer, train.record, -1 - holdout.record)
    _, sizes = np.unique(record, return_counts=True)
    return share, len(record) ** 2 / float(np.square(sizes.astype(float)).sum())


class Distance(Measure):
    """Shares nearer to train than to holdout, by distance and by the ratio of the two nearest distances."""

    name = "distance"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`dcr_share`, `dcr_share_closest` and `nndr_share`; none without a holdout or with too few rows."""
        view, rng = comparison.view, comparison.generator("distance")
        if view.holdout is None or not view.fields:
            return []
        size = min(view.real.rows, view.holdout.rows, REFERENCES)
        if size < FEWEST or view.fake.rows < FEWEST:
            return []
        fake = view.fake.some(QUERIES, rng)
        train, holdout = (
            neighbours.nearest(view, fake, side.some(size, rng)) for side in (view.real, view.holdout)
        )
        floors = _floors(view, size // 2, rng)
        return _figures(train, holdout, floors)


def _floors(view: View, half: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """The shares for one half of the holdout in the place of the synthetic rows, the other half as the
    holdout.
    """
    assert view.holdout is not None
    order = rng.permutation(view.holdout.rows)
    fake = view.holdout.take(order[half : 2 * half][:QUERIES])
    train = neighbours.nearest(view, fake, view.real.some(half, rng))
    holdout = neighbours.nearest(view, fake, view.holdout.take(order[:half]))
    return share_nearer(train, holdout)[0], _closest(train, holdout)[0], _ratio_share(train, holdout)


def _figures(train: Nearest, holdout: Nearest, floors: tuple[float, float, float]) -> list[Measurement]:
    n = len(train.first)
    detail = {
        "dcr": {"train": _spread(train.first), "holdout": _spread(holdout.first)},
        "nndr": {"train": _spread(train.ratio), "holdout": _spread(holdout.ratio)},
        "curve": _curve(train.first, holdout.first),
    }
    share, effective = share_nearer(train, holdout)
    closest, closest_effective = _closest(train, holdout)
    return [
        _figure("dcr_share", share, effective, floors[0], n, "Share of synthetic rows", detail),
        _figure(
            "dcr_share_closest",
            closest,
            closest_effective,
            floors[1],
            math.ceil(CLOSEST * n),
            f"Among the {CLOSEST:.0%} of synthetic rows that are closest to any real row, the share",
            {},
        ),
        _figure(
            "nndr_share",
            _ratio_share(train, holdout),
            effective,
            floors[2],
            n,
            "By the ratio of the nearest to the second nearest distance: share of synthetic rows",
            {},
        ),
    ]


def _figure(
    name: str, share: float, effective: float, floor: float, n: int, about: str, detail: dict
) -> Measurement:
    low, high = wilson(share, effective)
    return Measurement(
        name=name,
        value=share,
        low=low,
        high=high,
        floor=floor,
        n=n,
        better="target",
        ideal=0.5,
        explanation=f"{about} nearer to a training row than to an unseen real row; 0.5 is no copying.",
        detail=detail,
    )


def _closest(train: Nearest, holdout: Nearest) -> tuple[float, float]:
    near = np.argsort(np.minimum(train.first, holdout.first), kind="stable")
    near = near[: math.ceil(CLOSEST * len(near))]
    return share_nearer(train.take(near), holdout.take(near))


def _ratio_share(train: Nearest, holdout: Nearest) -> float:
    return float(np.mean((train.ratio < holdout.ratio) + 0.5 * (train.ratio == holdout.ratio)))


def _spread(values: np.ndarray) -> dict[str, float]:
    low, middle = np.quantile(values, [0.05, 0.5])
    return {"p05": float(low), "median": float(middle), "mean": float(values.mean())}


def _curve(train: np.ndarray, holdout: np.ndarray) -> dict[str, list[float]]:
    """Shares of synthetic rows within a distance of a training and of a holdout row."""
    edges = np.linspace(0, float(np.quantile(np.concatenate([train, holdout]), 0.99)), 51)
    within = {
        name: np.searchsorted(np.sort(d), edges, "right") / len(d)
        for name, d in (("train", train), ("holdout", holdout))
    }
    return {"distance": edges.tolist(), **{name: share.tolist() for name, share in within.items()}}


MEASURE = Distance()
