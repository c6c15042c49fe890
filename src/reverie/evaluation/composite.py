"""One figure to choose among models by: how faithful rows are beside unseen ones, if they are private enough.

The composite is the mean of three scores, each 100 at best: 100 less the shape error, 100 less the trend
error, and 100 less 200 times what the AUC of telling synthetic from unseen rows is above a half. All are
against real rows that the model did not learn from, so that copying gains nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison, Measurement
from reverie.evaluation.intervals import Z
from reverie.evaluation.privacy import copies, distance
from reverie.evaluation.quality import c2st, shape, trend
from reverie.evaluation.thresholds import DEFAULT
from reverie.evaluation.verdicts import SCALES, judge
from reverie.schema.types import Table

SLOPES = {"shape": 1.0, "trend": 1.0, "c2st_fresh": 200.0}
"""Points that a figure costs for each unit above its best, which is 0, 0 and one half."""
BEST = {"shape": 0.0, "trend": 0.0, "c2st_fresh": 0.5}
WORDS = (
    "the mean of 100 - shape error, 100 - trend error and 100 - 200 x (c2st_fresh - 0.5), "
    "against rows held back; failing the privacy floor disqualifies"
)


@dataclass(frozen=True)
class Score:
    """Figures by name, the composite (0 to 100, the higher the better), its standard error, and what fails of
    the privacy floor ("" if nothing).
    """

    figures: Mapping[str, float]
    composite: float
    error: float
    fails: str = field(default="")


def score(part: pa.Table, unseen: pa.Table, fake: pa.Table, schema: Table, seed: int) -> Score:
    """Judge `fake`, made by a model of `part`, beside `unseen` rows of the same table."""
    found = measured(part, unseen, fake, schema, seed)
    points, squares = [], 0.0
    for name in (name for name in SLOPES if name in found):
        one = found[name]
        points.append(100 - SLOPES[name] * max(one.value - BEST[name], 0.0))
        squares += (SLOPES[name] * (one.high - one.low) / (2 * Z)) ** 2
    figures = {name: one.value for name, one in found.items() if name in _TOLD}
    count = max(len(points), 1)
    return Score(figures, sum(points) / count, float(np.sqrt(squares)) / count, _failing(found))


def mean(scores: Sequence[Score]) -> Score:
    """Scores of the same family on several held-out parts as one; failing on most of them is failing."""
    names = dict.fromkeys(name for one in scores for name in one.figures)
    figures = {
        name: float(np.mean([one.figures[name] for one in scores if name in one.figures])) for name in names
    }
    composite = float(np.mean([one.composite for one in scores]))
    error = float(np.sqrt(np.sum([one.error**2 for one in scores]))) / len(scores)
    failing = [one.fails for one in scores if one.fails]
    return Score(figures, composite, error, failing[0] if 2 * len(failing) > len(scores) else "")


def measured(
    part: pa.Table, unseen: pa.Table, fake: pa.Table, schema: Table, seed: int
) -> dict[str, Measurement]:
    """The figures by name: fidelity against the unseen rows alone, privacy against both."""
    fresh = Comparison(unseen, fake, None, schema, seed=seed)
    known = Comparison(part, fake, unseen, schema, seed=seed)
    found = {one.name: one for one in (*shape.MEASURE.measure(fresh), *trend.MEASURE.measure(fresh))}
    if "trend" not in found and "trend_all" in found:
        found["trend"] = found["trend_all"]
    if told := c2st.fresh(known):
        found["c2st_fresh"] = told
    found |= {one.name: one for one in (*distance.MEASURE.measure(known), *copies.MEASURE.measure(known))}
    return found


def _failing(found: Mapping[str, Measurement]) -> str:
    """What fails of the privacy floor: surely nearer to rows learned from than is allowed, or copies."""
    share = found.get("dcr_share")
    if share is not None and share.low > DEFAULT.nearer[0]:
        said = f"{share.value:.3f} of its rows (at least {share.low:.3f}) are nearer to a row learned from"
        return f"{said}; {DEFAULT.nearer[0]} is allowed"
    private = {name: one for name, one in found.items() if name not in SLOPES}
    verdict = judge(private, holdout=True)["private"]
    return verdict.rule if verdict.verdict == SCALES["private"][2] else ""


_TOLD = ("shape", "trend", "c2st_fresh", "dcr_share", "copies")
