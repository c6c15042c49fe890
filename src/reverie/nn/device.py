"""Where and how training computes: threads of the processor, and precision."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


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
