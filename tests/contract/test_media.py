"""Tables with pictures, from a folder to a folder, by the command line and in Python."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import reverie as rv
from reverie.cli.main import run
from reverie.core.errors import ConditionError, ConfigError
from reverie.evaluation.canaries import unpacked
from reverie.io.pictures import read, write
from reverie.models import grids, painting
from reverie.models.families import diffusion, vae

ROWS = 120


def light(above: bool, rng: np.random.Generator) -> bytes:
    pixels = rng.integers(0, 30, (8, 8, 1))
    pixels[:4] += 200 * above
    pixels[4:] += 200 * (not above)
    return write(pixels.astype(np.uint8))


def pq_light(above: bool) -> bytes:
    return light(above, np.random.default_rng(9))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `data` is a folder of pictures with an index, one of them damaged."""
    place, rng = tmp_path_factory.mktemp("media"), np.random.default_rng(0)
    (place / "data" / "pictures").mkdir(parents=True)
    lines = ["picture,where,brightness"]
    for row in range(ROWS):
        above = bool(rng.integers(2))
        (place / "data" / "pictures" / f"{row}.png").write_bytes(light(above, rng))
        where = "nowhere" if row == 11 else "above" if above else "below"
        lines.append(f"pictures/{row}.png,{where},{rng.normal():.2f}")
    (place / "data" / "pictures" / "7.png").write_bytes(b"")
    (place / "data" / "index.csv").write_text("\n".join(lines))
    return place


@pytest.fixture(scope="module")
def place(folder: Path) -> Path:
    """The same with a model of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffusion, "GRID_UPDATES", 500)
        patch.setattr(grids, "WIDTHS", (8, 16))
        assert run(["fit", str(folder / "data"), "-o", str(folder / "m.reverie")]) == 0
    return folder


@pytest.fixture(scope="module", params=["diffusion", "vae"])
def model(request: pytest.FixtureRequest, folder: Path) -> str:
    """A model of each family to which a picture can be given."""
    return fitted(request, folder)


def fitted(request: pytest.FixtureRequest, folder: Path) -> str:
    """The folder's model of a family, learned once."""
    if request.param == "diffusion":
        return str(request.getfixturevalue("place") / "m.reverie")
    file = folder / f"{request.param}.reverie"
    if file.exists():
        return str(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "GRID_UPDATES", 200)
        patch.setattr(grids, "WIDTHS", (8, 16))
        assert run(["fit", str(folder / "data"), "-o", str(file), "--model", request.param]) == 0
    return str(file)


