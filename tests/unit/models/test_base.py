import dataclasses

import pytest

from reverie.core.errors import ConfigError
from reverie.models.base import Budget, Capabilities, Progress, families, family, silent


def test_both_families_are_found() -> None:
    assert {"copula", "trees"} <= set(families())


@pytest.mark.parametrize("name", families())
def test_a_family_says_what_it_can_do_and_has_a_frozen_config_of_defaults(name: str) -> None:
    module = family(name)
    assert isinstance(module.CAPABILITIES, Capabilities)
    assert module.CAPABILITIES.summary
    config = module.Config()
    for field in dataclasses.fields(config):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(config, field.name, None)


def test_an_unknown_family_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="--model: no model family 'forest'") as caught:
        family("forest")
    assert all(name in caught.value.fix for name in ("auto", *families()))


def test_progress_may_be_ignored() -> None:
    assert silent(Progress("learning", 1, 2)) is None


@pytest.mark.parametrize(("seconds", "left"), [(None, None), (5.0, 3.0), (1.0, 0.0)])
def test_what_is_left_of_a_budget(seconds, left):
    whole = Budget(seconds, threads=3)
    assert whole.less(2.0) == Budget(left, threads=3)
