"""A section that one command writes is left alone by the other."""

from pathlib import Path

import page

PAGE = "# Benchmarks\n\nWords.\n\n## Against the goals, on adult\n\nx\n\n## adult\n\ny\n"


def test_section_is_put_before_the_data_sets_and_then_replaced(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(PAGE)
    page.put(file, f"## {page.PARETO}\n\nfirst\n")
    once = PAGE.replace("## adult", f"## {page.PARETO}\n\nfirst\n\n## adult")
    assert file.read_text() == once
    page.put(file, f"## {page.PARETO}\n\nsecond\n")
    assert file.read_text() == once.replace("first", "second")


def test_writing_the_page_keeps_the_section(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    page.put(file, f"## {page.PARETO}\n\nfirst\n")
    page.write(file, [], [])
    assert file.read_text().endswith(f"\n\n## {page.PARETO}\n\nfirst\n")
    assert page.kept(file, "adult") == []
