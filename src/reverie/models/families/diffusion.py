"""Diffusion over mixed columns: rows emerge from noise, numbers little by little, codes one after another.

Every column has a level of noise of its own, so that any columns can be given, without noise, and the rest
emerges; training shows the network rows as they are in the steps of sampling, and any others.

Sources: Karras et al. 2022 (numbers); Austin et al. 2021 (codes, an absorbing mask); Ho & Salimans 2022
(guidance); Shi et al. 2025 (both in tables).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.core.errors import ArtifactError, ConfigError
from reverie.models import calibration, grids, media, neural, texts
from reverie.models.accompanied import Accompanied
from reverie.models.base import Budget, Capabilities, OnProgress, State, silent
from reverie.models.calibration import Map
from reverie.models.clock import Clock
from reverie.models.filling import Wish, answer
from reverie.models.layout import Known, Layout
from reverie.models.righting import put_right
from reverie.schema.blocks import Blocks, Evidence, Real, Spec, concatenate

if TYPE_CHECKING:
    import torch

    from reverie.nn.diffusion import Denoising
    from reverie.nn.plan import Form, Plan

CAPABILITIES = Capabilities(
    summary="Diffusion: rows emerge from noise step by step; the quality tier, and any columns can be given",
    modalities=("category", "real", "grid", "tokens"),
    given=True,
    dp=True,
    cost="minutes",
    advice="the best fidelity of the networks, where time allows",
    requires=neural.REQUIRES,
)
CHUNK = 1 << 10
"""Rows that emerge at a time, so that a layer's numbers stay in the processor's caches."""
FEW_STEPS, MOST_STEPS = 16, 256
"""Steps of sampling where there are fewer categories, and the most that a stored model may ask for."""
FEW_ROWS = 8_000
SMALLER, LARGER = (128, 0.2, 0.5), (256, 0.3, 0.65)
"""Width, dropout and the share of ordered rows, for fewer rows than that and for more."""
PRIVATE_WIDTH, PRIVATE_DEPTH = 64, 1
"""The network under formal privacy: noise grows with the number of weights."""
MOST_CELLS = 960
"""Cells of all numbers together, of which each has at least 8."""
TRAINING, KEPT = 0.9, 45.0
"""Share of a budget of time after which training ends, and the most seconds that it leaves for
putting margins right.
"""
EPOCHS, LONGER, ENOUGH = 90, 200, 3_000
"""Passes over the rows, and those over few rows as long as they take no more than so many steps."""
MARGINS = 12.0
"""About how many seconds of one processor it takes to put margins right."""
GRID_UPDATES = 4_000
"""Steps of training where there are grids, without a budget of time."""
LEAST_UPDATES, MOST_UPDATES = 1_200, 6_000
"""Fewest and most steps of training."""


@dataclass(frozen=True)
class Config(texts.Options):
    """Options of the diffusion.

    The network has `depth` residual blocks of `width`, and drops a share `dropout` in training, which passes
    over the rows `epochs` times but takes some thousand steps. A share `ordered` of rows are learned from as
    they are in the steps of sampling. All but the depth depend on the rows where they are None.

    A row takes at most `evaluations` of the network; the more `bend` is over 1, the more of them are spent
    where little noise is left. `guidance` over 0 makes rows more typical of what is given, and less diverse.

    Grids are learned in `grid_updates` steps by networks of `channels`, and emerge in `grid_steps` with a
    guidance of their own, which is stronger where they have many numbers, unless told. The options of texts
    are those of `texts.Options`.
    """

    width: int | None = None
    depth: int = 3
    dropout: float | None = None
    epochs: float | None = None
    rate: float = 2e-3
    batch: int = 512
    ordered: float | None = None
    evaluations: int = 24
    bend: float = 1.5
    guidance: float = 0.0
    channels: tuple[int, ...] | None = None
    grid_updates: int | None = None
    grid_steps: int = 20
    grid_guidance: float | None = None
    private: Mapping[str, Any] = field(default_factory=lambda: {"count": 800, "batch": 1024, "rate": 3e-3})


class Diffusion(Accompanied):
    """A fitted diffusion: a network that tells the rest of a row from what is left of it, and maps of the
    numbers that emerge, in the layout's scale, to those wanted, if there are any.
    """

    family = "diffusion"

    def __init__(
        self,
        layout: Layout,
        task: "Denoising",
        config: Config,
        notes: tuple[str, ...] = (),
        maps: tuple[Map, ...] = (),
        beside: media.Media | None = None,
    ) -> None:
        self.specs, self.layout, self.task, self.config = layout.specs, layout, task, config
        self.notes, self.maps = notes, maps
        self.beside = beside
        if beside is not None:
            self.specs = beside.whole

    def rows(
        self, n: int, rng: np.random.Generator, given: Evidence | None, told: np.ndarray | None = None
    ) -> Blocks:
        """`n` rows without their grids and texts."""
        if given or told is not None:
            return answer(self, n, rng, given or {}, told)
        return self.fill(Known.nothing(self.layout, n), rng)[0]

    def copy(self) -> "Diffusion":
        """Another model of the same networks."""
        return Diffusion(self.layout, self.task, self.config, self.notes, self.maps, self.beside)

    def fill(
        self,
        known: Known,
        rng: np.random.Generator,
        wish: Wish = Wish(),  # noqa: B008
    ) -> tuple[Blocks, np.ndarray]:
        """Rows that hold what is known, and the log probability (rows,) of what the wish allows."""
        parts, merits = [], []
        for start in range(0, max(len(known), 1), CHUNK):
            *_, (blocks, merit) = self._emerge(known.take(slice(start, start + CHUNK)), rng, wish)
            parts.append(blocks)
            merits.append(merit)
        return concatenate(parts), np.concatenate(merits)

    def trace(self, n: int, rng: np.random.Generator) -> Iterator[Blocks]:
        """`n` rows without grids and texts as they emerge, after each step; codes not drawn yet are -1."""
        return (blocks for blocks, _ in self._emerge(Known.nothing(self.layout, n), rng, Wish()))

    def log_prob(self, blocks: Blocks) -> np.ndarray:  # noqa: ARG002
        """Raises ConfigError: what is learned is no density."""
        raise ConfigError("diffusion gives no probabilities", where="--model", fix="Use --model trees")

    def state(self) -> State:
        arrays = {"mean": self.layout.mean, "spread": self.layout.spread, **neural.arrays_of(self.task.net)}
        fine, maps = calibration.state(self.maps)
        return State({"config": asdict(self.config), "notes": list(self.notes), "maps": fine}, arrays | maps)

    def _emerge(
        self, known: Known, rng: np.random.Generator, wish: Wish
    ) -> Iterator[tuple[Blocks, np.ndarray]]:
        import torch

        from reverie.nn.emergence import Rows, emerge

        layout = self.layout
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        start = Rows(
            torch.from_numpy(known.codes).long(),
            torch.from_numpy(self._unmapped(known.numbers)),
            torch.from_numpy(~np.isnan(known.numbers)),
            torch.zeros(len(known)),
            self._told(known),
        )
        muted = [torch.from_numpy(np.isin(np.arange(spec.k), spec.muted)) for spec in layout.categories]
        allowed = [
            torch.from_numpy(wish.allowed.get(spec.name, np.ones(spec.k, bool))) for spec in layout.categories
        ]
        steps = emerge(
            self.task, self._plan(wish), start, muted, allowed, noise, guidance=self.config.guidance
        )
        with torch.inference_mode():
            for rows in steps:
                numbers = self._mapped(rows.numbers.numpy())
                blocks = layout.blocks(rows.codes.numpy(), numbers, known.numbers)
                yield blocks, rows.merit.numpy()

    def _told(self, known: Known) -> "torch.Tensor | float":
        """What is known of the grids and texts of rows, as the network takes it."""
        import torch

        if self.beside is None:
            return 0.0
        nothing = known.told is None
        return torch.from_numpy(self.beside.told(None, len(known)) if nothing else known.told)

    def refined(self, rows: Blocks | None, told: "torch.Tensor") -> "torch.Tensor":
        """What the heads are given of whole rows, or of rows of which nothing is known."""
        import torch

        from reverie.nn.schedules import NOISE

        known = Known.nothing(self.layout, len(told))
        if rows is not None:
            known = Known.of_blocks(self.layout, rows, [spec.name for spec in self.layout.specs])
        numbers = torch.from_numpy(self._unmapped(known.numbers))
        angles = torch.where(torch.from_numpy(np.isnan(known.numbers)), NOISE, 0.0)
        return self.task.row_net.refine(torch.from_numpy(known.codes).long() + 1, numbers, angles, told)[0]

    def _mapped(self, numbers: np.ndarray) -> np.ndarray:
        columns = [each(column) for each, column in zip(self.maps, numbers.T, strict=False)]
        return np.stack(columns, axis=1) if columns else numbers

    def _unmapped(self, known: np.ndarray) -> np.ndarray:
        """Known numbers, NaN for none, as they were before they emerged mapped: as the network knows them."""
        numbers = self.layout.standard(known)
        for i, each in enumerate(self.maps):
            there = ~np.isnan(known[:, i])
            numbers[there, i] = Map(each.wanted, each.made)(numbers[there, i].astype(float))
        return numbers

    def _plan(self, wish: Wish) -> "Plan":
        """The steps in which what is wished for emerges."""
        if wish.only is None:
            return _plan(self.task.form, self.config)
        wanted = [i for i, spec in enumerate(self.layout.categories) if spec.name in wish.only]
        numbers = any(spec.name in wish.only for spec in self.layout.reals)
        return _plan(self.task.form, self.config, wanted, numbers=numbers)


def seconds(specs: tuple[Spec, ...], rows: int, budget: Budget) -> float:
    """Roughly what `fit` takes: told from fits of one table (Adult)."""
    course = {"epochs": _epochs(rows, Config.batch), "least": LEAST_UPDATES, "most": MOST_UPDATES}
    return neural.seconds(specs, rows, budget, **course, unit=5e-05) + MARGINS / budget.threads**0.5


def fit(
    blocks: Blocks,
    *,
    config: Config,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
    budget: Budget = Budget(),  # noqa: B008
    on_progress: OnProgress = silent,
) -> Diffusion:
    """Learn to denoise the rows. Raises ConfigError if torch is missing."""
    neural.require("diffusion")
    if budget.secret is not None:
        return _fit_privately(blocks, config, rng, budget, on_progress)
    clock, whole, blocks = Clock(silent), blocks, media.rows_of(blocks)
    layout = Layout.learn(blocks, weights)
    codes, numbers = layout.matrices(blocks)
    config, training = _sized(config, whole), _course(config, whole, budget)
    end = np.inf if budget.seconds is None else budget.seconds
    left = budget.less(clock.passed + min((1 - TRAINING) * (budget.seconds or 0.0), KEPT))
    with neural.seeded(rng) as seed:
        usual = SMALLER if blocks.rows < FEW_ROWS else LARGER
        chosen = (config.width, config.dropout, config.ordered)
        sizes = (b if a is None else a for a, b in zip(chosen, usual, strict=True))
        task = _build(layout, config, *sizes, specs=whole.specs)
        task.row_net.start_from(codes)
        texts.count(task, whole)
        history = neural.train(
            task, {"codes": codes, "numbers": numbers, **media.arrays_of(whole)}, weights, training,
            seed=seed, budget=left, on_progress=on_progress,
        )  # fmt: skip
    model = Diffusion(layout, task, config, history.notes, beside=media.beside(whole.specs, task, config))
    mass = np.ones(blocks.rows) if weights is None else np.asarray(weights, float)
    put_right(model, blocks, mass, rng, lambda: clock.passed >= end)
    return model


def _sized(config: Config, whole: Blocks) -> Config:
    """The options with the sizes of networks beside that of rows, and how strongly grids are guided."""
    asked = config.grid_guidance
    return replace(
        texts.fitted(config, whole),
        channels=config.channels or grids.usual(whole.specs),
        grid_guidance=grids.guidance(whole.specs) if asked is None else asked,
    )


def _course(config: Config, whole: Blocks, budget: Budget) -> dict[str, Any]:
    """How to train."""
    passes = config.epochs or _epochs(whole.rows, config.batch)
    updates = int(np.clip(passes * whole.rows / config.batch, LEAST_UPDATES, MOST_UPDATES))
    training: dict[str, Any] = {
        "batch": config.batch, "least_batch": config.batch // 2, "rate": config.rate,
        "cosine": True, "average": 0.999, "clip": 20.0,
    }  # fmt: skip
    if beside := media.media_of(whole.specs):
        training |= texts.TRAINING
        training |= {"rate": 1e-3} if isinstance(beside[0], Real) else {}
        updates = texts.updates(config, whole.rows, budget)
    if grids.grids_of(whole.specs):
        updates = grids.updates(config.grid_updates, GRID_UPDATES, budget)
    return training | {"steps": updates, "epochs": updates}


def _fit_privately(
    blocks: Blocks, config: Config, rng: np.random.Generator, budget: Budget, on_progress: OnProgress
) -> Diffusion:
    """Learn the layout, and put margins right, by the made-up `blocks`; the rest is learned through noise."""
    from reverie.nn.private import Steps

    assert budget.secret is not None
    layout, config = Layout.learn(blocks, None), replace(config, depth=PRIVATE_DEPTH)
    with neural.seeded(rng):
        task = _build(layout, config, PRIVATE_WIDTH, 0.0, LARGER[2])
        task.net.start_from(layout.matrices(blocks)[0])
    budget.secret.train(
        task, lambda rows: dict(zip(("codes", "numbers"), layout.matrices(rows), strict=True)),
        Steps(**config.private), blocks.rows, threads=budget.threads, on_progress=on_progress,
    )  # fmt: skip
    model = Diffusion(layout, task, config)
    put_right(model, blocks, np.ones(blocks.rows), rng)
    return model


def _epochs(rows: int, batch: int) -> float:
    return max(EPOCHS, min(LONGER, ENOUGH * batch / max(rows, 1)))


def _build(
    layout: Layout,
    config: Config,
    width: float,
    dropout: float = 0.0,
    ordered: float = 0.0,
    *,
    specs: tuple[Spec, ...] = (),
    arrays: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> "Denoising":
    """The network of rows and, if there are grids and texts among all `specs`, of these."""
    from reverie.nn.diffusion import RowNet
    from reverie.nn.plan import Form

    form = Form(layout.sizes, layout.owner, *layout.gates)
    numbers = len(form.owner)
    cells = int(np.clip(MOST_CELLS // max(numbers, 1), 8, 32))
    net = RowNet(layout.sizes, numbers, int(width), config.depth, cells, dropout)
    plan = _plan(form, config)
    return media.join(net, form, plan, ordered, specs, config, arrays)


def _plan(form: "Form", config: Config, wanted: list[int] | None = None, *, numbers: bool = True) -> "Plan":
    from reverie.nn.plan import Plan

    steps = min(max(len(form.sizes), FEW_STEPS), config.evaluations)
    return Plan.of(form, steps, config.bend, wanted, numbers=numbers)


def from_state(specs: tuple[Spec, ...], state: State) -> Diffusion:
    """Rebuild what `Diffusion.state` gave. Raises ArtifactError on a state that makes no sense."""
    try:
        config, arrays = Config(**state.json["config"]), state.arrays
        own = media.rest_of(specs)
        layout = Layout(own, *(np.asarray(arrays[name], float) for name in ("mean", "spread")))
        net = "net." if own == specs else "net.rows."
        width, depth = (
            len(arrays[f"{net}last.weight"]),
            len(
                [
                    name
                    for name in arrays
                    if name.startswith(f"{net}blocks.") and name.endswith(".norm.weight")
                ]
            ),
        )
        sound = layout.sound and config.depth == depth and 0 < config.evaluations <= MOST_STEPS
        ranges = 0 < config.bend < 10 and np.isfinite(config.guidance) and 0 <= (config.dropout or 0) < 1
        media.check(config)
        if not (sound and ranges):
            raise ValueError("config and arrays do not belong together")
        notes = tuple(str(note) for note in state.json["notes"])
        maps = calibration.restored(state.json["maps"], arrays)
        if len(maps) not in (0, len(layout.mean)):
            raise ValueError("maps are of other numbers")
    except (KeyError, TypeError, ValueError, IndexError):
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None
    neural.require("diffusion")
    task = _build(layout, config, width, specs=specs, arrays=arrays)
    neural.load_arrays(task.net, arrays)
    texts.settle(task)
    return Diffusion(layout, task, config, notes, maps, media.beside(specs, task, config))
