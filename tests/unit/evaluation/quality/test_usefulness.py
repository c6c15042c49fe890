import pyarrow as pa
import pytest

from reverie.core.errors import ConfigError
from reverie.evaluation.quality.usefulness import MEASURE, targets

from ..tables import compared, named, people, shuffled

REAL, FAKE, HOLDOUT = people(600, 1), people(600, 2), people(600, 3)


@pytest.mark.parametrize(
    ("target", "metric"), [("member", "AUC"), ("income", "R2"), ("city", "AUC"), ("since", "R2")]
)
def test_fresh_rows_train_as_well_as_real_ones(target: str, metric: str) -> None:
    found = named(MEASURE.measure(compared(REAL, people(600, 2), HOLDOUT, target=target)))
    score, loss = found[f"usefulness: {target}"], found["usefulness_loss"]
    assert score.detail["metric"] == metric
    assert abs(loss.value) < 0.12
    assert loss.low < loss.value < loss.high
    assert score.floor == pytest.approx(score.value + loss.value)


def test_unrelated_columns_teach_nothing() -> None:
    found = named(MEASURE.measure(compared(REAL, shuffled(REAL), HOLDOUT, target="member")))
    assert found["usefulness: member"].value < 0.65
    assert found["usefulness_loss"].low > 0.2


def test_the_loss_is_known_better_than_the_scores() -> None:
    found = named(MEASURE.measure(compared(REAL, people(600, 2), HOLDOUT, target="member")))
    score, loss = found["usefulness: member"], found["usefulness_loss"]
    assert loss.high - loss.low < score.high - score.low


def test_targets_are_chosen_where_none_is_given() -> None:
    comparison = compared(REAL, people(600, 2), HOLDOUT)
    assert [field.name for field in targets(comparison.view, None)] == ["member", "city", "income"]
    found = named(MEASURE.measure(comparison))
    assert {"usefulness: member", "usefulness: income"} < set(found)


def test_without_holdout_real_rows_are_kept_back() -> None:
    score = named(MEASURE.measure(compared(REAL, people(600, 2), target="member")))["usefulness: member"]
    assert (score.detail["trained"], score.detail["tested"]) == (400, 200)


def test_a_key_is_no_target_and_few_rows_show_nothing() -> None:
    with pytest.raises(ConfigError, match="id"):
        targets(compared(REAL, REAL).view, "id")
    assert MEASURE.measure(compared(REAL, people(30, 2), HOLDOUT, target="member")) == []


def test_it_says_what_hinders_it() -> None:
    few = compared(REAL, people(30, 2), HOLDOUT, target="member")
    assert MEASURE.why_none(few) == "member is present in fewer than 50 synthetic rows to train on"
    one = people(600, 2).set_column(4, "city", pa.array(["Wien"] * 600))
    assert "city has only one value" in MEASURE.why_none(compared(REAL, one, HOLDOUT, target="city"))
    assert MEASURE.why_none(compared(shuffled(REAL), FAKE, HOLDOUT)) == (
        "real rows do not predict member, city, income better than chance: name a target column"
    )
