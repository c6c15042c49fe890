"""Tables with sounds: what classifiers that learned real ones hear in those that are made.

Usage: python bench/sounds.py [options]. Writes its section of docs/benchmarks.md; half an hour. The data are
spoken digits (audio_fsdd), divided as their authors do: takes 0 to 4 of each digit and speaker are unseen.
"""

import argparse
import csv
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import page
import pieces
from media import Classifier, Pictures, run
from reverie.io.sounds import at_rate, read
from reverie.nn.spectra import decibels
from tables import ROOT, SHARED

PLACE = ROOT / "build" / "bench" / "sounds"
MADE = 1_200
RATE, WINDOW, FLOOR = 8_000, 256, -60.0
BANDS, TIMES = 64, 48
"""Sides of the pictures of sounds that classifiers are shown, from the start: windows lie 16 ms apart."""
ASKED = ("digit", "speaker")
TITLE = "Sounds"
TEXT = f"""## {TITLE}

`reverie fit FOLDER --budget` on 2,700 spoken digits of six speakers, then `reverie sample` given each digit
and speaker, or given unseen recordings, on two cores. Convolutional classifiers that were trained on
spectrograms of the real recordings learned from tell which digit and which speaker is heard: their accuracy
on the 300 unseen recordings of the official split is the measure of that on those made. `said` is how often
the digit, or the speaker, made for a given unseen recording is right, beside the classifiers' own accuracy.

"""
HEADS = ["", "fit s", "made a s", "asked", "real", "heard in made", "ratio", "said", "own"]


@dataclass(frozen=True)
class Sounds:
    """Files of sounds, and what is said by whom, (rows,) each."""

    files: tuple[Path, ...]
    labels: dict[str, np.ndarray]

    def pictures(self, asked: str) -> Pictures:
        """What a classifier is shown."""
        return Pictures(asked, np.stack([shown(file) for file in self.files]), self.labels[asked])


def main() -> None:
    """Fit, sample, judge."""
    given = parse()
    train, unseen = (recordings(given.data, split) for split in ("train", "test"))
    pieces.put(given.page, TEXT + page.table(HEADS, judge(train, unseen, given.budget, given.made)))


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "audio_fsdd")
    parser.add_argument("--budget", default="20m", help="of the fit")
    parser.add_argument("--made", type=int, default=MADE, help="sounds that are made")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="whose section is written")
    return parser.parse_args()


def recordings(place: Path, split: str) -> Sounds:
    """Those of one part of the official split."""
    with (place / "index.csv").open() as file:
        lines = [line for line in csv.DictReader(file) if line["split"] == split]
    digits, speakers = ([f"d{line['digit']}" for line in lines], [line["speaker"] for line in lines])
    labels = {"digit": np.array(digits), "speaker": np.array(speakers)}
    return Sounds(tuple(place / line["file"] for line in lines), labels)


def judge(train: Sounds, unseen: Sounds, budget: str, count: int) -> list[list[str]]:
    """The rows of the table; what was made stays in build/bench/sounds, with a page to hear it."""
    shutil.rmtree(PLACE, ignore_errors=True)
    folder(train, PLACE / "train")
    folder(unseen, PLACE / "unseen")
    began = time.perf_counter()
    run("fit", PLACE / "train", "-o", PLACE / "m.reverie", "--budget", budget)
    took = time.perf_counter() - began
    pairs = sorted(set(zip(*(train.labels[asked].tolist() for asked in ASKED), strict=True)))
    wanted = [pairs[row % len(pairs)] for row in range(count)]
    began = time.perf_counter()
    made = sampled("made", PLACE / "given.csv", list(ASKED), wanted)
    rate = count / (time.perf_counter() - began)
    paths = [(f"sounds/{row:05}.wav",) for row in range(len(unseen.files))]
    said = sampled("said", PLACE / "unseen" / "given.csv", ["sound"], paths)
    rows, found = [], {"budget": budget, "fit": took, "rate": rate}
    for asked in ASKED:
        classifier = Classifier(train.pictures(asked), np.unique(train.labels[asked]))
        real, heard = (classifier.accuracy(one.pictures(asked)) for one in (unseen, made))
        right = float((said.labels[asked] == unseen.labels[asked]).mean())
        found[asked] = {"real": real, "heard": heard, "said": right}
        rows.append([
            f"spoken digits, {budget}", f"{took:.0f}", f"{rate:.1f}", asked, f"{real:.3f}", f"{heard:.3f}",
            f"{heard / real:.2f}", f"{right:.3f}", f"{real:.3f}",
        ])  # fmt: skip
    (PLACE / "result.json").write_text(json.dumps(found))
    return rows


def folder(data: Sounds, place: Path) -> None:
    """The data as a folder with an index; names of files say nothing."""
    (place / "sounds").mkdir(parents=True)
    with (place / "index.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["sound", *ASKED])
        for row, one in enumerate(data.files):
            shutil.copy(one, place / "sounds" / f"{row:05}.wav")
            index.writerow([f"sounds/{row:05}.wav", *(data.labels[asked][row] for asked in ASKED)])


def sampled(name: str, given: Path, columns: list[str], known: list[tuple[str, ...]]) -> Sounds:
    """Rows of which these columns are known."""
    given.write_text("\n".join(",".join(row) for row in [tuple(columns), *known]))
    run("sample", PLACE / "m.reverie", "-o", PLACE / name, "--given-file", given)
    with (PLACE / name / "index.csv").open() as file:
        lines = list(csv.DictReader(file))
    labels = {asked: np.array([line[asked] for line in lines]) for asked in ASKED}
    return Sounds(tuple(PLACE / name / line["sound"] for line in lines), labels)


def shown(file: Path) -> np.ndarray:
    """Levels of a sound under its loudest as pixels (bands, times, 1) uint8, its start to the left."""
    waveform = at_rate(*read(file.read_bytes()), RATE).mean(1)
    levels = decibels(waveform, WINDOW, -140.0)
    levels = np.clip((levels - levels.max()) / -FLOOR + 1, 0, 1)
    whole = np.zeros((2 * TIMES, 2 * BANDS))
    whole[: len(levels)] = levels[: 2 * TIMES]
    pixels = whole.reshape(TIMES, 2, BANDS, 2).mean((1, 3)).T
    return np.rint(255 * pixels).astype(np.uint8)[:, :, None]


if __name__ == "__main__":
    main()
