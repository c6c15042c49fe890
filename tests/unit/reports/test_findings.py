from reverie.reports import findings


def test_columns_come_worst_first(evaluation):
    found = findings.column_errors(evaluation.all())
    assert found[0].name == "flag"
    assert [one.error for one in found] == sorted((one.error for one in found), reverse=True)


def test_related_pairs_come_first(evaluation):
    found = findings.pair_errors(evaluation.all())
    assert [one.related for one in found] == [True, False]
    assert found[0].error < found[1].error


def test_revealing_columns(evaluation):
    assert [one.weight for one in findings.revealing(evaluation.all())] == [0.7, 0.3]


def test_targets_know_what_guessing_gives(evaluation):
    (found,) = findings.targets(evaluation.all())
    assert found.start == 0.5
    assert found.loss == (0.01, 0.0, 0.02)


def test_curves_become_shares(evaluation):
    found = findings.distances(evaluation.all())
    assert found is not None
    assert found.train == (0.6, 0.4)
    assert sum(found.holdout) == 1


def test_rules(evaluation):
    (found,) = findings.constraints(evaluation.all())
    assert (found.kind, found.valid) == ("inequality", 99.0)


def test_nothing_measured_finds_nothing():
    assert findings.column_errors(()) == findings.pair_errors(()) == findings.revealing(()) == []
    assert findings.distances(()) is None
    assert findings.targets(()) == findings.constraints(()) == ()
