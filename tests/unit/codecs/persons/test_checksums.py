import numpy as np
import pyarrow as pa

from reverie.codecs.persons.checksums import add_luhn, pass_luhn, remainder_97, share_of_cards, share_of_ibans

# Numbers that payment services and the IBAN registry publish as examples.
CARDS = ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005", "6011111111111117"]
IBANS = [
    "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NO9386011117947",
]


def test_known_cards_pass_and_a_changed_digit_fails() -> None:
    assert share_of_cards(pa.array(CARDS)) == 1
    assert share_of_cards(pa.array([card[:-1] + str((int(card[-1]) + 1) % 10) for card in CARDS])) == 0


def test_known_accounts_pass_and_swapped_digits_fail() -> None:
    assert share_of_ibans(pa.array(IBANS)) == 1
    assert share_of_ibans(pa.array(["GB82 WEST 1234 5698 7645 32", "DE98370400440532013000"])) == 0


def test_other_strings_are_neither() -> None:
    others = pa.array(["", "12", "abc", "DE", "1234567890123456", "ÄÖ89370400440532013000", "4" * 40])
    assert share_of_cards(others) == 0
    assert share_of_ibans(others) == 0
    assert share_of_cards(pa.array([], pa.string())) == 0


def test_added_digits_pass() -> None:
    digits = np.random.default_rng(0).integers(0, 10, (500, 15))
    assert pass_luhn(add_luhn(digits)).all()
    assert np.array_equal(add_luhn(digits)[:, :-1], digits)


def test_remainder_97_of_long_numbers() -> None:
    text = b"3214282912345698765432161182"
    assert remainder_97(np.frombuffer(text, dtype=np.uint8)[None]).tolist() == [int(text) % 97]
