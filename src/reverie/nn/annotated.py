"""Rows and the texts beside them, learned at once: a masked network over columns that is told what texts say,
and causal networks that write them, told the row.

The row of a text costs its exact -log likelihood in an order of its columns (`nn.masked`), and so does the
text given the row and the texts that are told (`nn.texts`), so that both together have a density.
"""

from collections.abc import Sequence

import numpy as np
import torch

from reverie.nn.joint import WHOLE, Jointly, JointNet
from reverie.nn.masked import AnyOrder, MaskedNet
from reverie.nn.rows import Batch
from reverie.nn.texts import Text


class Annotated(Jointly, AnyOrder):
    """Learns rows as `AnyOrder` does, and texts beside them, whose gates are variables."""

    def __init__(self, net: JointNet, columns: np.ndarray, ordered: float, texts: Sequence[Text]) -> None:
        assert isinstance(net.rows, MaskedNet)
        super().__init__(net.rows, columns, ordered)
        self.net, self.grids, self.texts = net, (), tuple(texts)
        self.turns = self.course()

    @property
    def row_net(self) -> MaskedNet:
        found = self.net.rows
        assert isinstance(found, MaskedNet)
        return found

    @property
    def blocks(self) -> int:
        return self.count

    def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        return self.losses("net", batch, noise)

    def told_losses(self, batch: Batch, noise: torch.Generator, told: torch.Tensor) -> torch.Tensor:
        if not self.count:
            return told.new_zeros(len(told))
        asked = self.asked if self.training else list(range(self.count))
        return self.row_costs(batch, noise, asked, told[:, None])

    def known(
        self, batch: Batch, noise: torch.Generator, told: torch.Tensor, alone: torch.Tensor
    ) -> torch.Tensor:
        codes, draw = batch["codes"].long(), {"generator": noise, "device": noise.device}
        rows = len(codes)
        known = torch.rand(rows, self.count, **draw) < torch.rand(rows, 1, **draw)
        known = (known | (torch.rand(rows, 1, **draw) < WHOLE)) & ~alone
        return self.row_net(codes, known[:, None, self.columns], told[:, None])[:, 0]
