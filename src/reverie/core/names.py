"""What to say of a name that is not among those there are."""

import difflib
from collections.abc import Iterable

MOST_SHOWN = 12


def meant(name: str, names: Iterable[str]) -> str:
    """A question after the one name that comes closest, "" if none does.

    >>> meant("intager", ["integer", "text"])
    "Did you mean 'integer'? "
    """
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"Did you mean '{near[0]}'? " if near else ""


def hint(name: str, names: Iterable[str], *, kind: str = "Columns") -> str:
    """The names that come close to `name`, whatever their case, or else the first of all.

    >>> hint("AGE", ["age", "pages", "city"])
    'Did you mean: age?'
    >>> hint("height", ["age", "city"])
    'Columns are: age, city'
    """
    names = list(names)
    folded = [one.casefold() for one in names]
    same = [one for one in names if one.casefold() == name.casefold()]
    near = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)
    if close := same or [names[folded.index(one)] for one in dict.fromkeys(near)]:
        return f"Did you mean: {', '.join(close)}?"
    more = ", ..." if len(names) > MOST_SHOWN else ""
    return f"{kind} are: {', '.join(names[:MOST_SHOWN])}{more}"
