from reverie.reports.pairs import compare_pairs
from reverie.reports.views import views


def test_cells_of_few_people_are_empty_in_both(evaluation):
    found = compare_pairs(evaluation, views(evaluation.comparison))
    assert found is not None
    for joint in found.joints:
        rows = evaluation.comparison.real.num_rows
        real, fake = joint.data["real"], joint.data["fake"]
        assert not [share for share in real if 0 < share < 100 * 4.5 / rows]
        assert [share < 0 for share in real] == [share < 0 for share in fake]


def test_floor_of_pairs_needs_a_holdout(alone):
    found = compare_pairs(alone, views(alone.comparison))
    assert found is not None
    assert found.floor is None
