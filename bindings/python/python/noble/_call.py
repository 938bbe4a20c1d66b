"""From a function's arguments to a command, and from what it says to what the function returns."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import _noble
from ._executors import Candidates, shared_sweeps
from ._words import as_words
from .errors import NobleWarning
from .operators import Operator
from .sweeps import Sweeps

__all__ = ["call"]

_LOG = logging.getLogger("noble")
_Progress = Callable[[str, int, int, str], object] | None

_HERE = os.path.dirname(__file__) + os.sep

#: Where a command writes if it is not told.
_OUT = {
    "generate": "noble-out/dataset",
    "train": "noble-out/operator.safetensors",
    "interpolate": "noble-out/interpolation",
    "reproduce": "noble-out/reproduction",
}


def call(command: str, options: Mapping[str, Any]) -> Any:
    """Runs a command with the options of its function; what it notes goes to the log ``noble``, what it warns of is warned."""
    given = {name: value for name, value in options.items() if name not in ("progress", "map")}
    progress: _Progress = options.get("progress")
    if command == "simulate":
        return _simulate(as_words("simulate", given), options.get("map"), progress)
    if command == "predict":
        return _predict(given, progress)
    with tempfile.TemporaryDirectory(prefix="noble-") as folder:
        for name in ("operator", "from_"):
            given[name] = _path_of(given.get(name), Path(folder))
        return _stage(command, given, options.get("map"), progress)


def _stage(command: str, given: dict[str, Any], map_: Any, progress: _Progress) -> Any:
    if map_ is not None:
        return fit_with(map_, as_words(command, given), Path(given["out"]), progress)
    return _run(command, given, progress)


def _simulate(words: list[str], map_: Any, progress: _Progress) -> Sweeps:
    if map_ is not None:
        return simulate_with(map_, words, progress)
    arrays, _, notes = _noble.simulate(words, progress)
    return Sweeps(arrays, notes=_heard(notes))


def _predict(given: dict[str, Any], progress: _Progress) -> Sweeps:
    operator = given.get("operator")
    if isinstance(operator, Operator):
        given = {**given, "operator": None}
        arrays, rows, notes = _noble.predict(as_words("predict", given), operator.handle, progress)
    else:
        arrays, rows, notes = _noble.predict(as_words("predict", given), None, progress)
    return Sweeps(arrays, warnings=rows, notes=_heard(notes))


def _run(command: str, given: dict[str, Any], progress: _Progress) -> Any:
    if command in ("extract", "fi", "evaluate"):
        words = [command, "--format=json", *as_words(command, given)[1:]]
        notes, data = _noble.run(words, progress)
        _heard(notes)
        return json.loads(data)
    notes, _ = _noble.run(as_words(command, given), progress)
    _heard(notes)
    out = Path(given.get("out") or _OUT[command])
    if command == "train":
        return Operator.load(out)
    return json.loads(out.read_bytes()) if command == "fit" else out


def fit_with(map_: Any, words: list[str], out: Path, progress: _Progress) -> Any:
    """A fit whose candidates the workers of an executor evaluate."""
    _heard(_noble.fit(words, Candidates(map_, words), progress))
    return json.loads(out.read_bytes())


def simulate_with(map_: Any, words: list[str], progress: _Progress) -> Sweeps:
    """Sweeps that the workers of an executor run."""
    arrays, notes = shared_sweeps(map_, words, _noble.n_sweeps(words), progress)
    return Sweeps(arrays, notes=_heard(notes))


def _heard(notes: list[str]) -> list[str]:
    """Warnings become Python's; the rest is logged and returned."""
    for note in notes:
        if note.startswith("warning: "):
            warnings.warn(note.removeprefix("warning: "), NobleWarning, stacklevel=_level_outside() - 1)
        else:
            _LOG.info(note)
    return [note for note in notes if not note.startswith("warning: ")]


def _level_outside() -> int:
    """How many calls lie between here and whoever called the package."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    return level


def _path_of(operator: object, folder: Path) -> object:
    """A command reads operators from files: those in memory are written to one, whatever became of the file they came from."""
    if not isinstance(operator, Operator):
        return operator
    path = folder / "operator.safetensors"
    operator.save(path)
    return path
