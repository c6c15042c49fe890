import re

import numpy as np
import pytest

from reverie.reports.distributions import Histogram
from reverie.reports.figures import HEIGHT, WIDTH, curves, heat_map, steps, strip


def histogram(**given) -> Histogram:
    shares = {"real": np.array([0.5, 0.25, 0.25]), "fake": np.array([0.2, 0.2, 0.6])}
    fields = {
        "edges": np.array([0.0, 1.0, 2.0, 4.0]),
        "shares": shares,
        "unit": "number",
        "logarithmic": False,
    }
    return Histogram(**{**fields, "outside": {}, **given})


def test_strip_keeps_order_and_bounds():
    found = strip(0.6, 0.55, 0.65, 0.5, 0.5)
    assert 0 <= found.ideal == found.floor < found.low < found.value < found.high <= 100


def test_strip_of_a_tiny_difference_looks_small():
    found = strip(0.501, 0.5, 0.502, None, 0.5, least=0.2)
    assert found.high - found.low < 2


def test_strip_of_what_is_not_known():
    assert strip(float("nan"), float("nan"), float("nan"), None, 0.0).value == 50.0


def test_steps_run_from_edge_to_edge():
    found = steps(histogram())
    assert found.paths["real"].startswith(f"M0 {HEIGHT:.0f}V")
    assert found.paths["real"].endswith("Z")
    assert f"H{WIDTH:.0f}" in found.paths["fake"]
    assert not found.paths["fake"].endswith("Z")


def test_heights_are_densities():
    """A bin of twice the width and the same share is half as high."""
    heights = [float(mark) for mark in re.findall(r"V([\d.]+)H", steps(histogram()).paths["real"])]
    density = [HEIGHT - height for height in heights]
    assert density[2] == pytest.approx(density[1] / 2, abs=0.1)


def test_tips_say_what_a_bin_holds():
    assert steps(histogram()).tips[2] == (320.0, "2 to 4", 25.0, 60.0)
    whole = histogram(edges=np.array([0.5, 1.5, 2.5, 3.5]), unit="integer")
    assert [tip[1] for tip in steps(whole).tips] == ["1", "2", "3"]


def test_curves_fill_the_training_rows():
    found = curves([0.0, 1.0, 2.0], {"train": [0.5, 0.5], "holdout": [0.1, 0.9]})
    assert found.paths["train"].endswith("Z")
    assert not found.paths["holdout"].endswith("Z")


def test_heat_map_joins_runs_of_a_shade():
    found = heat_map(np.array([[1.0, 1.0, 0.0], [0.0, 0.5, np.nan]]), 1.0)
    assert found.size == (3, 2)
    assert dict(found.layers) == {9: "M0 0.5h2", 4: "M1 1.5h1"}


def test_empty_heat_map():
    assert heat_map(np.zeros((2, 2)), 0.0).layers == ()
