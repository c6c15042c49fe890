"""Autoencoders of pictures that others trained, by `diffusers`: from a folder, the hub, or arrays of weights.

Sources: Rombach et al. 2022 (AutoencoderKL); Bohan 2023 (AutoencoderTiny).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from reverie.nn.checkpoints import Limits, NoCheckpointError, is_folder, unusable
from reverie.nn.weights import arrays_of, load_arrays

KINDS = ("AutoencoderTiny", "AutoencoderKL")
"""Classes of `diffusers` that are loaded; no others, whatever a file asks for."""
WITHIN = "vae"
"""The folder of a whole pipeline that holds its autoencoder."""
LIMITS = Limits(4_096, 32, 8)
"""Of stored configs."""


class Pretrained(nn.Module):
    """An autoencoder of `diffusers` for grids (rows, channels, high, wide) that are levels of pictures less
    their `mean`, over their `spread`, in 255ths; `channels` are 1 or 3.
    """

    def __init__(self, net: Any, channels: int, mean: float, spread: float) -> None:
        super().__init__()
        self.net, self.channels, self.mean, self.spread = (
            net.eval().requires_grad_(False),
            channels,
            mean,
            spread,
        )

    @property
    def latent(self) -> int:
        """Numbers at a place."""
        return int(self.net.config["latent_channels"])

    @property
    def patch(self) -> int:
        """Pixels on a side that become one place."""
        key = (
            "encoder_block_out_channels"
            if "encoder_block_out_channels" in self.net.config
            else "block_out_channels"
        )
        return 2 ** (len(self.net.config[key]) - 1)

    def means(self, grid: torch.Tensor) -> torch.Tensor:
        """Latents (rows, latent, high, wide) of grids."""
        pixels = (grid * self.spread + self.mean) / 127.5 - 1
        found = self.net.encode(pixels.expand(-1, 3, -1, -1))
        return found.latents if hasattr(found, "latents") else found.latent_dist.mode()

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """The grids of latents."""
        pixels = self.net.decode(latent).sample
        if self.channels == 1:
            pixels = pixels.mean(1, keepdim=True)
        return ((pixels + 1) * 127.5 - self.mean) / self.spread

    def state(self) -> dict[str, Any]:
        """Its class, config and weights, these in 16 bits."""
        config = {name: value for name, value in self.net.config.items() if not name.startswith("_")}
        weights = {name: array.astype(np.float16) for name, array in arrays_of(self.net).items()}
        return {"kind": type(self.net).__name__, "config": json.loads(json.dumps(config)), "weights": weights}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], channels: int, mean: float, spread: float) -> "Pretrained":
        """Rebuild what `state` gave. Raises ValueError or ArtifactError if it makes no sense."""
        import diffusers

        kind, config = str(state["kind"]), dict(state["config"])
        if kind not in KINDS or not all(LIMITS.allow(name, value) for name, value in config.items()):
            raise ValueError("no such autoencoder")
        build = getattr(diffusers, kind).from_config
        try:
            with torch.device("meta"):  # so that a size that is a lie costs nothing
                wanted = {f"net.{name}": tuple(of.shape) for name, of in build(config).state_dict().items()}
        except (KeyError, TypeError, IndexError, RuntimeError, AttributeError, ZeroDivisionError):
            raise ValueError("no such autoencoder") from None
        if wanted != {name: array.shape for name, array in state["weights"].items()}:
            raise ValueError("weights are of another autoencoder")
        net = build(config)
        load_arrays(net, state["weights"])
        return cls(net, channels, mean, spread)

    @classmethod
    def load(cls, source: str, channels: int, mean: float, spread: float) -> "Pretrained":
        """From a folder, or of that name from the hub. Raises NoCheckpointError, which says why."""
        try:
            import diffusers
        except ImportError:
            raise NoCheckpointError("needs diffusers: pip install 'reverie[pretrained]'") from None
        here = is_folder(source)
        options: dict[str, Any] = {"local_files_only": here}
        if here and (Path(source) / WITHIN).is_dir():
            options["subfolder"] = WITHIN
        diffusers.utils.logging.set_verbosity_error()
        try:
            config: Any = getattr(diffusers, KINDS[0]).load_config(source, **options)
            kind = config["_class_name"]
            if kind not in KINDS:
                raise NoCheckpointError(f"it is of the class {kind}, not {' or '.join(KINDS)}")
            options |= {"use_safetensors": True, "low_cpu_mem_usage": False}
            net = getattr(diffusers, kind).from_pretrained(source, **options)
        except (OSError, KeyError, RuntimeError) as error:
            raise unusable(error) from None
        return cls(net.float(), channels, mean, spread)
