"""A text beside a row: what a known one tells of the row, and a causal network that writes a new one.

The writer is told the row by a vector that stands before the first code and scales and shifts every layer. It
learns what counted pairs and triples of codes do not tell (`nn.grams`).
Sources: Vaswani et al. 2017 (attention); Su et al. 2021 (rotary positions); Shazeer 2020 (gated layers);
Press & Wolf 2017 (one embedding to read and write); Peebles & Xie 2023, section 3.2 (scale and shift);
Ho & Salimans 2022 (guidance, here of logits); Holtzman et al. 2020 (the likeliest codes alone).
"""

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from reverie.nn.grams import Grams, count

HEAD = 32
"""Width of a head of attention."""
TOGETHER = 16
"""Texts that are learned together."""
SLOWEST = 1_000.0
"""Codes in which the slowest rotary position turns by one radian."""
HIDDEN, CUT = 0.15, 0.3
"""How much of a known text is hidden while learning, and how often it is cut anywhere: it is so not known by
heart, and its beginning tells something too.
"""
UNSEEN = 0.3
"""Share of what a known text tells that is dropped in training."""


@dataclass(frozen=True)
class Text:
    """A block of texts of at most `length` codes; `gate` is the category (-1: none) that it is present with
    code `code` of.
    """

    vocabulary: int
    length: int
    gate: int = -1
    code: int = 0
    grams: tuple[int, int] = (0, 0)
    """Pairs and triples of codes that were counted."""
    model: str = ""
    source: str = ""
    """The config, as JSON, of a language model that others trained, and where its weights are unless they are
    put in later; see `nn.language`.
    """


@dataclass(frozen=True)
class Scale:
    """How large the network of a text is: `depth` layers of `wide` (a multiple of 32)."""

    wide: int = 128
    depth: int = 3
    dropout: float = 0.15


class Writer(nn.Module, ABC):
    """What a text tells of a row, and what of a row a text says; codes come as (rows, length), -1 after the
    end.
    """

    told: nn.Module
    """What the writer is told of a row known as a vector (rows, width)."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self.text, self.end = text, text.vocabulary

    @abstractmethod
    def look(self, codes: torch.Tensor, noise: torch.Generator | None = None) -> torch.Tensor:
        """What texts tell, (rows, width); with `noise`, of texts that are hidden in part."""

    @abstractmethod
    def write(self, told: torch.Tensor, begun: torch.Tensor) -> Generator[torch.Tensor, torch.Tensor, None]:
        """Logits of the next code (rows, vocabulary + 1), the last that of the end, of rows `told`
        (rows, width) after the codes `begun` (rows, codes); send the codes that come next (rows,).
        """

    def count(self, codes: np.ndarray, k: int) -> None:
        """Begin with what follows what in texts (rows, length), where `k` rows hold it."""

    def settle(self) -> None:
        """Make ready for use after weights were put in. Raises ValueError if they make no sense."""

    def costs(self, codes: torch.Tensor, refined: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """-log probability of the texts of rows known as `refined` (rows, width), and the number of codes
        with the end, both (rows,); a text that fills its length has no end.
        """
        counts = (codes >= 0).sum(1)
        told, order = self.told(refined), counts.argsort()
        total = torch.zeros(len(codes), device=codes.device)
        # Texts of about the same length are together, so that little is computed after their ends.
        for rows in order.split(TOGETHER):
            total = total.index_add(0, rows, self._costs(codes[rows], counts[rows], told[rows]))
        return total, counts + (counts < self.text.length)

    def _costs(self, codes: torch.Tensor, counts: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        codes = codes[:, : max(int(counts.max()), 1)]
        wanted = functional.pad(codes, (0, 1), value=-1)
        wanted = wanted.scatter(1, counts[:, None].clamp(max=codes.shape[1]), self.end)
        asked = wanted >= 0
        asked[:, -1] &= counts < self.text.length
        logits = self._expected(codes, told, asked).float()
        cost = functional.cross_entropy(logits, wanted[asked], reduction="none")
        return torch.zeros(len(codes), device=codes.device).index_add(0, asked.nonzero()[:, 0], cost)

    @abstractmethod
    def _expected(self, codes: torch.Tensor, told: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        """Logits (places, vocabulary + 1) of what stands at the places `asked` (rows, codes + 1), of which
        the last is after all codes.
        """

    def _shown(self, codes: torch.Tensor, noise: torch.Generator | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Codes that are looked at, -1 where hidden, and the places where they are, both (rows, codes)."""
        counts = (codes >= 0).sum(1).clamp(min=1)
        codes = codes[:, : int(counts.max())]
        if noise is not None:
            draw = {"generator": noise, "device": noise.device}
            cut = torch.rand(len(codes), **draw) < CUT
            part = (counts * torch.rand(len(codes), **draw)).long() + 1
            counts = torch.where(cut, part, counts)
            codes = codes.masked_fill(torch.rand(codes.shape, **draw) < HIDDEN, -1)
        return codes, torch.arange(codes.shape[1], device=codes.device) < counts[:, None]


