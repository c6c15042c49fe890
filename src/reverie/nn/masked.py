"""A network that tells every hidden variable of a row from the known ones, and its training over all orders.

Sources: Uria, Murray & Larochelle 2014 (one network for all orders); Hoogeboom et al. 2022, equation 3 (every
hidden variable is learned from at once). Here all numbers of known columns are learned from at once as well.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reverie.nn.rows import Batch
from reverie.nn.task import Task, Turn

HIDDEN, ABSENT = 0, 1
"""Codes before those of each variable: not known, and known to be absent (a number whose gate is shut)."""
OWN_IN, OWN_OUT = 0.1, 0.3
"""Size of each code's own weights where codes are alike, put in and told: larger ones learn single rows."""
MOST_ASKED = 8
"""Columns that are asked for in a step, at most: a step costs as many times the refinement of a row."""
LATE = 0.5
"""Power of the weight of columns that come late in an order, which have few codes and are told from most."""
NEVER = -1e4
"""The logit of codes that a part does not have."""


class Ordered(nn.Module):
    """A table (codes, width): smooth in the `basis` (codes, features) of the codes, and a rest of each code.

    The rest counts `own` where there is a basis, else 1.
    """

    basis: torch.Tensor
    scale: torch.Tensor

    def __init__(self, basis: np.ndarray, width: int, *, spread: float, own: float) -> None:
        super().__init__()
        scale = np.where((basis != 0).any(1), own, 1.0)[:, None]
        self.register_buffer("basis", torch.from_numpy(basis.astype(np.float32)), persistent=False)
        self.register_buffer("scale", torch.from_numpy(scale.astype(np.float32)), persistent=False)
        self.smooth = nn.Parameter(spread * torch.randn(basis.shape[1], width))
        self.rest = nn.Parameter(spread * torch.randn(len(basis), width))

    def forward(self) -> torch.Tensor:
        return torch.addmm(self.rest * self.scale, self.basis, self.smooth)


