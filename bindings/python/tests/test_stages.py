"""The chain from cells to an evaluated operator, and fits, through Python."""

from __future__ import annotations

import concurrent.futures
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import noble

TIMES: dict[str, Any] = {"total_ms": 60, "delay_ms": 10, "duration_ms": 40, "every": 5}


def dataset(folder: Path) -> Path:
    return noble.generate(
        models=[0, 1, 2, 3], validation_models=1, test_models=1, traces_per_model=8, held_out=0.2, out=folder, **TIMES
    )


def test_invariant_the_chain_runs(tmp_path: Path) -> None:
    told: list[tuple[str, int, int, str]] = []
    folder = dataset(tmp_path / "dataset")
    small = {"hidden_channels": 4, "layers": 1, "modes": 8, "current_frequencies": 2}
    operator = noble.train(
        dataset=folder,
        steps=4,
        steps_per_validation=2,
        out=tmp_path / "own.safetensors",
        progress=lambda *state: told.append(state),
        **small,
    )
    assert told[-1][:3] == ("train", 4, 4)
    errors = noble.evaluate(operator=operator, dataset=folder)
    assert errors
    sweeps = noble.predict(operator=operator, members=2, step_na=0.2)
    assert sweeps["v_mv"].shape[0] == 2
    tuned = noble.fine_tune(
        operator=noble.Operator.from_bytes(operator.to_bytes()),
        dataset=folder,
        feature_weights={"sag_mv": 0.1},
        steps=2,
        out=tmp_path / "tuned.safetensors",
    )
    assert tuned != operator
    with pytest.raises(noble.InputError, match="earlier run"):
        noble.train(dataset=folder, steps=4, out=tmp_path / "own.safetensors", **small)


def fitted(folder: Path, **options: Any) -> dict[str, Any]:
    hall_of_fame = noble.fit(
        generations=1, passive_generations=1, population=18, seed=[1], out=folder / "own.json", **options
    )
    del hall_of_fame["provenance"]
    return hall_of_fame


def test_invariant_any_executor_gives_the_same_fit(tmp_path: Path) -> None:
    alone = fitted(tmp_path / "alone")
    assert alone["models"]
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        assert fitted(tmp_path / "processes", map=executor.map) == alone
        sweeps = noble.simulate(members=3, step_na=[0.1] * 9, map=executor.map)
    assert sweeps["v_mv"].tobytes() == noble.simulate(members=3, step_na=[0.1] * 9)["v_mv"].tobytes()
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            assert fitted(tmp_path / "dask", map=client.map) == alone


def test_invariant_a_map_that_loses_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(noble.InputError, match="answers"):
        fitted(tmp_path, map=lambda work, *items: [])

    def failing(*_: object) -> list[bytes]:
        raise ConnectionError("the cluster is gone")

    with pytest.raises(ConnectionError, match="the cluster is gone"):
        fitted(tmp_path / "other", map=failing)


def test_invariant_fi_curves_and_recordings_are_read(tmp_path: Path) -> None:
    curves = noble.fi(models=0, step_na=[0.0, 0.1, 0.2])
    assert json.dumps(curves)
    with pytest.raises(noble.InputError, match="nowhere.abf"):
        noble.extract(file=tmp_path / "nowhere.abf")
    sweeps = noble.simulate(step_na=[-0.1, 0.2], members=1)
    sweeps.save(tmp_path / "own.npz")
    out = noble.convert(file=tmp_path / "own.npz", out=tmp_path / "own.nwb", stim_start_ms=15, stim_end_ms=415)
    rows = noble.extract(file=out, features=["Spikecount"])
    assert [row["features"]["Spikecount"][0] > 0 for row in rows] == [False, True]


def test_invariant_sweeps_of_any_stimulus_are_saved_to_be_read(tmp_path: Path) -> None:
    stimulus = tmp_path / "step.json"
    stimulus.write_text('{"format_version": 1, "parts": [{"kind": "step", "delay_ms": 15, "duration_ms": 400, "amplitude_na": 0.2}]}')
    sweeps = noble.simulate(stimulus=stimulus, members=1)
    assert "step_na" not in sweeps
    sweeps.save(tmp_path / "own")
    rows = noble.extract(file=tmp_path / "own.npz", features=["Spikecount"], stim_start_ms=15, stim_end_ms=415)
    assert rows[0]["features"]["Spikecount"][0] > 0
    assert pickle.loads(pickle.dumps(noble.Operator().handle)).sha256() == noble.Operator().handle.sha256()


def test_invariant_warnings_name_the_line_that_asked() -> None:
    with pytest.warns(noble.NobleWarning) as heard:
        noble.predict(members=1, step_na=0.5)
    assert {Path(warning.filename).name for warning in heard} == {Path(__file__).name}
