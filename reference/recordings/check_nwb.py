#!/usr/bin/env python3
"""Opens NWB files with pynwb and prints what it reads; any warning or finding of the validator is an error.

    pip install pynwb==4.2.0 hdmf==6.2.0 h5py==3.16.0
    python check_nwb.py FILE...
"""

import sys
import warnings

import numpy as np
from pynwb import NWBHDF5IO, validate


def check(path):
    with NWBHDF5IO(path, "r") as io:
        file = io.read()
        for name, series in file.acquisition.items():
            data = np.asarray(series.data, dtype=np.float64) * series.conversion + series.offset
            print(f"{name}: {data.size} samples at {series.rate} Hz, {data.min():.6g} to {data.max():.6g} {series.unit}, "
                  f"sweep {series.sweep_number}, {series.electrode.name} on {series.electrode.device.name}")
        n_stimuli = len(file.stimulus)
        print(f"{path}: {file.identifier!r}, {file.session_start_time}, {len(file.acquisition)} sweeps, {n_stimuli} stimuli")
    findings = validate(path=path)
    findings = findings[0] if isinstance(findings, tuple) else findings
    for finding in findings:
        print(f"{path}: {finding}")
    return len(findings)


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.exit(1 if sum(check(path) for path in sys.argv[1:]) else 0)
