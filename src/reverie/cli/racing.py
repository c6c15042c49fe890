"""How a race of families is shown, and `reverie race`, which shows families side by side."""

from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli import options, terminal

if TYPE_CHECKING:
    import pyarrow as pa

    from reverie.evaluation.parade import Parade
    from reverie.evaluation.race import Entry, Race

_FIGURES = {
    "shape": ("shape %", 2), "trend": ("trend %", 2), "c2st_fresh": ("c2st fresh", 3),
    "dcr_share": ("DCR share", 3), "copies": ("copies %", 2),
}  # fmt: skip
_TOLD = (*_FIGURES, "media_frechet", "media_coherence", "media_copies", "text_perplexity", "text_copies")
"""Figures of a parade that are shown on the screen."""


def race(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A table, or a folder of pictures or sounds with an index.")
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="Write a page that shows what each family made, side by side."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A family that takes part; all that can unless told. Repeatable.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Time that learning may take in all, shared alike, such as 10m.")
    ] = None,
    schema: Annotated[str | None, typer.Option(help="A schema made by 'reverie inspect'.")] = None,
    rows: Annotated[
        str | None, typer.Option("--max-rows", help="Learn from that many random rows at most.")
    ] = None,
    shared: Annotated[
        int, typer.Option("--k", help="Values that fewer rows share are never made.", min=1)
    ] = 5,
    seed: Annotated[int, typer.Option(help="Chooses the rows that are held back.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="Where networks learn: auto, cpu or cuda.")] = "auto",
    table: Annotated[str | None, typer.Option("--table", help="Which table or sheet of DATA.")] = None,
    json: Annotated[str | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
) -> None:
    """Let families learn DATA in as much time, and show what each makes beside the others.

    Each learns the same four fifths of the rows and is judged by the rest. No model is kept.
    """
    from reverie.core.quantities import parse_count, parse_seconds
    from reverie.evaluation.parade import entrants_for, parade
    from reverie.models.base import Budget
    from reverie.models.choice import AUTO, able, check_device
    from reverie.reports import build
    from reverie.reports import parade as pages
    from reverie.sampling.learning import settle
    from reverie.schema.files import load_schema

    options.check_places((data, schema), (output, pages.SUFFIXES), (json, ()))
    check_device(device)
    seconds = None if budget is None else parse_seconds(budget, "--budget")
    most = None if rows is None else parse_count(rows, "--max-rows")
    found = options.read_table(data, table)
    name, whole = found.single()
    some = _some(whole, most, seed)
    settled = settle(load_schema(schema, name), (), name, whole, some, None, able(AUTO))
    names = entrants_for(settled, model or ())
    with terminal.progress() as tell:
        spent = Budget(seconds, options.cores(), device)
        held = parade(some, settled, names, seed=seed, k=shared, budget=spent, on_progress=tell)
    if json is not None:
        terminal.write_json(json, held.to_dict())
    if output is not None:
        told = {"Data": data, "Families": ", ".join(names), "Budget": budget, "Seed": str(seed)}
        build.save(pages.build(held, {name: text for name, text in told.items() if text}), output)
    elsewhere = "-" in (output, json)
    _show_parade(held, error=elsewhere)
    terminal.say(*(f"Written to {place}" for place in (output, json) if place and not elsewhere))


def _some(table: "pa.Table", most: int | None, seed: int) -> "pa.Table":
    """At most so many random rows."""
    import numpy as np
    import pyarrow as pa

    from reverie.core.rng import child

    if most is None or most >= table.num_rows:
        return table
    rows = child(seed, "rows").choice(table.num_rows, most, replace=False, shuffle=False)
    return table.take(pa.array(np.sort(rows)))


def _show_parade(held: "Parade", *, error: bool) -> None:
    """The figures, a column for each family."""
    from reverie.reports import wording

    heads = ("figure", *(one.family for one in held.shown), "unseen real rows")
    lines = [("seconds", *(f"{one.seconds:.1f}" for one in held.shown), "")]
    for name in _TOLD:
        figures = [one.figures.get(name) for one in held.shown]
        if known := [one for one in figures if one is not None]:
            values = ("" if one is None else wording.number(one.value, name) for one in figures)
            lines.append((wording.title(name), *values, wording.number(known[0].floor, name)))
    judged = f"learned from {terminal.count(held.rows, 'row')}, judged by {held.held_back:,} held back"
    if held.shown:
        terminal.show_table(f"Families side by side: {judged}", heads, lines, error=error)
    terminal.say(
        *(f"{one.family} stopped: {one.stopped}" for one in held.entrants if one.stopped), error=error
    )


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
