"""Texts beside the rows of a masked network: rows are drawn column by column, told what is known of the
texts; then each text is written by a causal network that is told the row and the other texts.

See `nn.annotated`. All of it has a density: that of the row, and those of its texts given the row.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from reverie.core.errors import ArtifactError
from reverie.models import media, neural, texts
from reverie.models.accompanied import Accompanied
from reverie.models.base import State
from reverie.models.media import Media
from reverie.models.texts import Options
from reverie.models.variables import Variables
from reverie.schema.blocks import Blocks, Evidence, Spec

if TYPE_CHECKING:
    import torch

    from reverie.models.families.autoregressive import Autoregressive
    from reverie.nn.annotated import Annotated as Task
    from reverie.nn.joint import JointNet
    from reverie.nn.masked import AnyOrder, MaskedNet


@dataclass(frozen=True)
class Towers:
    """Networks of texts without that of the rows."""

    net: "JointNet"


class Annotated(Accompanied):
    """A fitted model of `rows_alone`, and the texts beside them."""

    beside: Media | None

    def __init__(self, rows_alone: "Autoregressive", beside: Media, options: Options) -> None:
        self.rows_alone, self.beside, self.options = rows_alone, beside, options
        self.family, self.specs, self.notes = rows_alone.family, beside.whole, rows_alone.notes

    @property
    def texts(self) -> Media:
        """What is beside the rows."""
        assert self.beside is not None
        return self.beside

    def rows(
        self, n: int, rng: np.random.Generator, given: Evidence | None, told: np.ndarray | None = None
    ) -> Blocks:
        """`n` rows without their texts."""
        told = self.texts.told(None, 1) if told is None else told
        return self.rows_alone.told(told).sample(n, rng=rng, given=given)

    def refined(self, rows: Blocks | None, told: "torch.Tensor") -> "torch.Tensor":
        """What the heads are given of whole rows, or of rows of which nothing is known."""
        import torch

        return torch.from_numpy(self.rows_alone.refined(rows, told.numpy()))

    def copy(self) -> "Annotated":
        """Another model of the same networks."""
        return Annotated(self.rows_alone, self.texts, self.options)

    def log_prob(self, blocks: Blocks) -> np.ndarray:
        """Natural logarithm of the density of each row, (rows,): of the row while nothing is known of its
        texts, and of the codes of each text given the row and the texts before it.

        Codes count as they are learned, whatever the style in which texts are written, with the end of a text
        that does not fill its length; a longer one counts as far as it was coded.
        """
        total = self.rows_alone.told(self.texts.told(None, 1)).log_prob(texts.rows_of(blocks))
        known: dict[str, np.ndarray] = {}
        for at, spec in enumerate(self.texts.specs):
            there = np.flatnonzero(media.present(spec, blocks))
            for start in range(0, len(there), self.texts.chunk):
                some = there[start : start + self.texts.chunk]
                total[some] -= self._costs(at, blocks.take(some), {name: known[name][some] for name in known})
            known[spec.name] = blocks[spec.name]
        return total

    def state(self) -> State:
        """That of the rows, the options, and the weights of the networks of texts."""
        rows = self.rows_alone.state()
        json = {**rows.json, "texts": {name: asdict(self.options)[name] for name in _OPTIONS}}
        return State(json, {**rows.arrays, **neural.arrays_of(self.texts.task.net)})

    def _costs(self, at: int, blocks: Blocks, known: Mapping[str, np.ndarray]) -> np.ndarray:
        """-log probability of text `at` of whole rows of whose other texts so much is known, (rows,)."""
        import torch

        told = self.texts.told(media.Known(known, {}), blocks.rows)
        refined = self.refined(texts.rows_of(blocks), torch.from_numpy(told))
        codes = torch.from_numpy(blocks[self.texts.specs[at].name].astype(np.int64))
        with torch.inference_mode():
            return self.texts.task.net.text_tower(at).costs(codes, refined)[0].double().numpy()


_OPTIONS = tuple(field.name for field in fields(Options))


def task_of(
    net: "MaskedNet", variables: Variables, whole: Blocks, options: Options, ordered: float
) -> "Task":
    """What learns the rows by `net`, and the texts among the `whole` blocks, from counts on."""
    from reverie.nn.annotated import Annotated as Task

    width = net.narrow.in_features
    joint, _, prose = media.joined(net, width, whole.specs, variables.names, options, {})
    task = Task(joint, variables.columns, ordered, prose)
    texts.count(task, whole)
    return task


def beside(
    model: "Autoregressive", specs: tuple[Spec, ...], task: "AnyOrder", options: Options
) -> "Autoregressive | Annotated":
    """The model with the texts among `specs`, if there are any, that the trained task writes."""
    if not texts.texts_of(specs):
        return model
    from torch import nn

    from reverie.nn.joint import JointNet

    assert isinstance(task.net, JointNet)
    task.net.rows = nn.Identity()
    return _annotated(model, specs, task.net, options)


def restored(
    model: "Autoregressive", specs: tuple[Spec, ...], options: Options, arrays: Mapping[str, np.ndarray]
) -> "Autoregressive | Annotated":
    """The model with the texts among `specs`, if there are any, whose networks are in stored arrays.

    Raises ArtifactError if they do not belong together.
    """
    if not texts.texts_of(specs):
        return model
    neural.require(model.family)
    from torch import nn

    try:
        width = model.masked.embedding.shape[1]
        net, _, _ = media.joined(nn.Identity(), width, specs, model.variables.names, options, arrays)
    except ValueError:
        raise ArtifactError("is not a model of this family", where="model", fix="Fit it again") from None
    neural.load_arrays(net, arrays)
    texts.settle(net)
    return _annotated(model, specs, net, options)


def _annotated(
    model: "Autoregressive", specs: tuple[Spec, ...], net: "JointNet", options: Options
) -> Annotated:
    return Annotated(model, Media(specs, Towers(net), 1, 0.0, texts.style(options)), options)
