"""Gradient boosting as measures use it: LightGBM with the settings of the field's protocols, and the features
it sees.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.evaluation.view import Side, View

if TYPE_CHECKING:
    import lightgbm

SETTINGS = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 0,
}
WIDE = 2_000_000
"""Below so many cells one thread is as fast as several, and does not stall where other programs run."""


@dataclass(frozen=True)
class Features:
    """A matrix for boosting, (rows, columns) float64, NaN for missing, and which columns hold codes."""

    names: tuple[str, ...]
    values: np.ndarray
    categorical: tuple[int, ...]


def features(view: View, side: Side, without: str | None = None) -> Features:
    """All compared columns in schema order but `without`."""
    fields = [field for field in view.fields if field.name != without]
    values = np.empty((side.rows, len(fields)))
    for place, field in enumerate(fields):
        if field.categorical:
            codes = side.codes[:, field.index]
            values[:, place] = np.where(codes < 0, np.nan, codes)
        else:
            values[:, place] = side.numbers[:, field.index]
    categorical = tuple(place for place, field in enumerate(fields) if field.categorical)
    return Features(tuple(field.name for field in fields), values, categorical)


def dataset(inputs: Features, labels: np.ndarray) -> "lightgbm.Dataset":
    """Binned once; folds are taken with `subset`."""
    import lightgbm

    return lightgbm.Dataset(
        inputs.values,
        labels,
        categorical_feature=list(inputs.categorical),
        params={"verbosity": -1, "num_threads": 1},
        free_raw_data=False,
    )


def train(data: "lightgbm.Dataset", rounds: int, **settings: Any) -> "lightgbm.Booster":
    """Boost for `rounds` rounds."""
    import lightgbm

    data.construct()
    threads = 1 if data.num_data() * data.num_feature() < WIDE else 0
    return lightgbm.train({**SETTINGS, "num_threads": threads, **settings}, data, rounds)
