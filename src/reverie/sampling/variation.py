"""Rows near given ones and between two, places in a latent space, and how real rows look to a critic."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.codecs.spelling import write_table
from reverie.core.errors import ConfigError, DataError
from reverie.core.quantities import parse_count
from reverie.core.rng import child
from reverie.models.base import Discerning, Varying
from reverie.models.latent import LatentSpace
from reverie.models.variations import check_way
from reverie.sampling.request import conform
from reverie.sampling.table import Learned
from reverie.schema.blocks import Blocks

TRIES = 8
"""How often a row that breaks a rule is made anew; then it stays as it is."""


def encode(model: Learned, table: pa.Table, rng: np.random.Generator) -> np.ndarray:
    """Where the rows of a table lie, (rows, latents): their posteriors' means."""
    return space_of(model).encode(_blocks(model, table, rng))[0]


def vary(model: Learned, table: pa.Table, strength: float, n: int, rng: np.random.Generator) -> pa.Table:
    """`n` variations of each row, one row's after the other's; see `models.base.Varying`."""
    able, blocks = _varying(model), _blocks(model, table, rng)
    blocks = blocks.take(np.repeat(np.arange(blocks.rows), n))
    return _decoded(model, lambda at: able.vary(blocks.take(at), strength, rng), blocks.rows, rng)


def interpolate(
    model: Learned, start: pa.Table, end: pa.Table, steps: int, rng: np.random.Generator
) -> pa.Table:
    """`steps` rows from each row of `start` to that of `end`, pair by pair; see `models.base.Varying`."""
    able, a, b = _varying(model), _blocks(model, start, rng), _blocks(model, end, rng)
    check_way(a, b, steps)

    def make(at: np.ndarray) -> Blocks:
        """The rows at these places of all ways; a way is made whole, as its rows belong together."""
        ways = np.unique(at // steps)
        made = able.interpolate(a.take(ways), b.take(ways), steps, rng)
        return made.take(np.searchsorted(ways, at // steps) * steps + at % steps)

    return _decoded(model, make, a.rows * steps, rng)


def decode(model: Learned, latent: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """A row at each place (rows, latents). Raises DataError unless they are places of the model's space."""
    space, width = space_of(model), space_of(model).prior.means.shape[1]
    latent = np.asarray(latent, float)
    if latent.ndim != 2 or latent.shape[1] != width or not np.isfinite(latent).all():
        raise DataError(
            "are no places in the latent space", where="latents", fix=f"Give finite numbers (rows, {width})"
        )
    return _decoded(model, lambda at: space.decode(latent[at], rng), len(latent), rng)


def realism(model: Learned, table: pa.Table, rng: np.random.Generator) -> np.ndarray:
    """How real each row of a table looks to the model's critic, (rows,); see `Synthesizer.realism`."""
    if not isinstance(model.fitted, Discerning):
        fix = "Fit with model='gan', or rank rows by log_prob with model='trees'"
        raise ConfigError(f"{_family(model)} has no critic of its own", where="--model", fix=fix)
    return model.fitted.realism(_blocks(model, table, rng))


def _family(model: Learned) -> str:
    return "no model" if model.fitted is None else f"the family {model.fitted.family}"


def _varying(model: Learned) -> Varying:
    if not isinstance(model.fitted, Varying):
        fix = "Fit with model='vae', or model='diffusion'"
        raise ConfigError(f"{_family(model)} has no rows near to others", where="--model", fix=fix)
    return model.fitted


def space_of(model: Learned) -> LatentSpace:
    """The model's latent space. Raises ConfigError if its family has none."""
    if not isinstance(model.fitted, LatentSpace):
        raise ConfigError(
            f"{_family(model)} has no latent space", where="--model", fix="Fit with model='vae'"
        )
    return model.fitted


def _blocks(model: Learned, table: pa.Table, rng: np.random.Generator) -> Blocks:
    table = conform(model, table)
    if lacking := [name for name in model.rules.arrow if name not in table.column_names]:
        fix = "Give rows with all columns that were learned"
        raise DataError(f"has no column '{lacking[0]}'", where="data", fix=fix)
    return model.codec.encode(model.rules.reduce(table.select(list(model.rules.arrow))), rng)


def _decoded(
    model: Learned, make: Callable[[np.ndarray], Blocks], rows: int, rng: np.random.Generator
) -> pa.Table:
    """What `make` makes of the places (rows,), those that break a rule made again."""
    table = model.decode(make(np.arange(rows)), rng, 0, dictionaries=False)
    for _ in range(TRIES):
        again = np.flatnonzero(~model.rules.valid(table))
        if not len(again):
            break
        fresh = model.decode(make(again), rng, rows, dictionaries=False)
        places = np.arange(rows)
        places[again] = rows + np.arange(len(again))
        table = pa.concat_tables([table, fresh]).take(pa.array(places))
    return write_table(model.schema, table)


class Varied:
    """What a synthesizer offers whose model knows what is near a row, has a latent space, or a critic."""

    def encode(self, frame: Any) -> np.ndarray:
        """Where each row lies in the latent space, (rows, latents) float64.

        Raises ConfigError if the family has none: fit with model="vae".
        """
        return encode(self._fitted(), self._table(frame), child(self._seed(None), "encode"))

    def vary(self, frame: Any, strength: float = 0.3, n: int = 1, *, seed: int | None = None) -> Any:
        """`n` realistic variations of each row, one row's after the other's.

        Of `strength` 0 they are the row as the model knows it, of 1 any row. Raises ConfigError if the family
        knows none: fit with model="vae" or "diffusion".
        """
        count, rng = parse_count(n, "n", "number of rows"), child(self._seed(seed), "vary")
        return self._frame(vary(self._fitted(), self._table(frame), strength, count, rng))

    def interpolate(self, start: Any, end: Any, steps: int = 5, *, seed: int | None = None) -> Any:
        """`steps` rows on the way from each row of `start` to that of `end`, pair by pair, both ends among
        them as the model knows them.

        Raises ConfigError if the family knows none: fit with model="vae" or "diffusion".
        """
        count, rng = parse_count(steps, "steps", "number of rows"), child(self._seed(seed), "interpolate")
        tables = self._table(start), self._table(end)
        return self._frame(interpolate(self._fitted(), *tables, count, rng))

    def decode(self, latents: np.ndarray, *, seed: int | None = None) -> Any:
        """A row at each place (rows, latents) of the latent space: the inverse of `encode`, nearly.

        Raises DataError for places of another space, ConfigError if the family has none.
        """
        return self._frame(decode(self._fitted(), latents, child(self._seed(seed), "decode")))

    def reconstruct(self, frame: Any, *, seed: int | None = None) -> Any:
        """Each row as the model knows it: encoded and decoded again. Raises ConfigError as `encode` does."""
        return self.vary(frame, 0.0, seed=seed)

    def realism(self, frame: Any) -> np.ndarray:
        """How real each row looks to the critic that the generator learned from, (rows,) float64 in [0, 1].

        A typical real row has .5. It ranks rows; it is no probability. Raises ConfigError if the family has
        no critic of its own: fit with model="gan".
        """
        return realism(self._fitted(), self._table(frame), child(self._seed(None), "realism"))

    @abstractmethod
    def _fitted(self) -> Learned: ...

    @abstractmethod
    def _table(self, data: Any) -> pa.Table: ...

    @abstractmethod
    def _seed(self, seed: int | None) -> int: ...

    @abstractmethod
    def _frame(self, table: pa.Table) -> Any: ...
