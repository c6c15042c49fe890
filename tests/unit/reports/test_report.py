"""Frames compared in one call, and saved."""

import json
from pathlib import Path

import numpy as np
import pytest

import reverie as rv
from reverie.core.errors import DataError


def make(seed: int) -> dict[str, list]:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=300).round(2)
    return {"a": a.tolist(), "b": np.where(a + rng.normal(size=300) > 0, "x", "y").tolist()}


def test_evaluate_and_save(tmp_path: Path) -> None:
    report = rv.evaluate(make(0), make(1), holdout=make(2), target="b")
    assert set(report.verdicts) == {"faithful", "useful", "private"}
    report.save(tmp_path / "report.html")
    report.save(tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text()) == report.to_dict()
    assert "<html" in report._repr_html_()


def test_what_is_shown_is_short_and_shows_no_row() -> None:
    real = {**make(0), "name": [f"Ada{i % 7} Smith" for i in range(300)]}
    report = rv.evaluate(real, real, holdout=real, target="b")
    lines = repr(report).splitlines()
    assert [line.split(":")[0] for line in lines] == ["faithful", "useful", "private", "Figures"]
    assert report.verdicts["faithful"] in lines[0].lower()
    held = report.evaluation
    for one in (report, held, held.comparison, held.comparison.view, held.comparison.view.real):
        assert "Smith" not in repr(one)
        assert "array" not in repr(one)
        assert len(repr(one)) < 600
    assert all("detail" not in repr(figure) for figure in held.all())


def test_other_columns_are_refused() -> None:
    with pytest.raises(DataError):
        rv.evaluate(make(0), {"a": [1.0], "c": ["x"]})
