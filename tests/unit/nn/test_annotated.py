"""Rows and texts in one training: what each costs, and what of each is known."""

import numpy as np
import pytest
import torch
from torch import nn

from reverie.nn.annotated import Annotated
from reverie.nn.joint import JointNet
from reverie.nn.masked import AnyOrder, MaskedNet
from reverie.nn.texts import Scale, Text

COLUMNS, TEXT = np.array([0, 1, 1]), Text(300, 12, gate=1, code=1)


def net_of(sizes=(3, 2, 4), parents=(-1, -1, 1)):
    torch.manual_seed(0)
    bases = [np.zeros((size, 0)) for size in sizes]
    net = MaskedNet(sizes, parents, bases, width=16, depth=1, narrow=4, dropout=0.0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return net


@pytest.fixture
def task():
    net = net_of()
    joint = JointNet(net, (), (), 16, (TEXT,), Scale(32, 1, 0.0))
    with torch.no_grad():
        nn.init.normal_(joint.towers[0].layers[0].says.weight, std=0.2)
    return Annotated(joint, COLUMNS, 0.5, (TEXT,)).eval()


def batch(rows=8):
    codes = torch.stack([torch.arange(rows) % 3, torch.arange(rows) % 2, torch.arange(rows) % 4], dim=1)
    text = torch.arange(12).repeat(rows, 1) + 9 * codes[:, :1]
    text = text.masked_fill(torch.arange(12) >= 8, -1).masked_fill(codes[:, 1:2] == 0, -1)
    return {"codes": codes, "text0": text}


def costs(task, rows, seed=0):
    return task.losses("net", rows, torch.Generator().manual_seed(seed)).detach()


def test_texts_that_are_absent_cost_nothing_and_tell_nothing(task):
    rows = batch()
    closed, plain = rows["codes"][:, 1] == 0, costs(task, rows)
    other = {**rows, "text0": rows["text0"].clone()}
    other["text0"][closed] = 99
    torch.testing.assert_close(costs(task, other), plain)
    other["text0"][~closed] = 99
    changed = (costs(task, other) - plain).abs() > 0.1
    assert torch.equal(changed, ~closed)


def test_a_step_of_rows_alone_looks_at_no_text(task):
    assert [turn.module for turn in task.turns] == ["row_net", "net"]
    rows = batch()
    other = {**rows, "text0": rows["text0"] + 1}
    found = [task.losses("row_net", one, torch.Generator().manual_seed(0)) for one in (rows, other)]
    assert found[0].shape == (8,)
    assert torch.equal(found[0], found[1])


def test_what_a_text_tells_changes_what_its_row_costs(task):
    rows = batch()
    torch.manual_seed(3)
    told = torch.randn(8, 16)
    plain, other = (
        task.told_losses(rows, torch.Generator().manual_seed(0), vector) for vector in (0 * told, told)
    )
    without = AnyOrder(task.row_net, COLUMNS, 0.5).eval()
    torch.testing.assert_close(plain, without.held_out(rows, torch.Generator().manual_seed(0)))
    assert (plain - other).abs().min() > 1e-3


def test_a_text_is_told_all_any_or_nothing_of_its_row(task):
    rows, nothing = batch(600), torch.zeros(600, 1, dtype=torch.bool)
    found = task.known(rows, torch.Generator().manual_seed(0), torch.zeros(600, 16), nothing)
    whole = task.row_net(rows["codes"], torch.ones(600, 1, 3), 0.0)[:, 0]
    shown = (found - whole).abs().amax(1) < 1e-5
    assert 0.8 < shown.float().mean() < 0.99
    hidden = task.known(rows, torch.Generator().manual_seed(0), torch.zeros(600, 16), ~nothing)
    assert (hidden - hidden[:1]).abs().max() < 1e-6
    assert hidden.shape == (600, 16)


def test_all_is_learned_at_once(task):
    task.train()
    task.losses("net", batch(64), torch.Generator().manual_seed(0)).sum().backward()
    still = [name for name, weight in task.net.named_parameters() if weight.grad is None]
    assert still == []


def test_every_column_is_judged(task):
    task.most, task.asked = 1, [0]
    rows = batch()
    assert torch.equal(
        task.held_out(rows, torch.Generator().manual_seed(0)),
        task.losses("net", rows, torch.Generator().manual_seed(0)),
    )
    judged = task.told_losses(rows, torch.Generator().manual_seed(0), torch.zeros(8, 16))
    task.train()
    asked = task.told_losses(rows, torch.Generator().manual_seed(0), torch.zeros(8, 16))
    assert (judged - asked).abs().max() > 1e-3


def test_texts_without_rows(task):
    text = Text(300, 12)
    net = MaskedNet((), (), [], width=16, depth=1, narrow=4, dropout=0.0)
    net.start_from(np.zeros((8, 0), np.int32))
    alone = Annotated(JointNet(net, (), (), 16, (text,), Scale(32, 1, 0.0)), np.zeros(0, int), 0.5, (text,))
    rows = {"codes": torch.zeros(8, 0, dtype=torch.long), "text0": batch()["text0"]}
    alone.begin("net", torch.Generator())
    found = alone.losses("net", rows, torch.Generator().manual_seed(0))
    assert found.shape == (8,)
    found.sum().backward()
    assert torch.isfinite(found).all()
