"""A sample made with conditions is not to be judged beside the whole table: say so where it is plain to see.

A column gives it away if a good part of the real values lies outside what the synthetic rows hold of it, and
so many rows would not have missed that part by chance.
"""

from dataclasses import dataclass

import numpy as np

from reverie.evaluation.view import Field, Side, View

MISSED = 0.1
"""The least share of a column's real values that a condition is taken to leave out."""
CHANCE = 1e-6
SHOWN = 5
"""A level is named only if so many real rows hold it."""
MOST = 3


@dataclass(frozen=True)
class Gap:
    """What synthetic rows hold of a column, in words, and the share of the real values that they miss."""

    said: str
    missed: float


def conditioned(view: View) -> str:
    """A note that the synthetic rows look like a sample with conditions, and which; "" if they do not."""
    gaps = [gap for field in view.fields for gap in _gaps(field, view.real, view.fake)]
    if not gaps:
        return ""
    gaps.sort(key=lambda gap: -gap.missed)
    rest = [f"and {len(gaps) - MOST} more"] if len(gaps) > MOST else []
    said = "; ".join([*(gap.said for gap in gaps[:MOST]), *rest])
    return (
        f"fake: looks like a sample with conditions: {said}. All figures compare it with the whole real "
        "table: judge a sample made without conditions"
    )


def _gaps(field: Field, real: Side, fake: Side) -> list[Gap]:
    found = _level_gaps(field, real, fake) if field.categorical else _number_gaps(field, real, fake)
    return [gap for gap in found if gap.missed >= MISSED and (1 - gap.missed) ** fake.rows < CHANCE]


def _level_gaps(field: Field, real: Side, fake: Side) -> list[Gap]:
    counts, held = (
        np.bincount(codes[codes >= 0], minlength=len(field.labels))
        for codes in (real.codes[:, field.index], fake.codes[:, field.index])
    )
    if not counts.any() or not held.any():
        return []
    common = np.flatnonzero((held > 0) & (counts >= SHOWN))
    names = [field.labels[code] for code in common]
    said = f"{field.name}={names[0]}" if len(names) == 1 else f"{field.name} in {{{','.join(names)}}}"
    if not 1 <= len(names) <= MOST:
        said = f"{field.name} with {len(names)} of its {np.count_nonzero(counts >= SHOWN)} common values"
    return [Gap(f"only {said}", float(counts[held == 0].sum() / counts.sum()))]


def _number_gaps(field: Field, real: Side, fake: Side) -> list[Gap]:
    known, made = (values[~np.isnan(values)] for values in (_column(field, real), _column(field, fake)))
    if not len(known) or not len(made):
        return []
    below, above = float(np.mean(known < made.min())), float(np.mean(known > made.max()))
    return [
        Gap(f"none of the lowest {below:.0%} of {field.name}", below),
        Gap(f"none of the highest {above:.0%} of {field.name}", above),
    ]


def _column(field: Field, side: Side) -> np.ndarray:
    return side.numbers[:, field.index]
