"""Fit or sample MOSTLY AI's TabularARGN with its default settings, in the engine's own environment.

With --epsilon it learns in its private mode, in which bounds of values take a tenth of it.
"""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
from mostlyai.engine import TabularARGN, generate


def collect(workspace: Path) -> pd.DataFrame:
    """What `generate` wrote."""
    parts = sorted((workspace / "SyntheticData").glob("*.parquet"))
    return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)


def privacy(epsilon: float | None, delta: float | None) -> dict[str, Any]:
    """The engine's settings for a promise, none without one."""
    if epsilon is None:
        return {}
    from mostlyai.engine.domain import DifferentialPrivacyConfig

    promise = {"max_epsilon": 0.9 * epsilon, "value_protection_epsilon": 0.1 * epsilon, "delta": delta}
    return {"differential_privacy": DifferentialPrivacyConfig(**promise)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["fit", "sample"])
    parser.add_argument("--train")
    parser.add_argument("--file", required=True, help="the engine's workspace, a folder")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--out")
    parser.add_argument("--epsilon", type=float)
    parser.add_argument("--delta", type=float)
    given = parser.parse_args()
    workspace = Path(given.file)
    if given.step == "fit":
        frame = pd.read_csv(given.train, keep_default_na=False, na_values=[""])
        TabularARGN(workspace_dir=workspace, random_state=1, **privacy(given.epsilon, given.delta)).fit(frame)
    else:
        generate(sample_size=given.rows, workspace_dir=workspace)
        collect(workspace).to_parquet(given.out)


if __name__ == "__main__":
    main()
