"""A sum of embeddings, of single rows in a way that `torch.func.vmap` can batch."""

import torch
from torch import nn
from torch.nn import functional


class Bag(nn.EmbeddingBag):
    """Embeddings of codes (rows, codes), summed, (rows, width)."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__(codes, width, mode="sum")

    def forward(self, codes: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        if len(codes) == 1:
            return functional.embedding(codes, self.weight).sum(1)
        return super().forward(codes)
