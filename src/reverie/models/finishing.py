"""What a generator's raw rows still need: margins put right, and one of several drafts chosen.

Logits of codes are shifted to the frequencies of real rows, and numbers are mapped to their quantiles. Then a
small network learns to tell finished rows from real ones, and from there on chooses among drafts of a row's
codes, unless it has learned nothing. What choosing does to the margins is put right once more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie.models import calibration, neural, onehot
from reverie.models.calibration import Map, shifts
from reverie.schema.blocks import Blocks

if TYPE_CHECKING:
    import torch

    from reverie.nn.drafts import Chooser
    from reverie.nn.gan import Form, Generator
    from reverie.nn.task import Task

SEEN = 1 << 14
"""Most rows, real and generated, by which margins are put right."""
CHUNK = 1 << 12
"""Rows that are generated at a time."""
POOL = 1 << 16
"""Most real rows that the chooser learns from."""
FALSE = 2
"""Finished rows that it learns from for each real one."""
CHANCE = 0.5
"""Nats, over the root of the rows, by which the chooser beats a coin at least, or there is none."""
DOUBT = 20.0
"""Rows of a code that are added to both sides where frequencies are compared."""

Trainer = Callable[["Task", Mapping[str, np.ndarray], np.ndarray], float]
"""Trains a task on arrays (rows, ...) and weights (rows,); gives the least loss of rows held out."""


@dataclass(frozen=True)
class Finish:
    """`shift` (codes,) of logits, `maps` of numbers, and the chooser of one of `drafts`, if there is one."""

    form: "Form"
    shift: np.ndarray
    maps: tuple[Map, ...] = ()
    chooser: "Chooser | None" = None
    drafts: int = 1

    def rows(self, net: "Generator", n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, categories) and numbers (n, numbers), open or not, of that many fresh rows."""
        import torch

        from reverie.nn.drafts import draw

        noise, found = torch.Generator().manual_seed(int(rng.integers(2**62))), []
        for start in range(0, max(n, 1), CHUNK):
            codes, numbers, looks = self._drafts(net, min(CHUNK, n - start), noise)
            if self.chooser is not None:
                taken = draw(looks, [self.drafts], 1, noise)[:, :, :1]
                codes = codes.take_along_dim(taken, dim=1)
            found.append((codes[:, 0].numpy(), self._mapped(numbers)))
        codes, numbers = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return codes, numbers

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What `restored` takes: JSON, and arrays by name."""
        fine, arrays = calibration.state(self.maps)
        arrays["shift"] = self.shift
        if self.chooser is None:
            return {"fine": fine, "drafts": 1}, arrays
        size = {"waves": self.chooser.waves, "drafts": self.drafts}
        return {"fine": fine, **size}, arrays | neural.arrays_of(self.chooser, "chooser.")

    @classmethod
    def restored(cls, form: "Form", json: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "Finish":
        """What `state` is of. Raises ValueError, KeyError, TypeError or ArtifactError if it is damaged."""
        shift = np.asarray(arrays["shift"], float)
        if shift.shape != (form.codes,) or not np.isfinite(shift).all():
            raise ValueError("shifts are of other codes")
        maps = calibration.restored(json["fine"], arrays)
        if len(maps) != form.numbers:
            raise ValueError("maps are of other numbers")
        if json["drafts"] == 1:
            return cls(form, shift, maps)
        from reverie.nn.drafts import Chooser

        width = arrays["chooser.out.weight"].shape[1]
        depth = sum(name.startswith("chooser.layers.") and name.endswith(".weight") for name in arrays)
        waves, drafts = int(json["waves"]), int(json["drafts"])
        if not (0 <= waves < 1 << 10 and 1 < drafts < 1 << 10):
            raise ValueError("no such chooser")
        chooser = Chooser(form, waves, width, depth)
        neural.load_arrays(chooser, arrays, "chooser.")
        return cls(form, shift, maps, chooser, drafts)

    def _drafts(
        self, net: "Generator", n: int, noise: "torch.Generator"
    ) -> tuple["torch.Tensor", np.ndarray, "torch.Tensor"]:
        """Codes (n, drafts, categories), numbers as the generator makes them (n, numbers), and the logits by
        which a draft is chosen (n, drafts).
        """
        import torch

        from reverie.nn.drafts import SURE, draw

        with torch.inference_mode():
            logits, numbers = net.generate(n, noise)
            codes = draw(logits + torch.from_numpy(self.shift).float(), self.form.sizes, self.drafts, noise)
            raw = numbers.numpy().astype(float)
            looks = torch.zeros(n, self.drafts)
            if self.chooser is not None:
                finished = torch.from_numpy(self._mapped(raw)).float()
                looks = self.chooser(codes, finished).clamp(-SURE, SURE)
        return codes, raw, looks

    def _mapped(self, numbers: np.ndarray) -> np.ndarray:
        columns = [each(column) for each, column in zip(self.maps, numbers.T, strict=True)]
        return np.stack(columns, axis=1) if columns else numbers


@dataclass(frozen=True)
class Margins:
    """What rows should be like: `shares` of each category's codes; `numbers`, each (rows,) without NaN."""

    shares: list[np.ndarray]
    numbers: list[np.ndarray]

    @classmethod
    def of(cls, blocks: Blocks, mass: np.ndarray, rng: np.random.Generator) -> "Margins":
        """Of rows weighted by `mass`, numbers of a sample of them."""
        some = rng.choice(blocks.rows, min(SEEN, 4 * blocks.rows), p=mass / mass.sum())
        numbers = onehot.matrices(blocks.take(some))["numbers"].astype(float)
        return cls(onehot.shares(blocks, mass), [column[~np.isnan(column)] for column in numbers.T])


