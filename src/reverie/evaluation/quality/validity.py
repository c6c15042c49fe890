"""Validity: do rows keep the rules of the schema, and stay within what the real data holds at all?"""

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.intervals import wilson
from reverie.evaluation.view import Field, Side, View


def in_support(view: View, side: Side) -> np.ndarray:
    """Whether each value is one that the real data could hold: in its column's range, or a known category.

    A missing value is one if the real column has any. Mask, (rows, fields).
    """
    columns = [_in_support(field, view.real, side) for field in view.fields]
    return np.stack(columns, axis=1) if columns else np.ones((side.rows, 0), bool)


class Validity(Measure):
    """Shares of rows, in per cent."""

    name = "validity"
    aspect = "faithful"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`support`, and `validity` if the schema enforces any constraint."""
        return [*_support(comparison.view), *_constraints(comparison)]


def _in_support(field: Field, real: Side, side: Side) -> np.ndarray:
    if field.categorical:
        known = np.zeros(len(field.labels) + 1, bool)
        known[real.codes[:, field.index]] = True
        return known[side.codes[:, field.index]]
    reference, values = real.numbers[:, field.index], side.numbers[:, field.index]
    holes = np.isnan(reference)
    low = np.min(reference, initial=np.inf, where=~holes)
    high = np.max(reference, initial=-np.inf, where=~holes)
    return np.where(np.isnan(values), holes.any(), (values >= low) & (values <= high))


def _support(view: View) -> list[Measurement]:
    if not view.fields or not view.fake.rows:
        return []
    valid = in_support(view, view.fake)
    floor = None if view.holdout is None else float(in_support(view, view.holdout).all(1).mean())
    columns = [
        {"name": field.name, "valid": 100 * float(valid[:, place].mean())}
        for place, field in enumerate(view.fields)
    ]
    about = "Per cent of synthetic rows whose every value is within what the real data holds."
    return [
        _figure(
            "support",
            np.all(valid, axis=1),
            floor,
            about,
            sorted(columns, key=lambda column: column["valid"]),
        )
    ]


def _constraints(comparison: Comparison) -> list[Measurement]:
    enforced = tuple(rule for rule in comparison.schema.constraints if rule.enforced)
    if not enforced or not comparison.fake.num_rows:
        return []
    masks = _check(comparison.fake, comparison)
    floor = None
    if comparison.holdout is not None and comparison.holdout.num_rows:
        floor = float(np.logical_and.reduce(_check(comparison.holdout, comparison)).mean())
    rules = [
        {"kind": rule.kind, "columns": list(rule.columns), "valid": 100 * float(mask.mean())}
        for rule, mask in zip(enforced, masks, strict=True)
    ]
    about = f"Per cent of synthetic rows that keep all {len(enforced)} rule(s) of the schema."
    return [
        _figure(
            "validity", np.logical_and.reduce(masks), floor, about, sorted(rules, key=lambda r: r["valid"])
        )
    ]


def _check(table: pa.Table, comparison: Comparison) -> list[np.ndarray]:
    from reverie.sampling import constraints

    enforced = tuple(rule for rule in comparison.schema.constraints if rule.enforced)
    return [np.asarray(mask, bool) for _, mask in constraints.check(table, enforced, comparison.real)]


def _figure(name: str, valid: np.ndarray, floor: float | None, about: str, parts: list[dict]) -> Measurement:
    share = float(valid.mean())
    low, high = wilson(share, len(valid))
    return Measurement(
        name=name,
        value=100 * share,
        low=100 * low,
        high=100 * high,
        floor=None if floor is None else 100 * floor,
        n=len(valid),
        better="higher",
        ideal=100.0,
        explanation=about,
        detail={"parts": parts},
    )


MEASURE = Validity()
