"""What is wrong with an edited schema, in words: which table, column and field, and what was meant."""

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel

from reverie.core.errors import SchemaError
from reverie.core.names import meant

_KINDS = {
    "string": "text in quotes", "bool": "true or false", "dict": "an object in { }", "tuple": "a list in [ ]",
    "model": "an object in { }", "literal": "1, the only format there is",
}  # fmt: skip
"""Beginning of the name of pydantic's error -> what belongs there."""


def explain(
    model: type[BaseModel], content: Any, path: Sequence[str | int], error: str, where: str
) -> SchemaError:
    """The error that tells a user what pydantic's `error` at `path` of the `content` means."""
    *parents, last = path or ("",)
    place = ", ".join([where, *_names(content, parents if error in _OF_FIELDS else path)])
    if error == "missing":
        return SchemaError(f"has no '{last}'", where=place, fix=f"Add the field '{last}'")
    if error == "extra_forbidden":
        known = _fields(model, parents)
        fix = meant(str(last), known).strip() or f"Fields are: {', '.join(known)}"
        return SchemaError(f"unknown field '{last}'", where=place, fix=fix)
    kind = next((words for start, words in _KINDS.items() if error.startswith(start)), "something else")
    return SchemaError(f"expected {kind}", where=place, fix="Correct that place")


_OF_FIELDS = ("missing", "extra_forbidden")


def _names(content: Any, path: Sequence[str | int]) -> list[str]:
    """The place in words: a list's items by their name, or else by their number."""
    found, kind = [], "schema"
    for part in path:
        try:
            content = content[part]
        except (LookupError, TypeError):
            content = None
        if isinstance(part, int):
            name = content.get("name") if isinstance(content, dict) else None
            found[-1] = f"{kind} '{name}'" if isinstance(name, str) else f"{kind} {part + 1}"
        else:
            kind = str(part).removesuffix("s")
            found.append(f"field '{part}'")
    return found


def _fields(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Names of the fields of the part of `model` at `path`."""
    for part in path:
        if isinstance(part, str):
            kind = model.model_fields[part].annotation
            model = next((one for one in get_args(kind) if isinstance(one, type)), model)
    return list(model.model_fields)
