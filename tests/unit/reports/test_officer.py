import re

import pytest

from reverie.evaluation.dossier import FORBIDDEN, RELEASE, Findings, Kept, Model, Origin, Sought
from reverie.evaluation.traces import Traced
from reverie.evaluation.verdicts import NO_EVIDENCE, Verdict
from reverie.reports import officer


def model(**given) -> Model:
    kept = (Kept("<b>name", "category", "3 levels", Traced(1, 9, 0, 9)),)
    fields = {"k": 5, "outliers": 0.0, "critic": True, "promise": None, "spent": None, **given}
    return Model("trees", "Reverie", 100, origin=Origin(True, "as said"), kept=kept, **fields)


def promise(**given) -> dict:
    return {"epsilon": 1.0, "delta": 1e-5, "unit": None, "most": 1, **given}


@pytest.mark.parametrize("verdict", [RELEASE, FORBIDDEN, NO_EVIDENCE])
def test_the_page_is_complete_safe_and_the_same_each_time(evaluation, verdict: str) -> None:
    canaries = (Sought("a row", 5, {"samples": 1}, 0), Sought("a value", 5))
    findings = Findings(evaluation, Verdict(verdict, "one; another"), model(promise=promise()), canaries)
    text = officer.build(findings, {"Real": "<i>real.csv"})
    assert text == officer.build(findings, {"Real": "<i>real.csv"})
    assert verdict in text
    assert "<li>another</li>" in text
    assert "<b>name" not in text
    assert "<i>real" not in text
    assert "1 in samples" in text
    assert "nowhere" in text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)


def test_a_table_alone_says_less(evaluation) -> None:
    text = officer.build(Findings(evaluation, Verdict(RELEASE, "so")), {})
    assert "taken on trust" in text
    assert "What the model keeps" not in text


def test_questions_that_were_not_tried_are_said_to_be_so(evaluation) -> None:
    found = {one.title: one for one in officer.answers(Findings(evaluation, Verdict(RELEASE, "so")))}
    assert set(found) == {"Singling out", "Linkability", "Inference"}
    assert found["Linkability"].tone == "unknown"
    assert "not tried" in found["Linkability"].sentence


def test_the_guarantee_in_words() -> None:
    assert "rests on attacks" in officer.formal(model())[0]
    said = " ".join(officer.formal(model(promise=promise(), spent=(3.0, 3e-5))))
    assert "2.72 times as likely" in said
    assert "at most 73%" in said
    assert "come to epsilon 3" in said
    said = " ".join(officer.formal(model(promise=promise(unit="customer", most=4))))
    assert "everything of one customer" in said
    assert "at most 4 rows" in said


def test_protections_that_are_off_are_said_to_be_off() -> None:
    assert officer.protections(None) == {}
    assert officer.protections(model(k=1))["Rare values"] == "off: k is 1"
    assert "5 rows" in officer.protections(model())["Rare values"]
