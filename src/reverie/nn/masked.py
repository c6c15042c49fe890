"""A network that tells every hidden variable of a row from the known ones, and its training over all orders.

Sources: Uria, Murray & Larochelle 2014 (one network for all orders); Hoogeboom et al. 2022, equation 3 (every
hidden variable is learned from at once, weighted so that each number of known ones counts alike).
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


class MaskedNet(nn.Module):
    """Logits of all variables, (rows, sum of `sizes`), of codes (rows, variables): code c is put in as c + 2.

    What is known is added up in a vector of `width`, which `depth` residual layers refine.
    """

    starts: torch.Tensor

    def __init__(self, sizes: Sequence[int], width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.sizes, self.dropout = list(sizes), dropout
        starts = np.cumsum([0, *(size + 2 for size in sizes)])
        self.register_buffer("starts", torch.from_numpy(starts[:-1]), persistent=False)
        self.embedding = nn.EmbeddingBag(int(starts[-1]), width, mode="sum")
        nn.init.normal_(self.embedding.weight, std=len(self.sizes) ** -0.5)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, sum(sizes))
        nn.init.zeros_(self.out.weight)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.embedding(inputs + self.starts)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            hidden = hidden + layer(self._dropped(functional.silu(norm(hidden))))
        return self.out(self._dropped(functional.silu(hidden)))

    def costs(self, logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """-log probability of each code, (rows, variables); 0 where it is negative."""
        parts = logits.split(self.sizes, dim=1)
        wanted = codes.clamp(min=0)
        found = [
            part.logsumexp(1) - part.gather(1, wanted[:, i : i + 1])[:, 0] for i, part in enumerate(parts)
        ]
        return torch.stack(found, dim=1) * (codes >= 0)

    @torch.no_grad()
    def start_from(self, codes: np.ndarray) -> None:
        """Begin with the frequencies of the codes (rows, variables)."""
        starts = np.cumsum([0, *self.sizes])
        for i, size in enumerate(self.sizes):
            counts = np.bincount(codes[codes[:, i] >= 0, i], minlength=size) + 0.5
            self.out.bias[starts[i] : starts[i + 1]] = torch.from_numpy(np.log(counts / counts.sum()))

    def arrays(self) -> dict[str, np.ndarray]:
        """All weights, as `models.masked.Masked` takes them."""
        width = self.out.in_features
        scales, shifts = (self._stacked(f"norms.{{}}.{part}", width) for part in ("weight", "bias"))
        found = {
            "embedding": self.embedding.weight,
            "norms": torch.stack([scales, shifts], dim=1),
            "layers": self._stacked("layers.{}.weight", width, width),
            "shifts": self._stacked("layers.{}.bias", width),
            "out": self.out.weight,
            "base": self.out.bias,
        }
        return {name: weight.detach().cpu().float().numpy() for name, weight in found.items()}

    def _stacked(self, name: str, *shape: int) -> torch.Tensor:
        """What every layer has by a name, (depth, *shape)."""
        state = self.state_dict()
        parts = [state[name.format(i)] for i in range(len(self.layers))]
        return torch.stack(parts) if parts else torch.zeros(0, *shape)

    def _dropped(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.dropout(hidden, self.dropout, self.training)


class AnyOrder(Task):
    """Learns `net` with an order of the columns drawn for each row; a share `ordered` of rows keeps theirs.

    `columns` (variables,) says which column each variable belongs to; those of one column become known one
    after the other. A batch holds `codes` (rows, variables), -1 where absent.
    """

    turns = (Turn("net"),)
    columns: torch.Tensor
    place: torch.Tensor
    counts: torch.Tensor

    def __init__(self, net: MaskedNet, columns: np.ndarray, ordered: float) -> None:
        super().__init__()
        self.net, self.ordered = net, ordered
        counts = np.bincount(columns)
        place = np.arange(len(columns)) - np.concatenate([[0], np.cumsum(counts)])[columns]
        self.register_buffer("columns", torch.from_numpy(columns), persistent=False)
        self.register_buffer("place", torch.from_numpy(place), persistent=False)
        self.register_buffer("counts", torch.from_numpy(counts), persistent=False)

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        codes = batch["codes"].long()
        known, weight = self.reveal(len(codes), noise)
        inputs = torch.where(known, torch.where(codes < 0, ABSENT, codes + 2), HIDDEN)
        return (self.net.costs(self.net(inputs), codes) * weight).sum(1)

    def reveal(self, rows: int, noise: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """What is known, bool, and how much each variable counts, both (rows, variables).

        Of the columns in an order, the first t are known, t uniform; of the next, the first few variables.
        What counts is the next variable of that column, and the first of every later one.
        """
        device, columns = self.counts.device, len(self.counts)
        draw = {"generator": noise, "device": device}
        rank = torch.rand(rows, columns, **draw).argsort(1).argsort(1)
        own = torch.rand(rows, 1, **draw) < self.ordered
        rank = torch.where(own, torch.arange(columns, device=device), rank)
        passed = torch.randint(columns, (rows, 1), **draw)
        part = (torch.rand(rows, columns, **draw) * self.counts).long() * (rank == passed)
        known = (rank < passed)[:, self.columns] | (self.place < part[:, self.columns])
        asked = ~(rank < passed)[:, self.columns] & (self.place == part[:, self.columns])
        return known, asked * (columns / (columns - passed))
