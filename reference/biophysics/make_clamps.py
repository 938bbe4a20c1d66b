#!/usr/bin/env python3
"""Reference numbers of electrodes and recordings, computed by NEURON on the cell `ball_and_sticks`.

    python make_clamps.py --mechanisms MECH            # writes clamps/
    python make_clamps.py --mechanisms MECH --check    # writes nothing, compares

Sweeps are listed in `cases()`. Each case is a folder of clamps/ with case.json (what was run) and arrays.npz (float64, every
step). What NEURON does with a played waveform and a voltage clamp is checked first on one passive compartment, whose
voltage gives the current of every step; see README.md.
"""

import argparse
import json
from pathlib import Path

import make
import neuron
import numpy as np
from neuron import h

FOLDER = Path(__file__).resolve().parent
CELL = "ball_and_sticks"
SOMA = "soma[0](0.5)"
NEAR, FAR, TUFT, AXON = "dend[0](0.5)", "dend[1](0.9)", "apic[2](0.9)", "axon[0](0.5)"
DT_MS = 0.02
SEED = 20
FOREVER_MS = 1e9
SEMANTICS = {
    "clamp_na": "sample n + 1 is the electrode's current over the step from sample n to n + 1; sample 0 that at the start. "
    "Into the cell is positive. Of a voltage clamp: (command at the middle of the step - v at its end) / series resistance",
    "step": "on while delay_ms <= t < delay_ms + duration_ms, t the middle of the time step",
    "held": "samples[k] from k * sample_step_ms on, looked up at the middle of the time step (none begins there: round-off "
    "would decide); the last is held; the window delay_ms, duration_ms cuts it as it cuts a step",
    "interpolated": "linear between (times, samples), looked up at the middle of the time step; before the first time the "
    "first sample; after the last time the line through the last two samples goes on (equal times make a jump)",
    "voltage": "levels follow one another, each [duration_ms, voltage_mv]; the command is looked up at the middle of the "
    "time step; after the last level the clamp is off",
    "every": "currents [mA/cm2] of sample n + 1 are of v, gates and eca of the step that begins at sample n; eca of sample "
    "n + 1 follows cai of sample n; sample 0 has all of them at the start; gates and cai belong to their own sample",
}


# ---------------------------------------------------------------- what is run


def step(place, delay_ms, duration_ms, amplitude_na):
    return {"kind": "step", "place": place, "delay_ms": delay_ms, "duration_ms": duration_ms, "amplitude_na": amplitude_na}


def held(sample_step_ms, samples, delay_ms=0.0, duration_ms=FOREVER_MS):
    return {"kind": "held", "place": SOMA, "delay_ms": delay_ms, "duration_ms": duration_ms,
            "sample_step_ms": sample_step_ms, "samples_na": samples}  # fmt: skip


def interpolated(times, samples):
    return {"kind": "interpolated", "place": SOMA, "delay_ms": 0.0, "duration_ms": FOREVER_MS,
            "times_ms": times, "samples_na": samples}  # fmt: skip


def voltage(resistance, *levels, place=SOMA):
    return {"kind": "voltage", "place": place, "series_resistance_megaohm": resistance, "levels": levels}


def ramped_voltage(resistance, duration_ms, times, samples):
    return {"kind": "voltage_interpolated", "place": SOMA, "series_resistance_megaohm": resistance,
            "duration_ms": duration_ms, "times_ms": times, "samples_mv": samples}  # fmt: skip


def sweep(name, total_ms, places, *clamps):
    return {"name": name, "total_ms": total_ms, "places": places, "clamps": list(clamps)}


def signed(value):
    return f"{'minus' if value < 0 else 'plus'}{abs(value)}"


def voltage_levels():
    """Three levels through a large and a small series resistance, released at the end."""
    return [
        sweep(f"r{resistance:g}_{signed(level)}", 25.0, [SOMA, NEAR], voltage(resistance, [5, -80], [12, level], [4, -80]))
        for resistance in (5, 0.5)
        for level in (-100, -40, 10)
    ]


