"""Fits one cell with BluePyOpt, on NEURON, and with `noble fit`, and prints the rows of docs/performance.md.

usage, from the repository root:
    python benches/fit.py make --mechanisms MECH
    python benches/fit.py score --mechanisms MECH [--values FILE]
    python benches/fit.py bluepyopt --mechanisms MECH --seed 1
    python benches/fit.py noble --noble PATH --seed 1
    python benches/fit.py all --mechanisms MECH --noble PATH [--seeds 1 2 3] [--json FILE]
with --population N --offspring N --generations G. MECH is a folder made by reference/biophysics/prepare_mechanisms.py,
PATH the binary (default target/release/noble); the environment's NOBLE_MECHANISMS and NOBLE stand for the two options.

The embedded cell is to be found again: the targets are features of its parameter set chosen by hand, of three currents
that make it fire and one that does not; sixteen of its parameters are free. Both programs read the files of BluePyOpt's
l5pc example in benches/fit/case, which `make` writes: parameters.json, mechanisms.json, protocols.json, features.json.
chosen.json holds the answer. The score is the sum over features of the distance to the target in standard deviations.

One process, one thread. A generation is N new individuals; the first is drawn at random, so a run takes N * G evaluations.
BluePyOpt draws as many parents as it makes offspring, so --population and --offspring are one number there. Time is the
process's own (user and system) time: of BluePyOpt that of the run alone, of noble that of the whole command. Programs
take turns, each run in a process of its own; noble's best parameters are scored by NEURON and eFEL as well.

Needs bluepyopt 1.14.26, neuron 9.0.2 and efel 5.7.34.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")

ROOT = Path(__file__).resolve().parents[1]
CASE = ROOT / "benches/fit/case"
MORPHOLOGY = ROOT / "crates/noble/assets/fast_spiking.swc"
CHOSEN = ROOT / "reference/biophysics/fast_spiking/hof_params.json"
SECTION_LISTS = {"soma": "somatic", "dend": "basal", "axon": "axonal"}
STUB_LENGTH_UM, STUB_DIAMETER_UM = 30.0, 1.0
DT_MS, DELAY_MS, DURATION_MS, TOTAL_MS = 0.02, 15.0, 400.0, 515.0
THRESHOLD_MV = -20.0
# A feature farther off than this, or missing, counts this much: noble caps so, and BluePyOpt's 250 would drown the rest.
LARGEST_Z = 20.0
CURRENTS_NA = {"Negative": -0.11, "Step1": 0.10, "Step2": 0.15, "Step3": 0.28}
FEATURES = {
    "Negative": ["voltage_base", "steady_state_voltage_stimend", "decay_time_constant_after_stim"],
    "Step1": ["Spikecount"],
    "Step2": ["mean_frequency", "time_to_first_spike", "inv_first_ISI", "AP1_peak", "AP1_width", "AHP1_depth_from_peak",
              "mean_AP_amplitude", "steady_state_voltage_stimend"],
    "Step3": ["Spikecount"],
}
SMALLEST_DEVIATION = {"mV": 0.5, "Hz": 1.0, "ms": 0.05, "constant": 1.0}
RELATIVE_DEVIATION = 0.05
FREE = {  # lower and upper bound; the answer is chosen.json
    "g_pas.all": (4e-5, 4e-4),
    "gbar_NaV.somatic": (0.02, 0.2),
    "gbar_Kv3_1.somatic": (0.2, 2.0),
    "gbar_K_T.somatic": (2e-3, 0.05),
    "gbar_Kd.somatic": (1e-4, 3e-3),
    "gbar_Im_v2.somatic": (5e-5, 1.5e-3),
    "gbar_SK.somatic": (4e-5, 1e-3),
    "gbar_Ca_HVA.somatic": (5e-5, 1.5e-3),
    "gbar_Ca_LVA.somatic": (2e-4, 5e-3),
    "gbar_NaV.basal": (1e-3, 0.015),
    "gbar_Kv3_1.basal": (0.01, 0.2),
    "gbar_Im_v2.basal": (2e-5, 4e-4),
    "gbar_NaV.axonal": (0.02, 0.2),
    "gbar_Kv3_1.axonal": (0.1, 1.5),
    "gbar_Kd.axonal": (2e-4, 4e-3),
    "gbar_Ih.somatic": (1e-5, 2e-4),
}


# ---------------------------------------------------------------- the case


def chosen_values():
    """The set chosen by hand: global settings, parameters by name, mechanisms by section list."""
    cell = json.loads(CHOSEN.read_text())["0"]
    conditions = cell["conditions"][0]
    settings = {"v_init": conditions["v_init"], "celsius": conditions["celsius"]}
    values, mechanisms = {}, {"all": ["pas"]} | {name: [] for name in SECTION_LISTS.values()}
    for entry in cell["genome"]:
        kind, name, mechanism = SECTION_LISTS[entry["section"]], entry["name"], entry["mechanism"]
        if mechanism in ("", "pas"):
            if values.setdefault(f"{name}.all", entry["value"]) != entry["value"]:
                raise SystemExit(f"{CHOSEN}: {name} differs between sections")
            continue
        values[f"{name}.{kind}"] = entry["value"]
        if mechanism not in mechanisms[kind]:
            mechanisms[kind].append(mechanism)
    for entry in conditions["erev"]:
        for name in ("ena", "ek"):
            values[f"{name}.{SECTION_LISTS[entry['section']]}"] = entry[name]
    return settings, values, mechanisms


def parameter_rows(settings, values, mechanisms):
    """parameters.json: what is frozen, then what is free."""
    rows = [{"param_name": name, "type": "global", "value": value} for name, value in settings.items()]
    free_rows = []
    for name, value in values.items():
        variable, kind = name.rsplit(".", 1)
        row = {"param_name": variable, "sectionlist": kind, "dist_type": "uniform"}
        suffix = next((m for m in mechanisms[kind] if variable.endswith(f"_{m}")), None)
        in_channel = suffix not in (None, "pas")
        row["type"] = "range" if in_channel else "section"
        if in_channel:
            row |= {"mech": suffix, "mech_param": variable[: -len(suffix) - 1]}
        if name in FREE:
            free_rows.append(row | {"bounds": list(FREE[name])})
        else:
            rows.append(row | {"value": value})
    return rows + free_rows


def protocol_rows():
    return {name: {"stimuli": [{"delay": DELAY_MS, "amp": amp_na, "duration": DURATION_MS, "totduration": TOTAL_MS}]}
            for name, amp_na in CURRENTS_NA.items()}


def write(name, content):
    CASE.mkdir(parents=True, exist_ok=True)
    (CASE / name).write_text(json.dumps(content, indent=1) + "\n")


def read(name):
    path = CASE / name
    if not path.exists():
        raise SystemExit(f"{path}: not there; run `python benches/fit.py make` first")
    return json.loads(path.read_text())


def make(args):
    """Writes the case; its targets are computed by NEURON and eFEL."""
    from efel.units import get_unit
    settings, values, mechanisms = chosen_values()
    answer = {name: values[name] for name in FREE}
    for name, (lower, upper) in FREE.items():
        if not lower < answer[name] < upper:
            raise SystemExit(f"{name}: {answer[name]} is not between its bounds {lower} and {upper}")
    write("parameters.json", parameter_rows(settings, values, mechanisms))
    write("mechanisms.json", mechanisms)
    write("protocols.json", protocol_rows())
    write("chosen.json", answer)
    targets = {protocol: {"soma": {name: [0.0, 1.0] for name in names}} for protocol, names in FEATURES.items()}
    evaluator = bluepyopt_evaluator(args, targets)
    for name, value in evaluator.evaluate_with_dicts(answer, target="values").items():
        if value is None:
            raise SystemExit(f"{name}: the cell chosen by hand does not have this feature")
        protocol, location, feature = name.split(".")
        unit = "constant" if feature == "Spikecount" else get_unit(feature)  # eFEL knows no unit of it
        deviation = max(RELATIVE_DEVIATION * abs(value), SMALLEST_DEVIATION[unit])
        targets[protocol][location][feature] = [float(value), float(deviation)]
        print(f"{name:46} {value:12.6g} ± {deviation:.3g} {unit}")
    write("features.json", targets)


# ---------------------------------------------------------------- BluePyOpt


def stub_axon(sim, icell):
    """The reconstructed axon gives way to two pieces in series."""
    for section in icell.axonal:
        sim.neuron.h.delete_section(sec=section)
    sim.neuron.h.execute("create axon[2]", icell)
    for section in icell.axon:
        section.L, section.diam, section.nseg = STUB_LENGTH_UM, STUB_DIAMETER_UM, 1
        icell.axonal.append(sec=section)
        icell.all.append(sec=section)
    icell.axon[0].connect(icell.soma[0], 1.0, 0.0)
    icell.axon[1].connect(icell.axon[0], 1.0, 0.0)


def bluepyopt_parameter(ephys, row):
    options = {"value": row["value"], "frozen": True} if "value" in row else {"bounds": row["bounds"], "frozen": False}
    if row["type"] == "global":
        return ephys.parameters.NrnGlobalParameter(row["param_name"], param_name=row["param_name"], **options)
    kind = {"section": ephys.parameters.NrnSectionParameter, "range": ephys.parameters.NrnRangeParameter}[row["type"]]
    place = ephys.locations.NrnSeclistLocation(row["sectionlist"], seclist_name=row["sectionlist"])
    return kind(f"{row['param_name']}.{row['sectionlist']}", param_name=row["param_name"], locations=[place], **options)


def bluepyopt_cell(ephys):
    mechanisms = []
    for kind, suffixes in read("mechanisms.json").items():
        place = ephys.locations.NrnSeclistLocation(kind, seclist_name=kind)
        mechanisms += [ephys.mechanisms.NrnMODMechanism(f"{suffix}.{kind}", suffix=suffix, locations=[place])
                       for suffix in suffixes]
    morphology = ephys.morphologies.NrnFileMorphology(MORPHOLOGY, morph_modifiers=[stub_axon])
    parameters = [bluepyopt_parameter(ephys, row) for row in read("parameters.json")]
    return ephys.models.CellModel("fast_spiking", morph=morphology, mechs=mechanisms, params=parameters)


def bluepyopt_protocols(ephys):
    soma = ephys.locations.NrnSeclistCompLocation("soma", seclist_name="somatic", sec_index=0, comp_x=0.5)
    protocols = {}
    for name, row in read("protocols.json").items():
        stimuli = [ephys.stimuli.NrnSquarePulse(s["amp"], s["delay"], s["duration"], s["totduration"], location=soma)
                   for s in row["stimuli"]]
        recording = ephys.recordings.CompRecording(f"{name}.soma.v", location=soma, variable="v")
        protocols[name] = ephys.protocols.SweepProtocol(name, stimuli, [recording])
    return protocols


def bluepyopt_objectives(ephys, protocols, targets):
    objectives = []
    for protocol, locations in targets.items():
        stimulus = protocols[protocol].stimuli[0]
        window = {"stim_start": stimulus.step_delay, "stim_end": stimulus.step_delay + stimulus.step_duration}
        for location, features in locations.items():
            for feature, (mean, deviation) in features.items():
                name = f"{protocol}.{location}.{feature}"
                calculated = ephys.efeatures.eFELFeature(
                    name, efel_feature_name=feature, recording_names={"": f"{protocol}.{location}.v"},
                    exp_mean=mean, exp_std=deviation, threshold=THRESHOLD_MV, **window)
                objectives.append(ephys.objectives.SingletonObjective(name, calculated))
    return ephys.objectivescalculators.ObjectivesCalculator(objectives)


def bluepyopt_evaluator(args, targets=None):
    import bluepyopt.ephys as ephys
    import neuron
    if args.mechanisms is None:
        raise SystemExit("no channels: give --mechanisms FOLDER or set NOBLE_MECHANISMS; the folder is made by "
                         "reference/biophysics/prepare_mechanisms.py")
    if not neuron.load_mechanisms(str(args.mechanisms.resolve())):
        raise SystemExit(f"{args.mechanisms}: no compiled mechanisms")
    protocols = bluepyopt_protocols(ephys)
    cell = bluepyopt_cell(ephys)
    return ephys.evaluators.CellEvaluator(
        cell_model=cell,
        param_names=[name for name, parameter in cell.params.items() if not parameter.frozen],
        fitness_protocols=protocols,
        fitness_calculator=bluepyopt_objectives(ephys, protocols, targets or read("features.json")),
        isolate_protocols=False,  # a process for every sweep would only add to its time
        sim=ephys.simulators.NrnSimulator(dt=DT_MS, cvode_active=False))


def bluepyopt_fit(args, seed):
    """One run of BluePyOpt in this process."""
    import bluepyopt
    if args.population != args.offspring:
        raise SystemExit(f"--population {args.population}, --offspring {args.offspring}: for BluePyOpt they are one number")
    evaluator = bluepyopt_evaluator(args)
    generations = []

    def evaluate(function, individuals):
        scores = [function(individual) for individual in individuals]
        generations.append([sum(min(value, LARGEST_Z) for value in values) for values in scores])
        return scores

    optimisation = bluepyopt.deapext.optimisations.IBEADEAPOptimisation(
        evaluator=evaluator, seed=seed, offspring_size=args.offspring, map_function=evaluate)
    wall, cpu = time.perf_counter(), time.process_time()
    _, hall_of_fame, _, _ = optimisation.run(max_ngen=args.generations)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    best = hall_of_fame[0]
    return report("BluePyOpt", args, seed, generations, cpu, wall,
                  best_parameters=evaluator.param_dict(best),
                  best_scores=evaluator.objective_dict(best.fitness.values))


def score(args):
    """Scores of one set of parameters as BluePyOpt gives them: those of --values, else those chosen by hand."""
    values = json.loads(args.values.read_text()) if args.values else read("chosen.json")
    evaluator = bluepyopt_evaluator(args)
    missing = set(evaluator.param_names) ^ set(values)
    if missing:
        raise SystemExit(f"{args.values}: names that are not those of the free parameters: {sorted(missing)}")
    scores = evaluator.evaluate_with_dicts({name: values[name] for name in evaluator.param_names})
    return {"score": sum(scores.values()), "scores": scores}


# ---------------------------------------------------------------- noble


def noble_fit(args, seed):
    """One run of `noble fit`: the same dictionary as `bluepyopt_fit`."""
    if not args.noble.exists():
        raise SystemExit(f"{args.noble}: not there; run `cargo build --release`, or give --noble PATH or set NOBLE")
    noble = [args.noble.resolve()]
    case = ["--morphology", MORPHOLOGY, "--bluepyopt", CASE, "--axon", "stub1"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "fit.hall_of_fame.json"
        # Every fifth step: BluePyOpt looks at the voltage every 0.1 ms.
        command = [*noble, "fit", *case, "--method", args.method, "--passive-generations", 0, "--every", 5,
                   "--population", args.population, "--offspring", args.offspring, "--generations", args.generations,
                   "--models", 1, "--archive", 1, "--seed", seed, "--threads", 1, "--out", out]
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        run(command)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - wall
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        best = json.loads(out.read_text())["models"][0]
        log = json.loads((Path(folder) / "fit.fit.json").read_text())["searches"][0]["log"]
        run([*noble, "export", "--morphology", MORPHOLOGY, "--cell", out, "--to", "bluepyopt", "--out", folder])
        values = json.loads((Path(folder) / "0" / "values.json").read_text())
    chosen = read("chosen.json")
    parameters = {name: values.get(name, values.get(f"{name.rsplit('.', 1)[0]}.all")) for name in chosen}
    n = len(best["scores"])
    generations = [[n * mean_z for mean_z in generation["evaluated"]] for generation in log]
    return report("noble", args, seed, generations, cpu, wall, best_parameters=parameters, best_scores=best["scores"])


def run(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")


# ---------------------------------------------------------------- results


def report(program, args, seed, generations, cpu_seconds, wall_seconds, best_parameters, best_scores):
    """`generations` holds, for each generation, the scores of the individuals evaluated in it."""
    n_objectives, best, rows = len(best_scores), float("inf"), []
    for number, scores in enumerate(generations, 1):
        best = min(best, *scores)
        median = statistics.median(scores)
        rows.append({"generation": number, "evaluations": len(scores), "best_score": best, "median_score": median,
                     "best_mean_z": best / n_objectives, "median_mean_z": median / n_objectives})
    n_evaluations = sum(row["evaluations"] for row in rows)
    return {"program": program, "seed": seed, "population": args.population, "offspring": args.offspring,
            "n_objectives": n_objectives, "n_parameters": len(best_parameters), "evaluations": n_evaluations,
            "cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds,
            "evaluations_per_second_per_core": n_evaluations / cpu_seconds, "generations": rows,
            "best_parameters": best_parameters, "best_scores": best_scores}


def in_process(what, args, *more):
    """This script in a process of its own; NEURON and eFEL write to the output too, so the last line counts."""
    command = [sys.executable, __file__, what, "--noble", args.noble, "--population", args.population,
               "--offspring", args.offspring, "--generations", args.generations, "--method", args.method, *more]
    if args.mechanisms is not None:
        command += ["--mechanisms", args.mechanisms]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def scored_by_neuron(args, parameters):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.json"
        path.write_text(json.dumps(parameters))
        return in_process("score", args, "--values", path)["score"]


def compare(args):
    runs = []
    print(f"population and offspring {args.offspring}, {args.generations} generations, one thread\n")
    print("| seed | program | evaluations | CPU, s | evaluations per second and core | best score | mean z | "
          "median of the last generation | best, scored by NEURON |\n" + "|---" * 9 + "|", flush=True)
    for seed in args.seeds:
        for program in ("noble", "bluepyopt"):
            run = in_process(program, args, "--seed", seed)
            last = run["generations"][-1]
            run["best_score_by_neuron"] = (scored_by_neuron(args, run["best_parameters"]) if program == "noble"
                                           else last["best_score"])
            runs.append(run)
            print(f"| {seed} | {run['program']} | {run['evaluations']} | {run['cpu_seconds']:.1f} "
                  f"| {run['evaluations_per_second_per_core']:.3g} | {last['best_score']:.2f} "
                  f"| {last['best_mean_z']:.2f} | {last['median_score']:.1f} "
                  f"| {run['best_score_by_neuron']:.2f} |", flush=True)
    print("\n| seed | noble / BluePyOpt, evaluations per second and core | CPU time, BluePyOpt / noble | "
          "best score, noble / BluePyOpt |\n" + "|---" * 4 + "|")
    for ours, theirs in zip(runs[::2], runs[1::2]):
        rate = ours["evaluations_per_second_per_core"] / theirs["evaluations_per_second_per_core"]
        scores = [run["generations"][-1]["best_score"] for run in (ours, theirs)]
        print(f"| {ours['seed']} | {rate:.1f} | {theirs['cpu_seconds'] / ours['cpu_seconds']:.1f} "
              f"| {scores[0] / scores[1]:.2f} |")
    rates = [sum(run["evaluations"] for run in side) / sum(run["cpu_seconds"] for run in side)
             for side in (runs[::2], runs[1::2])]
    print(f"\nall seeds: {rates[0]:.3g} against {rates[1]:.3g} evaluations per second and core, "
          f"ratio {rates[0] / rates[1]:.1f}")
    if args.json:
        args.json.write_text(json.dumps(runs, indent=1) + "\n")


def path_from(variable, default=None):
    return Path(os.environ[variable]) if variable in os.environ else default


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["make", "score", "bluepyopt", "noble", "all"])
    parser.add_argument("--mechanisms", type=Path, default=path_from("NOBLE_MECHANISMS"))
    parser.add_argument("--noble", type=Path, default=path_from("NOBLE", ROOT / "target/release/noble"))
    parser.add_argument("--population", type=int, default=10)
    parser.add_argument("--offspring", type=int, default=10)
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--method", default="ibea", help="of noble: ibea, nsga2, nsga3 or cma-es; BluePyOpt's is IBEA")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--values", type=Path, help="JSON object of free parameters by name, for score")
    parser.add_argument("--json", type=Path, help="file for all results of all runs")
    args = parser.parse_args()
    if args.what in ("make", "all"):
        {"make": make, "all": compare}[args.what](args)
        return
    results = {"score": lambda: score(args), "bluepyopt": lambda: bluepyopt_fit(args, args.seed),
               "noble": lambda: noble_fit(args, args.seed)}
    print(json.dumps(results[args.what]()))


if __name__ == "__main__":
    main()
