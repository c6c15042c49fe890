"""How fast this machine is now: a small task whose time on a plain, idle processor is known."""

import time

import numpy as np

PLAIN_SECONDS = 0.06
"""What the task takes on one idle core of a server processor of 2020."""
SLOWEST, FASTEST = 30.0, 0.5


def slowness() -> float:
    """How many times slower than that machine this one is, between `FASTEST` and `SLOWEST`."""
    import lightgbm

    rng = np.random.default_rng(0)
    values, labels = rng.normal(size=(2_000, 10)), rng.random(2_000) < 0.5
    data = lightgbm.Dataset(values, labels, params={"verbosity": -1, "num_threads": 1})
    start = time.perf_counter()
    settings = {"objective": "binary", "num_threads": 1, "verbosity": -1, "num_leaves": 31}
    lightgbm.train(settings, data, 60)
    return float(np.clip((time.perf_counter() - start) / PLAIN_SECONDS, FASTEST, SLOWEST))
