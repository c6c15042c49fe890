"""Names of people by country, from Faker's dictionaries, and the locale that a column speaks of."""

import importlib
from collections import Counter
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.wording import fold

# The first of equals wins.
LOCALES = (
    *(
        "en_US",
        "en_GB",
        "de_DE",
        "fr_FR",
        "es_ES",
        "it_IT",
        "pt_BR",
        "nl_NL",
        "pl_PL",
        "sv_SE",
        "da_DK",
        "no_NO",
    ),
    *(
        "fi_FI",
        "cs_CZ",
        "tr_TR",
        "ru_RU",
        "uk_UA",
        "ja_JP",
        "zh_CN",
        "ko_KR",
        "en_IN",
        "el_GR",
        "hu_HU",
        "ro_RO",
    ),
)
_CALLING = {
    "1": "en_US",
    "44": "en_GB",
    "49": "de_DE",
    "33": "fr_FR",
    "34": "es_ES",
    "39": "it_IT",
    "55": "pt_BR",
    "31": "nl_NL",
    "48": "pl_PL",
    "46": "sv_SE",
    "45": "da_DK",
    "47": "no_NO",
    "358": "fi_FI",
    "420": "cs_CZ",
    "90": "tr_TR",
    "7": "ru_RU",
    "380": "uk_UA",
    "81": "ja_JP",
    "86": "zh_CN",
    "82": "ko_KR",
    "91": "en_IN",
    "30": "el_GR",
    "36": "hu_HU",
    "40": "ro_RO",
}
_DOMAINS = {locale[3:].lower(): locale for locale in LOCALES if locale != "en_US"} | {"uk": "en_GB"}
_SCRIPTS = {
    "ja_JP": r"[\x{3040}-\x{30FF}]",
    "ko_KR": r"[\x{AC00}-\x{D7AF}]",
    "zh_CN": r"[\x{4E00}-\x{9FFF}]",
    "uk_UA": r"[іїєґ]",
    "ru_RU": r"[а-яА-Я]",
    "el_GR": r"[α-ωΑ-Ω]",
}
_STREETS = {
    "en_US": r"(?i)^\d+.*\b(street|st|avenue|ave|road|rd|drive|dr|lane|ln|blvd|court|ct|way|parkway)\b",
    "de_DE": r"(?i)(stra(ß|ss)e|str\.|platz|weg|allee|gasse)\b",
    "fr_FR": r"(?i)\b(rue|avenue|boulevard|chemin|impasse)\b (de|du|des|d'|\pL)",
    "es_ES": r"(?i)\b(calle|avda|avenida|plaza|paseo|pasaje)\b",
    "it_IT": r"(?i)\b(via|viale|piazza|corso|strada|borgo|vicolo)\b",
    "pt_BR": r"(?i)\b(rua|av\.|travessa|alameda|praça)",
    "nl_NL": r"(?i)(straat|laan|gracht|dreef|plein)\b",
    "pl_PL": r"(?i)\b(ul\.|ulica|aleja|plac)",
}


@cache
def names_of(locale: str) -> tuple[frozenset[str], frozenset[str]]:
    """First and last names of a locale, folded."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider

    def listed(part: str) -> frozenset[str]:
        lists = [getattr(provider, name) for name in dir(provider) if part in name]
        words = {word for found in lists if not callable(found) for word in found if isinstance(word, str)}
        return frozenset(fold(word) for word in words if len(word) > 1 or not word.isascii())

    return listed("first_name"), listed("last_name")


@cache
def _all_names() -> tuple[pa.Array, pa.Array]:
    first, last = (
        sorted(frozenset().union(*(names_of(locale)[place] for locale in LOCALES))) for place in (0, 1)
    )
    return pa.array(first), pa.array(last)


def _end_words(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """First and last word of each string, folded; "Last, First" is turned around."""
    ordered = pc.replace_substring_regex(values, r"^([^,]+),\s*(.+)$", r"\2 \1")
    plain = pa.array([fold(value) for value in pc.utf8_trim_whitespace(ordered).to_pylist()], pa.string())
    return pc.replace_substring_regex(plain, r"\s.*$", ""), pc.replace_substring_regex(plain, r"^.*\s", "")


def share_of_names(values: pa.Array) -> tuple[float, float]:
    """Shares of the strings whose first word is a first name, and whose last word is a last name."""
    shares = [
        pc.mean(pc.is_in(words, known)).as_py()
        for words, known in zip(_end_words(values), _all_names(), strict=True)
    ]
    return shares[0] or 0.0, shares[1] or 0.0


def find_locale(kind: str, values: pa.Array) -> str | None:
    """The locale that most of the strings point to, or None."""
    for locale, script in _SCRIPTS.items():
        if (pc.mean(pc.match_substring_regex(values, script)).as_py() or 0) > 0.3:
            return "ja_JP" if locale == "zh_CN" and _share_of_japanese(values) > 0.2 else locale
    finders = {
        "phone": _by_calling_code,
        "email": _by_domain,
        "url": _by_domain,
        "address": _by_street,
        "street": _by_street,
        "iban": _by_bank,
        **dict.fromkeys(("name", "first_name", "last_name"), _by_names),
    }
    return finders[kind](values) if kind in finders else None


def _share_of_japanese(values: pa.Array) -> float:
    """Japanese names are written in Chinese characters too; their family names tell them apart."""
    families = "|".join(name for name in sorted(names_of("ja_JP")[1]) if not name.isascii())
    return pc.mean(pc.match_substring_regex(values, f"^({families})")).as_py() or 0.0


def _most(found: list[str | None], least: float = 0.5) -> str | None:
    counted = Counter(found).most_common(1)
    return counted[0][0] if counted and counted[0][1] > least * len(found) else None


def _by_calling_code(values: pa.Array) -> str | None:
    digits = pc.replace_substring_regex(values, r"[^\d+]", "").to_pylist()
    codes = [
        next((_CALLING[d[1:n]] for n in (4, 3, 2) if d[1:n] in _CALLING), None)
        for d in digits
        if d[:1] == "+"
    ]
    return _most(codes) if len(codes) > 0.5 * len(digits) else None


def _by_domain(values: pa.Array) -> str | None:
    ends = pc.struct_field(
        pc.extract_regex(values, r"(?:@|://|^www\.)[^/:]*\.(?P<top>[A-Za-z]{2,})(?:[:/]|$)"), "top"
    )
    return _most([_DOMAINS.get((end or "").lower()) for end in ends.to_pylist()])


def _by_street(values: pa.Array) -> str | None:
    shares = {
        locale: pc.mean(pc.match_substring_regex(values, words)).as_py() or 0
        for locale, words in _STREETS.items()
    }
    best = max(shares, key=lambda locale: shares[locale])
    return best if shares[best] > 0.3 else None


def _by_bank(values: pa.Array) -> str | None:
    return _most(
        [_DOMAINS.get(country.lower()) for country in pc.utf8_slice_codeunits(values, 0, 2).to_pylist()]
    )


def _by_names(values: pa.Array) -> str | None:
    """The locale with the most of the names, long dictionaries discounted."""
    first, last = (set(words.to_pylist()) for words in _end_words(values))
    scores = []
    for locale in LOCALES:
        givens, families = names_of(locale)
        hits = len(first & givens) + len(last & families)
        scores.append(hits / np.sqrt(len(givens) + len(families)))
    best = int(np.argmax(scores))
    return LOCALES[best] if scores[best] > 0 else None
