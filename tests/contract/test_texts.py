"""Tables with texts, by the command line and in Python: any part given, any other made."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import reverie as rv
from reverie.cli.main import run
from reverie.core.errors import ConditionError, ConfigError
from reverie.models import texts
from reverie.models.base import families, family
from reverie.models.choice import able
from reverie.models.families import diffusion

ROWS = 200
WORDS = {
    "good": ["lovely", "soft", "bright", "comfortable", "perfect", "pretty", "warm"],
    "bad": ["cheap", "itchy", "ugly", "broken", "terrible", "thin", "cold"],
}


def sentence(mood: str, rng: np.random.Generator) -> str:
    return " ".join(rng.choice(WORDS[mood], rng.integers(4, 9)))


def rows(count: int = ROWS) -> list[dict[str, str]]:
    rng = np.random.default_rng(0)
    moods = rng.choice(["good", "bad"], count)
    return [{"mood": str(mood), "text": sentence(str(mood), rng)} for mood in moods]


def write(path: Path, lines: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        sheet = csv.DictWriter(file, list(lines[0]))
        sheet.writeheader()
        sheet.writerows(lines)
    return path


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def small():
    """Networks that are learned in seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "UPDATES", 300)
        patch.setattr(diffusion, "SMALLER", (64, 0.1, 0.5))
        patch.setattr(texts, "SMALLER", (32, 1, 0.0))
        yield


@pytest.fixture(scope="module", params=["auto", *(name for name in families() if "tokens" in able(name))])
def model(request: pytest.FixtureRequest) -> str:
    """A family that writes texts, or whichever is the best here."""
    if request.param == "diffusion":
        pytest.skip("the one that is chosen")
    return request.param


@pytest.fixture(scope="module")
def place(model: str, tmp_path_factory: pytest.TempPathFactory, small: None) -> Path:
    """A table with texts, and a model of it."""
    place = tmp_path_factory.mktemp("texts")
    write(place / "data.csv", rows())
    assert run(["fit", str(place / "data.csv"), "-o", str(place / "m.reverie"), "--model", model]) == 0
    return place


def said(line: dict[str, str]) -> str:
    """The mood that most words of a text are of."""
    found = [sum(word in WORDS[mood] for word in line["text"].split()) for mood in WORDS]
    return list(WORDS)[int(np.argmax(found))]


def sampled(place: Path, out: Path, *given: str, n: int = 40) -> list[dict[str, str]]:
    options = [part for one in given for part in ("--given", one)]
    assert (
        run(["sample", str(place / "m.reverie"), "-o", str(out), "-n", str(n), "--seed", "3", *options]) == 0
    )
    return lines(out)


def test_what_was_learned_is_told(place: Path, model: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(place / "m.reverie")]) == 0
    shown = capfd.readouterr().out
    told = "diffusion (the best family here for texts)" if model == "auto" else f"{model} (as asked)"
    assert told in shown
    assert "pieces of words that rows share" in shown


def test_rows_come_without_their_texts(place: Path) -> None:
    found = rv.load(place / "m.reverie").model_.bare(50, np.random.default_rng(0))
    assert found["text"].to_pylist() == [""] * 50
    assert set(found["mood"].to_pylist()) == {"good", "bad"}


def test_a_row_gives_its_text(place: Path, tmp_path: Path) -> None:
    for mood in WORDS:
        found = sampled(place, tmp_path / "rows.csv", f"mood={mood}")
        assert all(line["mood"] == mood for line in found)
        words = [word for line in found for word in line["text"].split()]
        assert np.mean([word in WORDS[mood] for word in words]) > 0.8


def test_a_text_gives_its_row(place: Path, tmp_path: Path) -> None:
    rng, whole = np.random.default_rng(7), []
    for mood in WORDS:
        text = sentence(mood, rng)
        found = sampled(place, tmp_path / "rows.csv", f"text={text}")
        assert {line["text"] for line in found} == {text}
        whole += [line["mood"] == mood for line in found]
    assert np.mean(whole) > 0.8


