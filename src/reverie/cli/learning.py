"""`reverie inspect`, `reverie fit` and `reverie models`."""

import re
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import options, racing, terminal

if TYPE_CHECKING:
    from reverie.core.dataset import Dataset
    from reverie.schema.types import Column, Constraint, Schema
    from reverie.synthesizer import Synthesizer

_AUTO = (
    "auto (the default): families race on a part of the rows, judged by others, within the --budget, or "
    "without one where that is cheap; 'reverie inspect MODEL' shows the race."
)
_LOOKED_AT = 2_000
"""Rows that are made to tell what share of a column is missing."""

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="A CSV, Parquet, JSONL or Excel file, or a folder; '-' is standard input."
    ),
]
TableName = Annotated[
    str | None, typer.Option("--table", help="Which table of a folder, or sheet of a workbook.")
]


def inspect(
    data: Annotated[
        str, typer.Argument(metavar="DATA|MODEL", help="A file or folder of data, or a .reverie model.")
    ],
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write the schema as JSON, to be edited.")
    ] = None,
    table: TableName = None,
    entries: Annotated[bool, typer.Option("--entries", help="List the parts of a MODEL's file too.")] = False,
) -> None:
    """Show what is in DATA, or what a MODEL holds of the data it learned.

    Of data: every column's type with the reason for it, personal data, and the rules that rows never break.
    """
    from reverie.models.artifact import is_artifact

    options.check_places((data,), (output, (".json",)))
    if is_artifact(data):
        _inspect_model(data, output, entries=entries)
    else:
        _inspect_data(data, output, table)


