#!/usr/bin/env python3
"""A firing cell of closed form as an ABF file, with eFEL's features of every sweep.

    pip install pyabf==2.3.8 efel==5.7.34 numpy==2.4.6
    python make_firing.py             # writes firing/*.abf, samples.json and sweeps.csv

Six sweeps of 300 ms, a step from 50.2 to 249.2 ms. Voltages are what pyABF reads, windows follow from the protocol.
"""

import csv
import json
import logging
import warnings

import efel
import numpy as np
import pyabf

import make_abf
from make_abf import HERE as ABF, STEP, write_v2

HERE = ABF.parent / "firing"
N_SAMPLES, RATE_HZ = 6000, 20000
FEATURES = (
    "Spikecount Spikecount_stimint voltage_base AP1_peak AP1_width AHP_depth mean_frequency inv_first_ISI sag_amplitude "
    "steady_state_voltage_stimend decay_time_constant_after_stim ohmic_input_resistance"
).split()
FIRST, END = 93 + 911, 93 + 911 + 3980  # the sweep begins with a 64th at the holding level


def cell(picoamperes):
    """Charging with sag, and spikes at even intervals above 40 pA; mV."""
    t = np.arange(N_SAMPLES) * 1e3 / RATE_HZ
    on, off = FIRST * 1e3 / RATE_HZ, END * 1e3 / RATE_HZ
    rise = np.where(t < on, 0.0, 1.0 - np.exp(-np.maximum(t - on, 0.0) / 9.0))
    fall = np.where(t < off, 0.0, 1.0 - np.exp(-np.maximum(t - off, 0.0) / 9.0))
    sag = np.where((t < on) | (t >= off), 0.0, np.exp(-np.maximum(t - on, 0.0) / 30.0)) * rise
    v = -70.0 + 0.15 * picoamperes * (rise - fall) + 0.03 * min(picoamperes, 0.0) * sag
    if picoamperes > 40.0:
        for at in np.arange(on + 900.0 / picoamperes, off - 3.0, 1500.0 / picoamperes):
            v += 95.0 * np.exp(-(((t - at) / 0.45) ** 2)) - 9.0 * np.exp(-(((t - at - 2.5) / 1.6) ** 2))
    return v


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    HERE.mkdir(exist_ok=True)
    make_abf.HERE = HERE
    currents = [-100 + 50 * s for s in range(6)]
    # 32768 numbers for the 10 V of the converter, 10 mV at it for each mV of the cell.
    data = np.rint(np.array([[cell(current) * 0.01 * 32768 / 10] for current in currents])).astype(np.int16)
    epochs = [(0, STEP, 0, 0, 911, 0, 0, 0), (0, STEP, -100, 50, 3980, 0, 0, 0)]
    write_v2("firing.abf", data, [("Vm", "mV", 0.01, 0.0, None)], [("Cmd 0", "pA", 0.0, 1, 1, 0)], epochs)
    abf = pyabf.ABF(str(HERE / "firing.abf"))
    samples, rows = {}, []
    for s in abf.sweepList:
        abf.setSweep(s)
        v, c = abf.sweepY.astype(np.float64), np.asarray(abf.sweepC, dtype=np.float64) * 1e-3
        middle = (FIRST + END) // 2
        name = f"sweep {s} channel 0"
        samples[f"firing.abf|{name}"] = {
            "n": v.size, "sum_mV": v.sum(), "min_mV": v.min(), "max_mV": v.max(), "first5_mV": v[:5].tolist(),
            "at_1000_mV": v[1000], "stim_at_mid_nA": c[middle],
        }
        amplitude = round(float(c[middle]), 6)
        trace = {
            "T": np.arange(v.size) * 1e3 / RATE_HZ, "V": v, "stim_start": [FIRST * 1e3 / RATE_HZ],
            "stim_end": [END * 1e3 / RATE_HZ], "stimulus_current": [amplitude],
        }
        found = efel.get_feature_values([trace], FEATURES, raise_warnings=False)[0]
        means = [float(np.mean(found[f])) if found[f] is not None and len(found[f]) else np.nan for f in FEATURES]
        means = [repr(mean) if np.isfinite(mean) else "" for mean in means]
        rows.append(["firing.abf", name, float(abf.dataRate), v.size, FIRST, END, amplitude, *means])
    with open(HERE / "sweeps.csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["file", "series", "rate_hz", "samples", "stim_first_sample", "stim_end_sample", "stim_nA", *FEATURES])
        w.writerows(rows)
    (HERE / "samples.json").write_text(json.dumps(samples) + "\n")


if __name__ == "__main__":
    main()
