import pytest

from reverie.codecs.persons.pools import plain_pool, pool


def test_values_are_many_and_different() -> None:
    names = pool("de_DE", "last_name").to_pylist()
    assert len(names) > 300
    assert len(set(names)) == len(names)


def test_values_are_always_the_same() -> None:
    first = pool("fr_FR", "city")
    pool.cache_clear()
    assert pool("fr_FR", "city").equals(first)


def test_addresses_are_one_line() -> None:
    assert not any("\n" in address for address in pool("en_US", "address").to_pylist())


def test_unknown_locales_become_american() -> None:
    assert pool("xx_XX", "first_name").equals(pool("en_US", "first_name"))


@pytest.mark.parametrize("locale", ["tr_TR", "ja_JP", "ru_RU"])
def test_plain_words_are_letters_a_to_z(locale: str) -> None:
    words = plain_pool(locale, "first_name").to_pylist()
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    assert len(set(words)) == len(words) >= 50
