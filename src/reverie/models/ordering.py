"""The order in which a sequential model draws columns, chosen among a few by the likelihood of held-out rows.

In theory any order gives the same P(x); with finite rows it does not. By the chain rule the likelihood is the
sum of the columns' own, each learned on some rows and scored on others.
"""

from collections.abc import Callable

import numpy as np

from reverie.models.bins import Bins
from reverie.models.ensemble import Ensemble
from reverie.models.features import FeatureSpace
from reverie.models.linear import fit_line, normal_scores
from reverie.schema.blocks import Blocks

MOST_ROWS, FEWEST_ROWS = 12_000, 400
CELLS = 200_000
"""Rows times columns on which orders are compared."""
MARGIN = 0.1
"""Gain in log density a row that is not taken for chance."""
MANY = 64
"""Bins from which on a feature counts as one of many values."""

Score = Callable[[FeatureSpace, Bins, Blocks], float]
"""Mean log density of held-out rows under a chain of the features of a space, in their order."""


def choose_order(space: FeatureSpace, blocks: Blocks, score: Score, rng: np.random.Generator) -> FeatureSpace:
    """The space with its features in the likeliest order.

    The first candidate's is left only for one that is likelier by `MARGIN`, and if there are rows to tell.
    """
    rows = min(MOST_ROWS, CELLS // max(len(space.features), 1), blocks.rows)
    some = blocks.take(rng.permutation(blocks.rows)[:rows])
    bins = space.bins(some)
    orders = list(dict.fromkeys(map(tuple, _candidates(space, bins, blocks))))
    if rows < FEWEST_ROWS or len(orders) == 1:
        return space.arranged(orders[0])
    scores = np.array([score(space.arranged(order), bins.arranged(order), some) for order in orders])
    scores[0] += MARGIN
    return space.arranged(orders[int(np.argmax(scores))])


def _candidates(space: FeatureSpace, bins: Bins, blocks: Blocks) -> list[list[int]]:
    """Orders that are likeliest for some kind of table, as positions in the space.

    Among many-valued columns, what the others explain best comes last. With those columns first, and those of
    fewest values last, the conditionals of few values, which are learned best, are given all of the row.
    """
    explained = _explained(bins)
    place = {spec.name: index for index, spec in enumerate(blocks.specs)}
    own = [place[feature.names[0]] for feature in space.features]
    sizes = [feature.size for feature in space.features]
    many = [size >= MANY for size in sizes]
    features = range(len(sizes))
    return [
        sorted(features, key=lambda f: (not many[f], explained[f] if many[f] else -sizes[f])),
        sorted(features, key=lambda f: (many[f], explained[f] if many[f] else sizes[f])),
        sorted(features, key=lambda f: own[f]),
    ]


def _explained(bins: Bins) -> np.ndarray:
    """The share of each ordered feature's variance that a line in all others explains; 0 if unordered."""
    found = np.zeros(len(bins.sizes))
    for feature in np.flatnonzero(bins.ordered):
        others = np.flatnonzero(np.arange(len(bins.sizes)) != feature)
        target = normal_scores(bins.codes[feature])
        some = bins.arranged(others)
        left = target - Ensemble.of(fit_line(some, target)[0]).score(some.codes)[:, 0]
        found[feature] = 1 - np.mean(left**2) / max(np.var(target), 1e-12)
    return found
