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
    from reverie.nn.diffusion import Denoising

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
    path: str = "joint"
    rate: float = 2e-3
    decay: float = 0.01
    batch: int = 512
    epochs: int = 100
    average: float = 0.999
    cosine: bool = True


class Diffusion(Fitted):
    """A fitted diffusion."""

    family = "diffusion"

    def __init__(self, layout: Layout, task: "Denoising", config: Config, notes: tuple[str, ...] = ()) -> None:
        self.specs, self.layout, self.task, self.config, self.notes = layout.specs, layout, task, config, notes

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
            for rows in emerge(self.task, self.plan(wish), start, muted, allowed, noise):
                blocks = layout.blocks(rows.codes.numpy(), rows.numbers.numpy(), known.numbers)
                yield blocks, rows.merit.numpy()

    def plan(self, wish: Wish):
        return plan(self.layout, self.config.evaluations, self.config.bend, self.config.path, wish)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        raise TypeError

    def state(self) -> State:
        arrays = {"mean": self.layout.mean, "spread": self.layout.spread, **neural.arrays_of(self.task.net)}
        return State({"config": asdict(self.config), "notes": list(self.notes)}, arrays)


def plan(layout: Layout, evaluations: int, bend: float, path: str, wish: Wish) -> Any:
    import torch

    from reverie.nn.emergence import Plan
    from reverie.nn.schedules import NOISE, ladder

    gate, _ = layout.gates
    gated = gate >= 0
    gates = list(dict.fromkeys(gate[gated].tolist()))
    order = gates + [i for i in range(len(layout.sizes)) if i not in gates]
    C = len(order)
    R = len(gate)
    angles = torch.full((evaluations + 1, R), NOISE)
    if path == "first":  # numbers, then codes, gated from their gates on
        first = max(evaluations - C, 1)
        starts = [0 if g < 0 else first + order.index(g) + 1 for g in gate]
        stops = [first if g < 0 else evaluations for g in gate]
        reveals = [()] * first + [tuple(x.tolist()) for x in np.array_split(order, evaluations - first)]
    elif path == "joint":
        reveals = [tuple(x.tolist()) for x in np.array_split(order, evaluations)]
        at = {c: i for i, part in enumerate(reveals) for c in part}
        starts = [0 if g < 0 else at[g] + 1 for g in gate]
        stops = [evaluations] * R
    else:  # codes, then numbers
        first = min(C, evaluations - 8)
        reveals = [tuple(x.tolist()) for x in np.array_split(order, first)] + [()] * (evaluations - first)
        starts, stops = [first] * R, [evaluations] * R
    for j in range(R):
        angles[starts[j] : stops[j] + 1, j] = ladder(stops[j] - starts[j], bend)
        angles[stops[j] :, j] = 0
    if wish.only is None:
        return Plan(tuple(reveals), angles)
    names = [spec.name for spec in layout.categories]
    reveals = [tuple(at for at in part if names[at] in wish.only) for part in reveals]
    numbers = np.array([layout.reals[i].name in wish.only for i in layout.owner], bool)
    if not numbers.any():
        steps = [part for part in reveals if part]
        return Plan(tuple(steps), torch.full((len(steps) + 1, R), NOISE))
    angles[:, ~torch.from_numpy(numbers)] = NOISE
    return Plan(tuple(reveals), angles)


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
        for name in ("rate", "decay", "batch", "epochs", "average", "cosine")
    }
    with neural.seeded(rng) as seed:
        task = build(layout, config)
        task.net.start_from(codes)
        history = neural.train(
            task, {"codes": codes, "numbers": numbers}, weights, training,
            seed=seed, budget=budget, on_progress=on_progress,
        )  # fmt: skip
    return Diffusion(layout, task, config, history.notes)


def build(layout: Layout, config: Config) -> "Denoising":
    from reverie.nn.diffusion import Denoising, Form, RowNet

    form = Form(layout.sizes, layout.owner, *layout.gates)
    net = RowNet(layout.sizes, len(form.owner), config.width, config.depth, config.cells, config.dropout)
    order = np.arange(len(layout.sizes) + len(layout.reals))
    # the order in which the plan goes
    gate = form.gate
    gates = list(dict.fromkeys(gate[gate >= 0].tolist()))
    cats = gates + [i for i in range(len(layout.sizes)) if i not in gates]
    free = [len(layout.sizes) + i for i, spec in enumerate(layout.reals) if spec.gate is None]
    rest = [len(layout.sizes) + i for i, spec in enumerate(layout.reals) if spec.gate is not None]
    order = np.array(free + cats + rest if config.path == "first" else cats + free + rest)
    return Denoising(net, form, order, config.ordered, config.centre, config.spread)


def from_state(specs: tuple[Spec, ...], state: State) -> Diffusion:
    try:
        config = Config(**state.json["config"])
        layout = Layout(specs, np.asarray(state.arrays["mean"], float), np.asarray(state.arrays["spread"], float))
    except (KeyError, TypeError, ValueError):
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None
    task = build(layout, config)
    neural.load_arrays(task.net, state.arrays)
    return Diffusion(layout, task, config, tuple(state.json["notes"]))
