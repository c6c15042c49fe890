"""Verdicts: three words for a manager, each with the rule and the figure that gave it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reverie.evaluation.base import Aspect, Measurement
from reverie.evaluation.intervals import exceeds, quantile
from reverie.evaluation.thresholds import DEFAULT, Thresholds

Found = Mapping[str, Measurement]
Why = Mapping[Aspect, str]

NO_EVIDENCE = "not enough evidence"
SCALES: dict[Aspect, tuple[str, str, str]] = {
    "faithful": ("faithful", "mostly faithful", "not faithful"),
    "useful": ("useful", "partly useful", "not useful"),
    "private": ("release", "release with conditions", "do not release"),
}


@dataclass(frozen=True)
class Verdict:
    """The verdict in words, and the rule that gave it with the figures it looked at."""

    verdict: str
    rule: str


@dataclass(frozen=True)
class Check:
    """One figure against its two bounds: `grade` 0 is good, 1 middling, 2 bad; `doubtful` if chance may have
    made it bad.
    """

    grade: int
    said: str
    doubtful: bool = False


def judge(
    found: Found,
    *,
    holdout: bool,
    why_none: Why | None = None,
    bounds: Thresholds = DEFAULT,
    media: Collection[str] = (),
) -> dict[Aspect, Verdict]:
    """The three verdicts; `why_none` says why a measure of an aspect gave no figure, where it knows.

    `media` are columns of pictures or sounds, which must be looked at too.
    """
    private = _private(found, holdout, bounds)
    if holdout and media and "media_nearer" not in found and private.verdict != SCALES["private"][2]:
        private = Verdict(NO_EVIDENCE, f"too few pictures or sounds to compare: {', '.join(media)}")
    return {
        "faithful": _faithful(found, bounds),
        "useful": _useful(found, holdout, why_none or {}, bounds),
        "private": private,
    }


def _worst(aspect: Aspect, checks: list[Check]) -> Verdict:
    grade = max(check.grade for check in checks)
    deciding = [check.said for check in checks if check.grade == grade]
    return Verdict(SCALES[aspect][grade], "; ".join(deciding))


def _grade(value: float, bounds: tuple[float, float]) -> int:
    return int(value > bounds[0]) + int(value > bounds[1])


def _bounds(grade: int, bounds: tuple[float, float]) -> str:
    return f"at most {bounds[0]:.3g}" if grade == 0 else f"above {bounds[grade - 1]:.3g}"


def _faithful(found: Found, bounds: Thresholds) -> Verdict:
    checks = []
    for name, pair in (("shape", bounds.shape), ("trend", bounds.trend)):
        if name in found:
            checks.append(_distant(found[name], pair))
    told = found.get("c2st_fresh") or found.get("c2st_train")
    if told:
        # Below a half means copies, which is for the verdict on privacy.
        grade = _grade(told.value, bounds.c2st)
        checks.append(Check(grade, f"{told.name} AUC {told.value:.3f} ({_bounds(grade, bounds.c2st)})"))
    if "validity" in found:
        checks.append(_valid(found["validity"], bounds.validity))
    if (told := found.get("media_frechet")) and told.floor:
        times = told.value / told.floor
        said = f"pictures or sounds are {times:.1f} times as far from real ones as unseen real ones are"
        grade = _grade(times, bounds.frechet)
        checks.append(Check(grade, f"{said} ({_bounds(grade, bounds.frechet)})"))
    if not checks:
        return Verdict(NO_EVIDENCE, "no column or too few rows to compare")
    bad = [check for check in checks if check.grade == 2]
    if bad and all(check.doubtful for check in bad):
        said = "; ".join(check.said for check in bad)
        return Verdict(NO_EVIDENCE, f"{said}, which so few rows may make alone: give a holdout or more rows")
    return _worst("faithful", checks)


def _distant(error: Measurement, bounds: tuple[float, float]) -> Check:
    floor = error.floor or 0.0
    above, allowed = max(0.0, error.value - floor), (max(bounds[0], floor), max(bounds[1], floor))
    grade = _grade(above, allowed)
    beside = "with no floor known" if error.floor is None else "above the floor"
    said = f"{error.name} error {above:.2f} % {beside} ({_bounds(grade, allowed)})"
    return Check(grade, said, doubtful=error.floor is None and error.low <= allowed[1])


def _valid(measurement: Measurement, bounds: tuple[float, float]) -> Check:
    needed = min(measurement.floor if measurement.floor is not None else 100.0, bounds[0])
    grade = int(measurement.value < needed) + int(measurement.value < min(needed, bounds[1]))
    return Check(grade, f"{measurement.value:.2f} % of the rows keep the rules of the schema")


def _useful(found: Found, holdout: bool, why_none: Why, bounds: Thresholds) -> Verdict:
    if "usefulness_loss" not in found:
        return Verdict(NO_EVIDENCE, why_none.get("useful", "it was not measured"))
    loss = found["usefulness_loss"]
    said = f"models lose {loss.value:.3f} (95 % interval {loss.low:.3f} to {loss.high:.3f}) of AUC or R2"
    if not holdout:
        return Verdict(
            NO_EVIDENCE,
            f"{said}, but the rows tested on may be ones the generator learned from: give a holdout",
        )
    grade = _grade(loss.value, bounds.loss)
    if grade < 2 and (loss.high - loss.low) / 2 > bounds.precision:
        return Verdict(NO_EVIDENCE, f"{said}, which is too wide: give more rows to test on")
    return _worst("useful", [Check(grade, f"{said} ({_bounds(grade, bounds.loss)})")])


def _private(found: Found, holdout: bool, bounds: Thresholds) -> Verdict:
    if not holdout:
        return Verdict(
            NO_EVIDENCE,
            "privacy is only shown against real rows that the generator never saw: give a holdout",
        )
    near = {
        "dcr_share": bounds.nearer,
        "dcr_share_closest": bounds.nearer_closest,
        "media_nearer": bounds.nearer,
    }
    checks = [_nearer(found[name], pair) for name, pair in near.items() if name in found]
    checks += [_copied(found[name], bounds.copies) for name in COPIES if name in found]
    checks += _attacks([found[name] for name in ATTACKS if name in found], bounds)
    if any(check.grade == 2 for check in checks):
        return _worst("private", checks)
    share = found.get("dcr_share", found.get("media_nearer"))
    if share is None:
        return Verdict(NO_EVIDENCE, "too few rows to compare distances to train and to holdout rows")
    if all(check.grade == 0 for check in checks) and share.high > bounds.nearer[1]:
        known = f"the share nearer to train is {share.value:.3f}, but {share.high:.3f} cannot be ruled out"
        return Verdict(NO_EVIDENCE, f"{known}: give more rows")
    return _worst("private", checks)


COPIES = {
    "copies": "exact copies",
    "copies_unique": "exact copies of rows that one person has",
    "media_copies": "pictures or sounds that are nearly one that was learned from",
    "text_copies": "texts with words in a row of one that was learned from",
}
"""The figures of copies, and what each counts."""
ATTACKS = {
    "singling_out_univariate": "a predicate on one column singles out a training row",
    "singling_out_multivariate": "a predicate on several columns singles out a training row",
    "linkability": "two halves of a training row are linked",
    "inference": "a column of a training row is guessed",
    "inference_worst": "the column guessed best is guessed for a training row",
    "rare_values": "a rare value of a training row comes out",
    "membership_density": "whether a row was learned from is told by densities",
    "membership_distance": "whether a row was learned from is told by distances",
    "membership_density_outliers": "whether an outlying row was learned from is told by densities",
    "membership_distance_outliers": "whether an outlying row was learned from is told by distances",
    "membership_density_rare": "whether a row of a rare group was learned from is told by densities",
    "membership_distance_rare": "whether a row of a rare group was learned from is told by distances",
}
"""The figures of attacks that decide, and what each says."""
MEMORISED = ("media_nearer", "media_copies", "text_copies")
"""The figures of cells that are made again: pictures, sounds and texts."""
QUESTIONS = {
    "Singling out": ("singling_out_univariate", "singling_out_multivariate", "rare_values"),
    "Linkability": ("linkability",),
    "Inference": (
        "inference", "inference_worst", "membership_density", "membership_density_outliers",
        "membership_density_rare", "membership_distance", "membership_distance_outliers",
        "membership_distance_rare",
    ),
}  # fmt: skip
"""The questions of Europe's opinion 05/2014 on anonymous data, and the figures that answer them."""


