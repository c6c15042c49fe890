"""Language models that others trained, by `transformers`, as the network of a text beside a row.

What a row tells stands as a few vectors before the first code; what a text tells is the mean of the model's
last layer. All weights learn on. Sources: Radford et al. 2019; Li & Liang 2021 (what is told as a prefix).
"""

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from reverie.nn.texts import Text, Writer

KINDS = ("gpt2", "llama", "mistral", "qwen2", "qwen3", "gpt_neox", "opt", "smollm3", "olmo2", "phi3", "gemma")
"""Kinds of model that are loaded; no others, whatever a file asks for, and none that brings code."""
PREFIX = 4
"""Vectors that stand before the first code."""
MOST, MOST_LAYERS = 1 << 18, 128
"""The largest number in a stored config, and the most layers."""
DROPPED = 0.3
"""Share of what a known text tells that is dropped in training."""
LOCAL = ("_name_or_path", "transformers_version", "architectures", "dtype")
"""What a config says of where it comes from."""


class NoModelError(ValueError):
    """There is no language model that can be used, and why."""


class LanguageTower(Writer):
    """A language model as `nn.texts.TextTower` is: codes come as (rows, length), -1 after the end."""

    def __init__(self, text: Text, model: Any, ending: int, width: int) -> None:
        super().__init__(text, width)
        self.model, self.ending = model, ending
        wide = model.config.hidden_size
        self.first = nn.Linear(width, PREFIX * wide)
        nn.init.normal_(self.first.weight, std=0.02)
        self.norm, self.drop, self.out = nn.LayerNorm(wide), nn.Dropout(DROPPED), nn.Linear(wide, width)

    def look(self, codes: torch.Tensor, noise: torch.Generator | None = None) -> torch.Tensor:
        """What texts tell, (rows, width); with `noise`, of texts that are hidden in part."""
        codes, there = self.shown(codes, noise)
        shown = codes.clamp(0, self.text.vocabulary - 1)
        found = self.model.base_model(input_ids=shown, attention_mask=there.long()).last_hidden_state
        mean = (found * there[:, :, None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
        return self.out(self.drop(self.norm(mean)))

    def _costs(self, codes: torch.Tensor, counts: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        most = max(int(counts.max()), 1)
        hidden = self._begun(codes[:, :most].clamp(min=0), told)
        logits = self._ended(self.model(inputs_embeds=hidden, use_cache=False).logits[:, PREFIX - 1 :])
        return self.priced(logits, codes, counts)

    def write(self, told: torch.Tensor, begun: torch.Tensor) -> Generator[torch.Tensor, torch.Tensor, None]:
        """Logits of the next code (rows, vocabulary + 1), the last that of the end, of rows `told`
        (rows, width) after the codes `begun` (rows, codes); send the codes that come next (rows,).
        """
        hidden, cache = self._begun(begun, told), None
        while True:
            found = self.model(inputs_embeds=hidden, cache=cache, use_cache=True)
            cache = found.past_key_values
            following = yield self._ended(found.logits[:, -1])
            following = following.clamp(max=self.text.vocabulary - 1)  # after the end anything may come
            hidden = self.model.get_input_embeddings()(following[:, None])

    def _begun(self, codes: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        first = self.first(told).unflatten(1, (PREFIX, -1))
        return torch.cat([first, self.model.get_input_embeddings()(codes)], dim=1)

    def _ended(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits with that of the end at the place after all codes."""
        end = logits[..., self.ending, None]
        codes = logits[..., : self.text.vocabulary].clone()
        codes[..., self.ending] = -torch.inf
        return torch.cat([codes, end], dim=-1)
