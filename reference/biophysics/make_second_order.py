#!/usr/bin/env python3
"""Voltages that belong to no scheme: NEURON with variable step at a tight tolerance, and the errors of its fixed steps.

    python make_second_order.py --mechanisms MECH            # writes second_order/
    python make_second_order.py --mechanisms MECH --check    # writes nothing, compares

Each cell is a folder of second_order/ with case.json and arrays.npz: soma voltage on a grid, computed at the tolerance below;
its own error is estimated by a run at a hundred times that tolerance. See README.md.
"""

import argparse
import json
from pathlib import Path

import make
import neuron
import numpy as np
from neuron import h

FOLDER = Path(__file__).resolve().parent
CASES = {"ball_and_sticks": (None, (0.08, 0.3)), "fast_spiking": ("0", (0.08, 0.28))}  # parameter set, currents [nA]
DELAY_MS, DURATION_MS, TOTAL_MS = 5.0, 85.0, 100.0
GRID_MS = 0.1
FINE_MS = 0.001  # grid for spike times
ATOL, LOOSER_ATOL = 1e-11, 1e-9
STEPS_MS = (0.04, 0.02, 0.01, 0.005, 0.0025)
THRESHOLD_MV = make.THRESHOLD_MV


def clamp(cell, amp_na):
    point = h.IClamp(cell.soma_middle)
    point.delay, point.dur, point.amp = DELAY_MS, DURATION_MS, amp_na
    return point


def crossings(v_mv, step_ms):
    """Upward crossings of the threshold, by the cubic through the four samples around each."""
    times = []
    for at in np.flatnonzero((v_mv[1:] >= THRESHOLD_MV) & (v_mv[:-1] < THRESHOLD_MV)):
        around = v_mv[at - 1 : at + 3] - THRESHOLD_MV
        cubic = np.polynomial.Polynomial.fit([-1, 0, 1, 2], around, 3).convert()
        roots = [root.real for root in cubic.roots() if abs(root.imag) < 1e-9 and -1e-9 <= root.real <= 1 + 1e-9]
        times.append(float((at + roots[0]) * step_ms))
    return times


def converged(cell, amp_na, atol):
    """Soma voltage on the fine grid by variable step."""
    point = clamp(cell, amp_na)  # noqa: F841 (kept alive)
    solver = h.CVode()
    solver.active(1)
    solver.atol(atol)
    solver.rtol(0)
    v = h.Vector().record(cell.soma_middle._ref_v, FINE_MS)
    h.finitialize(cell.v_init_mv)
    solver.solve(TOTAL_MS + FINE_MS)
    solver.active(0)
    return np.array(v)[: round(TOTAL_MS / FINE_MS) + 1]


def fixed(cell, amp_na, dt_ms, second_order):
    point = clamp(cell, amp_na)  # noqa: F841 (kept alive)
    h.CVode().active(0)
    h.secondorder, h.dt, h.steps_per_ms = second_order, dt_ms, 1 / dt_ms
    v = h.Vector().record(cell.soma_middle._ref_v)
    h.finitialize(cell.v_init_mv)
    n_steps = round(TOTAL_MS / dt_ms)
    for _ in range(n_steps):
        h.fadvance()
    h.secondorder = 0
    return np.array(v)[: n_steps + 1]


def every(v_mv, step_ms):
    return v_mv[:: round(GRID_MS / step_ms)]


def errors(v_mv, dt_ms, truth_mv, truth_times):
    """What a fixed step costs: before the current, of the spike times, of the voltage at equal times."""
    times = crossings(v_mv, dt_ms)
    common = min(len(times), len(truth_times))
    late = [times[k] - truth_times[k] for k in range(common)]
    grid = np.abs(v_mv[:: round(0.2 / dt_ms)] - truth_mv[:: round(0.2 / GRID_MS)]) if dt_ms == 0.04 else np.abs(
        every(v_mv, dt_ms) - truth_mv
    )  # fmt: skip
    share = len(grid) * DELAY_MS / TOTAL_MS
    return {
        "dt_ms": dt_ms,
        "n_spikes": len(times),
        "first_spike_late_ms": late[0] if late else None,
        "last_common_spike_late_ms": late[-1] if late else None,
        "before_current_max_mv": float(np.max(grid[: int(share) + 1])),
        "rms_mv": float(np.sqrt(np.mean(grid**2))),
    }


def compute(name, mechanisms):
    key, amps_na = CASES[name]
    folder = FOLDER / name
    parameters = json.loads((folder / ("hof_params.json" if key else "fit.json")).read_text())
    cell = make.Cell(folder / "morphology.swc", parameters[key] if key else parameters, "stub1")
    document = {"simulator": f"NEURON {neuron.__version__}", "cell": name, "set": key and int(key), "axon_rule": "stub1"}
    document |= {"mechanism_set": "allen", "celsius": h.celsius, "v_init_mv": cell.v_init_mv, "place": "soma[0](0.5)"}
    document |= {"delay_ms": DELAY_MS, "duration_ms": DURATION_MS, "total_ms": TOTAL_MS, "grid_ms": GRID_MS}
    document |= {"atol": ATOL, "rtol": 0, "spike_threshold_mv": THRESHOLD_MV, "sweeps": []}
    voltages = []
    for amp_na in amps_na:
        fine, looser = (converged(cell, amp_na, atol) for atol in (ATOL, LOOSER_ATOL))
        truth, times = every(fine, FINE_MS), crossings(fine, FINE_MS)
        loose_times = crossings(looser, FINE_MS)
        own = {
            "atol": LOOSER_ATOL,
            "max_mv": float(np.max(np.abs(every(looser, FINE_MS) - truth))),
            "spike_ms": float(np.max(np.abs(np.subtract(loose_times, times)), initial=0.0)),
        }
        table = {
            f"secondorder_{order}": [errors(fixed(cell, amp_na, dt, order), dt, truth, times) for dt in STEPS_MS]
            for order in (0, 2)
        }
        document["sweeps"].append({"amp_na": amp_na, "spike_times_ms": times, "looser_differs": own, "errors": table})
        voltages.append(truth)
    return document, {"amps_na": np.array(amps_na), "time_ms": np.arange(len(truth)) * GRID_MS, "v_mv": np.array(voltages)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mechanisms", type=Path, required=True, help="output folder of prepare_mechanisms.py")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    if not neuron.load_mechanisms(str(args.mechanisms)):
        raise SystemExit(f"{args.mechanisms}: no compiled mechanisms")
    h.load_file("stdrun.hoc")
    h.load_file("import3d.hoc")
    for name in CASES:
        document, arrays = compute(name, args.mechanisms)
        folder = FOLDER / "second_order" / name
        if args.check:
            make.compare(folder, {"arrays.npz": arrays, "case.json": document})
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "case.json").write_text(json.dumps(document, indent=1) + "\n")
        np.savez_compressed(folder / "arrays.npz", **arrays)
        for sweep in document["sweeps"]:
            print(name, sweep["amp_na"], len(sweep["spike_times_ms"]), sweep["looser_differs"])


if __name__ == "__main__":
    main()
