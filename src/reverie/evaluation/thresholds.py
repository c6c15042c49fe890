"""The bounds from which verdicts follow; all are here, and each rule that uses one quotes it to the user.

Where two are given, both hold for the best word, the second alone for the middle one, and neither for the
worst. Errors are in per cent, above the real-against-real floor; AUCs and shares are in [0, 1].
"""

import json
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from reverie.core.errors import ConfigError
from reverie.core.names import hint


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("the first is above the second")
    return pair


def _falling(pair: tuple[float, float]) -> tuple[float, float]:
    _rising((pair[1], pair[0]))
    return pair


Share = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Shares = Annotated[tuple[Share, Share], AfterValidator(_rising)]
Percents = Annotated[tuple[Percent, Percent], AfterValidator(_rising)]
Multiples = Annotated[tuple[NonNegativeFloat, NonNegativeFloat], AfterValidator(_rising)]
Kept = Annotated[tuple[Percent, Percent], AfterValidator(_falling)]


class Thresholds(BaseModel):
    """Bounds of the verdicts. Read from a JSON file, those that it names replace the defaults.

    Faithful: `shape` and `trend` (where their floor is itself larger than the bound, chance is larger than
    it, and the floor takes its place), `c2st`, `validity`, and `frechet`, the Frechet distance of pictures or
    sounds in terms of its floor. Useful: `loss`, which models lose in AUC or R2,
    known to `precision` or nothing is said.

    Private: `nearer` and `nearer_closest`, shares of synthetic rows nearer to a training row than to an
    unseen one, of all and of the closest (.5 is no copying; the first bound calls for conditions and the
    second forbids release, each at the lower end of the interval, so that chance does neither; and release
    needs the interval of the first share to end below its second bound); `copies`, in per cent of the rows
    above the holdout's own rate; `risk`, how much oftener an attack succeeds on a training row than on an
    unseen one, and `membership`, the AUC of telling whether a row was learned from, each at the lower end of
    its interval, widened to hold for the worst of all attacks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    shape: Percents = (1.0, 5.0)
    trend: Percents = (2.0, 8.0)
    c2st: Shares = (0.60, 0.80)
    validity: Kept = (99.9, 95.0)
    frechet: Multiples = (3.0, 10.0)
    loss: Shares = (0.02, 0.10)
    precision: Share = 0.05
    nearer: Shares = (0.52, 0.55)
    nearer_closest: Shares = (0.55, 0.65)
    copies: Percents = (0.0, 1.0)
    risk: Shares = (0.02, 0.10)
    membership: Shares = (0.52, 0.60)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The bounds of a JSON file, and the defaults of those that are not in it. Raises ConfigError."""
        where = str(path)
        try:
            return cls.model_validate(json.loads(Path(path).expanduser().read_text(encoding="utf-8")))
        except OSError as error:
            raise ConfigError(
                f"cannot be read: {error.strerror}", where=where, fix="Check the path"
            ) from None
        except ValidationError as error:
            raise ConfigError(*_said(error), where=where, fix=_fix(error)) from None
        except ValueError:
            fix = 'Write such as {"risk": [0.01, 0.05]}'
            raise ConfigError("is no JSON", where=where, fix=fix) from None


DEFAULT = Thresholds()


def _said(error: ValidationError) -> tuple[str]:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return (f"'{name}' is no bound of a verdict",)
    return (f"'{name}': {first['msg'].removeprefix('Value error, ').lower()}" if name else "holds no bounds",)


def _fix(error: ValidationError) -> str:
    first = error.errors()[0]
    known = list(Thresholds.model_fields)
    if first["type"] == "extra_forbidden":
        return hint(str(first["loc"][0]), known)
    return f'Bounds are {", ".join(known)}, such as "risk": [0.01, 0.05]'
