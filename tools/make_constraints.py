"""Write constraints.txt: the exact version of everything in .venv now, and of torch for the extras."""

import sys
from importlib.metadata import distributions
from pathlib import Path

TORCH = "2.13.0"
NOT_PINNED = {"pip", "setuptools", "wheel", "reverie", "torch"}
TARGET = Path(__file__).parents[1] / "constraints.txt"


def pins() -> list[str]:
    """One `name==version` line a distribution, sorted by name."""
    found = {dist.name.lower().replace("_", "-"): dist.version.partition("+")[0] for dist in distributions()}
    kept = {name: version for name, version in found.items() if name not in NOT_PINNED} | {"torch": TORCH}
    return [f"{name}=={version}" for name, version in sorted(kept.items())]


if __name__ == "__main__":
    TARGET.write_text("# Written by `make constraints`.\n" + "\n".join(pins()) + "\n")
    sys.stdout.write(f"{TARGET.name}: {len(pins())} versions\n")
