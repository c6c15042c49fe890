"""A folder of sounds to try Reverie on: 400 calls of three birds that there are not, and an index.

Usage: python docs/guides/calls.py [FOLDER]
"""

import csv
import sys
from pathlib import Path

import numpy as np
import soundfile

RATE, ROWS = 8_000, 400
BIRDS = {"riser": (1_200, 2_800, 1), "faller": (3_000, 1_400, 1), "triller": (2_200, 2_400, 4)}
"""Hertz in which a call begins and ends, and how often it is sung."""


def main(folder: Path, rng: np.random.Generator) -> None:
    """Write `sounds/0000.wav` and so on, and index.csv with the bird of each and how warm the day was."""
    (folder / "sounds").mkdir(parents=True, exist_ok=True)
    with (folder / "index.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["sound", "bird", "degrees"])
        for row in range(ROWS):
            bird, degrees = str(rng.choice(list(BIRDS))), rng.uniform(5, 25)
            soundfile.write(folder / f"sounds/{row:04}.wav", call(bird, degrees, rng), RATE)
            index.writerow([f"sounds/{row:04}.wav", bird, round(degrees, 1)])


def call(bird: str, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """The warmer the day, the shorter the call; no two are alike."""
    begin, end, times = BIRDS[bird]
    along = np.linspace(0, 1, int(RATE * (0.5 - 0.01 * degrees) * rng.uniform(0.9, 1.1)))
    part = along * times % 1
    pitch = (begin + (end - begin) * part) * rng.uniform(0.93, 1.07)
    loud = np.sin(np.pi * part) * rng.uniform(0.2, 0.8)
    return loud * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + 1e-3 * rng.normal(size=len(along))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "calls"), np.random.default_rng(0))