def fit(
    data: Data,
    output: Annotated[str, typer.Option("-o", "--output", help="Where to write the model, a .reverie file.")],
    model: Annotated[
        str, typer.Option(help="A model family ('reverie models' lists them), or auto.")
    ] = "auto",
    schema: Annotated[
        str | None, typer.Option(help="A schema made by 'reverie inspect', perhaps edited.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Time that fitting may take, such as 60s or 5m.")] = None,
    epsilon: Annotated[
        float | None, typer.Option(help="Promise formal differential privacy: 1 is strong, 8 is weak.")
    ] = None,
    delta: Annotated[float, typer.Option(help="The promise's delta, far below 1 / rows.")] = 1e-5,
    unit: Annotated[
        str | None,
        typer.Option("--privacy-unit", help="A column that names whom to protect: not rows alone."),
    ] = None,
    unit_rows: Annotated[int, typer.Option(help="Rows of each of them to learn from at most.")] = 1,
    cap: Annotated[
        float | None, typer.Option("--epsilon-cap", help="Refuse if all fits on these data would pass it.")
    ] = None,
    shared: Annotated[
        int, typer.Option("--k", help="Values that fewer rows share are never made.", min=1)
    ] = 5,
    outliers: Annotated[
        float, typer.Option(help="Share of the rows, those most unlike all others, not to learn from.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="Where networks learn: auto, cpu or cuda.")] = "auto",
    checkpoint: Annotated[
        str | None, typer.Option(help="A folder by which a fit of networks that was killed goes on.")
    ] = None,
    table: TableName = None,
    rows: Annotated[
        str | None, typer.Option("--max-rows", help="Learn from that many random rows at most.")
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", help="Write times, rows, the family and why, as JSON.")
    ] = None,
) -> None:
    """Learn DATA and write a model of it.

    Any number of rows can then be made with 'reverie sample'.
    """
    from reverie.core.errors import ConfigError
    from reverie.core.quantities import parse_count, parse_seconds
    from reverie.dp.account import Privacy
    from reverie.models.choice import check_device, check_family

    check_device(device)
    check_family(model)
    if epsilon is None and (unit or cap):
        option = "--privacy-unit" if unit else "--epsilon-cap"
        raise ConfigError("promises nothing alone", where=option, fix="Add --epsilon")
    privacy = None if epsilon is None else Privacy(epsilon, delta, unit, unit_rows, cap)
    seconds = None if budget is None else parse_seconds(budget, "--budget")
    most = None if rows is None else parse_count(rows, "--max-rows")
    settings = {
        "model": model, "seed": seed, "k": shared, "outliers": outliers, "schema": schema,
        "budget": seconds, "max_rows": most,
    }  # fmt: skip
    media = learn(
        data, output, table, json, **settings, device=device, checkpoint=checkpoint, privacy=privacy
    )
    asked = "-n 100 -o fake/" if media else "-n 1e5 -o fake.parquet"
    terminal.say(
        f"Next: {terminal.program()} sample {shlex.quote(output)} {asked}", error="-" in (output, json)
    )


def learn(data: str, output: str, table: str | None = None, json: str | None = None, **settings: Any) -> bool:
    """Learn `data`, write the model to `output` and say how it went; `settings` are the Synthesizer's.

    Whether its rows hold pictures or sounds.
    """
    from reverie.codecs.base import modalities
    from reverie.models.artifact import SUFFIX
    from reverie.synthesizer import Synthesizer

    start = time.perf_counter()
    options.check_places((data, settings.get("schema")), (output, (SUFFIX,)), (json, ()))
    found = options.read_table(data, table)
    read = time.perf_counter() - start
    synthesizer = Synthesizer(**settings, threads=options.cores())
    with terminal.progress() as tell:
        synthesizer.fit(found, on_progress=tell)
    if settings.get("privacy") is None:  # how long rows took to read is theirs too
        synthesizer.timings_["read"] = round(read, 4)
    synthesizer.save(output)
    _summarise(synthesizer, found, output, json, time.perf_counter() - start)
    return "grid" in modalities(synthesizer.schema_.columns)


def models() -> None:
    """List the model families: what each can do, what it costs and needs, and when to choose it."""
    from reverie.models.base import families, family
    from reverie.models.choice import MODALITIES, lacking

    able = {name: family(name).CAPABILITIES for name in families()}
    rows = []
    for name, one in able.items():
        marks = ["yes" if has else "no" for has in (one.given, one.log_prob, one.dp)]
        takes = ", ".join(MODALITIES[kind] for kind in one.modalities if kind in MODALITIES)
        rows.append((name, *marks, takes or "-", one.cost or "not told", lacking(name) or "ready"))
    heads = ("family", "conditions", "scores", "formal privacy", "also takes", "cost", "here")
    terminal.show_table("", heads, rows)
    for name, one in able.items():
        advice = f" Choose it for: {one.advice}." if one.advice else ""
        terminal.say(f"{name}: {one.summary}.{advice}")
    terminal.say(_AUTO)


def _inspect_data(data: str, output: str | None, table: str | None) -> None:
    from reverie.io.files import read
    from reverie.io.writing import write_text
    from reverie.sampling.table import describe
    from reverie.schema.types import Schema

    found = options.read_table(data, table) if table else read(data)
    schema = Schema(tables=tuple(describe(name, one) for name, one in found.tables.items()))
    if output != "-":
        _show_schema(schema, found)
    if output is not None:
        write_text(output, schema.to_json())
        if output != "-":
            next_ = f"{terminal.program()} fit {data} --schema {output} -o MODEL"
            terminal.say(f"Schema written to {output}. Edit it, then: {next_}")


def _show_schema(schema: "Schema", found: "Dataset") -> None:
    for table in schema.tables:
        rows = found.tables[table.name].num_rows
        title = f"{table.name}: {terminal.count(rows, 'row')}, {terminal.count(len(table.columns), 'column')}"
        title += f", key {table.primary_key}" if table.primary_key else ""
        listed = [(column.name, column.type, _personal(column), column.reason) for column in table.columns]
        terminal.show_table(title, ("column", "type", "personal", "why"), listed)
        _show_rules("Rules that the rows never break", table.constraints)
    terminal.say(*_notes(found))


def _notes(found: "Dataset") -> list[str]:
    """What was not plain in reading, and a few of the files or rows it is about."""
    return [f"note: {note}" for note in found.notes] + [f"  {line}" for line in found.named]


def _show_rules(title: str, rules: Sequence["Constraint"]) -> None:
    listed = [
        ("enforced" if rule.enforced else "offered", rule.kind, ", ".join(rule.columns), rule.evidence)
        for rule in rules
    ]
    if listed:
        terminal.show_table(title, ("", "rule", "columns", "evidence"), listed)


def _personal(column: "Column") -> str:
    """What kind of personal data the column holds, if it does: such codecs have a locale."""
    return str(column.options.get("kind", "yes")) if "locale" in column.options else ""


def _inspect_model(path: str, output: str | None, *, entries: bool) -> None:
    from reverie.io.writing import write_text
    from reverie.models import artifact
    from reverie.schema.types import Schema
    from reverie.synthesizer import load

    made, about = load(path), artifact.about(path)
    if output != "-":
        terminal.say(*_facts(path, made, about))
        racing.show(made.race_)
        kept = {codec.column.name: codec.holds() for codec in made.model_.codec.codecs}
        missing = _missing(made)
        rows = [
            (one.name, one.type, kept.get(one.name, "made by a rule"), missing[one.name])
            for one in made.schema_.columns
        ]
        head = ("column", "type", "values it makes", "missing")
        terminal.show_table(terminal.count(len(rows), "column"), head, rows)
        _show_rules("Rules", made.schema_.constraints)
    if entries and output != "-":
        sizes = [(name, f"{size:,}") for name, size in sorted(artifact.entries(path).items(), key=_natural)]
        terminal.show_table(f"{len(sizes):,} entries", ("entry", "bytes"), sizes)
    if output is not None:
        write_text(output, Schema(tables=(made.schema_,)).to_json())


def _facts(path: str, made: "Synthesizer", about: Mapping[str, Any]) -> list[str]:
    """What is to be known of a model as a whole, a line each."""
    critic, k = made.model_.critic, about["parameters"]["k"]
    judged = "none" if critic is None else terminal.count(len(critic.rounds), "round")
    facts = {
        "made by": f"Reverie {about['reverie']}, seed {made.seed_}",
        "family": f"{made.family_} ({made.why_})",
        "learned from": terminal.count(made.rows_, "row"),
        "protection": f"no value that fewer than {k} rows share" if k > 1 else "none, k is 1",
        "critic": judged,
    }
    if made.model_.privacy is not None:
        facts["formally"] = terminal.promised(made.model_.privacy)
    notes = [f"note: {note}" for note in about.get("notes", ())]
    return [path, *(f"  {name:<13} {fact}" for name, fact in facts.items()), *notes]


def _missing(made: "Synthesizer") -> dict[str, str]:
    """The share of missing cells of each column, among rows that the model makes."""
    from reverie.core.rng import child

    rows = made.model_.bare(_LOOKED_AT, child(0, "inspect"))
    shares = {name: rows[name].null_count / rows.num_rows for name in made.columns_}
    return {name: f"{share:.1%}" if share else "" for name, share in shares.items()}


def _natural(entry: tuple[str, int]) -> list[tuple[bool, int, str]]:
    """Orders table/2 before table/10."""
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", entry[0])
    ]


def _summarise(
    synthesizer: "Synthesizer", found: "Dataset", output: str, json: str | None, seconds: float
) -> None:
    columns, race = len(synthesizer.columns_), synthesizer.race_
    facts = {
        "model": output, "rows": synthesizer.rows_, "columns": columns, "family": synthesizer.family_,
        "why": synthesizer.why_, "race": race and race.state(), "seconds": round(seconds, 3),
        "steps": synthesizer.timings_, "privacy": synthesizer.model_.privacy,
        "notes": [*found.notes, *synthesizer.notes_],
    }  # fmt: skip
    terminal.write_json(json, facts)
    lines = [
        *_notes(found),
        f"Learned {terminal.count(synthesizer.rows_, 'row')} of {terminal.count(columns, 'column')} "
        f"in {seconds:.1f} s, with {synthesizer.family_} ({synthesizer.why_}): {output}",
    ]
    if synthesizer.model_.privacy is not None:
        lines.append(f"Formal privacy: {terminal.promised(synthesizer.model_.privacy)}")
    racing.show(race, error="-" in (output, json))
    terminal.say(*lines, error="-" in (output, json))
