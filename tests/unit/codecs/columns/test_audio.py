"""Sounds as grids of levels with a duration and a loudness, and back."""

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs import latents
from reverie.codecs.base import Condition, Lesson, Profile, Protection
from reverie.codecs.columns.audio import Audio
from reverie.codecs.columns.image import Image
from reverie.codecs.loudness import FLOOR
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.io import sounds
from reverie.io.pictures import write as png
from reverie.nn import spectra
from reverie.schema.blocks import Real
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
COLUMN = Column(name="x", type="audio")
RATE = 4_000


def tone(pitch=500.0, lasts=0.2, loud=0.5, rate=RATE, channels=1):
    time = np.arange(round(lasts * rate)) / rate
    waves = [np.sin(2 * np.pi * (pitch + 100 * side) * time) for side in range(channels)]
    return loud * np.stack(waves, axis=1) + 1e-4 * np.random.default_rng(3).normal(size=(len(time), channels))


def cells(*made, rate=RATE, null=0):
    return pa.array([*(sounds.write(one, rate) for one in made), *[None] * null], pa.binary())


def some(count=12, **how):
    return cells(*[tone(300 + 100 * at, 0.1 + 0.01 * at, 0.1 + 0.05 * at, **how) for at in range(count)])


def learned(values, **options):
    column = COLUMN.model_copy(update={"options": options})
    half = len(values) // 2
    parts = [Audio.sketch(column, part) for part in (values[:half], values[half:])]
    return Audio.finish(column, Audio.merge(column, *parts), Protection())


def there_and_back(codec, values):
    return codec.decode(codec.encode(values, RNG), len(values), RNG)


def apart(one, other, window=128):
    """How far magnitudes are apart, in decibels, but for how loud they are."""
    sizes = [np.abs(spectra.transform(wave.T, window)) for wave in (one, other)]
    sizes = [size / np.linalg.norm(size) for size in sizes]
    return 20 * np.log10(np.linalg.norm(sizes[0] - sizes[1]) / np.linalg.norm(sizes[0]))


def test_sounds_come_back_near_to_what_they_were():
    values = pa.concat_arrays([some(), pa.nulls(2, pa.binary())])
    codec = learned(values, seconds=1.0)
    arrays = codec.encode(values, RNG)
    assert arrays["x"].shape == (14, 64 * 128, 1)
    assert np.isnan(arrays["x"][12:]).all()
    assert np.nanmean(arrays["x"]) == pytest.approx(0, abs=0.05)
    assert np.nanstd(arrays["x"]) == pytest.approx(1, abs=0.05)
    found = codec.decode(arrays, 14, RNG)
    assert found.is_valid().to_pylist() == values.is_valid().to_pylist()
    for made, real in zip(found[:12], values[:12], strict=True):
        (one, rate), (other, _) = (sounds.read(cell.as_py()) for cell in (real, made))
        assert rate == RATE
        assert other.shape == one.shape
        assert apart(one, other) < -20
    again = codec.encode(found, RNG)
    for scale, name, near in zip(codec.scales.values(), codec.scales, (1e-3, 1.0), strict=True):
        kept = [scale.decode(each[name][:12].reshape(-1)) for each in (again, arrays)]
        np.testing.assert_allclose(*kept, atol=near)
    assert np.sqrt(np.nanmean(np.square(again["x"] - arrays["x"]))) < 0.2


def test_the_same_sound_has_the_same_grid_however_loud():
    wave = tone()
    codec = learned(cells(*[wave * loud for loud in np.linspace(0.05, 1, 12)]))
    quiet, loud = (codec.encode(cells(wave * by), RNG) for by in (0.1, 1.0))
    assert np.abs(quiet["x"] - loud["x"]).max() < 0.6  # the rounding of 16 bits, near the floor
    assert quiet["x#level"][0, 0, 0] < loud["x#level"][0, 0, 0] - 1


def test_a_codec_is_rebuilt():
    codec = learned(pa.concat_arrays([some(), pa.nulls(2, pa.binary())]))
    again = Audio.from_state(COLUMN, codec.state())
    assert again.specs == codec.specs
    assert again.holds() == "sounds of at most 0.26 s at 4,000 Hz, mono"
    values = some(3)
    assert there_and_back(again, values).equals(there_and_back(codec, values))
    for wrong in (
        {"rate": 10**9}, {"frames": 10**9}, {"frames": 0}, {"channels": 3}, {"spread": 0.0}, {"mean": np.nan},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="no such"):
            Audio.from_state(COLUMN, {**codec.state(), **wrong})


