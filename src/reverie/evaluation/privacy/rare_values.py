"""Memorised rare values: do values that few people have come out oftener for people who were learned from?

After Carlini, Liu, Erlingsson, Kos and Song (2019), The Secret Sharer, with the unseen rows in the
place of planted secrets.
"""

import numpy as np

from reverie.codecs.sequence import runs
from reverie.evaluation import arrow
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.risk import Attack, Rate, figure

FEW = 5
"""A value is rare if fewer rows than this have it."""
FEWEST = 50


class RareValues(Measure):
    """How much oftener a rare value of training rows is among the synthetic ones than one of unseen rows."""

    name = "rare_values"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`rare_values` over all columns, personal data and keys too, but for running numbers: new ones begin
        where the real ones do. None without a holdout.
        """
        rng, holdout = comparison.generator("rare values"), comparison.holdout
        if holdout is None or min(comparison.real.num_rows, holdout.num_rows) < FEWEST:
            return []
        size = min(comparison.real.num_rows, holdout.num_rows)
        rows = [rng.permutation(table.num_rows)[:size] for table in (comparison.real, holdout)]
        hits, values, columns = np.zeros(2), np.zeros(2), []
        for column in comparison.schema.columns:
            name = column.name
            tables = (comparison.real, holdout, comparison.fake)
            if not all(arrow.is_plain(table[name].type) for table in tables):
                continue
            if runs(arrow.plain(comparison.real[name]).combine_chunks()):
                continue
            real, unseen, fake = arrow.codes([table[name] for table in tables])[0]
            found, among = _recalled(real[rows[0]], unseen[rows[1]], fake)
            hits, values = hits + found, values + among
            columns.append({"name": name, "recalled": found.tolist(), "rare": among.tolist()})
        if min(values) < FEWEST:
            return []
        attack = Attack(Rate(float(hits[0]), float(values[0])), Rate(float(hits[1]), float(values[1])), 0.0)
        about = f"How much oftener a value of fewer than {FEW} training and no unseen rows is among the"
        return [
            figure(
                "rare_values",
                attack,
                f"{about} synthetic values than one of unseen rows; 0 is no risk.",
                columns=columns,
            )
        ]


def _recalled(real: np.ndarray, unseen: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many values that are rare in one table and not in the other are synthetic too, and of how many."""
    size = int(max(codes.max(initial=-1) for codes in (real, unseen, fake))) + 1
    counts = [np.bincount(codes[codes >= 0], minlength=size) for codes in (real, unseen)]
    made = np.bincount(fake[fake >= 0], minlength=size) > 0
    rare = [
        (counts[0] > 0) & (counts[0] < FEW) & (counts[1] == 0),
        (counts[1] > 0) & (counts[1] < FEW) & (counts[0] == 0),
    ]
    return np.array([(mask & made).sum() for mask in rare]), np.array([mask.sum() for mask in rare])


MEASURE = RareValues()
