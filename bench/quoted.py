"""Published figures of systems that need hours of a GPU, so are quoted and not run here."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from points import Point

DATA = "adult"
_TABLES = (
    "published for Adult in Shi et al., TabDiff (ICLR 2025, arXiv 2410.20626), read in tables 6 and 7 of the "
    "TabDLM paper; learned from the authors' own split and not from the half used here"
)


@dataclass(frozen=True)
class Quoted:
    """A row of figures, keyed as the judge's, with the minutes on a GPU and where all of them are from."""

    system: str
    source: str
    minutes: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


ROWS = (
    Quoted("TabDDPM, quoted", _TABLES, None, {"shape_err": 1.75, "trend_err": 3.01}),
    Quoted("TabSyn, quoted", _TABLES, None, {"shape_err": 0.81, "trend_err": 1.93}),
    Quoted(
        "TabSyn, its published sample judged here",
        "the sample that its authors published (Zhang et al., ICLR 2024, arXiv 2310.09656), judged once by "
        "the judge of the other rows; the time is theirs",
        85,
        {
            "shape_err": 0.77, "trend_err": 1.85, "c2st_gbm": 0.628, "c2st_fresh": 0.632,
            "mle": 0.908, "dcr_share": 0.499,
        },
    ),
    Quoted("TabDiff, quoted", _TABLES + "; the time is theirs", 94, {"shape_err": 0.63, "trend_err": 1.49}),
)  # fmt: skip


def notes() -> str:
    """Where each row is from, as a list in Markdown."""
    lines = [f"- {row.system}: {row.source}." for row in ROWS]
    return "\nQuoted, not run here; fit s is of a GPU:\n\n" + "\n".join(lines) + "\n"


def points() -> Iterator[Point]:
    """The rows whose time is known, as points beside those that were run."""
    for row in ROWS:
        if row.minutes is not None:
            shown = {name: row.figures[name] for name in ("c2st_fresh", "trend_err") if name in row.figures}
            name = row.system.partition(",")[0]
            yield Point(f"{name} (GPU, quoted)", "quoted", 60 * row.minutes, shown)
