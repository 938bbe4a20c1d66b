#!/usr/bin/env python3
"""Reference values of every eFEL feature on ten small traces of our own.

    pip install efel==5.7.34 numpy==2.4.6 scipy==1.17.1
    python make.py                # writes traces.npz and expected.json beside this file

The traces come from the point models and closed forms below (numpy only, no randomness). Each feature is asked alone, on a
cleared eFEL state. The whole evaluation runs three times, with fresh memory filled in three ways (MALLOC_PERTURB_, glibc):
a value that changes was read outside of an array and its name is listed under `unstable`.
"""

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
STEP_MS = 0.02
SUMMARIZED = ("voltage", "time", "current")
FILLS = (None, "85", "170")
TOLERANCE, SUMMARY_TOLERANCE = 1e-9, 1e-6


# ---------------------------------------------------------------- point models


def boltzmann(v, half, slope):
    return 1.0 / (1.0 + np.exp(-(v - half) / slope))


def linoid(s, k):
    """s / (1 - exp(-s/k)), finite at s = 0."""
    return k if abs(s) < 1e-9 else s / -np.expm1(-s / k)


def relax(x, target, tau, dt):
    """Exact step of x' = (target - x) / tau."""
    return target + (x - target) * np.exp(-dt / tau)


def fast_spiking_cell(current, n_steps, g_slow=0.0, slow_tau=120.0):
    """Wang and Buzsaki 1996 (J Neurosci 16:6402), with an optional slow potassium current that adapts the firing.

    `current(t)` in uA/cm2; conductances mS/cm2; returns mV at every step.
    """
    v, h, n, slow = -64.3, 0.78, 0.09, 0.0
    out = np.empty(n_steps + 1)
    out[0] = v
    for i in range(n_steps):
        activation = 0.1 * linoid(v + 35.0, 10.0)
        m = activation / (activation + 4.0 * np.exp(-(v + 60.0) / 18.0))
        a, b = 0.35 * np.exp(-(v + 58.0) / 20.0), 5.0 / (1.0 + np.exp(-0.1 * (v + 28.0)))
        h = relax(h, a / (a + b), 1.0 / (a + b), STEP_MS)
        a, b = 0.05 * linoid(v + 34.0, 10.0), 0.625 * np.exp(-(v + 44.0) / 80.0)
        n = relax(n, a / (a + b), 1.0 / (a + b), STEP_MS)
        slow = relax(slow, boltzmann(v, -30.0, 5.0), slow_tau, STEP_MS)
        g_na, g_k, g_leak = 35.0 * m**3 * h, 9.0 * n**4 + g_slow * slow, 0.1
        g = g_na + g_k + g_leak
        v = relax(v, (55.0 * g_na - 90.0 * g_k - 65.0 * g_leak + current(i * STEP_MS)) / g, 1.0 / g, STEP_MS)
        out[i + 1] = v
    return out


def squid_axon(current, n_steps):
    """Hodgkin and Huxley 1952 (J Physiol 117:500), rest at -65 mV."""
    v, m, h, n = -65.0, 0.05293, 0.59612, 0.31768
    out = np.empty(n_steps + 1)
    out[0] = v
    for i in range(n_steps):
        rates = (
            (0.1 * linoid(v + 40.0, 10.0), 4.0 * np.exp(-(v + 65.0) / 18.0)),
            (0.07 * np.exp(-(v + 65.0) / 20.0), boltzmann(v, -35.0, 10.0)),
            (0.01 * linoid(v + 55.0, 10.0), 0.125 * np.exp(-(v + 65.0) / 80.0)),
        )
        m, h, n = (relax(x, a / (a + b), 1.0 / (a + b), STEP_MS) for x, (a, b) in zip((m, h, n), rates))
        g_na, g_k, g_leak = 120.0 * m**3 * h, 36.0 * n**4, 0.3
        g = g_na + g_k + g_leak
        v = relax(v, (50.0 * g_na - 77.0 * g_k - 54.387 * g_leak + current(i * STEP_MS)) / g, 1.0 / g, STEP_MS)
        out[i + 1] = v
    return out


