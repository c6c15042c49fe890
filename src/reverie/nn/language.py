"""Language models that others trained, by `transformers`, as the network of a text beside a row.

What a row tells stands as a few vectors before the first code; what a text tells is the mean of the model's
last layer. All weights learn on. Sources: Radford et al. 2019; Li & Liang 2021 (what is told as a prefix).
"""

import json
from collections.abc import Generator, Mapping
from typing import Any

import torch
from torch import nn

from reverie.nn.checkpoints import Limits, NoCheckpointError, is_folder, unusable
from reverie.nn.texts import UNSEEN, Text, Writer

KINDS = ("gpt2", "gpt_neox", "llama", "mistral", "olmo2", "opt", "phi3", "qwen2", "qwen3", "smollm3")
"""Kinds of model that are loaded; no others, whatever a file asks for, and none that brings code."""
PREFIX = 4
"""Vectors that stand before the first code."""
LIMITS = Limits(1 << 18, 128, 128)
"""Of stored configs."""
UNLIKELY = -100.0
"""The logit of a code that does not stand in a text: finite, as guidance takes differences."""
LOCAL = ("_name_or_path", "transformers_version", "architectures", "dtype")
"""What a config says of where a model comes from, and of no use for making it."""


class LanguageTower(Writer):
    """A causal language `model`, which ends a text by the code `ending`."""

    def __init__(self, text: Text, model: Any, width: int) -> None:
        super().__init__(text)
        wide = model.get_input_embeddings().embedding_dim
        self.model, self.ending = model, int(model.config.eos_token_id)
        self.told, self.first = nn.Linear(width, width), nn.Linear(width, PREFIX * wide)
        nn.init.normal_(self.first.weight, std=0.02)
        self.norm, self.drop, self.out = nn.LayerNorm(wide), nn.Dropout(UNSEEN), nn.Linear(wide, width)

    @classmethod
    def of(cls, text: Text, width: int) -> "LanguageTower":
        """That which a text names, with the weights at its source if it has one. Raises NoCheckpointError."""
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        if not text.source:
            return cls(text, AutoModelForCausalLM.from_config(_config(text.model)), width)
        try:
            options = {"local_files_only": is_folder(text.source), "use_safetensors": True}
            model = AutoModelForCausalLM.from_pretrained(text.source, dtype=torch.float32, **options)
        except (OSError, RuntimeError) as error:
            raise unusable(error) from None
        return cls(text, model, width)

    def look(self, codes: torch.Tensor, noise: torch.Generator | None = None) -> torch.Tensor:
        codes, there = self._shown(codes, noise)
        found = self.model.base_model(
            input_ids=codes.clamp(min=0), attention_mask=(there & (codes >= 0)).long(), use_cache=False
        ).last_hidden_state
        mean = (found * there[:, :, None]).sum(1) / there.sum(1, keepdim=True)
        return self.out(self.drop(self.norm(mean)))

    def write(self, told: torch.Tensor, begun: torch.Tensor) -> Generator[torch.Tensor, torch.Tensor, None]:
        hidden, cache = self._begun(begun, told), None
        while True:
            found = self.model(inputs_embeds=hidden, cache=cache, use_cache=True)
            cache = found.cache
            following = yield self._ended(found.logits[:, -1])
            # What follows the end is not looked at.
            following = torch.where(following < self.end, following, self.ending)
            hidden = self.model.get_input_embeddings()(following[:, None])

    def _expected(self, codes: torch.Tensor, told: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        hidden = self._begun(codes.clamp(min=0), told)
        logits = self.model(inputs_embeds=hidden, use_cache=False).logits[:, PREFIX - 1 :]
        return self._ended(logits[asked])

    def _begun(self, codes: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        first = self.first(told).unflatten(1, (PREFIX, -1))
        return torch.cat([first, self.model.get_input_embeddings()(codes)], dim=1)

    def _ended(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits with that of the end after those of all codes."""
        end = logits[:, self.ending, None]
        codes = logits[:, : self.end].clone()
        codes[:, self.ending] = UNLIKELY
        return torch.cat([codes, end], dim=1)


def described(source: str) -> tuple[str, str]:
    """The config of a language model in a folder, or of that name on the hub, and its tokenizer, both JSON.

    Raises NoCheckpointError, which says why.
    """
    try:
        from transformers import AutoConfig, AutoTokenizer
    except ImportError:
        raise NoCheckpointError("needs transformers: pip install 'reverie[pretrained]'") from None
    here = is_folder(source)
    try:
        config = AutoConfig.from_pretrained(source, local_files_only=here)
        if config.model_type not in KINDS:
            raise NoCheckpointError(f"it is a {config.model_type}, not one of {', '.join(KINDS)}")
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=here).backend_tokenizer
    except NoCheckpointError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, ImportError) as error:
        raise unusable(error) from None
    if not isinstance(config.eos_token_id, int):
        raise NoCheckpointError("it has no code for the end of a text")
    kept = {name: value for name, value in config.to_dict().items() if name not in LOCAL}
    return json.dumps(kept, sort_keys=True), tokenizer.to_str()


def shapes(model: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights of a model with that config; none is made. Raises ValueError."""
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            made = AutoModelForCausalLM.from_config(_config(model))
    except (KeyError, TypeError, AttributeError, RuntimeError, ArithmeticError) as error:
        raise ValueError("no such language model") from error
    return {name: tuple(weight.shape) for name, weight in made.state_dict().items()}


def _config(model: str) -> Any:
    """The config in JSON. Raises ValueError if it is none, or of a size that none has."""
    from transformers import AutoConfig

    told = json.loads(model)
    if not isinstance(told, Mapping) or told.get("model_type") not in KINDS:
        raise ValueError("no such language model")
    if not all(LIMITS.allow(name, value) for name, value in told.items()):
        raise ValueError("no such language model")
    try:
        return AutoConfig.for_model(**told)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("no such language model") from error
