"""Simulation and prediction: arrays, bits, copies, errors."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import noble


def test_invariant_predictions_have_the_bits_of_the_binary(
    noble_binary: Callable[..., str], tmp_path: Path
) -> None:
    noble_binary("predict", "--members", "3", "--step-na=-0.1,0.2", "--out", "out")
    ensemble = noble.predict(members=3, step_na=[-0.1, 0.2])
    with np.load(tmp_path / "out" / "ensemble.npz") as expected:
        assert set(ensemble) == set(expected) - {"stim_start_ms", "stim_end_ms"}
        assert ensemble.stim_end_ms == float(expected["stim_end_ms"])
        for name in ensemble:
            assert ensemble[name].dtype == expected[name].dtype, name
            assert ensemble[name].tobytes() == expected[name].tobytes(), name
    own = noble.predict(members=3, step_na=(-0.1, 0.2), operator=noble.Operator(), threads=1)
    assert own["v_mv"].tobytes() == ensemble["v_mv"].tobytes()


def test_invariant_simulations_have_the_bits_of_the_binary(
    noble_binary: Callable[..., str], tmp_path: Path
) -> None:
    noble_binary("simulate", "--members", "2", "--step-na", "0.1,0.2", "--record", "v_mv@soma", "--out", "out.npz")
    sweeps = noble.simulate(members=2, step_na=np.array([0.1, 0.2]), record="v_mv@soma")
    with np.load(tmp_path / "out.npz") as expected:
        assert {name for name in expected if name in sweeps} == set(sweeps)
        for name in sweeps:
            assert sweeps[name].tobytes() == expected[name].tobytes(), name
    shared = noble.simulate(members=2, step_na=[0.1, 0.2], record="v_mv@soma", map=map)
    for name in sweeps:
        assert shared[name].tobytes() == sweeps[name].tobytes(), name


def test_invariant_sweeps_copy_pickle_and_become_datasets(tmp_path: Path) -> None:
    ensemble = noble.predict(latent={"i_thr_na": 0.016, "s_thr_hz_per_na": 250.0}, step_na=0.1)
    for other in (copy.copy(ensemble), copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):
        assert list(other) == list(ensemble)
        assert other["v_mv"].tobytes() == ensemble["v_mv"].tobytes()
        assert other.stim_end_ms == ensemble.stim_end_ms
    xarray = pytest.importorskip("xarray")
    dataset = xarray.Dataset.from_dict(ensemble.xarray_dict())
    assert dataset["v_mv"].dims == ("sweep", "time_ms")
    assert dataset["v_mv"].attrs["units"] == "mV"
    assert float(dataset["i_thr_na"][0]) == 0.016
    ensemble.save(tmp_path / "own.npz")
    rows = noble.extract(file=tmp_path / "own.npz", features="Spikecount")
    means = noble.get_mean_feature_values(ensemble.traces(), ["Spikecount"])
    assert rows[0]["features"]["Spikecount"] == [means[0]["Spikecount"]]


def test_invariant_operators_copy_pickle_and_compare(tmp_path: Path) -> None:
    operator = noble.Operator()
    for other in (copy.deepcopy(operator), pickle.loads(pickle.dumps(operator))):
        assert other == operator and hash(other) == hash(operator)
    operator.save(tmp_path / "own.safetensors")
    assert noble.Operator.load(tmp_path / "own.safetensors") == operator
    assert operator.card["train_models"]
    network = operator.network
    x = np.zeros((2, network.architecture["in_channels"], 50), dtype=np.float32)
    y = pickle.loads(pickle.dumps(network)).forward(x)
    assert y.shape == (2, 1, 50) and y.dtype == np.float32 and np.isfinite(y).all()
    assert y.tobytes() == network.forward(np.asfortranarray(x), threads=1).tobytes()


def test_invariant_unknown_places_are_warned_of() -> None:
    with pytest.warns(noble.NobleWarning, match="hull"):
        outside = noble.predict(latent={"i_thr_na": 0.1, "s_thr_hz_per_na": 250.0}, step_na=0.1)
    assert any("hull" in warning for warning in outside.warnings[0])


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"step_na": float("nan")}, "NaN"),
        ({"step_na": []}, "step_na is empty"),
        ({"step_na": "much"}, "invalid value 'much'"),
        ({"step_na": True}, "a value is required for '--step-na"),
        ({"step_na": [0.1, None]}, "step_na is None"),
        ({"members": 0}, "."),
        ({"members": 100_000}, "."),
        ({"models": 100_000}, "100000"),
        ({"members": 3, "models": 1}, "cannot be used with"),
        ({"latent": {"i_thr": 0.1}}, "i_thr"),
        ({"operator": "nowhere.safetensors"}, "nowhere.safetensors"),
        ({"threads": 0}, "threads is 0"),
        ({"dt_ms": -1.0}, "."),
    ],
)
def test_invariant_bad_questions_are_named(wrong: dict[str, object], text: str) -> None:
    with pytest.raises(noble.InputError, match=text) as caught:
        noble.predict(**wrong)  # type: ignore[arg-type]
    assert isinstance(caught.value, noble.NobleError) and isinstance(caught.value, ValueError)


def test_invariant_damaged_operators_are_refused(tmp_path: Path) -> None:
    whole = noble.Operator().to_bytes()
    for data in (b"", whole[:100], whole[: len(whole) // 2], b"\x00" * 1000, whole[:-1] + b"\xff" * 9):
        with pytest.raises(noble.InputError):
            noble.Operator.from_bytes(data)
        with pytest.raises(noble.InputError):
            noble.Network.from_bytes(data)
    (tmp_path / "own.safetensors").write_bytes(whole[:1000])
    with pytest.raises(noble.InputError, match="own.safetensors|safetensors"):
        noble.predict(operator=tmp_path / "own.safetensors")
    for x in (np.zeros((2, 3)), np.zeros((1, 2, 50)), np.zeros((0, 51, 50)), np.zeros((1, 51, 50), dtype=complex)):
        with pytest.raises(noble.InputError, match="give"):
            noble.Operator().network.forward(x)
