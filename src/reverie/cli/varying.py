"""`reverie vary`, `reverie interpolate` and `reverie reconstruct`."""

from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli import options, results, terminal
from reverie.cli.sampling import Model, Output, Seed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from reverie.synthesizer import Synthesizer

Source = Annotated[
    str | None,
    typer.Option("--data", metavar="DATA", help="Whose rows are meant; those MODEL makes unless told."),
]


def vary(
    model: Model,
    output: Output,
    row: Annotated[int, typer.Option(help="Which row, from 1 on.", min=1)] = 1,
    rows: Annotated[str, typer.Option("-n", "--rows", help="How many variations.")] = "12",
    strength: Annotated[
        float, typer.Option(help="0 is the row as the model knows it, 1 any row.", min=0, max=1)
    ] = 0.3,
    data: Source = None,
    seed: Seed = None,
) -> None:
    """Make variations of a row, its pictures, sounds and texts among them."""
    from reverie.core.quantities import parse_count
    from reverie.sampling import variation

    synthesizer, folder = results.opened(model, output, data)
    count, one = parse_count(rows, "-n"), _rows(synthesizer, data, [row], seed)
    made = variation.vary(synthesizer.model_, one, strength, count, _generator(synthesizer, seed, "vary"))
    _tell(results.write(output, iter([made]), folder=folder), output)


def interpolate(
    model: Model,
    output: Output,
    rows: Annotated[tuple[int, int], typer.Option(help="The two rows, from 1 on.")] = (1, 2),
    steps: Annotated[int, typer.Option(help="Rows on the way, both ends among them.", min=2)] = 10,
    data: Source = None,
    seed: Seed = None,
) -> None:
    """Make rows on the way from one row to another."""
    from reverie.sampling import variation

    synthesizer, folder = results.opened(model, output, data)
    ends, rng = _rows(synthesizer, data, list(rows), seed), _generator(synthesizer, seed, "interpolate")
    made = variation.interpolate(synthesizer.model_, ends.slice(0, 1), ends.slice(1), steps, rng)
    _tell(results.write(output, iter([made]), folder=folder), output)


def reconstruct(
    model: Model,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Rows with all columns that were learned.")],
    output: Output,
    seed: Seed = None,
) -> None:
    """Write the rows of DATA as MODEL knows them.

    Pictures and sounds pass its autoencoder, which shows what that keeps of them.
    """
    from reverie.sampling import variation

    synthesizer, folder = results.opened(model, output, data)
    table = options.read_table(data, None).single()[1]
    made = variation.vary(synthesizer.model_, table, 0.0, 1, _generator(synthesizer, seed, "vary"))
    _tell(results.write(output, iter([made]), folder=folder), output)


def _rows(synthesizer: "Synthesizer", data: str | None, places: list[int], seed: int | None) -> "pa.Table":
    """The rows at places from 1 on. Raises ConfigError if there are not so many."""
    import pyarrow as pa

    from reverie.core.errors import ConfigError

    if data is None:
        found = pa.concat_tables(synthesizer.stream(max(places), seed=seed))
    else:
        found = options.read_table(data, None).single()[1]
    if not 1 <= min(places) <= max(places) <= found.num_rows:
        what = f"there are rows 1 to {found.num_rows:,}"
        raise ConfigError(what, where="row", fix="Choose one of these")
    return found.take(pa.array([place - 1 for place in places]))


def _generator(synthesizer: "Synthesizer", seed: int | None, name: str) -> "np.random.Generator":
    from reverie.core.rng import child

    return child(synthesizer.seed_ if seed is None else seed, name)


def _tell(made: int, output: str) -> None:
    written = f"{terminal.count(made, 'row')} written to {terminal.place(output)}"
    terminal.say(written, error=output == "-")