def put_right(net: "Generator", form: "Form", margins: Margins, rng: np.random.Generator) -> Finish:
    """Shifts and maps, for single drafts."""
    import torch

    with torch.inference_mode():
        logits, numbers = net.generate(SEEN, torch.Generator().manual_seed(int(rng.integers(2**62))))
    raw = logits.numpy().astype(float)
    shift = shifts(raw, form.sizes, margins.shares)
    chance = _softmax(raw + shift, form.sizes) @ form.gates + form.always
    return Finish(form, shift, _maps(numbers.numpy().astype(float), chance, margins))


def with_chooser(
    finish: Finish,
    net: "Generator",
    chooser: "Chooser",
    drafts: int,
    *,
    blocks: Blocks,
    mass: np.ndarray,
    margins: Margins,
    train: Trainer,
    rng: np.random.Generator,
) -> Finish:
    """The same, with the best of so many drafts, if the chooser learns to tell real rows from finished."""
    from reverie.nn.drafts import Discrimination

    some = rng.permutation(np.flatnonzero(mass > 0))[:POOL]
    real, count = onehot.matrices(blocks.take(some)), len(some)
    codes, numbers = finish.rows(net, FALSE * count, rng)
    made = onehot.matrices(onehot.placed(blocks.specs, codes, numbers))
    arrays = {name: np.concatenate([real[name], made[name]]) for name in real}
    arrays["real"] = np.repeat([1, 0], [count, FALSE * count]).astype(np.int8)
    weights = np.concatenate([mass[some] / mass[some].mean(), np.full(FALSE * count, 1 / FALSE)])
    loss = train(Discrimination(chooser), arrays, weights)
    if not loss < -CHANCE / np.sqrt(len(weights)):
        return finish
    return _put_right_again(replace(finish, chooser=chooser, drafts=drafts), net, margins, rng)


def _put_right_again(finish: Finish, net: "Generator", margins: Margins, rng: np.random.Generator) -> Finish:
    """Shifts and maps moved by what rows are like of which one draft is chosen."""
    import torch

    noise, form = torch.Generator().manual_seed(int(rng.integers(2**62))), finish.form
    counts, chances, raws = np.zeros(form.codes), [], []
    starts = np.cumsum([0, *form.sizes])[:-1]
    for _ in range(0, SEEN, CHUNK):
        codes, raw, looks = finish._drafts(net, CHUNK, noise)
        chance, whole = looks.softmax(1).numpy().astype(float), codes.numpy() + starts
        counts += np.bincount(whole.ravel(), np.repeat(chance.ravel(), len(starts)), form.codes)
        opened = whole[:, :, np.maximum(form.gate_of, 0)] == form.opening if len(starts) else True
        opened = np.broadcast_to(opened | (form.opening < 0), (*chance.shape, form.numbers))
        chances.append((chance[..., None] * opened).sum(axis=1))
        raws.append(raw)
    wanted = np.concatenate(margins.shares or [counts]) * SEEN
    moved = np.log((wanted + DOUBT) / (counts + DOUBT))
    return replace(
        finish, shift=finish.shift + moved, maps=_maps(np.concatenate(raws), np.concatenate(chances), margins)
    )


def _maps(raw: np.ndarray, chance: np.ndarray, margins: Margins) -> tuple[Map, ...]:
    """Of numbers (rows, numbers), each there with a chance."""
    columns = zip(raw.T, np.clip(chance, 0, 1).T, margins.numbers, strict=True)
    return tuple(Map.learn(made, there, wanted) for made, there, wanted in columns)


def _softmax(logits: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Probabilities (rows, codes) of each category's codes."""
    parts = np.split(logits, np.cumsum(sizes)[:-1], axis=1) if sizes else []
    parts = [np.exp(part - part.max(axis=1, keepdims=True)) for part in parts]
    return np.concatenate([part / part.sum(axis=1, keepdims=True) for part in parts] or [logits], axis=1)
