"""Linkability: do the synthetic rows tell that two records with different columns are of one person?

Source: Giomi et al. (2023), A Unified Framework for Quantifying Privacy Risk in Synthetic Data, section 4.2.
"""

import numpy as np

from reverie.evaluation import neighbours
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.risk import Attack, Rate, draw, figure
from reverie.evaluation.view import Side, View, restricted

SPLITS = 5
"""Random divisions of the columns in two records, each for its share of the people."""


class Linkability(Measure):
    """How much oftener both halves of a training row have the same nearest synthetic row."""

    name = "linkability"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`linkability`; none without a holdout, with fewer than two columns or with too few rows."""
        view, rng = comparison.view, comparison.generator("linkability")
        drawn = draw(view, rng)
        if drawn is None:
            return []
        fake, *sides = drawn
        size = sides[0].rows
        hits = np.zeros(2)
        for rows in np.array_split(np.arange(size), SPLITS):
            first, second = _divided(view, rng)
            hits += [_linked(view, side.take(rows), fake, first, second) for side in sides]
        attack = Attack(Rate(hits[0], size), Rate(hits[1], size), 1 / fake.rows)
        about = "How much oftener two halves of a training row are linked by the nearest synthetic row than"
        return [figure("linkability", attack, f"{about} those of an unseen row; 0 is no risk.")]


def _divided(view: View, rng: np.random.Generator) -> tuple[set[str], set[str]]:
    names = [view.fields[i].name for i in rng.permutation(len(view.fields))]
    return set(names[::2]), set(names[1::2])


def _linked(view: View, targets: Side, fake: Side, first: set[str], second: set[str]) -> int:
    """How many targets have the same nearest synthetic row by the columns of both halves."""
    whole = View(view.fields, view.real, fake, targets)
    nearest = []
    for names in (first, second):
        part = restricted(whole, names)
        assert part.holdout is not None
        nearest.append(neighbours.nearest(part, part.holdout, part.fake).record)
    return int((nearest[0] == nearest[1]).sum())


MEASURE = Linkability()
