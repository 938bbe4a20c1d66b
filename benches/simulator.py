"""Times noble against NEURON and Arbor on published cells and prints the rows of docs/performance.md.

usage, from the repository root:
    python benches/simulator.py --allen MECH --bbp MECH_BBP [--cells FOLDER] [--cases NAME,...] [--repeats 5]
        [--noble-bench PATH] [--noble PATH] [--without noble,neuron,arbor] [--json FILE]

MECH and MECH_BBP are folders made by reference/biophysics/prepare_mechanisms.py. FOLDER holds one folder per cell
(default ../shared/reference/biophysics); the cells of reference/biophysics are found as well. noble is timed by

    cargo bench -p noble-cell --bench simulator -- --case NAME --format json

or by the executable PATH with the same arguments. It prints one JSON object a line and number of lanes (traces side by
side): {"case", "n_compartments", "lanes", "n_steps", "ns_per_compartment_step", "ms_per_trace"}; `lanes` 1 is one trace
alone. With --noble PATH (the binary `noble`) the voltage of one sweep is compared with NEURON's.

One thread on all sides, one sweep of 515 ms at a step of 0.02 ms with 400 ms of current at soma(0.5), as in CASES. The
programs take turns, one uncounted run each and then the minimum of n. Building the cell is outside of the time. Arbor
gets the cell as NEURON has it, point for point, axon stub included, in control volumes of at most 30 um.

Needs neuron 9.0.2, arbor 0.12.2 and numpy.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
OWN_CELLS = ROOT / "reference/biophysics"
DT_MS, DELAY_MS, DURATION_MS, TOTAL_MS = 0.02, 15.0, 400.0, 515.0
N_STEPS = round(TOTAL_MS / DT_MS)
THRESHOLD_MV = -20.0
MAX_EXTENT_UM = 30.0
CASES = {  # current [nA]
    "scnn1a_peri_472363762": 0.23,
    "pv_peri_473862421": 0.27,
    "l5pc_bluepyopt": 0.78,
    "human_in_601927090": 0.13,
    "hof_318331342": 0.35,
    "hof_485184849": 0.47,
    "rbp4_allactive_491766131": 0.30,
    "human_py_569844159": 0.35,
    "fast_spiking": 0.28,
    "ball_and_sticks": 0.30,
}
TAGS = {"soma": 1, "axon": 2, "dend": 3, "apic": 4}


class Case:
    """Files and settings of one cell; of several parameter sets the first."""

    def __init__(self, name, folders):
        self.name, self.current_na = name, CASES[name]
        self.folder = next((f / name for f in folders if (f / name / "protocol.json").exists()), None)
        if self.folder is None:
            raise SystemExit(f"{name}: no folder with protocol.json in {', '.join(map(str, folders))}")
        self.protocol = json.loads((self.folder / "protocol.json").read_text())
        several = self.folder / "hof_params.json"
        self.set_id = str(self.protocol["hof"][0]) if several.exists() else None
        self.parameters_file = several if several.exists() else self.folder / "fit.json"
        parameters = json.loads(self.parameters_file.read_text())
        self.parameters = parameters[self.set_id] if self.set_id else parameters
        self.mechanism_set = self.protocol["mechanism_set"]


# ---------------------------------------------------------------- NEURON


class Neuron:
    """One cell in NEURON; `outline` is its geometry for others."""

    def __init__(self, case, mechanisms):
        sys.path.insert(0, str(OWN_CELLS))
        import make
        import neuron
        self.h = make.h
        for file in ("stdrun.hoc", "import3d.hoc"):
            self.h.load_file(file)
        if not neuron.load_mechanisms(str(Path(mechanisms).resolve())):
            raise SystemExit(f"{mechanisms}: no compiled mechanisms")
        rule = case.protocol["axon_rule"]
        self.cell = make.Cell(case.folder / "morphology.swc", case.parameters, rule if len(rule) < 8 else "bpo")
        for stub, diameter in zip(self.cell.sections["axon"], case.protocol["stub_diam_um"]):
            stub.diam = diameter
        soma = self.cell.soma_middle
        self.clamp = self.h.IClamp(soma)
        self.clamp.delay, self.clamp.dur, self.clamp.amp = DELAY_MS, DURATION_MS, case.current_na
        self.h.dt, self.h.steps_per_ms, self.h.secondorder = DT_MS, 1 / DT_MS, 0
        self.v_mv = self.h.Vector().record(soma._ref_v)
        self.n_compartments = sum(section.nseg for section in self.cell.everything())

    def outline(self):
        sections = self.cell.everything()
        kinds = {section: kind for kind, group in self.cell.sections.items() for section in group}
        rows = []
        for section in sections:
            at = section.parentseg()
            points = [[section.x3d(i), section.y3d(i), section.z3d(i), section.diam3d(i) / 2]
                      for i in range(section.n3d())]
            if not points:
                points = [[x, 0, 0, section.diam / 2] for x in (0, section.L)]
            parent, parent_x = (-1, 0) if at is None else (sections.index(at.sec), at.x)
            rows.append({"kind": kinds[section], "points": points, "parent": parent, "parent_x": parent_x})
        return rows

    def run(self):
        wall, cpu = time.perf_counter(), time.process_time()
        self.h.finitialize(self.cell.v_init_mv)
        self.h.continuerun(TOTAL_MS)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        v = np.array(self.v_mv)
        n_spikes = int(np.sum((v[1:] >= THRESHOLD_MV) & (v[:-1] < THRESHOLD_MV)))
        return {"seconds": wall, "cpu_seconds": cpu, "n_spikes": n_spikes, "n_compartments": self.n_compartments}


# ---------------------------------------------------------------- Arbor


def from_root(outline):
    """Numbers of the sections that hang on the soma, parents first."""
    order = [0]
    for number in order:
        order += [child for child, section in enumerate(outline) if section["parent"] == number]
    return order


def segment_tree(outline):
    """NEURON's sections as a tree of segments, and the segment that ends at the middle of the soma."""
    import arbor
    tree, starts, middle = arbor.segment_tree(), {}, None
    for number in from_root(outline):
        section = outline[number]
        points = np.array(section["points"])
        lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1))])
        half = lengths[-1] / 2
        is_root = section["parent"] < 0
        if is_root and not np.any(np.isclose(lengths, half)):
            at = np.searchsorted(lengths, half)
            points = np.insert(points, at, [np.interp(half, lengths, column) for column in points.T], axis=0)
            lengths = np.insert(lengths, at, half)
        if is_root:
            parent = arbor.mnpos
        else:
            first, last, its_middle = starts[section["parent"]]
            x = section["parent_x"]
            parent = last if x == 1 else its_middle if x == 0.5 else first
        before = None
        own_middle = None
        for a, b, end in zip(points[:-1], points[1:], lengths[1:]):
            segment = tree.append(parent, arbor.mpoint(*a), arbor.mpoint(*b), tag=TAGS[section["kind"]])
            before = parent if before is None else before
            own_middle = segment if np.isclose(end, half) else own_middle
            parent = segment
        starts[number] = (before, parent, own_middle)
        middle = own_middle if is_root and middle is None else middle
    return tree, middle


