"""Shape and trend equal sdmetrics' QualityReport, run in its own environment, to within 1e-6."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reverie.evaluation.base import Comparison, Measurement
from reverie.evaluation.quality import shape, trend
from reverie.schema.types import Column, Table

ROOT = Path(__file__).parents[2]
CLOSE = 1e-6


@pytest.fixture(scope="module")
def interpreter() -> str:
    made = subprocess.run(
        [ROOT / "tools" / "sdmetrics_env.sh"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHON": sys.executable},
    )
    if made.returncode and "CI" not in os.environ:
        pytest.skip("the environment of sdmetrics cannot be made here")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def holed(values: np.ndarray, share: float, rng: np.random.Generator) -> pa.Array:
    return pa.array(values, mask=rng.random(len(values)) < share)


def mixed(n: int, seed: int, shift: float) -> pa.Table:
    """Every kind of column, related to one another, the relations and the shapes moved by `shift`."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, n)
    level = group * (2.0 - shift) + rng.normal(size=n)
    days = (rng.integers(0, 900, n) + 400 * group).astype("timedelta64[D]")
    city = np.array(["a", "b", "c", "d", "e"], object)[
        np.where(rng.random(n) < 0.7, group, rng.integers(0, 5, n))
    ]
    return pa.table(
        {
            "level": level,
            "holed": holed(level * 3 + rng.normal(size=n), 0.2 + shift, rng),
            "count": pa.array(rng.poisson(3 + group)),
            "holed_count": holed(rng.poisson(3 + 2 * group), 0.1, rng),
            "price": np.exp(rng.normal(size=n) + group).round(2),
            "flag": pa.array(level > 1),
            "holed_flag": holed(level > 2, 0.15, rng),
            "few": pa.array((group > 1).astype(np.int64)),
            "city": pa.array(city),
            "holed_city": holed(city, 0.3 * group.mean() / 2, rng),
            "code": pa.array([f"k{value}" for value in rng.integers(0, 300, n)]),
            "when": pa.array((np.datetime64("2020-01-01") + days).astype("datetime64[ns]")),
            "holed_when": holed(
                (np.datetime64("2020-01-01T10:11:12") + days * 2).astype("datetime64[ns]"), 0.1, rng
            ),
            "same": pa.array(np.full(n, 3.5)),
            "same_city": pa.array(["x"] * n),
        }
    )


def schema_of(table: pa.Table) -> Table:
    kinds = {
        "bool": "boolean",
        "string": "category",
        "int64": "integer",
        "double": "decimal",
        "timestamp[ns]": "datetime",
    }
    return Table(name="t", columns=tuple(Column(name=f.name, type=kinds[str(f.type)]) for f in table.schema))


def judged(interpreter: str, comparison: Comparison, folder: Path) -> dict:
    paths = [folder / "real.parquet", folder / "fake.parquet", folder / "kinds.json"]
    pq.write_table(comparison.real, paths[0])
    pq.write_table(comparison.fake, paths[1])
    paths[2].write_text(json.dumps({field.name: field.kind for field in comparison.view.fields}))
    script = ROOT / "tools" / "sdmetrics_report.py"
    run = subprocess.run([interpreter, script, *paths], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def figures(comparison: Comparison) -> dict[str, Measurement]:
    found = shape.MEASURE.measure(comparison) + trend.MEASURE.measure(comparison)
    return {measurement.name: measurement for measurement in found}


def check(interpreter: str, comparison: Comparison, folder: Path) -> None:
    theirs, ours = judged(interpreter, comparison, folder), figures(comparison)
    assert 1 - ours["shape"].value / 100 == pytest.approx(theirs["scores"]["Column Shapes"], abs=CLOSE)
    columns = {row["name"]: row["error"] for row in ours["shape"].detail["columns"]}
    for row in theirs["details"]["Column Shapes"]:
        assert 1 - columns[row["Column"]] / 100 == pytest.approx(row["Score"], abs=CLOSE), row["Column"]
    if theirs["scores"]["Column Pair Trends"] is None:
        assert "trend" not in ours
    else:
        assert 1 - ours["trend"].value / 100 == pytest.approx(
            theirs["scores"]["Column Pair Trends"], abs=CLOSE
        )
    pairs = {(row["a"], row["b"]): row for row in ours["trend_all"].detail["pairs"]}
    for row in theirs["details"]["Column Pair Trends"]:
        mine = pairs[row["Column 1"], row["Column 2"]]
        assert mine["related"] == (row["Score"] is not None), row
        if row["Score"] is not None:
            assert 1 - mine["error"] / 100 == pytest.approx(row["Score"], abs=CLOSE), row
        strength = row["Real Correlation"] if row["Real Association"] is None else row["Real Association"]
        if strength is not None:
            assert mine["real"] == pytest.approx(strength, abs=CLOSE), row


@pytest.mark.parametrize(("n", "m", "shift"), [(3000, 2500, 0.3), (400, 700, 0.0)])
def test_every_kind_of_column_agrees(interpreter: str, tmp_path: Path, n: int, m: int, shift: float) -> None:
    real, fake = mixed(n, 1, 0.0), mixed(m, 2, shift)
    check(interpreter, Comparison(real, fake, None, schema_of(real)), tmp_path)


def test_no_related_pair_agrees(interpreter: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    tables = [pa.table({"x": rng.normal(size=500), "y": rng.normal(size=500)}) for _ in range(2)]
    check(interpreter, Comparison(tables[0], tables[1], None, schema_of(tables[0])), tmp_path)


def test_many_related_numbers_with_holes_agree(interpreter: str, tmp_path: Path) -> None:
    def table(seed: int) -> pa.Table:
        rng = np.random.default_rng(seed)
        root = rng.normal(size=(800, 1))
        values = root * rng.uniform(0.5, 2, 12) + rng.normal(size=(800, 12)) * 10.0 ** np.arange(-6, 6) / 1e4
        return pa.table(
            {f"x{i}": holed(values[:, i] * 10.0 ** (i - 5) + 1e3, 0.05 * (i % 3), rng) for i in range(12)}
        )

    real = table(1)
    check(interpreter, Comparison(real, table(2), None, schema_of(real)), tmp_path)
