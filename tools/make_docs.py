"""Write docs/commands.md from the command line and docs/parts.md from discovery."""

import argparse
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

from reverie.cli.main import app
from reverie.codecs.base import codecs
from reverie.core import registry
from reverie.evaluation.base import measures
from reverie.models.base import families, family

DOCS = Path(__file__).parents[1] / "docs"
KINDS = "reverie.sampling.constraints.kinds"
NOTE = "<!-- Written by `make docs`; do not edit. -->\n"


def commands() -> str:
    """Every command with its arguments and options."""
    group: Any = typer.main.get_command(app)
    parts = [f"{NOTE}\n# Commands\n"]
    for name, command in sorted(group.commands.items()):
        if not command.hidden:
            rows = [_parameter(parameter) for parameter in command.params]
            parts.append(f"## reverie {name}\n\n{inspect.cleandoc(command.help or '')}\n\n{_table(rows)}")
    return "\n".join(parts)


def _parameter(parameter: Any) -> tuple[str, str]:
    shown = "`, `".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
    return f"`{shown}`", " ".join((getattr(parameter, "help", None) or "").split())


def parts() -> str:
    """What is found by discovery: families, column types, measures, constraints."""
    sections = {
        "Model families (`--model`)": [(name, family(name).CAPABILITIES.summary) for name in families()],
        "Column types": [(kind, _first_line(codec)) for codec in codecs() for kind in codec.TYPES],
        "Measures": [(measure.name, _first_line(type(measure))) for measure in measures()],
        "Constraints": [(kind, _first_line(registry.load(KINDS, kind))) for kind in registry.names(KINDS)],
    }
    written = [f"## {title}\n\n{_table(rows)}" for title, rows in sections.items() if rows]
    return "\n".join([f"{NOTE}\n# Parts\n", *written])


def _first_line(thing: type | ModuleType) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _table(rows: list[tuple[str, str]]) -> str:
    lines = [("", "what it is"), ("---", "---"), *rows]
    return "\n".join(f"| {name} | {text.replace('|', '&#124;')} |" for name, text in lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands, "parts.md": parts}


def main() -> None:
    """Write the pages, or with --check end with 1 if one is not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if check and (not path.exists() or path.read_text() != text):
            sys.exit(f"docs/{name} is old: run `make docs`")
        path.write_text(text)


if __name__ == "__main__":
    main()
