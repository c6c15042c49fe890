"""Pictures as grids of numbers, and back."""

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from diffusers import AutoencoderTiny  # pyright: ignore[reportPrivateImportUsage]
from PIL import Image as Pillow

from reverie.codecs import latents
from reverie.codecs.base import Condition, Lesson, Profile, Protection
from reverie.codecs.columns.image import Image
from reverie.core.errors import ConditionError, DataError, SchemaError
from reverie.io.pictures import read, write
from reverie.schema.blocks import Real
from reverie.schema.types import Column

RNG = np.random.default_rng(0)
COLUMN = Column(name="x", type="image")


def cells(*shapes, null=0):
    made = [write(RNG.integers(0, 255, shape, dtype=np.uint8)) for shape in shapes]
    return pa.array([*made, *[None] * null], pa.binary())


def learned(values, **options):
    column = COLUMN.model_copy(update={"options": options})
    half = len(values) // 2
    parts = [Image.sketch(column, part) for part in (values[:half], values[half:])]
    return Image.finish(column, Image.merge(column, *parts), Protection())


def test_pictures_come_back_as_they_were():
    values = cells(*[(12, 16, 3)] * 8, null=2)
    codec = learned(values)
    arrays = codec.encode(values, RNG)
    assert arrays["x"].shape == (10, 192, 3)
    assert np.isnan(arrays["x"][8:]).all()
    assert abs(np.nanmean(arrays["x"])) < 0.05
    assert np.nanstd(arrays["x"]) == pytest.approx(1, abs=0.05)
    found = codec.decode(arrays, 10, RNG)
    assert found.is_valid().to_pylist() == values.is_valid().to_pylist()
    for made, real in zip(found[:8], values[:8], strict=True):
        np.testing.assert_array_equal(read(made.as_py()), read(real.as_py()))


def test_a_codec_is_rebuilt():
    codec = learned(cells(*[(12, 16, 3)] * 8, null=2))
    again = Image.from_state(COLUMN, json.loads(json.dumps(codec.state())))
    assert again.specs == codec.specs
    assert again.holds() == "pictures of 16 by 12, in colour"
    with pytest.raises(ValueError, match="no such"):
        Image.from_state(COLUMN, {**codec.state(), "shape": [4096, 4096, 3]})


@pytest.mark.parametrize(
    ("shapes", "side", "found"),
    [
        ([(28, 28, 1)] * 6, None, (28, 28, 1)),
        ([(200, 100, 3)] * 6, None, (64, 32, 3)),
        ([(200, 100, 3)] * 6, 128, (128, 64, 3)),
        ([(30, 61, 3)] * 6 + [(500, 20, 3)] * 2, None, (32, 60, 3)),
        ([(30, 30, 1)] * 6, None, (30, 30, 1)),
        ([(11, 13, 1)] * 6, None, (11, 13, 1)),
        ([(100, 100, 1)] * 6, 100, (96, 96, 1)),
        ([(5, 5, 1)] * 6, None, (8, 8, 1)),
    ],
)
def test_the_size_fits_most(shapes, side, found):
    assert learned(cells(*shapes), **({} if side is None else {"side": side})).shape == found


def test_channels_are_those_that_enough_need():
    colours, clear = cells(*[(8, 8, 3)] * 8), cells(*[(8, 8, 4)] * 4)
    grey = pa.array([write(np.full((8, 8, 3), at, np.uint8)) for at in range(8)], pa.binary())
    assert learned(grey).shape[2] == 1
    assert learned(pa.concat_arrays([grey, colours])).shape[2] == 3
    assert learned(pa.concat_arrays([colours, clear])).shape[2] == 3
    assert learned(pa.concat_arrays([clear, clear])).shape[2] == 4
    assert learned(colours[:3]).shape[2] == 3


def test_no_picture_is_in_the_state():
    one = np.random.default_rng(1).integers(0, 255, (8, 8, 1), dtype=np.uint8)
    state = json.dumps(learned(pa.array([write(one)] * 6, pa.binary())).state())
    assert len(state) < 200


def test_files_hold_pixels_alone():
    exif, out = Pillow.Exif(), io.BytesIO()
    exif[0x010E] = "a secret place"
    Pillow.new("RGB", (8, 8), "red").save(out, "PNG", exif=exif)
    values = pa.array([out.getvalue()] * 6, pa.binary())
    codec = learned(values)
    made = codec.decode(codec.encode(values, RNG), 6, RNG)
    assert all(b"secret" not in cell.as_py() for cell in made)


def test_a_picture_can_be_given(tmp_path):
    values = cells(*[(8, 8, 1)] * 8, null=2)
    codec, path = learned(values), tmp_path / "a.png"
    path.write_bytes(values[0].as_py())
    found = codec.evidence(Condition("x", values=(str(path),)))
    np.testing.assert_array_equal(found["x"].values, codec.encode(values[:1], RNG)["x"])
    assert found["x#present"].allowed.tolist() == [False, True]
    assert codec.evidence(Condition("x", missing=True))["x#present"].allowed.tolist() == [True, False]
    path.write_bytes(b"")
    for condition, what in (
        (Condition("x", values=(str(path),)), "is given a picture that is empty"),
        (Condition("x", values=(str(tmp_path / "none.png"),)), "is given a picture that is not there"),
        (Condition("x", low=3), "holds pictures, of which one can be given by its path"),
    ):
        with pytest.raises(ConditionError, match=what):
            codec.evidence(condition)