@pytest.mark.parametrize(
    ("rate", "lasts", "options", "grid"),
    [
        (4_000, 0.2, {}, (64, 32)),
        (8_000, 0.2, {}, (128, 32)),
        (16_000, 0.2, {}, (256, 32)),
        (4_000, 0.2, {"seconds": 1.0}, (64, 128)),
        (4_000, 0.2, {"seconds": 1.05}, (64, 144)),
        (16_000, 0.2, {"rate": 8_000, "seconds": 0.01}, (128, 8)),
        (4_000, 6.0, {}, (64, 512)),
        (44_100, 0.1, {}, (256, 16)),
    ],
)
def test_the_grid_fits_most(rate, lasts, options, grid):
    codec = learned(cells(*[tone(lasts=lasts, rate=rate)] * 6, rate=rate), **options)
    assert codec.specs[-1].grid == grid


def test_mixed_rates_and_long_sounds():
    values = pa.concat_arrays([some(30), cells(*[tone(500, 3.0)] * 6), some(8, rate=8_000)])
    codec = learned(values, seconds=0.448)
    assert (codec.form.rate, codec.form.frames) == (RATE, 56)
    found = [sounds.read(cell.as_py()) for cell in there_and_back(codec, values)]
    assert {rate for _, rate in found} == {RATE}
    assert len(found[30][0]) == codec.form.samples


def test_stereo_is_kept_where_enough_sounds_are():
    both = some(12, channels=2)
    alike = cells(*[np.repeat(tone(300 + 50 * at), 2, axis=1) for at in range(12)])
    assert learned(pa.concat_arrays([some(), alike])).form.channels == 1
    assert learned(pa.concat_arrays([some(), both[:4]])).form.channels == 1
    codec = learned(pa.concat_arrays([some(), both[:5]]))
    assert codec.form.channels == 2
    assert learned(both[:3]).form.channels == 2
    real, made = (sounds.read(cell.as_py())[0] for cell in (both[0], there_and_back(codec, both[:1])[0]))
    assert apart(real, made) < -15


@pytest.mark.parametrize(
    "wave", [np.zeros((400, 1)), np.sign(tone()), tone(lasts=0.01), np.ones((1, 1))], ids=["0", "1", "2", "3"]
)
def test_odd_sounds_come_back(wave):
    values = pa.concat_arrays([some(), cells(*[wave] * 6)])
    made, _ = sounds.read(there_and_back(learned(values), values)[-1].as_py())
    assert made.shape == wave.shape
    if len(wave) > 1:
        assert np.abs(made).max() == pytest.approx(np.abs(wave).max(), rel=0.35, abs=1e-3)


def test_what_is_made_is_as_loud_as_its_level_says():
    values = some()
    codec = learned(values)
    arrays = codec.encode(values, RNG)
    quieter = {**arrays, "x": np.maximum(arrays["x"] - 0.3, (FLOOR - codec.form.mean) / codec.form.spread)}
    peaks = [
        [np.abs(sounds.read(cell.as_py())[0]).max() for cell in codec.decode(each, 12, RNG)]
        for each in (arrays, quieter)
    ]
    np.testing.assert_allclose(peaks[0], peaks[1], rtol=0.1)


def test_no_sound_is_in_the_state():
    wave = np.random.default_rng(1).normal(size=(800, 1)) / 8
    state = learned(cells(*[wave] * 6)).state()
    assert sum(len(value) for part in (state["seconds"], state["level"]) for value in part.values()) < 20


def test_files_hold_samples_alone():
    found = there_and_back(learned(some()), some())
    assert all(cell.as_py()[36:40] == b"data" for cell in found)
    assert all(len(cell.as_py()) == 44 + 2 * len(sounds.read(cell.as_py())[0]) for cell in found)


def test_a_sound_can_be_given(tmp_path):
    values = pa.concat_arrays([some(), pa.nulls(2, pa.binary())])
    codec, path = learned(values), tmp_path / "a.wav"
    path.write_bytes(values[0].as_py())
    found = codec.evidence(Condition("x", values=(str(path),)))
    arrays = codec.encode(values[:1], RNG)
    np.testing.assert_array_equal(found["x"].values, arrays["x"])
    for name in ("x#seconds", "x#level"):
        np.testing.assert_allclose(found[name].values, arrays[name].reshape(-1), atol=1e-3)
    assert found["x#present"].allowed.tolist() == [False, True]
    assert codec.evidence(Condition("x", missing=True))["x#present"].allowed.tolist() == [True, False]
    wave = sounds.read(values[0].as_py())
    assert codec.evidence(Condition("x", values=(wave,)))["x"].values.shape == arrays["x"].shape
    path.write_bytes(b"")
    for condition, what in (
        (Condition("x", values=(str(path),)), "is given a sound that is empty"),
        (Condition("x", values=(str(tmp_path / "none.wav"),)), "is given a sound that is not there"),
        (Condition("x", low=3), "holds sounds, of which one can be given by its path"),
    ):
        with pytest.raises(ConditionError, match=what):
            codec.evidence(condition)


