import re

import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.persons.checksums import share_of_cards, share_of_ibans
from reverie.codecs.persons.fabrication import MAKERS, fabricate

UNIQUE = ("email", "username", "company", "card", "iban", "url", "ip", "ipv6", "mac")
LOCALES = ("en_US", "de_DE", "ja_JP", "pl_PL")


@pytest.mark.parametrize("kind", sorted(MAKERS))
@pytest.mark.parametrize("locale", LOCALES)
def test_partitions_join_to_the_whole(kind: str, locale: str) -> None:
    index = np.arange(400)
    parts = [fabricate(kind, part, locale, "x") for part in (index[:150], index[150:])]
    assert pa.concat_arrays(parts).equals(fabricate(kind, index, locale, "x"))


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_no_rows(kind: str) -> None:
    assert len(fabricate(kind, np.arange(0), "en_US", "x")) == 0


@pytest.mark.parametrize("kind", UNIQUE)
@pytest.mark.parametrize("locale", LOCALES)
def test_values_are_unique(kind: str, locale: str) -> None:
    assert len(fabricate(kind, np.arange(20_000), locale, "x").unique()) == 20_000


def test_emails_stay_unique_once_all_names_are_used() -> None:
    index = np.r_[np.arange(5_000), np.arange(10**9, 10**9 + 5_000)]
    assert len(fabricate("email", index, "en_US", "x").unique()) == 10_000


def test_emails_and_sites_belong_to_nobody() -> None:
    emails = fabricate("email", np.arange(500), "de_DE", "x").to_pylist()
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d*@example\.(com|org|net)", email) for email in emails)
    assert all(".example/" in url for url in fabricate("url", np.arange(500), "de_DE", "x").to_pylist())


@pytest.mark.parametrize("locale", ["de_DE", "en_GB", "it_IT", "nl_NL", "ko_KR"])
def test_check_digits_are_right(locale: str) -> None:
    assert share_of_ibans(fabricate("iban", np.arange(500), locale, "x")) == 1
    assert share_of_cards(fabricate("card", np.arange(500), locale, "x")) == 1


def test_names_follow_the_locale() -> None:
    assert all(" " not in name for name in fabricate("name", np.arange(50), "ja_JP", "x").to_pylist())
    assert all(" " in name for name in fabricate("name", np.arange(50), "en_US", "x").to_pylist())


def test_house_numbers_do_not_start_with_zero() -> None:
    streets = fabricate("street", np.arange(2_000), "en_US", "x").to_pylist()
    assert not [street for street in streets if re.match(r"0\d", street)]


def test_phones_keep_their_form_and_differ() -> None:
    phones = fabricate("phone", np.arange(5_000), "en_US", "x")
    assert len(phones.unique()) == 5_000
    assert all(re.fullmatch(r"[\d+().\- x]{7,25}", phone) for phone in phones.to_pylist())


def test_columns_differ() -> None:
    first, second = (fabricate("name", np.arange(100), "en_US", column).to_pylist() for column in ("a", "b"))
    assert first != second
