"""Pictures as SVG: words, boxes and dots, whose texts are escaped, and a file to save them to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#444444")
"""Okabe and Ito's, which colour-blind people tell apart, and two more."""
STEPS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#e5d016")
"""From low to high (viridis, its yellow darker)."""
INK, GREY = "#333333", "#666666"


@dataclass(frozen=True)
class Picture:
    """A picture as the text of an SVG file; notebooks show it."""

    svg: str

    def save(self, path: str | Path) -> None:
        """Write an SVG file. Raises OutputError."""
        from reverie.io.writing import write_text

        write_text(path, self.svg)

    def _repr_svg_(self) -> str:
        return self.svg


def text(x: float, y: float, words: str, *, size: int = 11, anchor: str = "start", fill: str = INK) -> str:
    """Words in a picture; characters that XML forbids are left out."""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"'
    return f"<text {place}>{escape(''.join(mark for mark in words if _allowed(mark)))}</text>"


def box(x: float, y: float, width: float, height: float, fill: str, *, opacity: float = 1.0) -> str:
    """A filled rectangle."""
    size = f'width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    faint = "" if opacity == 1 else f' fill-opacity="{opacity:.2f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{fill}"{faint}/>'


def dot(x: float, y: float, fill: str) -> str:
    """A small circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{fill}" fill-opacity=".75"/>'


def picture(width: int, height: int, parts: Sequence[str]) -> str:
    """The parts on white."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
    return "\n".join(
        [f'{head} font-family="sans-serif">', box(0, 0, width, height, "white"), *parts, "</svg>\n"]
    )


def short(word: str, most: int) -> str:
    """The word, cut to at most so many characters."""
    return word if len(word) <= most else word[: most - 1] + "…"


def _allowed(mark: str) -> bool:
    """Whether XML 1.0 allows the character."""
    code = ord(mark)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
