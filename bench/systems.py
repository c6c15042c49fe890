"""The systems that are compared: each one fits and samples by two commands, run as a user would run them."""

import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import environments
import reverie
from reverie.models.base import families
from reverie.models.choice import AUTO, lacking

SCRIPTS = Path(__file__).parent / "peers"
REVERIE = Path(sys.executable).with_name("reverie")


@dataclass(frozen=True)
class System:
    """A system by its two commands; `{train}`, `{file}`, `{rows}` and `{out}` stand for what changes.

    `environment` names the virtual environment that `{python}` is of, or is None for this one. `code` is a
    fingerprint of what runs where the version does not tell it, as a peer's pinned one does: a finished run
    is used again only if both are the same. `model` is the key of the system whose fitted model is sampled;
    "" is its own.
    """

    name: str
    version: str
    fit: Sequence[str]
    sample: Sequence[str]
    environment: str | None = None
    code: str = ""
    model: str = ""

    def command(self, template: Sequence[str], **values: object) -> list[str]:
        """The command with its places filled in."""
        python = environments.python_of(self.environment) if self.environment else sys.executable
        return [part.format(python=python, **values) for part in template]


def _pinned(environment: str, package: str) -> str:
    lines = (environments.REQUIREMENTS / f"{environment}.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def _sdv(title: str, model: str) -> System:
    script = ("{python}", str(SCRIPTS / "sdv_peer.py"))
    fit = (*script, "fit", "--model", model, "--train", "{train}", "--file", "{file}")
    sample = (*script, "sample", "--model", model, "--file", "{file}", "--rows", "{rows}", "--out", "{out}")
    return System(f"SDV {title}", _pinned("sdv", "sdv"), fit, sample, "sdv")


def _mostlyai() -> System:
    script = ("{python}", str(SCRIPTS / "mostlyai_peer.py"))
    fit = (*script, "fit", "--train", "{train}", "--file", "{file}")
    sample = (*script, "sample", "--file", "{file}", "--rows", "{rows}", "--out", "{out}")
    return System("MOSTLY AI TabularARGN", _pinned("mostlyai", "mostlyai-engine"), fit, sample, "mostlyai")


@cache
def _code() -> str:
    folder = Path(reverie.__file__).parent
    texts = (file.read_bytes() for file in sorted(folder.rglob("*.py")))
    return hashlib.blake2b(b"\0".join(texts), digest_size=8).hexdigest()


def _reverie(family: str, *, seconds: int | None = None, fast: bool = False, model: str = "") -> System:
    """Reverie with a family, within `seconds` to fit; `fast` samples without the critic."""
    fit = [str(REVERIE), "fit", "{train}", "-o", "{file}", "--seed", "1"]
    fit += [] if family == AUTO else ["--model", family]
    fit += [] if seconds is None else ["--budget", f"{seconds}s"]
    sample = [str(REVERIE), "sample", "{file}", "-o", "{out}", "-n", "{rows}", "--seed", "1"]
    sample += ["--fast"] if fast else []
    name = " ".join(("Reverie", *([] if family == AUTO else [family]), *(["--fast"] if fast else [])))
    return System(name, version("reverie"), fit, sample, code=_code(), model=model)


def key_of(family: str) -> str:
    """The key of Reverie with a family; "-fast" after it is the same model, sampled without the critic."""
    return "reverie" if family == AUTO else f"reverie-{family}"


def installed() -> list[str]:
    """The families that can run here, and auto before them."""
    return [AUTO, *(name for name in families() if not lacking(name))]


def with_families(names: Iterable[str]) -> dict[str, System]:
    """Each family twice from one model: sampled as by default, and by --fast, which is the family itself."""
    made: dict[str, System] = {}
    for name in names:
        key = key_of(name)
        made |= {key: _reverie(name), f"{key}-fast": _reverie(name, fast=True, model=key)}
    return made


def within(family: str, seconds: int) -> tuple[str, System]:
    """The key and the system of a family that has `seconds` to fit: auto as by default, others by --fast."""
    return f"{key_of(family)}-{seconds}s", _reverie(family, seconds=seconds, fast=family != AUTO)


def privately(family: str, epsilon: float, delta: float) -> tuple[str, System]:
    """The key and the system of a family under formal privacy, sampled as by default."""
    fit = [str(REVERIE), "fit", "{train}", "-o", "{file}", "--seed", "1", "--model", family]
    fit += ["--epsilon", f"{epsilon:g}", "--delta", f"{delta:g}"]
    sample = [str(REVERIE), "sample", "{file}", "-o", "{out}", "-n", "{rows}", "--seed", "1"]
    made = System(f"Reverie {family}", version("reverie"), fit, sample, code=_code())
    return f"{key_of(family)}-eps{epsilon:g}", made


def _smartnoise(model: str, epsilon: float, delta: float) -> System:
    script = ("{python}", str(SCRIPTS / "smartnoise_peer.py"))
    options = ("--model", model, "--epsilon", f"{epsilon:g}", "--delta", f"{delta:g}")
    fit = (*script, "fit", *options, "--train", "{train}", "--file", "{file}")
    sample = (*script, "sample", "--file", "{file}", "--rows", "{rows}", "--out", "{out}")
    pinned = _pinned("smartnoise", "smartnoise-synth")
    return System(f"SmartNoise {model.upper()}", pinned, fit, sample, "smartnoise")


def _mostlyai_privately(epsilon: float, delta: float) -> System:
    made = _mostlyai()
    promise = ("--epsilon", f"{epsilon:g}", "--delta", f"{delta:g}")
    return replace(made, name=f"{made.name}, private", fit=(*made.fit, *promise))


FORMAL_PEERS = {
    "aim": partial(_smartnoise, "aim"),
    "mst": partial(_smartnoise, "mst"),
    "argn": _mostlyai_privately,
}
"""Peers with formal privacy, made by epsilon and delta."""

PEERS = {
    "copula": _sdv("GaussianCopula", "copula"),
    "tvae": _sdv("TVAE", "tvae"),
    "ctgan": _sdv("CTGAN", "ctgan"),
    "argn": _mostlyai(),
}
