"""`reverie evaluate` and `reverie demo`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from reverie.cli import options, terminal


def evaluate(
    real: Annotated[str, typer.Argument(metavar="REAL", help="The table that was learned from.")],
    fake: Annotated[str, typer.Argument(metavar="FAKE", help="The synthetic table.")],
    holdout: Annotated[
        str | None, typer.Option(help="Real rows that were not learned from: shows privacy and floors.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="A column to predict, for usefulness.")] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="Write the report as one HTML file (.json: figures)."),
    ] = None,
    json: Annotated[str | None, typer.Option("--json", help="Write verdicts and figures as JSON.")] = None,
    schema: Annotated[str | None, typer.Option(help="A schema made by 'reverie inspect'.")] = None,
    thresholds: Annotated[
        str | None, typer.Option(help="A JSON file with bounds of the verdicts that replace the defaults.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Chooses the rows that are looked at in large tables.", min=0)
    ] = 0,
    table: Annotated[
        str | None, typer.Option("--table", help="Which table or sheet of REAL and of the holdout.")
    ] = None,
) -> None:
    """Judge FAKE beside REAL: is it faithful, useful and private?

    Every figure has an interval, and a floor: the same figure of real rows against real rows.
    """
    from reverie.evaluation.thresholds import DEFAULT, Thresholds
    from reverie.reports.build import save, scores
    from reverie.reports.report import SUFFIXES
    from reverie.reports.report import evaluate as compare
    from reverie.schema.files import load_schema

    options.check_places((real, fake, holdout, schema, thresholds), (output, SUFFIXES), (json, ()))
    bounds = DEFAULT if thresholds is None else Thresholds.read(thresholds)
    known = options.read_table(real, table)
    with terminal.progress() as tell:
        report = compare(
            known, options.read_table(fake, None), target=target, seed=seed,
            holdout=None if holdout is None else options.read_table(holdout, table),
            schema=load_schema(schema, known.single()[0]), thresholds=bounds,
            on_progress=lambda step: tell(replace(step, step="comparing")),
        )  # fmt: skip
    if json is not None:
        save(scores(report.evaluation), json)
    if output is not None:
        sources = {"Real": real, "Synthetic": fake, "Unseen": holdout or "none"}
        sources |= {} if thresholds is None else {"Bounds": thresholds}
        replace(report, provenance=sources).save(output)
    if "-" not in (output, json):
        terminal.show_report(report)
        terminal.say(*(f"Written to {place}" for place in (output, json) if place))


def demo(
    folder: Annotated[
        str, typer.Option("-o", "--output", help="Where the model, rows and report go.")
    ] = "reverie-demo",
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows.", min=0)] = 0,
) -> None:
    """Do the whole job on real data that comes with Reverie.

    Learns one half of the UCI Adult census table, makes as many rows, judges them and writes the report.
    """
    from reverie import demo as bundled
    from reverie.cli import learning, sampling
    from reverie.io.outputs import writing

    place = Path(folder)
    with writing(folder):
        place.mkdir(parents=True, exist_ok=True)
    train, holdout = str(bundled.train_path()), str(bundled.holdout_path())
    model, fake, report = (str(place / name) for name in ("adult.reverie", "fake.parquet", "report.html"))
    terminal.say("The UCI Adult census table: one half to learn from, the other half to judge with.")
    learning.learn(train, model, seed=seed)
    sampling.sample(model, fake, seed=seed)
    evaluate(train, fake, holdout, bundled.TARGET, report, str(place / "scores.json"))
    program = terminal.program()
    terminal.say(
        "",
        f"The report: {Path(report).resolve()}",
        "Try next:",
        f"  {program} inspect {model}",
        f"  {program} sample {model} -n 1e6 -o {place / 'million.parquet'}",
        f"  {program} sample {model} -n 1000 --given 'age>=65' --given 'income=>50K' -o - | head",
    )
