"""The dossier as one offline HTML file: plain words for the officer first, then figures for the expert."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reverie.evaluation.dossier import CONDITIONS, FORBIDDEN, RELEASE, Findings, Model, Sought
from reverie.evaluation.thresholds import DEFAULT, Thresholds
from reverie.reports import html, sections, wording
from reverie.reports.criteria import ASKED, OWN, criteria
from reverie.reports.protection import K
from reverie.reports.wording import Tone

TITLE = "Privacy dossier"

MEANING = {
    RELEASE: "No attack was shown to find out more about people learned from than the bounds below allow.",
    CONDITIONS: "Something was found that should be mended, or be allowed for where the data goes.",
    FORBIDDEN: "The data tell of single people that were learned from. They must not go out.",
}
UNSHOWN = "What would show that the data are safe is not there, so nothing is claimed."

TO_DO = {
    RELEASE: (
        "Keep this dossier where the real data are kept, and make a new one when model or data change.",
        "Hand out no more rows than are said above to be synthetic without a dossier of as many; beyond "
        "50,000 the attacks look at so many of them.",
    ),
    CONDITIONS: (
        "Hand the data only to those who are bound not to look for single people in it.",
        "Or fit again with more rows, with another family (--model), or with formal privacy (--epsilon), "
        "and make a new dossier.",
    ),
    FORBIDDEN: (
        "Keep data and model where the real data are kept.",
        "Fit again with more rows, with another family (--model), or with formal privacy (--epsilon 1), and "
        "make a new dossier.",
    ),
}
TO_LEARN = (
    "Give what is missing, as said under Why, and make the dossier anew.",
    "Until then treat the data as the real data are treated.",
)

ANSWERS: dict[str, dict[Tone, str]] = {
    "Singling out": {
        "good": "Not shown beyond the bounds: what is unique to a new row fits people never seen as often.",
        "caution": "What is unique to a synthetic row isolates some people because they were learned from.",
        "bad": "What is unique to a synthetic row isolates people who were learned from.",
        "unknown": "This was not tried: there are too few rows, or none that were never seen.",
    },
    "Linkability": {
        "good": "Not shown beyond the bounds: records of people never seen are linked as often.",
        "caution": "Some records of people learned from can be linked that otherwise could not.",
        "bad": "Records of people learned from can be linked by the synthetic rows.",
        "unknown": "This was not tried: there are too few rows or columns, or no rows that were never seen.",
    },
    "Inference": {
        "good": "Not shown beyond the bounds: as much is guessed of people who were never seen.",
        "caution": "Somewhat more can be guessed of people because they were learned from.",
        "bad": "More can be guessed of people because they were learned from, or that they were.",
        "unknown": "This was not tried: there are too few rows, or none that were never seen.",
    },
    OWN: {
        "good": "Not shown beyond the bounds: what is made is as near to unseen ones.",
        "caution": "Some of what is made is nearer to what was learned from than chance has it.",
        "bad": "What was learned from is made again.",
        "unknown": "This was not tried: there are too few of them.",
    },
}

LIMITS = (
    "The attacks are the known ones, run as an outsider would who has the synthetic rows and others of the "
    "same population. That none succeeds does not rule out a better one; formal privacy does.",
    "Groups can be harmed by what is true of them, and no method that keeps the data useful hides that.",
    "The figures hold for rows as many as were attacked here. Many more rows tell an attacker more.",
)


@dataclass(frozen=True)
class Answer:
    """One of the opinion's questions, answered in a sentence."""

    title: str
    question: str
    tone: Tone
    sentence: str


def build(findings: Findings, provenance: Mapping[str, str]) -> str:
    """The dossier as HTML text that makes no network request; the same findings give the same bytes."""
    evaluation, verdict = findings.evaluation, findings.verdict.verdict
    rows = next(rows for card, rows in sections.groups(evaluation) if card.aspect == "private")
    return html.render(
        "dossier.html.j2",
        title=TITLE,
        k=K,
        tone=wording.tone("private", verdict),
        word=verdict,
        meaning=MEANING.get(verdict, UNSHOWN),
        rule=findings.verdict.rule,
        todo=TO_DO.get(verdict, TO_LEARN),
        facts=sections.facts(evaluation.comparison),
        answers=answers(findings),
        criteria=criteria(evaluation),
        privacy=sections.privacy(evaluation),
        rows=rows,
        model=findings.model,
        formal=formal(findings.model),
        protections=protections(findings.model),
        canaries=[(one, found(one)) for one in findings.canaries],
        bounds=bounds(findings),
        notes=evaluation.notes,
        limits=LIMITS,
        provenance=_provenance(findings, provenance),
    )


