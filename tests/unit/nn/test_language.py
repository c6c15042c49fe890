"""Language models of transformers: a tiny one, written and loaded as real ones are."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from reverie.nn.checkpoints import NoCheckpointError
from reverie.nn.language import KINDS, LanguageTower, described, shapes
from reverie.nn.texts import Style, Text, compose

WIDTH, CODES = 16, 257


def text(checkpoint: Path) -> Text:
    return Text(CODES, 12, model=described(str(checkpoint))[0], source=str(checkpoint))


def tower(checkpoint: Path) -> LanguageTower:
    torch.manual_seed(0)
    return LanguageTower.of(text(checkpoint), WIDTH)


def some(rows: int, noise: torch.Generator) -> torch.Tensor:
    codes = torch.randint(1, CODES, (rows, 12), generator=noise)
    ends = torch.randint(0, 13, (rows,), generator=noise)
    return torch.where(torch.arange(12) < ends[:, None], codes, -1)


def tiny(kind: str) -> LanguageTower:
    """A model of a kind; in an opt words may be narrower than layers."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        kind, vocab_size=CODES + 7, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        eos_token_id=0, bos_token_id=0, pad_token_id=1, intermediate_size=64, ffn_dim=64,
        num_key_value_heads=2,
        **({"word_embed_proj_dim": 16} if kind == "opt" else {}),
    )  # fmt: skip
    return LanguageTower(Text(CODES, 12), AutoModelForCausalLM.from_config(config), WIDTH)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_costs_are_those_of_writing(kind: str) -> None:
    """What writing says of each code in turn, with what it keeps of those before, is what costs add up."""
    made, noise = tiny(kind).eval(), torch.Generator().manual_seed(0)
    codes, refined = some(5, noise), torch.randn(5, WIDTH, generator=noise)
    costs, counts = made.costs(codes, refined)
    assert made.look(codes).shape == (5, WIDTH)
    total = torch.zeros(5)
    steps = made.write(made.told(refined), torch.zeros(5, 0, dtype=torch.long))
    logits = next(steps)
    for at in range(12):
        ended = (codes[:, :at] < 0).any(1)
        wanted = torch.where(codes[:, at] >= 0, codes[:, at], CODES)
        price = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
        total += torch.where(ended, 0.0, price)
        logits = steps.send(wanted)
    torch.testing.assert_close(costs, total, rtol=1e-4, atol=1e-4)
    assert counts.tolist() == [(row >= 0).sum() + ((row >= 0).sum() < 12) for row in codes]


def test_it_learns_to_write_what_a_row_says_and_to_read_it(checkpoint: Path) -> None:
    made, noise = tower(checkpoint), torch.Generator().manual_seed(0)
    reader = torch.nn.Linear(WIDTH, 2)
    kinds = torch.arange(32) % 2
    codes = torch.full((32, 12), -1)
    codes[:, :3] = torch.where(kinds[:, None] == 0, torch.tensor([5, 6, 7]), torch.tensor([9, 8, 5]))
    refined = torch.nn.functional.one_hot(kinds, WIDTH).float()
    optimizer = torch.optim.Adam([*made.parameters(), *reader.parameters()], lr=5e-3)
    for _ in range(120):
        read = torch.nn.functional.cross_entropy(reader(made.look(codes, noise)), kinds)
        loss = made.costs(codes, refined)[0].mean() + read
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    made.eval()
    with torch.no_grad():
        found = compose(made, refined, None, torch.zeros(0, dtype=torch.long), noise, Style(top=0.9))
        assert (found == codes).all(1).float().mean() > 0.9
        begun = compose(made, refined[:2], refined[:2] * 0, torch.tensor([5]), noise, Style(guidance=1.0))
        assert (begun[:, 0] == 5).all()
        assert (reader(made.look(codes)).argmax(1) == kinds).float().mean() > 0.9


def test_weights_are_put_into_a_model_of_the_same_shapes(checkpoint: Path) -> None:
    named = text(checkpoint)
    made = LanguageTower.of(Text(CODES, 12, model=named.model), WIDTH)
    known = {name: tuple(weight.shape) for name, weight in made.model.state_dict().items()}
    assert shapes(named.model) == known
    assert str(checkpoint) not in named.model


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "bert"},
        {"model_type": 3},
        {"hidden_size": 1 << 40},
        {"num_hidden_layers": 1 << 20},
        {"num_attention_heads": 0},
        {"hidden_act": "nothing"},
    ],
)
def test_configs_that_make_no_sense_are_refused(checkpoint: Path, change: dict) -> None:
    told = json.loads(described(str(checkpoint))[0])
    with pytest.raises(ValueError):
        shapes(json.dumps({**told, **change}))


def test_what_is_none_is_said(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(NoCheckpointError, match="no such folder"):
        described(str(tmp_path / "nowhere"))
    with pytest.raises(NoCheckpointError, match=r"config\.json"):
        described(str(tmp_path))
    place = tmp_path / "other"
    shutil.copytree(checkpoint, place)
    told = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**told, "eos_token_id": None}))
    with pytest.raises(NoCheckpointError, match="no code for the end"):
        described(str(place))
    (place / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(NoCheckpointError, match="it is a bert, not one of"):
        described(str(place))
    (checkpoint_weights := tmp_path / "bare").mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(checkpoint / name, checkpoint_weights / name)
    with pytest.raises(NoCheckpointError, match="safetensors"):
        LanguageTower.of(text(checkpoint_weights), WIDTH)
