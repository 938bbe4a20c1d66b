"""Trains small operators with one thing changed at a time and prints the rows of docs/results.md.

usage, from the repository root:
    python benches/tables.py embedding --dataset DATASET --out FOLDER
    python benches/tables.py models    --dataset DATASET --out FOLDER
    python benches/tables.py loss      --dataset DATASET --out FOLDER
    python benches/tables.py sag       --dataset DATASET --out FOLDER [--operator OPERATOR]
with --noble PATH (default target/release/noble), --steps N (default 2000 of 8 traces).

DATASET is the one of `noble reproduce --budget hours` (noble-out/reproduction/dataset-...): 600 training models, 40 for the test.
Every row has the same network, steps, seed and dataset; trainings that are there are kept, also for the same row of another
table, and those cut off go on. Errors are those of `noble evaluate` on the test traces.
"""
import argparse
import hashlib
import json
import subprocess
from pathlib import Path

Options = dict[str, object]

WIDE: Options = {"rhythm-frequencies": 7}
STUDY: Options = {"latents": "i_thr_na,s_thr_hz_per_na"}
#: Models of the study's ablation.
FEW: Options = {"train-models": 50}
ROWS: dict[str, dict[str, Options]] = {
    "embedding": {
        "none": FEW | {"latents": "none"},
        "slope": FEW | {"latents": "s_thr_hz_per_na"},
        "threshold": FEW | {"latents": "i_thr_na"},
        "both": FEW | STUDY,
        "both, AHP depth": FEW | {"latents": "i_thr_na,s_thr_hz_per_na,ahp_depth_mv"},
        "all": FEW | WIDE,
    },
    "models": {
        f"{n} models, {name}": latents | ({} if n == 600 else {"train-models": n})
        for name, latents in (("two features", STUDY), ("all", WIDE))
        for n in (10, 50, 200, 600)
    },
    "loss": {
        name: WIDE | ({} if name == "relative_l4" else {"loss": name})
        for name in ("relative_l4", "relative_l2", "relative_l1", "relative_h1")
    },
}
NETWORK = "--hidden-channels 24 --layers 4 --modes 256 --current-frequencies 9".split()
WINDOW = "--window-ms 515 --max-shift-ms 15 --answer-shift-ms 0".split()
#: Features are weighed in windows that all begin alike.
SAG_WINDOW = "--window-ms 515 --max-shift-ms 0 --answer-shift-ms 0".split()
SAG_WEIGHTS = (0.0, 25.0)


def run(args: argparse.Namespace, *words: object) -> str:
    command = [str(args.noble), *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def trained(args: argparse.Namespace, place: Path, options: list[str]) -> Path:
    operator = place / "operator.safetensors"
    if not (place / "learning.done").is_file():
        words = ["train", "--dataset", args.dataset, *NETWORK, *WINDOW, "--steps", args.steps]
        run(args, *words, "--steps-per-validation", args.steps, *options, "--resume", "--out", operator)
        (place / "learning.done").touch()
    return operator


def evaluated(args: argparse.Namespace, place: Path, operator: Path) -> list[dict]:
    report = place / "report.json"
    if not report.is_file():
        text = run(args, "evaluate", "--operator", operator, "--dataset", args.dataset, "--format", "json", "--out", place / "evaluation")
        report.write_text(text)
    return json.loads(report.read_text())["groups"]


def row(name: str, groups: list[dict]) -> str:
    cells = [name]
    for group in groups:
        low, high = group["intervals"]["voltage_relative_l2"]
        voltage = 100 * group["voltage_relative_l2"]
        spikes = group["spike_count_relative"]
        cells += [
            f"{voltage:.2f} % ({100 * low:.2f} to {100 * high:.2f})",
            "–" if spikes is None else f"{100 * spikes:.1f} %",
            f"{100 * group['misfire_fraction']:.1f} %",
        ]
    return "| " + " | ".join(cells) + " |"


def table(args: argparse.Namespace) -> None:
    print("| | seen models: voltage | spikes off | misfires | unseen models: voltage | spikes off | misfires |")
    print("|---|---|---|---|---|---|---|")
    for name, options in ROWS[args.table].items():
        words = [str(word) for option, value in sorted(options.items()) for word in (f"--{option}", value)]
        place = args.out / hashlib.sha256(json.dumps([args.steps, *words]).encode()).hexdigest()[:12]
        place.mkdir(parents=True, exist_ok=True)
        operator = trained(args, place, words)
        print(row(name, evaluated(args, place, operator)), flush=True)


def sag(args: argparse.Namespace) -> None:
    """The study's table 3: an operator tuned with the feature beside the loss, and without."""
    print("| weight of the sag | sag_amplitude, mean relative error: seen | unseen | voltage: seen | unseen |")
    print("|---|---|---|---|---|")
    base = args.operator or "before"
    for weight in (None, *SAG_WEIGHTS):
        place = args.out / "sag" / ("before" if weight is None else f"{weight:g}")
        place.mkdir(parents=True, exist_ok=True)
        operator = Path(base) if weight is None else place / "operator.safetensors"
        if weight is not None and not (place / "learning.done").is_file():
            start = ["train", "--from", base, "--dataset", args.dataset, *SAG_WINDOW, "--steps", args.steps]
            weights = ["--feature-weights", f"sag_mv={weight:g}"] if weight > 0 else []
            run(args, *start, *weights, "--steps-per-validation", args.steps, "--resume", "--out", operator)
            (place / "learning.done").touch()
        groups = evaluated(args, place, operator)
        cells = [f"{100 * group['features']['sag_amplitude']['mean_relative']:.2f} %" for group in groups]
        cells += [f"{100 * group['voltage_relative_l2']:.2f} %" for group in groups]
        print("| " + " | ".join(["before" if weight is None else f"{weight:g}", *cells]) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=[*ROWS, "sag"])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--operator", type=Path)
    parser.add_argument("--noble", type=Path, default=Path("target/release/noble"))
    parser.add_argument("--steps", type=int, default=2000)
    args = parser.parse_args()
    sag(args) if args.table == "sag" else table(args)


if __name__ == "__main__":
    main()
