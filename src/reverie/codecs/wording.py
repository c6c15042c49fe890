"""The words of a column's name, however written: CustomerID, customer_id and Customer Id are the same."""

import re
import unicodedata

_BREAKS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


def fold(text: str) -> str:
    """Lower case, without accents.

    >>> fold("Straße Número")
    'strasse numero'
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))


def split_words(name: str) -> tuple[str, ...]:
    """The words of `name` in order.

    >>> split_words("PolicyNumber"), split_words("customer_id"), split_words("HTTPServer no.")
    (('policy', 'number'), ('customer', 'id'), ('http', 'server', 'no'))
    """
    return tuple(fold(word) for word in _BREAKS.split(name) if word)
