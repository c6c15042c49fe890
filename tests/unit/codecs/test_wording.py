import pytest

from reverie.codecs.wording import fold, split_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CustomerID", ("customer", "id")),
        ("customer_id", ("customer", "id")),
        ("  Customer-Id ", ("customer", "id")),
        ("HTTPServerName2", ("http", "server", "name2")),
        ("Código Postal", ("codigo", "postal")),
        ("", ()),
        ("__", ()),
    ],
)
def test_split_words(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


def test_fold() -> None:
    assert fold("ÉCOLE Straße") == "ecole strasse"