def test_rows_of_texts_are_completed(place: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    known = [{"text": sentence(mood, rng) if row % 3 else ""} for row in range(30) for mood in WORDS]
    write(tmp_path / "known.csv", known)
    out = tmp_path / "new.csv"
    assert (
        run(["sample", str(place / "m.reverie"), "-o", str(out), "--given-file", str(tmp_path / "known.csv")])
        == 0
    )
    found = lines(out)
    assert all(line["text"] == one["text"] for line, one in zip(found, known, strict=True) if one["text"])
    assert all(line["text"] for line in found)
    assert np.mean([said(line) == line["mood"] for line in found]) > 0.8


def test_a_prompt_is_kept_and_continued(place: Path, tmp_path: Path) -> None:
    for given in ("prompt=itchy ugly", "text starts with itchy ugly"):
        found = sampled(place, tmp_path / "rows.csv", given)
        assert all(line["text"].startswith("itchy ugly") for line in found)
        assert np.mean([len(line["text"].split()) > 2 for line in found]) > 0.9
        assert np.mean([line["mood"] == "bad" for line in found]) > 0.7


def test_the_same_seed_gives_the_same_rows(place: Path, tmp_path: Path) -> None:
    made = [sampled(place, tmp_path / f"{name}.csv") for name in "ab"]
    assert made[0] == made[1]
    assert len({line["text"] for line in made[0]}) > 20


def test_gaps_are_filled(place: Path, tmp_path: Path) -> None:
    holes = [{**line, "text" if row % 2 else "mood": ""} for row, line in enumerate(rows(40))]
    write(tmp_path / "holes.csv", holes)
    out = tmp_path / "full.csv"
    assert run(["impute", str(place / "m.reverie"), str(tmp_path / "holes.csv"), "-o", str(out)]) == 0
    found = lines(out)
    assert all(line["mood"] and line["text"] for line in found)
    assert np.mean([said(line) == line["mood"] for line in found]) > 0.8


def test_rows_have_a_density_where_the_family_has_one(place: Path, model: str) -> None:
    made = rv.load(place / "m.reverie")
    if not family(made.family_).CAPABILITIES.log_prob:
        with pytest.raises(ConfigError, match="no probabilities"):
            made.log_prob(pa.Table.from_pylist(rows(2)))
        return
    real = rows(40)
    wrong = [{**row, "mood": "bad" if row["mood"] == "good" else "good"} for row in real]
    true, false = (made.log_prob(pa.Table.from_pylist(some)) for some in (real, wrong))
    assert np.isfinite(true).all()
    assert np.mean(true > false) > 0.9


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ["sample", "m.reverie", "-o", "r.csv", "--given", "prompt=" + "itchy " * 300],
            "to begin with more than",
        ),
        (["sample", "m.reverie", "-o", "r.csv", "--given", "mood starts with go"], "cannot be begun"),
        (["sample", "m.reverie", "-o", "r.csv", "--given", "prompt>3"], "no beginning of a text"),
        (["sample", "m.reverie", "-o", "r.csv", "--given", "text>a"], "all or its beginning can be given"),
        (
            ["sample", "plain.reverie", "-o", "r.csv", "--given", "prompt=x"],
            "no columns of this model are texts",
        ),
        (
            ["fit", "data.csv", "-o", "o.reverie", "--schema", "s.json", "--model", "trees"],
            "does not learn texts",
        ),
        (
            ["fit", "data.csv", "-o", "o.reverie", "--schema", "s.json", "--epsilon", "1"],
            "not learned privately",
        ),
        (["fit", "empty.txt", "-o", "o.reverie"], "is empty"),
    ],
)
def test_bad_input(
    place: Path,
    command: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    (place / "empty.txt").write_text("")
    if "plain.reverie" in command:
        rv.Synthesizer("copula", critic=False).fit("data.csv").save("plain.reverie")
    if "s.json" in command:
        assert run(["inspect", "data.csv", "-o", "s.json"]) == 0
    assert run(command) == 2
    assert told in " ".join(capfd.readouterr().err.split())
    assert not (place / "r.csv").exists()


def test_families_that_write_none_learn_texts_as_before() -> None:
    table = pa.Table.from_pylist(rows(60))
    made = rv.Synthesizer("copula").fit(table)
    assert {column.name: column.type for column in made.schema_.columns}["text"] == "text"
    assert made.sample(5).num_rows == 5
    with pytest.raises(ConditionError, match="no columns of this model are texts"):
        made.sample(2, given={"prompt": "x"})


@pytest.mark.parametrize(
    "cells",
    [
        ["one text alone"],
        ["the very same words"] * 30,
        ["", None, "a few words here"] * 10,
        ["🙂 smile now " * 3, "שלום עולם טוב", "مرحبا بالعالم كله"] * 10,
        ["x" * 1_000_000, "a few words more"] * 3,
    ],
)
@pytest.mark.filterwarnings("ignore::reverie.core.errors.ReverieWarning")
def test_odd_texts(cells: list[str | None], model: str, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "UPDATES", 2)
    table = pa.table({"n": list(range(len(cells))), "t": pa.array(cells, pa.string())})
    schema = rv.Schema.model_validate(
        {
            "tables": [
                {
                    "name": "data",
                    "columns": [{"name": "n", "type": "integer"}, {"name": "t", "type": "prose"}],
                }
            ]
        }
    )
    made = rv.Synthesizer(model, schema=schema).fit(table)
    assert made.family_ == ("diffusion" if model == "auto" else model)
    found = made.sample(3, given={"prompt": "ж 🦊"} if made.model_.codec.codecs[1].length > 8 else None)
    assert found["t"].type == pa.string()


def test_a_plain_text_is_learned(
    model: str, small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "UPDATES", 40)
    rng = np.random.default_rng(0)
    spoken = [f"{mood.upper()}:\n{sentence(mood, rng)}" for mood in WORDS for _ in range(40)]
    (tmp_path / "play.txt").write_text("\n\n".join(spoken))
    options = ["-o", str(tmp_path / "m.reverie"), "--model", model]
    assert run(["fit", str(tmp_path / "play.txt"), *options]) == 0
    found = sampled(tmp_path, tmp_path / "rows.csv", "prompt=GOOD:", n=5)
    assert [line["text"].startswith("GOOD:") for line in found] == [True] * 5


def test_a_prompt_needs_to_know_which_text(model: str, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "UPDATES", 2)
    table = pa.Table.from_pylist([{**row, "other": row["text"][::-1]} for row in rows(60)])
    made = rv.Synthesizer(model).fit(table)
    with pytest.raises(ConditionError, match="2 columns of this model are texts"):
        made.sample(2, given={"prompt": "x"})
    assert all(
        one.startswith("x") for one in made.sample(2, given=["other starts with x"])["other"].to_pylist()
    )
    with pytest.raises(ConfigError, match="does not learn texts"):
        rv.Synthesizer("trees", schema=made.schema_).fit(table)


@pytest.mark.usefixtures("small")
def test_a_language_model_that_others_trained_learns_on(
    model: str, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "UPDATES", 60)
    write(tmp_path / "d.csv", rows(80))
    assert run(["inspect", str(tmp_path / "d.csv"), "-o", str(tmp_path / "s.json")]) == 0
    schema = json.loads((tmp_path / "s.json").read_text())
    schema["tables"][0]["columns"][1] |= {
        "type": "prose",
        "options": {"model": str(checkpoint), "tokens": 24},
    }
    (tmp_path / "s.json").write_text(json.dumps(schema))
    options = ["--schema", str(tmp_path / "s.json"), "--model", model]
    assert run(["fit", str(tmp_path / "d.csv"), "-o", str(tmp_path / "m.reverie"), *options]) == 0
    made, others = tmp_path / "made.csv", tmp_path / "others.csv"
    for out in (made, others):
        assert run(["sample", str(tmp_path / "m.reverie"), "-n", "12", "-o", str(out), "--seed", "1"]) == 0
    assert made.read_text() == others.read_text()
    assert sum(len(line["text"]) > 3 for line in lines(made)) > 8
