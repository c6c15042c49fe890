"""What can go wrong while a network learns, as a user of the command line sees it."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import reverie as rv
from reverie.cli.main import run
from reverie.core.errors import ReverieWarning
from reverie.nn.masked import MaskedNet
from reverie.nn.train import Training

ROWS = 600


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS).round(3)
    table = pa.table(
        {"x": x, "y": (2 * x + rng.normal(size=ROWS)).round(3), "c": rng.choice(["a", "b"], ROWS)}
    )
    pq.write_table(table, tmp_path / "data.parquet")
    return tmp_path / "data.parquet"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few epochs, on one thread."""
    defaults = dict(zip(Training.__dataclass_fields__, Training.__init__.__defaults__, strict=True))
    monkeypatch.setattr(
        Training.__init__, "__defaults__", tuple((defaults | {"epochs": 4, "least_steps": 8}).values())
    )
    monkeypatch.setattr("reverie.cli.options.cores", lambda: 1)


def fit(data: Path, *options: str) -> tuple[int, Path, dict]:
    model, told = data.with_name("m.reverie"), data.with_name("told.json")
    code = run(
        ["fit", str(data), "-o", str(model), "--model", "autoregressive", "--json", str(told), *options]
    )
    return code, model, json.loads(told.read_text()) if told.exists() else {}


def spoil(monkeypatch: pytest.MonkeyPatch, at: int, what: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """From the training step `at` on, costs are what `what` makes of them."""
    costs, calls = MaskedNet.costs, []

    def spoiled(self: MaskedNet, *given: torch.Tensor) -> torch.Tensor:
        calls.append(self.training)
        found = costs(self, *given)
        return what(found) if self.training and sum(calls) >= at else found

    monkeypatch.setattr(MaskedNet, "costs", spoiled)


def usable(model: Path) -> bool:
    """Rows can be made, and y still depends on x."""
    rows = rv.load(model).sample(2000, seed=1)
    return rows.num_rows == 2000 and np.corrcoef(rows["x"], rows["y"])[0, 1] > 0.3


def test_a_loss_that_is_no_number_falls_back_to_the_last_good_weights(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(monkeypatch, 20, lambda costs: costs * float("nan"))
    with pytest.warns(ReverieWarning, match="the loss was no number"):
        code, model, told = fit(data)
    assert code == 0
    assert any("best weights up to then" in note for note in told["notes"])
    assert usable(model)


def test_an_interruption_keeps_what_was_learned(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: torch.Tensor) -> torch.Tensor:
        raise KeyboardInterrupt

    spoil(monkeypatch, 20, interrupt)
    with pytest.warns(ReverieWarning, match="interrupted"):
        code, model, _ = fit(data)
    assert code == 0
    assert usable(model)


def test_an_interruption_before_anything_was_learned_leaves_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: torch.Tensor) -> torch.Tensor:
        raise KeyboardInterrupt

    spoil(monkeypatch, 1, interrupt)
    code, model, _ = fit(data)
    assert code == 130
    assert not model.exists()
    assert "nothing was left behind" in capfd.readouterr().err


def test_short_memory_halves_the_batch(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def limited(costs: torch.Tensor) -> torch.Tensor:
        sizes.append(len(costs))
        if len(costs) > 40:
            raise torch.OutOfMemoryError
        return costs

    spoil(monkeypatch, 1, limited)
    with pytest.warns(ReverieWarning, match="memory was short"):
        code, model, _ = fit(data)
    assert code == 0
    assert max(sizes) > 40 >= sizes[-1]
    assert usable(model)


def test_a_budget_that_is_too_short_for_one_pass_is_said_with_an_estimate(data: Path) -> None:
    with pytest.warns(ReverieWarning) as told:
        code, model, _ = fit(data, "--budget", "0.01s")
    assert code == 0
    assert any(re.search(r"one pass over the rows takes about \d+ s", str(one.message)) for one in told)
    assert rv.load(model).sample(10).num_rows == 10


def test_without_torch_it_is_said_what_to_install(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    code, model, _ = fit(data)
    assert code == 2
    assert not model.exists()
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "pip install 'reverie[neural]'" in error


FIT = """
import sys
from reverie.cli import main, options
from reverie.nn.train import Training, _Loop

options.cores = lambda: 1
fields = dict(zip(Training.__dataclass_fields__, Training.__init__.__defaults__))
Training.__init__.__defaults__ = tuple((fields | {"epochs": 12, "least_steps": 8, "falls": 99}).values())
judge = _Loop._judge
_Loop._judge = lambda self: print((told := judge(self)).number, file=sys.stderr) or told
sys.exit(main.run(["fit", *sys.argv[1:]]))
"""


def test_a_fit_that_was_killed_goes_on(data: Path, tmp_path: Path) -> None:
    def begin(model: str, *options: str) -> subprocess.Popen[str]:
        options = (str(data), "-o", str(tmp_path / model), "--model", "autoregressive", *options)
        return subprocess.Popen([sys.executable, "-c", FIT, *options], stderr=subprocess.PIPE, text=True)

    def epochs(process: subprocess.Popen[str]) -> list[int]:
        lines = process.communicate(timeout=120)[1].splitlines()
        assert process.returncode == 0, lines
        return [int(line) for line in lines if line.isdigit()]

    folder = tmp_path / "checkpoints"
    with begin("again.reverie", "--checkpoint", str(folder)) as killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.strip() == "4":
                killed.kill()
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "again.reverie").exists()
    # It was killed just before or after what it had learned by its fourth epoch was written.
    again = epochs(begin("again.reverie", "--checkpoint", str(folder)))
    assert again in [list(range(first, 13)) for first in (4, 5, 6)]
    assert not folder.exists()
    assert epochs(begin("whole.reverie")) == list(range(1, 13))
    states = [rv.load(tmp_path / f"{name}.reverie").model_.fitted.state() for name in ("again", "whole")]
    assert states[0].json == states[1].json
    for name, array in states[0].arrays.items():
        assert np.array_equal(array, states[1].arrays[name])
