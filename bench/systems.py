"""The systems that are compared: each one fits and samples by two commands, run as a user would run them."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import environments

PEERS = Path(__file__).parent / "peers"
REVERIE = Path(sys.executable).with_name("reverie")


@dataclass(frozen=True)
class System:
    """A system by its two commands; `{train}`, `{file}`, `{rows}` and `{out}` stand for what changes.

    `environment` names the virtual environment that `{python}` is of, or is None for this one. `cached` says
    whether a finished run may be used again: a peer's may, since its version is pinned.
    """

    name: str
    version: str
    fit: Sequence[str]
    sample: Sequence[str]
    environment: str | None = None
    cached: bool = True

    def command(self, template: Sequence[str], **values: object) -> list[str]:
        """The command with its places filled in."""
        python = environments.python_of(self.environment) if self.environment else sys.executable
        return [part.format(python=python, **values) for part in template]


def _pinned(environment: str, package: str) -> str:
    lines = (environments.REQUIREMENTS / f"{environment}.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def _sdv(title: str, model: str) -> System:
    script = ("{python}", str(PEERS / "sdv_peer.py"))
    fit = (*script, "fit", "--model", model, "--train", "{train}", "--file", "{file}")
    sample = (*script, "sample", "--model", model, "--file", "{file}", "--rows", "{rows}", "--out", "{out}")
    return System(f"SDV {title}", _pinned("sdv", "sdv"), fit, sample, "sdv")


def _mostlyai() -> System:
    script = ("{python}", str(PEERS / "mostlyai_peer.py"))
    fit = (*script, "fit", "--train", "{train}", "--file", "{file}")
    sample = (*script, "sample", "--file", "{file}", "--rows", "{rows}", "--out", "{out}")
    return System("MOSTLY AI TabularARGN", _pinned("mostlyai", "mostlyai-engine"), fit, sample, "mostlyai")


def _reverie(title: str, *options: str) -> System:
    fit = (str(REVERIE), "fit", "{train}", "-o", "{file}", "--seed", "1")
    sample = (str(REVERIE), "sample", "{file}", "-o", "{out}", "-n", "{rows}", "--seed", "1", *options)
    return System(title, version("reverie"), fit, sample, cached=False)


SYSTEMS = {
    "reverie": _reverie("Reverie"),
    "reverie-fast": _reverie("Reverie --fast", "--fast"),
    "copula": _sdv("GaussianCopula", "copula"),
    "tvae": _sdv("TVAE", "tvae"),
    "ctgan": _sdv("CTGAN", "ctgan"),
    "argn": _mostlyai(),
}
