"""Times traces with their features, from cold: NEURON and eFEL, our simulator, the operator. Prints the rows of docs/performance.md.

usage, from the repository root:
    python benches/end_to_end.py --allen MECH [--noble target/release/noble] [--traces 10000] [--sweeps 20] [--repeats 3]

MECH is the folder made by reference/biophysics/prepare_mechanisms.py. The cell is the embedded one (38 compartments), a step of
400 ms in 515 ms at 0.02 ms; features are those of `noble predict`. Sides:

    operator     noble predict, whole process: embedding, network, features of every trace, NPZ, CSV and figures
    simulator    noble simulate and noble extract, whole processes, on a tenth of the traces
    NEURON       building the cell once, --sweeps sweeps of models' currents, eFEL's features of each; nothing written

One thread each, and the operator and simulator on two as well; every side once uncounted, then the minimum of --repeats. Times of
--traces traces are extrapolated for NEURON and the simulator. Needs neuron 9.0.2, efel 5.7.34 and numpy.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
ROOT = Path(__file__).resolve().parents[1]
FEATURES = (
    "Spikecount mean_frequency time_to_first_spike inv_first_ISI AP1_peak AP1_width mean_AP_amplitude AHP_depth "
    "AHP_time_from_peak steady_state_voltage_stimend voltage_base sag_amplitude"
).split()
N_CURRENTS = 20


def currents_na(n):
    return [round(0.02 + 0.26 * i / max(n - 1, 1), 5) for i in range(n)]


def seconds(repeats, work):
    """Least wall time after one run that is not counted."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def of_operator(args, folder, threads):
    steps = ",".join(map(str, currents_na(N_CURRENTS)))
    members = args.traces // N_CURRENTS
    words = ["predict", "--members", members, "--step-na", steps, "--threads", threads, "--out", folder / "ensemble"]
    return seconds(args.repeats, lambda: run(args.noble, *words)) / (members * N_CURRENTS)


def of_simulator(args, folder, threads):
    steps = ",".join(map(str, currents_na(N_CURRENTS)))
    members = max(1, args.traces // 10 // N_CURRENTS)
    solved = folder / "solved.npz"

    def work():
        run(args.noble, "simulate", "--members", members, "--step-na", steps, "--threads", threads, "--out", solved)
        run(args.noble, "extract", solved, "--features", ",".join(FEATURES), "--format", "csv", "--threads", threads)

    return seconds(args.repeats, work) / (members * N_CURRENTS)


def of_neuron(args):
    sys.path.insert(0, str(ROOT / "benches"))
    import efel
    import numpy as np
    import simulator

    case = simulator.Case("fast_spiking", [simulator.OWN_CELLS])
    cell = simulator.Neuron(case, args.allen)
    times_ms = np.arange(simulator.N_STEPS + 1) * simulator.DT_MS

    def work():
        for step_na in currents_na(args.sweeps):
            cell.clamp.amp = step_na
            cell.run()
            trace = {
                "T": times_ms,
                "V": np.array(cell.v_mv)[: len(times_ms)],
                "stim_start": [simulator.DELAY_MS],
                "stim_end": [simulator.DELAY_MS + simulator.DURATION_MS],
                "stimulus_current": [step_na],
            }
            efel.get_feature_values([trace], FEATURES)

    return seconds(1, work) / args.sweeps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--allen", required=True)
    parser.add_argument("--noble", type=Path, default=ROOT / "target/release/noble")
    parser.add_argument("--traces", type=int, default=10_000)
    parser.add_argument("--sweeps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        operator = of_operator(args, folder, 1)
        rows = [("operator, one core", operator)]
        rows.append(("operator, two cores", of_operator(args, folder, 2)))
        rows.append(("simulator, one core", of_simulator(args, folder, 1)))
        rows.append(("simulator, two cores", of_simulator(args, folder, 2)))
        rows.append(("NEURON and eFEL, one core", of_neuron(args)))
    print(f"| | ms a trace | {args.traces} traces, s | times the operator on one core |")
    print("|---|---|---|---|")
    for name, each in rows:
        print(f"| {name} | {1e3 * each:.3g} | {each * args.traces:.4g} | {each / operator:.3g} |")


if __name__ == "__main__":
    main()
