#!/usr/bin/env python3
"""Reference values of spike train distances on small trains of our own.

    pip install pyspike==0.9.0 elephant==1.2.1 neo==0.14.6 quantities==0.16.4 numpy==2.4.6 scipy==1.17.1
    python make.py                # writes expected.json beside this file

Trains are drawn with a fixed seed or written out below. PySpike gives the SPIKE distance over the interval, elephant the
van Rossum distance for three time constants. Elephant's value is kept as it gives it: D² = (2/tau) ∫ (f - g)² dt.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyspike
import quantities as pq
from elephant.spike_train_dissimilarity import van_rossum_distance
from neo import SpikeTrain

HERE = Path(__file__).resolve().parent
START_MS, END_MS = 0.0, 500.0
TAUS_MS = (2.0, 12.5, 200.0)


def poisson(rng, rate_hz):
    n_spikes = rng.poisson(rate_hz * (END_MS - START_MS) / 1000.0)
    return np.sort(np.round(rng.uniform(START_MS, END_MS, n_spikes), 3))


def jittered(rng, train, width_ms, keep):
    kept = train[rng.random(len(train)) < keep]
    moved = np.round(kept + rng.normal(0.0, width_ms, len(kept)), 3)
    return np.sort(np.clip(moved, START_MS, END_MS))


def pairs():
    rng = np.random.default_rng(20130501)
    regular = np.arange(10.0, 500.0, 20.0)
    adapting = np.round(np.cumsum(8.0 * 1.08 ** np.arange(24)), 3)
    adapting = adapting[adapting < END_MS]
    yield "empty_both", [], []
    yield "empty_first", [], [40.0, 60.0, 300.0]
    yield "empty_second", regular, []
    yield "one_and_one", [100.0], [260.0]
    yield "one_and_many", [250.0], regular
    yield "one_at_end", [500.0], [40.0, 90.0]
    yield "at_both_ends", [0.0, 120.0, 500.0], [0.0, 250.0, 480.0]
    yield "equal", regular, regular
    yield "shifted", regular, regular + 3.0
    yield "shared_spikes", [50.0, 100.0, 200.0, 400.0], [50.0, 150.0, 200.0, 390.0, 400.0]
    yield "adapting_and_regular", adapting, regular
    yield "late_and_early", [400.0, 410.0, 440.0], [20.0, 25.0, 60.0]
    yield "burst", [100.0, 103.0, 107.0, 112.0, 300.0], [101.0, 200.0, 301.5]
    for idx, rate_hz in enumerate((5.0, 20.0, 80.0, 200.0)):
        yield f"poisson_{idx}", poisson(rng, rate_hz), poisson(rng, rate_hz)
        train = poisson(rng, rate_hz)
        yield f"jittered_{idx}", train, jittered(rng, train, 1.5, 0.9)
    for idx in range(8):
        yield f"unlike_{idx}", poisson(rng, 10.0 * (idx + 1)), poisson(rng, 120.0 / (idx + 1))


def case(name, first, second):
    first, second = np.asarray(first, float), np.asarray(second, float)
    trains = [pyspike.SpikeTrain(train, (START_MS, END_MS)) for train in (first, second)]
    neo_trains = [SpikeTrain(train, units="ms", t_start=START_MS, t_stop=END_MS) for train in (first, second)]
    distances = [float(van_rossum_distance(neo_trains, tau_ms * pq.ms)[0, 1]) for tau_ms in TAUS_MS]
    return {
        "name": name,
        "first_ms": first.tolist(),
        "second_ms": second.tolist(),
        "spike_distance": float(pyspike.spike_distance(*trains)),
        "van_rossum_distance": distances,
    }


def main():
    names = ("pyspike", "elephant", "neo", "quantities", "numpy", "scipy")
    document = {
        "versions": {name: version(name) for name in names},
        "start_ms": START_MS,
        "end_ms": END_MS,
        "tau_ms": TAUS_MS,
        "cases": [case(*pair) for pair in pairs()],
    }
    (HERE / "expected.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
