"""The training loop: known answers, repeatability, budgets, and what goes wrong on the way."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from reverie.nn import rows as nn_rows
from reverie.nn.rows import Batch, Rows
from reverie.nn.task import Task, Turn
from reverie.nn.train import Epoch, History, Training, _Loop, train

QUICK = Training(batch=128, rate=2e-2, decay=0.0, warmup=10, average=0.95, epochs=6)


def to_arrays(module: nn.Module) -> dict[str, np.ndarray]:
    """Weights by name."""
    return {name: weight.detach().numpy() for name, weight in module.state_dict().items()}


class _Line(Task):
    """Least squares; `spoil` may change or refuse the losses of the calls of a batch."""

    turns = (Turn("net"),)

    def __init__(
        self, dropout: float = 0.0, spoil: Callable[[torch.Tensor], torch.Tensor] = lambda x: x
    ) -> None:
        super().__init__()
        self.net, self.dropout, self.spoil = nn.Linear(2, 1), dropout, spoil
        nn.init.zeros_(self.net.weight)
        nn.init.zeros_(self.net.bias)

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        x = functional.dropout(batch["x"], self.dropout, self.training)
        if self.dropout:
            x = x + 0.1 * torch.randn(x.shape, generator=noise)
        losses = (self.net(x)[:, 0] - batch["y"]).square()
        return self.spoil(losses) if self.training else losses


class _Clock:
    """Time that passes by `step` at each look."""

    def __init__(self, step: float) -> None:
        self.step, self.now = step, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def _rows(count: int = 1_000, noise: float = 0.1, weights: np.ndarray | None = None) -> Rows:
    random = np.random.default_rng(0)
    x = random.normal(size=(count, 2)).astype(np.float32)
    y = x @ [2.0, -1.0] + 0.5 + x[:, 0] ** 2 * (noise > 1) + noise * random.normal(size=count)
    return Rows({"x": x, "y": y.astype(np.float32)}, weights)


def _solution(task: _Line) -> np.ndarray:
    return np.concatenate([task.net.weight.detach().numpy()[0], task.net.bias.detach().numpy()])


def _least_squares(rows: Rows) -> np.ndarray:
    root = np.sqrt(np.ones(len(rows)) if rows.weights is None else rows.weights)
    x = np.column_stack([rows.arrays["x"], np.ones(len(rows))])
    return np.linalg.lstsq(x * root[:, None], rows.arrays["y"] * root, rcond=None)[0]


def _same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(to_arrays(one).values(), to_arrays(other).values(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def _nth(number: int, then: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Losses that are spoiled from the step `number` on."""
    count = iter(range(10**9))
    return lambda losses: then(losses) if next(count) >= number else losses


def test_it_finds_the_known_answer() -> None:
    task, told = _Line(), list[Epoch]()
    history = train(task, _rows(), QUICK, seed=0, on_epoch=told.append)
    assert _solution(task) == pytest.approx([2, -1, 0.5], abs=0.02)
    assert history.epochs == tuple(told)
    assert (history.ended, history.notes) == ("all epochs done", ())
    assert [epoch.number for epoch in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1].held_out == pytest.approx(0.01, rel=0.3)
    assert told[-1].done == 1.0
    assert not task.training
    assert {weight.device.type for weight in task.parameters()} == {"cpu"}


def test_a_seed_decides_all() -> None:
    tasks = [_Line(dropout=0.2) for _ in range(3)]
    for task, seed in zip(tasks, (1, 1, 2), strict=True):
        torch.rand(1)
        train(task, _rows(300), QUICK, seed=seed)
    assert _same(tasks[0], tasks[1])
    assert not _same(tasks[0], tasks[2])


