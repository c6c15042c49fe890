from reverie.evaluation.privacy.membership import MEASURE

from ..tables import compared, named, people

REAL, HOLDOUT = people(1500, 1), people(3000, 3)


def test_fresh_rows_tell_no_membership() -> None:
    found = named(MEASURE.measure(compared(REAL, people(1500, 2), HOLDOUT)))
    for attack in ("density", "distance"):
        figure = found[f"membership_{attack}"]
        assert figure.low < 0.5 < figure.high
        assert found[f"membership_{attack}_tpr"].low < 0.012
        assert f"membership_{attack}_outliers" in found


def test_copies_tell_membership() -> None:
    found = named(MEASURE.measure(compared(REAL, REAL, HOLDOUT)))
    assert found["membership_distance"].low > 0.8
    assert found["membership_density"].low > 0.52
    assert found["membership_distance_tpr"].low > 0.1


def test_the_floor_of_certain_members_is_the_false_alarms() -> None:
    found = named(MEASURE.measure(compared(REAL, people(1500, 2), HOLDOUT)))
    floor = found["membership_distance_tpr"].floor
    assert floor is not None
    assert floor <= 0.01


def test_none_with_few_unseen_rows() -> None:
    assert MEASURE.measure(compared(REAL, people(500, 2), people(150, 3))) == []
    assert MEASURE.measure(compared(REAL, people(500, 2))) == []
