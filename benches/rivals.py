"""Times noble against neuraloperator in one session and prints the rows of docs/performance.md.

usage, from the repository root, after `cargo build --release`:
    python benches/rivals.py operator WEIGHTS.pth

Needs torch and neuraloperator 2.0.0. One thread on both sides, minimum of 5 after one run
that is not counted; the two sides alternate. `simulator.py` and `features.py` beside this file time the other stages.
"""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
NOBLE = ROOT / "target/release/noble"
N = 5


def timed(run):
    started = time.perf_counter()
    result = run()
    return time.perf_counter() - started, result


def alternate(ours, theirs):
    """Minimum time of each of two functions, called in turn, and their last results."""
    ours(), theirs()
    pairs = [(timed(ours), timed(theirs)) for _ in range(N)]
    return min(p[0][0] for p in pairs), min(p[1][0] for p in pairs), pairs[-1][0][1], pairs[-1][1][1]


def operator(weights):
    import torch
    from neuralop.models import FNO
    torch.set_num_threads(1)
    state = torch.load(weights, weights_only=False)
    meta = state["_metadata"]
    keys = ("n_modes", "in_channels", "out_channels", "hidden_channels", "n_layers", "projection_channel_ratio")
    model = FNO(**{key: meta[key] for key in keys})
    model.load_state_dict(state)
    rng = np.random.default_rng(1)
    for n_samples in (8583, 8640):
        x = rng.standard_normal((1, meta["in_channels"], n_samples)).astype(np.float32)
        with tempfile.TemporaryDirectory() as folder:
            np.savez(f"{folder}/x.npz", x=x)
            command = [NOBLE, "operator", "forward", "--weights", weights, "--input", f"{folder}/x.npz",
                       "--out", f"{folder}/y.npz", "--threads", "1", "--repeat", "5"]
            best = [float("inf"), float("inf")]
            for _ in range(N):
                line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                best[0] = min(best[0], float(line.split()[1]))
                with torch.no_grad():
                    seconds, reference = timed(lambda: model(torch.from_numpy(x)))
                best[1] = min(best[1], 1e3 * seconds)
            y = np.load(f"{folder}/y.npz")["y"]
        reference = reference.numpy()
        deviation = np.linalg.norm(y - reference) / np.linalg.norm(reference)
        print(f"| {meta['hidden_channels']} channels, {meta['n_layers']} blocks | {n_samples} | 1 | forward | {best[0]:.1f} "
              f"| {best[1]:.1f} | {best[1] / best[0]:.1f} | {deviation:.1e} |")


if __name__ == "__main__":
    {"operator": operator}[sys.argv[1]](*sys.argv[2:])
