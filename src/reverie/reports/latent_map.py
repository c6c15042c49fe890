"""A map of a latent space: generated rows as dots, real ones only as cells that many of them share.

The two directions are those that tell the groups of the coloured column best (Fisher 1936), and where there
are not as many, those along which rows differ most.
"""

from abc import abstractmethod
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.core.errors import ConfigError
from reverie.core.names import hint
from reverie.core.rng import child
from reverie.reports.svg import COLOURS, GREY, STEPS, Picture, box, dot, picture, short, text
from reverie.sampling.table import Learned
from reverie.sampling.variation import Varied, encode, space_of

DRAWN, LEAST_SHARED = 2_500, 5
"""Generated rows of a map, and the fewest real ones that a cell of it tells of."""
SIDE, CELL = 560, 28
"""Side of the map, and of its cells."""
PALE = "#8fb0c8"
KEPT, MARGIN = 0.999, 1.06
"""Share of the rows within each side of the map, and how much larger the map is."""
SHRUNK = 1e-3
"""By how much the spreads within groups are drawn towards a sphere's, so that they can be inverted."""
NAMED, LONGEST = len(COLOURS) - 1, 24
"""Groups with a colour of their own, and the longest name of one."""
MISSING, OTHER = "missing", "other"


class Mapped(Varied):
    """What a synthesizer with a latent space offers to look at."""

    def latent_map(self, frame: Any, colour: str | None = None, *, seed: int | None = None) -> Picture:
        """A picture of the latent space, with `.save("map.svg")`.

        Dots are generated rows, coloured by one of their columns (None: the last). Of the rows of `frame`
        only cells that hold at least `k` of them are shown. Raises ConfigError if the family has no latent
        space (fit with model="vae"), or if there is no such column.
        """
        rng, least = child(self._seed(seed), "map"), max(self._rows_shared(), LEAST_SHARED)
        return latent_map(self._fitted(), self._table(frame), colour, least, rng)

    @abstractmethod
    def _rows_shared(self) -> int: ...


def latent_map(
    model: Learned, table: pa.Table, colour: str | None, least: int, rng: np.random.Generator
) -> Picture:
    """Generated rows in the latent space, and where many of the table lie; see `Mapped.latent_map`."""
    space, real = space_of(model), encode(model, table, rng)
    made = model.draw(DRAWN, None, rng, fast=True)
    drawn = model.decode(made, rng, 0, dictionaries=False)
    name = drawn.column_names[-1] if colour is None else colour
    if name not in drawn.column_names:
        raise ConfigError(f"no column is called '{name}'", where="colour", fix=hint(name, drawn.column_names))
    return draw(space.encode(made)[0], drawn.column(name), name, real, least)


def draw(places: np.ndarray, column: pa.ChunkedArray, name: str, real: np.ndarray, least: int) -> Picture:
    """Rows at `places` (rows, latents) coloured by a column of them; of `real` (others, latents) the cells
    that hold at least `least`.
    """
    groups, labels, fills = _grouped(column)
    flat, cells = _flat(places, groups, real)
    # The map holds nearly all of both: a row or two far out do not shrink it.
    low, high = np.quantile(np.concatenate([flat, cells]), [1 - KEPT, KEPT], axis=0)
    middle, reach = (low + high) / 2, np.where(high > low, high - low, 1.0) * MARGIN

    def at(points: np.ndarray) -> np.ndarray:
        return ((points - middle) / reach + 0.5) * SIDE

    drawn = _shaded(at(cells), least) + _dots(at(flat), groups, fills)
    told = f"dots: {len(places):,} generated rows; shaded: at least {least} of {len(real):,} real rows"
    parts = [
        text(16, 26, "Rows in the latent space", size=16),
        text(16, 45, told, fill=GREY),
        f'<g transform="translate(16 60)">{drawn}</g>',
        text(SIDE + 32, 72, short(name, LONGEST), size=12),
    ]
    for i, (label, fill) in enumerate(zip(labels, fills, strict=True)):
        y = 92 + i * 20
        parts += [box(SIDE + 32, y - 10, 12, 12, fill), text(SIDE + 50, y, short(label, LONGEST))]
    return Picture(picture(SIDE + 210, SIDE + 80, parts))