def test_rows_in_a_file_are_learned_as_those_in_memory(tmp_path: Path) -> None:
    rows = _rows(700, weights=np.random.default_rng(1).uniform(0.5, 2.0, 700))
    held = {**rows.arrays, "weights": rows.weights}
    mapped = {}
    for name, array in held.items():
        array.tofile(tmp_path / name)
        mapped[name] = np.memmap(tmp_path / name, array.dtype, "r", shape=array.shape)
    weights = mapped.pop("weights")
    tasks = [_Line(dropout=0.2), _Line(dropout=0.2)]
    told = [
        train(task, of, QUICK, seed=2) for task, of in zip(tasks, (rows, Rows(mapped, weights)), strict=True)
    ]
    assert _same(*tasks)
    assert [epoch.held_out for epoch in told[0].epochs] == [epoch.held_out for epoch in told[1].epochs]


class _Chunks(np.ndarray):
    """An array that is only to be taken apart: `most` is the largest part that was."""

    most = 0

    def __getitem__(self, at: Any) -> Any:
        found = np.asarray(super().__getitem__(at))
        _Chunks.most = max(_Chunks.most, len(found))
        return found

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise AssertionError("all of it was read at once")


def test_no_more_rows_than_a_batch_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _rows(900)
    apart = Rows({name: array.view(_Chunks) for name, array in rows.arrays.items()})
    monkeypatch.setattr(nn_rows, "DIGESTED", QUICK.batch)
    train(_Line(), apart, QUICK, seed=0)
    assert 0 < _Chunks.most < 2 * QUICK.batch


def test_the_generator_of_others_is_left_alone() -> None:
    task, before = _Line(dropout=0.2), torch.get_rng_state()
    train(task, _rows(300), QUICK, seed=1)
    assert torch.equal(before, torch.get_rng_state())


def test_a_weight_of_three_is_the_row_three_times() -> None:
    # What is learned is not a line, so that the weights change the answer.
    base = _rows(600, noise=1.1)
    weights = np.where(base.arrays["x"][:, 0] > 0.5, 3.0, 1.0)
    repeated = Rows({name: np.repeat(array, weights.astype(int), 0) for name, array in base.arrays.items()})
    training = Training(batch=128, decay=0.0, rate=2e-2, holdout=0.0, epochs=10, average=0.98)
    found = []
    for rows in (Rows(base.arrays, weights), repeated):
        task = _Line()
        train(task, rows, training, seed=0)
        assert _solution(task) == pytest.approx(_least_squares(rows), abs=0.05)
        found.append(_solution(task))
    assert found[0] == pytest.approx(found[1], abs=0.06)
    assert np.abs(found[0] - _least_squares(base)).max() > 0.2


class _Rivals(Task):
    """A critic of points, and a point that it judges; `fixed` belongs to neither."""

    turns = (Turn("critic", times=2), Turn("point"))

    def __init__(self) -> None:
        super().__init__()
        self.critic, self.point, self.fixed = nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)
        self.seen: list[tuple[str, dict[str, np.ndarray]]] = []

    def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
        self.seen.append((turn, {name: array.copy() for name, array in to_arrays(self).items()}))
        made = self.point(torch.randn(len(batch["x"]), 1, generator=noise)) + self.fixed.bias
        if turn == "point":
            return -self.critic(made)[:, 0]
        return (self.critic(made) - self.critic(batch["x"]))[:, 0]


