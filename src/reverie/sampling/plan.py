"""A request cut into partitions of a fixed size, made on all cores and handed out in order.

Partition i draws from its own generator, and its size follows from the table alone, so one worker or a
hundred make the same rows. Few partitions are in flight at a time, so memory stays flat however many rows are
asked for. Workers are threads: numpy, Arrow and the compiled kernels work outside the interpreter's lock.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
from threadpoolctl import threadpool_limits

from reverie.codecs.spelling import write_table
from reverie.core.errors import ConfigError
from reverie.core.quantities import parse_count
from reverie.core.rng import child
from reverie.models.base import OnProgress, Progress
from reverie.sampling.consensus import likeliest
from reverie.sampling.request import Request, answer
from reverie.sampling.table import Learned

MOST_ROWS = 1 << 16
FEWEST_ROWS = 1 << 10
_CELLS = 1 << 22


@dataclass(frozen=True)
class Partition:
    """Rows `start` to `start + rows` of a request."""

    index: int
    start: int
    rows: int


def partitions(n: int, columns: int, *, whole: bool = False) -> list[Partition]:
    """Partitions that make `n` rows; `whole` is one for all.

    Raises ConfigError unless `n` is at least 1.
    """
    if n < 1:
        raise ConfigError(f"{n:,} rows cannot be made", where="number of rows", fix="Ask for at least 1")
    size = n if whole else max(FEWEST_ROWS, min(MOST_ROWS, _CELLS // max(columns, 1)))
    return [Partition(i, start, min(size, n - start)) for i, start in enumerate(range(0, n, size))]


def stream(
    model: Learned,
    n: int,
    request: Request,
    *,
    seed: int,
    workers: int | None = None,
    fast: bool = False,
    dictionaries: bool = False,
    likely: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """The `n` rows that answer the request, partition by partition in order.

    With `dictionaries`, categories of text come as dictionary columns. Of known rows the likeliest of several
    completions are taken if columns are to be `likely`. Raises ConditionError or ConfigError.
    """
    if likely and request.known is None:
        fix = "Give partly known rows, or leave it out"
        raise ConfigError("chooses among completions of known rows", where="likeliest", fix=fix)
    plan = partitions(n, max(len(model.schema.columns), model.codec.grid_cells), whole=model.whole)

    def make(part: Partition) -> pa.Table:
        rng = child(seed, model.schema.name, part.index)
        asked = request.part(part.start, part.rows)
        known = asked.known if likely else None

        def draw() -> pa.Table:
            return answer(
                model, part.rows, asked, rng, offset=part.start, fast=fast, dictionaries=dictionaries
            )

        rows = draw() if known is None else likeliest(model, known, draw, likely)
        return write_table(model.schema, rows)

    threads = min(_workers(workers), len(plan))
    return map(make, plan) if threads == 1 else _parallel(make, plan, threads)


def reported(parts: Iterator[pa.Table], total: int, on_progress: OnProgress) -> Iterator[pa.Table]:
    """The parts of `total` rows, with word of how many there are so far."""
    done = 0
    for part in parts:
        done += part.num_rows
        on_progress(Progress("sample", done, total))
        yield part


def _workers(asked: int | None) -> int:
    return os.cpu_count() or 1 if asked is None else parse_count(asked, "workers", "number of workers")


def _parallel(
    make: Callable[[Partition], pa.Table], plan: list[Partition], threads: int
) -> Iterator[pa.Table]:
    """Results in order, with at most one partition more than threads in flight."""
    waiting: deque[Future[pa.Table]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="reverie")
    # Threads of the algebra under each of these would only wait for each other.
    limits = threadpool_limits(1, user_api="blas")
    try:
        for part in plan:
            waiting.append(pool.submit(make, part))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        limits.restore_original_limits()