def _attacks(risks: list[Measurement], bounds: Thresholds) -> list[Check]:
    """A check for each attack that tells something, or one for all that tell nothing."""
    checks = [_attacked(risk, len(risks), bounds) for risk in risks]
    if not checks or any(check.grade for check in checks):
        return checks
    place = max(range(len(risks)), key=lambda i: risks[i].low - _allowed(risks[i], bounds)[0])
    return [Check(0, f"of {len(checks)} attacks none surely succeeds, nearest to it: {checks[place].said}")]


def grades(found: Found, bounds: Thresholds = DEFAULT) -> dict[str, int]:
    """What each attack, and each figure of memorised cells, tells, by name: 0 nothing, 1 enough for
    conditions, 2 enough to forbid release.
    """
    risks = [found[name] for name in ATTACKS if name in found]
    told = {risk.name: _attacked(risk, len(risks), bounds).grade for risk in risks}
    for name in MEMORISED:
        if name in COPIES and name in found:
            told[name] = _copied(found[name], bounds.copies).grade
        elif name in found:
            told[name] = _nearer(found[name], bounds.nearer).grade
    return told


def _allowed(risk: Measurement, bounds: Thresholds) -> tuple[float, float]:
    return bounds.membership if risk.name.startswith("membership") else bounds.risk


def _attacked(risk: Measurement, among: int, bounds: Thresholds) -> Check:
    """The lower end that holds for the worst of so many attacks (Bonferroni), beside the bounds."""
    membership, pair = risk.name.startswith("membership"), _allowed(risk, bounds)
    own = int(risk.detail.get("among", 1))
    surely = risk.value - (risk.value - risk.low) * quantile(among * own) / quantile(own)
    grade = _grade(surely, pair)
    how = (
        f"with AUC {risk.value:.3f}" if membership else f"oftener than for an unseen one by {risk.value:.3f}"
    )
    return Check(grade, f"{ATTACKS[risk.name]} {how} (surely {surely:.4f}, {_bounds(grade, pair)})")


def _nearer(share: Measurement, bounds: tuple[float, float]) -> Check:
    grade = _grade(share.low, bounds)
    among = {"dcr_share_closest": "of the closest rows", "media_nearer": "of the pictures or sounds"}
    which = among.get(share.name, "of the rows")
    said = f"{share.value:.3f} {which} (at least {share.low:.3f}) are nearer to train than to holdout"
    return Check(grade, f"{said} ({_bounds(grade, bounds)})")


def _copied(copies: Measurement, bounds: tuple[float, float]) -> Check:
    floor = copies.floor or 0.0
    above = 100 * exceeds(copies.value / 100, copies.n, floor / 100, copies.detail.get("floor_n", 0))
    grade = _grade(above, bounds)
    said = f"{copies.value:.2f} % {COPIES[copies.name]}, {floor:.2f} % among unseen real rows"
    return Check(grade, said)
