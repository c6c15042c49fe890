"""Reverie learns P(X) of business data and generates new data that behaves like the real thing."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reverie.core.errors import ReverieError as ReverieError
    from reverie.dp.account import Privacy as Privacy
    from reverie.io.files import read as read
    from reverie.reports.dossier import dossier as dossier
    from reverie.reports.report import evaluate as evaluate
    from reverie.sampling.conditions import at_least as at_least
    from reverie.sampling.conditions import at_most as at_most
    from reverie.sampling.conditions import between as between
    from reverie.sampling.conditions import missing as missing
    from reverie.sampling.conditions import not_ as not_
    from reverie.sampling.conditions import one_of as one_of
    from reverie.sampling.conditions import present as present
    from reverie.sampling.constraints import predicate as predicate
    from reverie.schema.types import Column as Column
    from reverie.schema.types import Constraint as Constraint
    from reverie.schema.types import Schema as Schema
    from reverie.schema.types import Table as Table
    from reverie.synthesizer import Synthesizer as Synthesizer
    from reverie.synthesizer import load as load

_PLACES = {
    "reverie.core.errors": ("ReverieError",),
    "reverie.dp.account": ("Privacy",),
    "reverie.io.files": ("read",),
    "reverie.reports.dossier": ("dossier",),
    "reverie.reports.report": ("evaluate",),
    "reverie.sampling.conditions": (
        "at_least", "at_most", "between", "missing", "not_", "one_of", "present",
    ),
    "reverie.sampling.constraints": ("predicate",),
    "reverie.schema.types": ("Column", "Constraint", "Schema", "Table"),
    "reverie.synthesizer": ("Synthesizer", "load"),
}  # fmt: skip
_HOME = {name: module for module, names in _PLACES.items() for name in names}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import reverie` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'reverie' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
