"""Numbers as people write them: marks for thousands and decimals, currencies, per cent, and signs.

How a column writes its numbers is told by how it would write 1234.56789, which is its format: '1.234,56 €'.
Decimal places that zeros at the end do without are '#' ('1234,5#'); what follows a ';' is how -1234.56789 is
written, where that is not a '-' before it all.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

_PLACES = "56789012345678"
_SPACES = "\u00a0\u2009\u202f"
_MONEY = (
    r"\p{Sc}|[A-Z]{1,2}\$|kr\.?|Fr\.?|zł|Kč|Ft|lei|лв\.?|руб\.?|"
    r"EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BRL|MXN|ZAR|TRY|KRW"
)
_PARTS = (
    rf"^(?P<open>\(?)(?P<first>-?)(?P<prefix>(?:(?:{_MONEY}) ?)?)(?P<second>-?)"
    rf"(?P<body>[0-9][0-9.,' ]*[0-9]|[0-9])(?P<suffix>(?: ?(?:{_MONEY}|%|‰))?)(?P<last>-?)(?P<close>\)?)$"
)
_SIGNS = (("(", "", "", "", ")"), ("", "-", "", "", ""), ("", "", "-", "", ""), ("", "", "", "-", ""))
_FORMAT = re.compile(
    r"(?P<prefix>[^0-9]*)1(?P<group>[^0-9]?)234(?:(?P<mark>[.,])(?P<fixed>[0-9]*)(?P<free>#*))?(?P<suffix>[^0-9#]*)"
)
_WHOLE = 18
_FIRST_LOOK = 100
_CODE = 9


@dataclass(frozen=True)
class Numeral:
    """How numbers are written: affixes of positive and of negative ones, the marks for thousands and
    decimals ("" for none), and how many places there are at `least` and at `most`.
    """

    positive: tuple[str, str] = ("", "")
    negative: tuple[str, str] = ("-", "")
    group: str = ""
    mark: str = ""
    least: int = 0
    most: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """The numeral of a format.

        Raises ValueError if it is none.

        >>> Numeral.of("$1,234.56;($1,234.56)").negative
        ('($', ')')
        """
        first, _, second = text.partition(";")
        found, other = _FORMAT.fullmatch(first), _FORMAT.fullmatch(second)
        if not found or (second and not other):
            raise ValueError("no format of numbers")
        prefix, suffix, fixed = found["prefix"], found["suffix"], len(found["fixed"] or "")
        negative = (other["prefix"], other["suffix"]) if other else (f"-{prefix}", suffix)
        most = fixed + len(found["free"] or "")
        mark = (found["mark"] or "") if most else ""
        if mark and mark == found["group"]:
            raise ValueError("no format of numbers")
        return cls((prefix, suffix), negative, found["group"], mark, fixed, most)

    @property
    def format(self) -> str:
        """What `of` reads back."""
        places = _PLACES[: self.least] + "#" * (self.most - self.least)
        body = f"1{self.group}234{self.mark}{places}"
        positive, negative = (body.join(affixes) for affixes in (self.positive, self.negative))
        return positive if negative == f"-{positive}" else f"{positive};{negative}"

    @property
    def plain(self) -> bool:
        """Whether any program reads numbers written so."""
        return self == Numeral(mark=self.mark, least=self.least, most=self.most) and self.mark != ","

    def read(self, texts: pa.Array) -> pa.Array:
        """Numbers, int64 without places and else float64; null where a text is not written so.

        Thousands may also go without their mark.
        """
        seen, body = _simplify(texts), self._body()
        positive, negative = (
            rf"^{_escape(prefix)}({body}){_escape(suffix)}$"
            for prefix, suffix in (self.positive, self.negative)
        )
        below = pc.match_substring_regex(seen, negative)
        fits = pc.or_(below, pc.match_substring_regex(seen, positive))
        seen = pc.if_else(fits, seen, pa.scalar(None, pa.string()))
        digits = pc.replace_substring_regex(seen, positive, r"\1")
        digits = pc.if_else(below, pc.replace_substring_regex(seen, negative, r"\1"), digits)
        if self.group:
            digits = pc.replace_substring(digits, _simple(self.group), "")
        if self.mark:
            digits = pc.replace_substring(digits, self.mark, ".")
        numbers = digits.cast(pa.float64() if self.most else pa.int64())
        return pc.if_else(below, pc.negate(numbers), numbers)

    def write(self, numbers: pa.Array) -> pa.Array:
        """The numbers as texts, rounded to the places there are at most."""
        encoded = numbers.dictionary_encode()
        texts = [self._spell(value) for value in encoded.dictionary.to_pylist()]
        return pa.array(texts, pa.string()).take(encoded.indices)

    def _spell(self, value: Any) -> str:
        text = f"{abs(value):,.{self.most}f}"
        below = value < 0 and any(digit in "123456789" for digit in text)
        whole, _, places = text.partition(".")
        kept = places[: self.least] + places[self.least :].rstrip("0")
        body = whole.replace(",", self.group) + (self.mark + kept if kept else "")
        return body.join(self.negative if below else self.positive)

    def _body(self) -> str:
        """A regular expression of the digits with their marks."""
        grouped = rf"[0-9]{{1,3}}(?:{_escape(self.group)}[0-9]{{3}})+|" if self.group else ""
        return rf"(?:{grouped}[0-9]{{1,{_WHOLE}}})" + (rf"(?:[{self.mark}][0-9]+)?" if self.mark else "")


@dataclass(frozen=True)
class Found:
    """A numeral, and what may be wrong with it: the mark that was taken for that of thousands could also be
    that of decimals, as `other` has it.
    """

    numeral: Numeral
    other: Numeral | None = None


def find_numeral(texts: pa.Array) -> Found | None:
    """How all texts (no nulls) write numbers; None if they are no numbers, or plain ones."""
    first = _simplify(texts.slice(0, _FIRST_LOOK))
    if not len(first) or pc.extract_regex(first, _PARTS).null_count:
        return None
    distinct = pc.unique(texts.cast(pa.string()))
    parts = pc.extract_regex(_simplify(distinct), _PARTS)
    if parts.null_count:
        return None
    affixes = [pc.unique(parts.field(name)).to_pylist() for name in ("prefix", "suffix")]
    signs = _find_signs(parts)
    marks = _find_marks(parts.field("body"), percent="%" in affixes[1][0])
    if any(len(one) > 1 for one in affixes) or signs is None or marks is None:
        return None
    (group, mark), (other_group, other_mark) = marks[0], marks[-1]
    positive = (affixes[0][0], affixes[1][0])
    (opening, before, after, behind, closing), (prefix, suffix) = signs, positive
    shape = Numeral(positive, (opening + before + prefix + after, suffix + behind + closing))
    found = _with_places(shape, parts.field("body"), group, mark)
    if found.plain or _may_be_code(found, parts.field("body")):
        return None
    other = _with_places(shape, parts.field("body"), other_group, other_mark) if len(marks) > 1 else None
    return Found(_as_written(found, distinct), other)


def _find_signs(parts: pa.StructArray) -> tuple[str, ...] | None:
    """What stands around negative numbers, the same in all of them; None if it is not."""
    names = ("open", "first", "second", "last", "close")
    seen = set(zip(*(parts.field(name).to_pylist() for name in names), strict=True)) - {("",) * 5}
    signs = seen.pop() if seen else _SIGNS[1]
    return None if seen or signs not in _SIGNS else signs


def _find_marks(bodies: pa.Array, *, percent: bool) -> list[tuple[str, str]] | None:
    """The marks of thousands and of decimals, with a second reading if there is one; None if there are
    none.
    """
    found = {mark for mark in ".,' " if pc.any(pc.match_substring(bodies, mark)).as_py()}
    readings = [("", "")] if not found else [
        (group, mark)
        for group in ("", *sorted(found))
        for mark in ("", *sorted(found & set(".,") - {group}))
        if found == {group, mark} - {""}
    ]  # fmt: skip
    fits = [pair for pair in readings if _fits(bodies, *pair)]
    if len(fits) < 2:
        return fits or None
    # One mark, and three digits after each: that of thousands, unless thousands go without it elsewhere.
    decimal, thousands = sorted(fits, key=lambda pair: pair[0])
    bare = pc.any(pc.match_substring_regex(bodies, r"^[0-9]{4,}$")).as_py()
    return [decimal] if percent or bare else [thousands, decimal]


def _fits(bodies: pa.Array, group: str, mark: str) -> bool:
    """Whether all numbers can be read with these marks; leading zeros make a code, not a number."""
    grouped = rf"[1-9][0-9]{{0,2}}(?:[{group}][0-9]{{3}})+|" if group else ""
    places = rf"(?:[{mark}][0-9]{{1,{len(_PLACES)}}})?" if mark else ""
    shape = rf"^(?:{grouped}0|[1-9][0-9]{{0,{_WHOLE - 1}}}){places}$"
    return pc.all(pc.match_substring_regex(bodies, shape)).as_py()


def _with_places(shape: Numeral, bodies: pa.Array, group: str, mark: str) -> Numeral:
    if not mark:
        return Numeral(shape.positive, shape.negative, group)
    ends = pc.replace_substring_regex(bodies, rf"^[^{mark}]*[{mark}]?", "")
    ends = pc.min_max(pc.utf8_length(ends)).as_py()
    return Numeral(shape.positive, shape.negative, group, mark, ends["min"], ends["max"])


def _may_be_code(numeral: Numeral, bodies: pa.Array) -> bool:
    """Whether groups of digits, all of one length, may as well be telephone numbers or the like."""
    if numeral.group not in (" ", "'", ".") or numeral.mark or numeral.positive != ("", ""):
        return False
    ends = pc.min_max(pc.utf8_length(pc.replace_substring_regex(bodies, "[^0-9]", ""))).as_py()
    return ends["min"] == ends["max"] >= _CODE


def _as_written(numeral: Numeral, texts: pa.Array) -> Numeral:
    """The numeral with the spaces and apostrophes that the texts have where it has plain ones."""

    def written(part: str) -> str:
        for simple, others in ((" ", _SPACES), ("'", "’"), ("-", "−")):
            for other in others if simple in part else "":
                if pc.any(pc.match_substring(texts, other)).as_py():
                    part = part.replace(simple, other)
        return part

    positive, negative = (
        (written(prefix), written(suffix)) for prefix, suffix in (numeral.positive, numeral.negative)
    )
    return replace(numeral, positive=positive, negative=negative, group=written(numeral.group))


def _simplify(texts: pa.Array) -> pa.Array:
    """Texts with plain spaces, apostrophes and minus signs, and nothing around."""
    seen = pc.replace_substring_regex(texts.cast(pa.string()), f"[{_SPACES}]", " ")
    return pc.utf8_trim_whitespace(pc.replace_substring(pc.replace_substring(seen, "’", "'"), "−", "-"))


def _simple(text: str) -> str:
    return _simplify(pa.array([f"|{text}|"]))[0].as_py()[1:-1]


def _escape(text: str) -> str:
    return re.sub(r"([][.^$*+?(){}|\\])", r"\\\1", _simple(text))
