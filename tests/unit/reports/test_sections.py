from reverie.reports import sections
from reverie.reports.views import views


def test_cards_have_a_colour_each(evaluation, alone):
    assert [card.tone for card in sections.cards(evaluation)] == ["caution", "good", "good"]
    assert sections.cards(alone)[2].tone == "unknown"


def test_scores_are_in_reading_order(evaluation):
    (_, rows), *_ = sections.groups(evaluation)
    assert [row.score.name for row in rows] == ["shape", "c2st_fresh", "validity", "trend_all"]


def test_facts_count_rows(evaluation, alone):
    assert sections.facts(evaluation.comparison)["Unseen real rows"] == "600"
    assert sections.facts(alone.comparison)["Unseen real rows"] == "none given"


def test_columns_come_worst_first_and_uncompared_last(evaluation):
    cards = sections.columns(evaluation, views(evaluation.comparison))
    assert cards[0].distribution.name == "flag"
    assert cards[-1].distribution.name == "email"
    assert cards[-1].finding is None
    assert [card.rank for card in cards] == list(range(len(cards)))
