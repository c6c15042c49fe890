"""Conditions on a line: which kinds, and which interval of normal scores, meet them."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import ndtri

from reverie.codecs.base import Condition
from reverie.codecs.line import Line
from reverie.core.errors import ConditionError
from reverie.schema.blocks import CategoryEvidence, RealEvidence

Bound = int | Fraction
Interval = tuple[float, float]
Evidence = dict[str, CategoryEvidence | RealEvidence]
_EVERYWHERE = (0.0, 1.0)
_POINT = 1e-6
_SLIVER = 1e-15
_FAR = 2.0**62


def find_evidence(
    line: Line, condition: Condition, parse: Callable[[Any], Bound], show: Callable[[float], str] = str
) -> Evidence:
    """What `condition` says of the blocks of `line`; `parse` turns a value of the condition into
    units, and `show` units into words for a message.

    Off the grid, a single value between the spikes is answered by the values of its close neighbourhood.

    Raises ConditionError if no value of the column ever meets the condition.
    """
    if condition.missing is not None:
        return _presence(line, condition.missing)
    if condition.values is not None:
        return _among(line, [parse(value) for value in condition.values], condition, show)
    low, high = (None if bound is None else parse(bound) for bound in (condition.low, condition.high))
    allowed, shares = _between(line, low, high, condition.strict_low, condition.strict_high)
    if not allowed.any():
        fix = _nearby(line, show, low, high)
        raise ConditionError("no value lies in that range", where=line.name, fix=fix)
    return _evidence(line, allowed, [shares])


def _presence(line: Line, missing: bool) -> Evidence:
    allowed = (np.arange(line.kinds) == line.missing_code) & line.missing
    allowed = allowed if missing else ~allowed
    if not allowed.any():
        found = "is never missing" if missing else "is always missing"
        raise ConditionError(found, where=line.name, fix="Drop the condition")
    return _evidence(line, allowed, [_EVERYWHERE])


def _among(line: Line, values: list[Bound], condition: Condition, show: Callable[[float], str]) -> Evidence:
    parts = [_between(line, value, value, False, False) for value in values]
    for value, shown, (part, _) in zip(values, condition.values or (), parts, strict=True):
        if not part.any():
            fix = _nearby(line, show, value, value)
            raise ConditionError(f"has no value '{shown}'", where=line.name, fix=fix)
    allowed = np.logical_or.reduce([part for part, _ in parts])
    reached = _joined([shares for _, shares in parts if shares[0] < shares[1]])
    if not condition.negate:
        return _evidence(line, allowed, reached)
    others, left = ~allowed, _between_them(reached)
    others[line.missing_code : line.first_spike] = False
    if line.scale is not None:
        others[0] = len(left) > 0
    if not others.any():
        raise ConditionError(
            "has no other value than those excluded", where=line.name, fix="Exclude fewer values"
        )
    return _evidence(line, others, left)


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    """The same shares in disjoint intervals, ascending; neighbours become one."""
    joined: list[Interval] = []
    for low, high in sorted(intervals):
        if joined and low <= joined[-1][1] + _SLIVER:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return joined


def _between_them(intervals: Sequence[Interval]) -> list[Interval]:
    """The shares outside of disjoint ascending intervals."""
    starts, stops = [0.0, *(high for _, high in intervals)], [*(low for low, _ in intervals), 1.0]
    return [(low, high) for low, high in zip(starts, stops, strict=True) if high - low > _SLIVER]


def _between(
    line: Line, low: Bound | None, high: Bound | None, strict_low: bool, strict_high: bool
) -> tuple[np.ndarray, Interval]:
    """Codes in the interval (kinds,) bool, and the shares of the scale it spans, the same one twice if
    none.
    """
    grid = line.dtype == np.int64
    if grid:
        low, strict_low = _next_unit(low, strict_low), False
        high, strict_high = _previous_unit(high, strict_high), False
    from_below = -np.inf if low is None else int(low) if grid else float(low)
    to_above = np.inf if high is None else int(high) if grid else float(high)
    allowed = np.zeros(line.kinds, dtype=bool)
    above = line.spikes > from_below if strict_low else line.spikes >= from_below
    below = line.spikes < to_above if strict_high else line.spikes <= to_above
    allowed[line.first_spike :] = above & below
    if line.scale is None:
        return allowed, (0.0, 0.0)
    single = low is not None and low == high
    if single and allowed.any():
        return allowed, (0.0, 0.0)
    start = 0.0 if low is None else line.scale.share_below(from_below, inclusive=strict_low)
    stop = 1.0 if high is None else line.scale.share_below(to_above, inclusive=not strict_high)
    if single and not grid and start == stop and 0 < start < 1:
        start, stop = max(start - _POINT, 0.0), min(stop + _POINT, 1.0)
    allowed[0] = start < stop
    return allowed, (start, stop)


def _next_unit(bound: Bound | None, strict: bool) -> int | None:
    """The lowest unit that meets a lower bound."""
    if bound is None:
        return None
    return bound // 1 + 1 if strict else -(-bound // 1)


def _previous_unit(bound: Bound | None, strict: bool) -> int | None:
    """The highest unit that meets an upper bound."""
    lowest = _next_unit(None if bound is None else -bound, strict)
    return None if lowest is None else -lowest


def _evidence(line: Line, allowed: np.ndarray, shares: Sequence[Interval]) -> Evidence:
    """The kinds `allowed`, and the scores of the `shares` (disjoint, ascending) where one is continuous."""
    found: Evidence = {}
    if line.kinds > 1:
        found[line.kind] = CategoryEvidence(allowed=allowed)
    start, stop = np.reshape([one for one in shares if one[0] < one[1]], (-1, 2)).T
    if line.scale is not None and allowed[0] and len(start) and tuple(shares) != (_EVERYWHERE,):
        # A hair inside, since the ends belong to the neighbours as much.
        hair = (stop - start) * 1e-9
        low = np.where(start <= 0, -np.inf, ndtri(start + hair))
        high = np.where(stop >= 1, np.inf, ndtri(stop - hair))
        found[line.name] = RealEvidence.union(low, high)
    return found


def _nearby(line: Line, show: Callable[[float], str], low: Bound | None, high: Bound | None) -> str:
    """The values next to an interval that holds none, or the lowest and highest if it is not between two."""
    values = line.spikes
    if line.scale is not None:
        ends = [np.clip(float(end), -_FAR, _FAR) for end in (low, high) if end is not None]
        around = np.array([np.floor(ends), np.ceil(ends)]).ravel().astype(line.dtype)
        values = np.concatenate([values, line.scale.low, line.scale.high, line.scale.place(around)[1]])
    if low is not None and high is not None and low <= high:
        below, above = values[values <= float(low)], values[values >= float(high)]
        if len(below) and len(above):
            return f"The nearest values are {show(below.max().item())} and {show(above.min().item())}"
    first, last = (show(end) for end in line.reach())
    return f"Its values go from {first} to {last}" if first != last else f"Its only value is {first}"
