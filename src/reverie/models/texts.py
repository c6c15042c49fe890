"""Texts as a network learns and writes them; see `nn.texts`."""

from typing import TYPE_CHECKING

import numpy as np

from reverie.schema.blocks import Blocks, Spec, Tokens

if TYPE_CHECKING:
    from reverie.nn.texts import Scale, Text

MOST_DEPTH, MOST_WIDE = 16, 1024
FEW_CODES = 1_000_000
"""Codes of all rows together under which the smaller network is enough."""
SMALLER, LARGER = (128, 3, 0.2), (192, 4, 0.1)
"""Width, layers and dropout for fewer codes than that and for more."""


def texts_of(specs: tuple[Spec, ...]) -> tuple[Tokens, ...]:
    """The blocks that are texts."""
    return tuple(spec for spec in specs if isinstance(spec, Tokens))


def arrays_of(blocks: Blocks) -> dict[str, np.ndarray]:
    """Texts as a network learns them, `text0`, `text1`, ... (rows, length); -1 after the end."""
    return {f"text{at}": blocks[spec.name] for at, spec in enumerate(texts_of(blocks.specs))}


def forms(specs: tuple[Spec, ...], categories: tuple[str, ...]) -> tuple["Text", ...]:
    """How the network sees the texts, whose gates are some of the `categories`."""
    from reverie.nn.texts import Text

    found = []
    for spec in texts_of(specs):
        gate = (categories.index(spec.gate.block), spec.gate.code) if spec.gate else (-1, 0)
        found.append(Text(spec.vocabulary, spec.length, *gate))
    return tuple(found)


def usual(blocks: Blocks) -> tuple[int, int, float]:
    """Width, layers and dropout of the network for the texts of so many codes."""
    codes = max((int((blocks[spec.name] >= 0).sum()) for spec in texts_of(blocks.specs)), default=0)
    return SMALLER if codes < FEW_CODES else LARGER


def scale(wide: int | None, depth: int | None, dropout: float | None) -> "Scale":
    """The size of the network. Raises ValueError if it cannot be built."""
    from reverie.nn.texts import HEAD, Scale

    wide, depth = SMALLER[0] if wide is None else wide, SMALLER[1] if depth is None else depth
    dropout = SMALLER[2] if dropout is None else dropout
    if not (0 < wide <= MOST_WIDE and wide % HEAD == 0 and 0 < depth <= MOST_DEPTH and 0 <= dropout < 1):
        raise ValueError("no such network of texts")
    return Scale(int(wide), int(depth), float(dropout))
