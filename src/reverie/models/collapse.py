"""Signs that a generator has collapsed: common codes it lacks, numbers that barely vary, rows that repeat.

Source: Che et al. 2017 (missing modes).
"""

import numpy as np

from reverie.schema.blocks import Blocks, Category, Spec

COMMON, LOST = 0.01, 0.1
"""A code is lost if it has this share of real rows, and less than that part of it in generated ones."""
NARROW = 0.25
"""A number is narrow if its standard deviation is less than this part of the real one's."""
REPEATED = 0.5
"""Rows repeat if fewer are distinct than this part of as many real ones."""
LEAST = 200
"""Fewest rows by which to judge."""
STEP = 0.25
"""Numbers that are rounded alike to this step count as one."""

KIND = "#kind"
"""How codecs call the block that says what is special of a number, after the name of its column."""


def collapse(real: Blocks, made: Blocks) -> tuple[str, ...]:
    """A note if the generated rows show signs of collapse, else none."""
    if min(real.rows, made.rows) < LEAST:
        return ()
    signs = [sign for spec, array in real if (sign := _sign(spec, array, made[spec.name]))]
    ours, theirs = (_distinct(rows, min(real.rows, made.rows)) for rows in (made, real))
    if ours < REPEATED * theirs:
        signs.append(f"{ours:.0%} of its rows are distinct, {theirs:.0%} of real ones")
    if not signs:
        return ()
    more = f", and {len(signs) - 3} more" if len(signs) > 3 else ""
    fix = "fit again with another seed or a longer budget, or use --model trees"
    return (f"the generator has collapsed: {'; '.join(signs[:3])}{more}; {fix}",)


def _sign(spec: Spec, real: np.ndarray, made: np.ndarray) -> str:
    """What is wrong in one block, or nothing. The block of a number's kinds goes by the number's name."""
    name = spec.name.removesuffix(KIND)
    if isinstance(spec, Category):
        before, after = (np.bincount(codes, minlength=spec.k) / len(codes) for codes in (real, made))
        before[list(spec.muted)] = 0.0
        common = before >= COMMON
        lost = int(np.sum(common & (after < LOST * before)))
        return f"it lacks {lost:,} of {int(common.sum()):,} common values of '{name}'" if lost else ""
    there = [numbers[~np.isnan(numbers)] for numbers in (real, made)]
    if min(map(len, there)) < LEAST:
        return ""
    before, after = (float(np.std(numbers)) for numbers in there)
    return f"'{name}' varies {after / before:.0%} as much as it should" if after < NARROW * before else ""


def _distinct(rows: Blocks, most: int) -> float:
    """The share of the first rows that are distinct."""
    rows = rows.take(np.arange(most))
    parts = [
        np.round(np.nan_to_num(array.reshape(most, -1), nan=99.0) / STEP) if array.dtype.kind == "f"
        else array.reshape(most, -1)
        for _, array in rows
    ]  # fmt: skip
    return len(np.unique(np.concatenate(parts, axis=1), axis=0)) / most
