"""Conditions as users write them, on the command line and in Python, turned into `codecs.base.Condition`."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from reverie.codecs.base import Condition
from reverie.core.errors import ConditionError, ConfigError
from reverie.core.names import hint
from reverie.io.sounds import is_heard
from reverie.sampling.matching import meets, typed

__all__ = [
    "Wanted",
    "at_least",
    "at_most",
    "between",
    "from_given",
    "meets",
    "missing",
    "not_",
    "one_of",
    "parse",
    "present",
    "typed",
]

_FIX = "Write a column, then one of = != < <= > >= in, not in, between, is: 'age>=65', 'end is missing'"
_TAKES = "Give a dict of columns and what is wanted, a list of texts such as 'age>=65', or a table"
_BRACES = {"{": "}", "(": ")", "[": "]"}
_AND = re.compile(r"\sand\s|\s&&?\s", re.IGNORECASE)
_OPERATOR = re.compile(r"[<>=!≤≥≠]|\s(?:in|not|is|between|starts|begins)\b")
_SUFFIX = re.compile(r"\.[A-Za-z]\w*$")
MOST_WORDS = 3
"""Values of a set that are shown."""
PROMPT = "prompt"
"""What is given as if it were a column to say how a text begins, where no column is called so."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a column, before it is said of which one. Made by `between`, `one_of`, `missing` and
    so on.
    """

    values: tuple[Any, ...] | None = None
    negate: bool = False
    low: Any = None
    high: Any = None
    strict_low: bool = False
    strict_high: bool = False
    missing: bool | None = None
    begins: str | None = None

    def on(self, column: str) -> Condition:
        """This wish as a condition on `column`."""
        return Condition(column=column, **vars(self))


def between(low: Any, high: Any) -> Wanted:
    """From `low` to `high`, both included; None leaves a side open. Raises ConditionError if the interval is
    empty.
    """
    if low is None and high is None:
        raise ConditionError("both ends are open", where="between", fix="Give at least one of low and high")
    if low is not None and high is not None and _above(low, high):
        raise ConditionError("low is above high", where="between", fix="Swap the two")
    return Wanted(low=low, high=high)


def at_least(low: Any) -> Wanted:
    """`low` or more."""
    return between(low, None)


def at_most(high: Any) -> Wanted:
    """`high` or less."""
    return between(None, high)


def one_of(*values: Any) -> Wanted:
    """Any of `values`. Raises ConditionError if there are none, or if missing is among them."""
    if not values or any(_is_missing(value) for value in values):
        raise ConditionError(
            "an empty set of values, or one with a missing value",
            where="one_of",
            fix="Name values; for a missing one use missing()",
        )
    return Wanted(values=tuple(_plain(value) for value in values))


def missing() -> Wanted:
    """No value."""
    return Wanted(missing=True)


def present() -> Wanted:
    """Any value at all."""
    return Wanted(missing=False)


def not_(wanted: Any) -> Wanted:
    """The opposite of a value, a set of values, a missing value or a one-sided interval.

    Raises ConditionError for an interval with two ends, whose opposite is two intervals.
    """
    wish = _wanted(wanted)
    if wish.values is not None:
        return replace(wish, negate=not wish.negate)
    if wish.missing is not None:
        return replace(wish, missing=not wish.missing)
    if wish.low is None:
        return Wanted(low=wish.high, strict_low=not wish.strict_high)
    if wish.high is None:
        return Wanted(high=wish.low, strict_high=not wish.strict_low)
    raise ConditionError(
        "the opposite of an interval is two intervals",
        where="not_",
        fix="Ask for the two one after the other",
    )


def from_given(given: Mapping[str, Any], columns: Sequence[str]) -> list[Condition]:
    """Conditions from a mapping: a value means equal, a list or set any of, None missing, or a wish such as
    `between`.

    Raises ConditionError for an unknown column, naming the nearest ones.
    """
    for name in given:
        _known(str(name), _with_prompt(columns), where="given", shown=columns)
    return [_read_prompt(_wanted(wish).on(name), columns) for name, wish in given.items()]


def read_given(given: Any, columns: Sequence[str]) -> list[Condition] | None:
    """The conditions that `given` says, in a mapping or a list, or None if it is a table or names one.

    A list may hold conditions and their texts. Raises ConditionError or, for what is no condition,
    ConfigError.
    """
    if isinstance(given, Mapping) and not isinstance(given, pa.Table):
        return from_given(given, columns)
    if isinstance(given, str) and _OPERATOR.search(given) and not _SUFFIX.search(given):
        raise _no_given("is the text of a condition", f'Write it in a list: given=["{given}"]')
    if not isinstance(given, Sequence) or isinstance(given, str):
        return None
    if any(not isinstance(one, str | Condition) for one in given):
        raise _no_given("is a list of something else than conditions", _TAKES)
    return [parse(one, columns, where="given") if isinstance(one, str) else one for one in given]


def parse(text: str, columns: Sequence[str], *, where: str = "--given") -> Condition:
    """One condition as written on the command line; the longest column name that fits wins, then the
    operator.

    Raises ConditionError if no column fits or the rest cannot be read.

    >>> parse("income=>50K", ["income"]).values
    ('>50K',)
    >>> parse("age = 30..40", ["age"]).low
    '30'
    """
    stripped = text.strip()
    try:
        found = _read(stripped, columns)
    except ConditionError as error:
        raise ConditionError(error.what, where=f"{where} '{stripped}'", fix=error.fix) from None
    both = [(stripped[: at.start()], stripped[at.end() :]) for at in _AND.finditer(stripped)]
    if any(_reads(left, columns) and _reads(right, columns) for left, right in both):
        what, fix = (
            "asks two things at once",
            f"Give them apart: {where} once for each; all of them must hold",
        )
        raise ConditionError(what, where=f"{where} '{stripped}'", fix=fix)
    if found is not None:
        return found
    head, *operator = _OPERATOR.split(stripped, maxsplit=1)
    if operator or not any(_after_name(stripped, name) for name in columns):
        _known(head.strip().strip("\"'`"), columns, where=f"{where} '{stripped}'")
    raise ConditionError("cannot be read", where=f"{where} '{stripped}'", fix=_FIX)


def _read(text: str, columns: Sequence[str]) -> Condition | None:
    for name in sorted(_with_prompt(columns), key=len, reverse=True):
        for rest in _after_name(text, name):
            wish = _read_rest(rest)
            if wish is not None:
                return _read_prompt(wish.on(name), columns)
    return None


def _with_prompt(columns: Sequence[str]) -> Sequence[str]:
    return columns if PROMPT in columns else (*columns, PROMPT)


def _read_prompt(condition: Condition, columns: Sequence[str]) -> Condition:
    """The condition, what a prompt equals being what a text begins with. Raises ConditionError for others."""
    if condition.column != PROMPT or PROMPT in columns:
        return condition
    values = condition.values or ((condition.begins,) if condition.begins else ())
    if len(values) != 1 or condition.negate or not isinstance(values[0], str):
        raise ConditionError("is no beginning of a text", where=PROMPT, fix="Write for example prompt='Once'")
    return Condition(PROMPT, begins=values[0])


def _reads(text: str, columns: Sequence[str]) -> bool:
    try:
        return _read(text.strip(), columns) is not None
    except ConditionError:
        return True


def words(condition: Condition) -> str:
    """The condition as it would be written, shortened if it names many values.

    >>> words(parse("age=30..40", ["age"]))
    'age between 30 and 40'
    """
    if condition.begins is not None:
        return f"{condition.column} starts with {condition.begins}"
    if condition.missing is not None:
        return f"{condition.column} is {'missing' if condition.missing else 'present'}"
    if condition.values is not None and len(condition.values) == 1:
        return f"{condition.column}{'!=' if condition.negate else '='}{condition.values[0]}"
    if condition.values is not None:
        shown = [str(value) for value in condition.values[:MOST_WORDS]]
        shown += ["..."] if len(condition.values) > MOST_WORDS else []
        return f"{condition.column} {'not ' * condition.negate}in {{{','.join(shown)}}}"
    if condition.low is not None and condition.high is not None:
        return f"{condition.column} between {condition.low} and {condition.high}"
    if condition.low is None:
        return f"{condition.column}{'<' if condition.strict_high else '<='}{condition.high}"
    return f"{condition.column}{'>' if condition.strict_low else '>='}{condition.low}"


def _after_name(text: str, name: str) -> list[str]:
    spellings = [name, *(f"{quote}{name}{quote}" for quote in "\"'`")]
    return [text[len(spelled) :] for spelled in spellings if text.startswith(spelled)]


def _read_rest(rest: str) -> Wanted | None:
    for pattern, read in _FORMS:
        found = re.fullmatch(pattern, rest, flags=re.IGNORECASE | re.DOTALL)
        if found:
            return read(*(group or "" for group in found.groups()))
    return None


def _read_missing(negated: str, word: str) -> Wanted:
    absent = word.lower() in ("missing", "null", "empty")
    return Wanted(missing=absent != bool(negated))


def _read_set(negated: str, inner: str) -> Wanted:
    inner = inner.strip()
    if inner[:1] in _BRACES:
        if len(inner) == 1 or inner[-1] != _BRACES[inner[0]]:
            what = f"'{inner[0]}' is not closed by '{_BRACES[inner[0]]}'"
            raise ConditionError(what, fix="Write for example 'city in {Rome,Oslo}'")
        inner = inner[1:-1]
    quote = "'" if re.match(r"\s*'", inner) else '"'
    values = next(csv.reader([inner], quotechar=quote, skipinitialspace=True), [])
    values = [value.strip() for value in values if value.strip()]
    if not values:
        fix = "Write for example 'city in {Rome,Oslo}', or 'city is missing' for no value"
        raise ConditionError("names no value", fix=fix)
    wish = one_of(*values)
    return not_(wish) if negated else wish


def _read_comparison(operator: str, value: str) -> Wanted:
    value = value.strip()
    span = re.fullmatch(r"(\S.*?)\s*\.\.\s*(\S.*)", value)
    if operator in ("=", "==") and span and all(_is_bound(end) for end in span.groups()):
        return between(*span.groups())
    bare = _unquoted(value)
    return {
        "=": lambda: one_of(bare),
        "==": lambda: one_of(bare),
        "!=": lambda: not_(bare),
        "≠": lambda: not_(bare),
        "<": lambda: Wanted(high=bare, strict_high=True),
        ">": lambda: Wanted(low=bare, strict_low=True),
        "<=": lambda: at_most(bare),
        "≤": lambda: at_most(bare),
        ">=": lambda: at_least(bare),
        "≥": lambda: at_least(bare),
    }[operator]()


def _read_between(low: str, high: str) -> Wanted:
    return between(_unquoted(low.strip()), _unquoted(high.strip()))


_FORMS: tuple[tuple[str, Callable[..., Wanted]], ...] = (
    (r"\s+is\s+(not\s+)?(missing|null|empty|present)\s*", _read_missing),
    (r"\s+(?:starts|begins)\s+with\s+(.+)", lambda text: Wanted(begins=_unquoted(text))),
    (r"\s+(not\s+)?in(?:\s+|(?=[{(\[]))(.+)", _read_set),
    (r"\s+between\s+(.+?)\s+and\s+(.+)", _read_between),
    (r"\s*(?>(<=|>=|==|!=|[=<>≤≥≠]))(.*\S.*)", _read_comparison),
)


def _no_given(what: str, fix: str) -> ConfigError:
    return ConfigError(what, where="given", fix=fix)


def _wanted(value: Any) -> Wanted:
    if isinstance(value, Wanted):
        return value
    if isinstance(value, set | frozenset):
        return one_of(*sorted(value, key=repr))
    if is_heard(value):
        return one_of(value)
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return one_of(*value)
    return missing() if _is_missing(value) else one_of(value)


def _known(name: str, columns: Sequence[str], *, where: str, shown: Sequence[str] | None = None) -> None:
    if name in columns:
        return
    raise ConditionError(f"no column '{name}'", where=where, fix=hint(name, shown or columns))


def _is_missing(value: Any) -> bool:
    return value is None or (np.isscalar(value) and bool(value != value))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _is_bound(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?|\d{4}-\d\d(-\d\d.*)?", text) is not None


def _above(low: Any, high: Any) -> bool:
    try:
        return float(low) > float(high)
    except (TypeError, ValueError):
        pass
    try:
        return bool(low > high)
    except TypeError:
        return False
