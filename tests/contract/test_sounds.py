"""Tables with sounds, from a folder to a folder, by the command line and in Python."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import reverie as rv
from reverie.cli.main import run
from reverie.codecs import latents
from reverie.evaluation.canaries import unpacked
from reverie.io.pictures import write as png
from reverie.io.sounds import read, write
from reverie.models import grids
from reverie.models.families import diffusion

ROWS, RATE = 120, 1_000


def tone(high: bool, rng: np.random.Generator) -> bytes:
    time = np.arange(int(RATE * rng.uniform(0.1, 0.14))) / RATE
    wave = np.sin(2 * np.pi * (330 if high else 120) * time) * rng.uniform(0.3, 0.8)
    return write((wave + 1e-3 * rng.normal(size=len(time)))[:, None], RATE)


def is_high(content: bytes) -> bool:
    power = np.square(np.abs(np.fft.rfft(read(content)[0][:, 0], 400)))
    return bool(power[90:].sum() > power[:90].sum())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sounds with an index, one of them damaged, and a model of it."""
    place, rng = tmp_path_factory.mktemp("media"), np.random.default_rng(0)
    (place / "data" / "sounds").mkdir(parents=True)
    lines = ["sound,pitch,mood"]
    for row in range(ROWS):
        high = bool(rng.integers(2))
        (place / "data" / "sounds" / f"{row}.wav").write_bytes(tone(high, rng))
        lines.append(f"sounds/{row}.wav,{'high' if high else 'low'},{rng.normal():.2f}")
    (place / "data" / "sounds" / "7.wav").write_bytes(png(np.zeros((4, 4, 1), np.uint8)))
    (place / "data" / "index.csv").write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffusion, "GRID_UPDATES", 400)
        patch.setattr(grids, "WIDTHS", (8, 16))
        patch.setattr(latents, "STEPS", 150)
        assert run(["fit", str(place / "data"), "-o", str(place / "m.reverie")]) == 0
    return place


def lines(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open() as file:
        return list(csv.DictReader(file))


def test_what_was_learned_is_told(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(place / "m.reverie")]) == 0
    shown = capfd.readouterr().out
    assert "diffusion (the best family here for pictures or sounds)" in shown
    assert "sounds of at most 0.19 s at 1,000 Hz, mono" in " ".join(shown.split())
    assert "1 of 120 sounds cannot be used and count as missing: 1 is of another kind" in " ".join(
        shown.split()
    )
    # Names of files are for the screen, and not in the model.
    assert all(b"sounds/7.wav" not in content for content in unpacked((place / "m.reverie").read_bytes()))


def test_a_label_gives_a_sound(place: Path, tmp_path: Path) -> None:
    for name in ("one/", "two/"):
        options = ["-n", "24", "--given", "pitch=high", "--given", "sound is present", "--seed", "3"]
        assert run(["sample", str(place / "m.reverie"), "-o", str(tmp_path / name), *options]) == 0
    found = lines(tmp_path / "one")
    assert [line["pitch"] for line in found] == ["high"] * 24
    assert all(line["sound"].endswith(".wav") for line in found)
    made = [(tmp_path / "one" / line["sound"]).read_bytes() for line in found]
    assert np.mean([is_high(one) for one in made]) > 0.7
    lengths = [len(read(one)[0]) / RATE for one in made]
    assert 0.08 < min(lengths) < max(lengths) < 0.16
    page = (tmp_path / "one" / "gallery.html").read_text()
    assert page.count("<audio controls") == 24
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 26
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("high", [True, False])
def test_a_sound_gives_its_label(place: Path, tmp_path: Path, high: bool) -> None:
    (tmp_path / "a.wav").write_bytes(tone(high, np.random.default_rng(5)))
    options = ["-n", "20", "--given", f"sound={tmp_path / 'a.wav'}"]
    assert run(["sample", str(place / "m.reverie"), "-o", str(tmp_path / "g/"), *options]) == 0
    found = lines(tmp_path / "g")
    assert np.mean([line["pitch"] == ("high" if high else "low") for line in found]) > 0.7
    made = (tmp_path / "g" / found[0]["sound"]).read_bytes()
    assert is_high(made) == high


