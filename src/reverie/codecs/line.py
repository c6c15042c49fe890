"""A place on a line, possibly missing: what numbers, dates and times have in common.

Values are in units: int64 on a grid, float64 off it. They become a kind (continuous, missing, or one of the
spikes) and, for the continuous ones, a normal score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from reverie.codecs.counts import Counts
from reverie.codecs.pieces import learn_scale
from reverie.codecs.scale import Scale
from reverie.core.errors import DataError
from reverie.schema.blocks import Category, Gate, Real, Spec

FEW_VALUES = 64
FEW_REST = 0.05
SPIKE_SHARE = 0.01
SPIKE_ROWS = 20
STANDS_OUT = 3.0
NEARBY = 5
ATOM_ROWS = 10
FEW_ATOMS = 128
_OUTSIDE = 5.0
_APART = 1e-3


@dataclass(frozen=True)
class Line:
    """The learned form of a column of places: `spikes` (ascending) and the `scale` of all other values,
    None if there are none.

    Codes of the kind: 0 continuous (if there is a scale), then missing (if any are), then one a spike.
    """

    name: str
    spikes: np.ndarray
    scale: Scale | None
    missing: bool

    @classmethod
    def learn(
        cls, name: str, counts: Counts, nulls: int, k: int, bounds: tuple[float, float] = (-np.inf, np.inf)
    ) -> "Line":
        """Choose the spikes and learn the scale of the rest. `bounds` are natural limits, in units.

        A rest of fewer than k rows is protected: it joins the nearest spike or, without one, the missing.
        """
        spike = find_spikes(counts, k)
        rest = int(counts.counts[~spike].sum())
        folds = rest < k and (spike.any() or nulls >= k)
        scale = None if folds or not rest else learn_scale(counts, spike, k, bounds)
        return cls(name, counts.values[spike], scale, nulls > 0)

    @property
    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest place, None if nothing is ever there."""
        parts = [self.spikes] if self.scale is None else [self.spikes, self.scale.low, self.scale.high]
        places = np.concatenate(parts)
        return (places.min(), places.max()) if len(places) else None

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The kind, unless only one is possible, and a Real, gated by the kind, if there is a scale."""
        kind = () if self.kinds <= 1 else (Category(self.kind, self.kinds, self._positions()),)
        gate = Gate(self.kind, 0) if kind else None
        return kind if self.scale is None else (*kind, Real(self.name, 1, 1, gate))

    @property
    def kind(self) -> str:
        """Name of the block of the kind."""
        return f"{self.name}#kind"

    @property
    def missing_code(self) -> int:
        """The code of the missing, if any are."""
        return int(self.scale is not None)

    @property
    def first_spike(self) -> int:
        """The code of the first spike, if there is one."""
        return self.missing_code + self.missing

    @property
    def kinds(self) -> int:
        """How many codes there are."""
        return self.first_spike + len(self.spikes)

    def encode(
        self, units: np.ndarray, present: np.ndarray, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Arrays of the blocks for `units` (rows,), which count only where `present` (rows,) bool.

        Raises DataError if values are missing and none ever was.
        """
        codes = self._codes(units, present)
        arrays: dict[str, np.ndarray] = {self.kind: codes} if self.kinds > 1 else {}
        if self.scale is not None:
            scores = np.full(len(units), np.nan)
            continuous = codes == 0
            scores[continuous] = self.scale.encode(units[continuous], rng)
            arrays[self.name] = scores.reshape(-1, 1, 1)
        return arrays

    def decode(self, arrays: Mapping[str, np.ndarray], rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Units (rows,), 0 where missing, and which are present (rows,) bool."""
        codes = arrays[self.kind] if self.kinds > 1 else np.zeros(rows, dtype=np.int32)
        table = np.zeros(max(self.kinds, 1), dtype=self.dtype)
        table[self.first_spike :] = self.spikes
        units = table.take(codes)
        present = codes != self.missing_code if self.missing else np.full(rows, self.kinds > 0)
        if self.scale is not None:
            scores = arrays[self.name].reshape(-1)
            continuous = codes == 0
            if self.kinds == 1 or continuous.all():
                return self.scale.decode(scores), present
            units[continuous] = self.scale.decode(scores[continuous])
        return units, present

    @property
    def dtype(self) -> np.dtype:
        """int64 on a grid, float64 off it."""
        return self.spikes.dtype

    def tolerance(self, units: np.ndarray) -> np.ndarray:
        """The most by which decode(encode(x)) may differ from each present x, (rows,) float64; infinite if
        it goes missing.
        """
        spike, distance = self._nearest_spike(units)
        if self.scale is not None:
            return np.where(spike, 0, self.scale.tolerance(units))
        return distance

    def reach(self) -> tuple[float, float]:
        """The lowest and highest value that decoding can give."""
        ends = [self.spikes[:1], self.spikes[-1:]]
        ends += [] if self.scale is None else [self.scale.low[:1], self.scale.high[-1:]]
        values = np.concatenate(ends)
        return (values.min().item(), values.max().item()) if len(values) else (np.nan, np.nan)

    def state(self) -> dict[str, Any]:
        scale = {} if self.scale is None else self.scale.state()
        return {"spikes": self.spikes, "missing": self.missing, **scale}

    @classmethod
    def from_state(cls, name: str, state: Mapping[str, Any]) -> "Line":
        scale = Scale.from_state(state) if "edges" in state else None
        return cls(name, state["spikes"], scale, bool(state["missing"]))

    def _codes(self, units: np.ndarray, present: np.ndarray) -> np.ndarray:
        if not self.missing and not present.all():
            raise DataError(
                f"{np.count_nonzero(~present)} values are missing, and none was when it was learned",
                where=self.name,
                fix="Fill them, or drop those rows",
            )
        codes = np.full(len(units), self.missing_code if self.scale is None else 0, dtype=np.int32)
        if len(self.spikes):
            at = self._spike_near(units)
            known = self.spikes[at] == units if self.scale is not None else slice(None)
            codes[known] = self.first_spike + at[known]
        codes[~present] = self.missing_code
        return codes

    def _spike_near(self, units: np.ndarray) -> np.ndarray:
        """The index of the nearest spike, (rows,) int32."""
        after = np.searchsorted(self.spikes, units).clip(1, max(len(self.spikes) - 1, 1))
        before = after - 1
        if len(self.spikes) == 1:
            return before.astype(np.int32)
        nearer = self.spikes[after] / 2 - units / 2 < units / 2 - self.spikes[before] / 2
        exact = self.spikes[after] == units  # which halves of large integers cannot tell
        return np.where(exact | (nearer & (self.spikes[before] != units)), after, before).astype(np.int32)

    def _nearest_spike(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(self.spikes):
            return np.zeros(len(units), dtype=bool), np.full(len(units), np.inf)
        near = self.spikes[self._spike_near(units)]
        return near == units, np.abs(near / 2 - units / 2) * 2

    def _positions(self) -> tuple[float | None, ...]:
        """None for continuous and missing; a spike's normal score among the continuous values, or else
        among the spikes.
        """
        if self.scale is None:
            scores = ndtri((np.arange(len(self.spikes)) + 0.5) / max(len(self.spikes), 1))
        else:
            shares = np.array(
                [self.scale.share_below(value.item(), inclusive=False) for value in self.spikes]
            )
            scores = ndtri(shares).clip(-_OUTSIDE, _OUTSIDE)
            # Spikes in the same gap of the scale keep their order by a little distance.
            scores = scores + _APART * (np.arange(len(scores)) - np.searchsorted(scores, scores))
        return (None,) * self.first_spike + tuple(float(score) for score in scores)


def find_spikes(counts: Counts, k: int) -> np.ndarray:
    """Which values have mass of their own, (values,) bool.

    Those that hold 1 % of the rows, 20 rows, and thrice what their neighbours do; all that are shared, where
    few values are and hardly any row holds another; and the shared ones among the rest where those are few,
    hold nearly all of it, and lie scattered, so that neighbours on the line need have nothing in common.
    """
    shared = counts.counts >= k
    heavy = (counts.counts >= SPIKE_SHARE * counts.rows) & (counts.counts >= max(k, SPIKE_ROWS))
    heavy &= counts.counts > STANDS_OUT * _typical_nearby(counts.counts)
    loose = counts.counts[~shared].sum()
    if np.count_nonzero(shared) <= FEW_VALUES and loose <= FEW_REST * counts.counts[shared].sum():
        return shared
    rest = ~heavy
    atoms = rest & (counts.counts >= max(k, ATOM_ROWS))
    few = np.count_nonzero(atoms) <= FEW_ATOMS
    nearly_all = counts.counts[atoms].sum() >= (1 - 2 * FEW_REST) * counts.counts[rest].sum()
    return heavy | atoms if few and nearly_all and _scattered(counts.values[rest]) else heavy


def _typical_nearby(counts: np.ndarray) -> np.ndarray:
    """Median count of the values up to `NEARBY` places around each value, (values,); 0 for one value."""
    if len(counts) < 2:
        return np.zeros(len(counts))
    around = np.pad(counts.astype(float), NEARBY, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * NEARBY + 1).copy()
    windows[:, NEARBY] = np.nan
    return np.nanmedian(windows, axis=1)


def _scattered(values: np.ndarray) -> bool:
    """Whether values take less than half of the places of their grid, the extremes left aside."""
    inner = values[len(values) // 20 : len(values) - len(values) // 20].astype(np.float64)
    gaps = np.diff(inner)
    return len(gaps) > 1 and bool(2 * np.quantile(gaps, 0.1) < gaps.mean())
