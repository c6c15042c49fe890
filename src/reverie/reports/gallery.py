"""A page of rows with their pictures and sounds, complete in itself."""

from typing import Any

import pyarrow as pa

from reverie.io.catalogues import media_columns
from reverie.reports.cells import shown
from reverie.reports.html import render

MOST = 200
"""Rows that are shown."""
MOST_CELLS, MOST_LETTERS = 6, 80
"""Cells beside a picture, and letters of each."""


def gallery(table: pa.Table, total: int, *, title: str = "") -> str:
    """The first of `total` rows as an HTML page; binary columns are pictures, as PNG, or sounds, as WAV,
    which are shown by what is loud when, and can be played.
    """
    media = media_columns(table.schema)
    others = [name for name in table.column_names if name not in media][:MOST_CELLS]
    cards = [
        {
            "number": row,
            "media": [shown(name, cells[name]) for name in media],
            "cells": [(name, _text(cells[name])) for name in others],
        }
        for row, cells in enumerate(table.slice(0, MOST).to_pylist(), 1)
    ]
    heard = any(one.sound for card in cards for one in card["media"])
    seen = any(one.picture and not one.sound for card in cards for one in card["media"])
    title = (
        title
        or f"Rows with {'sounds' if heard and not seen else 'pictures'}{' and sounds' * (heard and seen)}"
    )
    return render("gallery.html.j2", title=title, cards=cards, total=total, heard=heard)


def _text(value: Any) -> str:
    if value is None:
        return "missing"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
