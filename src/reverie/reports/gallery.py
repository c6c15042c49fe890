"""A page of rows with their pictures and sounds, complete in itself."""

import base64
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from reverie.io.catalogues import media_columns
from reverie.io.sounds import is_sound
from reverie.reports.html import render
from reverie.reports.sonograms import seconds, sonogram

MOST = 200
"""Rows that are shown."""
MOST_CELLS, MOST_LETTERS = 6, 80
"""Cells beside a picture, and letters of each."""


@dataclass(frozen=True)
class Shown:
    """A cell of media: a picture, as a URL, or "" for none, and with it a sound, and how long it is."""

    name: str
    picture: str = ""
    sound: str = ""
    lasts: str = ""


def gallery(table: pa.Table, total: int, *, title: str = "") -> str:
    """The first of `total` rows as an HTML page; binary columns are pictures, as PNG, or sounds, as WAV,
    which are shown by what is loud when, and can be played.
    """
    media = media_columns(table.schema)
    others = [name for name in table.column_names if name not in media][:MOST_CELLS]
    cards = [
        {
            "number": row,
            "media": [_shown(name, cells[name]) for name in media],
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


def _shown(name: str, content: bytes | None) -> Shown:
    if content is None:
        return Shown(name)
    if not is_sound(content):
        return Shown(name, _source(content, "image/png"))
    sound = _source(content, "audio/wav")
    return Shown(name, _source(sonogram(content), "image/png"), sound, f"{seconds(content):.2f} s")


def _source(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _text(value: Any) -> str:
    if value is None:
        return "missing"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
