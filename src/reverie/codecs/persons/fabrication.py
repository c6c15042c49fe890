"""Made-up personal data: a row's number decides its value, so that values stay unique without coordination.

E-mail and web addresses lie under example.com and its like, which belong to nobody (RFC 2606), so that no
message ever reaches a living person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reverie.codecs.permutation import make_salt, permute, scramble
from reverie.codecs.persons.checksums import add_luhn, remainder_97
from reverie.codecs.persons.pools import plain_pool, pool

_DOMAINS = pa.array(["example.com", "example.org", "example.net"])
_UNSPACED = ("ja", "zh", "ko")
_BANKS = {
    "de_DE": ("DE", "", 18),
    "fr_FR": ("FR", "", 23),
    "en_GB": ("GB", "MIDL", 14),
    "es_ES": ("ES", "", 20),
    "it_IT": ("IT", "X", 22),
    "pt_BR": ("BR", "", 23),
    "nl_NL": ("NL", "ABNA", 10),
    "pl_PL": ("PL", "", 24),
    "sv_SE": ("SE", "", 20),
    "da_DK": ("DK", "", 14),
    "no_NO": ("NO", "", 11),
    "fi_FI": ("FI", "", 14),
    "cs_CZ": ("CZ", "", 20),
    "tr_TR": ("TR", "", 22),
    "el_GR": ("GR", "", 23),
    "hu_HU": ("HU", "", 24),
}


@dataclass(frozen=True)
class Request:
    """Rows asked for, (rows,) uint64: equal numbers give equal values, in this locale and for this salt."""

    index: np.ndarray
    locale: str
    salt: int

    def pick(self, values: pa.Array, what: str) -> pa.Array:
        """A value for each row, independent of what other picks give it."""
        return values.take(
            pa.array(scramble(self.index, self.salt ^ make_salt(what)) % np.uint64(len(values)))
        )

    def spread(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Each row's place in a permutation of `size`, and how many times all places were used before."""
        cycle, place = np.divmod(self.index, np.uint64(size))
        return permute(place, size, self.salt), cycle


def fabricate(kind: str, index: np.ndarray, locale: str, name: str) -> pa.Array:
    """Strings of `kind` (a key of `MAKERS`) for the rows `index` of the column `name`."""
    return MAKERS[kind](Request(index.astype(np.uint64), locale, make_salt(name, kind)))


def _text(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers.astype(np.int64)).cast(pa.string())


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _suffix(cycle: np.ndarray, before: str = "") -> pa.Array:
    """Nothing the first time round, then 2, 3 and so on."""
    return pc.if_else(pa.array(cycle == 0), "", _join(before, _text(cycle + np.uint64(1))))


def _pair(request: Request, firsts: pa.Array, lasts: pa.Array) -> tuple[pa.Array, pa.Array, np.ndarray]:
    place, cycle = request.spread(len(firsts) * len(lasts))
    last, first = np.divmod(place, np.uint64(len(firsts)))
    return firsts.take(pa.array(first)), lasts.take(pa.array(last)), cycle


def _name(request: Request) -> pa.Array:
    parts = (pool(request.locale, part) for part in ("first_name", "last_name"))
    first, last, _ = _pair(request, *parts)
    return _join(last, first) if request.locale[:2] in _UNSPACED else _join(first, " ", last)


def _email(request: Request) -> pa.Array:
    parts = (plain_pool(request.locale, part) for part in ("first_name", "last_name"))
    first, last, cycle = _pair(request, *parts)
    return _join(first, ".", last, _suffix(cycle), "@", request.pick(_DOMAINS, "domain"))


def _username(request: Request) -> pa.Array:
    firsts = plain_pool(request.locale, "first_name")
    place, cycle = request.spread(len(firsts) * 9_000)
    number, first = np.divmod(place, np.uint64(len(firsts)))
    return _join(firsts.take(pa.array(first)), _text(number + cycle * np.uint64(9_000) + np.uint64(1_000)))


def _company(request: Request) -> pa.Array:
    companies = pool(request.locale, "company")
    place, cycle = request.spread(len(companies))
    return _join(companies.take(pa.array(place)), _suffix(cycle, " "))


def _url(request: Request) -> pa.Array:
    hosts, words = plain_pool(request.locale, "last_name"), plain_pool("en_US", "word")
    number, _ = request.spread(10**12)
    page = _join(request.pick(words, "page"), "-", _text(number))
    return _join("https://www.", request.pick(hosts, "host"), ".example/", page)


def _ip(request: Request) -> pa.Array:
    place, _ = request.spread(223 << 24)
    parts = [
        _text((place >> np.uint64(shift) & np.uint64(255)) + np.uint64(shift == 24))
        for shift in (24, 16, 8, 0)
    ]
    return pc.binary_join_element_wise(*parts, ".")


