"""Attribute inference: who knows all else of a person guesses one column from the nearest synthetic row.

Source: Giomi et al. (2023), A Unified Framework for Quantifying Privacy Risk in Synthetic Data, section 4.3.
"""

import numpy as np

from reverie.evaluation import neighbours
from reverie.evaluation.base import Comparison, Measure, Measurement
from reverie.evaluation.risk import Attack, Rate, draw, figure
from reverie.evaluation.view import Field, Side, View, restricted

SECRETS = 20
"""Columns that are guessed of each person, drawn at random where there are more."""
NEAR = 0.05
"""A number is guessed where the guess is off by no more than this share of it."""


class Inference(Measure):
    """How much oftener a column of a training row is guessed than one of an unseen row."""

    name = "inference"
    aspect = "private"

    def measure(self, comparison: Comparison) -> list[Measurement]:
        """`inference` over all columns, and `inference_worst`, of the column with the largest risk."""
        view, rng = comparison.view, comparison.generator("inference")
        drawn = draw(view, rng)
        if drawn is None:
            return []
        fake, *sides = drawn
        size = sides[0].rows
        secrets = [view.fields[i] for i in sorted(rng.permutation(len(view.fields))[:SECRETS])]
        guessed = {secret.name: _attacked(view, secret, fake, sides, rng) for secret in secrets}
        return _figures(guessed, size)


def _attacked(
    view: View, secret: Field, fake: Side, sides: list[Side], rng: np.random.Generator
) -> np.ndarray:
    """Right guesses of the secret for training rows, for unseen rows, and by chance; (3, rows) booleans."""
    names = {field.name for field in view.fields} - {secret.name}
    known = secret.of(fake)
    found = []
    for side in sides:
        part = restricted(View(view.fields, view.real, fake, side), names)
        assert part.holdout is not None
        guess = known[neighbours.nearest(part, part.holdout, part.fake).record]
        found.append(_right(guess, secret.of(side), secret))
    chance = known[rng.integers(0, len(known), sides[0].rows)]
    return np.array([*found, _right(chance, secret.of(sides[0]), secret)])


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
