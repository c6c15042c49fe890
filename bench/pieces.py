"""A page in Markdown by its sections, so that two commands can write parts of the same page."""

import re
from pathlib import Path

from tables import SOURCES


def kept(path: Path, title: str) -> list[str]:
    """The section called `title` as the page has it now, written by another command; [] if there is none."""
    old = path.read_text() if path.exists() else ""
    return [part for part in divided(old) if part.startswith(f"## {title}\n")]


def put(path: Path, section: str) -> None:
    """Write one section into the page: in its place if it is there, or else before the first data set's."""
    parts = divided(path.read_text()) if path.exists() else []
    titles = [part.partition("\n")[0] for part in parts]
    title = section.partition("\n")[0]
    if title in titles:
        parts[titles.index(title)] = section
    else:
        tables = (place for place, one in enumerate(titles) if one.removeprefix("## ") in SOURCES)
        parts.insert(next(tables, len(parts)), section)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts))


def divided(text: str) -> list[str]:
    """A page as what comes before its first heading of the second level, and each section from there."""
    return re.split(r"\n(?=## )", text)
