"""Arrays outside of memory: equal, nameless, and a full disk said in time."""

import errno

import numpy as np
import pytest

from reverie.core import space
from reverie.core.errors import OutputError
from reverie.core.space import moved, roomy


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The folder of files, which arrays of over a hundred bytes go to."""
    monkeypatch.setattr(space, "LIMIT", 100)
    monkeypatch.setattr(space.tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("rows", [0, 3, 5000])
def test_arrays_are_zeros_to_be_filled(small, rows):
    array = roomy((rows, 2), np.int32)
    assert (array.shape, array.dtype, type(array)) == ((rows, 2), np.int32, np.ndarray)
    assert not array.any()
    array[:, 1] = np.arange(rows)
    assert array.sum() == np.arange(rows).sum()
    assert list(small.iterdir()) == []


def test_large_arrays_are_mapped_and_small_ones_are_not(small):
    assert isinstance(roomy((3000,), float).base, np.memmap)
    assert roomy((3,), float).base is None
    many = np.arange(3000.0)
    np.testing.assert_array_equal(moved(many), many)
    assert isinstance(moved(many[:2]).base, np.memmap)
    assert moved(many[:0]).shape == (0,)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [(errno.ENOSPC, OutputError, "no space left for temporary data"), (errno.EIO, OSError, "as it is")],
)
def test_a_full_disk_is_one_clear_line_and_other_faults_pass(monkeypatch, code, kind, said):
    def fail(*_):
        raise OSError(code, "as it is")

    monkeypatch.setattr(space.os, "posix_fallocate", fail, raising=False)
    with pytest.raises(kind, match=said):
        roomy((1000,), np.float64)