def decorate(case, middle):
    """All parameters of a cell, its clamp and its spike detector."""
    import arbor
    from arbor import units as U
    conditions, passive = case.parameters["conditions"][0], case.parameters["passive"][0]
    densities, cable = {}, {kind: {"Ra": passive.get("ra"), "e_pas": passive.get("e_pas")} for kind in TAGS}
    for entry in passive.get("cm") or []:
        cable[entry["section"]]["cm"] = entry["cm"]
    for entry in case.parameters["genome"]:
        kind, name, mechanism = entry["section"], entry["name"], entry.get("mechanism") or ""
        if mechanism in ("", "pas"):
            cable[kind][name] = entry["value"]
        else:
            variable = name[: -len(mechanism) - 1]
            densities.setdefault((kind, mechanism), {})[variable] = float(entry["value"])
    allen, bbp = arbor.allen_catalogue(), arbor.bbp_catalogue()
    catalogue = arbor.default_catalogue()
    if case.mechanism_set == "bbp":
        catalogue.extend(bbp, "")
    else:
        catalogue.extend(allen, "")
        catalogue.extend(bbp, "bbp_")

    def density(mechanism, values):
        if mechanism not in catalogue:
            mechanism = f"bbp_{mechanism}"
            values = {f"g{mechanism[4:]}bar" if key == "gbar" else key: value for key, value in values.items()}
        return arbor.density(mechanism, values)

    decor = arbor.decor()
    decor.set_property(Vm=float(conditions["v_init"]) * U.mV, tempK=(float(conditions["celsius"]) + 273.15) * U.Kelvin)
    decor.set_ion("ca", int_con=5e-5 * U.mM, ext_con=2 * U.mM, method="nernst/x=ca")
    decor.set_ion("na", rev_pot=50 * U.mV)
    decor.set_ion("k", rev_pot=-77 * U.mV)
    for kind, values in cable.items():
        region = f"(tag {TAGS[kind]})"
        decor.paint(region, cm=float(values.get("cm") or 1) * 1e-2 * U.F / U.m2,
                    rL=float(values.get("Ra") or 35.4) * U.Ohm * U.cm)
        decor.paint(region, arbor.density(f"pas/e={float(values.get('e_pas') or -70)}",
                                          {"g": float(values.get("g_pas") or 1e-3)}))
    for entry in conditions["erev"]:
        region = f"(tag {TAGS[entry['section']]})"
        decor.paint(region, ion="na", rev_pot=float(entry["ena"]) * U.mV)
        decor.paint(region, ion="k", rev_pot=float(entry["ek"]) * U.mV)
    scaled = case.parameters.get("distributions", [])
    for rule in scaled:
        if (rule["name"], rule["formula"]) != ("gIhbar_Ih", "value*(-0.8696 + 2.087*exp(0.0031*x))"):
            raise SystemExit(f"{case.name}: no rule for {rule['formula']}")
        distance = f"(distance 1.0 (on-components 1.0 (segment {middle})))"
        scale = f"(add (scalar -0.8696) (mul (scalar 2.087) (exp (mul (scalar 0.0031) {distance}))))"
        base = density(rule["mechanism"], {"gIhbar": float(rule["value"])})
        decor.paint(f"(tag {TAGS[rule['section']]})", arbor.scaled_mechanism(base, {"gIhbar": scale}))
    for (kind, mechanism), values in densities.items():
        decor.paint(f"(tag {TAGS[kind]})", density(mechanism, values))
    soma = f"(on-components 1.0 (segment {middle}))"
    decor.place(soma, arbor.i_clamp(DELAY_MS * U.ms, DURATION_MS * U.ms, case.current_na * U.nA))
    decor.place(soma, arbor.threshold_detector(THRESHOLD_MV * U.mV), "spikes")
    return decor, catalogue


