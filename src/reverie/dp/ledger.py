"""What each data set has spent on formal privacy: a file of promises, by the fingerprint of the data.

A promise is written down before the first question is asked, so that a fit that fails or is killed counts.
Promises about the same rows add up (basic composition: the sums of epsilon and of delta hold whatever the
mechanisms were). Samples of a model cost nothing more.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from reverie.core.errors import ConfigError, DataError, OutputError
from reverie.dp.account import Privacy

PLACE = "REVERIE_LEDGER"
"""The environment variable that says where the ledger is."""
_FIX = "Repair the file, or name another by the environment variable REVERIE_LEDGER"


@dataclass(frozen=True)
class Entry:
    """A promise about the data with a fingerprint, when it was made, and what for."""

    data: str
    name: str
    when: str
    family: str
    epsilon: float
    delta: float
    unit: str | None = None


@dataclass(frozen=True)
class Ledger:
    """The file of promises; it is made when the first one is written."""

    path: Path

    @classmethod
    def default(cls) -> "Ledger":
        """Where REVERIE_LEDGER says, or in the user's own folder."""
        place = os.environ.get(PLACE)
        return cls(Path(place) if place else Path.home() / ".reverie" / "ledger.json")

    def entries(self, data: str | None = None) -> tuple[Entry, ...]:
        """All entries, or those of one data set, the oldest first. Raises DataError on a damaged file."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))["entries"]
            entries = tuple(Entry(**one) for one in found)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError):
            raise DataError("is no ledger of formal privacy", where=str(self.path), fix=_FIX) from None
        return entries if data is None else tuple(one for one in entries if one.data == data)

    def spend(self, data: str, name: str, family: str, promise: Privacy) -> tuple[float, float]:
        """Write a promise down; epsilon and delta of all promises about these data, this one among them.

        Raises ConfigError, and writes nothing, if epsilon would pass the promise's cap; OutputError if it
        cannot be written.
        """
        cap = promise.cap
        with self._locked():
            before = self.entries(data)
            epsilon, delta = total(before)
            epsilon, delta = epsilon + promise.epsilon, delta + promise.delta
            if cap is not None and epsilon > cap * (1 + 1e-9):
                what = f"{promise.epsilon:g} more would make {epsilon:g}, above the cap of {cap:g}"
                fix = f"Use at most {max(cap - epsilon + promise.epsilon, 0):g}, or raise the cap"
                raise ConfigError(what, where="--epsilon", fix=fix)
            when = datetime.now(UTC).isoformat(timespec="seconds")
            entry = Entry(data, name, when, family, promise.epsilon, promise.delta, promise.unit)
            self._write((*self.entries(), entry))
        return epsilon, delta

    def _write(self, entries: Sequence[Entry]) -> None:
        fresh = self.path.with_name(self.path.name + ".part")
        fresh.write_text(
            json.dumps({"entries": [asdict(one) for one in entries]}, indent=1), encoding="utf-8"
        )
        fresh.replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone with the file, so that two fits at once both count. Raises OutputError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path.with_name(self.path.name + ".lock"), "w", encoding="utf-8") as held:
                _lock(held.fileno())
                yield
        except OSError as error:
            what = f"the ledger of formal privacy cannot be written: {error.strerror}"
            raise OutputError(what, where=str(self.path), fix=_FIX) from None


def total(entries: Sequence[Entry]) -> tuple[float, float]:
    """Epsilon and delta of all of them together."""
    return sum(one.epsilon for one in entries), sum(one.delta for one in entries)


def _lock(handle: int) -> None:
    """Wait for the file to be ours; it is given back when it is closed. Systems without locks do without."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