class TextTower(Writer):
    """A small network of its own, which begins with counts of what follows what."""

    def __init__(self, text: Text, scale: Scale, width: int) -> None:
        super().__init__(text)
        self.grams = Grams(text.vocabulary, *text.grams)
        self.nothing = text.vocabulary + 1
        self.embedding = nn.Embedding(text.vocabulary + 2, scale.wide)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.told, self.first = nn.Linear(width, width), nn.Linear(width, scale.wide)
        self.layers = nn.ModuleList(_Layer(scale, width) for _ in range(scale.depth))
        self.last, self.drop = nn.LayerNorm(scale.wide), nn.Dropout(scale.dropout)
        self.bias = nn.Parameter(torch.zeros(text.vocabulary + 1))
        self.look_at = _Look(text.vocabulary, scale.wide, width)

    def count(self, codes: np.ndarray, k: int) -> None:
        self.grams = Grams.of(count(codes, self.text.vocabulary, k))

    def settle(self) -> None:
        self.grams.settle()

    def look(self, codes: torch.Tensor, noise: torch.Generator | None = None) -> torch.Tensor:
        codes, there = self._shown(codes, noise)
        return self.look_at(torch.where(codes >= 0, codes, self.nothing), there)

    def _expected(self, codes: torch.Tensor, told: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        hidden = self._begun(codes.clamp(min=0), told)
        turns = _turns(0, hidden.shape[1], hidden)
        for layer in self.layers:
            hidden = layer(hidden, told, turns)
        past = functional.pad(codes.clamp(min=0), (2, 0), value=self.nothing)
        usual = self.grams(past[:, :-1][asked], past[:, 1:][asked])
        return self._logits(hidden[asked]).float() + usual

    def write(self, told: torch.Tensor, begun: torch.Tensor) -> Generator[torch.Tensor, torch.Tensor, None]:
        hidden, caches, start = self._begun(begun, told), [{} for _ in self.layers], 0
        past = functional.pad(begun, (2, 0), value=self.nothing)[:, -2:]
        while True:
            turns = _turns(start, hidden.shape[1], hidden)
            start += hidden.shape[1]
            for layer, cache in zip(self.layers, caches, strict=True):
                hidden = layer(hidden, told, turns, cache)
            following = yield self._logits(hidden[:, -1]) + self.grams(
                past[:, 0].contiguous(), past[:, 1].contiguous()
            )
            past = torch.stack([past[:, 1], following], dim=1)
            hidden = self.embedding(following[:, None])

    def _begun(self, codes: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        return self.drop(torch.cat([self.first(told)[:, None], self.embedding(codes)], dim=1))

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.linear(self.last(hidden), self.embedding.weight[:-1], self.bias)


class _Look(nn.Module):
    """A vector (rows, width) of the codes that are `there`: their mean, and what most shows in any three."""

    def __init__(self, vocabulary: int, wide: int, width: int) -> None:
        super().__init__()
        self.embedding, self.threes = (
            nn.Embedding(vocabulary + 2, wide),
            nn.Conv1d(wide, wide // 2, 3, padding=1),
        )
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.norm, self.drop = nn.LayerNorm(wide + wide // 2), nn.Dropout(UNSEEN)
        self.out = nn.Linear(wide + wide // 2, width)

    def forward(self, codes: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        inner = self.embedding(codes) * there[:, :, None]
        mean = inner.sum(1) / there.sum(1, keepdim=True)
        threes = functional.silu(self.threes(inner.transpose(1, 2)))
        most = threes.masked_fill(~there[:, None], -1.0).amax(2)
        return self.out(self.drop(self.norm(torch.cat([mean, most], dim=1))))


class _Layer(nn.Module):
    """Causal attention and a gated layer, scaled and shifted by a vector (rows, told)."""

    def __init__(self, scale: Scale, told: int) -> None:
        super().__init__()
        wide, self.heads = scale.wide, scale.wide // HEAD
        inner = -(-8 * wide // 3 // 32) * 32
        self.says = nn.Linear(told, 4 * wide)
        nn.init.zeros_(self.says.weight)
        nn.init.zeros_(self.says.bias)
        self.norm, self.norm2 = (nn.LayerNorm(wide) for _ in range(2))
        self.asks, self.gives = nn.Linear(wide, 3 * wide, bias=False), nn.Linear(wide, wide, bias=False)
        self.up, self.down = nn.Linear(wide, 2 * inner, bias=False), nn.Linear(inner, wide, bias=False)
        self.drop = nn.Dropout(scale.dropout)
        for layer in (self.gives, self.down):
            nn.init.normal_(layer.weight, std=0.02 / scale.depth**0.5)

    def forward(
        self,
        hidden: torch.Tensor,
        told: torch.Tensor,
        turns: tuple[torch.Tensor, torch.Tensor],
        cache: dict[str, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        scale, shift, scale2, shift2 = self.says(functional.silu(told))[:, None].chunk(4, dim=2)
        hidden = hidden + self.gives(self._attend(self.norm(hidden) * (1 + scale) + shift, turns, cache))
        value, gate = self.up(self.norm2(hidden) * (1 + scale2) + shift2).chunk(2, dim=2)
        return hidden + self.drop(self.down(value * functional.silu(gate)))

    def _attend(
        self,
        hidden: torch.Tensor,
        turns: tuple[torch.Tensor, torch.Tensor],
        cache: dict[str, torch.Tensor] | None,
    ) -> torch.Tensor:
        rows, codes, wide = hidden.shape
        parts = self.asks(hidden).reshape(rows, codes, 3, self.heads, HEAD).permute(2, 0, 3, 1, 4)
        asked, offered, given = _turned(parts[0], turns), _turned(parts[1], turns), parts[2]
        if cache:
            offered = torch.cat([cache["offered"], offered], dim=2)
            given = torch.cat([cache["given"], given], dim=2)
        if cache is not None:
            cache.update(offered=offered, given=given)
        found = functional.scaled_dot_product_attention(asked, offered, given, is_causal=codes > 1)
        return found.transpose(1, 2).reshape(rows, codes, wide)


def _turns(start: int, codes: int, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of the angles of places from `start`, (codes, HEAD / 2)."""
    speeds = SLOWEST ** -torch.linspace(0, 1, HEAD // 2, device=like.device)
    angles = torch.arange(start, start + codes, device=like.device)[:, None] * speeds
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def _turned(parts: torch.Tensor, turns: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    left, right = parts.chunk(2, dim=-1)
    cosine, sine = turns
    return torch.cat([left * cosine - right * sine, left * sine + right * cosine], dim=-1).to(parts.dtype)


@dataclass(frozen=True)
class Style:
    """How texts are drawn: from logits over `temperature`, of the likeliest codes that make up `top` of the
    probability, moved away by `guidance` from what is written where nothing is known.
    """

    temperature: float = 1.0
    top: float = 1.0
    guidance: float = 0.0


def compose(
    tower: Writer,
    refined: torch.Tensor,
    unknown: torch.Tensor | None,
    begun: torch.Tensor,
    noise: torch.Generator,
    style: Style,
) -> torch.Tensor:
    """Texts (rows, length) of rows known as `refined` (rows, width) that begin with the codes `begun`
    (codes,); with guidance, `unknown` is a row of which nothing is known.
    """
    rows, length, end = len(refined), tower.text.length, tower.end
    told = tower.told(refined if unknown is None else torch.cat([refined, unknown]))
    codes = begun.repeat(rows, 1)
    steps = tower.write(told, begun.repeat(len(told), 1))
    logits, alive = next(steps), torch.ones(rows, dtype=torch.bool)
    for at in range(codes.shape[1], length):
        if unknown is not None:
            known, free = logits.chunk(2)
            logits = known + style.guidance * (known - free)
        if not at:
            logits[:, end] = -torch.inf
        drawn = torch.multinomial(_chances(logits, style), 1, generator=noise)[:, 0]
        alive = alive & (drawn != end)
        codes = torch.cat([codes, torch.where(alive, drawn, -1)[:, None]], dim=1)
        if not alive.any() or at + 1 == length:
            break
        following = torch.where(alive, drawn, end)
        logits = steps.send(following if unknown is None else following.repeat(2))
    return functional.pad(codes, (0, length - codes.shape[1]), value=-1)


def _chances(logits: torch.Tensor, style: Style) -> torch.Tensor:
    """Probabilities of the codes that are drawn from, (rows, codes)."""
    chances = (logits / style.temperature).softmax(1)
    if style.top < 1:
        ordered, place = chances.sort(1, descending=True)
        kept = ordered.cumsum(1) - ordered < style.top
        chances = torch.zeros_like(chances).scatter(1, place, ordered * kept)
    return chances
