"""Which kind of personal data a column holds: by the form of its values, check digits, or its name."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.persons.checksums import share_of_cards, share_of_ibans
from reverie.codecs.persons.locales import share_of_names
from reverie.codecs.wording import split_words


@dataclass(frozen=True)
class Found:
    """A kind, how sure, and why."""

    kind: str
    score: float
    reason: str


@dataclass(frozen=True)
class Form:
    """A kind that its values give away: `regex` fits nearly all of them."""

    kind: str
    regex: str
    score: float
    reason: str
    least_distinct: float = 0.0


FORMS = (
    Form("email", r"^[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}$", 0.97, "e-mail addresses"),
    Form("mac", r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$", 0.97, "network card addresses", 0.3),
    Form("ip", r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$", 0.97, "IP addresses"),
    Form("ipv6", r"^[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){3,7}$", 0.95, "IP addresses"),
    Form("url", r"^((https?|ftp)://|www\.)\S+$", 0.9, "web addresses", 0.3),
    Form("ssn", r"^\d{3}-\d{2}-\d{4}$", 0.93, "social security numbers", 0.3),
    Form(
        "phone",
        r"^(\+\d[\d\s().\-/x]{6,22}|\(\d{2,5}\)\s?[\d\s.\-/]{5,15}|\d{3}[-.]\d{3}[-.]\d{4}(x\d+)?)$",
        0.93,
        "telephone numbers",
        0.3,
    ),
)

HINTS = {
    "first_name": "first name|firstname|given name|givenname|forename|fname|vorname|prenom|nombre"
    "|primer nombre|nome|imie|voornaam|fornamn|fornavn|jmeno|etunimi|имя|名",
    "last_name": "last name|lastname|surname|family name|familyname|lname|nachname|familienname"
    "|nom de famille"
    "|apellido|apellidos|cognome|sobrenome|nazwisko|achternaam|efternamn|etternavn|prijmeni|sukunimi|soyad"
    "|фамилия|姓",
    "street": "street|street address|street name|strasse|rue|calle|rua|ulica|straat|gata|line 1|улица",
    "address": "address|addr|adresse|direccion|endereco|indirizzo|adres|adress|domicilio|anschrift"
    "|адрес|住所|地址",
    "city": "city|town|stadt|ville|ciudad|cidade|citta|comune|municipio|plaats|miasto|ort|город",
    "postcode": "postcode|post code|postal code|postalcode|zip|zip code|zipcode|plz|postleitzahl"
    "|codigo postal|code postal|cep|cap|kod pocztowy|postnummer",
    "company": "company|company name|employer|organisation|organization|firm|firma|empresa|societe|azienda"
    "|unternehmen|bedrijf",
    "username": "username|user name|login|login name|screen name|nick|nickname|handle|benutzername|usuario",
    "phone": "phone|phone no|phone number|telephone|tel|mobile|mobile number|cell|cellphone|fax|telefon"
    "|telefono|telefone|handy|numero de telephone|celular|telefoon|телефон",
    "ssn": "ssn|social security|social security number|national id|nif|dni|cpf|nino|pesel|personnummer"
    "|sozialversicherungsnummer",
    "card": "card number|credit card|credit card number|cardnumber|kartennummer|cc number",
}
_PERSONS = frozenset(
    [
        "customer",
        "client",
        "contact",
        "employee",
        "patient",
        "person",
        "user",
        "passenger",
        "member",
        "owner",
        "holder",
        "student",
        "driver",
        "guest",
        "full",
        "kunde",
        "kunden",
        "cliente",
        "beneficiary",
        "tenant",
        "applicant",
    ]
)
# Repeated or not, a house number or a telephone number leads to a person.
_TELLING = ("address", "street", "phone", "ssn")
_LETTERS = r"^[^\d\s@/\\_#<>{}()\[\]:;!?&|+=*%$]+(,? [^\d\s@/\\_#<>{}()\[\]:;!?&|+=*%$]+){0,3}$"
_COMPANY = (
    r"(?i)[, ](inc|ltd|limited|llc|gmbh|ag|kg|s\.?a\.?s?|corp|corporation|plc|sarl|s\.?p\.?a|b\.?v|oy)\.?$"
)


def share_fitting(values: pa.Array, regex: str) -> float:
    """Share of the strings that match."""
    return (pc.sum(pc.match_substring_regex(values, regex)).as_py() or 0) / max(len(values), 1)


def find_kind(name: str, values: pa.Array, distinct: float, *, text: bool) -> Found | None:
    """The kind of `values`, non-null strings of a column called `name`.

    `distinct` is the share of different values in the column; `text` is False if they were numbers when read.
    """
    hint = find_hint(name)
    rules: tuple[Callable[[], Found | None], ...] = (
        lambda: _by_checksum(values, distinct, hint),
        lambda: _by_form(values, distinct) if text else None,
        lambda: _by_hint(values, distinct, hint),
        lambda: _by_names(name, values, distinct) if text else None,
    )
    return next((found for rule in rules if (found := rule()) is not None), None)


def find_hint(name: str) -> str | None:
    """The kind that a column's name speaks of; the words for it may come last in a longer name.

    >>> find_hint("BillingPostalCode"), find_hint("customer_first_name"), find_hint("AddressChange")
    ('postcode', 'first_name', None)
    """
    words = " ".join(split_words(name))
    for kind, hints in HINTS.items():
        if any(words == hint or words.endswith(f" {hint}") for hint in hints.split("|")):
            return kind
    return None


def _by_checksum(values: pa.Array, distinct: float, hint: str | None) -> Found | None:
    if distinct > 0.3 or hint == "card":
        if share_of_cards(values) > 0.9:
            return Found("card", 0.98, "card numbers with right check digits")
        if share_of_ibans(values) > 0.9:
            return Found("iban", 0.98, "bank account numbers with right check digits")
    return None


def _by_form(values: pa.Array, distinct: float) -> Found | None:
    for form in FORMS:
        if distinct > form.least_distinct and share_fitting(values, form.regex) > 0.9:
            return Found(form.kind, form.score, f"{form.reason} by their form")
    return None


def _by_hint(values: pa.Array, distinct: float, hint: str | None) -> Found | None:
    """A name is believed if the values do not speak against it, and they are too many for a category."""
    forms = {
        "phone": r"^\D*(\d\D*){6,15}(x\d+)?$",
        "ssn": r"^[\dA-Za-z. \-]{8,16}$",
        "postcode": r"^[\dA-Za-z \-]{3,10}$",
        "username": r"^\S{2,40}$",
        "first_name": _LETTERS,
        "last_name": _LETTERS,
        "city": r"^[^\d@_]{2,60}$",
        "address": r"\pL{2,}",
        "street": r"\pL{2,}",
        "company": r"\pL{2,}",
    }
    if hint not in forms or share_fitting(values, forms[hint]) < 0.9:
        return None
    if hint in ("first_name", "last_name") and distinct <= 0.3:
        return _by_dictionary(values, hint)
    kept = hint in _TELLING and len(pc.unique(values)) >= 20 and share_fitting(values, r"\d") > 0.6
    least = 0.5 if hint in ("city", "company", "postcode") else 0.3
    what = f"{hint.replace('_', ' ')} by the column's name"
    return Found(hint, 0.92, what) if distinct > least or kept else None


def _by_dictionary(values: pa.Array, hint: str) -> Found | None:
    """Few names for many rows, or a category that is only called a name: the dictionary decides."""
    different = pc.unique(values)
    first, last = share_of_names(different)
    known = first if hint == "first_name" else last
    if len(different) < 20 or known < 0.3:
        return None
    return Found(hint, 0.92, f"{hint.replace('_', ' ')}s, {known:.0%} of them in the dictionary")


def _by_names(name: str, values: pa.Array, distinct: float) -> Found | None:
    words = split_words(name)
    called = bool(words) and words[-1] in ("name", "names")
    of_person = called and bool(_PERSONS & set(words))
    if distinct < 0.3 or len(values) < 2:
        return None
    if share_fitting(values, _COMPANY) > 0.5:
        return Found("company", 0.85, "company names by their endings")
    if share_fitting(values, _LETTERS) < 0.9:
        return None
    first, last = share_of_names(values)
    several = share_fitting(values, r"\S\s+\S")
    if several > 0.6 and (of_person or (first > 0.6 and last > 0.3) or (called and first > 0.5)):
        return Found("name", 0.92, f"names of people, {first:.0%} of first names in the dictionary")
    if several < 0.2 and max(first, last) > (0.5 if of_person else 0.85) and len(values) >= 20:
        kind = "first_name" if first >= last else "last_name"
        return Found(
            kind, 0.85, f"{kind.replace('_', ' ')}s, {max(first, last):.0%} of them in the dictionary"
        )
    return None
