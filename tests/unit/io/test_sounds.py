"""Sounds of files: any that people have, and what is wrong with the others, in few words."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile

from reverie.io import sounds
from reverie.io.pictures import write as png
from reverie.io.sounds import UnreadableError, at_rate, content, is_heard, is_sound, read, write


def tone(seconds=0.1, rate=8_000, pitch=440.0, channels=1):
    wave = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def as_file(waveform, rate=8_000, form="WAV", kind="PCM_16", **tags):
    out = io.BytesIO()
    with soundfile.SoundFile(
        out, "w", samplerate=rate, channels=waveform.shape[1], format=form, subtype=kind
    ) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(waveform)
    return out.getvalue()


def test_what_is_written_is_read():
    levels = np.random.default_rng(0).integers(-(2**15), 2**15, (100, 2)) / 2.0**15
    kept, rate = read(write(levels.astype(np.float32), 11_025))
    assert rate == 11_025
    np.testing.assert_array_equal(kept, levels)
    assert soundfile.info(io.BytesIO(write(levels, 8_000))).frames == 100


@pytest.mark.parametrize(
    ("form", "kind", "near"),
    [
        ("WAV", "PCM_U8", 1e-2), ("WAV", "PCM_24", 1e-5), ("WAV", "FLOAT", 1e-6), ("WAV", "DOUBLE", 1e-6),
        ("WAV", "ULAW", 2e-2), ("FLAC", "PCM_16", 1e-4), ("FLAC", "PCM_24", 1e-5), ("OGG", "VORBIS", 0.2),
        ("RF64", "PCM_16", 1e-4), ("WAVEX", "PCM_16", 1e-4),
    ],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2])
def test_all_kinds_are_read(form, kind, near, channels):
    made = tone(channels=channels)
    found = as_file(made, form=form, kind=kind)
    assert is_sound(found)
    waveform, rate = read(found)
    assert (waveform.shape, rate, waveform.dtype) == (made.shape, 8_000, np.float32)
    assert np.abs(waveform - made).max() < near


def test_many_channels_become_two():
    made = np.concatenate([tone(channels=3), np.zeros((800, 3), np.float32)], axis=1)[:, [0, 3, 1, 4, 2, 5]]
    waveform, _ = read(as_file(made, form="WAVEX"))
    assert waveform.shape == (800, 2)
    assert np.abs(waveform[:, 0]).max() > 0.4
    assert np.abs(waveform[:, 1]).max() == 0


@pytest.mark.parametrize(
    "made",
    [np.zeros((800, 1)), np.sign(tone()), tone(0.01), tone(1 / 8_000)],
    ids=["silent", "clipped", "short", "one"],
)
def test_odd_sounds_are_kept_as_they_are(made):
    waveform, _ = read(write(made, 8_000))
    assert waveform.shape == made.shape
    np.testing.assert_allclose(waveform, made, atol=1e-4)


def test_floats_that_are_too_loud_are_less_loud_as_a_whole():
    waveform, _ = read(as_file(8 * tone(), kind="FLOAT"))
    np.testing.assert_allclose(waveform, 2 * tone() * 0.5 / tone().max(), atol=1e-5)


WHOLE = write(tone(1.0), 8_000)
NOISE = np.random.default_rng(0).normal(size=(8_000, 1)) / 8


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (b"", "empty"),
        (WHOLE[:20], sounds.DAMAGED),
        (WHOLE[:5_000], sounds.DAMAGED),
        (as_file(NOISE, form="FLAC")[:5_000], sounds.DAMAGED),
        (as_file(NOISE, form="OGG", kind="VORBIS")[:3_000], sounds.DAMAGED),
        (b"fLaC" + bytes(500), sounds.DAMAGED),
        (b"OggS" + bytes(500), sounds.DAMAGED),
        (png(np.zeros((4, 4, 1), np.uint8)), "of another kind"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "of another kind"),
        (write(np.zeros((0, 1)), 8_000), "without a sample"),
        (as_file(np.full((100, 1), np.nan), kind="FLOAT"), sounds.DAMAGED),
        (as_file(np.full((100, 1), np.inf), kind="FLOAT"), sounds.DAMAGED),
        (write(tone(), 900), "of 900 samples a second"),
        (write(np.zeros((3_601 * 1_000, 1), np.float16), 1_000), "of more than an hour"),
    ],
)
def test_what_is_wrong_is_told(held, told):
    with pytest.raises(UnreadableError, match=told):
        read(held)


def test_a_small_file_that_unpacks_to_much_is_refused_before_it_does():
    frames = 60_000_000
    packed = bytearray(as_file(np.zeros((4_096, 1)), form="FLAC"))
    held = int.from_bytes(packed[18:26], "big")
    packed[18:26] = (held >> 36 << 36 | frames).to_bytes(8, "big")  # the number of samples in its header
    with pytest.raises(UnreadableError, match="of more than an hour"):
        read(bytes(packed))


def test_of_a_long_sound_no_more_is_unpacked_than_asked_for():
    held = write(np.zeros((3_599 * 1_000, 1), np.float16), 1_000)
    tracemalloc.start()
    assert read(held, 10)[0].shape == (10_000, 1)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_file_from_a_pipe_says_no_size():
    held = bytearray(WHOLE)
    struct.pack_into("<I", held, 40, 0xFFFFFFFF)
    assert len(read(bytes(held))[0]) == 8_000


def test_no_metadata_survives():
    for form in ("WAV", "FLAC"):
        held = as_file(tone(), form=form, title="a secret", artist="a secret", comment="a secret")
        assert b"a secret" in held
        assert b"secret" not in write(*read(held))


def test_what_can_be_given(tmp_path):
    (tmp_path / "a.wav").write_bytes(WHOLE)
    assert content(str(tmp_path / "a.wav")) == content(tmp_path / "a.wav") == content(WHOLE) == WHOLE
    wave = tone(1.0)
    for given in (
        (wave[:, 0], 8_000),
        (wave, np.int64(8_000)),
        (wave.T.astype(float), 8_000),
        {"array": wave[:, 0], "sampling_rate": 8_000, "path": None},
        (np.rint(wave * 2**15).astype(np.int16), 8_000),
    ):
        assert is_heard(given)
        assert content(given) == WHOLE
    quiet = read(content((np.full(9, 128, np.uint8), 8_000)))[0]
    assert np.abs(quiet).max() == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("none.wav", "not there"),
        (3, "neither a path nor a waveform"),
        ((np.zeros((2, 2, 2)), 8_000), "not a waveform"),
        ((np.zeros(0), 8_000), "not a waveform"),
        ((np.array(["a"]), 8_000), "not a waveform"),
        ((np.array([np.nan]), 8_000), "not of finite numbers"),
        ((np.zeros(9), 5), "of 5 samples a second"),
    ],
)
def test_what_cannot_be_given(given, told):
    with pytest.raises(UnreadableError, match=told):
        content(given)


def test_pairs_of_other_things_are_no_sounds():
    for value in ((1, 2), [np.zeros(3), 8_000], ("a", "b"), {"a": 1}, None, np.zeros(3), "a.wav"):
        assert not is_heard(value)


@pytest.mark.parametrize(
    ("rate", "wanted"), [(44_100, 16_000), (8_000, 16_000), (11_025, 8_000), (44_101, 16_000)]
)
def test_another_rate_keeps_the_tone(rate, wanted):
    found = at_rate(tone(1.0, rate), rate, wanted)[:, 0]
    assert len(found) == wanted
    assert np.abs(found - tone(1.0, wanted)[:, 0])[400:-400].max() < 0.01
    assert len(at_rate(tone(1 / rate, rate), rate, wanted)) >= 1
