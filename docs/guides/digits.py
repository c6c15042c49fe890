"""A folder of pictures to try Reverie on: 1,797 handwritten digits that scikit-learn brings, and an index.

Usage: python docs/guides/digits.py [FOLDER]. Source: Alpaydin & Kaynak (1998), UCI Optical Recognition of
Handwritten Digits.
"""

import csv
import sys
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

WIDE = 16


def main(folder: Path) -> None:
    """Write `pictures/0000.png` and so on, and index.csv with what each shows and how much ink it has."""
    found = load_digits()
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    with (folder / "index.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["picture", "digit", "ink"])
        for row, (levels, digit) in enumerate(zip(found.images, found.target, strict=True)):
            path = f"pictures/{row:04}.png"
            Image.fromarray((levels * 15.9).astype("uint8")).resize((WIDE, WIDE)).save(folder / path)
            index.writerow([path, f"d{digit}", round(float(levels.mean()), 2)])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "digits"))