def _hexadecimal(request: Request, head: str, groups: int, width: int) -> pa.Array:
    place, _ = request.spread(1 << min(groups * width * 4, 60))
    digits = pa.array([f"{value:0{width}x}" for value in range(1 << width * 4)])
    parts = [
        digits.take(pa.array(place >> np.uint64(n * width * 4) & np.uint64((1 << width * 4) - 1)))
        for n in range(groups)
    ]
    return _join(head, pc.binary_join_element_wise(*parts, ":"))


def _mac(request: Request) -> pa.Array:
    return _hexadecimal(request, "02:", 5, 2)


def _ipv6(request: Request) -> pa.Array:
    return _hexadecimal(request, "2001:db8:0:0:0:", 3, 4)


def _as_digits(place: np.ndarray, width: int) -> np.ndarray:
    powers = np.uint64(10) ** np.arange(width - 1, -1, -1, dtype=np.uint64)
    return (place[:, None] // powers % np.uint64(10)).astype(np.int64)


def _as_strings(codes: np.ndarray) -> pa.Array:
    return pa.array(np.ascontiguousarray(codes.astype(np.uint8)).view(f"S{codes.shape[1]}").ravel()).cast(
        pa.string()
    )


def _card(request: Request) -> pa.Array:
    place, _ = request.spread(10**14)
    head = np.full((len(place), 1), 4, dtype=np.int64)
    return _as_strings(add_luhn(np.hstack([head, _as_digits(place, 14)])) + 48)


def _iban(request: Request) -> pa.Array:
    country, bank, width = _BANKS.get(request.locale, _BANKS["de_DE"])
    place, _ = request.spread(10 ** min(width, 18))
    digits = (
        np.hstack([np.zeros((len(place), max(width - 18, 0)), np.int64), _as_digits(place, min(width, 18))])
        + 48
    )
    fixed = np.tile(np.frombuffer(bank.encode(), dtype=np.uint8), (len(place), 1))
    nation = np.tile(np.frombuffer(country.encode(), dtype=np.uint8), (len(place), 1))
    account = np.hstack([fixed, digits])
    check = 98 - remainder_97(np.hstack([account, nation, np.full((len(place), 2), 48)]))
    return _as_strings(np.hstack([nation, np.column_stack([check // 10, check % 10]) + 48, account]))


def _draw_on(part: str) -> Callable[[Request], pa.Array]:
    return lambda request: request.pick(pool(request.locale, part), part)


def _renumber(part: str, most: int, spare: int = 0) -> Callable[[Request], pa.Array]:
    """Faker's forms with new digits: the last `most` of each, but never the first `spare` (the area)."""

    def make(request: Request) -> pa.Array:
        forms = pool(request.locale, part).to_numpy(zero_copy_only=False).astype(str)
        width = forms.dtype.itemsize // 4
        signs = forms.view(np.uint32).reshape(len(forms), width)
        is_digit = (signs >= 48) & (signs < 58)
        from_right = is_digit[:, ::-1].cumsum(axis=1)[:, ::-1] - 1
        many = is_digit.sum(axis=1, keepdims=True)
        free = is_digit & (from_right < np.minimum(many - spare, most))
        leads = free & ~np.pad(is_digit, ((0, 0), (1, 0)))[:, :-1] & (many > 1)
        chosen = (scramble(request.index, request.salt + 1) % np.uint64(len(forms))).astype(np.int64)
        certain = max(1, int(free.sum(axis=1).min()))
        place, _ = request.spread(10**certain)
        others = scramble(request.index, request.salt + 2) % np.uint64(10 ** (18 - certain))
        fill = place + others * np.uint64(10**certain)
        digit = (
            fill[:, None]
            // np.uint64(10) ** np.clip(from_right[chosen], 0, 15).astype(np.uint64)
            % np.uint64(10)
        )
        digit = np.where(leads[chosen] & (digit == 0), 1, digit) if not spare else digit
        made = np.where(free[chosen], digit.astype(np.uint32) + 48, signs[chosen])
        return pa.array(np.ascontiguousarray(made.astype(np.uint32)).view(f"U{width}").ravel())

    return make


MAKERS: Mapping[str, Callable[[Request], pa.Array]] = {
    "name": _name,
    "first_name": _draw_on("first_name"),
    "last_name": _draw_on("last_name"),
    "email": _email,
    "username": _username,
    "phone": _renumber("phone_number", 7, 3),
    "address": _renumber("address", 12),
    "street": _renumber("street_address", 12),
    "city": _draw_on("city"),
    "postcode": _renumber("postcode", 9),
    "company": _company,
    "card": _card,
    "iban": _iban,
    "ssn": _renumber("ssn", 7, 2),
    "url": _url,
    "ip": _ip,
    "ipv6": _ipv6,
    "mac": _mac,
}
"""Kind -> what makes it."""
