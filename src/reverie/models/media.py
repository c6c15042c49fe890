"""Grids and texts beside the rows of a family that emerges from noise.

Rows are answered first, told what is known of the grids and texts. Then texts are written and grids emerge
one after another, told the rows and what there is of the others. See `nn.joint`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.models import grids, texts
from reverie.schema.blocks import (
    Blocks,
    CategoryEvidence,
    Evidence,
    Real,
    RealEvidence,
    Spec,
    Tokens,
    TokensEvidence,
)

if TYPE_CHECKING:
    import torch
    from torch import nn

    from reverie.nn.diffusion import Denoising, RowNet
    from reverie.nn.joint import Joined, JointNet
    from reverie.nn.plan import Form, Plan
    from reverie.nn.texts import Style, Text
    from reverie.nn.towers import Grid

    Refine = Callable[[Blocks | None, torch.Tensor], torch.Tensor]

CHUNK, TEXT_CHUNK = 64, 256
"""Rows whose parts are made at a time, where there are grids, and where there are texts alone."""
FINE = 2
"""How many times as many steps it takes to find the noise that a grid emerges from."""
MOST_STEPS = 256
"""Steps in which a grid emerges that a stored model may ask for."""


def media_of(specs: tuple[Spec, ...]) -> tuple[Real | Tokens, ...]:
    """The blocks that a joint network learns beside the row: grids, then texts."""
    return (*grids.grids_of(specs), *texts.texts_of(specs))


def rest_of(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The blocks of the row itself, in order."""
    beside = media_of(specs)
    return tuple(spec for spec in specs if spec not in beside)


def rows_of(blocks: Blocks) -> Blocks:
    """The rows without grids and texts."""
    return blocks.only(rest_of(blocks.specs))


def arrays_of(blocks: Blocks) -> dict[str, np.ndarray]:
    """Grids and texts as the network learns them."""
    return {**grids.arrays_of(blocks), **texts.arrays_of(blocks)}


def divided(
    given: Evidence, specs: tuple[Spec, ...], rows: int
) -> tuple[dict[str, CategoryEvidence | RealEvidence], "Known"]:
    """Evidence of rows, and what is known of grids and texts; of one row it is of all."""
    names = {spec.name for spec in media_of(specs)}
    values, begun = {}, {}
    for name, found in given.items():
        if name not in names or not isinstance(found, RealEvidence):
            continue
        if found.values is not None:
            values[name] = np.broadcast_to(found.values, (rows, *found.values.shape[1:]))
        elif isinstance(found, TokensEvidence) and found.begins is not None:
            begun[name] = found.begins
    rest = {name: _repeated(found, rows) for name, found in given.items() if name not in names}
    return rest, Known(values, begun)


def _repeated(found: CategoryEvidence | RealEvidence, rows: int) -> CategoryEvidence | RealEvidence:
    """Values of one row are of all."""
    if not isinstance(found, RealEvidence) or found.values is None or len(found.values) == rows:
        return found
    return replace(found, values=np.repeat(found.values, rows))


def present(spec: Real | Tokens, rows: Blocks) -> np.ndarray:
    """In which rows the part is, (rows,) bool."""
    if spec.gate is None:
        return np.ones(rows.rows, bool)
    return np.asarray(rows[spec.gate.block] == spec.gate.code)


@dataclass(frozen=True)
class Known:
    """What is known of grids (rows, n, d), NaN for none, and texts (rows, length), -1 for none, by name; and
    the codes that all texts of a name begin with. `origins` are grids (rows, n, d) that new ones emerge from,
    with a `share` of all noise.
    """

    values: Mapping[str, np.ndarray]
    begun: Mapping[str, np.ndarray]
    origins: Mapping[str, np.ndarray] = field(default_factory=dict)
    share: float = 1.0

    def take(self, rows: slice) -> "Known":
        """What is known of some of the rows."""
        values, origins = (
            {name: found[rows] for name, found in parts.items()} for parts in (self.values, self.origins)
        )
        return replace(self, values=values, origins=origins)

    def __bool__(self) -> bool:
        return bool(self.values or self.begun)

    def seen(self, specs: tuple[Spec, ...], rows: int) -> dict[str, np.ndarray]:
        """What of each part is known while the row is not: of a text that is to be written, its beginning."""
        found = dict(self.values)
        lengths = {spec.name: spec.length for spec in texts.texts_of(specs)}
        for name, codes in self.begun.items():
            shown = np.full((rows, lengths[name]), -1, np.int32)
            shown[:, : len(codes)] = codes
            found[name] = shown
        return found


