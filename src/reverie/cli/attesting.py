"""`reverie privacy`: the dossier of a release."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import options, terminal

if TYPE_CHECKING:
    from reverie.core.dataset import Dataset
    from reverie.core.errors import ReverieError
    from reverie.evaluation.thresholds import Thresholds
    from reverie.reports.dossier import Dossier


def privacy(
    released: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model, or a synthetic table, that is to go out.")
    ],
    real: Annotated[str, typer.Argument(metavar="REAL", help="The table that was learned from.")],
    holdout: Annotated[
        str, typer.Option(help="Real rows that were not learned from, without which nothing can be shown.")
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="Write the dossier as one HTML file (.json: findings)."),
    ] = None,
    json: Annotated[str | None, typer.Option("--json", help="Write verdict and findings as JSON.")] = None,
    rows: Annotated[
        str | None, typer.Option("-n", "--rows", help="Rows of the model to attack; as many as it learned.")
    ] = None,
    canaries: Annotated[
        bool,
        typer.Option("--canaries", help="Plant secrets in a copy of REAL, fit again, and look for them."),
    ] = False,
    neighbours: Annotated[
        str | None,
        typer.Option(
            "--show-neighbours",
            metavar="PAGE.html",
            help="Write a page of pictures, sounds and texts beside the nearest of REAL. It shows real data.",
        ),
    ] = None,
    thresholds: Annotated[
        str | None, typer.Option(help="A JSON file with bounds of the verdict that replace the defaults.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses the rows that are made and looked at.", min=0)] = 0,
    table: Annotated[
        str | None, typer.Option("--table", help="Which table or sheet of REAL and of the holdout.")
    ] = None,
) -> None:
    """Attack what is to go out, and write the dossier that a data-protection officer can sign.

    Says what was attacked, how and with what result, what the model keeps, and whether it may be released.
    """
    from reverie.core.errors import ConfigError
    from reverie.evaluation.thresholds import DEFAULT, Thresholds
    from reverie.models.artifact import is_artifact
    from reverie.reports import build
    from reverie.reports.dossier import SUFFIXES
    from reverie.reports.neighbours import SUFFIXES as PAGES

    inputs = (released, real, holdout, thresholds)
    options.check_places(inputs, (output, SUFFIXES), (json, ()), (neighbours, PAGES))
    bounds = DEFAULT if thresholds is None else Thresholds.read(thresholds)
    if not is_artifact(released) and (rows is not None or canaries):
        option = "-n" if rows is not None else "--canaries"
        raise ConfigError("needs a model, and this is a table", where=option, fix="Give a .reverie file")
    known, unseen = options.read_table(real, table), options.read_table(holdout, table)
    dossier = _judged(
        released, known, unseen, rows, bounds=bounds, seed=seed, compared=neighbours is not None
    )
    failed: ReverieError | None = None
    if canaries:
        dossier, failed = _with_canaries(dossier, released, known, unseen, seed)
    sources = {"Released": released, "Real": real, "Unseen": holdout}
    sources |= {} if thresholds is None else {"Bounds": thresholds}
    dossier = replace(dossier, provenance={**sources, **dossier.provenance})
    if json is not None:
        build.save(build.dumps(dossier.to_dict()), json)
    if output is not None:
        dossier.save(output)
    if neighbours is not None:
        dossier.save_neighbours(neighbours)
    if "-" not in (output, json, neighbours):
        _show(dossier)
        terminal.say(*(f"Written to {place}" for place in (output, json) if place))
    if neighbours not in (None, "-"):
        terminal.say(f"Written to {neighbours}: it shows real people's data", error="-" in (output, json))
    if failed is not None:
        raise failed


def _with_canaries(
    dossier: "Dossier", released: str, known: "Dataset", unseen: "Dataset", seed: int
) -> tuple["Dossier", "ReverieError | None"]:
    """The dossier with what became of planted secrets, and what stopped the search for them."""
    from reverie.cli import planting
    from reverie.core.errors import ReverieError

    try:
        return dossier.with_canaries(planting.search(released, known, unseen, seed)), None
    except ReverieError as error:
        # The attacks took minutes, and stand.
        return dossier.noting(f"the search for canaries failed: {error}"), error


def _judged(
    released: str, real: "Dataset", unseen: "Dataset", rows: str | None, *, bounds: "Thresholds", seed: int,
    compared: bool,
) -> "Dossier":  # fmt: skip
    """The dossier; `compared` is whether cells will be shown beside real ones, which some must be fit for."""
    from reverie.core.quantities import parse_count
    from reverie.models.artifact import is_artifact
    from reverie.reports.dossier import dossier
    from reverie.reports.neighbours import check_columns
    from reverie.sampling.table import describe
    from reverie.synthesizer import load

    made = load(released) if is_artifact(released) else None
    schema = describe(*real.single()) if made is None else made.schema_
    if compared:
        check_columns(schema)
    settings: Any = {"thresholds": bounds, "seed": seed}
    with terminal.progress() as tell:
        if made is None:
            fake = options.read_table(released, None)
            return dossier(fake, real, holdout=unseen, schema=schema, on_progress=tell, **settings)
        most = None if rows is None else parse_count(rows, "-n")
        return made.dossier(real, holdout=unseen, rows=most, on_progress=tell, **settings)


def _show(dossier: "Dossier") -> None:
    """The verdict and why, the attacks, what the model says of itself, and the canaries."""
    from rich.text import Text

    from reverie.reports import officer, wording
    from reverie.reports.criteria import criteria

    findings = dossier.findings
    tone = wording.tone("private", dossier.verdict)
    style = f"bold {terminal.TONES[tone]}"
    screen = terminal.console()
    screen.print(Text.assemble("May it go out? ", (dossier.verdict.capitalize(), style)))
    screen.print(Text(f"  {officer.MEANING.get(dossier.verdict, officer.UNSHOWN)}"))
    for reason in findings.verdict.rule.split("; "):
        screen.print(Text(f"  Why: {reason}"))
    lines = [
        (one.asked.title, line.title, *line.rates, line.risk, line.interval)
        for one in criteria(findings.evaluation)
        for line in one.lines
    ]
    heads = ("question", "attack", "learned from", "never seen", "guessing", "risk or AUC", "95 % interval")
    if lines:
        terminal.show_table("", heads, lines)
    for one in findings.canaries:
        terminal.say(f"canaries, {one.kind}: {one.planted} planted, found {officer.found(one)}")
    terminal.say(*(f"formally: {part}" for part in officer.formal(findings.model)))
    terminal.say(*(f"note: {note}" for note in findings.evaluation.notes))
