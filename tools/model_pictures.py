"""Write docs/images/emergence.svg and latent-map.svg: rows of the demo table as networks make them.

Usage: python tools/model_pictures.py [--diffusion MODEL] [--vae MODEL]   (without models, both are fitted)
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import reverie as rv
from reverie import demo
from reverie.reports.svg import COLOURS, GREY, Picture, box, picture, short, text
from reverie.schema.blocks import Blocks

IMAGES = Path(__file__).parents[1] / "docs" / "images"
HIDDEN = "#e4e4e4"
STAGES, WIDTH, GAP = 5, 176, 22
ROWS, SHOWN = 4_000, 6
OLDEST, LEVELS = 80, 5
NUMBER, SHARES, CELLS = "age", "marital_status", ("age", "education", "marital_status", "income")


def emergence(synth: rv.Synthesizer) -> Picture:
    """The rows of a diffusion at some of its steps: a number, a category, and single rows."""
    learned = synth.model_
    stages = list(learned.fitted.trace(ROWS, np.random.default_rng(3)))
    last = learned.decode(stages[-1], np.random.default_rng(0), 0, dictionaries=False).to_pandas()
    kept = np.linspace(0, len(stages) - 1, STAGES).round().astype(int)
    parts = [text(16, 26, "Rows of the census table emerge from noise", size=16)]
    parts.append(
        text(16, 45, f"{ROWS:,} generated rows after some of the {len(stages)} steps of a diffusion")
    )
    for place, at in enumerate(kept):
        drawn = _stage(stages[at], stages[-1], last)
        title = text(0, -8, f"step {at + 1} of {len(stages)}", size=12)
        parts.append(f'<g transform="translate({16 + place * (WIDTH + GAP)} 80)">{title}{drawn}</g>')
    return Picture(picture(32 + STAGES * (WIDTH + GAP) - GAP, 536, parts))


def _stage(now: Blocks, final: Blocks, table: pd.DataFrame) -> str:
    """Half of the ages of the rows of each level to be, then how many have it already, then single rows."""
    ages, levels = _numbers(now, final, table), table[SHARES].astype(str)
    parts = [text(0, 10, f"{NUMBER}, by {SHARES.replace('_', ' ')} to be", fill=GREY)]
    for place, level in enumerate(levels.value_counts().index[:LEVELS]):
        low, middle, high = np.quantile(ages[levels == level], (0.25, 0.5, 0.75)) * WIDTH / OLDEST
        y = 20 + place * 19
        parts += [box(0, y + 7, WIDTH, 1, HIDDEN), box(low, y + 1, high - low, 13, COLOURS[place])]
        parts.append(box(middle - 1, y + 1, 2, 13, "white"))
    parts += [
        text(years * WIDTH / OLDEST, 130, str(years), size=10, anchor=side)
        for years, side in ((0, "start"), (40, "middle"), (80, "end"))
    ]
    return "".join(parts) + _shares(now, final, table) + _strip(now, final, table)


def _shares(now: Blocks, final: Blocks, table: pd.DataFrame) -> str:
    """How many rows have each level, or none yet."""
    levels, names = pd.Series(table[SHARES]).value_counts(), _names(final, table, SHARES)
    drawn = now[SHARES]
    parts = [text(0, 160, SHARES.replace("_", " "), fill=GREY)]
    rows = [("not drawn yet", np.mean(drawn < 0), HIDDEN)]
    for place, level in enumerate(levels.index[:LEVELS]):
        code = next(code for code, name in names.items() if name == level)
        rows.append((level, np.mean(drawn == code), COLOURS[place]))
    for place, (name, share, colour) in enumerate(rows):
        y = 170 + place * 24
        parts += [
            box(0, y + 12, max(WIDTH * share, 1), 6, colour),
            text(0, y + 9, f"{name} {share:.0%}", size=10),
        ]
    return "".join(parts)


def _strip(now: Blocks, final: Blocks, table: pd.DataFrame) -> str:
    """Single rows, a line of cells each, empty where nothing is drawn yet."""
    wide = np.array([0.16, 0.3, 0.34, 0.2]) * WIDTH
    left = np.concatenate([[0], np.cumsum(wide)])
    ages, parts = _numbers(now, final, table), [text(0, 338, f"{SHOWN} single rows", fill=GREY)]
    for row in range(SHOWN):
        y = 346 + row * 17
        for place, column in enumerate(CELLS):
            there = column == NUMBER or now[column][row] >= 0
            parts.append(box(left[place], y, wide[place] - 2, 15, "#f3f6f8" if there else HIDDEN))
            if there:
                word = f"{ages[row]:.0f}" if column == NUMBER else str(table[column].iloc[row])
                parts.append(text(left[place] + 2, y + 11, short(word, int(wide[place] / 5)), size=8))
    return "".join(parts)


def _numbers(now: Blocks, final: Blocks, table: pd.DataFrame) -> np.ndarray:
    """The number in its own units, by what the last step's values became."""
    known, years = final[NUMBER].reshape(-1), table[NUMBER].to_numpy(float)
    order = np.argsort(known)
    slope, shift = np.polyfit(known, years, 1)
    values = now[NUMBER].reshape(-1)
    inside = np.interp(values, known[order], years[order])
    beyond = (values < known.min()) | (values > known.max())
    return np.where(beyond, slope * values + shift, inside)


def _names(final: Blocks, table: pd.DataFrame, column: str) -> dict[int, str]:
    """What each code of the last step became."""
    return dict(zip(final[column].tolist(), table[column].astype(str), strict=True))


def main() -> None:
    """Fit or open the models, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--diffusion", type=Path)
    parser.add_argument("--vae", type=Path)
    given = parser.parse_args()
    real = pd.read_parquet(demo.train_path())
    pictures: dict[str, tuple[str, Path | None, Callable[[rv.Synthesizer], Picture]]] = {
        "emergence": ("diffusion", given.diffusion, emergence),
        "latent-map": ("vae", given.vae, lambda synth: synth.latent_map(real, SHARES)),
    }
    for name, (family, model, draw) in pictures.items():
        synth = rv.load(model) if model else rv.Synthesizer(family, seed=0, critic=False).fit(real)
        path = IMAGES / f"{name}.svg"
        draw(synth).save(path)
        sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
