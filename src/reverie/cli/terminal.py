"""What people see: tables and lines on the standard output or error, and progress bars on a terminal."""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from reverie.models.base import OnProgress
    from reverie.reports.report import Report

TONES = {"good": "green", "caution": "yellow", "bad": "red", "unknown": "dim"}
_WIDTH = 110


def console(*, error: bool = False) -> "Console":
    """A console on the standard output or error; off a terminal it has a fixed width and no colours."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, width=None if stream.isatty() else _WIDTH, highlight=False, soft_wrap=False)


def say(*lines: str, error: bool = False) -> None:
    """Plain lines, never cut or wrapped."""
    stream = sys.stderr if error else sys.stdout
    for line in lines:
        stream.write(f"{line}\n")


def show_table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, error: bool = False
) -> None:
    """A table on the standard output or error; what comes from data is never read as markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console(error=error).print(table)


def show_report(report: "Report") -> None:
    """The three verdicts, then the score table."""
    from rich.text import Text

    from reverie.reports.sections import cards, groups

    screen = console()
    for card in cards(report.evaluation):
        head = Text.assemble(
            "Is it ", card.aspect, "? ", (card.word.capitalize(), f"bold {TONES[card.tone]}")
        )
        screen.print(head, Text(f"  {card.sentence}"), sep="\n")
        if card.tone != "good":
            screen.print(Text(f"  Why: {card.rule}."))
    rows = [
        (row.score.title, row.score.value, row.score.interval, row.score.floor, row.aim, row.score.n)
        for _, found in groups(report.evaluation)
        for row in found
    ]
    show_table("", ("figure", "value", "95 % interval", "floor", "best", "n"), rows)
    floor = "the same figure of unseen real rows against the real data, so nobody can expect better"
    if report.evaluation.comparison.holdout is None:
        floor = "not known without real rows held back: give them with --holdout"
    say(f"floor: {floor}")
    for note in report.evaluation.notes:
        say(f"note: {note}")


def program() -> str:
    """What to type to run this command again: its path, where it is not found by its name."""
    called = sys.argv[0]
    return called if Path(called).name == "reverie" and shutil.which("reverie") is None else "reverie"


def count(n: int, thing: str) -> str:
    """A number of things: 1 row, 1,000 rows."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def place(output: str) -> str:
    """Where a result went, in words."""
    return "standard output" if output == "-" else output


def write_json(path: str | None, content: Mapping[str, Any]) -> None:
    """Write indented JSON to `path` ('-' is the standard output), if there is one. Raises OutputError."""
    if path is not None:
        from reverie.io.writing import write_text

        write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def progress(unit: str = "") -> Iterator["OnProgress"]:
    """A callback that draws one bar a step, with rate and time left; quiet unless standard error is a
    terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress as bars

    columns = [
        bars.TextColumn("{task.description:<10}"), bars.BarColumn(), bars.TaskProgressColumn(),
        bars.TextColumn("{task.fields[rate]}"), bars.TimeRemainingColumn(), bars.TimeElapsedColumn(),
    ]  # fmt: skip
    with bars.Progress(*columns, console=console(error=True), transient=True) as shown:
        tasks: dict[str, bars.TaskID] = {}

        def tell(step: Any) -> None:
            if step.step not in tasks:
                for task in tasks.values():
                    shown.update(task, visible=False)
                tasks[step.step] = shown.add_task(step.step, total=step.total, rate="")
            task = tasks[step.step]
            speed = shown.tasks[shown.task_ids.index(task)].speed
            rate = f"{speed:,.0f} {unit}/s" if unit and speed else ""
            shown.update(task, completed=step.done, total=step.total, rate=rate)

        yield tell


def promised(privacy: Mapping[str, Any]) -> str:
    """A promise of formal privacy in a few words."""
    whom = f"each {privacy['unit']}" if privacy["unit"] else "each row"
    return (
        f"epsilon {privacy['spent']:.3g} of {privacy['epsilon']:g} at delta {privacy['delta']:g}, for {whom}"
    )
