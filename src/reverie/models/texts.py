"""Texts as a network learns and writes them; see `nn.texts`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models.base import Budget
from reverie.schema.blocks import Blocks, Spec, Tokens

if TYPE_CHECKING:
    from torch import nn

    from reverie.nn.texts import Style, Text, Writer

MOST_DEPTH, MOST_WIDE, HEAD = 8, 512, 32
FEW_CODES = 1_000_000
"""Codes of all rows together under which the smaller network is enough."""
SMALLER, LARGER = (128, 2, 0.2), (192, 3, 0.1)
"""Width, layers and dropout for fewer codes than that and for more."""
UPDATES, PASSES = 1_500, 20
"""Steps of training where there are texts alone beside the rows; within a budget of time, also as many as
make so many passes over the rows.
"""
BATCH = 128
TRAINING: Mapping[str, Any] = {"batch": BATCH, "least_batch": 64, "rate": 2e-3, "clip": 5.0, "judged": 256}
"""How rows and texts are learned together, fields of `nn.train.Training`."""


@dataclass(frozen=True)
class Options:
    """Texts are learned in `text_updates` steps by networks of `text_depth` layers of `text_width`, and
    written at a `temperature`, with the likeliest codes that make up `top` of the probability, and a guidance
    of their own. What is None depends on the texts.
    """

    text_width: int | None = None
    text_depth: int | None = None
    text_dropout: float | None = None
    text_updates: int | None = None
    text_guidance: float = 1.0
    temperature: float = 1.0
    top: float = 0.95


Some = TypeVar("Some", bound=Options)


def texts_of(specs: tuple[Spec, ...]) -> tuple[Tokens, ...]:
    """The blocks that are texts."""
    return tuple(spec for spec in specs if isinstance(spec, Tokens))


def rest_of(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The blocks that are no texts."""
    return tuple(spec for spec in specs if not isinstance(spec, Tokens))


def rows_of(blocks: Blocks) -> Blocks:
    """The rows without texts."""
    return blocks.only(rest_of(blocks.specs))


def arrays_of(blocks: Blocks) -> dict[str, np.ndarray]:
    """Texts as a network learns them, `text0`, `text1`, ... (rows, length); -1 after the end."""
    return {f"text{at}": blocks[spec.name] for at, spec in enumerate(texts_of(blocks.specs))}


def forms(
    specs: tuple[Spec, ...], categories: tuple[str, ...], arrays: Mapping[str, np.ndarray], begun: int
) -> tuple["Text", ...]:
    """How the network sees the texts, whose gates are some of the `categories`, and whose counts are among
    the `arrays` of a stored network in which they are the parts from `begun` on.
    """
    from reverie.nn.texts import Text

    found = []
    for at, spec in enumerate(texts_of(specs), begun):
        gate = (categories.index(spec.gate.block), spec.gate.code) if spec.gate else (-1, 0)
        names = (f"net.towers.{at}.grams.{name}" for name in ("pairs", "triples"))
        pairs, triples = (len(arrays[name]) if name in arrays else 0 for name in names)
        if spec.model and arrays:
            _compare(spec.model, arrays, f"net.towers.{at}.model.")
        source = "" if arrays else spec.source
        found.append(Text(spec.vocabulary, spec.length, *gate, (pairs, triples), spec.model, source))
    return tuple(found)


def _compare(model: str, arrays: Mapping[str, np.ndarray], prefix: str) -> None:
    """Raise ValueError unless the arrays are of a language model, before one is made as large as it says."""
    from reverie.nn.language import shapes

    found = {name: array.shape for name, array in arrays.items() if name.startswith(prefix)}
    if found != {prefix + name: shape for name, shape in shapes(model).items()}:
        raise ValueError("weights are of another language model")


def count(task: "nn.Module", blocks: Blocks) -> None:
    """Let the networks of texts begin with the counts of what follows what in the `blocks`."""
    for writer, spec in zip(_writers(task), texts_of(blocks.specs), strict=True):
        writer.count(blocks[spec.name], spec.shared)


def settle(task: "nn.Module") -> None:
    """Make networks ready into which weights were put. Raises ArtifactError if counts are none."""
    try:
        for writer in _writers(task):
            writer.settle()
    except ValueError:
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None


def _writers(task: "nn.Module") -> "list[Writer]":
    from reverie.nn.texts import Writer

    return [module for module in task.modules() if isinstance(module, Writer)]


def usual(blocks: Blocks) -> tuple[int, int, float]:
    """Width, layers and dropout of the network for the texts of so many codes."""
    codes = max((int((blocks[spec.name] >= 0).sum()) for spec in texts_of(blocks.specs)), default=0)
    return SMALLER if codes < FEW_CODES else LARGER


def fitted(options: Some, blocks: Blocks) -> Some:
    """The options with the sizes of networks for the texts of these blocks."""
    chosen = (options.text_width, options.text_depth, options.text_dropout)
    wide, depth, dropout = (b if a is None else a for a, b in zip(chosen, usual(blocks), strict=True))
    return replace(options, text_width=wide, text_depth=depth, text_dropout=dropout)


def updates(options: Options, rows: int, budget: Budget) -> int:
    """Steps of training: as many as are asked for; within a budget of time more, if there are many rows."""
    passes = 0 if budget.seconds is None else PASSES * rows // BATCH
    return options.text_updates or max(UPDATES, passes)


def course(options: Options, rows: int, budget: Budget) -> dict[str, Any]:
    """How to train so many rows and their texts."""
    steps = updates(options, rows, budget)
    return {**TRAINING, "cosine": True, "average": 0.999, "steps": steps, "epochs": steps}


def style(options: Options) -> "Style":
    """How texts are drawn."""
    from reverie.nn.texts import Style

    return Style(options.temperature, options.top, options.text_guidance)


def check(options: Options) -> None:
    """Raise ValueError if the options are such as cannot be built."""
    drawn = 0 < options.temperature <= 10 and 0 < options.top <= 1
    if not (drawn and np.isfinite(options.text_guidance)):
        raise ValueError("no such texts")
    sized(options.text_width, options.text_depth, options.text_dropout)


def sized(wide: int | None, depth: int | None, dropout: float | None) -> tuple[int, int, float]:
    """Width, layers and dropout of the network. Raises ValueError if it cannot be built."""
    wide, depth = SMALLER[0] if wide is None else wide, SMALLER[1] if depth is None else depth
    dropout = SMALLER[2] if dropout is None else dropout
    if not (0 < wide <= MOST_WIDE and wide % HEAD == 0 and 0 < depth <= MOST_DEPTH and 0 <= dropout < 1):
        raise ValueError("no such network of texts")
    return int(wide), int(depth), float(dropout)
