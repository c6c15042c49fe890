"""What the page says, and that a section which one command writes is left alone by the other."""

from dataclasses import replace
from pathlib import Path

import page
import pieces
from results import Result
from tables import Halves

PAGE = "# Benchmarks\n\nWords.\n\n## Against the goals, on adult\n\nx\n\n## adult\n\ny\n"


def test_section_is_put_before_the_data_sets_and_then_replaced(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(PAGE)
    pieces.put(file, f"## {page.PARETO}\n\nfirst\n")
    once = PAGE.replace("## adult", f"## {page.PARETO}\n\nfirst\n\n## adult")
    assert file.read_text() == once
    pieces.put(file, f"## {page.PARETO}\n\nsecond\n")
    assert file.read_text() == once.replace("first", "second")


def test_writing_the_page_keeps_the_section(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    pieces.put(file, f"## {page.PARETO}\n\nfirst\n")
    page.write(file, [], [])
    assert file.read_text().endswith(f"\n\n## {page.PARETO}\n\nfirst\n")
    assert pieces.kept(file, "adult") == []


def test_data_sets_that_did_not_run_stay_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(PAGE + "\n## wine\n\nstale\n\n## Ten million rows\n\nbig\n")
    data = Halves("wine", "target", tmp_path / "train.csv", tmp_path / "holdout.csv", 100, 15, "print")
    page.write(file, [page.Section(data, None, {})], [])
    text = file.read_text()
    assert "stale" not in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Against the goals, on adult", "## adult", "## wine", "## Ten million rows",
    ]  # fmt: skip


def test_adult_has_the_families_their_namesakes_and_what_is_quoted(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    data = Halves("adult", "income", tmp_path / "train.csv", tmp_path / "holdout.csv", 100, 15, "print")
    judged = {"shape_err": 1.0, "trend_err": 2.0, "c2st_fresh": 0.6}
    run = Result(
        "Reverie vae --fast", "1", "adult", "f", "m", "2026-01-01", False, fit_seconds=50.0, outside=judged
    )
    runs = {"reverie-vae-fast": run, "tvae": replace(run, system="SDV TVAE")}
    page.write(file, [page.Section(data, None, runs)], [])
    text = file.read_text()
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert titles == ["## The families, on adult", "## The families against their namesakes", "## adult"]
    assert "| vae | trend error, % | <= 4.000 | - | 2.000 | must | - |" in text
    assert "| adult | vae | 92.33 | 50.0 | SDV TVAE | 92.33 | 50.0 | yes |" in text
    assert "| *TabDiff, quoted* | 5,640 (GPU) | - | - | - | 0.63 | 1.49 |" in text
    assert "Quoted, not run here" in text


def test_nothing_is_quoted_beside_other_data(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    data = Halves("wine", "target", tmp_path / "train.csv", tmp_path / "holdout.csv", 100, 15, "print")
    page.write(file, [page.Section(data, None, {})], [])
    assert "uoted" not in file.read_text()
