"""Fit and sample SmartNoise's private synthesizers; they cannot be kept, so that fitting makes the rows too.

Types of columns are told, as what counts as public. A fifth of epsilon goes to what bounds numbers.
"""

import argparse
import shutil
import warnings
from pathlib import Path

import pandas as pd
from snsynth import Synthesizer

FEW = 20
"""Numbers of no more different values are taken for categories."""
SHARE = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["fit", "sample"])
    parser.add_argument("--model", choices=["aim", "mst"])
    parser.add_argument("--epsilon", type=float)
    parser.add_argument("--delta", type=float)
    parser.add_argument("--train")
    parser.add_argument("--file", required=True, help="the rows made")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--out")
    given = parser.parse_args()
    if given.step == "sample":
        shutil.copy(given.file, given.out)
        return
    warnings.simplefilter("ignore")
    frame = pd.read_csv(given.train, keep_default_na=False, na_values=[""])
    numbers = [name for name in frame.select_dtypes("number") if frame[name].nunique() > FEW]
    others = [name for name in frame if name not in numbers]
    whole = [name for name in numbers if pd.api.types.is_integer_dtype(frame[name])]
    frame[others] = frame[others].astype(object)
    made = Synthesizer.create(given.model, epsilon=given.epsilon, delta=given.delta)
    made.fit(
        frame, categorical_columns=others, continuous_columns=numbers, preprocessor_eps=SHARE * given.epsilon,
        nullable=bool(frame.isna().to_numpy().any()),
    )  # fmt: skip
    rows = pd.DataFrame(made.sample(len(frame)), columns=frame.columns)
    for name in numbers:
        rows[name] = pd.to_numeric(rows[name])
    for name in whole:
        rows[name] = rows[name].round().astype("Int64")
    rows.to_parquet(Path(given.file))


if __name__ == "__main__":
    main()
