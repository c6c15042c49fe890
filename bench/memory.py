"""Peak memory and time of sampling ten million rows, from the model that the comparison fitted."""

from dataclasses import dataclass

import measure
import results
from reverie.models.choice import AUTO
from systems import System, with_families
from tables import Halves

ROWS = 10_000_000


@dataclass(frozen=True)
class LargeSample:
    """What sampling `rows` rows took, or why it failed."""

    system: str
    data: str
    rows: int
    cost: measure.Cost | None
    failure: str | None = None


def check(data: Halves, *, limit: float) -> list[LargeSample]:
    """Sample ten million rows with each setting of Reverie; the file is removed afterwards."""
    return [_one(key, system, data, limit) for key, system in with_families([AUTO]).items()]


def _one(key: str, system: System, data: Halves, limit: float) -> LargeSample:
    out = results.folder(key, data) / "large.parquet"
    try:
        cost = results.sample(key, system, data, ROWS, out, limit)
    except measure.CommandError as error:
        return LargeSample(system.name, data.name, ROWS, None, str(error))
    finally:
        out.unlink(missing_ok=True)
    return LargeSample(system.name, data.name, ROWS, cost)
