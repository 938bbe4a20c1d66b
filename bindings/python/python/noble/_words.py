"""Keywords of Python as words of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np

from .errors import InputError

__all__ = ["as_words"]

#: Arguments that have no option name.
POSITIONAL = {
    "extract": ("file",),
    "fi": ("file",),
    "convert": ("file", "out"),
}


def as_words(command: str, options: Mapping[str, Any]) -> list[str]:
    """Words of a command whose options are given by name; ``None`` and ``False`` leave an option out."""
    positional = POSITIONAL.get(command, ())
    words = [command]
    for name, value in options.items():
        if value is None or value is False or name in positional:
            continue
        option = "--" + name.rstrip("_").replace("_", "-")
        words.append(option if value is True else f"{option}={_text(name, value)}")
    places = [options[name] for name in positional if options.get(name) is not None]
    return words + ["--", *(_text("file", place) for place in places)] if places else words


def _text(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_one(name, one)}" for key, one in value.items())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | PathLike):
        values = list(value)
        if not values:
            raise InputError(f"{name} is empty; give at least one value, or leave it out")
        return ",".join(_one(name, one) for one in values)
    return _one(name, value)


def _one(name: str, value: object) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return value
    if isinstance(value, PathLike):
        return str(fspath(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name} is {value!r}; give a number, a text or a path")
    return repr(value)
