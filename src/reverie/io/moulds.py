"""The kind of frame that rows are given back in: that which was learned from, its media in their forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from reverie.core.dataset import Dataset
from reverie.io.forms import Form
from reverie.io.frames import emptied, empty_frame, forms_of, from_arrow, library


@dataclass(frozen=True)
class Mould:
    """A frame without rows, and the forms of its media by column; None for Arrow tables as they are."""

    like: Any = None
    forms: Mapping[str, Form] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Any) -> Self:
        """That of a frame; of a path or a dataset an Arrow table."""
        if isinstance(data, Dataset | str | Path):
            return cls()
        return cls(emptied(data), forms_of(data))

    def filled(self, table: pa.Table) -> Any:
        """The rows in this kind of frame."""
        return table if self.like is None else from_arrow(table, self.like, self.forms)

    def state(self) -> dict[str, Any]:
        """JSON-able: the library, and the forms."""
        forms = {name: form.state() for name, form in self.forms.items()}
        return {"frame": library(self.like), "media": forms}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """A frame of the same library without columns, and the forms; other entries are passed over. Raises
        LookupError, ValueError, TypeError or AttributeError on a state that makes no sense.
        """
        forms = {str(name): Form.from_state(form) for name, form in state.get("media", {}).items()}
        return cls(empty_frame(state["frame"]), forms)
