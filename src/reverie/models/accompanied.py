"""Models of rows that may be accompanied by grids and texts: how whole rows are drawn, varied and turned into
each other.
"""

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np

from reverie.core.errors import ConfigError
from reverie.models import media, variations
from reverie.models.base import Fitted
from reverie.models.variations import check_way
from reverie.schema.blocks import Blocks, Evidence, Tokens, concatenate

if TYPE_CHECKING:
    import torch


class Accompanied(Fitted):
    """A model of rows, and what is `beside` them, if there is anything."""

    beside: media.Media | None

    @abstractmethod
    def rows(
        self, n: int, rng: np.random.Generator, given: Evidence | None, told: np.ndarray | None = None
    ) -> Blocks:
        """`n` rows without their grids and texts, of which `told` (n, width) is known."""

    @abstractmethod
    def refined(self, rows: Blocks | None, told: "torch.Tensor") -> "torch.Tensor":
        """What networks are told of whole rows, or of rows of which nothing is known, (rows, width)."""

    @abstractmethod
    def copy(self) -> Self:
        """Another model of the same networks."""

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, from the distribution conditional on it (see `models.filling`)."""
        if self.beside is None:
            return self.rows(n, rng, given)
        rest, known = media.divided(given or {}, self.specs, n)
        told = self.beside.told(known, n) if known else None
        return self.beside.make(self.rows(n, rng, rest, told), self.refined, known, rng)

    def bare(self, n: int, rng: np.random.Generator) -> Blocks:
        """`n` rows without their grids and texts."""
        return self.rows(n, rng, None)

    def guided(self, strength: float) -> Fitted:
        """The model whose grids and texts are guided so strongly by what is given. Raises ConfigError."""
        if self.beside is None:
            return super().guided(strength)
        made, style = self.copy(), replace(self.beside.style, guidance=strength)
        made.beside = replace(self.beside, guidance=strength, style=style)
        return made

    def vary(self, blocks: Blocks, strength: float, rng: np.random.Generator) -> Blocks:
        """A variation of each row (see `models.variations`); grids go on from so much noise, and texts are
        written anew or kept as codes are. Raises ConfigError if the strength is none.

        Source: Meng et al. 2022 (SDEdit).
        """
        if not 0 <= strength <= 1:
            raise ConfigError("is not between 0 and 1", where="strength", fix="Give a number from 0 to 1")
        beside, told, parts = self.beside, None, {}
        if beside is not None:
            parts = {spec.name: blocks[spec.name] for spec in beside.specs}
            told = beside.told(media.Known(parts, {}), blocks.rows)
        made = variations.vary(
            lambda n, given: self.rows(n, rng, given, told), media.rows_of(blocks), strength, rng
        )
        if beside is None:
            return made
        kept = {}
        for spec in beside.specs:
            if isinstance(spec, Tokens):
                hidden = rng.random(blocks.rows) < strength
                kept[spec.name] = np.where(hidden[:, None], -1, parts[spec.name])
        origins = {name: part for name, part in parts.items() if name not in kept}
        return beside.make(made, self.refined, media.Known(kept, {}, origins, strength), rng)

    def interpolate(self, a: Blocks, b: Blocks, steps: int, rng: np.random.Generator) -> Blocks:
        """`steps` rows on the way from each row of `a` to that of `b`, pair by pair; grids pass through the
        noise that both ends emerge from. Raises ConfigError.
        """
        check_way(a, b, steps)
        shares, parts = np.linspace(0, 1, steps), []
        for row in range(a.rows):
            ends = concatenate([a.take(np.array([row])), b.take(np.array([row]))])
            made = variations.between(media.rows_of(ends), shares)
            if self.beside is not None:
                made = self.beside.morph(ends, made, shares, self.refined, rng)
            parts.append(made)
        return concatenate(parts)
