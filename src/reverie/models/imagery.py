"""A latent space of rows with grids (pictures, spectrograms or their latents): the latent tells all of them.

Rows are drawn first, and bring their latents along; these show the grids. A grid that is known tells where
the latent may be, and the rest follows. See `nn.imagery`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reverie.core.errors import ConfigError
from reverie.models import grids, media
from reverie.models.base import State
from reverie.models.latent import LatentSpace, Partial
from reverie.models.mixture import Mixture
from reverie.models.particles import BlockEvidence, known_rows
from reverie.models.sequential import Sequential
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, Evidence, Real, RealEvidence, Spec

if TYPE_CHECKING:
    import torch

    from reverie.nn.imagery import Pictured
    from reverie.nn.towers import Grid

CHUNK = 256
"""Rows whose grids are seen or shown at a time."""
LATENT, NOTHING = "\0latent", "\0nothing"
"""Names that no column has: of the latent among the blocks of its row, and of a row without any block."""


def own_specs(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The blocks of the row itself, in order; a category of one code where there is none."""
    return grids.rest_of(specs) or (Category(NOTHING, 1),)


def own_blocks(blocks: Blocks) -> Blocks:
    """The rows without grids."""
    specs = own_specs(blocks.specs)
    nothing = {NOTHING: np.zeros(blocks.rows, np.int32)}
    arrays = {spec.name: {**nothing, **blocks.arrays}[spec.name] for spec in specs}
    return Blocks(specs, arrays, blocks.rows)


def forms(specs: tuple[Spec, ...], variables: Variables) -> tuple["Grid", ...]:
    """How networks see the grids, whose gates are some of the variables."""
    columns = [""] * len(variables.sizes)
    for name, at in variables.first.items():
        columns[at] = name
    return grids.forms(specs, tuple(columns))


def checked(state: State, forms: Sequence["Grid"], latents: int, width: int) -> tuple[int, ...]:
    """Channels of stored networks. Raises KeyError or ValueError if they are not those of the weights, so
    that none is made in vain.
    """
    widths = tuple(state.json["channels"])
    if not widths or not grids.able(widths):
        raise ValueError("no such networks")
    for at, form in enumerate(forms):
        high, wide = form.sizes(len(widths))[-1]
        cells, into = widths[-1] * high * wide, state.arrays[f"net.imagery.viewers.{at}.out.weight"]
        out = state.arrays[f"net.imagery.showers.{at}.start.weight"]
        if into.shape != (width, cells) or out.shape != (cells, latents):
            raise ValueError("channels are not those of the weights")
    return widths


@dataclass(frozen=True)
class Posterior(RealEvidence):
    """What is known of latents: `values` (rows, 4, latents) are means and deviations of where they are drawn,
    given all that is known, then those given the grids alone, NaN where no grid is known.
    """