def bursting_cell(current, n_steps, unit_ms=0.8, slow_rate=0.008):
    """Hindmarsh and Rose 1984 (Proc R Soc B 221:87), by the midpoint rule; x is scaled to V = 36 x - 18 mV."""

    def slope(x, y, z, drive):
        return np.array([y - x**3 + 3.0 * x**2 - z + drive, 1.0 - 5.0 * x**2 - y, slow_rate * (4.0 * (x + 1.6) - z)])

    dt = STEP_MS / unit_ms
    state = np.array([-1.605, -11.88, -0.02])
    out = np.empty(n_steps + 1)
    out[0] = state[0]
    for i in range(n_steps):
        drive = current(i * STEP_MS)
        middle = state + 0.5 * dt * slope(*state, drive)
        state = state + dt * slope(*middle, drive)
        out[i + 1] = state[0]
    return 36.0 * out - 18.0


def step(on, off, amplitude):
    return lambda t: amplitude if on <= t < off else 0.0


# ---------------------------------------------------------------- closed forms


def charging(t, on, off, tau):
    """Response of a first-order system to a unit step between `on` and `off`."""
    rise = -np.expm1(-np.clip(t - on, 0.0, off - on) / tau)
    return rise * np.exp(-np.clip(t - off, 0.0, None) / tau)


# ---------------------------------------------------------------- the ten traces


class Traces:
    def __init__(self):
        self.arrays, self.about = {}, {}

    def add(self, name, category, description, v_mv, window, grid=None, times=None, current=None, settings=None, **extra):
        """`grid` = (t0, dt) in ms or `times`; `extra` are further keys eFEL reads from a trace."""
        self.arrays[f"{name}.V"] = np.asarray(v_mv).astype(np.float32)
        if times is not None:
            self.arrays[f"{name}.T"] = np.asarray(times, dtype=np.float64)
        if current is not None:
            self.arrays[f"{name}.I"] = np.asarray(current).astype(np.float32)
        self.about[name] = {
            "category": category,
            "description": description,
            "stim_start": float(window[0]),
            "stim_end": float(window[1]),
            "settings": settings or {},
            "extra": {key: [float(value)] for key, value in extra.items()},
            "has_I": current is not None,
            "n": len(v_mv),
            "grid": None if grid is None else {"t0": float(grid[0]), "dt": float(grid[1])},
        }


def adaptive_sampling(t, v, tolerance_mv=0.4, longest_ms=5.0):
    """Indices that a variable-step solver might keep: dense where V moves, sparse where it rests."""
    kept = [0]
    for i in range(1, len(t)):
        if abs(v[i] - v[kept[-1]]) > tolerance_mv or t[i] - t[kept[-1]] >= longest_ms or i == len(t) - 1:
            kept.append(i)
    return np.array(kept)


