"""The forms of pictures and sounds in frames: Pillow images, arrays of pixels, waveforms with rates."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from reverie.io import pictures, sounds

IMAGE, PIXELS, WAVEFORM, MAPPING = "image", "pixels", "waveform", "mapping"
SEEN, HEARD = (IMAGE, PIXELS), (WAVEFORM, MAPPING)


@dataclass(frozen=True)
class Form:
    """How cells of media stand in a column: as a Pillow `image`, as an array of `pixels`, as a pair of a
    `waveform` and its rate, or as a `mapping` of `array` and `sampling_rate`.

    Arrays that are `flat` have no axis of channels where there is one channel, those that are `turned` have
    it first; samples that are `whole` are numbers of 16 bits.
    """

    kind: str
    flat: bool = False
    turned: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError unless there is such a form."""
        flags = (self.flat, self.turned, self.whole)
        if self.kind not in SEEN + HEARD or not all(isinstance(flag, bool) for flag in flags):
            raise ValueError("no form of media")

    def cell(self, content: bytes) -> Any:
        """The file of a picture or a sound in this form; as it is if it is of the other kind."""
        if sounds.is_sound(content) != (self.kind in HEARD):
            return content
        return self._heard(content) if self.kind in HEARD else self._seen(content)

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state` gave. Raises ValueError or TypeError on one that makes no sense."""
        return cls(**state)

    def _seen(self, content: bytes) -> Any:
        pixels = pictures.read(content)
        single = pixels.shape[2] == 1
        if self.kind == PIXELS:
            return pixels[:, :, 0] if self.flat and single else pixels
        return pictures.require().fromarray(pixels[:, :, 0] if single else pixels)

    def _heard(self, content: bytes) -> Any:
        waveform, rate = sounds.read(content)
        if self.whole:
            waveform = sounds.levels(waveform)
        if self.flat and waveform.shape[1] == 1:
            waveform = waveform[:, 0]
        elif self.turned:
            waveform = np.ascontiguousarray(waveform.T)
        return (waveform, rate) if self.kind == WAVEFORM else {"array": waveform, "sampling_rate": rate}


def form_of(values: Iterable[Any]) -> Form | None:
    """The form of the first value that is there; None if it is no picture or sound, or the bytes of one."""
    first: Any = next((value for value in values if not is_absent(value)), None)
    if pictures.is_shown(first):
        pixels = isinstance(first, np.ndarray)
        return Form(PIXELS, flat=first.ndim == 2) if pixels else Form(IMAGE)
    if not sounds.is_heard(first):
        return None
    waveform = first["array"] if isinstance(first, Mapping) else first[0]
    flat = waveform.ndim == 1
    turned = not flat and waveform.shape[0] < waveform.shape[1]
    kind = MAPPING if isinstance(first, Mapping) else WAVEFORM
    return Form(kind, flat=flat, turned=turned, whole=waveform.dtype.kind in "iu")


def is_absent(value: Any) -> bool:
    """Whether a cell of objects is missing: None, or not a number.

    >>> is_absent(None), is_absent(float("nan")), is_absent(b"")
    (True, True, False)
    """
    return value is None or (isinstance(value, float) and value != value)


def files(values: Iterable[Any]) -> list[bytes | None] | None:
    """The files of a column of media in a form; None for a column of anything else.

    Raises UnreadableError if one cannot be used.
    """
    form = form_of(values)
    if form is None:
        return None
    content = sounds.content if form.kind in HEARD else pictures.content
    return [None if is_absent(value) else content(value) for value in values]
