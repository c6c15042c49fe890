"""Which family `auto` means."""

import pytest

from reverie.core.errors import ConfigError
from reverie.models.base import families
from reverie.models.choice import PREFERRED, check_private, choose_family


def test_auto_is_the_best_family_there_is() -> None:
    name, why = choose_family()
    assert name == next(known for known in PREFERRED if known in families())
    assert why.startswith("auto")


def test_a_named_family_is_taken() -> None:
    assert choose_family("copula") == ("copula", "as asked")


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ConfigError, match="copula"):
        choose_family("magic")


def test_formal_privacy_is_refused_where_there_is_none() -> None:
    check_private("copula", None)
    with pytest.raises(ConfigError, match="differential privacy"):
        check_private("copula", 1.0)
