"""Forms of media in frames: what came in goes out the same."""

import numpy as np
import pytest
from PIL import Image

from reverie.io import pictures, sounds
from reverie.io.forms import IMAGE, MAPPING, PIXELS, WAVEFORM, Form, files, form_of, is_absent

WAVE = np.sin(np.arange(400) / 3) / 2
FLAT = np.arange(48, dtype=np.uint8).reshape(6, 8)
DEEP = np.stack([FLAT] * 3, axis=2)
WHOLE = (WAVE * 30_000).astype(np.int16)
STEREO = np.stack([WAVE, -WAVE])


def back(value):
    """Through a file and out again."""
    form, held = form_of([None, value]), files([float("nan"), value])
    assert form is not None
    assert held is not None
    assert held[0] is None
    return Form.from_state(form.state()).cell(held[1])


def test_pixels_and_images():
    for pixels in (FLAT, DEEP):
        assert np.array_equal(back(pixels), pixels)
        shown = back(Image.fromarray(pixels))
        assert isinstance(shown, Image.Image)
        assert np.array_equal(np.asarray(shown), pixels)
    assert form_of([Image.fromarray(FLAT)]) == Form(IMAGE)
    assert form_of([FLAT]) == Form(PIXELS, flat=True)
    assert back(FLAT[:, :, None]).shape == (6, 8, 1)


@pytest.mark.parametrize("wave", [WAVE, WHOLE, STEREO, STEREO.T, WAVE[:, None]])
def test_waveforms(wave):
    heard, rate = back((wave, 8_000))
    assert rate == 8_000
    assert heard.shape == wave.shape
    assert heard.dtype == (np.int16 if wave is WHOLE else np.float32)
    np.testing.assert_allclose(heard, wave, atol=1e-4 if wave is not WHOLE else 1)
    held = back({"array": wave, "sampling_rate": 8_000})
    assert held["sampling_rate"] == 8_000
    assert np.array_equal(held["array"], heard)
    assert form_of([(STEREO, 8_000)]) == Form(WAVEFORM, turned=True)
    assert form_of([{"array": WAVE, "sampling_rate": 9_000}]) == Form(MAPPING, flat=True)


def test_other_cells_have_no_form():
    for values in ([], [None], ["a.png"], [b"x"], [3], [(1, 2)]):
        assert form_of(values) is None
        assert files(values) is None
    with pytest.raises(pictures.UnreadableError):
        files([FLAT, "none.png"])


def test_a_form_of_another_kind_leaves_a_file_as_it_is():
    heard, seen = sounds.write(WAVE[:, None], 8_000), pictures.write(FLAT[:, :, None])
    assert Form(IMAGE).cell(heard) == heard
    assert Form(WAVEFORM).cell(seen) == seen


@pytest.mark.parametrize("state", [{"kind": "code"}, {"kind": IMAGE, "flat": 3}, {"kind": IMAGE, "x": 1}, {}])
def test_states_that_make_no_sense_are_refused(state):
    with pytest.raises((ValueError, TypeError)):
        Form.from_state(state)


def test_what_is_missing():
    assert is_absent(None)
    assert is_absent(np.nan)
    assert not is_absent(0.0)
