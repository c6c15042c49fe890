"""What decides whether a cell is missing, found in made data."""

import numpy as np
import pyarrow as pa

from reverie.sampling.constraints.observed import Observed
from reverie.sampling.constraints.presence import links

RNG = np.random.default_rng(6)
N = 1000


def holes(values: np.ndarray, absent: np.ndarray) -> pa.Array:
    return pa.array(values, mask=absent)


def ties(describe, table: pa.Table) -> set[tuple]:
    found = links(Observed(table, describe(table)))
    return {(*c.columns, str(c.options["when"]), c.options["then"]["missing"]) for c in found}


def test_decided_by_values(describe) -> None:
    churned = RNG.random(N) < 0.3
    table = pa.table(
        {"churned": churned, "end": holes(RNG.normal(size=N), ~churned), "x": RNG.integers(0, 5, N)}
    )
    assert ties(describe, table) == {
        ("churned", "end", "{'values': [False]}", True),
        ("churned", "end", "{'values': [True]}", False),
    }


def test_the_evidence_names_the_values(describe) -> None:
    level = RNG.integers(0, 10, N)
    absent = level > 1
    table = pa.table({"level": [f"v{i}" for i in level], "end": holes(RNG.normal(size=N), absent)})
    missing, present = (c.evidence for c in links(Observed(table, describe(table))))
    assert missing.endswith(" or 3 others")
    assert missing.count(", v") == 4
    assert present.endswith(("v0 or v1", "v1 or v0"))
    flag = pa.table({"flag": absent, "end": table["end"]})
    assert links(Observed(flag, describe(flag)))[0].evidence.endswith("where flag is true")


def test_missing_together(describe) -> None:
    cancelled, lost = RNG.random(N) < 0.2, RNG.random(N) < 0.1
    table = pa.table(
        {
            "departure": holes(RNG.normal(size=N), cancelled),
            "delay": holes(RNG.normal(size=N), cancelled),
            "arrival": holes(RNG.normal(size=N), cancelled | lost),
        }
    )
    assert ties(describe, table) == {
        ("departure", "delay", "{'missing': True}", True),
        ("departure", "delay", "{'missing': False}", False),
        ("departure", "arrival", "{'missing': True}", True),
    }


def test_independent_holes_are_no_rule(describe) -> None:
    table = pa.table(
        {
            "a": holes(RNG.normal(size=N), RNG.random(N) < 0.3),
            "b": holes(RNG.normal(size=N), RNG.random(N) < 0.3),
            "flag": RNG.random(N) < 0.5,
        }
    )
    assert ties(describe, table) == set()


def test_a_few_holes_prove_nothing(describe) -> None:
    absent = np.arange(N) < 10
    table = pa.table({"flag": absent, "a": holes(RNG.normal(size=N), absent)})
    assert ties(describe, table) == set()


def test_one_exception_is_enough(describe) -> None:
    churned = RNG.random(N) < 0.3
    absent = ~churned
    absent[np.flatnonzero(churned)[0]] = True
    absent[np.flatnonzero(~churned)[0]] = False
    assert ties(describe, pa.table({"churned": churned, "end": holes(RNG.normal(size=N), absent)})) == set()
