"""Finding columns that another column determines, and pairs of columns whose combinations are limited."""

import itertools

import numpy as np

from reverie.sampling.constraints import cells
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

_TESTS = 30.0
_SHARE = 0.01
_ENFORCED = 0.9
_OFFERED = 0.5
_PROTECTED = 5
_MOST_LEVELS = 100
_EXPECTED = 10.0
_FORBIDDEN = 0.2


def determined(observed: Observed) -> list[Constraint]:
    """Each column that another of at most 1,000 levels determines, with the one that determines most as its
    key.

    Evidence is counted in repeats: rows whose key was seen before, times the chance that another row of the
    table would differ. It must be 30 and 1 % of the rows, and half of the rows must hold a key that at least
    5 rows share; where less than 90 % do, the rule is only offered.
    """
    names = observed.levelled
    covered = {name: _covered(observed, name) for name in names}
    pairs = {
        (key, name)
        for key, name in itertools.permutations(names, 2)
        if covered[key] >= _OFFERED
        and _determines(observed.sample, key, name)
        and _determines(observed, key, name)
        and _tests(observed, key, name) >= max(_TESTS, _SHARE * observed.rows)
    }
    return [
        _constraint(observed, key, name, enforced=covered[key] >= _ENFORCED)
        for name, key in _roots(observed, names, pairs).items()
    ]


def forbidden(observed: Observed, dependent: set[str]) -> list[Constraint]:
    """Pairs of categories of which combinations never seen would be expected in at least 20 % of the rows.

    Only offered, as the missing combinations may be rare rather than impossible. Columns in `dependent` are
    left out.
    """
    names = [
        name for name in observed.levelled if name not in dependent and _is_small_category(observed, name)
    ]
    return [
        Constraint(
            kind="fixed_combinations",
            columns=pair,
            enforced=False,
            evidence=f"never seen in {observed.rows:,} rows are combinations that would be in "
            f"{_never_seen(observed, *pair):.0%} of them if the two were independent",
        )
        for pair in itertools.combinations(names, 2)
        if _never_seen(observed.sample, *pair) >= _FORBIDDEN and _never_seen(observed, *pair) >= _FORBIDDEN
    ]


def _is_small_category(observed: Observed, name: str) -> bool:
    return cells.axis(observed.table[name].type) is None and len(observed.codes(name)[1]) <= _MOST_LEVELS


def _determines(observed: Observed, key: str, name: str) -> bool:
    a, levels = observed.codes(key)
    b, _ = observed.codes(name)
    answer = np.empty(len(levels), dtype=np.int64)
    answer[a] = b
    return bool(np.array_equal(answer[a], b))


def _tests(observed: Observed, key: str, name: str) -> float:
    """Expected number of repeats of a key that would contradict it if the two columns were independent."""
    counts = np.bincount(observed.codes(name)[0])
    differ = 1.0 - float(np.sum((counts / observed.rows) ** 2))
    return (observed.rows - len(observed.codes(key)[1])) * differ


def _roots(observed: Observed, names: list[str], pairs: set[tuple[str, str]]) -> dict[str, str]:
    """Determined column -> its key, which none determines. Of two that fix each other, text is the key."""

    def rank(name: str) -> tuple[bool, int, int]:
        kind = observed.table[name].type
        return (cells.axis(kind) is not None, -len(observed.codes(name)[1]), names.index(name))

    keys: dict[str, str] = {}
    for name in names:
        masters = [
            key
            for key, other in pairs
            if other == name and ((name, key) not in pairs or rank(key) < rank(name))
        ]
        if masters:
            keys[name] = min(masters, key=lambda key: (-len(observed.codes(key)[1]), rank(key)))
    return {name: key for name, key in keys.items() if key not in keys}


def _covered(observed: Observed, key: str) -> float:
    """Share of the rows whose value of the key is present and held by enough rows to be kept."""
    codes, levels = observed.codes(key)
    counts = np.bincount(codes, minlength=len(levels))
    present = levels.is_valid().to_numpy(zero_copy_only=False)
    return float(counts[present & (counts >= _PROTECTED)].sum()) / observed.rows


def _constraint(observed: Observed, key: str, name: str, *, enforced: bool) -> Constraint:
    return Constraint(
        kind="fixed_combinations",
        columns=(key, name),
        options={"determined": name},
        enforced=enforced,
        evidence=f"each of the {len(observed.codes(key)[1]):,} values of {key} goes with one value "
        f"of {name}, in all {observed.rows:,} rows",
    )


def _never_seen(observed: Observed, left: str, right: str) -> float:
    """Mass, under independence, of combinations expected at least 10 times in the table but not there."""
    a, b = observed.codes(left)[0], observed.codes(right)[0]
    seen = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(seen, (a, b), 1)
    expected = np.outer(seen.sum(1), seen.sum(0)) / observed.rows
    return float(expected[(seen == 0) & (expected >= _EXPECTED)].sum()) / observed.rows
