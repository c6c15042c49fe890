"""A variational autoencoder whose prior is learned: a row is a point of a smooth latent space.

Encoder and decoder are trained by the evidence's lower bound, at first under a standard normal prior; then a
mixture of normals is fitted to where the rows have come to lie, which closes the gap between prior and
posteriors, and all three learn on together. Grids beside the row are told by the same latent: see
`models.imagery`.

Sources: Kingma & Welling 2014; Ghosh et al. 2020 (a density fitted to the latents); Tomczak & Welling 2018 (a
prior that is learned with the rest).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models import grids, imagery, neural
from reverie.models.base import Budget, Capabilities, OnProgress, State, silent
from reverie.models.clock import Clock
from reverie.models.density import Residuals
from reverie.models.heads import BOUNDS, centres, numbers, scores
from reverie.models.latent import LatentSpace
from reverie.models.mixture import Mixture
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Category, Real, Spec

if TYPE_CHECKING:
    from reverie.nn.towers import Grid
    from reverie.nn.vae import Autoencoder, Bound

CAPABILITIES = Capabilities(
    summary="variational autoencoder with a learned prior: a smooth space to vary and mix rows in",
    modalities=("category", "real", "grid"),
    log_prob=True,
    given=True,
    dp=True,
    cost="a minute",
    advice="variations of rows, ways between two, a map of all",
    requires=neural.REQUIRES,
)
TRAINED = 0.85
"""Share of a budget of time for training; the rest is for fitting the prior."""
POINTS, LEAST_POINTS, RATE = 30_000, 1_000, 500
"""Most and fewest latents that the prior is fitted to, and how many for a second of the budget."""
PRIVATE = {"latents": 8, "width": 64, "depth": 1}
PRIVATE_BINS, PRIVATE_PARTS = 32, 8
"""The networks, and numbers' bins, under formal privacy: noise grows with the number of weights."""
ROWS_A_FREEDOM = 10
"""Rows a component of the prior must have, times the dimensions of the latents."""
GRID_UPDATES = 4_000
"""Steps of training where there are grids, without a budget of time."""
GRID_ANNEAL = 200
"""Most steps over which the rate is weighed in where there are grids: steps are slow and may be few, and a
latent that shows a grid does not collapse.
"""


@dataclass(frozen=True)
class Config:
    """Options: a space of `latents` dimensions, networks of `width` and `depth`, the rate's weight `beta`,
    at most `components` of the prior, which comes in after the share `alone` of the steps; before, the
    rate's weight rises over the share `anneal`. Numbers are in `bins` of `parts`.

    `training` has fields of `nn.train.Training`.

    Where there are grids, the space has `grid_latents` dimensions, the grids' networks `channels` at each of
    their sizes, and `grid_training` counts before `training`; of its steps there are `grid_updates`.

    Under formal privacy smaller networks learn, by `private`, fields of `nn.private.Steps`, and the prior
    stays a standard normal.
    """

    latents: int = 16
    width: int = 192
    depth: int = 2
    beta: float = 0.7
    alone: float = 0.4
    anneal: float = 0.7
    components: int = 32
    bins: int = 64
    parts: int = 16
    training: Mapping[str, Any] = field(
        default_factory=lambda: {
            "epochs": 50,
            "steps": 4000,
            "least_steps": 16,
            "rate": 3e-3,
            "cosine": True,
            "average": 0.998,
        }
    )
    grid_latents: int = 48
    channels: tuple[int, ...] | None = None
    grid_updates: int | None = None
    grid_training: Mapping[str, Any] = field(
        default_factory=lambda: {
            "batch": 64,
            "least_batch": 32,
            "least_steps": 40,
            "rate": 1.5e-3,
            "clip": 100.0,
            "judged": 512,
        }
    )
    private: Mapping[str, Any] = field(default_factory=lambda: {"count": 800, "batch": 1024, "rate": 3e-3})


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:
    """Roughly what `fit` takes: told from fits of one table (Adult)."""
    return neural.seconds(specs, rows, budget, epochs=50, least=1_000, most=4_000, unit=4.5e-05)


