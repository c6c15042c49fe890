import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.persons.fabrication import MAKERS, fabricate
from reverie.codecs.persons.kinds import find_hint, find_kind

NAMED = {"name": "customer_name", "ssn": "ssn", "card": "x", "ipv6": "x"}
BY_FORM = ("email", "url", "ip", "ipv6", "mac", "card", "iban")


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_made_up_values_are_found_by_form_or_name(kind: str) -> None:
    made = fabricate(kind, np.arange(200), "en_US", "x")
    name = "x" if kind in BY_FORM else NAMED.get(kind, kind)
    found = find_kind(name, made, 1.0, text=True)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "es_ES", "pl_PL"])
def test_names_of_people_are_found_without_a_hint(locale: str) -> None:
    made = fabricate("name", np.arange(300), locale, "x")
    found = find_kind("column7", made, 1.0, text=True)
    assert found is not None
    assert found.kind == "name"


@pytest.mark.parametrize(
    "values",
    [
        ["2014-10-13", "2015-01-02", "1999-12-31"],
        ["12:30:01", "01:02:03", "23:59:59"],
        ["1234567890123456", "1111111111111112", "9999999999999999"],
        ["red wine", "olive oil", "white bread"],
        ["3.14", "2.71", "1.41"],
        ["AB-123-C", "CD-456-E", "EF-789-G"],
    ],
)
def test_other_values_are_not_personal(values: list[str]) -> None:
    assert find_kind("column7", pa.array(values), 1.0, text=True) is None


def test_few_levels_are_a_category_whatever_the_name() -> None:
    values = pa.array(["Paris", "London", "Rome", "Oslo"] * 50)
    assert find_kind("city", values, 0.02, text=True) is None
    assert find_kind("first_name", values, 0.02, text=True) is None


def test_many_first_names_are_personal_even_if_they_repeat() -> None:
    values = fabricate("first_name", np.arange(2_000), "fr_FR", "x")
    found = find_kind("prenom", values, 0.1, text=True)
    assert found is not None
    assert found.kind == "first_name"


def test_values_that_contradict_the_name_win() -> None:
    assert find_kind("AddressChange", pa.array(["1 year", "no change", "2 years"]), 1.0, text=True) is None
    assert find_kind("phone", pa.array(["yes", "no", "maybe"]), 1.0, text=True) is None


def test_numbers_are_personal_only_by_checksum_or_name() -> None:
    phones = pa.array([f"60055{n:04d}" for n in range(200)])
    assert find_kind("column7", phones, 1.0, text=False) is None
    found = find_kind("telefono", phones, 1.0, text=False)
    assert found is not None
    assert found.kind == "phone"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("e_mail", None),
        ("Surname", "last_name"),
        ("Straße", "street"),
        ("HomePhone", "phone"),
        ("nome", "first_name"),
    ],
)
def test_find_hint(name: str, kind: str | None) -> None:
    assert find_hint(name) == kind