class Arbor:
    """One cell in Arbor, with NEURON's geometry."""

    def __init__(self, case, outline):
        import arbor
        from arbor import units as U
        self.units, self.which = U, arbor.spike_recording.local
        shape, middle = segment_tree(outline)
        decor, catalogue = decorate(case, middle)
        policy = arbor.cv_policy_max_extent(MAX_EXTENT_UM * U.um)
        for tag in TAGS.values():  # without it a volume holds calcium of the soma and channels of the axon
            policy += arbor.cv_policy_explicit(f"(boundary (tag {tag}))")
        cell = arbor.cable_cell(shape, decor, arbor.label_dict(), policy)
        self.n_compartments = arbor.cv_data(cell).num_cv
        properties = arbor.neuron_cable_properties()
        properties.catalogue = catalogue

        class Recipe(arbor.recipe):
            def num_cells(self):
                return 1

            def cell_kind(self, _):
                return arbor.cell_kind.cable

            def cell_description(self, _):
                return cell

            def global_properties(self, _):
                return properties

        self.simulation = arbor.simulation(Recipe(), arbor.context(threads=1))

    def run(self):
        U = self.units
        self.simulation.reset()
        self.simulation.record(self.which)
        wall, cpu = time.perf_counter(), time.process_time()
        self.simulation.run(tfinal=TOTAL_MS * U.ms, dt=DT_MS * U.ms)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"seconds": wall, "cpu_seconds": cpu, "n_spikes": len(self.simulation.spikes()),
                "n_compartments": self.n_compartments}


