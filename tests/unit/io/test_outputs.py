import errno
from pathlib import Path

import pytest

from reverie.core.errors import OutputError
from reverie.io.outputs import explain, remove_unfinished, replacing


def test_old_content_stands_until_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with replacing(path) as sink:
        sink.write(b"after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_error_at_the_last_moment_leaves_nothing(tmp_path):
    path = tmp_path / "a.txt"

    def write():
        with replacing(path) as sink:
            sink.write(b"after")
            path.mkdir()

    with pytest.raises(OutputError, match="cannot be written"):
        write()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EPIPE, errno.EIO])
def test_every_meaning_is_one_line(code):
    line = str(explain(OSError(code, "raw text of the system"), "out.csv"))
    assert line.startswith("out.csv: ")
    assert "raw text" not in line


def test_a_file_that_was_just_made_is_removed(tmp_path, monkeypatch):
    real = Path.open

    def stopped(self, *mode):
        real(self, *mode).close()
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "open", stopped)
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.txt"):
        pass
    assert len(list(tmp_path.iterdir())) == 1
    remove_unfinished()
    assert not list(tmp_path.iterdir())
