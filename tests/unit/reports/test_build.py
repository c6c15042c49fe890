import json
import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from reverie.core.errors import OutputError
from reverie.evaluation.base import Comparison
from reverie.evaluation.evaluate import Evaluation
from reverie.evaluation.verdicts import Verdict
from reverie.reports.build import build, save, scores
from reverie.schema.types import Column, Table

VOID = {"meta", "input", "br", "img", "link", "hr"}
LOADS = {"src", "href", "srcset", "action", "data", "poster", "background", "xlink:href"}


class Page(HTMLParser):
    """All that a browser would see: tags with attributes, text, and whether tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.stack: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def text(evaluation) -> str:
    return build(evaluation, title="A & B <report>", provenance={"Seed": "7", "Date": "2026-01-02"})


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def test_every_tag_is_closed(page):
    assert not page.stack


def test_nothing_is_loaded(page, text):
    loads = [
        (tag, key, value)
        for tag, attributes in page.tags
        for key, value in attributes.items()
        if key in LOADS
    ]
    assert all(value.startswith("#") for _, _, value in loads)
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    assert "url(" not in style
    assert "@import" not in style
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[0]
    assert not re.search(r"fetch|XMLHttpRequest|WebSocket|import\(|sendBeacon|https?:", script)


def test_policy_forbids_the_network(page):
    (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_only_our_scripts_are_there_and_no_handler(page):
    kinds = [attributes.get("type") for tag, attributes in page.tags if tag == "script"]
    assert sorted(kinds, key=str) == [None, "application/json"]
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]


def test_names_and_levels_are_shown_as_text(page, hostile):
    shown = "".join(page.text)
    assert all(text in shown for text in hostile)


def test_every_column_has_a_card(page, evaluation):
    cards = [attributes for tag, attributes in page.tags if tag == "article" and "data-search" in attributes]
    names = evaluation.comparison.real.column_names
    assert len(cards) == len(names)
    assert {attributes["data-place"] for attributes in cards} == {str(place) for place in range(len(names))}
    assert all(any(card["data-search"].startswith(name.lower()) for card in cards) for name in names)


def test_anchors_exist_once(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for tag, attributes in page.tags if tag == "a"}
    assert targets <= set(ids)


def test_verdicts_rules_notes_and_provenance_are_said(page):
    shown = "".join(page.text)
    for said in (
        "mostly faithful",
        "useful",
        "release",
        "shape error 1.25 % (above 1)",
        "note ",
        "2026-01-02",
    ):
        assert said in shown


def test_rare_values_and_personal_data_are_not_in_the_file(text):
    assert "only-four-people" not in text
    assert "@example.org" not in text
    assert not re.search(r"person\d", text)


def test_extremes_are_not_in_the_file(evaluation, text):
    largest = float(evaluation.comparison.real.column("amount").to_numpy().max())
    assert not [
        written
        for written in (f"{largest:.1f}", f"{largest:.2f}", f"{largest:.3g}")
        if f">{written}<" in text
    ]


def test_the_same_input_gives_the_same_bytes(evaluation):
    assert build(evaluation, title="t") == build(evaluation, title="t")


def test_without_a_holdout(alone):
    page = Page(build(alone))
    assert not page.stack
    assert "none given" in "".join(page.text)
    assert not [a for _, a in page.tags if a.get("class") == "s-holdout"]


def test_nothing_is_said_of_unseen_rows_without_a_holdout(alone, text):
    blind = build(alone)
    for said in ("set beside its floor", "real rows that neither saw"):
        assert said in text
        assert said not in blind
    assert "no floor is known" in blind
    assert "may have learned from them" in blind


def test_almost_nothing_to_show():
    """One constant column, one row, nothing measured."""
    one = pa.table({"a": ["x"]})
    schema = Table(name="t", columns=(Column(name="a", type="constant"),))
    nothing = dict.fromkeys(("faithful", "useful", "private"), ())
    verdicts = dict.fromkeys(nothing, Verdict("not enough evidence", "no rows"))
    text = build(Evaluation(nothing, verdicts, Comparison(one, one, None, schema)))
    page = Page(text)
    assert not page.stack
    assert "Nothing was measured here." in "".join(page.text)
    assert ">x<" not in text


def test_the_file_stays_small(text):
    assert len(text.encode()) < 150_000


def test_scores_are_json(evaluation):
    read = json.loads(scores(evaluation))
    assert read["private"]["verdict"] == "release"
    assert read["faithful"]["measures"]["shape"]["value"] == 1.25


def test_save_writes_all_or_nothing(tmp_path):
    save("<p>é</p>", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text("utf-8") == "<p>é</p>"
    with pytest.raises(OutputError, match="folder"):
        save("x", tmp_path / "missing" / "a.html")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
