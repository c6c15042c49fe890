"""An evaluation made by hand over small tables that hold all that a report may meet, hostile text too."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison, Measurement
from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.verdicts import Verdict
from reverie.schema.types import Column, Table

HOSTILE = "<script>alert('x')</script>\" onload=\"&"
LEVEL = "</style><img src=http://evil.example/a.png>"
SECRET = "only-four-people"
TYPES = {
    "amount": "decimal",
    "visits": "integer",
    HOSTILE: "category",
    "when": "date",
    "email": "personal",
    "flag": "boolean",
}


def table(rows: int, seed: int) -> pa.Table:
    """A skewed amount with a spike, a count, levels with a rare one, dates, addresses, booleans."""
    rng = np.random.default_rng(seed)
    levels = rng.choice(["plain", LEVEL, ""], rows).astype(object)
    levels[:4] = SECRET
    days = np.datetime64("2023-01-01") + rng.integers(0, 700, rows)
    return pa.table(
        {
            "amount": np.where(rng.random(rows) < 0.3, 0.0, np.exp(2 * rng.normal(size=rows))),
            "visits": rng.poisson(30, rows),
            HOSTILE: pa.array(levels, mask=rng.random(rows) < 0.1),
            "when": pa.array(days.astype("datetime64[D]")),
            "email": [f"person{i}@example.org" for i in range(rows)],
            "flag": rng.random(rows) < 0.2,
        }
    )


def measurement(name: str, value: float, **given) -> Measurement:
    """A figure with an interval around it."""
    fields = {"floor": value / 2, "n": 600, "better": "lower", "ideal": 0.0, "explanation": f"About {name}."}
    return Measurement(name, value, value * 0.9, value * 1.1, **{**fields, "detail": {}, **given})


def figures(holdout: bool) -> dict[str, tuple[Measurement, ...]]:
    """Every kind of measurement that the report draws."""
    names = ["visits", HOSTILE, "amount", "when", "flag"]
    columns = [{"name": name, "error": 2.0 * place, "floor": 0.5} for place, name in enumerate(names)]
    pairs = [
        {"a": "amount", "b": "visits", "error": 9.0, "floor": None, "related": False},
        {"a": HOSTILE, "b": "flag", "error": 3.0, "floor": 1.0, "related": True},
    ]
    loss = {"value": 0.01, "low": 0.0, "high": 0.02}
    target = {"target": HOSTILE, "metric": "AUC", "fake": 0.8, "real": 0.81, "loss": loss}
    curve = {"distance": [0.0, 0.5, 1.0], "train": [0.1, 0.6, 1.0], "holdout": [0.0, 0.5, 1.0]}
    rules = [{"kind": "inequality", "columns": ["amount", HOSTILE], "valid": 99.0}]
    told = {"columns": [{"name": HOSTILE, "share": 0.7}, {"name": "flag", "share": 0.3}]}
    return {
        "faithful": (
            measurement("c2st_fresh", 0.55, better="target", ideal=0.5, detail=told),
            measurement("trend_all", 3.0, detail={"pairs": pairs}),
            measurement("shape", 1.25, detail={"columns": columns}),
            measurement("validity", 99.0, better="higher", ideal=100.0, detail={"parts": rules}),
        ),
        "useful": (measurement("usefulness_loss", 0.01, detail={"targets": [target]}),),
        "private": (measurement("dcr_share", 0.5, detail={"curve": curve}),) if holdout else (),
    }


def compare(rows: int = 600, *, holdout: bool = True) -> Comparison:
    """Tables of made-up rows and their schema."""
    schema = Table(name="t", columns=tuple(Column(name=name, type=kind) for name, kind in TYPES.items()))
    unseen = table(rows, 3) if holdout else None
    return Comparison(table(rows, 1), table(rows, 2), unseen, schema)


def assess(rows: int = 600, *, holdout: bool = True) -> Evaluation:
    """An evaluation with one verdict of each colour."""
    verdicts = {
        "faithful": Verdict("mostly faithful", "shape error 1.25 % (above 1); trend error 3 %"),
        "useful": Verdict("useful", "models lose 0.010"),
        "private": Verdict("release" if holdout else "not enough evidence", f"said of {HOSTILE}"),
    }
    return Evaluation(figures(holdout), verdicts, compare(rows, holdout=holdout), notes=(f"note {HOSTILE}",))


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    """With a holdout."""
    return assess()


@pytest.fixture(scope="session")
def alone() -> Evaluation:
    """Without a holdout."""
    return assess(holdout=False)


@pytest.fixture(scope="session")
def hostile() -> tuple[str, str]:
    """A column name and a level that would do harm if they were not escaped."""
    return HOSTILE, LEVEL