def answers(findings: Findings) -> tuple[Answer, ...]:
    """The three questions of the opinion, those not tried too, and our own where there are such cells."""
    tones: dict[str, Tone] = {one.asked.title: one.tone for one in criteria(findings.evaluation)}
    found = []
    for asked in ASKED:
        if asked.title == OWN and OWN not in tones:
            continue
        tone: Tone = tones.get(asked.title, "unknown")
        found.append(Answer(asked.title, asked.question, tone, ANSWERS[asked.title][tone]))
    return tuple(found)


def formal(model: Model | None) -> tuple[str, ...]:
    """The formal guarantee in sentences; what it means that there is none."""
    if model is None:
        return ("Rows alone were given, so nothing formal can be said of how they were made.",)
    if model.promise is None:
        return (
            "None was asked for: this dossier rests on attacks. A formal guarantee, which holds against "
            "every attack, comes with fit --epsilon.",
        )
    promise = model.promise
    epsilon, delta = float(promise["epsilon"]), float(promise["delta"])
    whom = f"everything of one {promise['unit']}" if promise.get("unit") else "one row"
    said = [
        f"The model is differentially private: epsilon {epsilon:g}, delta {delta:g}, for {whom}.",
        "Whatever anybody does with the model or with rows of it, and whatever they know besides: whether "
        f"{whom} was among the data makes any outcome at most {math.exp(epsilon):,.3g} times as likely, but "
        f"for a chance of {delta:g}.",
        "Somebody who would have to toss a coin to tell whether it was among the data is right at most "
        f"{_guess(epsilon, delta):.0%} of the time.",
        "The guarantee covers the model and all that is made with it, not this dossier, whose figures are of "
        "the real rows: keep it where the real data are kept.",
    ]
    if promise.get("unit"):
        said.append("The attacks below take all rows for learned from, of which only some of each were.")
    if promise.get("unit") and promise.get("most", 1) > 1:
        said.append(f"Of each {promise['unit']}, at most {promise['most']} rows were learned from.")
    if model.spent is not None and model.spent[0] > epsilon * (1 + 1e-9):
        said.append(
            f"All private fits on these data that the ledger knows come to epsilon {model.spent[0]:g}, "
            f"delta {model.spent[1]:g}, which is what holds for whoever has all of them."
        )
    return tuple(said)


def _guess(epsilon: float, delta: float) -> float:
    """The best that a guess between two equally likely cases can do (Kairouz et al. 2015)."""
    return min(1.0, (math.exp(epsilon) + delta) / (1 + math.exp(epsilon)))


def protections(model: Model | None) -> dict[str, str]:
    """What keeps people's values out of the model, setting by setting."""
    if model is None:
        return {}
    shared = f"no value that fewer than {model.k} rows share is made" if model.k > 1 else "off: k is 1"
    return {
        "Rare values": shared,
        "Personal data and keys": "made up anew, none is learned",
        "Extreme values": "ends of ranges are extrapolated, or values that several rows share"
        if model.k > 1
        else "off: k is 1",
        "Outliers": f"the {model.outliers:.1%} of rows most unlike all others were not learned from"
        if model.outliers
        else "learned from as all others are",
        "Critic": "resamples rows; learned from real rows, each half held against the other"
        if model.critic
        else "none",
        "Formal privacy": "none" if model.promise is None else f"epsilon {model.promise['epsilon']:g}",
    }


def found(sought: Sought) -> str:
    """Where planted secrets were found, in words."""
    if not sum(sought.found.values()):
        return "nowhere"
    return ", ".join(f"{count} in {place}" for place, count in sought.found.items())


def bounds(findings: Findings) -> dict[str, str]:
    """The bounds by which the verdict was given."""
    given = findings.evaluation.bounds
    titles = {
        "nearer": "Share nearer to training rows, surely above",
        "nearer_closest": "The same, of the closest 5 % of rows",
        "copies": "Exact copies beyond chance, %",
        "risk": "Risk of an attack, surely above",
        "membership": "AUC of telling who was learned from, surely above",
    }
    return {title: _bound(given, name) for name, title in titles.items()}


def _bound(given: Thresholds, name: str) -> str:
    pair, usual = getattr(given, name), getattr(DEFAULT, name)
    said = f"{pair[0]:g} for conditions, {pair[1]:g} forbids"
    return (
        said if pair == usual else f"{said} (set for this dossier; by default {usual[0]:g} and {usual[1]:g})"
    )


def _provenance(findings: Findings, given: Mapping[str, str]) -> dict[str, str]:
    model, about = findings.model, dict(given)
    if model is not None:
        about |= {"Made by": model.made_by, "Family": model.family, "Learned from": f"{model.rows:,} rows"}
        about["Origin"] = model.origin.said
    else:
        about["Origin"] = "that the real table is what these rows were made from is taken on trust"
    return about