def fit(
    blocks: Blocks,
    *,
    config: Config = Config(),
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> LatentSpace:
    """Train the networks, then learn the prior. Raises ConfigError without torch, for vectors without places
    and for tokens.
    """
    neural.require("vae")
    from reverie.nn.vae import Normals

    if budget.secret is not None:
        return _fit_privately(blocks, config, rng, budget, on_progress)
    clock, own, config = Clock(silent), imagery.own_blocks(blocks), _suited(config, blocks.specs, budget)
    variables = Variables.learn(own, config.bins, config.parts)
    arrays = {"codes": variables.codes(own), "scores": scores(variables, own.arrays, own.rows)}
    arrays |= grids.arrays_of(blocks)
    budget = budget.less(clock.passed)

    def train(share: float, begun: float, seed: int) -> tuple[str, ...]:
        """Train for a share of all there is to do, of which a part has been begun."""
        seconds = None if budget.seconds is None else TRAINED * share * budget.seconds
        training, bound = _part(net, variables, config, share, blocks.rows)
        return neural.train(
            bound, arrays, weights, training, seed=seed, budget=replace(budget, seconds=seconds),
            on_progress=lambda told: on_progress(replace(told, done=begun + share * told.done)),
        ).notes  # fmt: skip

    with neural.seeded(rng) as seed:
        forms = imagery.forms(blocks.specs, variables)
        net = _build(variables, config.latents, config.width, config.depth, forms, config.channels or ())
        net.decoder.start_from(_frequencies(variables, arrays["codes"], weights))
        notes = train(config.alone, 0.0, seed)
        made = _space(blocks.specs, variables, net, Mixture.standard(config.latents))
        start = _prior(made, blocks, weights, config.components, rng, budget)
        net.prior = Normals(**start.arrays())
        notes += train(1 - config.alone, config.alone, seed)  # the same rows are held out
        made = _space(blocks.specs, variables, net, Mixture(*net.prior.arrays()))
        net.prior = None
    made.notes = tuple(dict.fromkeys(notes))
    return made


def _fit_privately(
    blocks: Blocks, config: Config, rng: np.random.Generator, budget: Budget, on_progress: OnProgress
) -> LatentSpace:
    """Learn bins and frequencies from the made-up `blocks`, and the rest through noise."""
    from reverie.nn.private import Steps

    assert budget.secret is not None
    variables, steps = Variables.learn(blocks, PRIVATE_BINS, PRIVATE_PARTS), Steps(**config.private)
    with neural.seeded(rng):
        net = _build(variables, PRIVATE["latents"], PRIVATE["width"], PRIVATE["depth"])
        net.decoder.start_from(_frequencies(variables, variables.codes(blocks), None))
    budget.secret.train(
        _bound(net, variables, config, int(config.anneal * steps.count)),
        lambda rows: {"codes": variables.codes(rows), "scores": scores(variables, rows.arrays, rows.rows)},
        steps, blocks.rows, threads=budget.threads, on_progress=on_progress,
    )  # fmt: skip
    return LatentSpace(blocks.specs, variables, net, Mixture.standard(PRIVATE["latents"]))


def _suited(config: Config, specs: tuple[Spec, ...], budget: Budget) -> Config:
    """The options as they are for these blocks."""
    if not grids.grids_of(specs):
        return config
    updates = grids.updates(config.grid_updates, GRID_UPDATES, budget)
    training = {**config.training, "epochs": updates, "steps": updates, **config.grid_training}
    channels = config.channels or grids.usual(specs)
    return replace(config, latents=config.grid_latents, channels=channels, training=training)


def _build(
    variables: Variables,
    latents: int,
    width: int,
    depth: int,
    forms: Sequence["Grid"] = (),
    channels: Sequence[int] = (),
) -> "Autoencoder":
    from reverie.nn.imagery import Imagery, Pictured
    from reverie.nn.vae import Autoencoder, Decoder, Encoder

    heads = [variables.sizes[variables.first[name]] for name in variables.order]
    named = numbers(variables)
    parts = (
        Encoder(variables.sizes, len(named), latents, width, depth),
        Decoder(heads, [centres(variables.scales[name]) for name in named], latents, width, depth, BOUNDS),
    )
    return Pictured(*parts, Imagery(forms, channels, latents, width)) if forms else Autoencoder(*parts)


def _space(specs: tuple[Spec, ...], variables: Variables, net: "Autoencoder", prior: Mixture) -> LatentSpace:
    from reverie.nn.imagery import Pictured

    if isinstance(net, Pictured):
        return imagery.PicturedSpace(specs, variables, net, prior)
    return LatentSpace(specs, variables, net, prior)


def _part(
    net: "Autoencoder", variables: Variables, config: Config, share: float, rows: int
) -> tuple[dict[str, Any], "Bound"]:
    """How to train for a share of the steps, and what; the rate is weighed in while the prior is none."""
    from reverie.nn.imagery import Pictured
    from reverie.nn.train import Training

    whole = Training(**config.training)
    epochs, steps = (max(round(share * most), 1) for most in (whole.epochs, whole.steps))
    learned = rows - min(int(rows * whole.holdout), whole.judged)
    epoch = min(max(learned // whole.batch, whole.least_steps), whole.most_steps)
    anneal = int(config.anneal * min(steps, epochs * epoch)) if net.prior is None else 1
    if isinstance(net, Pictured):
        anneal = min(anneal, GRID_ANNEAL)
    bound = _bound(net, variables, config, anneal)
    return {**config.training, "epochs": epochs, "steps": steps}, bound


def _bound(net: "Autoencoder", variables: Variables, config: Config, anneal: int) -> "Bound":
    """What is learned: the rate's weight rises over `anneal` steps."""
    from reverie.nn.imagery import Pictured, PicturedBound
    from reverie.nn.vae import Bound

    named = numbers(variables)
    kind = PicturedBound if isinstance(net, Pictured) else Bound
    return kind(
        net,
        heads=[variables.first[name] for name in variables.order],
        parts=[variables.first[name] + 1 for name in named],
        bins=[variables.order.index(name) for name in named],
        beta=config.beta,
        anneal=max(anneal, 1),
    )


def _frequencies(variables: Variables, codes: np.ndarray, weights: np.ndarray | None) -> list[np.ndarray]:
    """How often each code of each head occurs, and a half."""
    out = []
    for name in variables.order:
        at = variables.first[name]
        there = codes[:, at] >= 0
        mass = None if weights is None else weights[there] / weights.mean()
        out.append(np.bincount(codes[there, at], mass, minlength=variables.sizes[at]) + 0.5)
    return out


def _prior(
    made: LatentSpace,
    blocks: Blocks,
    weights: np.ndarray | None,
    most: int,
    rng: np.random.Generator,
    budget: Budget,
) -> Mixture:
    """The mixture of where the rows lie, each in places that its posterior allows."""
    points = POINTS if budget.seconds is None else int(np.clip(budget.seconds * RATE, LEAST_POINTS, POINTS))
    share = None if weights is None else weights / weights.sum()
    rows = rng.choice(blocks.rows, points, p=share) if blocks.rows > points or share is not None else None
    if rows is None:
        rows = np.tile(np.arange(blocks.rows), max(points // blocks.rows // 4, 1))
    mean, scale = made.encode(blocks.take(rows))
    places = mean + scale * rng.standard_normal(mean.shape)
    known = min(blocks.rows, len(rows)) // (ROWS_A_FREEDOM * mean.shape[1])
    return Mixture.fit(places, int(np.clip(known, 1, most)), rng, budget.threads)


def from_state(specs: tuple[Spec, ...], state: State) -> LatentSpace:
    """Rebuild what `LatentSpace.state` gave. Raises ArtifactError on a state that makes no sense."""
    neural.require("vae")
    try:
        own = imagery.own_specs(specs)
        reals = [spec.name for spec in own if isinstance(spec, Real)]
        if not all(isinstance(spec, Real | Category) for spec in own) or len(reals) != len(
            state.json["parts"]
        ):
            raise ValueError("blocks do not agree")
        scales = {name: _scale(i, state) for i, name in enumerate(reals)}
        variables = Variables.of(own, scales)
        latents, width, depth = _sizes(state)
        forms = imagery.forms(specs, variables)
        channels = imagery.checked(state, forms, latents, width) if forms else ()
        net = _build(variables, latents, width, depth, forms, channels)
        neural.load_arrays(net, state.arrays)
        prior = {name.removeprefix("prior."): array for name, array in state.arrays.items()}
        return _space(specs, variables, net, Mixture.from_arrays(prior, latents))
    except (KeyError, ValueError, TypeError, IndexError, RuntimeError, OverflowError):
        raise ArtifactError("the autoencoder's state is damaged", fix="Fit the model again") from None


def _sizes(state: State) -> tuple[int, int, int]:
    """Dimensions of the latents, width and depth, as the weights have them, so that none is made in vain."""
    latents, width, depth = (int(size) for size in state.json["sizes"])
    layers = [name for name in state.arrays if name.startswith("net.decoder.layers.")]
    if state.arrays["net.decoder.start.weight"].shape != (width, latents) or 2 * depth != len(layers):
        raise ValueError("sizes are not those of the weights")
    return latents, width, depth


def _scale(i: int, state: State) -> Residuals:
    return Residuals.restored(
        state.arrays[f"knots.{i}"], int(state.json["parts"][i]), state.arrays[f"tails.{i}"]
    )
