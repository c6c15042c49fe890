import numpy as np
import pyarrow as pa
import pytest

from reverie.codecs.persons.fabrication import fabricate
from reverie.codecs.persons.locales import LOCALES, find_locale, names_of, share_of_names


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_has_names(locale: str) -> None:
    first, last = names_of(locale)
    assert len(first) > 40
    assert len(last) > 40


@pytest.mark.parametrize(
    "locale",
    ["en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "ru_RU", "ja_JP", "zh_CN", "ko_KR", "el_GR"],
)
def test_names_tell_their_locale(locale: str) -> None:
    assert find_locale("name", fabricate("name", np.arange(400), locale, "x")) == locale


@pytest.mark.parametrize(
    ("kind", "values", "locale"),
    [
        ("phone", ["+49 30 1234567", "+49 (89) 55555"], "de_DE"),
        ("phone", ["+358 40 123456"], "fi_FI"),
        ("phone", ["030 123456"], None),
        ("email", ["a@b.co.uk", "c@d.uk"], "en_GB"),
        ("email", ["a@gmail.com"], None),
        ("url", ["https://www.example.fr/page", "http://b.fr"], "fr_FR"),
        ("address", ["12 rue de la Paix", "3 avenue des Vosges"], "fr_FR"),
        ("street", ["Hauptstraße 5", "Goetheplatz 1"], "de_DE"),
        ("iban", ["NL91ABNA0417164300"], "nl_NL"),
        ("mac", ["00:11:22:33:44:55"], None),
    ],
)
def test_other_kinds_tell_their_locale(kind: str, values: list[str], locale: str | None) -> None:
    assert find_locale(kind, pa.array(values)) == locale


def test_share_of_names_reads_both_orders() -> None:
    assert share_of_names(pa.array(["Mary Smith", "Smith, Mary", "xq zz", "zz xq"])) == (0.5, 0.5)
    assert share_of_names(pa.array([], pa.string())) == (0, 0)
