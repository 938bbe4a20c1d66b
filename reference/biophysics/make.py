#!/usr/bin/env python3
"""Reference numbers of one cell, computed by NEURON: traces, geometry, states.

    pip install neuron==9.0.2 numpy==2.4.6
    python prepare_mechanisms.py ...            # once, see there
    python make.py CASE --mechanisms MECH       # writes into CASE
    python make.py CASE --mechanisms MECH --check   # writes nothing, compares with what CASE holds

CASE is a folder with
    morphology.swc    the reconstruction, one-point soma
    fit.json          one parameter set in Allen's layout (passive, conditions, genome), or
    hof_params.json   several of them, {"0": {...}, "1": {...}, ...}
    case.json         what to run:
                      axon_rule            keep | peri | stub1 | bpo
                      amps_nA              steps at soma(0.5)
                      fine_amps_nA         steps repeated at dt 0.005 ms (may be empty)
                      sets                 which keys of hof_params.json (default: all)
                      mechanism_set        default "allen"
A parameter set may hold `distributions`: parameters by a formula of the path distance x [um] of a segment's middle from
soma(0.5), [{"section", "name", "mechanism", "value", "formula"}].
The options --axon-rule, --amps, --fine-amps and --sets write case.json, so that they need be given once.

Written: traces.npz, protocol.json, geometry.json, probe.json; with hof_params.json also traces_fine_hof<K>.npz of the first
set K. Every run is deterministic: the same versions give the same bytes of voltage, whatever --jobs says.
"""

import argparse
import json
import math
import multiprocessing
import os
from pathlib import Path

import numpy as np

os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
import neuron  # noqa: E402
from neuron import h  # noqa: E402

DT_MS = 0.02
KEEP_EVERY = 3
FINE_DT_MS = 0.005
FINE_KEEP_EVERY = 12
DELAY_MS, DURATION_MS, TOTAL_MS = 15.0, 400.0, 515.0
HEAD_MS = 60.0
THRESHOLD_MV = -20.0
PROBE_MS = [0, 0.02, 0.04, 14.98, 15.02, 20, 25, 50]
SEGMENT_UM = 40.0
STUB_UM = 30.0
BPO_FAR_UM = 60.0
UNREACHABLE_UM = 1e9  # NEURON says 1e20 um between trees that do not touch
KINDS = ("soma", "dend", "apic", "axon")


# ---------------------------------------------------------------- the cell


