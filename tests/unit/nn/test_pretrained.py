"""Autoencoders of diffusers: tiny ones, written and loaded as real ones are."""

import json
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from reverie.core.errors import ArtifactError
from reverie.nn.checkpoints import NoCheckpointError
from reverie.nn.pretrained import Pretrained


def tiny(place: Path) -> Path:
    torch.manual_seed(0)
    net = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8),
        num_encoder_blocks=(1, 1, 1), num_decoder_blocks=(1, 1, 1), latent_channels=5,
    )  # fmt: skip
    net.save_pretrained(place)
    return place


def kl(place: Path) -> Path:
    torch.manual_seed(0)
    net = diffusers.AutoencoderKL(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=4, latent_channels=3,
    )  # fmt: skip
    net.save_pretrained(place)
    return place


@pytest.mark.parametrize(("write", "sizes"), [(tiny, (5, 4)), (kl, (3, 2))])
@pytest.mark.parametrize("channels", [1, 3])
def test_both_kinds_are_loaded_and_restored(tmp_path: Path, write, sizes, channels) -> None:
    net = Pretrained.load(str(write(tmp_path)), channels, 100.0, 50.0)
    assert (net.latent, net.patch) == sizes
    grid = torch.randn(2, channels, 16, 8)
    with torch.inference_mode():
        latent = net.means(grid)
        assert latent.shape == (2, sizes[0], 16 // sizes[1], 8 // sizes[1])
        made = net.decode(latent)
    assert made.shape == grid.shape
    again = Pretrained.from_state(stored(net), channels, 100.0, 50.0)
    with torch.inference_mode():
        torch.testing.assert_close(again.means(grid), latent, atol=1e-2, rtol=1e-2)
        torch.testing.assert_close(again.decode(latent), made, atol=1e-2, rtol=1e-2)


def test_pixels_are_what_the_autoencoder_was_trained_on(tmp_path: Path) -> None:
    """White is 1, black is -1."""
    net = Pretrained.load(str(tiny(tmp_path)), 3, 100.0, 50.0)
    white = torch.full((1, 3, 8, 8), (255 - 100) / 50)
    with torch.inference_mode():
        torch.testing.assert_close(net.means(white), net.net.encode(torch.ones(1, 3, 8, 8)).latents)


def test_one_of_a_whole_pipeline_is_found(tmp_path: Path) -> None:
    tiny(tmp_path / "vae")
    assert Pretrained.load(str(tmp_path), 3, 0.0, 1.0).latent == 5


def test_what_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoCheckpointError, match="no such folder"):
        Pretrained.load(str(tmp_path / "nowhere"), 3, 0.0, 1.0)
    with pytest.raises(NoCheckpointError, match=r"config\.json"):
        Pretrained.load(str(tmp_path), 3, 0.0, 1.0)
    (tmp_path / "config.json").write_text('{"_class_name": "UNet2DModel"}')
    with pytest.raises(NoCheckpointError, match="class UNet2DModel"):
        Pretrained.load(str(tmp_path), 3, 0.0, 1.0)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(NoCheckpointError, match="JSON"):
        Pretrained.load(str(tmp_path), 3, 0.0, 1.0)


def test_damaged_weights_are_said(tmp_path: Path) -> None:
    weights = tiny(tmp_path) / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(NoCheckpointError, match="weights"):
        Pretrained.load(str(tmp_path), 3, 0.0, 1.0)


def test_pickled_weights_are_not_loaded(tmp_path: Path) -> None:
    weights = tiny(tmp_path) / "diffusion_pytorch_model.safetensors"
    torch.save({}, tmp_path / "diffusion_pytorch_model.bin")
    weights.unlink()
    with pytest.raises(NoCheckpointError):
        Pretrained.load(str(tmp_path), 3, 0.0, 1.0)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"kind": "UNet2DModel"}, ValueError),
        ({"config": {"latent_channels": 1 << 40}}, ValueError),
        ({"config": {"num_encoder_blocks": [1, 1 << 20, 1]}}, ValueError),
        ({"config": {"encoder_block_out_channels": [8] * 99}}, ValueError),
        ({"config": {"latent_channels": 4096}}, ValueError),
        ({"config": {"act_fn": "nothing"}}, ValueError),
        ({"config": {"num_encoder_blocks": [1]}}, ValueError),
        ({"weights": None}, ArtifactError),
    ],
)
def test_states_that_make_no_sense_are_refused(tmp_path: Path, change: dict, error: type) -> None:
    state = stored(Pretrained.load(str(tiny(tmp_path)), 3, 0.0, 1.0))
    if "config" in change:
        change = {"config": {**state["config"], **change["config"]}}
    if "weights" in change:
        change = {"weights": {name: np.full(of.shape, np.nan) for name, of in state["weights"].items()}}
    with pytest.raises(error):
        Pretrained.from_state({**state, **change}, 3, 0.0, 1.0)


def stored(net: Pretrained) -> dict:
    """The state as a file brings it back."""
    state = net.state()
    return {**json.loads(json.dumps({k: state[k] for k in ("kind", "config")})), "weights": state["weights"]}
