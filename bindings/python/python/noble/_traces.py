"""Traces in memory as the library takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

__all__ = ["trace_inputs"]

#: Keys of a trace that are no settings.
_KEYS = {"T", "V", "I", "stim_start", "stim_end", "stimulus_current", "multi_stim_start", "multi_stim_end"}


def trace_inputs(
    traces: Sequence[Mapping[str, Any]], settings: Mapping[str, str], mode: str
) -> list[dict[str, Any]]:
    """Checked arrays of every trace; contiguous ones of double precision are taken as they are."""
    return [_input(idx, trace, settings, mode) for idx, trace in enumerate(traces)]


def _input(idx: int, trace: Mapping[str, Any], settings: Mapping[str, str], mode: str) -> dict[str, Any]:
    called = f"trace {idx}"
    for key in ("T", "V", "stim_start", "stim_end"):
        if key not in trace:
            raise InputError(f"{called} has no {key}; give T, V, stim_start and stim_end, in ms and mV")
    own = {key: _setting(called, key, value) for key, value in trace.items() if key not in _KEYS}
    starts, ends = _numbers(called, trace, "multi_stim_start"), _numbers(called, trace, "multi_stim_end")
    if len(starts) != len(ends):
        raise InputError(f"{called}: {len(starts)} of multi_stim_start and {len(ends)} of multi_stim_end; give as many of both")
    current = _numbers(called, trace, "stimulus_current")
    return {
        "time_ms": _array(called, "T", trace["T"]),
        "v_mv": _array(called, "V", trace["V"]),
        "stim_start_ms": _number(called, trace, "stim_start"),
        "stim_end_ms": _number(called, trace, "stim_end"),
        "current_na": None if trace.get("I") is None else _array(called, "I", trace["I"]),
        "stimulus_current_na": current[0] if current else None,
        "further_stimuli_ms": list(zip(starts, ends, strict=True)),
        "settings": list({**settings, **own}.items()),
        "mode": mode,
        "called": called,
    }


def _array(called: str, name: str, value: Any) -> NDArray[np.float64]:
    array = np.asarray(value)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        shape = list(array.shape)
        raise InputError(f"{called}: {name} is {array.dtype} of shape {shape}; give real numbers [t]")
    return np.ascontiguousarray(array, dtype=np.float64)


def _numbers(called: str, trace: Mapping[str, Any], name: str) -> list[float]:
    value = trace.get(name)
    if value is None:
        return []
    try:
        return [float(one) for one in np.atleast_1d(np.asarray(value, dtype=np.float64))]
    except (TypeError, ValueError) as error:
        raise InputError(f"{called}: {name} is {value!r}; give a number, or a list of numbers") from error


def _number(called: str, trace: Mapping[str, Any], name: str) -> float:
    numbers = _numbers(called, trace, name)
    if len(numbers) != 1:
        raise InputError(f"{called}: {name} is {trace[name]!r}; give one number, or a list of one")
    return numbers[0]


def _setting(called: str, name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    array = np.atleast_1d(np.asarray(value))
    if array.size != 1:
        raise InputError(f"{called}: {name} is {value!r}; give one value")
    return setting_text(array.reshape(-1)[0].item())


def setting_text(value: object) -> str:
    """A setting as text: truth as 0 or 1, whole numbers without a point."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
