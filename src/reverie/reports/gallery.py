"""A page of rows with their pictures, complete in itself."""

import base64
from typing import Any

import pyarrow as pa

from reverie.io.catalogues import media_columns
from reverie.reports.html import render

MOST = 200
"""Rows that are shown."""
MOST_CELLS, MOST_LETTERS = 6, 80
"""Cells beside a picture, and letters of each."""


def gallery(table: pa.Table, total: int, *, title: str = "Rows with pictures") -> str:
    """The first of `total` rows as an HTML page; binary columns are pictures, as PNG."""
    shown, media = table.slice(0, MOST), media_columns(table.schema)
    others = [name for name in table.column_names if name not in media][:MOST_CELLS]
    cards = [
        {
            "number": row,
            "pictures": [(name, _source(cells[name])) for name in media],
            "cells": [(name, _text(cells[name])) for name in others],
        }
        for row, cells in enumerate(shown.to_pylist(), 1)
    ]
    return render("gallery.html.j2", title=title, cards=cards, total=total)


def _source(content: bytes | None) -> str | None:
    return None if content is None else "data:image/png;base64," + base64.b64encode(content).decode()


def _text(value: Any) -> str:
    if value is None:
        return "missing"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
