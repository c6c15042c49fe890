"""Fit or sample MOSTLY AI's TabularARGN with its default settings, in the engine's own environment."""

import argparse
from pathlib import Path

import pandas as pd
from mostlyai.engine import TabularARGN, generate


def collect(workspace: Path) -> pd.DataFrame:
    """What `generate` wrote."""
    parts = sorted((workspace / "SyntheticData").glob("*.parquet"))
    return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["fit", "sample"])
    parser.add_argument("--train")
    parser.add_argument("--file", required=True, help="the engine's workspace, a folder")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--out")
    given = parser.parse_args()
    workspace = Path(given.file)
    if given.step == "fit":
        frame = pd.read_csv(given.train, keep_default_na=False, na_values=[""])
        TabularARGN(workspace_dir=workspace, random_state=1).fit(frame)
    else:
        generate(sample_size=given.rows, workspace_dir=workspace)
        collect(workspace).to_parquet(given.out)


if __name__ == "__main__":
    main()
