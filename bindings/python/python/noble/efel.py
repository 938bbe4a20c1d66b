"""eFEL's functions over our features: a script changes ``import efel`` to ``import noble.efel as efel``.

Names, settings, and what a missing value looks like are those of eFEL 5.7: ``None`` where a feature is not defined, else an array,
of integers where it counts or gives places of samples.
Settings are the module's, as they are in eFEL; :func:`reset` takes them back.

Traces are dictionaries with ``T`` (ms), ``V`` (mV), ``stim_start`` and ``stim_end`` (ms), and where a feature needs them ``I`` (nA)
and ``stimulus_current`` (nA). Any other key is a setting for that trace alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _noble
from ._traces import setting_text, trace_inputs
from .errors import InputError

__all__ = [
    "feature_name_exists",
    "get_feature_names",
    "get_feature_values",
    "get_mean_feature_values",
    "get_settings",
    "reset",
    "set_derivative_threshold",
    "set_double_setting",
    "set_int_setting",
    "set_setting",
    "set_str_setting",
    "set_threshold",
]

_Values = dict[str, NDArray[np.float64] | NDArray[np.int64] | None]
_settings: dict[str, str] = {}


def get_feature_values(
    traces: Iterable[Mapping[str, Any]],
    feature_names: Sequence[str],
    parallel_map: object = None,
    return_list: bool = True,
    raise_warnings: bool = True,
    *,
    mode: Literal["efel", "precise"] = "efel",
    progress: Callable[[str, int, int, str], object] | None = None,
) -> list[_Values] | Iterator[_Values]:
    """Values of features of every trace, on all cores.

    Parameters
    ----------
    traces
        Dictionaries with ``T`` in ms, ``V`` in mV, ``stim_start`` and ``stim_end`` in ms.
    feature_names
        Names of eFEL.
    parallel_map
        Taken for eFEL's sake; traces are shared among cores anyway.
    return_list
        Whether a list is given, or an iterator.
    raise_warnings
        Whether features that are not defined are warned of.
    mode
        ``"precise"`` takes peaks and crossings between the recorded samples instead of resampling.
    progress
        Called with stage, items done, items in all and a text.
    """
    if isinstance(feature_names, str):
        raise InputError(f"feature_names is the text {feature_names!r}; give a list of names")
    names = list(feature_names)
    rows: list[_Values] = _noble.feature_values(trace_inputs(list(traces), _settings, mode), names, progress)
    if raise_warnings:
        for idx, row in enumerate(rows):
            missing = [name for name, values in row.items() if values is None]
            if missing:
                text = f"trace {idx}: not defined: {', '.join(missing)}"
                warnings.warn(text, RuntimeWarning, stacklevel=2)
    return rows if return_list else iter(rows)


def get_mean_feature_values(
    traces: Iterable[Mapping[str, Any]],
    feature_names: Sequence[str],
    raise_warnings: bool = True,
    *,
    mode: Literal["efel", "precise"] = "efel",
) -> list[dict[str, float | None]]:
    """Means of the values of features of every trace; ``None`` where there are none."""
    rows = get_feature_values(traces, feature_names, raise_warnings=raise_warnings, mode=mode)
    return [{name: _mean(values) for name, values in row.items()} for row in rows]


def _mean(values: NDArray[np.float64] | NDArray[np.int64] | None) -> float | None:
    return None if values is None or values.size == 0 else float(np.mean(values))


def get_feature_names() -> list[str]:
    """Names of all features."""
    return _noble.feature_names()


def feature_name_exists(feature_name: str) -> bool:
    """Whether there is a feature of this name."""
    return feature_name in _noble.feature_names()


def set_setting(setting_name: str, new_value: float | int | str) -> None:
    """Sets one of eFEL's settings for all that follows."""
    text = setting_text(new_value)
    _noble.check_setting(setting_name, text)
    _settings[setting_name] = text


def get_settings() -> dict[str, str]:
    """Settings that are not eFEL's defaults."""
    return dict(_settings)


def set_double_setting(setting_name: str, new_value: float) -> None:
    """Sets a number."""
    set_setting(setting_name, float(new_value))


def set_int_setting(setting_name: str, new_value: int) -> None:
    """Sets a whole number."""
    set_setting(setting_name, int(new_value))


def set_str_setting(setting_name: str, new_value: str) -> None:
    """Sets a word."""
    set_setting(setting_name, str(new_value))


def set_threshold(new_threshold: float) -> None:
    """Voltage in mV that a spike rises and falls through."""
    set_setting("Threshold", float(new_threshold))


def set_derivative_threshold(new_derivative_threshold: float) -> None:
    """Slope in mV/ms at which a spike begins."""
    set_setting("DerivativeThreshold", float(new_derivative_threshold))


def reset() -> None:
    """Takes all settings back to eFEL's defaults."""
    _settings.clear()


getFeatureValues = get_feature_values
getMeanFeatureValues = get_mean_feature_values
getFeatureNames = get_feature_names
FeatureNameExists = feature_name_exists
setDoubleSetting = set_double_setting
setIntSetting = set_int_setting
setStrSetting = set_str_setting
setThreshold = set_threshold
setDerivativeThreshold = set_derivative_threshold