class Cell:
    """A cell in NEURON: `sections[kind]` lists its sections in the order of their creation."""

    def __init__(self, swc_path, parameters, axon_rule):
        reader = h.Import3d_SWC_read()
        reader.quiet = 1
        reader.input(str(swc_path))
        h.Import3d_GUI(reader, 0).instantiate(self)
        self.sections = {kind: list(getattr(self, kind, [])) for kind in KINDS}
        self.stub_diameters_um = []
        self._discretize()
        if axon_rule != "keep":
            self._replace_axon(axon_rule)
        self._discretize()
        self._apply(parameters)

    def __str__(self):
        return "cell"

    def everything(self):
        """All sections: soma, dendrites, apical dendrites, axon."""
        return [section for kind in KINDS for section in self.sections[kind]]

    @property
    def soma_middle(self):
        return self.sections["soma"][0](0.5)

    def _discretize(self):
        for section in self.everything():
            section.nseg = 1 + 2 * int(section.L / SEGMENT_UM)

    def _replace_axon(self, rule):
        """Two cylinders instead of the reconstructed axon."""
        old = self.sections["axon"]
        diameters = [1.0, 1.0]
        if rule == "bpo" and old:
            diameters = self._bpo_diameters(old)
        elif rule not in ("peri", "stub1", "bpo"):
            raise SystemExit(f"axon rule {rule!r}: expected keep, peri, stub1 or bpo")
        for section in old:
            h.delete_section(sec=section)
        stubs = []
        for number, diameter in enumerate(diameters):
            stub = h.Section(name=f"axon[{number}]", cell=self)
            stub.L, stub.diam, stub.nseg = STUB_UM, diameter, 1
            stubs.append(stub)
        stubs[0].connect(self.sections["soma"][0](0.5 if rule == "peri" else 1.0), 0)
        stubs[1].connect(stubs[0](1.0), 0)
        self.sections["axon"] = stubs
        self.stub_diameters_um = diameters

    def _bpo_diameters(self, axon):
        """Middle diameter of the first axon section, and of the first one farther than 60 um from soma(0)."""
        origin = self.sections["soma"][0](0.0)
        far = [section for section in axon if h.distance(origin, section(0.5)) > BPO_FAR_UM]
        return [axon[0].diam, (far or axon)[0].diam]

    def _apply(self, parameters):
        passive, conditions = parameters["passive"][0], parameters["conditions"][0]
        for section in self.everything():
            section.insert("pas")
            if "ra" in passive:
                section.Ra = float(passive["ra"])
            if "e_pas" in passive:
                section.e_pas = float(passive["e_pas"])
        for entry in passive.get("cm") or []:
            for section in self.sections.get(entry["section"], []):
                section.cm = float(entry["cm"])
        for entry in parameters["genome"]:
            for section in self.sections.get(entry["section"], []):
                if entry.get("mechanism"):
                    section.insert(entry["mechanism"])
                setattr(section, entry["name"], float(entry["value"]))
        for entry in conditions["erev"]:
            for section in self.sections.get(entry["section"], []):
                for ion in ("na", "k"):
                    if h.ismembrane(f"{ion}_ion", sec=section):
                        setattr(section, f"e{ion}", float(entry[f"e{ion}"]))
        for rule in parameters.get("distributions", []):
            self._distribute(rule)
        h.celsius = float(conditions["celsius"])
        self.v_init_mv = float(conditions["v_init"])

    def _distribute(self, rule):
        """A parameter by a formula of `value` and of `x`, the path distance of a segment from soma(0.5)."""
        for section in self.sections.get(rule["section"], []):
            section.insert(rule["mechanism"])
            for segment in section:
                names = {"value": float(rule["value"]), "x": h.distance(self.soma_middle, segment), "exp": math.exp}
                number = eval(rule["formula"], {"__builtins__": {}}, names)  # our own files
                setattr(segment, rule["name"], number)


# ---------------------------------------------------------------- what is written about it


def geometry(cell):
    """Every section with what NEURON computed from it; `parent` counts in this list."""
    sections = cell.everything()
    names = {section: f"{kind}[{i}]" for kind in KINDS for i, section in enumerate(cell.sections[kind])}
    rows = []
    for section in sections:
        at = section.parentseg()
        rows.append(
            {
                "name": names[section],
                "parent": -1 if at is None else sections.index(at.sec),
                "parent_name": None if at is None else names[at.sec],
                "parent_x": None if at is None else at.x,
                "L": section.L,
                "nseg": section.nseg,
                "n_pt3d": section.n3d(),
                "Ra": section.Ra,
                "cm": section.cm,
                "diam": [segment.diam for segment in section],
                "area": [segment.area() for segment in section],
                "ri": [segment.ri() for segment in section],
                "ri_end": section(1.0).ri(),
            }
        )
    return {
        "note": "sections in creation order; parent = index in this list; L/diam um, area um2, ri MOhm between a segment "
        "centre and its parent node, ri_end MOhm between the last centre and the end node",
        "total_nseg": sum(row["nseg"] for row in rows),
        "total_area_um2": sum(sum(row["area"]) for row in rows),
        "sections": rows,
    }


def variables(segment):
    """Voltage and every range variable of every mechanism of a segment."""
    values = {"v": segment.v}
    for mechanism in segment:
        if mechanism.name() not in ("capacitance", "morphology", "extracellular"):
            for variable in mechanism:
                values[f"{mechanism.name()}.{variable.name()}"] = variable[0]
    return values


def far_end(cell):
    """The last segment of the dendrite that ends farthest from the soma, and its name."""
    candidates = [
        (h.distance(cell.soma_middle, section(1.0)), kind, i)
        for kind in ("dend", "apic")
        for i, section in enumerate(cell.sections[kind])
        if h.distance(cell.soma_middle, section(1.0)) < UNREACHABLE_UM
    ]
    if not candidates:
        return None
    farthest = max(candidates, key=lambda candidate: candidate[0])
    _, kind, i = farthest
    section = cell.sections[kind][i]
    x = 1.0 - 0.5 / section.nseg
    return f"{kind}[{i}]({x:.6f})", section(x)


