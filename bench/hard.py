"""Tables that break generators: few rows, many columns, many missing values, a rare class."""

import numpy as np
import pandas as pd

FEW, SOME = 500, 6_000
"""Rows of the half learned from: of the small table, and of those with gaps or a rare class."""
GAPS, RARE = 0.3, 0.01
"""Share of cells that are emptied, and share of the rare class."""
COLUMNS, CUT, WIDE = 89, 30, 8_000
"""Columns besides the target, how many of them are cut into classes, and rows of both halves."""
SEED = 20261126

Two = tuple[pd.DataFrame, pd.DataFrame]


def few(train: pd.DataFrame, holdout: pd.DataFrame) -> Two:
    """Some hundred rows of each half."""
    return train[:FEW], holdout[:FEW]


def gaps(train: pd.DataFrame, holdout: pd.DataFrame, target: str) -> Two:
    """Cells of all columns but the target emptied, each by the same chance."""
    rng = np.random.default_rng(SEED)
    found = []
    for half in (train[:SOME].copy(), holdout[:SOME].copy()):
        for name in half.columns.drop(target):
            half[name] = half[name].mask(rng.random(len(half)) < GAPS)
        found.append(half)
    return found[0], found[1]


def rare(train: pd.DataFrame, holdout: pd.DataFrame, target: str) -> Two:
    """Rows of which the less common class of the target has one in a hundred."""
    least = train[target].value_counts().index[-1]
    found = []
    for half in (train, holdout):
        rest = half[half[target] != least][: round(SOME * (1 - RARE))]
        some = half[half[target] == least][: round(SOME * RARE)]
        found.append(pd.concat([rest, some]).sample(frac=1, random_state=SEED).reset_index(drop=True))
    return found[0], found[1]


def wide() -> pd.DataFrame:
    """Ninety columns: numbers, a third of them cut into two to six classes, and a target that some tell."""
    from sklearn.datasets import make_classification

    rng = np.random.default_rng(SEED)
    numbers, target = make_classification(
        WIDE, COLUMNS, n_informative=15, n_redundant=30, n_clusters_per_class=4, random_state=SEED
    )
    frame = pd.DataFrame({f"n{i}": np.round(numbers[:, i], 3) for i in range(CUT, COLUMNS)})
    for i in range(CUT):
        classes = int(rng.integers(2, 7))
        names = [f"c{i}_{place}" for place in range(classes)]
        frame[f"c{i}"] = pd.qcut(numbers[:, i], classes, labels=names).astype(str)
    return frame.assign(target=np.where(target == 1, "yes", "no"))
