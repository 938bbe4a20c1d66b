"""Work shared by the workers of an executor: whatever has a ``map`` that keeps the order of its items.

What is sent is words and bytes; every worker reads the files that the words name. Results do not depend on who did what.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from . import _noble

__all__ = ["Candidates", "shared_sweeps"]

_Map = Callable[..., Iterable[Any]]

#: Sweeps of one job: as many as go side by side on a core.
_N_TOGETHER = 16


class Candidates:
    """Answers to the jobs of a fit, in their order."""

    def __init__(self, map_: _Map, words: list[str]) -> None:
        self._map = map_
        self._words = tuple(_alone(words))
        self._fit = uuid.uuid4().hex

    def __call__(self, jobs: list[bytes], is_stopped: Callable[[], bool]) -> list[bytes]:
        answers: list[bytes] = []
        for answer in _gathered(self._map(_answer, [self._fit] * len(jobs), [self._words] * len(jobs), jobs)):
            answers.append(answer)
            if is_stopped():
                raise KeyboardInterrupt
        return answers


@lru_cache(maxsize=2)
def _worker(_fit: str, words: tuple[str, ...]) -> _noble.FitWorker:
    """Read once per fit: in the next the same words may name files that have changed."""
    return _noble.FitWorker(words)


def _answer(fit: str, words: tuple[str, ...], job: bytes) -> bytes:
    return _worker(fit, words).answer(job)


def shared_sweeps(
    map_: _Map, words: list[str], n_sweeps: int, progress: Callable[[str, int, int, str], object] | None
) -> tuple[dict[str, Any], list[str]]:
    """Arrays of all sweeps, and what was noted."""
    n_shares = -(-n_sweeps // _N_TOGETHER)
    shares = [(*_alone(words), f"--shard={idx + 1}/{n_shares}") for idx in range(n_shares)]
    arrays: dict[str, Any] = {}
    notes: list[str] = []
    n_done = 0
    for part, rows, said in _gathered(map_(_share, shares)):
        for name, values in part.items():
            if name == "time_ms" or not isinstance(values, np.ndarray):
                arrays[name] = values
                continue
            if name not in arrays:
                arrays[name] = np.empty((n_sweeps, *values.shape[1:]), dtype=values.dtype)
            arrays[name][rows] = values
        notes = notes or said
        n_done += len(rows)
        if progress is not None:
            progress("simulate", n_done, n_sweeps, "")
    return arrays, notes


def _share(words: tuple[str, ...]) -> tuple[dict[str, Any], list[int], list[str]]:
    return _noble.simulate(words)


def _alone(words: list[str]) -> list[str]:
    """The same with one thread, as every worker has its own core."""
    return [word for word in words if not word.startswith("--threads=")] + ["--threads=1"]


def _gathered(results: Iterable[Any]) -> Iterable[Any]:
    """Results themselves; Dask gives futures, Ray references."""
    for result in results:
        yield result.result() if hasattr(result, "result") else _of_ray(result)


def _of_ray(result: Any) -> Any:
    if type(result).__name__ != "ObjectRef":
        return result
    import ray  # type: ignore[import-not-found, unused-ignore]

    return ray.get(result)
