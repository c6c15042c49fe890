"""The picture has a mark for each point at the right place, and its labels do not lie on each other."""

from xml.etree import ElementTree

import pytest

from picture import HEIGHT, WIDTH, Panel, apart, draw, scale
from points import Point

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    Point("vae", "family", 5, {"c2st_fresh": 0.8}, 5),
    Point("vae", "family", 60, {"c2st_fresh": 0.6}, 60),
    Point("SDV <TVAE>", "peer", 300, {"c2st_fresh": 0.96}),
    Point("TabSyn", "quoted", 5100, {"c2st_fresh": 0.632}),
    Point("TabDiff", "quoted", 5640, {"trend_err": 1.49}),
]
PANEL = Panel("c2st_fresh", "told & apart", (0.5, 0.75, 1.0), floor=0.5)


def test_logarithmic_scale_puts_the_geometric_mean_in_the_middle() -> None:
    place = scale(1, 100, 0, 400, logarithmic=True)
    assert [place(1), place(10), place(100)] == pytest.approx([0, 200, 400])


def test_scale_holds_what_is_beyond_at_the_edge() -> None:
    place = scale(0.5, 1, HEIGHT, 0)
    assert (place(0.4), place(0.75), place(2)) == (HEIGHT, HEIGHT / 2, 0)


def test_labels_are_moved_apart_only_where_they_meet() -> None:
    assert apart([(0, 10), (5, 10), (5, 21), (300, 10)], width=100, height=12) == [10, 22, 34, 10]


def test_picture_is_svg_with_a_dot_a_point_inside_the_panel() -> None:
    panel = ElementTree.fromstring(draw(POINTS, [PANEL])).find(f"{SVG}g")
    assert panel is not None
    dots = list(panel.iter(f"{SVG}circle"))
    assert len(dots) == 4
    assert all(0 <= float(dot.attrib["cx"]) <= WIDTH for dot in dots)
    assert all(0 <= float(dot.attrib["cy"]) <= HEIGHT for dot in dots)
    assert [dot.attrib["fill"] == "white" for dot in dots] == [False, False, False, True]


def test_family_is_one_line_through_its_budgets() -> None:
    root = ElementTree.fromstring(draw(POINTS, [PANEL]))
    lines = [line.attrib["points"].split() for line in root.iter(f"{SVG}polyline")]
    assert [len(line) for line in lines] == [2]
    first, second = ([float(value) for value in point.split(",")] for point in lines[0])
    assert first[0] < second[0]
    assert first[1] < second[1], "better is lower"