@dataclass(frozen=True)
class Media:
    """The grids and texts among the blocks `whole` of rows, which trained networks make: grids in `steps`
    with a `guidance` over 0 that makes them more typical of what is given, and less diverse; texts in a
    `style`.
    """

    whole: tuple[Spec, ...]
    task: "Joined"
    steps: int
    guidance: float
    style: "Style"

    @property
    def specs(self) -> tuple[Real | Tokens, ...]:
        """The grids, then the texts."""
        return media_of(self.whole)

    @property
    def chunk(self) -> int:
        """Rows at a time."""
        return CHUNK if grids.grids_of(self.whole) else TEXT_CHUNK

    def told(self, known: Known | None, rows: int) -> np.ndarray:
        """What is known of the grids and texts tells of the rows, (rows, width) float32."""
        import torch

        seen = {} if known is None else known.seen(self.whole, rows)
        with torch.inference_mode():
            parts = [
                self._told({name: found[start : start + size] for name, found in seen.items()}, size).numpy()
                for start, size in self._chunks(rows)
            ]
        return np.concatenate(parts)

    def make(self, rows: Blocks, refine: "Refine", known: Known, rng: np.random.Generator) -> Blocks:
        """The rows with their grids and texts, those that are known as they are; NaN or -1 where the gate is
        closed.

        `refine(rows, told)` gives what the row network's heads are given, (rows, width).
        """
        import torch

        noise, parts = torch.Generator().manual_seed(int(rng.integers(2**62))), []
        with torch.inference_mode():
            for start, size in self._chunks(rows.rows):
                some, part = rows.take(np.arange(start, start + size)), slice(start, start + size)
                parts.append(self._make(some, refine, known.take(part), noise))
        arrays = {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in self.specs}
        return Blocks(self.whole, {**rows.arrays, **arrays}, rows.rows)

    def morph(
        self, ends: Blocks, rows: Blocks, shares: np.ndarray, refine: "Refine", rng: np.random.Generator
    ) -> Blocks:
        """The `rows` with grids on the way from the first to the second of two `ends`, as far along as the
        `shares` (rows,) say, through the noise that both emerge from; texts are those of the nearer end.

        A grid that an end lacks is made as any other.
        """
        import torch

        from reverie.nn.joint import emerge_grid, submerge_grid

        values: dict[str, np.ndarray] = {}
        own = ends.take(np.arange(2))
        with torch.inference_mode():
            for at, spec in enumerate(self.specs):
                pair = own[spec.name]
                if isinstance(spec, Tokens):
                    values[spec.name] = pair[(shares >= 0.5).astype(int)]
                elif not np.isnan(pair).any():
                    told = refine(rows_of(own), self._told({}, 2))
                    noise = submerge_grid(
                        self.task, at, told, torch.from_numpy(grids.placed(pair, spec)), FINE * self.steps
                    )
                    along = torch.from_numpy(shares).float()
                    told = told[:1].lerp(told[1:], along[:, None])
                    made = emerge_grid(
                        self.task, at, told, None, _turned(noise, along), FINE * self.steps, 0.0
                    )
                    values[spec.name] = grids.spread(made.float().numpy())
        return self.make(rows, refine, Known(values, {}), rng)

    def _make(
        self, rows: Blocks, refine: "Refine", known: Known, noise: "torch.Generator"
    ) -> dict[str, np.ndarray]:
        made, order = dict(known.values), list(enumerate(self.specs))
        for at, spec in sorted(order, key=lambda pair: isinstance(pair[1], Real)):

            def make(wanted: np.ndarray, at: int = at, spec: Real | Tokens = spec) -> np.ndarray:
                others = {name: values[wanted] for name, values in made.items() if name != spec.name}
                told = refine(rows.take(wanted), self._told(others, len(wanted)))
                return self._made(at, spec, told, refine, known, wanted, noise)

            made[spec.name] = completed(spec, rows, known.values.get(spec.name), make)
        return {spec.name: made[spec.name] for spec in self.specs}

    def _made(
        self,
        at: int,
        spec: Real | Tokens,
        told: "torch.Tensor",
        refine: "Refine",
        known: Known,
        wanted: np.ndarray,
        noise: "torch.Generator",
    ) -> np.ndarray:
        """Part `at` of the `wanted` rows, of which `told` is known."""
        import torch

        from reverie.nn.joint import emerge_grid
        from reverie.nn.schedules import NOISE, noised
        from reverie.nn.texts import compose

        guidance = self.guidance if isinstance(spec, Real) else self.style.guidance
        unknown = refine(None, self._told({}, len(told))) if guidance else None
        if isinstance(spec, Tokens):
            begun = known.begun.get(spec.name, np.zeros(0, np.int64)).astype(np.int64)
            tower = self.task.net.text_tower(at)
            return compose(tower, told, unknown, torch.from_numpy(begun), noise, self.style).numpy()
        assert spec.grid is not None
        state, share = torch.randn((len(told), spec.d, *spec.grid), generator=noise), 1.0
        if spec.name in known.origins:
            origin, share = (
                torch.from_numpy(grids.placed(known.origins[spec.name][wanted], spec)),
                known.share,
            )
            state = noised(origin, state, torch.tensor(share * NOISE))
        found = emerge_grid(self.task, at, told, unknown, state, self.steps, guidance, share)
        return grids.spread(found.float().numpy())

    def _told(self, known: Mapping[str, np.ndarray], rows: int) -> "torch.Tensor":
        import torch

        net = self.task.net
        views = net.absent.repeat(rows, 1, 1)
        for at, spec in enumerate(self.specs):
            values = known.get(spec.name)
            there = np.zeros(rows, bool) if values is None else ~free(spec, values)
            if values is not None and there.any():
                some = values[there]
                part = grids.placed(some, spec) if isinstance(spec, Real) else some.astype(np.int64)
                views[torch.from_numpy(there), at] = net.look(at, torch.from_numpy(part))
        return views.sum(1)

    def _chunks(self, rows: int) -> list[tuple[int, int]]:
        size = self.chunk
        return [(start, min(size, rows - start)) for start in range(0, rows, size)] or [(0, 0)]


