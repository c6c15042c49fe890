"""The one training loop: turns, averaged weights, held-out rows, a budget of time, checkpoints.

The step size stays until rows held out have not become likelier for some epochs, then falls; after the last
fall, or when time runs out, the best averaged weights are what is kept.

Sources: Loshchilov & Hutter 2019 (AdamW); Polyak & Juditsky 1992 (averaged weights).
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from reverie.nn.device import precision, threads_of
from reverie.nn.rows import Batch, Rows, batches
from reverie.nn.task import Task

COOLING = 0.25
"""Share of a budget of time, or of all steps, in which steps fall to nothing."""
RESERVE = 0.97
"""Share of a budget that training may use, so that what follows it still fits."""
NO_NUMBER, NO_TIME = "the loss was no number", "the time was up"
TIMED = 3
"""Steps of the first epoch after which it is said if that will take too long."""


@dataclass(frozen=True)
class Training:
    """How to train: at most `epochs`, and at most about `steps` steps.

    Steps fall to `fall` of their size after `patience` epochs without gain, and training ends after `falls`
    of these; with `cosine` they fall to nothing along a cosine over the whole course instead, and training
    does not end before.

    Batches have at most `batch` rows, and where rows are few at least `least_batch`; an epoch passes over the
    rows as often as it takes to make `least_steps`, and over as many as `most_steps` take. `average` is how
    much of the averaged weights a step keeps; `clip` the largest norm of a gradient.
    """

    batch: int = 512
    least_batch: int = 64
    least_steps: int = 40
    most_steps: int = 1_000
    rate: float = 2e-3
    decay: float = 0.01
    warmup: int = 50
    average: float = 0.995
    clip: float = 1.0
    epochs: int = 300
    steps: int = 1 << 30
    cosine: bool = False
    patience: int = 3
    fall: float = 0.3
    falls: int = 3
    least_gain: float = 1e-4
    holdout: float = 0.1
    judged: int = 8192


@dataclass(frozen=True)
class Epoch:
    """What is told after each epoch: losses a row, the part of the work done, and seconds left."""

    number: int
    loss: float
    held_out: float
    done: float
    seconds_left: float


@dataclass(frozen=True)
class History:
    """How training went: its epochs, why it ended, and what a user should know."""

    epochs: tuple[Epoch, ...]
    ended: str
    notes: tuple[str, ...] = ()


@dataclass
class _Course:
    """Where training stands; all of it is in a checkpoint."""

    step: int = 0
    epoch: int = 0
    scale: float = 1.0
    best: float = float("inf")
    waited: int = 0
    fallen: int = 0
    batch: int = 0
    told: list[Epoch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def train(
    task: Task,
    rows: Rows,
    training: Training,
    *,
    seed: int,
    seconds: float | None = None,
    device: str = "auto",
    threads: int | None = None,
    checkpoint: Path | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> History:
    """Train the task in place; it is left with the best averaged weights, in evaluation mode, on the CPU.

    With `checkpoint`, a file written after each epoch, a run of the same rows, settings and seed that was
    killed goes on where it stood and ends as it would have (on a CPU). The file stays when training is done:
    a run by it learns no more, and it is for the caller to remove. A loss that is no number, an
    interruption (Ctrl-C) or a lack of memory do not lose what was learned: the history's notes say what
    happened.
    """
    with torch.random.fork_rng(devices=[]), threads_of(threads):
        torch.manual_seed(seed)
        loop = _Loop(task, rows, training, seed, seconds, device, checkpoint, clock)
        history = loop.run(on_epoch)
    task.cpu().eval()
    return history


class _Loop:
    def __init__(
        self,
        task: Task,
        rows: Rows,
        training: Training,
        seed: int,
        seconds: float | None,
        device: str,
        checkpoint: Path | None,
        clock: Callable[[], float],
    ) -> None:
        self.task, self.rows, self.training, self.seconds = task, rows, training, seconds
        self.checkpoint, self.clock, self.begun, self.seed = checkpoint, clock, clock(), seed
        self.fabric = Fabric(accelerator=device, devices=1, precision=precision(device))
        self.device = self.fabric.device
        self.task.to(self.device)
        self.groups: dict[str, nn.Module] = {turn.module: getattr(task, turn.module) for turn in task.turns}
        self.optimizers = {
            turn.module: torch.optim.AdamW(
                self.groups[turn.module].parameters(),
                lr=training.rate,
                weight_decay=training.decay,
                betas=turn.betas,
                fused=True,
            )
            for turn in task.turns
        }
        self.kept = self.groups[task.turns[-1].module]
        self.average = [weight.detach().clone() for weight in self.kept.parameters()]
        self.best = [weight.clone() for weight in self.average]
        self.noise = torch.Generator(self.device).manual_seed(seed)
        held = min(int(len(rows) * training.holdout), training.judged)
        self.held, self.learned = rows.divided(held, seed)
        fitting = len(self.learned) // training.least_steps
        self.course = _Course(batch=int(np.clip(fitting, training.least_batch, training.batch)))
        self.within = 0.0
        self.key = "" if checkpoint is None else self._key()

    def run(self, on_epoch: Callable[[Epoch], None]) -> History:
        """Epochs until there is nothing left to gain, or no time."""
        self._resume()
        ended = self._finished() if self.course.told else None
        try:
            while ended is None:
                reason = self._epoch()
                if reason != NO_NUMBER or not self.course.told:
                    on_epoch(self._judge())
                    self._save()
                ended = reason or self._finished()
        except KeyboardInterrupt:
            if not self.course.told:
                raise
            ended = "interrupted"
            self.course.notes.append("training was interrupted: the best weights up to then are kept")
        _copy(self.best, self.kept)
        return History(tuple(self.course.told), ended, tuple(self.course.notes))

    def _epoch(self) -> str | None:
        """One pass over the rows; the reason if it ended before."""
        self.task.train()
        mixer = np.random.default_rng([self.seed, self.course.epoch])
        passes = -(-self.training.least_steps * self.course.batch // len(self.learned))
        order = np.concatenate([mixer.permutation(self.learned) for _ in range(passes)])
        parts = list(batches(order, self.course.batch))[: self._most_steps()]
        self.loss, total, seen, started = float("nan"), 0.0, 0, self.clock()
        for index, part in enumerate(parts, 1):
            loss = self._step_within_memory(part)
            if not np.isfinite(loss):
                self.course.notes.append("the loss was no number: the best weights up to then are kept")
                return NO_NUMBER
            total, seen = total + loss * len(part), seen + len(part)
            self.loss, self.within, late = total / seen, index / len(parts), self._time_left() <= 0
            if self.course.epoch == 0 and (index == TIMED or (late and index < TIMED)):
                self._warn_of_time((self.clock() - started) / index, index, -(-len(parts) // passes))
            if late:
                return NO_TIME
        self.course.epoch, self.within = self.course.epoch + 1, 0.0
        return None

    def _step_within_memory(self, part: np.ndarray) -> float:
        """A step; in smaller batches from here on if memory does not suffice."""
        pieces = list(batches(part, self.course.batch))
        if len(pieces) > 1:
            return sum(self._step_within_memory(piece) * len(piece) for piece in pieces) / len(part)
        try:
            return self._step(part)
        except torch.OutOfMemoryError:
            if len(part) < 2:
                raise
            self.course.batch = min(self.course.batch, len(part)) // 2
            self.course.notes.append(
                f"memory was short: batches have {self.course.batch:,} rows from then on"
            )
        return self._step_within_memory(part)

    def _step(self, part: np.ndarray) -> float:
        """One update of each turn, the loss of the last; what is no number changes no weight."""
        batch, weights = self.rows.batch(part, self.device)
        rate, loss = self._rate(), torch.tensor(0.0)
        for turn in self.task.turns:
            optimizer, module = self.optimizers[turn.module], self.groups[turn.module]
            for group in optimizer.param_groups:
                group["lr"] = rate * turn.rate
            for _ in range(turn.times):
                optimizer.zero_grad(set_to_none=True)
                self.task.begin(turn.module, self.noise)
                loss = self._slopes(turn.module, batch, weights)
                norm = nn.utils.clip_grad_norm_(module.parameters(), self.training.clip)
                if not torch.isfinite(loss + norm):
                    return float("nan")
                optimizer.step()
        self.course.step += 1
        self._follow()
        return float(loss)

    def _slopes(self, turn: str, batch: Batch, weights: torch.Tensor) -> torch.Tensor:
        """Leave the gradient of the mean loss at the weights of a turn; that loss."""
        with self.fabric.autocast():
            loss = (self.task.losses(turn, batch, self.noise) * weights).mean()
        self.fabric.backward(loss)
        return loss.detach()

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights a little towards the newest, by more in the first steps."""
        keep = min(self.training.average, (1 + self.course.step) / (10 + self.course.step))
        for average, weight in zip(self.average, self.kept.parameters(), strict=True):
            average.lerp_(weight, 1 - keep)

    @torch.no_grad()
    def _judge(self) -> Epoch:
        """The held-out loss of the averaged weights; the best are remembered, and steps fall if need be."""
        newest = [weight.detach().clone() for weight in self.kept.parameters()]
        _copy(self.average, self.kept)
        loss = self._held_out() if len(self.held) else self.loss
        _copy(newest, self.kept)
        course = self.course
        least = self.training.least_gain * abs(course.best) if np.isfinite(course.best) else 0.0
        if loss < course.best - least:
            course.best, course.waited = loss, 0
            self.best = [weight.clone() for weight in self.average]
        else:
            course.waited += 1
        if course.waited >= self.training.patience and not self.training.cosine:
            course.waited, course.fallen = 0, course.fallen + 1
            course.scale *= self.training.fall
            self.average = [weight.clone() for weight in self.best]
            _copy(self.best, self.kept)
        course.told.append(self._tell(loss))
        return course.told[-1]

    def _held_out(self) -> float:
        self.task.eval()
        noise, total = torch.Generator(self.device).manual_seed(self.seed + 1), 0.0
        for part in batches(self.held, self.course.batch):
            batch, weights = self.rows.batch(part, self.device)
            with self.fabric.autocast():
                total += float((self.task.held_out(batch, noise) * weights).sum().detach())
        return total / len(self.held)

    def _tell(self, loss: float) -> Epoch:
        elapsed, course = self.clock() - self.begun, self.course
        by_epochs = self._passed()
        by_falls = 0.0 if self.training.cosine else (course.fallen + 1) / (self.training.falls + 2)
        done = max(by_epochs, by_falls)
        if self.seconds:
            done = max(by_epochs, elapsed / self.seconds)
        done = min(max(done, 1e-3), 1.0)
        return Epoch(course.epoch, self.loss, loss, done, elapsed * (1 - done) / done)

    def _finished(self) -> str | None:
        if self.course.fallen >= self.training.falls:
            return "held-out rows became no likelier"
        if self._time_left() <= 0:
            return NO_TIME
        return "all epochs done" if self._passed() >= 1 else None

    def _passed(self) -> float:
        """The part of all epochs or steps that is done."""
        course, training = self.course, self.training
        return min(max((course.epoch + self.within) / training.epochs, course.step / training.steps), 1.0)

    def _most_steps(self) -> int:
        """Steps of the next epoch at most."""
        return max(min(self.training.most_steps, self.training.steps - self.course.step), 1)

    def _rate(self) -> float:
        """The size of the next step."""
        warm = min(1.0, (self.course.step + 1) / self.training.warmup)
        if self.training.cosine:
            spent = 0.0 if not self.seconds else 1 - max(self._time_left(), 0.0) / (RESERVE * self.seconds)
            return (
                self.training.rate * warm * max(0.5 + 0.5 * np.cos(np.pi * max(self._passed(), spent)), 1e-3)
            )
        cool = min(1.0, (1 - self.course.step / self.training.steps) / COOLING)
        if self.seconds:
            cool = min(cool, self._time_left() / (COOLING * self.seconds))
        return self.training.rate * self.course.scale * warm * max(cool, 1e-3)

    def _time_left(self) -> float:
        if self.seconds is None:
            return float("inf")
        return RESERVE * self.seconds - (self.clock() - self.begun)

    def _warn_of_time(self, step: float, made: int, needed: int) -> None:
        """Note it if the steps that the first pass needs take longer than there is time."""
        if step * (needed - made) > max(self._time_left(), 0.0):
            self.course.notes.append(
                f"one pass over the rows takes about {step * needed:.0f} s, more than the budget: "
                "not all are seen"
            )

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        parts = {
            "key": self.key,
            "course": {**vars(self.course), "told": [vars(epoch) for epoch in self.course.told]},
            "task": self.task.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "average": self.average,
            "best": self.best,
            "noise": self.noise.get_state(),
            "torch": torch.get_rng_state(),
            "elapsed": self.clock() - self.begun,
        }
        fresh = self.checkpoint.with_name(self.checkpoint.name + ".part")
        torch.save(parts, fresh)
        fresh.replace(self.checkpoint)

    def _key(self) -> str:
        """What a checkpoint must be of to be gone on from."""
        shapes = {name: tuple(weight.shape) for name, weight in self.task.state_dict().items()}
        told = repr((self.seed, self.training, shapes)).encode()
        return hashlib.sha256(told + self.rows.digest()).hexdigest()

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        parts: dict[str, Any] = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        if parts.get("key") != self.key:
            return
        told = [Epoch(**epoch) for epoch in parts["course"].pop("told")]
        self.course = replace(_Course(**parts["course"]), told=told)
        self.task.load_state_dict(parts["task"])
        for name, state in parts["optimizers"].items():
            self.optimizers[name].load_state_dict(state)
        self.average = [weight.to(self.device) for weight in parts["average"]]
        self.best = [weight.to(self.device) for weight in parts["best"]]
        self.noise.set_state(parts["noise"])
        torch.set_rng_state(parts["torch"])
        self.begun = self.clock() - parts["elapsed"]


@torch.no_grad()
def _copy(weights: list[torch.Tensor], module: nn.Module) -> None:
    for own, weight in zip(module.parameters(), weights, strict=True):
        own.copy_(weight)
