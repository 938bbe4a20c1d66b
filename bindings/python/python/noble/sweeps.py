"""Sweeps: voltages and what belongs to them, as arrays with names, axes and units."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import write

__all__ = ["Sweeps"]

_Array = NDArray[Any]


class Sweeps(Mapping[str, _Array]):
    """Arrays by name, as in an NPZ file of the program.

    ``time_ms [t]``, ``step_na [n]`` where there are steps, ``v_mv [n, t]``, with several models ``model [n]``, one array per latent feature ``[n]``, one
    per further recording ``[n, t]``. It can be copied, pickled and given to ``numpy.savez(**sweeps)``.

    Attributes
    ----------
    warnings
        What deserves less trust, one list per row.
    notes
        What was read, ignored and assumed.
    stim_start_ms, stim_end_ms
        Window of the step, where there is one.
    """

    def __init__(
        self,
        arrays: Mapping[str, Any],
        *,
        warnings: Sequence[Sequence[str]] = (),
        notes: Sequence[str] = (),
    ) -> None:
        own = dict(arrays)
        self.stim_start_ms: float | None = own.pop("stim_start_ms", None)
        self.stim_end_ms: float | None = own.pop("stim_end_ms", None)
        self._arrays: dict[str, _Array] = own
        self.warnings = [list(row) for row in warnings]
        self.notes = list(notes)

    def __getitem__(self, name: str) -> _Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {list(array.shape)}" for name, array in self._arrays.items())
        return f"Sweeps({arrays})"

    @property
    def n_sweeps(self) -> int:
        """Rows of ``v_mv``."""
        return int(self["v_mv"].shape[0])

    def dims(self, name: str) -> tuple[str, ...]:
        """Axes of an array: ``("sweep", "time_ms")``, ``("sweep",)`` or ``("time_ms",)``."""
        if name == "time_ms":
            return ("time_ms",)
        return ("sweep", "time_ms")[: self[name].ndim]

    def xarray_dict(self) -> dict[str, Any]:
        """Axes, coordinates, units and arrays as ``xarray.Dataset.from_dict`` takes them."""

        def one(name: str) -> dict[str, Any]:
            unit = _unit(name)
            return {"dims": self.dims(name), "data": self[name], "attrs": {"units": unit} if unit else {}}

        coordinates = [name for name in self if self[name].ndim == 1]
        window = {"stim_start_ms": self.stim_start_ms, "stim_end_ms": self.stim_end_ms}
        return {
            "coords": {name: one(name) for name in coordinates},
            "data_vars": {name: one(name) for name in self if name not in coordinates},
            "attrs": {name: value for name, value in window.items() if value is not None},
        }

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset``; needs xarray."""
        import xarray

        return xarray.Dataset.from_dict(self.xarray_dict())

    def traces(self) -> list[dict[str, Any]]:
        """One dictionary per row, as :func:`noble.get_feature_values` and eFEL take them."""
        if self.stim_start_ms is None or self.stim_end_ms is None:
            raise ValueError("the window of the stimulus is not known; build the traces by hand")
        traces = [
            {
                "T": self["time_ms"],
                "V": np.asarray(v_mv, dtype=np.float64),
                "stim_start": [self.stim_start_ms],
                "stim_end": [self.stim_end_ms],
            }
            for v_mv in self["v_mv"]
        ]
        for trace, step_na in zip(traces, self.get("step_na", ()), strict=False):
            trace["stimulus_current"] = [float(step_na)]
        return traces

    def save(self, path: str | PathLike[str]) -> None:
        """Writes an NPZ file that every command of the program reads; ``.npz`` is added to a name without it."""
        window = {"stim_start_ms": self.stim_start_ms, "stim_end_ms": self.stim_end_ms}
        known = {name: np.asarray(value) for name, value in window.items() if value is not None}
        arrays: dict[str, Any] = {**self._arrays, **known}
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        place = Path(path)
        write(place if place.suffix == ".npz" else place.with_name(place.name + ".npz"), packed.getvalue())


_UNITS = {
    "_hz_per_na": "Hz/nA",
    "_ma_per_cm2": "mA/cm2",
    "_millimolar": "mM",
    "_mv": "mV",
    "_ms": "ms",
    "_na": "nA",
    "_hz": "Hz",
}


def _unit(name: str) -> str | None:
    quantity = name.partition("@")[0]
    return next((unit for suffix, unit in _UNITS.items() if quantity.endswith(suffix)), None)