def test_parquet_holds_sounds_as_bytes(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    assert run(["sample", str(place / "m.reverie"), "-o", str(out), "-n", "5"]) == 0
    kept = pq.read_table(out)["sound"].drop_null()
    assert all(read(cell.as_py())[1] == RATE for cell in kept)
    data, scores = str(place / "data"), tmp_path / "s.json"
    assert run(["evaluate", data, str(out), "--holdout", data, "--json", str(scores)]) == 0
    private = json.loads(scores.read_text())["private"]
    assert private["verdict"] == "not enough evidence"
    assert "media_nearer" not in private["measures"]


def test_rows_with_given_sounds_are_completed(place: Path, tmp_path: Path) -> None:
    known = [tone(high, np.random.default_rng(9)) for high in (True, False)]
    pq.write_table(pa.table({"sound": pa.array(known, pa.binary())}), tmp_path / "known.parquet")
    options = ["--given-file", str(tmp_path / "known.parquet")]
    assert run(["sample", str(place / "m.reverie"), "-o", str(tmp_path / "new"), *options]) == 0
    found = lines(tmp_path / "new")
    assert len(found) == 2
    # What rows hold is never changed, not even by the way through levels and back.
    assert [(tmp_path / "new" / line["sound"]).read_bytes() for line in found] == known
    assert run(["impute", str(place / "m.reverie"), str(place / "data"), "-o", str(tmp_path / "full")]) == 0
    assert len(lines(tmp_path / "full")) == ROWS


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["sample", "m.reverie", "-o", "rows.csv"], "cannot hold the pictures or sounds of these rows"),
        (["sample", "m.reverie", "-o", "new/", "--given", "sound=none.wav"], "a sound that is not there"),
        (["sample", "m.reverie", "-o", "new/", "--given", "sound=empty.wav"], "a sound that is empty"),
        (["sample", "m.reverie", "-o", "new/", "--given", "sound=cut.wav"], "a sound that is damaged or cut"),
        (["sample", "m.reverie", "-o", "new/", "--given", "sound=data/sounds/7.wav"], "is of another kind"),
        (["sample", "m.reverie", "-o", "new/", "--given", "sound>3"], "holds sounds"),
        (["fit", "bad", "-o", "o.reverie"], "3 of 3 sounds cannot be used"),
        (["fit", "data", "-o", "o.reverie", "--model", "trees"], "family 'trees' does not learn pictures or"),
        (["fit", "data", "-o", "o.reverie", "--epsilon", "1"], "is not learned privately yet"),
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
    (place / "empty.wav").write_bytes(b"")
    (place / "cut.wav").write_bytes(tone(True, np.random.default_rng(0))[:100])
    (place / "bad").mkdir(exist_ok=True)
    for name in ("a", "b", "c"):
        (place / "bad" / f"{name}.wav").write_bytes(b"RIFF")
    (place / "bad" / "index.csv").write_text("sound,n\na.wav,1\nb.wav,2\nc.wav,3")
    assert run(command) == 2
    shown = capfd.readouterr().err
    assert told in " ".join(shown.split())
    assert "Traceback" not in shown
    assert not (place / "new").exists()
    assert not (place / "rows.csv").exists()


@pytest.mark.filterwarnings("ignore:fitting took")
def test_sounds_in_python() -> None:
    rng = np.random.default_rng(0)
    flags = rng.integers(2, size=60).astype(bool)
    waves = [read(tone(flag, rng)) for flag in flags]
    made = rv.Synthesizer(budget=3).fit({"flag": flags.tolist(), "sound": waves})
    assert made.family_ == "diffusion"
    assert next(made.stream(2)).schema.field("sound").type == pa.binary()
    for given in (tone(True, rng), waves[0]):
        # A waveform and its rate came in, and come out.
        rows = made.sample(3, given={"sound": given})
        assert [rate for _, rate in rows["sound"]] == [RATE] * 3
        assert all(wave.dtype == np.float32 and len(wave) > 100 for wave, _ in rows["sound"])