def _turned(pair: "torch.Tensor", shares: "torch.Tensor") -> "torch.Tensor":
    """Points on the arc from the first to the second of two, as normal as these are."""
    import torch

    one, other = pair.flatten(1)
    angle = torch.arccos((one @ other / (one.norm() * other.norm())).clamp(-0.999, 0.999))
    weights = ((1 - shares) * angle).sin() / angle.sin(), (shares * angle).sin() / angle.sin()
    return weights[0][:, None, None, None] * pair[0] + weights[1][:, None, None, None] * pair[1]


def completed(
    spec: Real | Tokens, rows: Blocks, own: np.ndarray | None, make: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """A grid or text of the rows: their `own` where that is known, else what is made of those at the
    positions wanted; nothing where the gate is closed.
    """
    there = present(spec, rows)
    found = nothing(spec, rows.rows) if own is None else own.copy()
    wanted = np.flatnonzero(there & free(spec, found))
    if len(wanted):
        found[wanted] = make(wanted)
    found[~there] = nothing(spec, 1)[0]
    return found


def nothing(spec: Real | Tokens, rows: int) -> np.ndarray:
    """The grid or text of rows that have none."""
    if isinstance(spec, Tokens):
        return np.full((rows, spec.length), -1, np.int32)
    return np.full((rows, spec.n, spec.d), np.nan, np.float32)


def free(spec: Real | Tokens, values: np.ndarray) -> np.ndarray:
    """In which rows nothing is known of the part, (rows,) bool."""
    if isinstance(spec, Tokens):
        return np.asarray((values < 0).all(axis=1))
    return np.asarray(np.isnan(values).any(axis=(1, 2)))


def join(
    net: "RowNet",
    form: "Form",
    plan: "Plan",
    ordered: float,
    specs: tuple[Spec, ...],
    config: Any,
    arrays: Mapping[str, np.ndarray],
) -> "Denoising":
    """What learns the rows by `net` and, if there are grids or texts among all `specs`, these, in networks of
    the sizes that the options `config` of a family and stored `arrays` say. Raises ValueError if they cannot
    be built.
    """
    from reverie.nn.diffusion import Denoising
    from reverie.nn.joint import Joint
    from reverie.schema.blocks import Category

    if not media_of(specs):
        return Denoising(net, form, plan, ordered)
    names = tuple(spec.name for spec in specs if isinstance(spec, Category))
    width, widths = net.last.normalized_shape[0], tuple(config.channels or grids.usual(specs))
    joint, pictures, prose = joined(net, width, specs, names, config, arrays, widths)
    return Joint(joint, form, plan, ordered, pictures, prose)


def joined(
    rows: "nn.Module",
    width: int,
    specs: tuple[Spec, ...],
    names: tuple[str, ...],
    options: texts.Options,
    arrays: Mapping[str, np.ndarray],
    widths: tuple[int, ...] = (),
) -> "tuple[JointNet, tuple[Grid, ...], tuple[Text, ...]]":
    """The network of `rows`, which knows them as vectors of `width`, with networks of the grids, of channels
    `widths`, and texts among all `specs`; and how these are seen. Their gates stand in `names` where the rows
    have them. Raises ValueError if they cannot be built.
    """
    from reverie.nn.joint import JointNet
    from reverie.nn.texts import Scale

    pictures = grids.forms(specs, names)
    prose, scale = texts.forms(specs, names, arrays, len(pictures)), Scale()
    if prose:
        scale = Scale(*texts.sized(options.text_width, options.text_depth, options.text_dropout))
    return JointNet(rows, pictures, widths, width, prose, scale), pictures, prose


def beside(specs: tuple[Spec, ...], task: "Denoising", config: Any) -> Media | None:
    """What a trained task makes beside the rows, as the options say."""
    from reverie.nn.joint import Joint

    if not isinstance(task, Joint):
        return None
    return Media(specs, task, config.grid_steps, config.grid_guidance, texts.style(config))


def check(config: Any) -> None:
    """Raise ValueError if the options of grids and texts are such as cannot be built."""
    sizes = grids.able(config.channels or ())
    if not (sizes and np.isfinite(config.grid_guidance or 0.0) and 0 < config.grid_steps <= MOST_STEPS):
        raise ValueError("no such networks")
    texts.check(config)