def voltage_series():
    """Prepulses before one test pulse, a ramp as the command, a clamp with a current beside it, a clamp on a dendrite."""
    sweeps = [
        sweep(f"prepulse_{signed(level)}", 20.0, [SOMA], voltage(1, [4, -80], [8, level], [8, 0]))
        for level in (-110, -80, -60, -40)
    ]
    sweeps.append(sweep("ramp", 20.0, [SOMA], ramped_voltage(1, 18.0, [0, 4, 14, 14, 20], [-80, -80, 20, -60, -90])))
    sweeps.append(sweep("current_beside", 20.0, [SOMA, FAR], voltage(2, [20, -70]), step(FAR, 5, 10, 0.2)))
    sweeps.append(sweep("dendrite", 20.0, [SOMA, FAR], voltage(3, [3, -80], [10, -20], place=FAR)))
    return sweeps


def current_places():
    """A step into a dendrite, then into the tuft."""
    places = [SOMA, FAR, TUFT, AXON]
    return [
        sweep("dendrite", 30.0, places, step(FAR, 5, 20, 0.25)),
        sweep("tuft", 30.0, places, step(TUFT, 5, 20, 0.35)),
    ]


def current_sum():
    """Steps that overlap, follow one another, begin and end between time steps, at three places."""
    clamps = [step(SOMA, 5, 20, 0.08), step(SOMA, 10, 5, -0.06), step(SOMA, 15, 5, 0.05), step(SOMA, 7.013, 3.007, 0.11)]
    clamps += [step(FAR, 8, 15, 0.07), step(AXON, 12.5, 6.25, 0.03)]
    return [sweep("six", 30.0, [SOMA, FAR, AXON], *clamps)]


def current_waveforms():
    """Ramp, sine, chirp and noise, held or interpolated."""
    rng = np.random.default_rng(SEED)

    def noise(n_samples):
        return np.round(0.12 + 0.15 * rng.standard_normal(n_samples), 4)

    fine = np.round(np.arange(0, 30.05, 0.1), 6)
    sine = np.round(0.15 + 0.15 * np.sin(2 * np.pi * 0.12 * fine), 6)
    phase = 2 * np.pi * (0.02 * fine + 0.5 * 0.02 * fine**2)
    chirp = np.round(0.1 + 0.12 * np.sin(phase), 6)
    waveforms = {
        "noise_held": held(0.1, noise(300)),
        "noise_held_every_step": held(DT_MS, noise(1500)),
        "noise_held_off_grid": held(0.07371, noise(300), delay_ms=4.0, duration_ms=20.0),
        "noise_interpolated": interpolated(fine, noise(301)),
        "ramp": interpolated(np.array([2, 12.003, 12.003, 20, 26]), np.array([0, 0.4, -0.1, 0.3, 0.1])),
        "sine": interpolated(fine, sine),
        "chirp": held(0.1, chirp),
    }
    return [sweep(name, 30.0, [SOMA], clamp) for name, clamp in waveforms.items()]


def everything():
    """All that changes at two places while the cell fires."""
    return [sweep("spikes", 12.0, [SOMA, AXON], step(SOMA, 1, 10, 1.0)) | {"everything": True}]


def cases():
    makers = (voltage_levels, voltage_series, current_places, current_sum, current_waveforms, everything)
    return {maker.__name__: (maker.__doc__, maker()) for maker in makers}


# ---------------------------------------------------------------- running it


def at(cell, place):
    """The segment named `dend[3](0.5)`."""
    section, x = place.rstrip(")").split("(")
    kind, number = section.rstrip("]").split("[")
    return cell.sections[kind][int(number)](float(x))


def electrode(segment, clamp):
    """The point process of a clamp and what must be kept alive for it."""
    kind = clamp["kind"]
    if kind.startswith("voltage"):
        point = h.SEClamp(segment)
        point.rs = clamp["series_resistance_megaohm"]
        levels = clamp.get("levels") or [[clamp["duration_ms"], 0.0]]
        for number, (duration_ms, voltage_mv) in enumerate(levels, 1):
            setattr(point, f"dur{number}", duration_ms)
            setattr(point, f"amp{number}", voltage_mv)
        target, samples = point._ref_amp1, clamp.get("samples_mv")
    else:
        point = h.IClamp(segment)
        point.delay, point.dur = clamp["delay_ms"], clamp["duration_ms"]
        point.amp = clamp.get("amplitude_na", 0.0)
        target, samples = point._ref_amp, clamp.get("samples_na")
    played = []
    if samples is not None:
        played.append(h.Vector(np.asarray(samples, dtype=float)))
        if kind == "held":
            played[0].play(target, clamp["sample_step_ms"])
        else:
            played.append(h.Vector(np.asarray(clamp["times_ms"], dtype=float)))
            played[0].play(target, played[1], 1)
    return point, played


