import pyarrow as pa
import pytest

from reverie.evaluation.base import Comparison, Measurement
from reverie.evaluation.dossier import (
    CONDITIONS,
    FORBIDDEN,
    RELEASE,
    Findings,
    Kept,
    Model,
    Origin,
    Sought,
    conclude,
)
from reverie.evaluation.evaluate import ASPECTS, Evaluation
from reverie.evaluation.traces import Traced
from reverie.evaluation.verdicts import NO_EVIDENCE, Verdict
from reverie.schema.types import Column, Table

ONE = pa.table({"a": [1]})
SHOWN, UNSHOWN = Origin(True, "it is"), Origin(False, "it is another")


TRIED = ("singling_out_univariate", "linkability", "membership_density")


def evaluation(verdict: str = RELEASE, tried=TRIED) -> Evaluation:
    compared = Comparison(ONE, ONE, ONE, Table(name="t", columns=(Column(name="a", type="integer"),)))
    verdicts = {aspect: Verdict(verdict, "the attacks say so") for aspect in ASPECTS}
    figures = tuple(Measurement(name, 0.0, 0.0, 0.0, 0.0, 9, "lower", 0.0, "") for name in tried)
    return Evaluation({**dict.fromkeys(ASPECTS, ()), "private": figures}, verdicts, compared)


def model(origin: Origin = SHOWN, traced: Traced = Traced(), k: int = 5) -> Model:  # noqa: B008
    kept = (Kept("name", "category", "3 levels", traced),)
    return Model("trees", "Reverie", 100, k, 0.0, True, origin, kept)


@pytest.mark.parametrize(
    ("attacks", "known", "canaries", "verdict", "said"),
    [
        (RELEASE, None, (), RELEASE, "the attacks say so"),
        (RELEASE, model(), (), RELEASE, "the attacks say so"),
        (RELEASE, model(UNSHOWN), (), NO_EVIDENCE, "it is another"),
        (FORBIDDEN, model(UNSHOWN), (), FORBIDDEN, "the attacks say so"),
        (NO_EVIDENCE, model(), (), NO_EVIDENCE, "the attacks say so"),
        (RELEASE, model(traced=Traced(3, 10)), (), CONDITIONS, "the model keeps 3 values"),
        (RELEASE, model(k=1), (), CONDITIONS, "k is 1"),
        (CONDITIONS, model(), (), CONDITIONS, "the attacks say so"),
        (RELEASE, model(), (Sought("a row", 5, {"samples": 4}),), FORBIDDEN, "4 in samples"),
        (RELEASE, model(), (Sought("a row", 5, {"samples": 2}, floor=1),), RELEASE, "the attacks say so"),
        (NO_EVIDENCE, model(), (Sought("a value", 9, {"errors": 2}, unique=True),), FORBIDDEN, "2 in errors"),
    ],
)
def test_what_forbids_goes_before_what_is_unknown_and_that_before_conditions(
    attacks, known, canaries, verdict, said
) -> None:
    found = conclude(evaluation(attacks), known, canaries)
    assert found.verdict == verdict
    assert said in found.rule


def test_findings_are_plain_and_name_everything() -> None:
    canaries = (Sought("a row", 5, {"samples": 1}),)
    told = Findings(evaluation(), Verdict(RELEASE, "so"), model(), canaries).to_dict()
    assert told["verdict"] == RELEASE
    assert told["thresholds"]["risk"] == (0.02, 0.10)
    assert told["model"]["columns"]["name"] == {
        "keeps": "3 levels",
        "rare": {"found": 0, "rare": 0, "unseen": 0, "unseen_rare": 0},
    }
    assert told["canaries"] == [
        {"kind": "a row", "planted": 5, "found": {"samples": 1}, "floor": 0, "leaked": False}
    ]
    assert Findings(evaluation(), Verdict(RELEASE, "so")).to_dict()["model"] is None


def test_what_comes_up_by_chance_is_no_leak() -> None:
    assert not Sought("a row", 10, {"samples": 4}, floor=3).leaked
    assert Sought("a row", 10, {"samples": 9}, floor=3).leaked
    assert Sought("a row", 3, {"samples": 3}).leaked
    assert not Sought("a row", 3, {"samples": 1}).leaked
    assert Sought("a value", 30, {"samples": 1}, unique=True).leaked
    assert not Sought("a value", 30, {"samples": 1}, floor=1, unique=True).leaked


@pytest.mark.parametrize(("left", "said"), [(0, "singling out"), (1, "linkability"), (2, "inference")])
def test_a_question_that_was_not_tried_is_not_answered_with_no(left: int, said: str) -> None:
    tried = tuple(name for place, name in enumerate(TRIED) if place != left)
    found = conclude(evaluation(RELEASE, tried))
    assert found.verdict == NO_EVIDENCE
    assert f"{said} was not tried" in found.rule
