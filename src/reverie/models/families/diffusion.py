"""Mixed-type diffusion: rows emerge from noise, the codes one after another, the numbers little by little."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models import neural
from reverie.models.base import Budget, Capabilities, Fitted, OnProgress, State, silent
from reverie.models.filling import Wish, answer
from reverie.models.layout import Known, Layout
from reverie.schema.blocks import Blocks, Evidence, Spec, concatenate

if TYPE_CHECKING:
    from reverie.nn.diffusion import Denoising, Form
    from reverie.nn.emergence import Plan

CAPABILITIES = Capabilities(
    summary="Diffusion: rows emerge from noise, numbers little by little and codes one by one; any columns given",
    given=True,
    requires=neural.REQUIRES,
)
CHUNK = 1 << 10


@dataclass(frozen=True)
class Config:
    """Options of the diffusion."""

    width: int = 256
    depth: int = 3
    cells: int = 32
    dropout: float = 0.1
    ordered: float = 0.5
    centre: float = -0.5
    spread: float = 1.4
    evaluations: int = 24
    bend: float = 1.5
    rate: float = 2e-3
    decay: float = 0.01
    batch: int = 512
    least_batch: int = 256
    epochs: int = 100
    average: float = 0.999
    cosine: bool = True
    clip: float = 20.0


class Diffusion(Fitted):
    """A fitted diffusion."""

    family = "diffusion"

    def __init__(self, layout: Layout, task: "Denoising", config: Config, notes: tuple[str, ...] = ()) -> None:
        self.specs, self.layout, self.task, self.config, self.notes = layout.specs, layout, task, config, notes
        self.form = task.form

    def sample(self, n: int, *, rng: np.random.Generator, given: Evidence | None = None) -> Blocks:
        """Draw `n` rows; with `given`, from the distribution conditional on it (see `models.filling`)."""
        if given:
            return answer(self, n, rng, given)
        return self.fill(Known.nothing(self.layout, n), rng)[0]

    def fill(self, known: Known, rng: np.random.Generator, wish: Wish = Wish()) -> tuple[Blocks, np.ndarray]:  # noqa: B008
        """Rows that hold what is known, and the log probability (rows,) of what was allowed."""
        parts, merits = [], []
        for start in range(0, max(len(known), 1), CHUNK):
            *_, (blocks, merit) = self._emerge(known.take(slice(start, start + CHUNK)), rng, wish)
            parts.append(blocks)
            merits.append(merit)
        return concatenate(parts), np.concatenate(merits)

    def trace(self, n: int, rng: np.random.Generator) -> Iterator[Blocks]:
        """`n` rows as they emerge, after each step; codes that are not drawn yet are -1."""
        return (blocks for blocks, _ in self._emerge(Known.nothing(self.layout, n), rng, Wish()))

    def _emerge(
        self, known: Known, rng: np.random.Generator, wish: Wish
    ) -> Iterator[tuple[Blocks, np.ndarray]]:
        import torch

        from reverie.nn.emergence import Rows, emerge

        layout = self.layout
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        start = Rows(
            torch.from_numpy(known.codes).long(),
            torch.from_numpy(layout.standard(known.numbers)),
            torch.from_numpy(~np.isnan(known.numbers)),
            torch.zeros(len(known)),
        )
        muted = [torch.from_numpy(np.isin(np.arange(spec.k), spec.muted)) for spec in layout.categories]
        allowed = [
            torch.from_numpy(wish.allowed.get(spec.name, np.ones(spec.k, bool))) for spec in layout.categories
        ]
        with torch.inference_mode():
            for rows in emerge(self.task, self._plan(wish), start, muted, allowed, noise):
                blocks = layout.blocks(rows.codes.numpy(), rows.numbers.numpy(), known.numbers)
                yield blocks, rows.merit.numpy()

    def _plan(self, wish: Wish) -> "Plan":
        """The steps in which what is wished for emerges."""
        from reverie.nn.emergence import Plan

        steps, bend = self.config.evaluations, self.config.bend
        if wish.only is None:
            return Plan.of(self.form, steps, bend)
        wanted = [i for i, spec in enumerate(self.layout.categories) if spec.name in wish.only]
        numbers = any(spec.name in wish.only for spec in self.layout.reals)
        return Plan.of(self.form, steps, bend, wanted, numbers=numbers)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        raise TypeError

    def state(self) -> State:
        arrays = {"mean": self.layout.mean, "spread": self.layout.spread, **neural.arrays_of(self.task.net)}
        return State({"config": asdict(self.config), "notes": list(self.notes)}, arrays)


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Diffusion:
    neural.require("diffusion")
    layout = Layout.learn(blocks, weights)
    codes, numbers = layout.matrices(blocks)
    training = {
        name: getattr(config, name)
        for name in ("rate", "decay", "batch", "least_batch", "epochs", "average", "cosine", "clip")
    }
    with neural.seeded(rng) as seed:
        task = build(layout, config)
        task.net.start_from(codes)
        history = neural.train(
            task, {"codes": codes, "numbers": numbers}, weights, training,
            seed=seed, budget=budget, on_progress=on_progress,
        )  # fmt: skip
    return Diffusion(layout, task, config, history.notes)


def _form(layout: Layout) -> "Form":
    from reverie.nn.diffusion import Form

    return Form(layout.sizes, layout.owner, *layout.gates)


def build(layout: Layout, config: Config) -> "Denoising":
    from reverie.nn.diffusion import Denoising, RowNet
    from reverie.nn.emergence import Plan

    form = _form(layout)
    net = RowNet(layout.sizes, len(form.owner), config.width, config.depth, config.cells, config.dropout)
    plan = Plan.of(form, config.evaluations, config.bend)
    return Denoising(net, form, plan, config.ordered, config.centre, config.spread)


def from_state(specs: tuple[Spec, ...], state: State) -> Diffusion:
    try:
        config = Config(**state.json["config"])
        layout = Layout(specs, np.asarray(state.arrays["mean"], float), np.asarray(state.arrays["spread"], float))
    except (KeyError, TypeError, ValueError):
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None
    task = build(layout, config)
    neural.load_arrays(task.net, state.arrays)
    return Diffusion(layout, task, config, tuple(state.json["notes"]))
