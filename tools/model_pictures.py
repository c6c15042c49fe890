"""Write docs/images/emergence.svg and latent-map.svg: rows of the demo table as networks make them.

Usage: python tools/model_pictures.py [--diffusion MODEL] [--vae MODEL]   (without models, both are fitted)
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import reverie as rv
from reverie import demo
from reverie.schema.blocks import Blocks

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#444444")
"""Okabe and Ito's, which colour-blind people tell apart, and two more."""
HIDDEN, PALE, INK, GREY = "#e4e4e4", "#8fb0c8", "#333333", "#666666"
STAGES, WIDTH, GAP = 5, 176, 22
ROWS, SHOWN = 4_000, 6
OLDEST, LEVELS = 80, 5
NUMBER, SHARES, CELLS = "age", "marital_status", ("age", "education", "marital_status", "income")
LATENT, CELL, LEAST = 560, 28, 5
"""Side of the map, and of its cells; a cell is shown that has at least so many real rows."""


def text(x: float, y: float, words: str, *, size: int = 11, anchor: str = "start", fill: str = INK) -> str:
    """Words in a picture."""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"'
    return f"<text {place}>{escape(words)}</text>"


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle."""
    size = f'width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{fill}"/>'


def picture(width: int, height: int, parts: Sequence[str]) -> str:
    """The parts on white."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
    return "\n".join(
        [f'{head} font-family="sans-serif">', box(0, 0, width, height, "white"), *parts, "</svg>\n"]
    )


def emergence(synth: rv.Synthesizer) -> str:
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
    return picture(32 + STAGES * (WIDTH + GAP) - GAP, 536, parts)


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
                parts.append(text(left[place] + 2, y + 11, _short(word, int(wide[place] / 5)), size=8))
    return "".join(parts)


def _short(word: str, most: int) -> str:
    return word if len(word) <= most else word[: most - 1] + "…"


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


def latent_map(synth: rv.Synthesizer, real: pd.DataFrame, colour: str = SHARES) -> str:
    """Generated rows in the two directions that tell a column best; real ones as shaded cells only."""
    made = synth.sample(2_500, seed=1)
    places, others = synth.encode(made), synth.encode(real)
    ways = LinearDiscriminantAnalysis(n_components=2).fit(places, made[colour].astype(str))
    flat, cells = ways.transform(places), ways.transform(others)
    reach = np.quantile(np.abs(cells), 0.998)

    def at(values: np.ndarray) -> np.ndarray:
        return (values / reach + 1) / 2 * LATENT

    parts = [text(16, 26, "Where a VAE puts the rows of the census table", size=16)]
    parts.append(text(16, 45, f"points: generated rows; shaded: cells with at least {LEAST} real rows"))
    parts.append(f'<g transform="translate(16 60)">{_shaded(at(cells))}{_points(at(flat), made[colour])}</g>')
    legend = made[colour].astype(str).value_counts().index[: len(COLOURS) - 1]
    others_too = ["other"] if made[colour].nunique() > len(legend) else []
    for place, name in enumerate([*legend, *others_too]):
        y, fill = 80 + place * 20, COLOURS[min(place, len(COLOURS) - 1)]
        parts += [box(LATENT + 32, y - 10, 12, 12, fill), text(LATENT + 50, y, name)]
    parts.append(text(LATENT + 32, 64, colour.replace("_", " "), size=12))
    return picture(LATENT + 190, LATENT + 80, parts)


def _shaded(places: np.ndarray) -> str:
    edges = np.arange(0, LATENT + 1, CELL)
    counts, _, _ = np.histogram2d(places[:, 0], places[:, 1], [edges, edges])
    most, parts = counts.max(), []
    for i, j in np.argwhere(counts >= LEAST):
        depth = 0.15 + 0.75 * (counts[i, j] / most) ** 0.5
        parts.append(f'<g opacity="{depth:.2f}">{box(edges[i], edges[j], CELL, CELL, PALE)}</g>')
    return "".join(parts)


def _points(places: np.ndarray, levels: pd.Series) -> str:
    ranks = {name: place for place, name in enumerate(levels.astype(str).value_counts().index)}
    parts = []
    for (x, y), level in zip(places, levels.astype(str), strict=True):
        if 0 <= x <= LATENT and 0 <= y <= LATENT:
            fill = COLOURS[min(ranks[level], len(COLOURS) - 1)]
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{fill}" fill-opacity=".75"/>')
    return "".join(parts)


def main() -> None:
    """Fit or open the models, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--diffusion", type=Path)
    parser.add_argument("--vae", type=Path)
    given = parser.parse_args()
    real = pd.read_parquet(demo.train_path())
    pictures: dict[str, tuple[str, Path | None, Callable[[rv.Synthesizer], str]]] = {
        "emergence": ("diffusion", given.diffusion, emergence),
        "latent-map": ("vae", given.vae, lambda synth: latent_map(synth, real)),
    }
    for name, (family, path, draw) in pictures.items():
        synth = rv.load(path) if path else rv.Synthesizer(family, seed=0, critic=False).fit(real)
        (IMAGES / f"{name}.svg").write_text(draw(synth))
        sys.stdout.write(
            f"{IMAGES / name}.svg: {(IMAGES / name).with_suffix('.svg').stat().st_size:,} bytes\n"
        )


if __name__ == "__main__":
    main()