def spike_times(v_mv, dt_ms):
    """Upward crossings of the threshold, interpolated between samples."""
    before, after = v_mv[:-1], v_mv[1:]
    at = np.flatnonzero((after >= THRESHOLD_MV) & (before < THRESHOLD_MV))
    times = at * dt_ms + (THRESHOLD_MV - before[at]) / (after[at] - before[at]) * dt_ms
    return [round(float(time), 5) for time in times]


# ---------------------------------------------------------------- one run


def start(cell, amp_na, dt_ms):
    """Arm the step and initialize; the clamp lives as long as the caller keeps it."""
    h.secondorder = 0
    h.dt = dt_ms
    h.steps_per_ms = 1.0 / dt_ms
    clamp = h.IClamp(cell.soma_middle)
    clamp.delay, clamp.dur, clamp.amp = DELAY_MS, DURATION_MS, amp_na
    return clamp


def sweep(job):
    """One current step; runs in a process of its own."""
    cell = Cell(job["swc"], job["parameters"], job["axon_rule"])
    dt_ms, every = (FINE_DT_MS, FINE_KEEP_EVERY) if job["fine"] else (DT_MS, KEEP_EVERY)
    clamp = start(cell, job["amp_nA"], dt_ms)  # noqa: F841 (kept alive)
    places = [("soma[0](0.5)", cell.soma_middle)]
    if job["rich"]:
        if cell.sections["axon"]:
            places.append(("axon[0](0.5)", cell.sections["axon"][0](0.5)))
        places += [found for found in [far_end(cell)] if found]
    recorders = [h.Vector().record(segment._ref_v) for _, segment in places]
    h.finitialize(cell.v_init_mv)
    n_steps = round(TOTAL_MS / dt_ms)
    for _ in range(n_steps):
        h.fadvance()
    voltages = [np.array(recorder)[: n_steps + 1] for recorder in recorders]
    result = {"v": voltages[0][::every].astype(np.float32), "spikes": spike_times(voltages[0], dt_ms)}
    if job["rich"]:
        result["head"] = voltages[0][: round(HEAD_MS / dt_ms) + 1].copy()
        result["extra_names"] = [name for name, _ in places[1:]]
        result["extra"] = [v[::every].astype(np.float32) for v in voltages[1:]]
    return result


def describe(job):
    """Geometry, settings and the states at the probe times."""
    cell = Cell(job["swc"], job["parameters"], job["axon_rule"])
    places = {"soma[0](0.5)": cell.soma_middle}
    for kind in ("axon", "dend"):
        if cell.sections[kind]:
            places[f"{kind}[0](0.5)"] = cell.sections[kind][0](0.5)
    clamp = start(cell, job["amp_nA"], DT_MS)  # noqa: F841 (kept alive)
    h.finitialize(cell.v_init_mv)
    states, done = {}, 0
    for time_ms in PROBE_MS:
        while done < round(time_ms / DT_MS):
            h.fadvance()
            done += 1
        states[f"{time_ms:g}"] = {name: variables(segment) for name, segment in places.items()}
    table = geometry(cell)
    settings = {
        "simulator": f"NEURON {neuron.__version__}",
        "mechanism_set": job["mechanism_set"],
        "celsius": h.celsius,
        "v_init_mV": cell.v_init_mv,
        "dt_ms": DT_MS,
        "sample_every": KEEP_EVERY,
        "sample_dt_ms": round(DT_MS * KEEP_EVERY, 6),
        "integrator": "implicit Euler, staggered cnexp (secondorder=0)",
        "stimulus": {"kind": "IClamp", "location": "soma[0](0.5)", "delay_ms": DELAY_MS, "dur_ms": DURATION_MS},
        "tstop_ms": TOTAL_MS,
        "record": "soma[0](0.5).v",
        "axon_rule": job["axon_rule"],
        "stub_diam_um": cell.stub_diameters_um,
        "nseg_rule": "1+2*int(L/40)",
        "n_sections": len(table["sections"]),
        "n_segments": table["total_nseg"],
        "spike_threshold_mV": THRESHOLD_MV,
    }
    return {"geometry": table, "settings": settings, "states": states}


