"""A text beside a row: what it tells, what it costs, and how it is written."""

import pytest
import torch

from reverie.nn.texts import Scale, Style, Text, TextTower, compose

TEXT = Text(300, 10)


@pytest.fixture
def tower():
    torch.manual_seed(0)
    made = TextTower(TEXT, Scale(32, 2, 0.0), 16).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.1 * torch.randn(weight.shape))
    return made


def codes(*counts):
    found = torch.randint(300, (len(counts), 10), generator=torch.Generator().manual_seed(1))
    return found.masked_fill(torch.arange(10) >= torch.tensor(counts)[:, None], -1)


@torch.no_grad()
def test_what_stands_after_the_end_changes_nothing(tower):
    told = torch.randn(3, 16)
    some = codes(4, 7, 10)
    alone = [
        tower.costs(some[row : row + 1, :8] if row < 2 else some[2:], told[row : row + 1])[0]
        for row in range(3)
    ]
    total, counts = tower.costs(some, told)
    torch.testing.assert_close(total, torch.cat(alone), rtol=1e-4, atol=1e-3)
    assert counts.tolist() == [5, 8, 10]
    torch.testing.assert_close(tower.look(some)[:1], tower.look(some[:1]), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_costs_are_of_what_is_written_step_by_step(tower):
    """The cached steps give the same probabilities as one pass over the whole text."""
    told, some = torch.randn(1, 16), codes(6)
    steps = tower.write(tower.told(told), some[:, :2])
    logits, cost = next(steps), 0.0
    for code in some[0, 2:6].tolist():
        cost -= float(logits.log_softmax(1)[0, code])
        logits = steps.send(torch.tensor([code]))
    cost -= float(logits.log_softmax(1)[0, tower.end])
    begun = tower.write(tower.told(told), some[:, :0])
    logits = next(begun)
    for code in some[0, :2].tolist():
        cost -= float(logits.log_softmax(1)[0, code])
        logits = begun.send(torch.tensor([code]))
    assert cost == pytest.approx(float(tower.costs(some, told)[0]), abs=1e-2)


@torch.no_grad()
def test_texts_keep_their_beginning_and_their_length(tower):
    noise = torch.Generator().manual_seed(0)
    found = compose(tower, torch.randn(7, 16), None, torch.tensor([5, 6]), noise, Style())
    assert found.shape == (7, 10)
    assert (found[:, :2] == torch.tensor([5, 6])).all()
    ended = (found < 0).long()
    assert (ended[:, 1:] >= ended[:, :-1]).all()
    whole = compose(tower, torch.randn(2, 16), None, torch.arange(10), noise, Style())
    assert (whole == torch.arange(10)).all()


@torch.no_grad()
def test_a_text_has_at_least_one_code(tower):
    tower.bias[tower.end] = 1e4
    found = compose(
        tower, torch.randn(5, 16), None, torch.zeros(0, dtype=torch.long), torch.Generator(), Style()
    )
    assert (found[:, 0] >= 0).all()
    assert (found[:, 1:] < 0).all()


@torch.no_grad()
def test_only_the_likeliest_are_drawn(tower):
    told, begun = torch.randn(4, 16), torch.zeros(0, dtype=torch.long)
    strict = [
        compose(tower, told, None, begun, torch.Generator().manual_seed(seed), Style(top=1e-6))
        for seed in (0, 1)
    ]
    assert torch.equal(*strict)
    cold = compose(tower, told, None, begun, torch.Generator().manual_seed(5), Style(temperature=1e-4))
    assert torch.equal(cold, strict[0])


@torch.no_grad()
def test_guidance_moves_away_from_what_is_not_known(tower):
    told, free, begun = torch.randn(6, 16), torch.randn(6, 16), torch.zeros(0, dtype=torch.long)

    def made(unknown, guidance):
        return compose(
            tower, told, unknown, begun, torch.Generator().manual_seed(0), Style(guidance=guidance)
        )

    assert torch.equal(made(None, 0.0), made(free, 0.0))
    assert torch.equal(made(None, 0.0), made(told, 3.0))
    assert not torch.equal(made(None, 0.0), made(free, 3.0))


def test_hidden_words_change_what_a_text_tells_while_learning(tower):
    some = codes(9, 9)
    first, second = (tower.look(some, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert not torch.equal(first, second)
