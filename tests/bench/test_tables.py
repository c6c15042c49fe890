"""Synthetic tables are brought to the form of the learned one before an outside judge sees them."""

import pandas as pd

from tables import as_learned


def test_truth_and_moments_become_the_text_they_were() -> None:
    train = pd.DataFrame({"when": ["20141013T000000", "20150102T000000"], "yes": [True, False], "n": [1, 2]})
    synthetic = pd.DataFrame(
        {"n": [3], "when": pd.to_datetime(["2014-12-31"]), "yes": [True], "extra": ["not learned"]}
    )
    table = as_learned(synthetic, train)
    assert table.to_dict("records") == [{"when": "20141231T000000", "yes": "True", "n": 3}]
