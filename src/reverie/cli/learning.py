"""`reverie inspect`, `reverie fit` and `reverie models`."""

import re
import shlex
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import options, terminal

if TYPE_CHECKING:
    from reverie.core.dataset import Dataset
    from reverie.schema.types import Column, Schema
    from reverie.synthesizer import Synthesizer

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
) -> None:
    """Show what is in DATA, or all that is in a MODEL.

    Of data: every column's type with the reason for it, personal data, and the rules that rows never break.
    """
    from reverie.models.artifact import is_artifact

    if is_artifact(data):
        _inspect_model(data, output)
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
        float | None, typer.Option(help="Formal differential privacy, for families that have it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto or cpu.")] = "auto",
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
    from reverie.models.choice import check_private, choose_family

    if device not in ("auto", "cpu"):
        raise ConfigError(f"no device '{device[:20]}'", where="--device", fix="Use auto or cpu")
    check_private(choose_family(model)[0], epsilon)
    seconds = None if budget is None else options.parse_seconds(budget)
    most = None if rows is None else options.parse_count(rows, "--max-rows")
    learn(data, output, table, json, model=model, seed=seed, schema=schema, budget=seconds, max_rows=most)
    next_ = f"{terminal.program()} sample {shlex.quote(output)} -n 1e5 -o fake.parquet"
    terminal.say(f"Next: {next_}", error=json == "-")


def learn(data: str, output: str, table: str | None = None, json: str | None = None, **settings: Any) -> None:
    """Learn `data`, write the model to `output` and say how it went; `settings` are the Synthesizer's."""
    from reverie.synthesizer import Synthesizer

    start = time.perf_counter()
    options.check_place(output)
    found = options.read_table(data, table)
    read = time.perf_counter() - start
    synthesizer = Synthesizer(**settings, threads=options.cores())
    with terminal.progress() as tell:
        synthesizer.fit(found, on_progress=tell)
    synthesizer.timings_["read"] = round(read, 4)
    synthesizer.save(output)
    _summarise(synthesizer, found, output, json, time.perf_counter() - start)


def models() -> None:
    """List the model families and what each can do."""
    from reverie.models.base import families, family
    from reverie.models.choice import choose_family

    rows = []
    for name in families():
        able = family(name).CAPABILITIES
        marks = ["yes" if has else "no" for has in (able.given, able.log_prob, able.dp)]
        rows.append((name, *marks, ", ".join(able.modalities), able.summary))
    terminal.show_table("", ("family", "conditions", "scores", "formal privacy", "takes", "what it is"), rows)
    terminal.say(f"--model auto means {choose_family()[0]}")


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
        rules = [
            ("enforced" if rule.enforced else "offered", rule.kind, ", ".join(rule.columns), rule.evidence)
            for rule in table.constraints
        ]
        if rules:
            terminal.show_table("Rules that the rows never break", ("", "rule", "columns", "evidence"), rules)
    for note in found.notes:
        terminal.say(f"note: {note}")


def _personal(column: "Column") -> str:
    """What kind of personal data the column holds, if it does: such codecs have a locale."""
    return str(column.options.get("kind", "yes")) if "locale" in column.options else ""


def _inspect_model(path: str, output: str | None) -> None:
    from reverie.io.writing import write_text
    from reverie.models import artifact
    from reverie.schema.types import Schema, Table

    held = artifact.load(path)
    about = held.about
    terminal.say(
        f"{path}: made by Reverie {about['reverie']}, family {about['family']} ({about['why']}), "
        f"learned from {terminal.count(about['rows'], 'row')}"
    )
    columns = [(str(name), str(kind)) for name, kind in about["columns"].items()]
    terminal.show_table(terminal.count(len(columns), "column"), ("column", "type"), columns)
    sizes = [(name, f"{size:,}") for name, size in sorted(artifact.entries(path).items(), key=_natural)]
    terminal.show_table(f"{len(sizes):,} entries", ("entry", "bytes"), sizes)
    if output is not None:
        table = Table.model_validate(held.parts["schema"])
        write_text(output, Schema(tables=(table,)).to_json())


def _natural(entry: tuple[str, int]) -> list[tuple[bool, int, str]]:
    """Orders table/2 before table/10."""
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", entry[0])
    ]


def _summarise(
    synthesizer: "Synthesizer", found: "Dataset", output: str, json: str | None, seconds: float
) -> None:
    columns = len(synthesizer.columns_)
    facts = {
        "model": output, "rows": synthesizer.rows_, "columns": columns, "family": synthesizer.family_,
        "why": synthesizer.why_, "seconds": round(seconds, 3), "steps": synthesizer.timings_,
        "notes": list(found.notes),
    }  # fmt: skip
    terminal.write_json(json, facts)
    lines = [f"note: {note}" for note in found.notes]
    lines += [
        f"Learned {terminal.count(synthesizer.rows_, 'row')} of {terminal.count(columns, 'column')} "
        f"in {seconds:.1f} s, with {synthesizer.family_} ({synthesizer.why_}): {output}",
    ]
    terminal.say(*lines, error=json == "-")
