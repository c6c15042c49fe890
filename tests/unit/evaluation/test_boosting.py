import numpy as np

from reverie.evaluation import boosting
from reverie.evaluation.view import view

from .tables import SCHEMA, people


def test_features_follow_the_schema_and_leave_out_the_target() -> None:
    seen = view(people(60, 1), people(10, 2), None, SCHEMA)
    inputs = boosting.features(seen, seen.real, "income")
    assert inputs.names == ("age", "since", "city", "member")
    assert inputs.categorical == (2, 3)
    assert np.isnan(inputs.values[:, 0]).any()
    np.testing.assert_array_equal(np.isnan(inputs.values[:, 2]), seen.real.codes[:, 0] < 0)


def test_training_learns_and_repeats_itself() -> None:
    seen = view(people(400, 1), people(10, 2), None, SCHEMA)
    inputs, labels = boosting.features(seen, seen.real, "member"), (seen.real.codes[:, 1] > 0).astype(float)
    guesses = []
    for _ in range(2):
        model = boosting.train(boosting.dataset(inputs, labels), 20, objective="binary")
        guesses.append(np.asarray(model.predict(inputs.values)))
    np.testing.assert_array_equal(guesses[0], guesses[1])
    assert guesses[0][labels == 1].mean() > guesses[0][labels == 0].mean() + 0.3
