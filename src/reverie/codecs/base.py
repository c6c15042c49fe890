"""The contract of a codec: one class a column type, that turns an Arrow array into blocks and back.

A codec module in `columns/` lists its classes in `CODECS`. Fitting is partition-wise: `sketch` sees one
partition, `merge` joins two sketches, and `finish` makes the codec, so that fitting streams and distributes.
What a finished codec keeps, its `state`, holds no value that fewer than `Protection.k` rows share.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from reverie.core import registry
from reverie.core.errors import SchemaError
from reverie.core.names import meant
from reverie.schema.blocks import CategoryEvidence, RealEvidence, Spec
from reverie.schema.types import Column

PACKAGE = "reverie.codecs.columns"
Asked = Literal["levels", "numbers", "moments", "words", "presence"]


@dataclass(frozen=True)
class Protection:
    """How strongly single people are protected: a value appears only if at least `k` rows share it."""

    k: int = 5


@dataclass(frozen=True)
class Match:
    """A codec's claim on a column: `score` in (0, 1], the highest wins; `reason` is shown to the user."""

    type: str
    score: float
    reason: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """What a codec may spend on what it learns by a network: `seconds` of time (None is no limit), `threads`,
    and a `device`. `tell(what, done)` is called with a done share in [0, 1].
    """

    rng: np.random.Generator = field(repr=False)
    seconds: float | None = None
    threads: int | None = None
    device: str = "auto"
    tell: Callable[[str, float], None] = field(default=lambda *_: None, repr=False)


@dataclass(frozen=True)
class Profile:
    """What inference knows of a column: `sample` has at most some 100,000 values, nulls included.

    `rows`, `nulls` and `distinct` (None if not counted) are of the whole column.
    """

    name: str
    sample: pa.Array = field(repr=False)
    rows: int
    nulls: int
    distinct: int | None


@dataclass(frozen=True)
class Condition:
    """A condition on one column, in the column's own units.

    Bounds are inclusive unless `strict_*` says otherwise. Exactly one of `values` (one of these; more than
    one means any of them), `missing` (True: is missing, False: is present) or an interval (`low`/`high`, None
    is open) is set; `negate` turns `values` into none of these.
    """

    column: str
    values: tuple[Any, ...] | None = None
    negate: bool = False
    low: Any = None
    high: Any = None
    strict_low: bool = False
    strict_high: bool = False
    missing: bool | None = None
    begins: str | None = None


class Codec(ABC):
    """A fitted codec of one column."""

    TYPES: ClassVar[tuple[str, ...]]
    OPTIONS: ClassVar[Mapping[str, type]] = {}
    INVENTED: ClassVar[bool] = False
    """Whether values are made anew (identifiers, personal data), so that no rule may keep or compare them."""

    MODALITY: ClassVar[str] = ""
    """What a family must be able to model besides categories and numbers, as in its capabilities."""

    PLAIN: ClassVar[str] = ""
    """The type that a column has where a family cannot model this one; "" where there is no such."""

    ASKED: ClassVar[Asked] = "presence"
    """What of a column is asked through noise under formal privacy."""

    column: Column
    specs: tuple[Spec, ...]

    @classmethod
    @abstractmethod
    def matches(cls, profile: Profile) -> Match | None:
        """This codec's claim on the column, or None."""

    @classmethod
    @abstractmethod
    def sketch(cls, column: Column, values: pa.Array) -> Any:
        """Summarise one partition, in memory bounded whatever its length.

        Raises DataError if values do not fit the type.
        """

    @classmethod
    @abstractmethod
    def merge(cls, column: Column, left: Any, right: Any) -> Any:
        """The sketch of two partitions together."""

    @classmethod
    @abstractmethod
    def finish(cls, column: Column, sketch: Any, protection: Protection) -> "Codec":
        """The codec fitted to all that was sketched."""

    @classmethod
    def portrait(cls, cell: bytes, side: int) -> np.ndarray:  # noqa: ARG003
        """A cell of a grid as (channels, side, side) float32 in [-1, 1], by which measures compare cells.

        `side` is a power of two.

        Raises TypeError where cells are no grids.
        """
        raise TypeError(f"{cls.__name__} has no grids")

    @property
    def teachable(self) -> bool:
        """Whether there is something left to learn by a network, which takes time: see `taught`."""
        return False

    def taught(self, values: pa.ChunkedArray, lesson: Lesson) -> "Codec":  # noqa: ARG002
        """This codec after a lesson on the column; what it holds of it afterwards are weights."""
        return self

    @abstractmethod
    def encode(self, values: pa.Array, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Block name -> array. `decode(encode(x)) == x` up to stated precision, but for protected values."""

    @abstractmethod
    def decode(
        self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator, offset: int = 0
    ) -> pa.Array:
        """An Arrow array of `rows` values, of the type the column had when read.

        `offset` is the number of rows of the same request before these, so that new identifiers stay unique.
        """

    def blank(self, arrays: Mapping[str, np.ndarray], rows: int, rng: np.random.Generator) -> pa.Array:
        """As `decode`, but that media are nothing ("" or b"") where they are not missing; their blocks need
        not be among the arrays.
        """
        return self.decode(arrays, rows, rng)

    @abstractmethod
    def evidence(self, condition: Condition) -> dict[str, CategoryEvidence | RealEvidence]:
        """What `condition` says of the blocks. Raises ConditionError if the column can never meet it."""

    def exact(self, condition: Condition) -> Any:  # noqa: ARG002
        """The cell of all rows under the condition, where decoded ones would only come close; else None."""
        return None

    def loose(self, condition: Condition) -> bool:  # noqa: ARG002
        """Whether `evidence` says less than the condition, which must then be checked on decoded rows."""
        return False

    def unknown(self, values: pa.Array) -> np.ndarray:
        """Which cells hold a value that is none of the learned ones and cannot be made, (rows,) bool."""
        return np.zeros(len(values), dtype=bool)

    def holds(self) -> str:
        """What values are made of what was kept of the real column, in a few words."""
        return "new ones"

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """JSON-able state; numpy arrays are allowed as values and are stored beside the JSON."""

    @classmethod
    @abstractmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> "Codec":
        """Rebuild what `state` gave."""


def codecs() -> tuple[type[Codec], ...]:
    """All codec classes, built-in and plugged in."""
    return tuple(codec for module in registry.load_all(PACKAGE) for codec in module.CODECS)


def modalities(columns: Iterable[Column]) -> frozenset[str]:
    """What a family must be able to model for these columns, besides categories and numbers."""
    return frozenset(codec_for(column).MODALITY for column in columns) - {""}


def types() -> dict[str, type[Codec]]:
    """Column type -> the codec class for it."""
    return {name: codec for codec in codecs() for name in codec.TYPES}


def codec_for(column: Column, *, where: str = "") -> type[Codec]:
    """The codec class for a column. Raises SchemaError, naming the types known, if its type is not."""
    known = types()
    if column.type not in known:
        raise SchemaError(
            f"unknown type '{column.type}'",
            where=f"{where}.{column.name}" if where else column.name,
            fix=f"{meant(column.type, known)}Choose one of: {', '.join(sorted(known))}",
        )
    return known[column.type]