def work(job):
    return describe(job) if job["describe"] else sweep(job)


# ---------------------------------------------------------------- a case


def parameter_sets(folder, wanted):
    """[(key or None, parameters)] of the sets to run."""
    several = folder / "hof_params.json"
    if not several.exists():
        return [(None, json.loads((folder / "fit.json").read_text()))]
    sets = json.loads(several.read_text())
    keys = [str(key) for key in wanted] if wanted else list(sets)
    return [(int(key), sets[key]) for key in keys]


def compute(folder, case, n_jobs):
    """All arrays and documents of a case, as {file name: content}."""
    sets = parameter_sets(folder, case.get("sets"))
    amps, fine_amps = case["amps_nA"], case.get("fine_amps_nA", [])
    largest = max(amps)
    several = sets[0][0] is not None
    first_key, first_set = sets[0]

    def job(parameters, amp_na, **changes):
        base = {"swc": str(folder / "morphology.swc"), "axon_rule": case["axon_rule"]}
        base |= {"mechanism_set": case.get("mechanism_set", "allen"), "parameters": parameters, "amp_nA": amp_na}
        return base | {"fine": False, "rich": False, "describe": False} | changes

    jobs = [job(first_set, largest, describe=True)]
    jobs += [job(first_set, amp, fine=True) for amp in fine_amps]
    for key, parameters in sets:
        jobs += [job(parameters, amp, rich=amp == largest and key == first_key) for amp in amps]
    # A fresh process per run: nothing of one cell can reach the next.
    with multiprocessing.get_context("fork").Pool(n_jobs, maxtasksperchild=1) as pool:
        results = pool.map(work, jobs, chunksize=1)

    about, results = results[0], results[1:]
    fine, results = results[: len(fine_amps)], results[len(fine_amps) :]
    by_set = [results[i * len(amps) : (i + 1) * len(amps)] for i in range(len(sets))]
    rich = by_set[0][amps.index(largest)]
    head = {"head_amp_nA": np.float64(largest), "head_v_mV": rich["head"]}
    fine_arrays = {}
    if fine:
        fine_arrays = {"fine_amps_nA": np.array(fine_amps), "fine_v_mV": np.array([run["v"] for run in fine])}
    fine_spikes = {f"{amp:g}": run["spikes"] for amp, run in zip(fine_amps, fine)}
    v_mv = np.array([[run["v"] for run in runs] for runs in by_set])
    spikes = [{f"{amp:g}": run["spikes"] for amp, run in zip(amps, runs)} for runs in by_set]
    protocol = {"model": folder.resolve().name} | about["settings"]
    probe = {"amp_nA": largest, "dt_ms": DT_MS, "times_ms": PROBE_MS, "states": about["states"]}

    if several:
        keys = [key for key, _ in sets]
        traces = {"hof": np.array(keys, dtype=np.int64), "amps_nA": np.array(amps), "v_mV": v_mv}
        protocol |= {"hof": keys, "amps_nA": amps}
        protocol["spike_times_ms"] = {str(key): times for key, times in zip(keys, spikes)}
        protocol |= {"fine_dt_ms": FINE_DT_MS, "fine": {"hof": first_key, "spikes": fine_spikes}}
        extra_files = {f"traces_fine_hof{first_key}.npz": fine_arrays | head}
        probe = {"hof": first_key} | probe
    else:
        traces = head | {"extra_amp_nA": np.float64(largest), "extra_names": np.array(rich["extra_names"])}
        traces |= {"extra_v_mV": np.array(rich["extra"]), "amps_nA": np.array(amps), "v_mV": v_mv[0]} | fine_arrays
        protocol |= {"amps_nA": amps, "spike_times_ms": spikes[0]}
        protocol |= {"fine_dt_ms": FINE_DT_MS, "fine_spike_times_ms": fine_spikes}
        extra_files = {}
    documents = {"protocol.json": protocol, "geometry.json": about["geometry"], "probe.json": probe}
    return {"traces.npz": traces} | extra_files | documents


