"""What loading networks of others shares."""

from pathlib import Path

import pytest

from reverie.nn.checkpoints import Limits, NoCheckpointError, is_folder, unusable


def test_a_source_is_a_folder_or_a_name(tmp_path: Path) -> None:
    assert is_folder(str(tmp_path))
    assert not is_folder("someone/model")
    with pytest.raises(NoCheckpointError, match="no such folder"):
        is_folder(str(tmp_path / "nowhere"))


def test_errors_are_told_in_one_line() -> None:
    assert str(unusable(OSError("  no   file\n and more"))) == "no file"


@pytest.mark.parametrize(
    ("name", "value", "sane"),
    [("width", 100, True), ("width", 101, False), ("num_layers", 11, False), ("n_layer", 10, True),
     ("sizes", [1, 2, 3], True), ("sizes", [1, 2, 3, 4], False), ("sizes", [1, 999], False),
     ("act", "relu", True)],
)  # fmt: skip
def test_configs_have_sane_sizes(name: str, value: object, sane: bool) -> None:
    assert Limits(100, 10, 3).allow(name, value) is sane