def test_each_turn_moves_its_own_module_only() -> None:
    task = _Rivals()
    rows = Rows({"x": np.ones((200, 1), np.float32)})
    train(task, rows, Training(epochs=1, holdout=0.0, least_steps=4), seed=0)
    assert [turn for turn, _ in task.seen] == ["critic", "critic", "point"] * (len(task.seen) // 3)
    for (turn, before), (_, after) in zip(task.seen, task.seen[1:], strict=False):
        moved = {name.split(".")[0] for name in before if not np.array_equal(before[name], after[name])}
        assert moved == {turn}


def test_a_turn_steps_by_its_own_loss() -> None:
    task = _Rivals()
    rows = Rows({"x": np.ones((200, 1), np.float32)})
    train(task, rows, Training(epochs=1, holdout=0.0, least_steps=4, decay=0.0), seed=0)
    (_, first), (_, last) = task.seen[0], task.seen[2]
    # The points begin below or above what is real: the critic learns to favour the real side.
    side = np.sign(1 - first["point.bias"] - first["fixed.bias"])
    assert np.sign(last["critic.weight"] - first["critic.weight"])[0] == side
    after = task.seen[3][1]
    assert np.array_equal(
        np.sign(after["point.bias"] - last["point.bias"]), np.sign(last["critic.weight"])[0]
    )


@pytest.mark.parametrize("killed", [1, 2, 4])
def test_a_killed_run_ends_as_it_would_have(tmp_path: Path, killed: int) -> None:
    rows, file = _rows(400, noise=1.0), tmp_path / "run.1"
    (tmp_path / "run.part").write_text("of another")

    def task() -> _Line:
        return _Line(dropout=0.2, spoil=_limited(60, []))

    def die(epoch: Epoch) -> None:
        if epoch.number == killed:
            raise RuntimeError("killed")

    whole = task()
    history = train(whole, rows, QUICK, seed=3)
    with pytest.raises(RuntimeError, match="killed"):
        train(task(), rows, QUICK, seed=3, checkpoint=file, on_epoch=die)
    assert file.exists() == (killed > 1)
    again, told = task(), list[Epoch]()
    resumed = train(again, rows, QUICK, seed=3, checkpoint=file, on_epoch=told.append)
    assert _same(whole, again)
    assert [epoch.number for epoch in told] == list(range(killed, 7))
    assert [epoch.held_out for epoch in resumed.epochs] == [epoch.held_out for epoch in history.epochs]
    assert resumed.notes == history.notes != ()
    assert {path.name for path in tmp_path.iterdir()} == {"run.1", "run.part"}


@pytest.mark.parametrize("training", [QUICK, replace(QUICK, epochs=99, patience=1, falls=1)])
def test_a_run_killed_after_its_end_learns_no_more(tmp_path: Path, training: Training) -> None:
    whole, again, told = _Line(), _Line(), list[Epoch]()
    history = train(whole, _rows(300), training, seed=3, checkpoint=tmp_path / "run")
    resumed = train(again, _rows(300), training, seed=3, checkpoint=tmp_path / "run", on_epoch=told.append)
    assert _same(whole, again)
    assert resumed == history
    assert not told


def test_what_time_is_left_is_no_reason_to_begin_again(tmp_path: Path) -> None:
    told: list[list[int]] = [[], []]
    for numbers, seconds in zip(told, (1e6, 2e6), strict=True):
        train(
            _Line(), _rows(300), QUICK, seed=3, checkpoint=tmp_path / "run", seconds=seconds, clock=_Clock(1),
            on_epoch=lambda epoch, numbers=numbers: numbers.append(epoch.number),
        )  # fmt: skip
    assert told == [[1, 2, 3, 4, 5, 6], []]


def test_time_that_is_up_keeps_the_best_so_far() -> None:
    task = _Line()
    history = train(task, _rows(), QUICK, seed=0, seconds=130, clock=_Clock(0.5))
    assert history.ended == "the time was up"
    assert 1 <= len(history.epochs) < QUICK.epochs
    assert history.notes == ()
    assert history.epochs[-1].done == pytest.approx(1, abs=0.05)
    assert np.abs(_solution(task)).min() > 0.1


@pytest.mark.parametrize("step", [1.0, 4.0, 50.0])
def test_a_budget_below_one_pass_is_noted(step: float) -> None:
    task = _Line()
    history = train(task, _rows(), QUICK, seed=0, seconds=20, clock=_Clock(step))
    assert history.ended == "the time was up"
    assert len(history.epochs) == 1
    assert len(history.notes) == 1
    assert "more than the budget: not all are seen" in history.notes[0]
    assert np.isfinite(_solution(task)).all()
    assert (_solution(task) != 0).any()


def test_a_pass_that_fits_is_not_noted_though_an_epoch_makes_several() -> None:
    history = train(_Line(), _rows(100), QUICK, seed=0, seconds=30, clock=_Clock(0.5))
    assert (history.ended, history.notes) == ("the time was up", ())


@pytest.mark.parametrize("step", [0, 20, 100])
def test_a_loss_that_is_no_number_keeps_what_was_learned(step: int) -> None:
    task = _Line(spoil=_nth(step, lambda losses: losses * float("nan")))
    history = train(task, _rows(), QUICK, seed=0)
    _is_spoiled(task, history, learned=step > 0)


def test_a_gradient_that_is_no_number_keeps_what_was_learned() -> None:
    # The root of nought is a number, its slope is none.
    task = _Line(spoil=_nth(20, lambda losses: losses + (losses * 0).sqrt()))
    _is_spoiled(task, train(task, _rows(), QUICK, seed=0), learned=True)


def _is_spoiled(task: _Line, history: History, learned: bool) -> None:
    assert history.ended == "the loss was no number"
    assert history.notes == ("the loss was no number: the best weights up to then are kept",)
    assert np.isfinite(_solution(task)).all()
    assert (_solution(task) != 0).any() == learned


def test_a_first_judgement_that_is_no_number_does_not_end_learning() -> None:
    class Late(_Line):
        judged = 0

        def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
            self.judged += 1
            return super().held_out(batch, noise) / (self.judged > 2)

    task = Late()
    train(task, _rows(), QUICK, seed=0)
    assert _solution(task) == pytest.approx([2, -1, 0.5], abs=0.05)


def _limited(limit: int, sizes: list[int]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Memory for batches of at most `limit` rows; `sizes` lists those that had it."""

    def spoil(losses: torch.Tensor) -> torch.Tensor:
        if len(losses) > limit:
            raise torch.OutOfMemoryError("too large")
        sizes.append(len(losses))
        return losses

    return spoil


def test_short_memory_halves_the_batch_once_and_goes_on() -> None:
    sizes: list[int] = []
    task = _Line(spoil=_limited(60, sizes))
    training = Training(
        batch=256, least_batch=256, least_steps=1, rate=2e-2, holdout=0.0, epochs=12, decay=0.0
    )
    history = train(task, _rows(), training, seed=0)
    assert history.ended == "all epochs done"
    assert history.notes == tuple(
        f"memory was short: batches have {size} rows from then on" for size in (128, 64, 32)
    )
    assert sum(sizes) == 12 * 1_000
    assert set(sizes[1_000 // 32 :]) <= set(range(16, 48))
    assert _solution(task) == pytest.approx([2, -1, 0.5], abs=0.05)


def test_held_out_rows_come_in_batches_that_fit_memory() -> None:
    class Small(_Line):
        def held_out(self, batch: Batch, noise: torch.Generator) -> torch.Tensor:
            return _limited(60, [])(super().held_out(batch, noise))

    task = Small(spoil=_limited(60, []))
    assert train(task, _rows(3_000), QUICK, seed=0).ended == "all epochs done"


def test_memory_too_short_for_a_row_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        train(_Line(spoil=_limited(0, [])), _rows(100), QUICK, seed=0)


def _interrupt(_: Epoch | torch.Tensor) -> torch.Tensor:
    raise KeyboardInterrupt


def test_an_interruption_keeps_what_was_learned() -> None:
    task = _Line()
    history = train(task, _rows(), QUICK, seed=0, on_epoch=_interrupt)
    assert history.ended == "interrupted"
    assert history.notes == ("training was interrupted: the best weights up to then are kept",)
    assert len(history.epochs) == 1
    assert (_solution(task) != 0).all()
    assert not task.training


def test_an_interruption_before_any_epoch_is_raised() -> None:
    with pytest.raises(KeyboardInterrupt):
        train(_Line(spoil=_nth(5, _interrupt)), _rows(), QUICK, seed=0)


def test_it_ends_when_held_out_rows_become_no_likelier() -> None:
    rows = _rows(400)
    random = Rows({**rows.arrays, "y": np.random.default_rng(9).normal(size=400).astype(np.float32)})
    task = _Line()
    history = train(task, random, Training(batch=64, rate=2e-2, patience=2, falls=2), seed=0)
    assert history.ended == "held-out rows became no likelier"
    assert len(history.epochs) < 100
    assert np.abs(_solution(task)).max() < 0.3


def test_a_cut_epoch_tells_the_mean_of_what_it_saw() -> None:
    rows = Rows({"x": np.zeros((1_000, 2), np.float32), "y": np.full(1_000, 10, np.float32)})
    cut = Training(batch=128, rate=1e-6, holdout=0.0)
    history = train(_Line(), rows, cut, seed=0, seconds=20, clock=_Clock(1.0))
    assert history.epochs[0].loss == pytest.approx(100, rel=0.01)


def test_rows_that_are_not_judged_are_learned_from() -> None:
    sizes: list[int] = []
    training = Training(batch=100, least_batch=100, least_steps=1, epochs=1, judged=10)
    train(_Line(spoil=_limited(200, sizes)), _rows(), training, seed=0)
    assert sum(sizes) == 990


def test_steps_fall_along_a_cosine_to_nothing() -> None:
    rates: list[float] = []
    loop = _Loop(
        _Line(), _rows(), replace(QUICK, cosine=True, epochs=4, patience=1), 0, None, "cpu", None, _Clock(0)
    )
    step = loop._step
    loop._step = lambda part: (rates.append(loop._rate()), step(part))[1]
    history = loop.run(lambda _: None)
    assert history.ended == "all epochs done"
    assert len(history.epochs) == 4
    assert max(rates[20:]) == rates[20]
    assert rates[-1] < 0.05 * max(rates)


@pytest.mark.parametrize("most", [1, 7, 100])
def test_no_more_steps_than_asked_for(most: int) -> None:
    taken: list[int] = []
    task = _Line(spoil=lambda losses: (taken.append(1), losses)[1])
    history = train(task, _rows(), replace(QUICK, steps=most), seed=0)
    assert len(taken) == most
    assert history.ended == "all epochs done"


def test_an_epoch_of_many_rows_is_cut() -> None:
    history = train(_Line(), _rows(), replace(QUICK, least_steps=1, most_steps=2, epochs=5), seed=0)
    assert len(history.epochs) == 5


def test_a_turn_has_its_own_step_size() -> None:
    class Two(_Line):
        turns = (Turn("other", rate=0.0), Turn("net"))

        def __init__(self) -> None:
            super().__init__()
            self.other = nn.Linear(2, 1)

        def losses(self, turn: str, batch: Batch, noise: torch.Generator) -> torch.Tensor:
            if turn == "other":
                return self.other(batch["x"])[:, 0].square()
            return super().losses(turn, batch, noise)

    task = Two()
    before = task.other.weight.detach().clone()
    train(task, _rows(), QUICK, seed=0)
    assert torch.equal(before, task.other.weight)
    np.testing.assert_allclose(_solution(task), _least_squares(_rows()), atol=0.1)


OTHERS = {
    "seed": (1, _rows()),
    "rows": (0, _rows(noise=0.2)),
    "weights": (0, _rows(weights=np.arange(1.0, 1001))),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_checkpoint_of_something_else_is_not_gone_on_from(tmp_path: Path, other: str) -> None:
    file, numbers = tmp_path / "checkpoint", []

    def halt(epoch: Epoch) -> None:
        numbers.append(epoch.number)
        if epoch.number == 3:
            raise RuntimeError("killed")

    for seed, rows in ((0, _rows()), OTHERS[other]):
        with pytest.raises(RuntimeError):
            train(_Line(), rows, QUICK, seed=seed, checkpoint=file, on_epoch=halt)
    assert numbers == [1, 2, 3, 1, 2, 3]
