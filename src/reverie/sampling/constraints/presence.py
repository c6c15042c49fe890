"""Finding what decides whether a cell is missing: another column's missing cells, or its values."""

from typing import Any

import numpy as np

from reverie.sampling.constraints.observed import Observed
from reverie.sampling.matching import flat
from reverie.schema.types import Constraint

_TESTS = 30.0
_LEVEL_ROWS = 30
_MOST_LEVELS = 20
_SHARE = 0.01
_NAMED = 5


def links(observed: Observed) -> list[Constraint]:
    """Conditionals on missing cells that hold in all rows and that chance would break in at least 30 rows and
    1 %.
    """
    absent = _absent(observed)
    together = _missing_together(observed, absent)
    explained = {constraint.columns[1] for constraint in together}
    by_value = [
        c
        for name in absent
        if name not in explained
        for c in _decided_by_values(observed, name, absent[name])
    ]
    return [*together, *by_value]


def _absent(observed: Observed) -> dict[str, np.ndarray]:
    masks = {
        name: flat(observed.table[name]).is_null().to_numpy(zero_copy_only=False)
        for name in observed.names
        if observed.table[name].null_count or name in observed.numeric
    }
    fewest = max(_TESTS, _SHARE * observed.rows)
    return {name: mask for name, mask in masks.items() if fewest <= mask.sum() <= observed.rows - fewest}


def _missing_together(observed: Observed, absent: dict[str, np.ndarray]) -> list[Constraint]:
    """Where one column is missing another is too: each column tied to the nearest that decides it."""
    found: list[Constraint] = []
    names = list(absent)
    if len(names) < 2:
        return found
    masks = np.column_stack([absent[name] for name in names]).astype(np.float32)
    counts, both = masks.sum(axis=0), masks.T @ masks
    for j, name in enumerate(names):
        inside = [
            i
            for i in range(len(names))
            if i != j and both[i, j] == counts[i] and (counts[i] < counts[j] or i < j)
        ]
        if inside:
            i = max(inside, key=lambda i: (counts[i], -i))
            found.append(_tie(names[i], {"missing": True}, name, True, int(counts[i])))
            if counts[i] == counts[j]:
                found.append(_tie(names[i], {"missing": False}, name, False, int(observed.rows - counts[i])))
    return found


def _decided_by_values(observed: Observed, name: str, absent: np.ndarray) -> list[Constraint]:
    best: list[Constraint] = []
    covered = 0.0
    for key in observed.levelled:
        codes, levels = observed.codes(key)
        if key == name or len(levels) > _MOST_LEVELS or (key in observed.numeric and len(levels) > 2):
            continue
        rows, empty = np.bincount(codes), np.bincount(codes, weights=absent)
        valid = np.array([level.is_valid for level in levels]) & (rows >= _LEVEL_ROWS)
        always, never = valid & (empty == rows), valid & (empty == 0)
        tests = rows[always].sum() * (1 - absent.mean()) + rows[never].sum() * absent.mean()
        if tests <= max(covered, _TESTS, _SHARE * observed.rows) or not always.any():
            continue
        covered = tests
        best = [
            _tie(
                key,
                {"values": [levels[i].as_py() for i in np.flatnonzero(chosen)]},
                name,
                missing,
                int(rows[chosen].sum()),
            )
            for chosen, missing in ((always, True), (never, False))
            if chosen.any()
        ]
    return best


def _tie(key: str, when: dict[str, Any], name: str, missing: bool, rows: int) -> Constraint:
    state = "missing" if missing else "present"
    if "values" in when:
        where = f"is {_named(when['values'])}"
    else:
        where = "is missing" if when["missing"] else "is present"
    return Constraint(
        kind="conditional",
        columns=(key, name),
        options={"when": when, "then": {"missing": missing}},
        evidence=f"{name} is {state} in all {rows:,} rows where {key} {where}",
    )


def _named(values: list[Any]) -> str:
    """The first few values, as a condition writes them."""
    said = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    if len(said) == 1:
        return said[0]
    rest = [f"{len(said) - _NAMED} others"] if len(said) > _NAMED + 1 else said[_NAMED:]
    *first, last = [*said[:_NAMED], *rest]
    return f"{', '.join(first)} or {last}"