def test_bad_input():
    with pytest.raises(SchemaError, match="'side' is 500, not between 8 and 128"):
        learned(cells(*[(8, 8, 1)] * 6), side=500)
    with pytest.raises(DataError, match="not pictures"):
        Image.sketch(COLUMN, pa.array([1, 2]))
    with pytest.raises(DataError, match="holds pictures that are damaged"):
        Image.sketch(COLUMN, pa.array([cells((8, 8, 1))[0].as_py()[:40]], pa.binary()))


def test_what_is_binary_is_claimed():
    assert Image.matches(Profile("x", pa.array([1]), 1, 0, 1)) is None
    claim = Image.matches(Profile("x", cells((8, 8, 1)), 1, 0, 1))
    assert claim is not None
    assert claim.type == "image"


def test_nothing_but_missing():
    codec = learned(pa.nulls(4, pa.binary()))
    assert codec.decode(codec.encode(pa.nulls(4, pa.binary()), RNG), 4, RNG).null_count == 4


def test_large_pictures_are_learned_as_latents(monkeypatch):
    monkeypatch.setattr(latents, "STEPS", 60)
    levels = RNG.integers(40, 215, (60, 2, 2, 3)).astype(np.uint8)
    files = [write(np.repeat(np.repeat(one, 20, 0), 24, 1)) for one in levels]
    values = pa.array([*files, None], pa.binary())
    codec = learned(values)
    assert codec.teachable
    lesson = Lesson(np.random.default_rng(0), threads=1)
    taught = codec.taught(pa.chunked_array([values]), lesson)
    assert not taught.teachable
    assert taught.specs[-1] == Real("x", 120, 4, taught.presence.gate, (10, 12))
    assert "as 12 by 10 places of 4 numbers" in taught.holds()
    arrays = taught.encode(values, RNG)
    assert np.isnan(arrays["x"][-1]).all()
    found = taught.decode(arrays, 61, RNG)
    gaps = [
        np.abs(read(a.as_py()) - read(b.as_py()).astype(float)).mean()
        for a, b in zip(found[:60], values[:60], strict=True)
    ]
    assert np.mean(gaps) < 40
    again = Image.from_state(COLUMN, taught.state())
    np.testing.assert_array_equal(again.encode(values, RNG)["x"], arrays["x"])
    with pytest.raises(ValueError, match="other pictures"):
        Image.from_state(COLUMN, {**taught.state(), "shape": [48, 40, 3]})


def test_an_autoencoder_that_others_trained_is_taken(tmp_path):
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1), latent_channels=5,
    ).save_pretrained(tmp_path)  # fmt: skip
    values = cells(*[(22, 30, 4)] * 9, null=1)
    codec = learned(values, autoencoder=str(tmp_path))
    assert codec.shape == (24, 32, 3)
    assert codec.teachable
    taught = codec.taught(pa.chunked_array([values]), Lesson(RNG, threads=1))
    assert not taught.teachable
    assert taught.specs[-1] == Real("x", 192, 5, taught.presence.gate, (12, 16))
    assert "as 16 by 12 places of 5 numbers" in taught.holds()
    assert "dB on 9 unseen" in taught.holds()
    arrays = taught.encode(values, RNG)
    np.testing.assert_allclose(np.nanstd(arrays["x"], axis=(0, 1)), 1, atol=0.01)
    found = taught.decode(arrays, 10, RNG)
    assert read(found[0].as_py()).shape == (24, 32, 3)
    again = Image.from_state(COLUMN, taught.state())
    np.testing.assert_allclose(again.encode(values, RNG)["x"], arrays["x"], atol=0.05)
    state = taught.state()
    with pytest.raises(ValueError, match="another shape"):
        Image.from_state(COLUMN, {**state, "latents": {**state["latents"], "levels": [0.0, -1.0]}})


def test_an_autoencoder_that_cannot_be_had_is_said(tmp_path):
    codec = learned(cells(*[(16, 16, 3)] * 6), autoencoder=str(tmp_path / "none"))
    with pytest.raises(SchemaError, match=r"the autoencoder '.*none': there is no such folder"):
        codec.taught(pa.chunked_array([cells((16, 16, 3))]), Lesson(RNG))


def test_small_pictures_are_not_taught():
    codec = learned(cells(*[(32, 30, 3)] * 6))
    assert not codec.teachable
    assert codec.taught(pa.chunked_array([cells((32, 30, 3))]), Lesson(RNG)) is codec


def test_a_given_picture_is_exact_at_the_size_that_is_made(tmp_path):
    codec = learned(cells(*[(16, 16, 3)] * 6))
    (tmp_path / "p.png").write_bytes(write(np.full((32, 48, 3), 77, np.uint8)))
    found = codec.exact(Condition("x", values=(str(tmp_path / "p.png"),)))
    np.testing.assert_array_equal(read(found), np.full((16, 16, 3), 77, np.uint8))
    assert codec.exact(Condition("x", missing=False)) is None
