"""How a race of families is shown."""

from typing import TYPE_CHECKING

from reverie.cli import terminal

if TYPE_CHECKING:
    from reverie.evaluation.race import Entry, Race

_FIGURES = {
    "shape": ("shape %", 2), "trend": ("trend %", 2), "c2st_fresh": ("c2st fresh", 3),
    "dcr_share": ("DCR share", 3), "copies": ("copies %", 2),
}  # fmt: skip


def show(race: "Race | None", *, error: bool = False) -> None:
    """The race's table, and what its composite is; nothing if there was none to tell of."""
    if race is None or not race.entries:
        return
    heads = ("family", "seconds", *(head for head, _ in _FIGURES.values()), "composite", "verdict")
    terminal.show_table(_title(race), heads, [_line(entry) for entry in race.entries], error=error)
    if race.folds:
        from reverie.evaluation.composite import WORDS

        terminal.say(f"composite: {WORDS}", error=error)


def _title(race: "Race") -> str:
    if not race.folds:
        return "The race of families was not held"
    repeated = f", {race.folds} times" if race.folds > 1 else ""
    rows = terminal.count(race.rows, "row")
    return f"The race of families, which learned from {rows} and were judged by {race.held_back:,}{repeated}"


def _line(entry: "Entry") -> tuple[str, ...]:
    figures = [
        f"{entry.figures[name]:.{digits}f}" if name in entry.figures else ""
        for name, (_, digits) in _FIGURES.items()
    ]
    spread = "" if entry.composite is None else f"{entry.composite:.1f} ± {entry.error or 0:.1f}"
    seconds = "" if entry.seconds is None else f"{entry.seconds:.1f}"
    return entry.family, seconds, *figures, spread, entry.verdict
