"""Which families there are to choose among: what each lacks here, and which is the one to beat."""

from collections.abc import Collection
from importlib.util import find_spec

from reverie.core.errors import ConfigError
from reverie.dp.account import check_installed
from reverie.models.base import families, family

AUTO = "auto"
PREFERRED = ("trees", "autoregressive", "diffusion", "vae", "gan", "copula")
"""The best first; a family that is not here comes last."""
PRIVATE = "marginals"
"""The family to choose under formal privacy."""
BESIDE = ("diffusion",)
"""The best where there are pictures, sounds or texts beside the rows."""
FEW_ROWS = 250
"""Rows under which the simplest family is the one to beat: see docs/adr/0009."""
SIMPLEST = "copula"
EXTRAS = {"torch": "neural", "lightning_fabric": "neural", "mbi": "dp"}
"""Modules that come with an extra of Reverie; others are packages of their own name."""
MODALITIES = {"grid": "pictures or sounds", "tokens": "texts"}
"""What users know as that which a family must be able to model."""
DEVICES = ("auto", "cpu", "cuda")


def check_family(name: str) -> None:
    """Raise ConfigError if there is no such family, or it cannot run here; "auto" always can."""
    if name != AUTO and (fix := lacking(name)):
        raise ConfigError(f"family '{name}' {fix}", where="--model", fix="Install it, or use --model auto")


def lacking(name: str) -> str:
    """What a family needs that is not installed, and how to get it; "" if nothing. Raises ConfigError."""
    missing = [module for module in family(name).CAPABILITIES.requires if find_spec(module) is None]
    wanted = dict.fromkeys(f"'reverie[{EXTRAS[one]}]'" if one in EXTRAS else one for one in missing)
    return f"needs: pip install {' '.join(wanted)}" if wanted else ""


def absent() -> dict[str, str]:
    """The families that cannot run here, and what each needs."""
    return {name: needs for name in families() if (needs := lacking(name))}


def favourite(rows: int) -> str:
    """The family to beat on a table of so many rows."""
    return ranked(rows)[0]


def ranked(rows: int) -> tuple[str, ...]:
    """All families that can run here, the one to beat on so many rows first; the one for formal privacy is
    not among them, as others are better without noise.
    """
    able = [name for name in families() if name != PRIVATE and not lacking(name)]
    places = {name: place for place, name in enumerate(PREFERRED)}
    places |= {SIMPLEST: -1} if rows < FEW_ROWS else {}
    return tuple(sorted(able, key=lambda name: places.get(name, len(PREFERRED))))


def able(name: str) -> frozenset[str]:
    """What the family `name`, or any that can run here where it is left open, can model."""
    names = ranked(FEW_ROWS) if name == AUTO else (name,)
    return frozenset(modality for one in names for modality in family(one).CAPABILITIES.modalities)


def settled(name: str, needs: Collection[str]) -> tuple[str, str] | None:
    """The family and why it, where that is settled: it was asked for by `name`, or few can model what the
    table `needs` besides categories and numbers. None leaves it open.

    Raises ConfigError if the one asked for cannot, or none here can.
    """
    able = [one for one in ranked(FEW_ROWS) if set(needs) <= set(family(one).CAPABILITIES.modalities)]
    able.sort(key=lambda one: one not in BESIDE)
    if name != AUTO:
        if needs and name not in able:
            lacks = set(needs) - set(family(name).CAPABILITIES.modalities)
            other = "give these columns the type 'text'" if lacks == {"tokens"} else "drop these columns"
            fix = f"Use --model {able[0] if able else AUTO}, or {other}"
            raise ConfigError(f"family '{name}' does not learn {_named(lacks)}", where="--model", fix=fix)
        return name, "as asked"
    if needs and not able:
        fix = "Run: pip install 'reverie[neural,media]', or drop these columns"
        raise ConfigError(f"no family that is installed learns {_named(needs)}", where="--model", fix=fix)
    return (able[0], f"the best family here for {_named(needs)}") if needs else None


def _named(needs: Collection[str]) -> str:
    return " and ".join(MODALITIES[one] for one in sorted(needs))


def check_private(name: str, *, outliers: float = 0.0, max_rows: int | None = None) -> None:
    """Raise ConfigError if a family has no formal privacy, or what it needs for it is not installed, or if
    only some rows are to be learned from: one more would change which.
    """
    for option, given in (("outliers", outliers), ("max_rows", max_rows)):
        if given:
            fix = "Leave it out, or take random rows before"
            raise ConfigError("chooses among the rows, which --epsilon does not allow", where=option, fix=fix)
    able = private_families()
    if name != AUTO and name not in able:
        fix = f"Use --model {able[0]}"
        raise ConfigError(f"family '{name}' has no formal differential privacy", where="--epsilon", fix=fix)
    check_installed()


def private_families() -> tuple[str, ...]:
    """The families with formal privacy, the one to choose where nothing else is known first."""
    able = [known for known in families() if family(known).CAPABILITIES.dp]
    return tuple(sorted(able, key=lambda name: name != PRIVATE))


def check_device(name: str) -> None:
    """Raise ConfigError if networks cannot learn there."""
    if name not in DEVICES:
        fix = "Use auto, cpu or cuda"
        raise ConfigError(f"no device '{str(name)[:20]}'", where="--device", fix=fix)
    if name == "cuda" and not _has_cuda():
        raise ConfigError("no GPU is found on this machine", where="--device", fix="Use auto or cpu")


def _has_cuda() -> bool:
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
