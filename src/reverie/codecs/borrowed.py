"""Codes of a tokenizer that others trained, with the language model that knows them; see `nn.language`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reverie.codecs.bytepairs import fitting

SAMPLE = "It's 12.5 °C: Zoë said\n 'no' - 東京 🙂."
"""What a tokenizer has to give back as it was."""
LONGEST = 32
"""Signs that a code can stand for at most, but for blanks."""
MOST_CODES, MOST_SPELLED = 1 << 19, 1 << 25
"""Codes, and signs of a stored tokenizer, at most."""


@dataclass(frozen=True)
class Borrowed:
    """A tokenizer and the config of its `model`, both JSON; the `source` of its weights is not stored.

    Raises ValueError if it is none, or does not give back texts as they were.
    """

    spelled: str
    model: str
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self) <= MOST_CODES:
            raise ValueError("no such codes")
        if self.decode(np.array(self.encode([SAMPLE], 1_000)))[0] != SAMPLE:
            raise ValueError("its tokenizer does not give back texts as they were")

    @classmethod
    def load(cls, source: str) -> "Borrowed":
        """From a folder, or of that name from the hub. Raises ValueError, which says why."""
        from reverie.nn.language import described

        model, spelled = described(source)
        return cls(spelled, model, source)

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def encode(self, texts: Sequence[str], length: int) -> list[list[int]]:
        """At most `length` codes of each text; a longer one ends with the last word that fits."""
        found = self._tokenizer.encode_batch(
            [text[: length * LONGEST + 1] for text in texts], add_special_tokens=False
        )
        return [fitting(one.ids, one.word_ids, length) for one in found]

    def decode(self, codes: np.ndarray) -> list[str]:
        """Texts of codes (rows, length), -1 after the end."""
        rows = [[code for code in row if code >= 0] for row in codes.tolist()]
        return self._tokenizer.decode_batch(rows, skip_special_tokens=True)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        # tokenizers raises bare exceptions for what is none; JSON and a model are all that is asked for here.
        if "model" not in json.loads(self.spelled):
            raise ValueError("no such tokenizer")
        made = Tokenizer.from_str(self.spelled)
        made.no_padding()
        made.no_truncation()
        return made

    def state(self) -> dict[str, str]:
        """Tokenizer and config."""
        return {"tokenizer": self.spelled, "model": self.model}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Borrowed":
        """Rebuild what `state` gave. Raises ValueError."""
        spelled, model = str(state["tokenizer"]), str(state["model"])
        if max(len(spelled), len(model)) > MOST_SPELLED:
            raise ValueError("no such tokenizer")
        return cls(spelled, model)