# ---------------------------------------------------------------- taking turns


class Worker:
    """A rival in a process of its own: one line asked, one line of JSON answered."""

    def __init__(self, kind, case, first=None):
        command = [sys.executable, __file__, *sys.argv[1:], "--worker", kind, "--cases", case.name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if first is not None:
            self.send(first)

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        try:
            self.send(line)
        except BrokenPipeError:  # it failed and has said why
            return None
        while True:
            answer = self.process.stdout.readline()
            if not answer:
                return None
            if answer.startswith("{") or answer.startswith("["):
                return json.loads(answer)

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


def serve(kind, case, options):
    """What a worker process does."""
    if kind == "neuron":
        rival = Neuron(case, options.bbp if case.mechanism_set == "bbp" else options.allen)
    else:
        rival = Arbor(case, json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        word, _, path = line.strip().partition(" ")
        answer = {}
        if word == "outline":
            answer = rival.outline()
        elif word == "trace":
            np.save(path, np.array(rival.v_mv)[: N_STEPS + 1])
        else:
            answer = rival.run()
        print(json.dumps(answer), flush=True)


def time_noble(case, options):
    """Lines of the benchmark, by number of lanes."""
    program = [options.noble_bench] if options.noble_bench else \
        ["cargo", "bench", "-q", "-p", "noble-cell", "--bench", "simulator", "--"]
    command = [*program, "--case", case.name, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {row["lanes"]: row for row in rows if row["case"] == case.name}


def deviation_mv(case, rival, options):
    """Largest difference of the somatic voltage between the binary `noble` and NEURON's last run."""
    with tempfile.TemporaryDirectory() as folder:
        rival.ask(f"trace {folder}/neuron.npy")
        axon = case.protocol["axon_rule"]
        if " " in axon:  # told in words; the diameters are stated
            axon = "stub:" + ",".join(str(diameter) for diameter in case.protocol["stub_diam_um"])
        command = [options.noble, "simulate", "--morphology", case.folder / "morphology.swc", "--cell",
                   case.parameters_file, "--axon", axon, "--mechanisms", case.mechanism_set, "--step-na", str(case.current_na),
                   "--every", "1", "--threads", "1", "--out", f"{folder}/noble.npz"]
        command += ["--hof", case.set_id] if case.set_id else []
        if subprocess.run(command, capture_output=True).returncode != 0:
            return None
        ours, theirs = np.load(f"{folder}/noble.npz")["v_mv"][0], np.load(f"{folder}/neuron.npy")
    return float(np.max(np.abs(ours - theirs)))


def measure(case, options):
    """Everything about one cell: fastest run of each program."""
    found = {"case": case.name, "current_na": case.current_na}
    rivals = {}
    if "neuron" not in options.without:
        rivals["neuron"] = Worker("neuron", case)
    if "arbor" not in options.without:
        source = rivals.get("neuron") or Worker("neuron", case)
        outline = source.ask("outline")
        if "neuron" in options.without:
            source.close()
        rivals["arbor"] = Worker("arbor", case, json.dumps(outline))
    runs = {name: [] for name in rivals}
    noble = []
    for repeat in range(options.repeats + 1):
        if "noble" not in options.without:
            noble.append(time_noble(case, options))
        for name, rival in rivals.items():
            answer = rival.ask("run")
            if answer and repeat > 0:
                runs[name].append(answer)
    for name, results in runs.items():
        if results:
            best = min(results, key=lambda result: result["seconds"])
            per = 1e9 / (best["n_compartments"] * N_STEPS)
            found[name] = best | {"ns_per_compartment_step": best["seconds"] * per, "n_runs": len(results),
                                  "ns_cpu": min(result["cpu_seconds"] for result in results) * per}
    for rows in noble[1:]:
        for lanes, row in rows.items():
            held = found.setdefault("noble", {}).setdefault(lanes, row)
            if row["ns_per_compartment_step"] < held["ns_per_compartment_step"]:
                found["noble"][lanes] = row
    if options.noble and "neuron" in found:
        found["deviation_mv"] = deviation_mv(case, rivals["neuron"], options)
    for rival in rivals.values():
        rival.close()
    return found


# ---------------------------------------------------------------- printing


def processor():
    info = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    field = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in info)}
    flags = field.get("flags", "").split()
    units = [flag for flag in ("avx2", "avx512f") if flag in flags]
    return f"{field.get('model name', 'unknown processor')} ({', '.join(units)}), {os.cpu_count()} cores"


def versions():
    from importlib.metadata import version
    rustc = subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    rivals = f"NEURON {version('neuron')}, Arbor {version('arbor')}"
    return f"{rivals}, Python {sys.version.split()[0]}, {rustc or 'no rustc'}"


HEADER = ("| cell | nA | compartments | spikes | noble, one trace | noble, lanes filled | NEURON | Arbor | NEURON / one "
          "| Arbor / one | NEURON / filled | Arbor / filled | deviation, mV |")


def row(found):
    """One row of the table; times in ns per compartment and step."""
    noble = {int(lanes): values for lanes, values in found.get("noble", {}).items()}
    one = noble.get(1, {}).get("ns_per_compartment_step")
    lanes = max(noble, default=1)
    filled = noble[lanes]["ns_per_compartment_step"] if lanes > 1 else None
    neuron, arbor = found.get("neuron", {}), found.get("arbor", {})
    theirs = [rival.get("ns_per_compartment_step") for rival in (neuron, arbor)]

    def number(value, form="{:.1f}"):
        return "-" if value is None else form.format(value)

    def ratio(slow, fast):
        return number(slow / fast if slow and fast else None)

    cells = [found["case"], f"{found['current_na']:g}",
             str(neuron.get("n_compartments") or next(iter(noble.values()), {}).get("n_compartments", "-")),
             str(neuron.get("n_spikes", "-")), number(one), number(filled) + (f" ({lanes})" if filled else ""),
             number(theirs[0]),
             number(theirs[1]) + (f" ({arbor['n_compartments']} CVs, {arbor['n_spikes']} spikes)" if arbor else "")]
    cells += [ratio(rival, own) for own in (one, filled) for rival in theirs]
    cells.append(number(found.get("deviation_mv"), "{:.0e}"))
    return "| " + " | ".join(cells) + " |"


def row_of_traces(found):
    """The same in ms per trace, which does not depend on how a program counts compartments."""
    noble = {int(lanes): values["ms_per_trace"] for lanes, values in found.get("noble", {}).items()}
    times = [noble.get(1), noble.get(max(noble, default=1))]
    times += [found[rival]["seconds"] * 1e3 if rival in found else None for rival in ("neuron", "arbor")]
    return f"| {found['case']} | " + " | ".join("-" if ms is None else f"{ms:.1f}" for ms in times) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--allen", help="compiled mechanisms of the Allen set")
    parser.add_argument("--bbp", help="compiled mechanisms of the BluePyOpt set")
    parser.add_argument("--cells", type=Path, default=ROOT.parent / "shared/reference/biophysics")
    parser.add_argument("--cases", type=lambda text: text.split(","), default=list(CASES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--noble-bench", help="the benchmark's executable, in place of cargo bench")
    parser.add_argument("--noble", help="the binary noble, to compare voltages")
    parser.add_argument("--without", type=lambda text: text.split(","), default=[])
    parser.add_argument("--json", type=Path, help="write everything measured")
    parser.add_argument("--worker", choices=("neuron", "arbor"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    cases = [Case(name, [options.cells.resolve(), OWN_CELLS]) for name in options.cases]
    if options.worker:
        serve(options.worker, cases[0], options)
        return
    print(f"{processor()}; {versions()}; {time.strftime('%Y-%m-%d')}; one thread, minimum of {options.repeats}; "
          "ns per compartment and step (Arbor: per control volume and step)\n")
    print(HEADER + "\n|" + "---|" * HEADER.count(" | ") + "---|", flush=True)
    measured = []
    for case in cases:
        measured.append(measure(case, options))
        print(row(measured[-1]), flush=True)
    print("\nms per trace:\n\n| cell | noble, one trace | noble, lanes filled | NEURON | Arbor |\n|---|---|---|---|---|")
    for found in measured:
        print(row_of_traces(found))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
