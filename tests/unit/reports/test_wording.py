import pytest

from reverie.evaluation.verdicts import NO_EVIDENCE, SCALES
from reverie.reports import wording


@pytest.mark.parametrize("aspect", SCALES)
def test_every_verdict_has_its_colour_and_sentence(aspect):
    tones = [wording.tone(aspect, verdict) for verdict in (*SCALES[aspect], NO_EVIDENCE)]
    assert tones == ["good", "caution", "bad", "unknown"]
    assert all(wording.SENTENCES[aspect][tone] for tone in tones)


def test_titles_keep_the_target():
    assert wording.title("usefulness: income") == "Predicting income"
    assert wording.title("some_new_measure") == "Some new measure"


def test_new_measures_come_last():
    assert wording.order("shape") < wording.order("usefulness: a") < wording.order("some_new_measure")


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (0.456, "shape", "0.46 %"),
        (45.6, "trend", "45.6 %"),
        (0.5, "dcr_share", "0.500"),
        (None, "shape", "–"),
    ],
)
def test_numbers_have_the_digits_that_matter(value, name, text):
    assert wording.number(value, name) == text


def test_what_is_not_known_is_a_dash():
    assert wording.number(float("nan")) == "–"