class Rows(LatentSpace):
    """Rows without their grids, with the latent as the last block, or the first if something is known of it.

    Blocks may hold codes of -1 and absent numbers where nothing is known.
    """

    net: "Pictured"

    def __init__(
        self, specs: tuple[Spec, ...], variables: Variables, net: "Pictured", prior: Mixture
    ) -> None:
        latent = Real(LATENT, 1, prior.means.shape[1])
        super().__init__((*specs, latent), variables, net, prior, (*variables.order, LATENT))

    def arranged(self, given: Evidence) -> LatentSpace:
        made = super().arranged(given)
        made.order = (LATENT, *made.order) if LATENT in given else (*made.order, LATENT)
        return made

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        if given and LATENT in given:  # the chain that settles rows knows of no grids
            return Sequential.sample(self, n, rng=rng, given=given)
        return super().sample(n, rng=rng, given=given)

    def draw(
        self, partial: Partial, name: str, rng: np.random.Generator, evidence: BlockEvidence | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        if name != LATENT:
            return super().draw(partial, name, rng, evidence)
        if not isinstance(evidence, Posterior) or evidence.values is None:
            return partial.latent[:, None].copy(), None
        mean, scale, base, base_scale = evidence.values.transpose(1, 0, 2)
        drawn = mean + scale * rng.standard_normal(mean.shape)
        grid_seen = ~np.isnan(base[:, 0])
        free = np.where(grid_seen, _log_normal(drawn, base, base_scale), self.prior.log_density(drawn))
        # Cells that are known weigh in when their turn comes; what they told of where to draw is taken back.
        return drawn[:, None], free - _log_normal(drawn, mean, scale)

    def put(self, partial: Partial, name: str, values: np.ndarray) -> None:
        if name == LATENT:
            moved = self._at(values[:, 0])
            partial.latent, partial.hidden = moved.latent, moved.hidden
        else:
            super().put(partial, name, values)

    def score(self, partial: Partial, name: str, values: np.ndarray) -> np.ndarray:
        return np.zeros(len(values)) if name == LATENT else super().score(partial, name, values)

    def _told(self, blocks: Blocks) -> "torch.Tensor":
        return self.net.imagery.absent.sum(0).expand(blocks.rows, -1)


class PicturedSpace(LatentSpace):
    """A trained autoencoder of rows and their grids."""

    chunk = CHUNK
    net: "Pictured"

    def __init__(
        self, specs: tuple[Spec, ...], variables: Variables, net: "Pictured", prior: Mixture
    ) -> None:
        super().__init__(specs, variables, net, prior)
        self.rows, self.grids = Rows(own_specs(specs), variables, net, prior), grids.grids_of(specs)

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, from the distribution conditional on it.

        Grids that are given come back as they are. Raises ConditionError if the evidence cannot be met.
        """
        rest, known = media.divided(given or {}, self.specs, n)
        if n and known.values:
            rest[LATENT] = self._posterior(rest, known.values, n)
        return self._shown(self.rows.sample(n, rng=rng, given=rest), known.values)

    def bare(self, n: int, rng: np.random.Generator) -> Blocks:
        """`n` rows without their grids."""
        return self.rows.sample(n, rng=rng)

    def encode(self, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of where each row lies, both (rows, latents)."""
        nothing = {NOTHING: np.zeros(blocks.rows, np.int32)}
        return super().encode(Blocks(blocks.specs, {**nothing, **blocks.arrays}, blocks.rows))

    def decode(self, latent: np.ndarray, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """A row with its grids at each point (rows, latents); what is `given` of the row is obeyed."""
        return self._shown(self.rows.decode(latent, rng, given), {})

    def log_prob(self, blocks: Blocks) -> np.ndarray:  # noqa: ARG002
        """Raises ConfigError: grids are made without the noise around them, so it would be of other rows."""
        what = "gives no probabilities of rows with pictures or sounds"
        fix = "Leave these columns out when fitting, or use --model trees without them"
        raise ConfigError(f"the family vae {what}", where="--model", fix=fix)

    def state(self) -> State:
        state = super().state()
        return State({**state.json, "channels": list(self.net.imagery.widths)}, state.arrays)

    def _told(self, blocks: Blocks) -> "torch.Tensor":
        """What the grids tell that are there, (rows, width)."""
        import torch

        placed, seen = [], np.zeros((blocks.rows, len(self.grids)), bool)
        for at, spec in enumerate(self.grids):
            values = blocks[spec.name]
            seen[:, at] = ~media.free(spec, values)
            placed.append(torch.from_numpy(grids.placed(values, spec)))
        return self.net.imagery.told(self.net.imagery.views(placed), torch.from_numpy(seen))

    def _posterior(
        self, rest: Mapping[str, BlockEvidence], known: Mapping[str, np.ndarray], n: int
    ) -> Posterior:
        """Where the latents of rows may be of which grids, and other cells, are known."""
        arrays = {spec.name: media.nothing(spec, n) for spec in self.grids} | dict(known)
        seen = np.any([~media.free(spec, arrays[spec.name]) for spec in self.grids], axis=0)
        both = self.encode(self._holed(arrays, rest, n))
        base = self.encode(self._holed(arrays, {}, n))
        values = np.stack([*both, *base], axis=1)
        values[~seen, 2:] = np.nan
        return Posterior(values=values)

    def _holed(self, arrays: Mapping[str, np.ndarray], rest: Mapping[str, BlockEvidence], n: int) -> Blocks:
        """The grids in `arrays`, and a row of which no more is known than `rest` tells of single rows."""
        found = dict(arrays)
        for spec in own_specs(self.specs):
            own = known_rows(rest[spec.name]) if spec.name in rest else None
            if isinstance(spec, Category):
                found[spec.name] = np.full(n, -1, np.int32) if own is None else own
            else:
                found[spec.name] = np.full((n, 1, 1), np.nan) if own is None else own.reshape(n, 1, 1)
        return Blocks(self.specs, found, n)

    def _shown(self, rows: Blocks, known: Mapping[str, np.ndarray]) -> Blocks:
        """The rows with the grids that their latents show, but for those that are known."""
        latent, arrays = rows[LATENT][:, 0], dict(rows.arrays)
        for at, spec in enumerate(self.grids):
            arrays[spec.name] = media.completed(
                spec, rows, known.get(spec.name), lambda wanted, at=at: self._show(at, latent[wanted])
            )
        return Blocks(self.specs, {spec.name: arrays[spec.name] for spec in self.specs}, rows.rows)

    def _show(self, at: int, latent: np.ndarray) -> np.ndarray:
        """Grid `at` of latents (rows, latents), (rows, n, d) float32."""
        import torch

        shower, parts = self.net.imagery.showers[at], []
        with torch.inference_mode():
            for start in range(0, len(latent), CHUNK):
                some = torch.from_numpy(latent[start : start + CHUNK].astype(np.float32))
                parts.append(grids.spread(shower(some).numpy()))
        return np.concatenate(parts)


def _log_normal(points: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Natural logarithm of the density of independent normals at points (rows, d), (rows,)."""
    away = (points - mean) / scale
    return -0.5 * np.square(away).sum(1) - np.log(scale).sum(1) - 0.5 * points.shape[1] * np.log(2 * np.pi)
