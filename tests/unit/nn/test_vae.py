import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from reverie.models.mixture import Mixture
from reverie.nn.rows import Rows
from reverie.nn.train import Training, train
from reverie.nn.vae import Autoencoder, Bound, Decoder, Encoder, Normals, rate

CENTRES = [np.linspace(-2, 2, 12).reshape(4, 3)]


@pytest.fixture
def net():
    """A category of 3 and a number of 4 bins of 3 parts: variables are the code, the bin, the part."""
    torch.manual_seed(0)
    return Autoencoder(Encoder((3, 4, 3), 1, 5, 16, 1), Decoder((3, 4), CENTRES, 5, 16, 1, (-6.0, 3.0)))


def bound(net, **options):
    return Bound(net, [0, 1], [2], [1], **{"beta": 1.0, "anneal": 1, **options})


def batch(codes):
    return {"codes": torch.tensor(codes), "scores": torch.zeros(len(codes), 1)}


def test_rate_is_the_divergence_from_a_standard_normal():
    mean, log_scale = torch.tensor([[0.0, 2.0]]), torch.tensor([[0.0, -1.0]])
    wanted = kl_divergence(Normal(mean, log_scale.exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(rate(mean, log_scale), wanted)


def test_probabilities_of_all_values_given_a_latent_sum_to_one(net):
    codes = torch.cartesian_prod(torch.arange(3), torch.arange(4), torch.arange(3))
    latent = torch.randn(1, 5).expand(len(codes), 5)
    costs = net.decoder.costs(latent, codes[:, :2], codes[:, 2:], [1])
    assert float((-costs.detach()).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_what_is_absent_costs_nothing(net):
    latent, codes = torch.randn(1, 5), torch.tensor([[2, -1]])
    wanted = -torch.log_softmax(net.decoder.logits(net.decoder(latent))[:, :3], 1)[:, 2]
    torch.testing.assert_close(net.decoder.costs(latent, codes, torch.tensor([[-1]]), [1]), wanted)


def test_decoder_starts_from_frequencies(net):
    torch.nn.init.zeros_(net.decoder.logits.weight)
    net.decoder.start_from([np.array([1.0, 1.0, 2.0]), np.ones(4)])
    told = torch.softmax(net.decoder.logits(net.decoder(torch.randn(2, 5)))[:, :3], 1)
    torch.testing.assert_close(told, torch.tensor([[0.25, 0.25, 0.5]] * 2))


def test_last_weights_give_logits_and_bells(net):
    logits, bells = net.decoder.last()
    hidden = torch.randn(2, 16)
    ones = torch.cat([hidden, torch.ones(2, 1)], 1)
    torch.testing.assert_close(ones @ logits.T, net.decoder.logits(hidden))
    torch.testing.assert_close(ones @ bells.T, net.decoder.bells(hidden))
    assert [len(part) for part in Decoder((3,), [], 5, 16, 1, (-6.0, 3.0)).last()] == [3, 0]


def test_rate_is_weighed_in_over_the_first_steps(net):
    some, task = batch([[0, 1, 2]] * 4), bound(net, beta=2.0, anneal=4)
    plain = bound(net, beta=0.0)

    def loss(of):
        of.begin("net", torch.Generator())
        return of.losses("net", some, torch.Generator().manual_seed(0)).detach()

    first, last = [loss(task) - loss(plain) for _ in range(4)][::3]
    torch.testing.assert_close(last, 4 * first)
    assert (first > 0).all()
    whole = task.held_out(some, torch.Generator().manual_seed(0)) - loss(plain)
    torch.testing.assert_close(whole, last)


def test_latents_tell_what_variables_share():
    """Six copies of a code: apart they cost 6 log 3 nats, with a latent that is not collapsed far less."""
    torch.manual_seed(0)
    net = Autoencoder(Encoder((3,) * 6, 0, 3, 16, 1), Decoder((3,) * 6, [], 3, 16, 1, (-6.0, 3.0)))
    code = np.random.default_rng(0).integers(0, 3, (640, 1))
    rows = Rows({"codes": np.repeat(code, 6, axis=1), "scores": np.zeros((640, 0), np.float32)})
    task = Bound(net, list(range(6)), [], [], beta=1.0, anneal=50)
    history = train(task, rows, Training(epochs=4, rate=1e-2, cosine=True), seed=0, device="cpu")
    with torch.no_grad():
        mean, log_scale = net.encoder(torch.from_numpy(rows.arrays["codes"]), torch.zeros(640, 0))
    assert float(rate(mean, log_scale).sum(1).mean()) > 1.0
    assert history.epochs[-1].held_out < 0.6 * 6 * np.log(3)


@pytest.fixture
def mixture():
    factors = np.array([[[1.0, 0.0], [0.8, 0.6]], [[0.5, 0.0], [-0.2, 0.3]]])
    return Mixture(np.array([0.75, 0.25]), np.array([[-2.0, 0.0], [2.0, 1.0]]), factors)


def test_learned_prior_is_the_mixture_that_it_starts_from(mixture):
    prior, points = Normals(**mixture.arrays()), np.random.default_rng(0).normal(size=(20, 2))
    told = prior.log_density(torch.from_numpy(points).float()).detach()
    np.testing.assert_allclose(told, mixture.log_density(points), rtol=1e-4)
    for name, array in zip(("weights", "means", "factors"), prior.arrays(), strict=True):
        np.testing.assert_allclose(array, getattr(mixture, name), atol=1e-5)


def test_bound_under_a_standard_mixture_is_that_under_a_standard_normal(net):
    """The rate by draws is on average the rate in closed form."""
    some, noise = batch([[0, 1, 2]] * 20_000), torch.Generator().manual_seed(0)
    plain = bound(net).held_out(some, noise).mean()
    net.prior = Normals(**Mixture.standard(5).arrays())
    drawn = bound(net).held_out(some, noise).mean()
    assert float(drawn.detach()) == pytest.approx(float(plain.detach()), rel=0.01)