def ten_traces():
    traces = Traces()
    steps = lambda total_ms: round(total_ms / STEP_MS)  # noqa: E731

    v = fast_spiking_cell(step(20.0, 220.0, 3.0), steps(250.0))
    traces.add("fast_spiking", "fs", "fast-spiking cell, 3 uA/cm2, dt 0.02 ms", v, (20.0, 220.0), (0.0, 0.02),
               stimulus_current=0.03)  # fmt: skip

    v = fast_spiking_cell(step(15.0, 415.0, 2.2), steps(515.0), g_slow=0.9)
    traces.add("adapting", "rs", "cell with a slow potassium current, 2.2 uA/cm2, dt 0.06 ms", v[::3], (15.0, 415.0),
               (0.0, 0.06), stimulus_current=0.22)  # fmt: skip

    v = bursting_cell(step(100.0, 700.0, 2.9), steps(800.0))
    traces.add("bursts", "burst", "Hindmarsh-Rose bursts, dt 0.1 ms", v[::5], (100.0, 700.0), (0.0, 0.1))

    t = np.arange(9001) * 0.1
    hyperpolarized = charging(t, 150.0, 650.0, 14.0) - 0.28 * charging(t, 150.0, 650.0, 55.0)
    traces.add("sag", "sag", "hyperpolarized by -0.12 nA, sag and rebound in closed form, dt 0.1 ms, with current",
               -71.5 - 0.12 * 190.0 * hyperpolarized, (150.0, 650.0), (0.0, 0.1),
               current=np.where((t >= 150.0) & (t < 650.0), -0.12, 0.0), stimulus_current=-0.12)  # fmt: skip

    t = np.arange(8584) * 0.06
    traces.add("passive", "passive", "one time constant of 22 ms, -0.05 nA into 160 megaohm, dt 0.06 ms",
               -68.0 - 0.05 * 160.0 * charging(t, 15.0, 415.0, 22.0), (15.0, 415.0), (0.0, 0.06),
               stimulus_current=-0.05, decay_start_after_stim=1.5, decay_end_after_stim=40.0)  # fmt: skip

    v = squid_axon(step(30.0, 130.0, 4.5), steps(160.0))
    traces.add("single_spike", "few_spikes", "squid axon, one spike at the onset of 4.5 uA/cm2, dt 0.02 ms", v,
               (30.0, 130.0), (0.0, 0.02), stimulus_current=0.045)  # fmt: skip

    v = fast_spiking_cell(step(15.0, 415.0, 0.12), steps(515.0))
    traces.add("no_spike", "fs", "depolarized below threshold, 0.12 uA/cm2, dt 0.06 ms", v[::3], (15.0, 415.0), (0.0, 0.06),
               stimulus_current=0.0012)  # fmt: skip

    v = squid_axon(step(50.0, 250.0, 170.0), steps(300.0))
    traces.add("plateau", "block", "squid axon, depolarization block at 170 uA/cm2, dt 0.06 ms", v[::3], (50.0, 250.0),
               (0.0, 0.06), stimulus_current=1.7)  # fmt: skip

    v = fast_spiking_cell(step(60.0, 360.0, 1.1), steps(420.0), g_slow=0.5, slow_tau=60.0)
    t = np.arange(len(v)) * STEP_MS
    kept = adaptive_sampling(t, v)
    traces.add("uneven_grid", "sampling", "adapting cell on a grid as a variable-step solver leaves it", v[kept],
               (60.0, 360.0), times=t[kept])  # fmt: skip

    traces.add("late_window", "settings", "the same cell; time from 40 ms, window over the last two thirds of the step only",
               v[::5], (200.0, 400.0), (40.0, 0.1),
               settings={"strict_stiminterval": True, "interp_step": 0.05, "Threshold": -30.0})  # fmt: skip
    return traces


# ---------------------------------------------------------------- evaluation


def load_traces():
    """(name, settings, trace as eFEL takes it) of every stored trace."""
    arrays = np.load(HERE / "traces.npz")
    about = json.loads((HERE / "about.tmp.json").read_text())
    for name, facts in about.items():
        grid = facts["grid"]
        times = arrays[f"{name}.T"] if grid is None else grid["t0"] + np.arange(facts["n"]) * grid["dt"]
        trace = {"T": times, "V": arrays[f"{name}.V"].astype(np.float64)}
        trace |= {"stim_start": [facts["stim_start"]], "stim_end": [facts["stim_end"]]} | facts["extra"]
        if facts["has_I"]:
            trace["I"] = arrays[f"{name}.I"].astype(np.float64)
        yield name, facts["settings"], trace


def plain(number):
    """A JSON value; not-finite numbers become text."""
    number = number.item() if isinstance(number, np.generic) else number
    if isinstance(number, float) and not math.isfinite(number):
        return "nan" if math.isnan(number) else ("inf" if number > 0 else "-inf")
    return number


