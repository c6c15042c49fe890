"""Cells of pictures and sounds as pages hold them: inside, small where that is asked for."""

import base64
from dataclasses import dataclass

from reverie.io import pictures, sounds
from reverie.reports.sonograms import seconds, sonogram


@dataclass(frozen=True)
class Shown:
    """A cell of media: a picture, as a URL, or "" for none, and with it a sound, and how long it is."""

    name: str
    picture: str = ""
    sound: str = ""
    lasts: str = ""


@dataclass(frozen=True)
class Size:
    """What is shown of a cell at most: `side` pixels of the longer side of a picture, and `seconds` of a
    sound, of one channel.
    """

    side: int
    seconds: float


def shown(name: str, content: bytes | None, most: Size | None = None) -> Shown:
    """The cell of a column `name`: a picture, as PNG, or a sound, as WAV, which is shown by what is loud
    when; whole unless told how much `most`. Raises UnreadableError.
    """
    if content is None:
        return Shown(name)
    if not sounds.is_sound(content):
        return Shown(name, _source(content if most is None else _small(content, most.side), "image/png"))
    lasts = f"{seconds(content):.2f} s"
    if most is not None:
        content = _short(content, most.seconds)
    return Shown(
        name, _source(sonogram(content), "image/png"), _source(content, "audio/wav"), lasts
    )  # fmt: skip


def _small(content: bytes, side: int) -> bytes:
    return pictures.write(pictures.fitted(pictures.read(content), side))


def _short(content: bytes, lasting: float) -> bytes:
    waveform, rate = sounds.read(content, lasting)
    return sounds.write(sounds.as_channels(waveform, 1), rate)


def _source(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
