"""Pictures and sounds: are they as varied and as real as real ones, and do they show what their rows say?

All is told by the features of a network that learned the other columns of the user's own real rows from
their cells. Floors are of unseen real rows. Sources: Heusel et al. 2017 (Frechet distance, equation 6);
Kynkaanniemi et al. 2019 (precision and recall, equations 1 and 2).
"""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.columnwise import worst
from reverie.evaluation.intervals import wilson
from reverie.evaluation.likeness import media_columns
from reverie.evaluation.recognition import Cells, Recognised, Told, cells_of

FEWEST = 50
"""Cells of each table under which nothing is measured."""
NEIGHBOURS = 3
"""Which neighbour a real cell's surroundings reach to."""
DRAWS = 40
"""Resamples of an interval."""
MOST = 1_000
"""Cells whose distances are compared."""


@dataclass(frozen=True)
class Sight:
    """Features (rows, d) of real, synthetic and, if there are, unseen cells of a column."""

    name: str
    real: np.ndarray
    fake: np.ndarray
    unseen: np.ndarray | None


class Media(Measure):
    """How pictures and sounds compare, of the column where that is worst."""

    name = "media_quality"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`media_frechet`, `media_precision`, `media_recall` and `media_coherence`, if another column can be
        told; none without torch, or with too few cells.
        """
        names = media_columns(comparison.schema)
        if not names or find_spec("torch") is None or find_spec("lightning_fabric") is None:
            return []
        return worst(((name, _column(comparison, name)) for name in names), _badness)


def _column(comparison: Comparison, name: str) -> list[Measurement]:
    view = comparison.view
    real = cells_of(comparison, comparison.real, view.real, name)
    fake = cells_of(comparison, comparison.fake, view.fake, name)
    unseen = None
    if comparison.holdout is not None and view.holdout is not None:
        unseen = cells_of(comparison, comparison.holdout, view.holdout, name)
        unseen = None if len(unseen) < FEWEST else unseen
    if min(len(real), len(fake)) < FEWEST:
        return []
    rng = comparison.generator("media", name)
    sizes = [len(field.labels) for field in view.categories]
    learned = Recognised.learn(real, sizes, seed=int(rng.integers(2**31)))
    told = learned.tell(fake)
    beside = None if unseen is None else learned.tell(unseen)
    sight = Sight(name, learned.tell(real).features, told.features, beside and beside.features)
    found = [_frechet(sight, rng), *_coverage(sight, rng)]
    if not learned.categories:
        return found
    names = [view.categories[place].name for place in learned.categories]
    right = _right(learned, fake, told)
    floor = _right(learned, unseen, beside) if unseen is not None and beside is not None else None
    return [*found, _coherence(right, floor, len(fake), name, names)]


def frechet(left: np.ndarray, right: np.ndarray) -> float:
    """The Frechet distance of the normal distributions with the moments of two sets of features."""
    means, spreads = zip(*((one.mean(0), np.cov(one.T)) for one in (left, right)), strict=True)
    # The trace of the root of a product of two covariances is the sum of the roots of its eigenvalues.
    values = np.linalg.eigvals(spreads[0] @ spreads[1])
    root = np.sqrt(np.maximum(values.real, 0.0)).sum()
    return float(np.square(means[0] - means[1]).sum() + np.trace(spreads[0] + spreads[1]) - 2 * root)


def covered(points: np.ndarray, records: np.ndarray) -> np.ndarray:
    """Which points (n, d) lie as near to one of the records as its third nearest other record does, (n,)."""
    gaps = _gaps(records, records)
    reach = np.partition(gaps, NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    return np.any(_gaps(points, records) <= reach, axis=1)


def _gaps(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Squared distances, (left, right)."""
    found = np.square(left).sum(1)[:, None] - 2 * left @ right.T + np.square(right).sum(1)
    return np.maximum(found, 0.0)


def _frechet(sight: Sight, rng: np.random.Generator) -> Measurement:
    """Of as many cells on both sides, as few look farther apart than many."""
    others = [sight.fake] if sight.unseen is None else [sight.fake, sight.unseen]
    n = min(len(sight.real), *(len(one) for one in others))
    real, *others = (one[rng.permutation(len(one))[:n]] for one in (sight.real, *others))
    value, *floor = (frechet(one, real) for one in others)
    drawn = [frechet(others[0][rng.integers(n, size=n)], real[rng.integers(n, size=n)]) for _ in range(DRAWS)]
    # Resampled sets look farther apart by what repeats in them: the spread alone is taken from them.
    half = 1.96 * float(np.std(drawn))
    about = f"Frechet distance of what is seen in '{sight.name}' by a network that learned the real rows"
    return Measurement(
        "media_frechet", value, max(value - half, 0.0), value + half, floor[0] if floor else None, n,
        "lower", 0.0, f"{about}; beside that of unseen real ones.",
    )  # fmt: skip


def _coverage(sight: Sight, rng: np.random.Generator) -> list[Measurement]:
    """Precision: which made are among the real; recall: which real are among the made."""
    others = [sight.fake] if sight.unseen is None else [sight.fake, sight.unseen]
    n = min(MOST, len(sight.real), *(len(one) for one in others))
    real, *others = (one[rng.permutation(len(one))[:n]] for one in (sight.real, *others))
    said = {
        "media_precision": f"Per cent of synthetic '{sight.name}' that look like a real one",
        "media_recall": f"Per cent of real '{sight.name}' that a synthetic one looks like",
    }
    found = []
    for name, about in said.items():
        pairs = [(one, real) if name == "media_precision" else (real, one) for one in others]
        value, *floor = (float(covered(*pair).mean()) for pair in pairs)
        found.append(_share(name, value, floor, n, f"{about}, among the surroundings of its features."))
    return found


def _share(name: str, value: float, floor: list[float], n: int, about: str) -> Measurement:
    low, high = wilson(value, n)
    beside = 100 * floor[0] if floor else None
    return Measurement(name, 100 * value, 100 * low, 100 * high, beside, n, "higher", 100.0, about)


def _coherence(made: np.ndarray, real: np.ndarray | None, n: int, name: str, names: list[str]) -> Measurement:
    """How often the categories `names` of `n` rows are told from their cells, by category (names,)."""
    value = float(np.nanmean(made))
    low, high = wilson(value, n)
    beside = [None] * len(names) if real is None else [_percent(share) for share in real]
    columns = [
        {"name": one, "made": _percent(share), "unseen": other}
        for one, share, other in zip(names, made, beside, strict=True)
    ]
    floor = None if real is None else 100 * float(np.nanmean(real))
    about = f"Per cent of the categories of synthetic rows that a network tells from '{name}'"
    return Measurement(
        "media_coherence", 100 * value, 100 * low, 100 * high, floor, n, "higher", 100.0,
        f"{about}, which learned that from real rows; beside unseen real rows.", {"columns": columns},
    )  # fmt: skip


def _right(learned: Recognised, cells: Cells, told: Told) -> np.ndarray:
    """The share of each category's codes that are told, NaN where there are none."""
    codes = cells.side.codes[:, learned.categories]
    right, there = (told.codes == codes) & (codes >= 0), (codes >= 0).sum(0)
    return np.where(there > 0, right.sum(0) / np.maximum(there, 1), np.nan)


def _percent(share: float) -> float | None:
    return None if np.isnan(share) else 100 * float(share)


def _badness(one: Measurement) -> float:
    return one.value if one.better == "lower" else -one.value


MEASURE = Media()
