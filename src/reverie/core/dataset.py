"""A dataset: named Arrow tables. Large ones are memory-mapped, so a table need not fit in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa

from reverie.core.errors import DataError


@dataclass(frozen=True)
class Dataset:
    """Named Arrow tables and where they came from.

    A single file or frame is a dataset of one table. `source` is shown to the user and is never parsed.
    """

    tables: Mapping[str, pa.Table]
    source: str = "data"
    notes: tuple[str, ...] = field(default=())
    named: tuple[str, ...] = field(default=(), repr=False)
    """What names single files or rows: for the screen alone, and never kept in a model."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def __repr__(self) -> str:
        sizes = (f"{name}: {table.num_rows:,} x {table.num_columns}" for name, table in self.tables.items())
        return f"Dataset({', '.join(sizes)})"

    def single(self) -> tuple[str, pa.Table]:
        """The name and table of a dataset of one table. Raises DataError if there are several."""
        if len(self.tables) != 1:
            raise DataError(
                f"holds {len(self.tables)} tables, and this step takes one",
                where=self.source,
                fix=f"Name one of: {', '.join(sorted(self.tables))}",
            )
        return next(iter(self.tables.items()))
