"""Fit or sample a synthesizer of SDV with its default settings, in SDV's own environment."""

import argparse

import pandas as pd
from sdv.metadata import Metadata
from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer
from sdv.utils import load_synthesizer

TABLE = "table"
MODELS = {"copula": GaussianCopulaSynthesizer, "tvae": TVAESynthesizer, "ctgan": CTGANSynthesizer}


def describe(frame: pd.DataFrame) -> Metadata:
    """Numbers as numbers, the rest as categories: as detection does, but for guesses at personal data."""
    columns = {name: {"sdtype": _kind(frame[name])} for name in frame}
    return Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}})


def _kind(column: pd.Series) -> str:
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return "numerical" if is_number and column.nunique() > 2 else "categorical"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["fit", "sample"])
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--train")
    parser.add_argument("--file", required=True, help="the fitted model, written by fit and read by sample")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--out")
    given = parser.parse_args()
    if given.step == "fit":
        frame = pd.read_csv(given.train, keep_default_na=False, na_values=[""])
        synthesizer = MODELS[given.model](describe(frame))
        synthesizer.fit({TABLE: frame})
        synthesizer.save(given.file)
    else:
        synthesizer = load_synthesizer(given.file)
        synthesizer.sample(given.rows)[TABLE].to_parquet(given.out)


if __name__ == "__main__":
    main()
