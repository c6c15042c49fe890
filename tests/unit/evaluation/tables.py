"""Small tables that measures are tried on."""

import numpy as np
import pyarrow as pa

from reverie.evaluation.base import Comparison, Measurement
from reverie.schema.types import Column, Table

SCHEMA = Table(
    name="people",
    columns=(
        Column(name="id", type="identifier"),
        Column(name="age", type="integer"),
        Column(name="income", type="decimal"),
        Column(name="since", type="date"),
        Column(name="city", type="category"),
        Column(name="member", type="boolean"),
    ),
)
CITIES = np.array(["Graz", "Linz", "Wien", "Bern"], object)


def people(n: int, seed: int) -> pa.Table:
    """Rows whose columns hang together, with missing ages and cities."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    income = np.exp(rng.normal(7 + age / 40, 0.4, n)).round(2)
    city = CITIES[np.minimum(3, rng.poisson(age / 40))]
    member = income * np.exp(rng.normal(size=n) / 4) > 2500
    days = np.datetime64("2000-01-01") + (age * 60 + rng.integers(0, 900, n)).astype("timedelta64[D]")
    return pa.table(
        {
            "id": pa.array([f"p{seed}-{row}" for row in range(n)]),
            "age": pa.array(age, mask=rng.random(n) < 0.1),
            "income": income,
            "since": pa.array(days),
            "city": pa.array(city, pa.string(), mask=rng.random(n) < 0.05),
            "member": pa.array(member),
        }
    )


def shuffled(table: pa.Table, seed: int = 0) -> pa.Table:
    """Every column in a random order of its own: the right shapes, and no relation between them."""
    rng = np.random.default_rng(seed)
    columns = {
        name: table[name].take(pa.array(rng.permutation(table.num_rows))) for name in table.column_names
    }
    return pa.table(columns)


def compared(
    real: pa.Table, fake: pa.Table, holdout: pa.Table | None = None, **options: object
) -> Comparison:
    """A comparison of tables of people."""
    return Comparison(real, fake, holdout, SCHEMA, **options)  # type: ignore[arg-type]


def named(found: list[Measurement]) -> dict[str, Measurement]:
    """Measurements by their names."""
    return {measurement.name: measurement for measurement in found}
