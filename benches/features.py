"""Times noble's features against eFEL on one trace and prints the rows of docs/performance.md.

usage, from the repository root:
    python benches/features.py [--repeats 300] [--noble-bench PATH] [--noble PATH] [--json FILE]

One thread on all sides. The trace has 8583 samples over 515 ms and 24 spikes; eFEL gets it as NumPy arrays, noble as
lists of times and voltages. Three requests: Spikecount, the study's 16 features, and all features but the three
voltage-clamp fits. noble is timed by

    cargo bench -p noble-features --bench features -- --trace FILE --format json

or by the executable PATH with the same arguments; every time is the minimum of n, the programs take turns. Then the whole
command `noble extract` on a file of nine sweeps (CSV) against a Python script that reads the same file with NumPy and asks
eFEL, start included.

Needs efel 5.7.34 and numpy.
"""
import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
N_SAMPLES, DURATION_MS, WINDOW_MS = 8583, 515.0, (15.0, 415.0)
N_SWEEPS = 9
STUDY = (
    "AHP1_depth_from_peak AHP_depth AHP_time_from_peak AP1_peak AP1_width Spikecount mean_frequency "
    "decay_time_constant_after_stim depol_block inv_first_ISI mean_AP_amplitude steady_state_voltage "
    "steady_state_voltage_stimend time_to_first_spike voltage_base sag_amplitude"
).split()
SCRIPT = """
import sys, numpy, efel
table = numpy.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
traces = [{"T": table[:, 0], "V": v, "stim_start": [15.0], "stim_end": [415.0]} for v in table[:, 1:].T]
for row in efel.get_feature_values(traces, sys.argv[2].split(",")):
    print(row)
"""


def drawn_trace(shift_ms=0.0):
    """24 spikes of closed form."""
    times_ms = np.arange(N_SAMPLES) * (DURATION_MS / (N_SAMPLES - 1))
    v_mv = np.full(N_SAMPLES, -70.0)
    for k in range(24):
        dt_ms = times_ms - 20.0 - shift_ms - 16.0 * k
        v_mv += 100.0 * np.exp(-((dt_ms / 0.5) ** 2)) - 8.0 * np.exp(-(((dt_ms - 3.0) / 2.0) ** 2))
    return times_ms, v_mv


def fastest_us(call, repeats):
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def noble_us(bench, trace_file, repeats):
    arguments = ["--trace", str(trace_file), "--repeats", str(repeats), "--format", "json"]
    command = [bench] if bench else ["cargo", "bench", "-q", "-p", "noble-features", "--bench", "features", "--"]
    output = subprocess.run(command + arguments, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {(row["request"], row["times"], row["mode"]): row["us"] for row in rows}


def in_memory(options, efel):
    times_ms, v_mv = drawn_trace()
    trace = {"T": times_ms, "V": v_mv, "stim_start": [WINDOW_MS[0]], "stim_end": [WINDOW_MS[1]]}
    everything = [name for name in efel.get_feature_names() if "activation_time_constant" not in name]
    requests = {"spikecount": ["Spikecount"], "study": STUDY, "all": everything}
    with tempfile.TemporaryDirectory() as folder:
        trace_file = Path(folder) / "trace.json"
        fields = {"stim_start_ms": WINDOW_MS[0], "stim_end_ms": WINDOW_MS[1]}
        trace_file.write_text(json.dumps({"time_ms": times_ms.tolist(), "v_mv": v_mv.tolist(), **fields}))
        rival, ours = {}, {}
        for _ in range(3):
            for key, us in noble_us(options.noble_bench, trace_file, options.repeats).items():
                ours[key] = min(us, ours.get(key, us))
            for request, names in requests.items():
                repeats = options.repeats if request != "all" else max(options.repeats // 8, 5)
                us = fastest_us(lambda names=names: efel.get_feature_values([trace], names), repeats)
                rival[request] = min(us, rival.get(request, us))
    rows = []
    print(f"{'request':12} {'eFEL us':>10} {'listed us':>10} {'ratio':>7} {'grid us':>9} {'ratio':>7} {'precise us':>11}")
    for request, us in rival.items():
        listed, grid = ours[request, "listed", "efel"], ours[request, "grid", "efel"]
        precise = ours[request, "listed", "precise"]
        print(f"{request:12} {us:10.1f} {listed:10.2f} {us / listed:7.1f} {grid:9.2f} {us / grid:7.1f} {precise:11.2f}")
        rows.append({"request": request, "efel_us": us, "listed_us": listed, "grid_us": grid, "precise_us": precise})
    return rows


def of_a_file(options):
    noble = options.noble or str(ROOT / "target/release/noble")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "sweeps.csv"
        sweeps = [drawn_trace(0.37 * k) for k in range(N_SWEEPS)]
        header = "time_ms," + ",".join(f"sweep{k}_mv" for k in range(N_SWEEPS))
        columns = np.column_stack([sweeps[0][0]] + [v_mv for _, v_mv in sweeps])
        np.savetxt(table, columns, delimiter=",", header=header, comments="", fmt="%.9g")
        script = Path(folder) / "ask_efel.py"
        script.write_text(SCRIPT)
        names = ",".join(STUDY)
        window = ["--stim-start-ms", "15", "--stim-end-ms", "415"]
        commands = {
            "noble extract": [noble, "extract", str(table), "--features", names, "--format", "json", "--threads", "1", *window],
            "Python, eFEL": [sys.executable, str(script), str(table), names],
        }
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(5):
            for name, command in commands.items():
                us = fastest_us(lambda command=command: subprocess.run(command, check=True, capture_output=True), 1)
                best[name] = min(best[name], us)
        for name, us in best.items():
            print(f"{name:14} {us / 1e3:8.1f} ms")
            rows.append({"command": name, "ms": us / 1e3})
        print(f"ratio {best['Python, eFEL'] / best['noble extract']:.1f}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--noble-bench")
    parser.add_argument("--noble")
    parser.add_argument("--json")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    import efel

    results = {"in_memory": in_memory(options, efel), "of_a_file": of_a_file(options)}
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
