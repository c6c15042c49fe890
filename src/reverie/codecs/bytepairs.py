"""Texts as sequences of codes: bytes, and pieces of words that enough rows share (byte-pair encoding).

Every text of any language can be spelled, as all 256 bytes are codes; merges are learned from words that at
least `k` rows hold, so that no piece is a rare name. Source: Sennrich et al. 2016; Radford et al. 2019,
section 2.2 (bytes).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

LONGEST_PIECE = 16
"""Bytes of a piece at most."""
MOST_PIECES = 1 << 15
BYTES = 256
MOST_WORDS = 100_000
"""Different words that are counted at most: the rest are the rarest."""
SEEN = 300_000
"""Words that merges are learned from."""


@dataclass(frozen=True)
class Words:
    """Words, blank before them and all, spelled as `_ALPHABET` does: in how many rows, and how often."""

    rows: Counter[str]
    times: Counter[str]

    @classmethod
    def count(cls, texts: Iterable[str]) -> Self:
        """Those of the texts, one a row."""
        rows, times, cut = Counter(), Counter(), _cutter()
        for text in texts:
            words = [word for word, _ in cut.pre_tokenize_str(text)]
            times.update(words)
            rows.update(set(words))
            if len(rows) > 2 * MOST_WORDS:
                rows, times = _limited(rows, times)
        return cls(*_limited(rows, times))

    def __add__(self, other: Self) -> "Words":
        return Words(*_limited(self.rows + other.rows, self.times + other.times))

    def shared(self, k: int) -> dict[str, int]:
        """How often each word stands that at least `k` rows hold, in order of the alphabet."""
        return {word: self.times[word] for word in sorted(self.rows) if self.rows[word] >= k}


@dataclass(frozen=True)
class BytePairs:
    """Codes 0 to 255 are bytes; then comes, for each of the `merges`, a piece of two before it joined.

    Pieces are spelled as `_ALPHABET` does. Raises ValueError if merges are none.
    """

    merges: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        known = set(_ALPHABET)
        if len(self.merges) > MOST_PIECES or len(set(self.merges)) < len(self.merges):
            raise ValueError("no such pieces")
        for left, right in self.merges:
            if left not in known or right not in known or len(left + right) > LONGEST_PIECE:
                raise ValueError("no such pieces")
            known.add(left + right)

    @classmethod
    def learn(cls, words: Mapping[str, int], size: int) -> Self:
        """At most `size` codes from words and how often they stand."""
        from tokenizers import Tokenizer
        from tokenizers.models import BPE
        from tokenizers.trainers import BpeTrainer

        if not words or size <= BYTES:
            return cls(())
        share = min(SEEN / sum(words.values()), 1.0)
        trainer = BpeTrainer(
            vocab_size=size, initial_alphabet=list(_ALPHABET), show_progress=False, special_tokens=[],
            max_token_length=LONGEST_PIECE,
        )  # fmt: skip
        learner = Tokenizer(BPE())
        learner.train_from_iterator(
            (word for word, times in words.items() for _ in range(max(round(times * share), 1))), trainer
        )
        merges = json.loads(learner.to_str())["model"]["merges"]
        return cls(tuple((left, right) for left, right in merges))

    @cached_property
    def pieces(self) -> dict[str, int]:
        """The code of each piece."""
        found = {sign: code for code, sign in enumerate(_ALPHABET)}
        for left, right in self.merges:
            found.setdefault(left + right, len(found))
        return found

    def __len__(self) -> int:
        return len(self.pieces)

    def encode(self, texts: Sequence[str], length: int) -> list[list[int]]:
        """At most `length` codes of each text; a longer one ends with the last word that fits."""
        # Longer than what `length` pieces can spell, it would only take time.
        found = self._tokenizer.encode_batch(
            [text[: length * LONGEST_PIECE + 1] for text in texts], add_special_tokens=False
        )
        return [fitting(one.ids, one.word_ids, length) for one in found]

    def decode(self, codes: np.ndarray) -> list[str]:
        """Texts of codes (rows, length), -1 after the end; bytes that are no text are left out."""
        spelled = self._bytes
        return [
            b"".join(spelled[code] for code in row if code >= 0).decode("utf-8", "ignore")
            for row in codes.tolist()
        ]

    @cached_property
    def _bytes(self) -> list[bytes]:
        return [bytes(_ALPHABET[sign] for sign in piece) for piece in self.pieces]

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer
        from tokenizers.models import BPE

        made = Tokenizer(BPE(vocab=self.pieces, merges=list(self.merges)))
        made.pre_tokenizer = _cutter()
        return made

    def state(self) -> list[str]:
        """The merges, two pieces with a blank between."""
        return [f"{left} {right}" for left, right in self.merges]

    @classmethod
    def from_state(cls, state: Sequence[str]) -> Self:
        """Rebuild what `state` gave. Raises ValueError."""
        if len(state) > MOST_PIECES:
            raise ValueError("no such pieces")
        pairs = [str(line).split(" ") for line in state]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("no such pieces")
        return cls(tuple((left, right) for left, right in pairs))


def _spelling() -> dict[str, int]:
    """A sign that can be seen for each byte, in order of the bytes, as tokenizers spell them: the byte's own
    sign where that can be seen, else one from 256 on.
    """
    own = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(BYTES, 2 * BYTES))
    return {chr(byte if byte in own else next(others)): byte for byte in range(BYTES)}


_ALPHABET = _spelling()


def _cutter() -> Any:
    from tokenizers.pre_tokenizers import ByteLevel

    return ByteLevel(add_prefix_space=False)


def _limited(rows: Counter[str], times: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """The counts of the words that most rows hold."""
    if len(rows) > MOST_WORDS:
        kept = sorted(rows, key=lambda word: (-rows[word], word))[:MOST_WORDS]
        rows, times = (Counter({word: counts[word] for word in kept}) for counts in (rows, times))
    return rows, times


def fitting(codes: list[int], words: list[int | None], length: int) -> list[int]:
    """At most `length` of the codes, to the end of a word if there is one; `words` are their numbers."""
    if len(codes) <= length:
        return codes
    whole = [at for at in range(1, length + 1) if words[at] != words[at - 1]]
    return codes[: whole[-1] if whole else length]
