"""Figures that are measured column by column: told of the column where they are worst, kept of all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from reverie.evaluation.base import Measurement

BY_COLUMN = "by_column"
"""What of a figure's details is kept of all columns: name -> value, floor, n, better, ideal, details."""


def worst(
    found: Iterable[tuple[str, Iterable[Measurement]]], badness: Callable[[Measurement], float]
) -> list[Measurement]:
    """Each kind of figure once, of the column where it is worst, from the figures of columns by name."""
    kinds: dict[str, dict[str, Measurement]] = {}
    for name, figures in found:
        for one in figures:
            kinds.setdefault(one.name, {})[name] = one
    told = []
    for columns in kinds.values():
        name = max(columns, key=lambda name: badness(columns[name]))
        kept = {name: _plain(one) for name, one in columns.items()}
        told.append(replace(columns[name], detail={**columns[name].detail, BY_COLUMN: kept}))
    return told


def of_column(measurements: Iterable[Measurement], name: str) -> dict[str, Mapping[str, Any]]:
    """What was kept of one column, by the names of the figures."""
    found = {one.name: one.detail.get(BY_COLUMN, {}).get(name) for one in measurements}
    return {figure: kept for figure, kept in found.items() if kept is not None}


def _plain(one: Measurement) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("value", "floor", "n", "better", "ideal")}
    return {**told, **one.detail}