def encode(feature, values):
    if values is None:
        return None
    listed = [plain(value) for value in values]
    if feature not in SUMMARIZED:
        return listed
    finite = [value for value in listed if not isinstance(value, str)]
    middle = listed[len(listed) // 2]
    return {"len": len(listed), "first": listed[0], "last": listed[-1], "sum": math.fsum(finite), "middle": middle}


def evaluate(trace, settings, features):
    """Values of the features, all asked in one call."""
    import efel

    warnings.simplefilter("ignore")
    efel.reset()
    for key, value in settings.items():
        efel.set_setting(key, value)
    try:
        answers = efel.get_feature_values([trace], features, raise_warnings=False)[0]
    except Exception as error:  # eFEL's own failure is the reference behaviour
        return {feature: {"error": type(error).__name__} for feature in features}
    return {feature: encode(feature, answers[feature]) for feature in features}


def alone_and_together(trace, settings, queue):
    """Every feature on its own, then all in eFEL's order in one call."""
    import efel

    order = list(dict.fromkeys(efel.get_feature_names()))
    alone = {}
    for feature in sorted(order):
        alone |= evaluate(trace, settings, [feature])
    queue.put({"alone": alone, "together": evaluate(trace, settings, order)})


def pass_over_all(path):
    """One pass, a process per trace: nothing of one trace is left in memory for the next."""
    context, results = multiprocessing.get_context("fork"), {}
    for name, settings, trace in load_traces():
        queue = context.Queue()
        process = context.Process(target=alone_and_together, args=(trace, settings, queue))
        process.start()
        results[name] = queue.get(timeout=300)
        process.join()
    Path(path).write_text(json.dumps(results))


def passes():
    """Results of one pass per memory filling."""
    results = []
    for fill in FILLS:
        environment = {key: value for key, value in os.environ.items() if key != "MALLOC_PERTURB_"}
        if fill:
            environment["MALLOC_PERTURB_"] = fill
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            subprocess.run([sys.executable, __file__, "--pass-into", file.name], check=True, env=environment)
            results.append(json.loads(Path(file.name).read_text()))
    return results


def agree(a, b, tolerance=TOLERANCE):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(agree(x, y, tolerance) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(agree(a[key], b[key], SUMMARY_TOLERANCE) for key in a)
    return a == b


def write_expected(about):
    import efel
    import scipy

    first, *others = passes()
    traces = {}
    for name, facts in about.items():
        alone, together = first[name]["alone"], first[name]["together"]
        unstable = [f for f, value in alone.items() if not all(agree(value, o[name]["alone"][f]) for o in others)]
        differs = sorted(f for f, value in together.items() if f not in unstable and not agree(value, alone[f]))
        traces[name] = facts | {"unstable": unstable, "batch_differs": differs, "features": alone}
        print(f"{name}: {facts['n']} samples, {alone['Spikecount']} spikes, unstable {unstable}, batch differs {differs}")
    efel.reset()
    settings = {key: value for key, value in vars(efel.get_settings()).items() if key != "dependencyfile_path"}
    head = {"efel": efel.__version__, "numpy": np.__version__, "scipy": scipy.__version__, "settings": settings}
    head |= {"n_traces": len(traces), "n_features": len(next(iter(traces.values()))["features"])}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    rows = [f"{json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in traces.items()]
    text = "{\n" + "\n".join(lines) + '\n"traces": {\n' + ",\n".join(rows) + "\n}\n}\n"
    (HERE / "expected.json").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pass-into", help="internal: evaluate the stored traces once and write to this file")
    args = parser.parse_args()
    if args.pass_into:
        pass_over_all(args.pass_into)
        return
    traces = ten_traces()
    np.savez_compressed(HERE / "traces.npz", **traces.arrays)
    handover = HERE / "about.tmp.json"
    handover.write_text(json.dumps(traces.about))
    try:
        write_expected(traces.about)
    finally:
        handover.unlink()


if __name__ == "__main__":
    main()