def _grouped(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str], list[str]]:
    """The group of each row (rows,), their labels and colours: values, or for numbers and moments with many
    values a fifth of the rows each, from low to high.
    """
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    there = values.is_valid().to_numpy(zero_copy_only=False)
    scale = pa.types.is_floating(values.type) or pa.types.is_integer(values.type)
    scale = scale or pa.types.is_decimal(values.type) or pa.types.is_temporal(values.type)
    if scale and pc.count_distinct(values).as_py() > NAMED:
        (groups, labels), colours = _fifths(values, there), STEPS
    else:
        (groups, labels), colours = _commonest(values, there), COLOURS
    fills: list[str] = [*colours[: len(labels)]]
    if not there.all():
        groups[~there], labels, fills = len(labels), [*labels, MISSING], [*fills, "#bbbbbb"]
    return groups, labels, fills


def _fifths(values: pa.Array, there: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """By rank: groups of about as many rows each; equal values stay together."""
    ranks = pc.rank(values.filter(pa.array(there)), tiebreaker="min").to_numpy() - 1
    raw = ranks * len(STEPS) // len(ranks)
    found, dense = np.unique(raw, return_inverse=True)
    groups, kept = np.zeros(len(values), int), values.filter(pa.array(there))
    groups[there] = dense
    bounds = [pc.min_max(kept.filter(pa.array(dense == i))).as_py() for i in range(len(found))]
    return groups, [f"{_told(each['min'])} to {_told(each['max'])}" for each in bounds]


def _commonest(values: pa.Array, there: np.ndarray) -> tuple[np.ndarray, list[str]]:
    words = np.array([_told(value) for value in values.to_pylist()], object)
    names, counts = np.unique(words[there].astype(str), return_counts=True)
    order = names[np.argsort(-counts, kind="stable")]
    labels = list(order[:NAMED])
    if len(order) == NAMED + 1:
        labels = list(order)
    elif len(order) > NAMED + 1:
        labels.append(OTHER)
    ranks = {name: min(i, len(labels) - 1) for i, name in enumerate(order)}
    return np.array([ranks.get(word, 0) for word in words], int), [str(label) for label in labels]


def _told(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _flat(places: np.ndarray, groups: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in two directions, (rows, 2) and (others, 2)."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rest = np.concatenate([places, real])
    common = np.flatnonzero(np.bincount(groups) > 1)
    flat, some = rest[:, :0], np.isin(groups, common)
    if len(common) > 1:
        told = min(2, len(common) - 1, places.shape[1])
        ways = LinearDiscriminantAnalysis(solver="eigen", shrinkage=SHRUNK, n_components=told)
        flat = ways.fit(places[some], groups[some]).transform(rest)
    if flat.shape[1] < 2:
        # What the directions so far do not tell is left for the others.
        left = rest - flat @ np.linalg.lstsq(flat, rest, rcond=None)[0] if flat.shape[1] else rest
        more = PCA(min(2 - flat.shape[1], left.shape[1]), svd_solver="full").fit(left[: len(places)])
        flat = np.concatenate([flat, more.transform(left)], axis=1)
    flat = np.concatenate([flat, np.zeros((len(flat), 2 - flat.shape[1]))], axis=1)
    return flat[: len(places)], flat[len(places) :]


def _shaded(places: np.ndarray, least: int) -> str:
    edges = np.arange(0, SIDE + 1, CELL)
    counts, _, _ = np.histogram2d(places[:, 0], places[:, 1], [edges, edges])
    shown = np.argwhere(counts >= least)
    most = max(counts.max(), 1)
    depth = 0.15 + 0.75 * (counts / most) ** 0.5
    return "".join(
        box(float(edges[i]), float(edges[j]), CELL, CELL, PALE, opacity=float(depth[i, j])) for i, j in shown
    )


def _dots(places: np.ndarray, groups: np.ndarray, fills: list[str]) -> str:
    inside = ((places >= 0) & (places <= SIDE)).all(axis=1)
    return "".join(
        dot(x, y, fills[group]) for (x, y), group in zip(places[inside], groups[inside], strict=True)
    )
