"""Memorised pictures: copies are found however they are disguised, and fresh ones are none."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison
from reverie.evaluation.evaluate import evaluate
from reverie.evaluation.privacy.media import MEASURE
from reverie.io import sounds
from reverie.io.pictures import read, write
from reverie.schema.types import Column, Table

SCHEMA = Table(name="t", columns=(Column(name="x", type="decimal"), Column(name="p", type="image")))


def pictures(n: int, seed: int) -> list[bytes]:
    """Smooth waves of any direction and colour."""
    rng, place = np.random.default_rng(seed), np.linspace(0, 1, 12)
    found = []
    for _ in range(n):
        a, b, c = rng.normal(size=3) * 3
        wave = np.sin(a * place[:, None] + b * place[None, :] + c)[:, :, None] * rng.normal(size=3)
        found.append(write(np.clip(128 + 60 * wave, 0, 255).astype(np.uint8)))
    return found


def table(shown: list[bytes | None], seed: int) -> pa.Table:
    x = np.random.default_rng(seed).normal(size=len(shown))
    return pa.table({"x": x, "p": pa.array(shown, pa.binary())})


TRAIN, UNSEEN, FRESH = (pictures(400, seed) for seed in (1, 2, 3))


def disguised(one: bytes) -> bytes:
    """A little lighter, with noise."""
    pixels = read(one).astype(int)
    noise = np.random.default_rng(0).integers(-3, 9, pixels.shape)
    return write(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def measured(fake: list[bytes], rows: int = 400) -> dict:
    holdout = table(UNSEEN[:rows], 5)
    found = MEASURE.measure(Comparison(table(TRAIN, 4), table(fake, 6), holdout, SCHEMA, None, 0))
    return {one.name: one for one in found}


def test_fresh_pictures_are_as_near_to_either():
    found = measured(FRESH)
    assert found["media_nearer"].low < 0.5 < found["media_nearer"].high
    assert found["media_copies"].low <= found["media_copies"].floor


@pytest.mark.parametrize("disguise", [lambda one: one, disguised])
def test_copies_are_found(disguise):
    found = measured([disguise(one) for one in TRAIN])
    assert found["media_nearer"].low > 0.95
    assert found["media_copies"].low > 90


def test_some_copies_among_fresh_ones_are_found():
    found = measured([disguised(one) for one in TRAIN[:40]] + FRESH[:360])
    assert found["media_copies"].value > 8


def test_copies_of_one_picture_are_one_piece_of_evidence():
    found = measured([TRAIN[0]] * 60)
    assert found["media_nearer"].value == 1
    assert found["media_nearer"].low < 0.5


def test_too_few_tell_nothing():
    assert measured(FRESH[:20]) == {}
    assert measured(FRESH, 20) == {}
    assert MEASURE.measure(Comparison(table(TRAIN, 4), table(FRESH, 6), None, SCHEMA, None, 0)) == []


def test_the_verdict_counts_them():
    def verdict(fake: list[bytes | None]) -> str:
        made, holdout = table(fake, 6), table(UNSEEN, 5)
        found = evaluate(table(TRAIN, 4), made, holdout, schema=SCHEMA, aspects=("private",))
        return found.verdicts["private"].verdict

    assert verdict([disguised(one) for one in TRAIN]) == "do not release"
    assert verdict(FRESH) in ("release", "not enough evidence")
    assert verdict([*FRESH[:20], *[None] * 380]) == "not enough evidence"


def songs(n: int, seed: int) -> list[bytes]:
    """Glides between any pitches, of any length."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(n):
        time = np.arange(int(4_000 * rng.uniform(0.1, 0.3))) / 4_000
        pitch = np.interp(time, np.linspace(0, time[-1], 5), rng.uniform(100, 1_800, 5))
        wave = (
            0.4
            * np.sin(2 * np.pi * np.cumsum(pitch) / 4_000)
            * np.interp(time, np.linspace(0, time[-1], 5), rng.uniform(0, 1, 5))
        )
        found.append(sounds.write(wave[:, None], 4_000))
    return found


SUNG, UNSUNG, NEW = (songs(150, seed) for seed in (1, 2, 3))


def heard(fake: list[bytes]) -> dict:
    schema = Table(name="t", columns=(Column(name="x", type="decimal"), Column(name="p", type="audio")))
    tables = (table(cells, seed) for seed, cells in enumerate((SUNG, fake, UNSUNG), 4))
    return {one.name: one for one in MEASURE.measure(Comparison(*tables, schema, None, 0))}


def replayed(one: bytes) -> bytes:
    """At another rate, less loud, a little longer, with noise."""
    waveform = sounds.at_rate(sounds.read(one)[0], 4_000, 8_200)
    noise = 2e-4 * np.random.default_rng(0).normal(size=waveform.shape)
    return sounds.write(waveform / 3 + noise, 8_000)


def test_memorised_sounds_are_found():
    fresh = heard(NEW)
    assert fresh["media_nearer"].low < 0.5 < fresh["media_nearer"].high
    assert "sounds of 'p'" in fresh["media_nearer"].explanation
    copied = heard([replayed(one) for one in SUNG])
    assert copied["media_nearer"].low > 0.9
    assert copied["media_copies"].low > 80


def test_odd_sounds_can_be_compared():
    odd = [sounds.write(wave, 8_000) for wave in (np.zeros((400, 1)), np.ones((1, 2)))]
    assert "media_nearer" in heard([*odd, *NEW])
