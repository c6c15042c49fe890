"""Write orders.csv, later.csv and holes.csv, the guides' made-up web shop: python docs/guides/orders.py."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from faker import Faker

ROWS = 6_000
PRICES = {"mug": 9.5, "lamp": 39.9, "chair": 89.0, "desk": 249.0, "sofa": 799.0}


def orders(rows: int, seed: int) -> pa.Table:
    """Orders with a key, people, dates, a formula and missing cells."""
    rng, people = np.random.default_rng(seed), Faker("en_GB")
    people.seed_instance(seed)
    age = np.minimum(rng.gamma(9, 4.6, rows).astype(int), 77) + 18
    product = rng.choice(list(PRICES), rows, p=[0.35, 0.3, 0.2, 0.1, 0.05])
    off = rng.choice([1, 0.9, 0.8], rows, p=[0.7, 0.2, 0.1])
    price = np.round([PRICES[name] for name in product] * off, 2)
    quantity = 1 + rng.poisson(np.where(price < 50, 1.2, 0.2))
    ordered = np.datetime64("2024-01-01") + rng.integers(0, 540, rows)
    status = rng.choice(["shipped", "returned", "cancelled"], rows, p=[0.86, 0.08, 0.06])
    shipped = ordered + 1 + rng.poisson(2 + (price > 200) * 5)
    return pa.table(
        {
            "order_id": [f"ORD-{number:06d}" for number in rng.permutation(900_000)[:rows]],
            "name": [people.name() for _ in range(rows)],
            "email": [people.email() for _ in range(rows)],
            "age": pa.array(age, mask=rng.random(rows) < 0.07),
            "country": rng.choice(["UK", "Ireland", "France", "Germany"], rows, p=[0.6, 0.2, 0.12, 0.08]),
            "product": product,
            "price": price,
            "quantity": quantity,
            "total": np.round(price * quantity, 2),
            "ordered": ordered,
            "shipped": pa.array(shipped, mask=status == "cancelled"),
            "status": status,
            "newsletter": rng.random(rows) < 1 / (1 + np.exp((age - 55) / 8)),
        }
    )


def holes(table: pa.Table, seed: int) -> pa.Table:
    """The table with a tenth of the cells of some columns taken out."""
    rng = np.random.default_rng(seed)
    for name in ("age", "country", "product", "price", "total"):
        out = pa.array(rng.random(table.num_rows) < 0.1)
        kept = pc.if_else(out, pa.scalar(None, table[name].type), table[name])
        table = table.set_column(table.column_names.index(name), name, kept)
    return table


if __name__ == "__main__":
    for name, seed in (("orders.csv", 1), ("later.csv", 2)):
        pyarrow.csv.write_csv(orders(ROWS, seed), name)
    pyarrow.csv.write_csv(holes(orders(500, 3), 3), "holes.csv")
