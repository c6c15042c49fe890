"""Which family learns a table, and why."""

from reverie.core.errors import ConfigError
from reverie.models.base import families, family

PREFERRED = ("trees", "copula")
"""The families that `auto` means, the best first."""


def choose_family(name: str = "auto") -> tuple[str, str]:
    """The family that `name` means, and the reason in words. Raises ConfigError if there is no such
    family.
    """
    if name != "auto":
        family(name)
        return name, "as asked"
    chosen = next(known for known in PREFERRED if known in families())
    return chosen, f"auto: {family(chosen).CAPABILITIES.summary}"


def check_private(name: str, epsilon: float | None) -> None:
    """Raise ConfigError if formal privacy is wanted of a family that has none."""
    if epsilon is not None and not family(name).CAPABILITIES.dp:
        able = [known for known in families() if family(known).CAPABILITIES.dp]
        fix = f"Use --model {able[0]}" if able else "Leave --epsilon out: no family of this version has it"
        raise ConfigError(f"family '{name}' has no formal differential privacy", where="--epsilon", fix=fix)
