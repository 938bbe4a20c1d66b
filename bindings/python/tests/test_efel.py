"""The drop-in for eFEL, against eFEL's own values."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import reference_folders

import noble
import noble.efel as efel

#: Features whose value in eFEL depends on what was asked before.
LEFT_OUT = {"activation_time_constant", "deactivation_time_constant", "inactivation_time_constant"}
#: Traces of which eFEL's answers are undefined behaviour; the demand there is a clear answer or a clear error.
UNDEFINED = {"nan", "degenerate"}
TOLERANCE = 1e-9


def cases() -> list[Path]:
    found = [path.parent for folder in reference_folders() for path in folder.glob("efel*/**/expected.json")]
    return sorted(case for case in found if (case / "traces.npz").is_file())


def trace(arrays: Any, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    v_mv = arrays[f"{name}.V"].astype(np.float64)
    grid = entry["grid"]
    time_ms = arrays[f"{name}.T"] if grid is None else grid["t0"] + np.arange(v_mv.size) * grid["dt"]
    own = {"T": time_ms, "V": v_mv, "stim_start": [entry["stim_start"]], "stim_end": [entry["stim_end"]]}
    if entry["has_I"]:
        own["I"] = arrays[f"{name}.I"].astype(np.float64)
    return {**own, **entry.get("settings", {}), **entry.get("extra", {})}


def numbers(values: list[Any]) -> list[float]:
    return [float(value) for value in values]


def is_near(value: float, expected: float) -> bool:
    if math.isnan(expected) or math.isinf(expected):
        return str(value) == str(expected)
    return abs(value - expected) <= TOLERANCE * max(1.0, abs(expected))


def is_alike(values: Any, expected: Any) -> bool:
    if expected is None or values is None:
        return values is None and expected is None
    want = numbers(expected)
    return len(values) == len(want) and all(map(is_near, values, want))


def compared(arrays: Any, name: str, entry: dict[str, Any]) -> tuple[int, list[str]]:
    """Number of features compared, and those that differ."""
    asked = {
        feature: expected
        for feature, expected in entry["features"].items()
        if feature not in LEFT_OUT | set(entry.get("unstable", [])) and not isinstance(expected, dict)
    }
    row = noble.get_feature_values([trace(arrays, name, entry)], list(asked), raise_warnings=False)[0]
    wrong = [f"{name} {feature}: {row[feature]} is not {want}" for feature, want in asked.items()
             if not is_alike(row[feature], want)]
    return len(asked), wrong


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_matches_efel(case: Path) -> None:
    document = json.loads((case / "expected.json").read_text())
    n_values, wrong = 0, []
    with np.load(case / "traces.npz") as arrays:
        for name, entry in document["traces"].items():
            if entry["category"] in UNDEFINED or all(isinstance(own, dict) for own in entry["features"].values()):
                continue
            n_own, wrong_own = compared(arrays, name, entry)
            n_values, wrong = n_values + n_own, wrong + wrong_own
    print(f"compared {n_values} features of {case}")
    assert n_values > 0
    assert not wrong, "\n".join(wrong[:20])


def test_invariant_there_are_cases() -> None:
    assert cases()


def step(peak_mv: float = 20.0) -> dict[str, Any]:
    time_ms = np.arange(0.0, 100.0, 0.1)
    v_mv = np.full_like(time_ms, -70.0)
    v_mv[400:410] = peak_mv
    return {"T": time_ms, "V": v_mv, "stim_start": [20.0], "stim_end": [80.0]}


def test_invariant_missing_values_are_none_and_warned_of() -> None:
    with pytest.warns(RuntimeWarning, match="trace 0: not defined: AP2_peak"):
        rows = efel.get_feature_values([step()], ["Spikecount", "AP2_peak"])
    assert rows[0]["AP2_peak"] is None
    assert rows[0]["Spikecount"].tolist() == [1.0]
    places = efel.get_feature_values([step()], ["peak_indices", "Spikecount", "peak_voltage"])[0]
    assert [places[name].dtype.kind for name in places] == ["i", "i", "f"]
    assert step()["V"][places["peak_indices"]].tolist() == places["peak_voltage"].tolist()
    assert list(range(rows[0]["Spikecount"][0])) == [0]
    assert efel.getMeanFeatureValues([step()], ["AP2_peak"], raise_warnings=False) == [{"AP2_peak": None}]


def test_invariant_settings_are_those_of_efel() -> None:
    try:
        efel.set_setting("Threshold", 30.0)
        assert efel.get_mean_feature_values([step()], ["Spikecount"]) == [{"Spikecount": 0.0}]
        own = {**step(), "Threshold": -20.0}
        assert efel.get_mean_feature_values([own], ["Spikecount"]) == [{"Spikecount": 1.0}]
    finally:
        efel.reset()
    assert efel.get_mean_feature_values([step()], ["Spikecount"]) == [{"Spikecount": 1.0}]
    with pytest.raises(noble.InputError, match="Threshhold"):
        efel.set_setting("Threshhold", 30.0)
    assert efel.feature_name_exists("AHP_depth") and "AHP_depth" in efel.get_feature_names()


def test_invariant_bad_traces_are_named() -> None:
    def check(change: dict[str, Any], text: str) -> None:
        with pytest.raises(noble.InputError, match=text):
            noble.get_feature_values([step(), {**step(), **change}], ["Spikecount"])

    check({"V": np.full(1000, np.nan)}, "trace 1: .*NaN")
    check({"V": np.zeros(3)}, "trace 1: .*3 voltages")
    check({"V": np.zeros(1000, dtype=complex)}, "trace 1: V is complex128")
    check({"V": ["a"] * 1000}, "trace 1: V is <U1")
    check({"V": np.zeros((10, 100))}, r"trace 1: V is float64 of shape \[10, 100\]")
    check({"T": np.zeros(0), "V": np.zeros(0)}, "trace 1: .*no samples")
    check({"stim_end": [10.0]}, "trace 1: .*20 ms to 10 ms")
    check({"stim_end": []}, "trace 1: stim_end")
    check({"stim_end": "late"}, "trace 1: stim_end is 'late'")
    check({"Threshhold": 3.0}, "Threshhold")
    check({"multi_stim_start": [1.0, 2.0], "multi_stim_end": [3.0]}, "trace 1: 2 of multi_stim_start and 1 of")
    trace_ = step()
    del trace_["stim_end"]
    with pytest.raises(noble.InputError, match="trace 0 has no stim_end"):
        noble.get_feature_values([trace_], ["Spikecount"])
    with pytest.raises(noble.InputError, match="did you mean|AHP_depth"):
        noble.get_feature_values([step()], ["AHP_dept"])
    with pytest.raises(noble.InputError, match="give a list of names"):
        noble.get_feature_values([step()], "Spikecount")
    assert noble.get_feature_values([], ["Spikecount"]) == []


def test_invariant_arrays_of_any_layout_are_read() -> None:
    whole = step()
    expected = noble.get_mean_feature_values([whole], ["AP1_peak"])
    wide = np.zeros((1000, 2))
    wide[:, 0] = whole["V"]
    frozen = whole["V"].copy()
    frozen.setflags(write=False)
    for v_mv in (wide[:, 0], frozen, whole["V"].tolist(), whole["V"][::-1][::-1]):
        assert noble.get_mean_feature_values([{**whole, "V": v_mv}], ["AP1_peak"]) == expected
