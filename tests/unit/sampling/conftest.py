"""Tables that were learned, shared by the tests of sampling."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.sampling.learning import learn
from reverie.sampling.table import Learned, describe


def make_people(rows: int = 600) -> pa.Table:
    """Keys, ages with holes, cities that go with their country, and a total that follows from two columns."""
    rng = np.random.default_rng(3)
    age = rng.integers(18, 90, rows)
    city = rng.choice(["Rome", "Milan", "Oslo", "Bergen"], rows)
    price, quantity = np.round(rng.gamma(2.0, 10.0, rows), 2), rng.integers(1, 6, rows)
    country = np.where(np.isin(city, ["Rome", "Milan"]), "Italy", "Norway")
    return pa.table(
        {
            "id": [f"P-{i:05d}" for i in rng.permutation(rows)],
            "age": pa.array(age, mask=rng.random(rows) < 0.1),
            "city": city,
            "country": country,
            "price": price,
            "quantity": quantity,
            "total": np.round(price * quantity, 2),
        }
    )


@pytest.fixture(scope="session")
def people() -> pa.Table:
    return make_people()


@pytest.fixture(scope="session")
def learned(people: pa.Table) -> Learned:
    """A copula of the people."""
    return learn(people, describe("people", people), chosen="copula")
