"""Where and how training computes: threads of the processor, and precision."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import torch

HALF = ("avx512_bf16", "amx_bf16")
"""What processors can do that multiply in bf16."""


@contextmanager
def threads_of(count: int | None) -> Iterator[None]:
    """That many threads of the processor, then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def precision(device: str) -> Any:
    """bf16 on GPUs that have it; on a CPU a product of matrices was no faster in it."""
    wanted = device in ("auto", "cuda", "gpu") and torch.cuda.is_available()
    return "bf16-mixed" if wanted and torch.cuda.is_bf16_supported() else "32-true"


def fast(device: torch.device) -> Any:
    """A context in which convolutions compute in bf16 where a processor can: about 1.5 times as fast.

    On a GPU the training loop decides.
    """
    able = device.type == "cpu" and _has_half()
    return torch.autocast("cpu", torch.bfloat16, enabled=True) if able else nullcontext()


@lru_cache
def _has_half() -> bool:
    told = getattr(torch.cpu, "get_capabilities", dict)()
    return any(told.get(name, False) for name in HALF)
