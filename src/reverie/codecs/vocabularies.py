"""Well-known levels that have an order: sizes, grades of agreement, months, weekdays."""

import pyarrow as pa

_ORDERS = (
    "very low|low|medium|high|very high",
    "very low|low|moderate|high|very high|critical",
    "low|med|high",
    "none|low|medium|high|critical",
    "info|debug|warning|error|critical|fatal",
    "very small|small|medium|large|very large",
    "xxs|xs|s|m|l|xl|xxl|xxxl",
    "very bad|bad|poor|fair|average|good|very good|excellent",
    "terrible|poor|average|good|excellent",
    "strongly disagree|disagree|neutral|agree|strongly agree",
    "very dissatisfied|dissatisfied|neutral|satisfied|very satisfied",
    "never|rarely|sometimes|often|always",
    "bronze|silver|gold|platinum|diamond",
    "first|second|third|fourth|fifth",
    "q1|q2|q3|q4",
    "jan|feb|mar|apr|may|june|jul|aug|sep|oct|nov|dec",
    "jan|feb|mar|apr|may|jun|jul|aug|sept|oct|nov|dec",
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec",
    "january|february|march|april|may|june|july|august|september|october|november|december",
    "mon|tue|wed|thu|fri|sat|sun",
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
)
_MOST = 12


def find_order(levels: pa.Array) -> list[str] | None:
    """The text `levels` from low to high, if at least three of them are all of one well-known scale."""
    if not 3 <= len(levels) <= _MOST:
        return None
    named = {level.strip().lower(): level for level in levels.to_pylist()}
    for order in _ORDERS:
        ranks = order.split("|")
        if len(named) == len(levels) and named.keys() <= set(ranks):
            return [named[rank] for rank in ranks if rank in named]
    return None