def advance(v_init_mv, total_ms):
    h.secondorder, h.dt, h.steps_per_ms = 0, DT_MS, 1 / DT_MS
    h.finitialize(v_init_mv)
    for _ in range(round(total_ms / DT_MS)):
        h.fadvance()


def matrix(vectors, total_ms):
    return np.array([np.array(vector)[: round(total_ms / DT_MS) + 1] for vector in vectors])


def run(cell, one):
    """Arrays of a sweep, and what its place recordings are called."""
    electrodes = [electrode(at(cell, clamp["place"]), clamp) for clamp in one["clamps"]]
    v = [h.Vector().record(at(cell, place)._ref_v) for place in one["places"]]
    i = [h.Vector().record(point._ref_i) for point, _ in electrodes]
    every = {place: quantities(at(cell, place)) for place in one["places"]} if one.get("everything") else {}
    recorded = {place: [h.Vector().record(ref) for ref in refs.values()] for place, refs in every.items()}
    advance(cell.v_init_mv, one["total_ms"])
    arrays = {"v_mv": matrix(v, one["total_ms"]), "clamp_na": matrix(i, one["total_ms"])}
    names, constants = {}, {}
    for place, vectors in recorded.items():
        values = matrix(vectors, one["total_ms"])
        moves = np.ptp(values, axis=1) > 0
        keys = np.array(list(every[place]))
        names[place] = keys[moves].tolist()
        constants[place] = dict(zip(keys[~moves].tolist(), values[~moves, 0].tolist()))
        arrays[f"every.{place}"] = values[moves]
    return arrays, {"every": names, "constant": constants} if every else {}


def quantities(segment):
    """References to all range variables of a segment except conductances and slopes, named as in probe.json."""
    found = {}
    for mechanism in segment:
        if mechanism.name() in ("capacitance", "morphology", "extracellular"):
            continue
        for variable in mechanism:
            short = variable.name().removesuffix(f"_{mechanism.name()}")
            if variable.name() == "g_pas" or short != "g" and not short.endswith("_dv_"):
                found[f"{mechanism.name()}.{variable.name()}"] = getattr(segment, f"_ref_{variable.name()}")
    return found


# ---------------------------------------------------------------- what NEURON means, on one passive compartment


def command(clamp, t_ms):
    """The value of a clamp at a time, `None` where a voltage clamp is off, by the words of SEMANTICS."""
    if clamp["kind"] == "voltage":
        ends = np.cumsum([level[0] for level in clamp["levels"]])
        number = int(np.searchsorted(ends, t_ms, side="right"))
        return clamp["levels"][number][1] if number < len(ends) else None
    if clamp["kind"] == "voltage_interpolated":
        return line(clamp["times_ms"], clamp["samples_mv"], t_ms) if t_ms < clamp["duration_ms"] else None
    if not clamp["delay_ms"] <= t_ms < clamp["delay_ms"] + clamp["duration_ms"]:
        return 0.0
    if clamp["kind"] == "step":
        return clamp["amplitude_na"]
    if clamp["kind"] == "held":
        samples = clamp["samples_na"]
        return samples[min(int(np.floor(t_ms / clamp["sample_step_ms"] + 1e-9)), len(samples) - 1)]
    return line(clamp["times_ms"], clamp["samples_na"], t_ms)


def line(times, samples, t_ms):
    if t_ms <= times[0]:
        return samples[0]
    after = min(int(np.searchsorted(times, t_ms, side="right")), len(times) - 1)
    slope = (samples[after] - samples[after - 1]) / (times[after] - times[after - 1])
    return samples[after - 1] + slope * (t_ms - times[after - 1])


