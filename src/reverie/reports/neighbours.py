"""A page of its own, on request: made cells that come nearest to real ones, side by side with these.

It shows real people's data. Nothing of it is ever in a report or a dossier.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from reverie.core.errors import ConfigError
from reverie.evaluation.base import Comparison
from reverie.evaluation.likeness import FEWEST, NEAR, Likeness, Nearest, likeness, media_columns
from reverie.evaluation.phrases import places_of, text_columns, texts_of, words_of
from reverie.evaluation.privacy.texts import RUN, SHORT
from reverie.evaluation.repeats import Repeat, repeats
from reverie.reports import html
from reverie.reports.cells import Shown, Size, shown
from reverie.reports.exhibits import kind_of_column
from reverie.schema.types import Table

LARGE = Size(96, 5.0)
"""What is shown of a picture or a sound."""
MOST = {"pictures": (24, 6), "sounds": (5, 1), "texts": (12, 3)}
"""Pairs of a column that are shown: of made and real ones, and of unseen and real ones."""
AROUND = 240
"""Letters of a text that are shown before and after a run of words."""
SUFFIXES = (".html",)


@dataclass(frozen=True)
class Passage:
    """A text around a run of words: what stands before it, it, and what follows."""

    before: str
    run: str
    after: str


@dataclass(frozen=True)
class Pair:
    """A cell beside the real one that is nearest: media or texts; how near, in words, and whether that
    counts as a copy.
    """

    cells: tuple[Shown, Shown] | None
    texts: tuple[Passage, Passage] | None
    told: str
    copy: bool


@dataclass(frozen=True)
class Neighbours:
    """A column: pairs of made and real cells, pairs of unseen real and real ones, and what is to be known;
    without pairs, why.
    """

    kind: str
    column: str
    made: tuple[Pair, ...] = ()
    unseen: tuple[Pair, ...] = ()
    about: str = ""


def check_columns(schema: Table) -> None:
    """Raise ConfigError if there is no column to show neighbours of."""
    if not media_columns(schema) and not text_columns(schema):
        what = "needs a column of pictures, sounds or texts, and this table has none"
        raise ConfigError(what, where="--show-neighbours", fix="Leave it out")


def neighbours(comparison: Comparison) -> tuple[Neighbours, ...]:
    """What comes nearest to real cells in each column of pictures, sounds or texts."""
    media = (_media(comparison, name) for name in media_columns(comparison.schema))
    return (*media, *(_texts(comparison, name) for name in text_columns(comparison.schema)))


def build(comparison: Comparison, provenance: Mapping[str, str]) -> str:
    """The page as HTML text that makes no network request. Raises ConfigError without such a column."""
    check_columns(comparison.schema)
    found = neighbours(comparison)
    return html.render("neighbours.html.j2", title="Nearest neighbours", columns=found, provenance=provenance)


def _media(comparison: Comparison, name: str) -> Neighbours:
    kind, found = kind_of_column(comparison.real.column(name)), likeness(comparison, name)
    if found is None or comparison.holdout is None:
        return Neighbours(kind, name, about=f"Nothing can be said: each table needs {FEWEST} {kind}.")
    made, unseen = MOST[kind]
    tables = comparison.real.column(name), comparison.fake.column(name), comparison.holdout.column(name)
    about = (
        f"Synthetic {kind} are nearly one learned from if they differ from it by at most "
        f"{_percent(found.share(found.limit))}, as one in {1 / NEAR:.0f} unseen real ones does: "
        f"{_percent(found.near.mean())} of the {len(found.near):,} looked at. Differences are typical ones "
        "of a number, at a small size, as a share of what numbers can differ."
    )
    return Neighbours(
        kind, name,
        tuple(_pairs(found, found.own, tables[1], tables[0], made)),
        tuple(_pairs(found, found.floor, tables[2], tables[0], unseen)),
        about,
    )  # fmt: skip


def _pairs(
    found: Likeness, nearest: Nearest, cells: pa.ChunkedArray, real: pa.ChunkedArray, most: int
) -> list[Pair]:
    """The nearest pairs, each real cell in one of them."""
    pairs, taken = [], set()
    for place in np.argsort(nearest.distance, kind="stable"):
        if len(pairs) == most:
            break
        other, distance = int(nearest.others[place]), float(nearest.distance[place])
        if other in taken:
            continue
        taken.add(other)
        share = float(np.mean(found.floor.distance <= distance))
        told = (
            f"differ by {_percent(found.share(distance))}; so near or nearer are {_percent(share)} of unseen"
        )
        both = cells[int(nearest.rows[place])].as_py(), real[other].as_py()
        shown_both = shown("made", both[0], LARGE), shown("real", both[1], LARGE)
        copy = nearest is found.own and distance <= found.limit
        pairs.append(Pair(shown_both, None, f"{told} real ones", copy))
    return pairs


def _texts(comparison: Comparison, name: str) -> Neighbours:
    about = (
        "The longest runs of words that a synthetic text has in common with a real one, and that "
        f"few other real ones hold. {RUN} words and signs in a row, or all of a shorter text, count as a "
        "copy."
    )
    made = _text_pairs(comparison, comparison.fake, name)
    if not made:
        about = "No synthetic text has four words in a row that only few real texts hold."
    return Neighbours("texts", name, made, _text_pairs(comparison, comparison.holdout, name), about)


def _text_pairs(comparison: Comparison, table: pa.Table | None, name: str) -> tuple[Pair, ...]:
    if table is None:
        return ()
    made = table is comparison.fake
    texts, real = (texts_of(comparison, one, name) for one in (table, comparison.real))
    cells = table.column(name), comparison.real.column(name)
    most = MOST["texts"][0 if made else 1]
    return tuple(_text_pair(one, *cells, made=made) for one in repeats(texts, real, most))


def _text_pair(one: Repeat, cells: pa.ChunkedArray, real: pa.ChunkedArray, *, made: bool) -> Pair:
    texts = cells[one.row].as_py(), real[one.other].as_py()
    passages = (
        _passage(texts[0], one.at, one.length),
        _passage(texts[1], one.other_at, one.length),
    )
    words, known = (len(words_of(text)) for text in texts)
    whole = one.length == words == known and words >= SHORT
    told = f"{one.length:,} words and signs in a row, of {words:,} in the text"
    return Pair(None, passages, told, made and (whole or one.length >= RUN))


def _passage(text: str, at: int, length: int) -> Passage:
    places = places_of(text)
    start, end = places[at][0], places[at + length - 1][1]
    before, after = text[:start], text[end:]
    return Passage(
        before if len(before) <= AROUND else "…" + before[-AROUND:],
        text[start:end],
        after if len(after) <= AROUND else after[:AROUND] + "…",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
