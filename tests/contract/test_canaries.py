"""No secret that is planted in a table comes out of any family, whatever the type of column it hides in."""

import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import reverie as rv
from reverie.evaluation import canaries
from reverie.models.base import families
from reverie.models.choice import lacking
from reverie.sampling.table import describe

ROWS, SECONDS = 400, 5.0


def table() -> pa.Table:
    """Columns of every type, some of them with an atom beyond which there is nothing."""
    rng = np.random.default_rng(0)
    days = (np.datetime64("2024-01-01") + rng.integers(0, 300, ROWS)).astype("datetime64[D]")
    moments = np.datetime64("2024-01-01T00:00:00") + rng.integers(0, 10**7, ROWS)
    words = np.array(["a", "fine", "red", "dress", "that", "fits", "well", "and", "looks", "good"])
    return pa.table(
        {
            "id": [f"K{i:05d}" for i in range(ROWS)],
            "email": [f"person{i}@example.org" for i in range(ROWS)],
            "level": pa.array(rng.choice(["plain", "odd", "rare"], ROWS)).dictionary_encode(),
            "amount": np.round(rng.gamma(2, 30, ROWS), 2),
            "score": rng.normal(size=ROWS),
            "gain": np.where(rng.random(ROWS) < 0.9, rng.choice([0, 15_024], ROWS), 99_999),
            "visits": rng.poisson(900, ROWS),
            "when": pa.array(days),
            "at": pa.array(moments.astype("datetime64[us]")),
            "flag": rng.random(ROWS) < 0.5,
            "note": [" ".join(rng.choice(words, rng.integers(4, 9))) for _ in range(ROWS)],
        }
    )


@pytest.fixture(scope="module")
def planted() -> canaries.Planted:
    whole = table()
    found = canaries.plant(whole, describe("t", whole), seed=3)
    types = {column.type for column in describe("t", found.table).columns}
    # Where a family writes no texts, prose is learned as text.
    assert types >= {"identifier", "personal", "category", "decimal", "integer", "date", "datetime", "prose"}
    return found


@pytest.mark.parametrize("family", [name for name in families() if not lacking(name)])
def test_no_secret_comes_out(planted: canaries.Planted, family: str, tmp_path: Path, monkeypatch) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    said = io.StringIO()
    with warnings.catch_warnings(record=True) as told, redirect_stdout(said), redirect_stderr(said):
        warnings.simplefilter("always")
        made = rv.Synthesizer(family, seed=0, budget=SECONDS).fit(planted.table)
        rows = made.sample()
        made.save(tmp_path / "m.reverie")
    heard = [
        said.getvalue(),
        repr(made),
        repr(made.model_),
        *made.notes_,
        *(str(one.message) for one in told),
    ]
    files = {"the model": canaries.contents(tmp_path), "what was said": [" ".join(heard).encode()]}
    assert [one.found for one in canaries.sought(planted, rows, files)] == [{}, {}, {}]
