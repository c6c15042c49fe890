"""What follows one and two codes of a text, as counted: where a network that writes begins, so that the
little that it can learn in a short time is not spent on which word follows which.

Only pairs and triples that several rows hold are kept. Sources: Ney et al. 1994 (absolute discounting, and
interpolation with shorter contexts); Li et al. 2022 (a network that learns what such a model lacks).
"""

import numpy as np
import torch
from torch import nn

DISCOUNT = 0.75
"""What is taken off every count, for what was not counted."""
MOST_TRIPLES = 200_000
WORD = np.int32


def count(codes: np.ndarray, vocabulary: int, k: int) -> dict[str, np.ndarray]:
    """How often codes, and pairs and triples that at least `k` rows hold, stand in texts (rows, length), -1
    after the end.

    A text begins with two codes `vocabulary` + 1 and ends with one `vocabulary`: `single` (codes + 2,),
    `pairs` (pairs, 3) and `triples` (triples, 4), the last of each a count.
    """
    rows, length = codes.shape
    size, counts = vocabulary + 2, (codes >= 0).sum(1)
    whole = np.full((rows, length + 3), -1, np.int64)
    whole[:, :2], whole[:, 2:-1] = vocabulary + 1, codes
    ended = np.flatnonzero((counts > 0) & (counts < length))
    whole[ended, counts[ended] + 2] = vocabulary
    row, place = np.nonzero(whole[:, 2:] >= 0)
    last, before, first = (whole[row, place + back] for back in (2, 1, 0))
    begun = np.bincount(before, minlength=size)
    single = np.bincount(last, minlength=size)
    single[vocabulary + 1] = begun[vocabulary + 1]
    return {
        "single": single.astype(WORD),
        "pairs": _shared(np.stack([before, last], 1), row, size, k),
        "triples": _shared(np.stack([first, before, last], 1), row, size, k)[:MOST_TRIPLES],
    }


def _shared(grams: np.ndarray, row: np.ndarray, size: int, k: int) -> np.ndarray:
    """The grams that at least `k` rows hold, the commonest first, each with its count."""
    keys = grams @ (size ** np.arange(grams.shape[1])[::-1])
    found, at, times = np.unique(keys, return_inverse=True, return_counts=True)
    held = np.unique(at * (int(row.max(initial=0)) + 1) + row) // (int(row.max(initial=0)) + 1)
    kept = np.flatnonzero(np.bincount(held, minlength=len(found)) >= k)
    kept = kept[np.argsort(-times[kept], kind="stable")]
    parts = [found[kept] // size**back % size for back in range(grams.shape[1] - 1, -1, -1)]
    return np.stack([*parts, times[kept]], axis=1).astype(WORD)


class Grams(nn.Module):
    """Probabilities of the next of `vocabulary` + 1 codes, the last the end, after two codes."""

    single: torch.Tensor
    pairs: torch.Tensor
    triples: torch.Tensor

    def __init__(self, vocabulary: int, pairs: int = 0, triples: int = 0) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        for name, shape in (("single", (vocabulary + 2,)), ("pairs", (pairs, 3)), ("triples", (triples, 4))):
            # Whatever makes counts: they are put in later.
            self.register_buffer(name, torch.ones(shape, dtype=torch.int32))
        self.settle()

    @classmethod
    def of(cls, counts: dict[str, np.ndarray]) -> "Grams":
        """Those that `count` gave."""
        made = cls(len(counts["single"]) - 2, len(counts["pairs"]), len(counts["triples"]))
        for name, array in counts.items():
            getattr(made, name).copy_(torch.from_numpy(array))
        made.settle()
        return made

    def settle(self) -> None:
        """Make ready by the counts. Raises ValueError if they are none."""
        single, pairs, triples = (getattr(self, name).long() for name in ("single", "pairs", "triples"))
        size = self.vocabulary + 2
        wrong = [bool(((part[:, :-1] < 0) | (part[:, :-1] >= size)).any()) for part in (pairs, triples)]
        wrong += [bool((part[:, -2] > self.vocabulary).any()) for part in (pairs, triples)]
        wrong += [bool((part <= 0).any()) for part in (pairs[:, -1], triples[:, -1])]
        if any(wrong) or bool((single < 0).any()):
            raise ValueError("no such counts")
        one = single[:-1] + 0.5
        self.register_buffer("one", (one / one.sum()).float(), persistent=False)
        second = dict(zip(pairs[:, 0].tolist(), single[pairs[:, 0]].tolist(), strict=True))
        keys = pairs[:, 0] * size + pairs[:, 1]
        third = dict(zip(keys.tolist(), pairs[:, 2].tolist(), strict=True))
        self._index("second", pairs[:, 0], pairs[:, 1:], second)
        self._index("third", triples[:, 0] * size + triples[:, 1], triples[:, 2:], third)

    def _index(self, name: str, context: torch.Tensor, grams: torch.Tensor, totals: dict[int, int]) -> None:
        """Keep contexts in order, where each one's codes begin, and the shares of these and of all others."""
        order = context.argsort(stable=True)
        keys, counts = context[order].unique_consecutive(return_counts=True)
        times = (grams[order, 1] - DISCOUNT).double()
        owner = torch.arange(len(keys)).repeat_interleave(counts)
        listed = torch.zeros(len(keys), dtype=torch.double).index_add(0, owner, grams[order, 1].double())
        total = torch.tensor([totals.get(key, 0) for key in keys.tolist()], dtype=torch.double)
        share = times / torch.maximum(total, listed)[owner]
        rest = 1 - torch.zeros(len(keys), dtype=torch.double).index_add(0, owner, share)
        starts = torch.cat([torch.zeros(1, dtype=torch.long), counts.cumsum(0)])
        found = {"keys": keys, "starts": starts, "codes": grams[order, 0], "shares": share.float()}
        for part, array in {**found, "rest": rest.float()}.items():
            self.register_buffer(f"{name}_{part}", array, persistent=False)

    def forward(self, first: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Log probabilities (places, vocabulary + 1) after the codes `first` and `before` (places,)."""
        size = self.vocabulary + 2
        chances = self.get_buffer("one").expand(len(before), -1)
        chances = self._mixed("second", before, chances)
        return self._mixed("third", first * size + before, chances).clamp(min=1e-9).log()

    def _mixed(self, name: str, context: torch.Tensor, chances: torch.Tensor) -> torch.Tensor:
        """The chances of a shorter context where there is no more, else with what was counted after this."""
        keys, starts, codes, shares, rest = (
            self.get_buffer(f"{name}_{part}") for part in ("keys", "starts", "codes", "shares", "rest")
        )
        if not len(keys):
            return chances
        at = torch.searchsorted(keys, context).clamp(max=len(keys) - 1)
        known = keys[at] == context
        counts = torch.where(known, starts[at + 1] - starts[at], 0)
        row = torch.arange(len(context), device=context.device).repeat_interleave(counts)
        begun = counts.cumsum(0) - counts
        place = torch.arange(len(row), device=row.device) + (starts[at] - begun)[row]
        mixed = chances * torch.where(known, rest[at], 1.0)[:, None]
        return (
            mixed.reshape(-1).index_add(0, row * mixed.shape[1] + codes[place], shares[place]).view_as(mixed)
        )