# ---------------------------------------------------------------- comparing


def leaves(value, path=""):
    """(path, leaf) of a JSON document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}/{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, f"{path}[{i}]")
    else:
        yield path, value


def compare(folder, files):
    """Print the largest difference between what was computed and what the folder holds."""
    for name, content in files.items():
        path = folder / name
        if not path.exists():
            print(f"{name}: not in {folder}")
        elif name.endswith(".npz"):
            held = np.load(path)
            for key, array in content.items():
                compare_array(f"{name} {key}", np.asarray(array), held, key)
        else:
            compare_document(name, content, json.loads(path.read_text()))


def compare_array(label, computed, held, key):
    if key not in held:
        print(f"{label}: only computed")
        return
    other = held[key]
    if key == "v_mV" and other.shape != computed.shape:
        other = other[: computed.shape[0]]
    if computed.shape != other.shape:
        print(f"{label}: shapes {computed.shape} and {other.shape}")
    elif computed.dtype.kind in "fi":
        worst = np.max(np.abs(computed.astype(float) - other), initial=0.0)
        same = "same type" if computed.dtype == other.dtype else f"types {computed.dtype}, {other.dtype}"
        print(f"{label}: {computed.size} values, largest difference {worst:.3g}, {same}")
    else:
        print(f"{label}: {'equal' if np.array_equal(computed, other) else 'DIFFERENT'}")


def compare_document(name, computed, held):
    ours, theirs = dict(leaves(computed)), dict(leaves(held))
    missing = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    worst, worst_at, other = 0.0, "-", []
    for key in set(ours) & set(theirs):
        a, b = ours[key], theirs[key]
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            difference = abs(a - b) / max(1e-12, abs(a), abs(b))
            if difference > worst:
                worst, worst_at = difference, key
        elif a != b:
            other.append((key, a, b))
    print(f"{name}: {len(ours)} values, largest relative difference {worst:.3g} at {worst_at}")
    for label, keys in zip(("held", "computed"), missing):
        if keys:
            print(f"  {len(keys)} keys only {label}: {keys[:3]}")
    if other:
        print(f"  other texts: {other[:3]}")


# ---------------------------------------------------------------- command line


def settle_case(folder, args):
    """case.json with the options given on top; kept for the next time."""
    path = folder / "case.json"
    case = json.loads(path.read_text()) if path.exists() else {}
    options = {"axon_rule": args.axon_rule, "amps_nA": args.amps, "fine_amps_nA": args.fine_amps, "sets": args.sets}
    given = {key: value for key, value in options.items() if value is not None}
    case |= given
    for needed in ("axon_rule", "amps_nA"):
        if needed not in case:
            raise SystemExit(f"{path}: no {needed}; write it there or give the option")
    if given and not args.check:
        path.write_text(json.dumps(case, indent=1) + "\n")
    return case


def numbers(text):
    return [float(item) for item in text.split(",") if item]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--mechanisms", type=Path, required=True, help="output folder of prepare_mechanisms.py")
    parser.add_argument("--axon-rule")
    parser.add_argument("--amps", type=numbers, help="nA, comma-separated (write --amps=-0.1,0.2)")
    parser.add_argument("--fine-amps", type=numbers)
    parser.add_argument("--sets", type=lambda text: [int(item) for item in text.split(",")])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    case = settle_case(args.case, args)
    if not neuron.load_mechanisms(str(args.mechanisms)):
        raise SystemExit(f"{args.mechanisms}: no compiled mechanisms")
    h.load_file("stdrun.hoc")
    h.load_file("import3d.hoc")
    files = compute(args.case, case, args.jobs)
    if args.check:
        compare(args.case, files)
        return
    for name, content in files.items():
        if name.endswith(".npz"):
            np.savez_compressed(args.case / name, **content)
        else:
            (args.case / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")
    counts = {key: len(value) for key, value in leaves_of_spikes(files["protocol.json"]["spike_times_ms"])}
    print(f"{args.case}: {files['protocol.json']['n_segments']} segments, spikes {counts}")


def leaves_of_spikes(table, path=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves_of_spikes(value, f"{path}{key}/")
        else:
            yield path + key, value


if __name__ == "__main__":
    main()
