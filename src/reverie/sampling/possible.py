"""What is asked of a column beside what the column can hold: wrong values and contradictions, found early."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Codec, Condition, Protection, codec_for
from reverie.sampling.matching import meets
from reverie.schema.blocks import CategoryEvidence
from reverie.schema.types import Column


@dataclass(frozen=True)
class Levels:
    """All values that a column holds, the most frequent first, with a codec of them."""

    values: pa.Array
    codec: Codec

    @classmethod
    def of(cls, column: Column, values: pa.Array) -> "Levels":
        """Learn the codec, which says what it makes of conditions and unknown values."""
        kind = codec_for(column)
        return cls(values, kind.finish(column, kind.sketch(column, values), Protection(1)))

    def among(self, condition: Condition) -> Condition:
        """The condition as the values that meet it.

        Raises ConditionError as the codec does: it names an unknown value, or none meets it.
        """
        evidence = self.codec.evidence(condition)
        arrays = self.codec.encode(self.values, np.random.default_rng(0))
        met = np.ones(len(self.values), dtype=bool)
        for name, found in evidence.items():
            if isinstance(found, CategoryEvidence):
                met &= True if found.allowed is None else found.allowed[arrays[name]]
            else:
                scores = arrays[name].reshape(-1)
                met &= np.isnan(scores) | found.contains(scores)
        return Condition(condition.column, values=tuple(self.values.filter(pa.array(met)).to_pylist()))


def compatible(conditions: Sequence[Condition], kind: pa.DataType) -> bool:
    """Whether some value can meet all the conditions, which are on one column and typed for its `kind`."""
    if any(one.missing for one in conditions):
        return all(one.missing for one in conditions)
    if pa.types.is_timestamp(kind):
        return True  # a day may stand for any of its moments
    named = [value for one in conditions if not one.negate for value in one.values or ()]
    if named:
        return bool(meets(pa.table({conditions[0].column: pa.array(named)}), conditions).any())
    lows = [(one.low, one.strict_low) for one in conditions if one.low is not None]
    highs = [(one.high, one.strict_high) for one in conditions if one.high is not None]
    return all(
        low < high or (low == high and not (strict_low or strict_high))
        for low, strict_low in lows
        for high, strict_high in highs
    )
