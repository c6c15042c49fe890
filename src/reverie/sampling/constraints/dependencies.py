"""Finding columns that another column determines, and pairs of columns whose combinations are limited."""

import itertools
from collections.abc import Collection

import numpy as np

from reverie.sampling.constraints import cells
from reverie.sampling.constraints.observed import Observed
from reverie.schema.types import Constraint

_TESTS = 30.0
_SHARE = 0.01
_ENFORCED = 0.9
_OFFERED = 0.5
_PROTECTED = 5
_NEW = 0.0005
_MOST_LEVELS = 100
_EXPECTED = 10.0
_FORBIDDEN = 0.2


def determined(observed: Observed, made: Collection[str] = ()) -> list[Constraint]:
    """Each column that another of at most 1,000 levels determines, with the key that does so in the fewest.

    Evidence is counted in repeats: rows whose key was seen before, times the chance that another row of the
    table would differ. It must be 30 and 1 % of the rows, and half of the rows must hold a key that at least
    5 rows share; where less than 90 % do, the rule is only offered. So is one whose key is a number that goes
    on to take new values, which the rule would forbid, or one that a formula makes (`made`).
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
    closed = {name for name in names if name not in made and _is_closed(observed, name)}
    firm = _roots(observed, names, {(key, name) for key, name in pairs if key in closed})
    keys = _roots(observed, names, pairs) | firm
    return [
        _constraint(observed, key, name, enforced=name in firm and covered[key] >= _ENFORCED)
        for name, key in keys.items()
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
    """Determined column -> its key, which none determines, with the fewest levels if there are several.

    Of two that fix each other, text is the key.
    """

    def rank(name: str) -> tuple[bool, int, int]:
        kind = observed.table[name].type
        return (cells.axis(kind) is not None, -len(observed.codes(name)[1]), names.index(name))

    above: dict[str, list[str]] = {}
    for key, name in pairs:
        if (name, key) not in pairs or rank(key) < rank(name):
            above.setdefault(name, []).append(key)
    roots = {name: [key for key in above[name] if key not in above] for name in names if name in above}
    return {
        name: min(keys, key=lambda key: (len(observed.codes(key)[1]), rank(key)))
        for name, keys in roots.items()
        if keys
    }


def _covered(observed: Observed, key: str) -> float:
    """Share of the rows whose value of the key is present and held by enough rows to be kept."""
    codes, levels = observed.codes(key)
    counts = np.bincount(codes, minlength=len(levels))
    present = levels.is_valid().to_numpy(zero_copy_only=False)
    return float(counts[present & (counts >= _PROTECTED)].sum()) / observed.rows


def _is_closed(observed: Observed, key: str) -> bool:
    """Whether hardly a new row will hold a value of the key that is not in the table; levels are, by nature.

    The share of rows whose value occurs once estimates that of new rows with new values.
    Source: Good (1953), The population frequencies of species and the estimation of population parameters.
    """
    once = int(np.count_nonzero(np.bincount(observed.codes(key)[0]) == 1))
    return cells.axis(observed.table[key].type) is None or once <= _NEW * observed.rows


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
