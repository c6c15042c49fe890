"""Which families there are to choose among."""

from types import SimpleNamespace

import pytest

from reverie.core import registry
from reverie.core.errors import ConfigError
from reverie.models import choice
from reverie.models.base import Capabilities, families
from reverie.models.choice import (
    FEW_ROWS,
    able,
    check_device,
    check_family,
    check_private,
    favourite,
    lacking,
    ranked,
    settled,
)


def test_the_simplest_is_the_one_to_beat_on_few_rows() -> None:
    assert favourite(FEW_ROWS - 1) == "copula"
    assert favourite(FEW_ROWS) == "trees"
    assert set(ranked(10)) == set(ranked(10_000)) <= set(families())


def test_an_unknown_family_is_refused() -> None:
    check_family("auto")
    check_family("copula")
    with pytest.raises(ConfigError, match="copula"):
        check_family("magic")


def test_a_family_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(CAPABILITIES=Capabilities("of nets", requires=("torch", "lightning_fabric")))
    monkeypatch.setattr(registry, "load", lambda *_: module)
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    assert lacking("mine") == "needs: pip install 'reverie[neural]'"
    with pytest.raises(ConfigError, match=r"family 'mine' needs: pip install 'reverie\[neural\]'"):
        check_family("mine")
    monkeypatch.setattr(choice, "find_spec", lambda name: object())
    assert lacking("mine") == ""


def test_formal_privacy_is_refused_of_a_family_that_has_none():
    check_private("auto")
    check_private("marginals")
    with pytest.raises(ConfigError, match="--model marginals"):
        check_private("copula")


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    check_device("auto")
    check_device("cpu")
    with pytest.raises(ConfigError, match="no device 'gpu9'"):
        check_device("gpu9")
    monkeypatch.setattr(choice, "_has_cuda", lambda: False)
    with pytest.raises(ConfigError, match="no GPU is found"):
        check_device("cuda")
    monkeypatch.setattr(choice, "_has_cuda", lambda: True)
    check_device("cuda")


def test_what_families_can_learn() -> None:
    assert "tokens" in able("diffusion")
    assert "tokens" in able("auto")
    assert "tokens" in able("autoregressive")
    assert "tokens" not in able("trees")


def test_the_best_for_what_is_beside_rows_is_chosen() -> None:
    assert settled("auto", {"tokens"}) == ("diffusion", "the best family here for texts")
    assert settled("autoregressive", {"tokens"}) == ("autoregressive", "as asked")


def test_few_families_learn_pictures() -> None:
    assert settled("gan", {"grid"}) == ("gan", "as asked")
    assert settled("auto", {"grid"}) == ("diffusion", "the best family here for pictures or sounds")
    with pytest.raises(ConfigError, match="family 'trees' does not learn pictures or sounds and texts"):
        settled("trees", {"grid", "tokens"})
    with pytest.raises(ConfigError, match=r"family 'gan' does not learn texts.*--model diffusion"):
        settled("gan", {"grid", "tokens"})