def check_semantics():
    """Every somatic waveform and voltage clamp, on a passive sphere, against SEMANTICS; prints the largest errors."""
    ball = h.Section(name="ball")
    ball.L = ball.diam = 20
    ball.cm, ball.nseg = 1, 1
    ball.insert("pas")
    ball.g_pas, ball.e_pas = 1e-4, -70
    capacitance_nf, leak_usiemens = ball(0.5).area() * 1e-5, 1e-4 * ball(0.5).area() * 1e-2
    worst = {"current_na": 0.0, "voltage_mv": 0.0, "recorded_na": 0.0}
    for _, sweeps in cases().values():
        for one in sweeps:
            for clamp in one["clamps"]:
                point, played = electrode(ball(0.5), clamp)
                vectors = [h.Vector().record(ref) for ref in (ball(0.5)._ref_v, point._ref_i)]
                advance(-70.0, one["total_ms"])
                v, i = matrix(vectors, one["total_ms"])
                middles = (np.arange(len(v) - 1) + 0.5) * DT_MS
                values = [command(clamp, t_ms) for t_ms in middles]
                if clamp["kind"].startswith("voltage"):
                    per = 1 / clamp["series_resistance_megaohm"]
                    g = np.array([0.0 if value is None else per for value in values])
                    driven = g * np.array([0.0 if value is None else value for value in values])
                    expected = (capacitance_nf / DT_MS * v[:-1] - 70 * leak_usiemens + driven) / (
                        capacitance_nf / DT_MS + leak_usiemens + g
                    )
                    worst["voltage_mv"] = max(worst["voltage_mv"], np.max(np.abs(v[1:] - expected)))
                    recorded = driven - g * v[1:]
                else:
                    implied = capacitance_nf / DT_MS * np.diff(v) + leak_usiemens * (v[1:] + 70)
                    worst["current_na"] = max(worst["current_na"], np.max(np.abs(implied - values)))
                    recorded = values
                worst["recorded_na"] = max(worst["recorded_na"], np.max(np.abs(i[1:] - recorded)))
                del point, played
    print("one passive compartment, largest errors of SEMANTICS:", {key: f"{value:.1e}" for key, value in worst.items()})
    if worst["current_na"] > 1e-9 or worst["voltage_mv"] > 1e-8 or worst["recorded_na"] > 1e-9:
        raise SystemExit("NEURON does not do what SEMANTICS says")


# ---------------------------------------------------------------- files


def compute(cell):
    """{case: (document, arrays)}; long lists of samples move from the document to the arrays."""
    files = {}
    for name, (about, sweeps) in cases().items():
        arrays, rows = {}, []
        for one in sweeps:
            found, extra = run(cell, one)
            arrays |= {f"{one['name']}.{key}": value for key, value in found.items()}
            row = {key: value for key, value in one.items() if key != "everything"} | extra
            row["clamps"] = [dict(clamp) for clamp in one["clamps"]]
            for number, clamp in enumerate(row["clamps"]):
                for key in ("times_ms", "samples_na", "samples_mv"):
                    if key in clamp:
                        array = f"{one['name']}.clamp{number}.{key}"
                        arrays[array] = np.asarray(clamp[key], dtype=float)
                        clamp[key] = array
            rows.append(row)
        document = {"about": about, "simulator": f"NEURON {neuron.__version__}", "cell": CELL, "axon_rule": "stub1"}
        document |= {"mechanism_set": "allen", "secondorder": 0, "dt_ms": DT_MS, "v_init_mv": cell.v_init_mv}
        document |= {"celsius": h.celsius, "semantics": SEMANTICS, "sweeps": rows}
        files[name] = (json.loads(json.dumps(document)), arrays)
    return files


def compare(folder, document, arrays):
    held_arrays = np.load(folder / "arrays.npz")
    worst = 0.0
    for name, array in arrays.items():
        worst = max(worst, np.max(np.abs(array - held_arrays[name]), initial=0.0))
    same = document == json.loads((folder / "case.json").read_text())
    same = "equal" if same else "DIFFERENT"
    print(f"{folder.name}: {len(arrays)} arrays, largest difference {worst:.3g}, case.json {same}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mechanisms", type=Path, required=True, help="output folder of prepare_mechanisms.py")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    if not neuron.load_mechanisms(str(args.mechanisms)):
        raise SystemExit(f"{args.mechanisms}: no compiled mechanisms")
    h.load_file("stdrun.hoc")
    h.load_file("import3d.hoc")
    check_semantics()
    parameters = json.loads((FOLDER / CELL / "fit.json").read_text())
    cell = make.Cell(FOLDER / CELL / "morphology.swc", parameters, "stub1")
    for name, (document, arrays) in compute(cell).items():
        folder = FOLDER / "clamps" / name
        if args.check:
            compare(folder, document, arrays)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "case.json").write_text(json.dumps(document, indent=1) + "\n")
        np.savez_compressed(folder / "arrays.npz", **arrays)
        print(f"{name}: {len(document['sweeps'])} sweeps, {len(arrays)} arrays")


if __name__ == "__main__":
    main()