def test_bad_input():
    for options, what in (
        ({"rate": 100}, "'rate' is 100, not between 1000 and 16000"),
        ({"seconds": 60.0}, "60.0"),
    ):
        with pytest.raises(SchemaError, match=what):
            learned(some(), **options)
    with pytest.raises(DataError, match="not sounds"):
        Audio.sketch(COLUMN, pa.array([1, 2]))
    with pytest.raises(DataError, match="holds sounds that are damaged"):
        Audio.sketch(COLUMN, pa.array([some(1)[0].as_py()[:60]], pa.binary()))


def test_sounds_are_claimed_and_pictures_are_not():
    picture = pa.array([png(np.zeros((8, 8, 1), np.uint8))], pa.binary())
    for values, kinds in ((some(1), ["audio"]), (picture, ["image"]), (pa.nulls(3, pa.binary()), ["image"])):
        claims = [codec.matches(Profile("x", values, 1, 0, 1)) for codec in (Audio, Image)]
        assert [claim.type for claim in claims if claim] == kinds
    assert Audio.matches(Profile("x", pa.array([1]), 1, 0, 1)) is None


def test_nothing_but_missing():
    codec = learned(pa.nulls(4, pa.binary()))
    assert there_and_back(codec, pa.nulls(4, pa.binary())).null_count == 4


def test_sounds_are_learned_as_latents(monkeypatch):
    monkeypatch.setattr(latents, "STEPS", 40)
    values = pa.concat_arrays([some(30), pa.nulls(1, pa.binary())])
    codec = learned(values)
    assert codec.teachable
    taught = codec.taught(pa.chunked_array([values]), Lesson(np.random.default_rng(0), threads=1))
    assert not taught.teachable
    high, frames = codec.form.high // 8, codec.form.frames // 8
    assert taught.specs[-1] == Real("x", high * frames, 8, taught.presence.gate, (high, frames))
    assert "places of 8 numbers" in taught.holds()
    arrays = taught.encode(values, RNG)
    assert np.isnan(arrays["x"][-1]).all()
    found = [sounds.read(one.as_py())[0] for one in taught.decode(arrays, 31, RNG)[:28]]
    lasting = [len(sounds.read(one.as_py())[0]) for one in values[:28]]
    assert [len(one) for one in found] == pytest.approx(lasting, abs=1)
    again = Audio.from_state(COLUMN, taught.state())
    np.testing.assert_array_equal(again.encode(values, RNG)["x"], arrays["x"])
    one, other = (each.decode(arrays, 31, np.random.default_rng(1)) for each in (taught, again))
    assert one.equals(other)
    with pytest.raises(ValueError, match="other sounds"):
        Audio.from_state(COLUMN, {**taught.state(), "frames": codec.form.frames + 8})
    with pytest.raises(ValueError, match="no such grain"):
        Audio.from_state(COLUMN, {**taught.state(), "grain": {"knots": [0.0], "spreads": [[1.0]]}})


def test_noise_that_latents_leave_out_is_given_back(monkeypatch):
    monkeypatch.setattr("reverie.codecs.latents.STEPS", 40)
    rng = np.random.default_rng(0)
    hiss = pa.array([sounds.write(0.1 * rng.normal(size=(2_400, 1)), RATE) for _ in range(40)], pa.binary())
    taught = learned(hiss).taught(pa.chunked_array([hiss]), Lesson(np.random.default_rng(0), threads=1))
    arrays = taught.encode(hiss, RNG)
    smooth = Audio.from_state(
        COLUMN, {name: part for name, part in taught.state().items() if name != "grain"}
    )

    def rough(cells):
        grids = np.stack([taught.form.grid(*sounds.read(cell.as_py()))[0] for cell in cells])
        return taught.form.decibels(grids)[:, 0, 4:, 4:-8].std()

    made = (codec.decode(arrays, 40, RNG) for codec in (taught, smooth))
    real, grained, plain = (rough(cells) for cells in (hiss, *made))
    assert real == pytest.approx(5.6, abs=0.3)
    assert abs(grained - real) < 0.5 * abs(plain - real)


def test_a_given_sound_is_exact_at_the_rate_that_is_made():
    codec = learned(some())
    wave = tone(700, 0.15)
    found, rate = sounds.read(codec.exact(Condition("x", values=((wave, RATE),))))
    assert rate == RATE
    np.testing.assert_allclose(found, wave, atol=1e-4)
    assert codec.exact(Condition("x", missing=False)) is None