@pytest.fixture(scope="module")
def by_gan(folder: Path) -> Path:
    """A model of the same folder by the family gan, which takes no given picture."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting, "UPDATES", 250)
        patch.setattr(grids, "WIDTHS", (8, 16))
        options = ["-o", str(folder / "gan.reverie"), "--model", "gan"]
        assert run(["fit", str(folder / "data"), *options]) == 0
    return folder / "gan.reverie"


@pytest.fixture(params=["diffusion", "vae", "gan"])
def any_model(request: pytest.FixtureRequest, folder: Path) -> str:
    """A model of each family that learns pictures."""
    return str(request.getfixturevalue("by_gan")) if request.param == "gan" else fitted(request, folder)


def lines(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open() as file:
        return list(csv.DictReader(file))


def shown(file: Path) -> np.ndarray:
    return read(file.read_bytes()).astype(int)


def test_what_was_learned_is_told(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(place / "m.reverie")]) == 0
    shown = capfd.readouterr().out
    assert "diffusion (the best family here for pictures or sounds)" in shown
    assert "pictures of 8 by 8, grey" in shown
    assert "1 of 120 pictures cannot be used" in shown
    # Names of files are for the screen, and not in the model.
    assert all(b"pictures/7.png" not in content for content in unpacked((place / "m.reverie").read_bytes()))


def test_rows_come_without_their_pictures(any_model: str) -> None:
    learned = rv.load(any_model).model_
    found = learned.bare(400, np.random.default_rng(0))
    assert found.column_names == ["picture", "where", "brightness"]
    assert set(found["picture"].to_pylist()) <= {b"", None}
    assert found["picture"].null_count < 40
    assert set(found["where"].to_pylist()) == {"above", "below"}


def test_a_label_gives_a_picture(any_model: str, tmp_path: Path) -> None:
    for name in ("one/", "two/"):
        options = ["-n", "24", "--given", "where=above", "--given", "picture is present", "--seed", "3"]
        assert run(["sample", any_model, "-o", str(tmp_path / name), *options]) == 0
    found = lines(tmp_path / "one")
    assert [line["where"] for line in found] == ["above"] * 24
    shown = [read((tmp_path / "one" / line["picture"]).read_bytes()) for line in found]
    assert np.mean([one[:4].mean() > one[4:].mean() for one in shown]) > 0.7
    assert "data:image/png;base64," in (tmp_path / "one" / "gallery.html").read_text()
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 26
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_picture_gives_a_label(model: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    (tmp_path / "photo.png").write_bytes(light(False, rng))
    given = f"picture={tmp_path / 'photo.png'}"
    assert run(["sample", model, "-o", str(tmp_path / "g/"), "-n", "20", "--given", given]) == 0
    found = lines(tmp_path / "g")
    assert np.mean([line["where"] == "below" for line in found]) > 0.7
    shown = read((tmp_path / "g" / found[0]["picture"]).read_bytes())
    np.testing.assert_array_equal(shown, read((tmp_path / "photo.png").read_bytes()))


def test_parquet_holds_pictures_as_bytes(model: Path, place: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    assert run(["sample", str(model), "-o", str(out), "-n", "5"]) == 0
    kept = pq.read_table(out)["picture"].drop_null()
    assert all(read(cell.as_py()).shape == (8, 8, 1) for cell in kept)
    data, scores = str(place / "data"), tmp_path / "s.json"
    page = tmp_path / "report.html"
    assert run(["evaluate", data, str(out), "--holdout", data, "--json", str(scores), "-o", str(page)]) == 0
    assert "Pictures: picture" in page.read_text()
    assert "data:image/png;base64," in page.read_text()
    private = json.loads(scores.read_text())["private"]
    assert private["verdict"] == "not enough evidence"
    assert "media_nearer" not in private["measures"]


def test_families_are_seen_side_by_side(folder: Path, tmp_path: Path, capfd, monkeypatch) -> None:
    monkeypatch.setattr(diffusion, "GRID_UPDATES", 20)
    monkeypatch.setattr(grids, "WIDTHS", (8, 16))
    page = tmp_path / "race.html"
    assert run(["race", str(folder / "data"), "--model", "diffusion", "-o", str(page)]) == 0
    assert "learned from 70 rows, judged by 50 held back" in capfd.readouterr().out
    assert '<th scope="row">above</th>' in page.read_text()
    assert run(["race", str(folder / "data"), "--model", "trees"]) == 2
    assert "family 'trees' does not learn pictures" in capfd.readouterr().err


def test_rows_with_given_pictures_are_completed(model: str, folder: Path, tmp_path: Path) -> None:
    pictures = [pq_light(above) for above in (True, False)]
    pq.write_table(pa.table({"picture": pa.array(pictures, pa.binary())}), tmp_path / "known.parquet")
    options = ["--given-file", str(tmp_path / "known.parquet")]
    assert run(["sample", model, "-o", str(tmp_path / "new"), *options]) == 0
    found = lines(tmp_path / "new")
    assert len(found) == 2
    shown = read((tmp_path / "new" / found[1]["picture"]).read_bytes())
    np.testing.assert_array_equal(shown, read(pictures[1]))
    assert run(["sample", model, "-o", str(tmp_path / "best"), *options, "--likeliest"]) == 0
    best = read((tmp_path / "best" / lines(tmp_path / "best")[1]["picture"]).read_bytes())
    np.testing.assert_array_equal(best, shown)
    assert run(["impute", model, str(folder / "data"), "-o", str(tmp_path / "full")]) == 0
    assert len(lines(tmp_path / "full")) == ROWS


def test_two_pictures_cannot_be_given_for_one(place: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.png").write_bytes(pq_light(above=True))
    made = rv.load(place / "m.reverie")
    with pytest.raises(ConditionError, match="exclude each other"):
        made.sample(2, given=[f"picture={tmp_path / name}.png" for name in ("a", "b")])


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["sample", "m.reverie", "-o", "rows.csv"], "cannot hold the pictures or sounds of these rows"),
        (["sample", "m.reverie", "-o", "data"], "is not empty"),
        (["sample", "m.reverie", "-o", "new/", "--given", "picture=none.png"], "a picture that is not there"),
        (["sample", "m.reverie", "-o", "new/", "--given", "picture>3"], "holds pictures"),
        (["sample", "m.reverie", "-o", "new/", "--given", "where=nowhere"], "nowhere"),
        (["fit", "data", "-o", "o.reverie", "--model", "trees"], "family 'trees' does not learn pictures"),
        (["fit", "data", "-o", "o.reverie", "--epsilon", "1"], "is not learned privately yet"),
        (["fit", "data", "-o", "o.reverie", "--model", "vae", "--epsilon", "1"], "is not learned privately"),
        (
            ["fit", "data", "-o", "o.reverie", "--model", "gan", "--epsilon", "1"],
            "is not learned privately yet",
        ),
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
    assert run(command) == 2
    shown = capfd.readouterr().err
    assert told in " ".join(shown.split())
    assert not (place / "new").exists()
    assert not (place / "rows.csv").exists()


@pytest.mark.filterwarnings("ignore:fitting took")
def test_pictures_in_python(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    flags = rng.integers(2, size=60).astype(bool)
    frame = {"flag": flags.tolist(), "picture": [read(light(flag, rng))[:, :, 0] for flag in flags]}
    made = rv.Synthesizer(budget=3).fit(frame)
    assert made.family_ == "diffusion"
    assert next(made.stream(2)).schema.field("picture").type == pa.binary()
    known = light(True, rng)
    made.save(tmp_path / "m.reverie")
    for one in (made, rv.load(tmp_path / "m.reverie")):
        # Pixels that came in come out.
        rows = one.sample(3, given={"picture": known})
        assert all(np.array_equal(pixels, read(known)[:, :, 0]) for pixels in rows["picture"])
    assert len(made.sample(2, given={"picture": np.zeros((8, 8), np.uint8)})["flag"]) == 2
    holes = {"flag": [None, True], "picture": [Image.fromarray(frame["picture"][0]), None]}
    filled = made.impute(holes)["picture"]
    assert np.array_equal(np.asarray(filled[0]), frame["picture"][0])
    assert isinstance(filled[1], Image.Image)
    with pytest.raises(ConfigError, match="does not learn pictures"):
        rv.Synthesizer("copula").fit(frame)


def test_pictures_vary_and_turn_into_each_other(model: str, folder: Path, tmp_path: Path) -> None:
    data, pictures = str(folder / "data"), {}
    for strength in ("0", "0.2", "1"):
        out = tmp_path / strength
        options = ["--row", "3", "--data", data, "--strength", strength, "-n", "6"]
        assert run(["vary", model, "-o", f"{out}/", *options]) == 0
        pictures[strength] = [read((out / line["picture"]).read_bytes()).astype(int) for line in lines(out)]
    own = read((folder / "data" / "pictures" / "2.png").read_bytes()).astype(int)
    gaps = {
        strength: np.mean([np.abs(one - own).mean() for one in found]) for strength, found in pictures.items()
    }
    # A latent does not hold the noise of its picture.
    assert gaps["0"] < (1 if Path(model).stem == "m" else 15)
    assert gaps["0"] < gaps["0.2"] < gaps["1"]
    assert run(["reconstruct", model, data, "-o", str(tmp_path / "known/")]) == 0
    assert len(lines(tmp_path / "known")) == ROWS
    options = ["--rows", "3", "5", "--data", data, "--steps", "4"]
    assert run(["interpolate", model, "-o", str(tmp_path / "way/"), *options]) == 0
    way = [
        read((tmp_path / "way" / line["picture"]).read_bytes()).astype(int)
        for line in lines(tmp_path / "way")
    ]
    ends = [read((folder / "data" / "pictures" / f"{row}.png").read_bytes()).astype(int) for row in (2, 4)]
    assert len(way) == 4
    assert np.abs(way[0] - ends[0]).mean() < 30
    assert np.abs(way[-1] - ends[1]).mean() < 30


def test_guidance_makes_pictures_alike(place: Path) -> None:
    made = rv.load(place / "m.reverie")
    spread = []
    for guidance in (0.0, 6.0):
        found = made.sample(40, given={"where": "above", "picture": rv.present()}, guidance=guidance, seed=1)
        shown = np.stack([read(cell.as_py()) for cell in found["picture"]]).astype(float)
        spread.append(shown[:, :4].mean() - shown[:, 4:].mean())
    assert spread[1] > spread[0]
    with pytest.raises(ConfigError, match="no strength"):
        made.sample(2, guidance=-1.0)


def test_a_density_of_pictures_is_not_claimed(
    model: str, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", model, str(folder / "data"), "-o", str(tmp_path / "scores.csv")]) == 2
    shown = " ".join(capfd.readouterr().err.split())
    assert "gives no probabilities" in shown
    assert "Traceback" not in shown


def test_a_gan_refuses_a_given_picture(
    by_gan: Path, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = f"picture={folder / 'data' / 'pictures' / '3.png'}"
    assert run(["sample", str(by_gan), "-o", str(tmp_path / "g/"), "-n", "4", "--given", given]) == 2
    assert "Fit with --model diffusion" in " ".join(capfd.readouterr().err.split())
    assert run(["impute", str(by_gan), str(folder / "data"), "-o", str(tmp_path / "full")]) == 2
    assert "Fit with --model diffusion" in " ".join(capfd.readouterr().err.split())
    assert not any(tmp_path.iterdir())


def test_a_gan_tells_how_real_rows_with_pictures_look(by_gan: Path) -> None:
    made, rng = rv.load(by_gan), np.random.default_rng(4)
    above = np.arange(40) % 2 == 0
    files = [light(one, rng) for one in above]
    found = []
    for flags in (above, ~above):
        table = {
            "picture": pa.array(files, pa.binary()),
            "where": np.where(flags, "above", "below"),
            "brightness": np.zeros(40),
        }
        found.append(made.realism(pa.table(table)))
    assert (found[0] > found[1]).mean() > 0.8
