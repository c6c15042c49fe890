import json

import pytest

from reverie.core.errors import ConfigError
from reverie.evaluation.thresholds import DEFAULT, Thresholds


def test_first_bounds_are_the_stricter_ones() -> None:
    pairs = [pair for name, pair in DEFAULT if name not in ("validity", "precision")]
    assert all(first < second for first, second in pairs)
    assert DEFAULT.validity[0] > DEFAULT.validity[1]


def test_a_file_replaces_some_bounds(tmp_path) -> None:
    file = tmp_path / "strict.json"
    file.write_text(json.dumps({"risk": [0.01, 0.05]}))
    found = Thresholds.read(file)
    assert found.risk == (0.01, 0.05)
    assert found.model_copy(update={"risk": DEFAULT.risk}) == DEFAULT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"risky": [0.01, 0.05]}', "'risky' is no bound of a verdict. Did you mean: risk?"),
        ('{"risk": [0.05, 0.01]}', "'risk': the first is above the second"),
        ('{"validity": [90, 99]}', "'validity': the first is above the second"),
        ('{"risk": [0.05, 7]}', "less than or equal to 1"),
        ('{"risk": 0.05}', "'risk': input should be a valid tuple"),
        ("[1]", "holds no bounds"),
        ("{", "is no JSON"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text: str, said: str) -> None:
    file = tmp_path / "bounds.json"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Thresholds.read(file)
    assert said in str(caught.value)
    assert "bounds.json" in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Thresholds.read(tmp_path / "none.json")
