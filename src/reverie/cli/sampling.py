"""`reverie sample`, `reverie impute` and `reverie score`."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import options, results, terminal

if TYPE_CHECKING:
    from reverie.synthesizer import Synthesizer

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A .reverie file made by 'reverie fit'.")]
Output = Annotated[
    str,
    typer.Option(
        "-o", "--output", help="Where to write; the suffix says the format, '-' is CSV to standard output."
    ),
]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same rows.", min=0)]
Likeliest = Annotated[
    bool,
    typer.Option(
        "--likeliest", help="Complete each known row 15 times, and take what is most like the other times."
    ),
]
Workers = Annotated[
    int | None, typer.Option(help="Threads to use; all cores unless told. Rows do not depend on it.", min=1)
]


def sample(
    model: Model,
    output: Output,
    rows: Annotated[
        str | None, typer.Option("-n", "--rows", help="How many rows, such as 1000000 or 1e6.")
    ] = None,
    scale: Annotated[float | None, typer.Option(help="As many times the rows learned from.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="A condition such as 'age>=65', 'city in {Rome,Oslo}', 'end is missing'.",
        ),
    ] = None,
    given_file: Annotated[
        str | None, typer.Option(help="Partly known rows, each completed once; empty cells are free.")
    ] = None,
    seed: Seed = None,
    workers: Workers = None,
    engine: Annotated[str, typer.Option(help="local.")] = "local",
    fast: Annotated[
        bool, typer.Option("--fast", help="Without the critic: faster, a little less faithful.")
    ] = False,
    guidance: Annotated[
        float | None,
        typer.Option(help="How strongly what is given shapes pictures, sounds and texts; 0 is not at all."),
    ] = None,
    likeliest: Likeliest = False,
    json: Annotated[
        str | None, typer.Option("--json", help="Write times, rows, the family and why, as JSON.")
    ] = None,
) -> None:
    """Make new rows from MODEL."""
    from reverie.core.errors import ConfigError
    from reverie.io import catalogues
    from reverie.io.writing import SUFFIXES
    from reverie.synthesizer import load

    if engine != "local":
        what = f"engine '{engine[:20]}' is not in this version"
        raise ConfigError(what, where="--engine", fix="Use --engine local")
    folder = catalogues.is_folder(output)
    options.check_places((model, given_file), *([] if folder else [(output, SUFFIXES)]), (json, ()))
    start = time.perf_counter()
    synthesizer = load(model)
    results.check(synthesizer, output, folder=folder)
    wanted = _wanted(synthesizer, given, given_file)
    n = None if given_file else options.count_rows(rows, scale, synthesizer.rows_)
    if likeliest and not given_file:
        fix = "Give --given-file, or leave it out"
        raise ConfigError("chooses among completions of known rows", where="--likeliest", fix=fix)
    if given_file and (rows, scale) != (None, None):
        fix = "Leave -n and --scale out"
        raise ConfigError("makes one row for each of its own", where="--given-file", fix=fix)
    loaded = time.perf_counter()
    with terminal.progress("rows") as tell:
        parts = synthesizer.stream(
            n, given=wanted, seed=seed, fast=fast, workers=workers or options.cores(),
            dictionaries=output.endswith(".parquet"), guidance=guidance, likeliest=likeliest,
            on_progress=tell,
        )  # fmt: skip
        made = results.write(output, parts, folder=folder)
    end = time.perf_counter()
    facts = {
        "output": output, "rows": made, "seconds": round(end - start, 3), "load": round(loaded - start, 3),
        "rows_per_second": round(made / max(end - loaded, 1e-9)), "family": synthesizer.family_,
        "why": synthesizer.why_, "seed": synthesizer.seed if seed is None else seed, "fast": fast,
    }  # fmt: skip
    terminal.write_json(json, facts)
    terminal.say(
        f"{terminal.count(made, 'row')} in {end - start:.1f} s written to {terminal.place(output)}",
        error="-" in (output, json),
    )


def impute(
    model: Model,
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table with missing cells.")],
    output: Output,
    seed: Seed = None,
    workers: Workers = None,
    likeliest: Likeliest = False,
) -> None:
    """Fill the missing cells of DATA.

    Each is drawn from what MODEL learned, given the rest of its row.
    """
    from reverie.codecs.spelling import read_table

    synthesizer, folder = results.opened(model, output, data)
    found = options.read_table(data, None)
    holes = sum(column.null_count for column in read_table(synthesizer.schema_, found.single()[1]).columns)
    filled = synthesizer.impute(found, seed=seed, workers=workers or options.cores(), likeliest=likeliest)
    left = sum(column.null_count for column in filled.columns)  # a missing value may have been drawn
    results.write(output, iter([filled]), folder=folder)
    filling = f"{holes - left:,} of {terminal.count(holes, 'missing cell')} filled"
    terminal.say(f"{filling}, written to {terminal.place(output)}", error=output == "-")


def score(
    model: Model,
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table with the columns that were learned.")],
    output: Output,
    seed: Seed = None,
) -> None:
    """Write log P(x) of each row of DATA.

    The lower it is, the more unusual the row.
    """
    import pyarrow as pa

    from reverie.io.writing import SUFFIXES
    from reverie.synthesizer import load

    options.check_places((model, data), (output, SUFFIXES))
    synthesizer = load(model)
    scores = synthesizer.log_prob(options.read_table(data, None), seed=seed)
    results.write_file(output, iter([pa.table({"log_prob": scores})]))
    scored = f"{terminal.count(len(scores), 'row')} scored"
    terminal.say(f"{scored}, written to {terminal.place(output)}", error=output == "-")


def _wanted(synthesizer: "Synthesizer", given: list[str] | None, given_file: str | None) -> Any:
    """What is asked of the rows: conditions, a table of partly known rows, or nothing. Raises ConfigError."""
    from reverie.core.errors import ConfigError
    from reverie.sampling.conditions import parse

    if given and given_file:
        raise ConfigError("given together with --given", where="--given-file", fix="Give one of the two")
    if given_file:
        return options.read_table(given_file, None)
    return [parse(text, synthesizer.columns_) for text in given] if given else None
