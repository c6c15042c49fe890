from dataclasses import replace

from reverie.evaluation.risk import Attack, Rate, figure
from reverie.reports.build import build
from reverie.reports.criteria import criteria

from .conftest import HOSTILE, measurement


def attacked(evaluation):
    """The evaluation with an attack for each question, one of which succeeds."""
    failed, succeeded = (Attack(Rate(hits, 1000), Rate(100, 1000), 0.01) for hits in (100, 700))
    found = (
        figure("linkability", failed, "About links."),
        figure("inference_worst", succeeded, "About guesses.", column=HOSTILE),
        figure("singling_out_univariate", failed, "About predicates."),
        measurement("membership_distance", 0.5, better="lower", ideal=0.5),
    )
    known = {**evaluation.measurements, "private": (*evaluation.measurements["private"], *found)}
    return replace(evaluation, measurements=known)


def test_attacks_come_by_the_questions_of_the_opinion(evaluation):
    found = criteria(attacked(evaluation))
    assert [one.asked.title for one in found] == ["Singling out", "Linkability", "Inference"]
    assert [one.tone for one in found] == ["good", "good", "bad"]
    guessed, known = found[2].lines
    assert guessed.rates == ("70.0%", "10.0%", "1.0%")
    assert guessed.title.endswith(HOSTILE)
    assert known.rates == ("–", "–", "–")


def test_memorised_cells_are_a_question_of_our_own(evaluation):
    copied = replace(measurement("text_copies", 40.0, better="lower"), detail={"floor_n": 100, "attack": 0.4})
    nearer = measurement("media_nearer", 0.5, better="target", ideal=0.5)
    private = (*evaluation.measurements["private"], copied, nearer)
    found = criteria(replace(evaluation, measurements={**evaluation.measurements, "private": private}))
    assert found[-1].asked.title == "Memorised cells"
    assert [(line.tone, line.rates[0]) for line in found[-1].lines] == [("good", "–"), ("bad", "40.0%")]


def test_questions_without_an_answer_are_left_out(evaluation, alone):
    assert criteria(alone) == ()
    assert 'id="attacks"' not in build(alone)


def test_the_report_has_them_and_escapes_names(evaluation):
    page = build(attacked(evaluation))
    assert 'id="attacks"' in page
    assert "70.0%" in page
    assert HOSTILE not in page
