"""Attribute inference: who knows all else of a person guesses one column from the nearest synthetic row.

Source: Giomi et al. (2023), A Unified Framework for Quantifying Privacy Risk in Synthetic Data, section 4.3.
"""

import numpy as np

from reverie.evaluation import neighbours
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.risk import Attack, Rate, figure
from reverie.evaluation.view import Field, Side, View, restricted

TARGETS = 2000
SECRETS = 20
"""People attacked, and columns that are guessed of each, drawn at random where there are more."""
REFERENCES = 25_000
FEWEST = 50
NEAR = 0.05
"""A number is guessed where the guess is off by no more than this share of it."""


class Inference(Measure):
    """How much oftener a column of a training row is guessed than one of an unseen row."""

    name = "inference"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`inference` over all columns, and `inference_worst`, of the column with the largest risk."""
        view, rng = comparison.view, comparison.generator("inference")
        if view.holdout is None or len(view.fields) < 2:
            return []
        size = min(view.real.rows, view.holdout.rows, TARGETS)
        if size < FEWEST or view.fake.rows < FEWEST:
            return []
        fake = view.fake.some(REFERENCES, rng)
        sides = view.real.some(size, rng), view.holdout.some(size, rng)
        secrets = [view.fields[i] for i in sorted(rng.permutation(len(view.fields))[:SECRETS])]
        guessed = {secret.name: _attacked(view, secret, fake, sides, rng) for secret in secrets}
        return _figures(guessed, size)


def _attacked(
    view: View, secret: Field, fake: Side, sides: tuple[Side, Side], rng: np.random.Generator
) -> np.ndarray:
    """Right guesses of the secret for training rows, for unseen rows, and by chance; (3, rows) booleans."""
    names = {field.name for field in view.fields} - {secret.name}
    known = _values(fake, secret)
    found = []
    for side in sides:
        part = restricted(View(view.fields, view.real, fake, side), names)
        assert part.holdout is not None
        guess = known[neighbours.nearest(part, part.holdout, part.fake).record]
        found.append(_right(guess, _values(side, secret), secret))
    chance = known[rng.integers(0, len(known), sides[0].rows)]
    return np.array([*found, _right(chance, _values(sides[0], secret), secret)])


def _values(side: Side, field: Field) -> np.ndarray:
    return (side.codes if field.categorical else side.numbers)[:, field.index]


def _right(guess: np.ndarray, truth: np.ndarray, field: Field) -> np.ndarray:
    if field.categorical:
        return guess == truth
    return (np.abs(guess - truth) <= NEAR * np.abs(truth)) | (np.isnan(guess) & np.isnan(truth))


def _figures(guessed: dict[str, np.ndarray], size: int) -> list[Measurement]:
    attacks = {}
    for name, (members, others, chance) in guessed.items():
        hits = Rate(float(members.sum()), size), Rate(float(others.sum()), size)
        attacks[name] = Attack(*hits, float(chance.mean()), len(guessed))
    # Guesses of one person's columns hang together, so the people are counted, not the guesses.
    means = np.mean(list(guessed.values()), axis=0)
    overall = Attack(Rate.of(means[0]), Rate.of(means[1]), float(means[2].mean()))
    worst = max(attacks, key=lambda name: attacks[name].risk()[1])
    columns = [{"name": name, **attack.to_dict(), "risk": attack.risk()} for name, attack in attacks.items()]
    about = "How much oftener a column of a training row is guessed from the nearest synthetic row than one"
    return [
        figure("inference", overall, f"{about} of an unseen row; 0 is no risk.", columns=columns),
        figure(
            "inference_worst",
            attacks[worst],
            f"The same for the column of {len(attacks)} with the largest risk; the interval allows for that.",
            column=worst,
        ),
    ]


MEASURE = Inference()