class MaskedNet(nn.Module):
    """Tells variables of `sizes` codes each from all that is known, and the parts of one from its code too.

    `parents` (variables,) are negative but for parts. `bases` (codes, features) of each variable say which
    codes are alike; none if its codes have no order. What is known is added up in a vector of `width`, which
    `depth` residual layers refine; parts are told from `narrow` numbers.
    """

    starts: torch.Tensor
    tops: torch.Tensor
    parts: torch.Tensor
    told: torch.Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        parents: Sequence[int],
        bases: Sequence[np.ndarray],
        *,
        width: int,
        depth: int,
        narrow: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.sizes, self.parents, self.dropout = list(sizes), list(parents), dropout
        tops = [i for i, parent in enumerate(parents) if parent < 0]
        parts = [i for i, parent in enumerate(parents) if parent >= 0]
        self.top_sizes, self.part_sizes = [sizes[i] for i in tops], [sizes[i] for i in parts]
        self._number("starts", np.cumsum([0, *(size + 2 for size in sizes)])[:-1])
        self._number("tops", tops)
        self._number("parts", parts)
        self._number("told", np.cumsum([0, *(sizes[parents[i]] for i in parts)])[: len(parts)])
        padded = [np.pad(basis, ((2, 0), (0, 0))) for basis in bases]
        self.embedding = Ordered(_blocked(padded), width, spread=(2 * max(len(sizes), 1)) ** -0.5, own=OWN_IN)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = Ordered(_blocked([bases[i] for i in tops]), width, spread=0.0, own=OWN_OUT)
        self.base = nn.Parameter(torch.zeros(sum(self.top_sizes)))
        self.narrow = nn.Linear(width, narrow)
        self.inside = Ordered(_blocked([bases[parents[i]] for i in parts]), narrow, spread=0.5, own=OWN_IN)
        most = max(self.part_sizes, default=0)
        self.fine = nn.Parameter(torch.zeros(len(parts), most, narrow))
        self.fine_base = nn.Parameter(torch.zeros(len(parts), most))
        with torch.no_grad():
            for i, size in enumerate(self.part_sizes):
                self.fine_base[i, size:] = NEVER

    def forward(
        self, codes: torch.Tensor, known: torch.Tensor, told: torch.Tensor | float = 0.0
    ) -> torch.Tensor:
        """What the heads are given, (rows, views, width), of codes (rows, variables), -1 where absent.

        Each view knows other variables of the same row: `known`, bool, (rows, views, variables). `told`
        (rows, 1, width) is what else is known of the rows.
        """
        table = self.embedding()
        hidden = functional.embedding(self.starts + HIDDEN, table)
        put_in = torch.where(codes < 0, ABSENT, codes + 2) + self.starts
        change = functional.embedding(put_in, table) - hidden
        found = hidden.sum(0) + known.to(change.dtype) @ change + told
        for layer in self.layers:
            found = found + layer(self._dropped(functional.hardswish(found)))
        return self._dropped(functional.hardswish(found))

    def costs(self, refined: torch.Tensor, codes: torch.Tensor, views: Sequence[int]) -> torch.Tensor:
        """-log probability of each code, (rows, variables); 0 where it is negative.

        `views` (variables,) says which view of `refined` (rows, views, width) a variable is told from; one
        that is negative is not asked for, and costs nothing.
        """
        wanted = codes.clamp(min=0)
        costs = list(refined.new_zeros(codes.shape).unbind(1))
        heads, bases = self.out().split(self.top_sizes), self.base.split(self.top_sizes)
        for i, head, base in zip(self.tops.tolist(), heads, bases, strict=True):
            if views[i] >= 0:
                logits = functional.linear(refined[:, views[i]], head, base)
                costs[i] = functional.cross_entropy(logits, wanted[:, i], reduction="none")
        asked = [place for place, i in enumerate(self.parts.tolist()) if views[i] >= 0]
        if asked:
            found = self._part_costs(refined, wanted, views, asked)
            for i, cost in zip(self.parts[asked].tolist(), found, strict=True):
                costs[i] = cost
        return torch.stack(costs, dim=1) * (codes >= 0)

    def _part_costs(
        self, refined: torch.Tensor, wanted: torch.Tensor, views: Sequence[int], asked: list[int]
    ) -> tuple[torch.Tensor, ...]:
        """Of each of the parts `asked`, numbered among the parts, (rows,)."""
        parts = self.parts[asked]
        over = wanted[:, [self.parents[i] for i in parts.tolist()]]
        told = functional.embedding(over + self.told[asked], self.inside())
        own = refined[:, [views[i] for i in parts.tolist()]]
        hidden = functional.hardswish(self.narrow(own) + told)
        logits = torch.einsum("rpn,pfn->rpf", hidden, self.fine[asked]) + self.fine_base[asked]
        return functional.cross_entropy(logits.transpose(1, 2), wanted[:, parts], reduction="none").unbind(1)

    @torch.no_grad()
    def start_from(self, codes: np.ndarray) -> None:
        """Begin with the frequencies of the codes (rows, variables)."""

        def frequencies(variable: int) -> torch.Tensor:
            own = codes[codes[:, variable] >= 0, variable]
            counts = np.bincount(own, minlength=self.sizes[variable]) + 0.5
            return torch.from_numpy(np.log(counts / counts.sum()))

        if self.top_sizes:
            self.base.copy_(torch.cat([frequencies(i) for i in self.tops.tolist()]))
        for i, (variable, size) in enumerate(zip(self.parts.tolist(), self.part_sizes, strict=True)):
            self.fine_base[i, :size] = frequencies(variable)

    @torch.no_grad()
    def arrays(self) -> dict[str, np.ndarray]:
        """All weights, as `models.masked.Masked` takes them."""
        width = self.narrow.in_features
        state = self.state_dict()
        found = {
            "embedding": self.embedding(),
            "layers": self._stacked(state, "weight", (width, width)),
            "shifts": self._stacked(state, "bias", (width,)),
            "out": self.out(),
            "base": self.base,
            "narrow": self.narrow.weight,
            "narrow_shift": self.narrow.bias,
            "inside": self.inside(),
            "fine": self.fine,
            "fine_base": self.fine_base,
        }
        return {name: weight.detach().cpu().float().numpy() for name, weight in found.items()}

    def _stacked(self, state: dict[str, torch.Tensor], name: str, shape: tuple[int, ...]) -> torch.Tensor:
        """What every layer has by a name, (depth, *shape)."""
        parts = [state[f"layers.{i}.{name}"] for i in range(len(self.layers))]
        return torch.stack(parts) if parts else torch.zeros(0, *shape)

    def _number(self, name: str, numbers: Sequence[int] | np.ndarray) -> None:
        self.register_buffer(name, torch.as_tensor(np.asarray(numbers, np.int64)), persistent=False)

    def _dropped(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.dropout(hidden, self.dropout, self.training)


def _blocked(bases: Sequence[np.ndarray]) -> np.ndarray:
    """Bases of variables one below the other, each in columns of its own."""
    out = np.zeros((sum(len(basis) for basis in bases), sum(basis.shape[1] for basis in bases)))
    row = column = 0
    for basis in bases:
        out[row : row + len(basis), column : column + basis.shape[1]] = basis
        row, column = row + len(basis), column + basis.shape[1]
    return out


class AnyOrder(Task):
    """Learns `net` with an order of the columns drawn for each row; a share `ordered` of rows keeps theirs.

    Every column is told from those before it, all of them in one step, so a row costs its exact -log
    likelihood in its order, but that late columns count for more. Of many columns `most` are asked for in a
    step, and stand for the others.
    `columns` (variables,) says which column each variable belongs to. A batch holds `codes` (rows,
    variables), -1 where absent.
    """

    turns = (Turn("net"),)
    columns: torch.Tensor
    late: torch.Tensor

    def __init__(self, net: MaskedNet, columns: np.ndarray, ordered: float, most: int = MOST_ASKED) -> None:
        super().__init__()
        self.net, self.ordered, self.count = net, ordered, int(columns.max(initial=-1)) + 1
        self.most, self.asked = most, list(range(self.count))
        self.register_buffer("columns", torch.from_numpy(columns), persistent=False)
        late = np.cumsum(1 / np.arange(self.count, 0, -1)) ** LATE
        late = late / late.mean() if self.count else late
        self.register_buffer("late", torch.from_numpy(late).float(), persistent=False)

    @property
    def row_net(self) -> MaskedNet:
        """The network of rows."""
        return self.net

    def begin(self, turn: str, noise: torch.Generator) -> None:  # noqa: ARG002
        if self.count > self.most:
            drawn = torch.rand(self.count, generator=noise, device=self.columns.device).argsort()
            self.asked = sorted(drawn[: self.most].tolist())

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        return self.row_costs(batch, noise, self.asked)

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        return self.row_costs(batch, noise, list(range(self.count)))

    def row_costs(
        self, batch: Batch, noise: torch.Generator, asked: list[int], told: torch.Tensor | float = 0.0
    ) -> torch.Tensor:
        """What rows cost, (rows,), by the columns `asked` for; `told` (rows, 1, width) is what else is known
        of them.
        """
        codes = batch["codes"].long()
        rank = self.ranks(len(codes), noise)
        known = rank[:, None, :] < rank[:, asked, None]
        views = {column: view for view, column in enumerate(asked)}
        refined = self.row_net(codes, known[:, :, self.columns], told)
        costs = self.row_net.costs(
            refined, codes, [views.get(column, -1) for column in self.columns.tolist()]
        )
        late = self.late[rank][:, self.columns]
        return (costs * late).sum(1) * (self.count / len(asked))

    def ranks(self, rows: int, noise: torch.Generator) -> torch.Tensor:
        """The place of each column in the order of each row, (rows, columns)."""
        draw = {"generator": noise, "device": self.columns.device}
        rank = torch.rand(rows, self.count, **draw).argsort(1).argsort(1)
        own = torch.rand(rows, 1, **draw) < self.ordered
        return torch.where(own, torch.arange(self.count, device=self.columns.device), rank)
