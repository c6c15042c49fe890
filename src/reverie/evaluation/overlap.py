"""A holdout proves something only if the model never saw it: find holdout rows that are training rows."""

import numpy as np
import pyarrow as pa

from reverie.evaluation import arrow
from reverie.evaluation.fingerprints import fingerprints
from reverie.evaluation.intervals import wilson
from reverie.evaluation.view import Side, view
from reverie.schema.types import Table


def without_known(holdout: pa.Table, real: pa.Table, schema: Table) -> tuple[pa.Table, str]:
    """The holdout without training rows, and what to tell the user ("" if no row is in both).

    Different people may have equal rows. As many equal rows as the real rows have among themselves are
    chance, and stay, for without them the floors would be too good; more of them are the same people, and all
    equal rows go.
    """
    known, seen = _hashes(real, holdout, schema)
    equal = np.isin(seen, known)
    count = int(equal.sum())
    if not count:
        return holdout, ""
    said = f"holdout: {count:,} of {len(seen):,} rows equal a real row"
    if wilson(count / len(seen), len(seen))[0] <= wilson(_repeated(known), len(known))[1]:
        return holdout, f"{said}, no more than real rows repeat among themselves; they were kept"
    return holdout.filter(pa.array(~equal)), f"{said}, so the model may have seen them; they were removed"


def _repeated(known: np.ndarray) -> float:
    """Share of rows that equal another row of the same table."""
    _, counts = np.unique(known, return_counts=True)
    return float(counts[counts > 1].sum() / len(known))


def _hashes(real: pa.Table, holdout: pa.Table, schema: Table) -> tuple[np.ndarray, np.ndarray]:
    """Row hashes over all columns, those that measures leave out too."""
    seen = view(real, holdout, None, schema)
    compared = {field.name for field in seen.fields}
    names = [c.name for c in schema.columns if c.name not in compared]
    rest = [arrow.codes([real[name], holdout[name]])[0] for name in names if arrow.is_plain(real[name].type)]
    hashes = []
    for place, side in enumerate((seen.real, seen.fake)):
        extra = (
            np.stack([codes[place] for codes in rest], axis=1) if rest else np.empty((side.rows, 0), np.int32)
        )
        hashes.append(fingerprints(Side(side.numbers, np.hstack([side.codes, extra]))))
    return hashes[0], hashes[1]
