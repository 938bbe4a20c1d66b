"""Times the operator against PyTorch and neuraloperator, eager and rewritten, ONNX Runtime and OpenVINO, in one session.

usage, from the repository root, after `cargo build --release` and `cargo bench -p noble-operator --no-run`:
    python benches/network.py forward WEIGHTS.pth [--samples 8583]
    python benches/network.py train WEIGHTS.pth [--batch 16]
    python benches/network.py threads WEIGHTS.pth

Needs torch, neuraloperator 2.0.0, onnxruntime and openvino. The rewrite takes neuraloperator's FFT for two real
matrix products with the truncated transform and mixes modes in batches; the runtimes take the network as
`noble operator convert` exports it, which is the same rewrite. Sides alternate; times are the minimum of n repetitions
after one that is not counted.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
NOBLE = ROOT / "target/release/noble"
KEYS = ("n_modes", "in_channels", "out_channels", "hidden_channels", "n_layers", "projection_channel_ratio")


def network(weights):
    """neuraloperator's network with the given weights."""
    import torch
    from neuralop.models import FNO
    torch.set_num_threads(1)
    state = torch.load(weights, weights_only=False)
    meta = state["_metadata"]
    model = FNO(**{key: meta[key] for key in KEYS})
    model.load_state_dict(state)
    return model


def rewritten(model, n_samples):
    """The same network, its spectral convolutions as real matrix products."""
    import copy

    import torch

    class Spectral(torch.nn.Module):
        def __init__(self, convolution):
            super().__init__()
            weight = convolution.weight.tensor.detach()
            self.re, self.im = (torch.nn.Parameter(part.permute(2, 0, 1).contiguous())
                                for part in (weight.real, weight.imag))
            self.bias = torch.nn.Parameter(convolution.bias.detach().clone())
            n_modes = min(weight.shape[-1], n_samples // 2 + 1)
            angle = 2 * np.pi * np.outer(np.arange(n_samples), np.arange(n_modes)) / n_samples
            count = np.where((np.arange(n_modes) == 0) | (2 * np.arange(n_modes) == n_samples), 1.0, 2.0)
            forward = np.concatenate([np.cos(angle), -np.sin(angle)], 1) / n_samples
            inverse = np.concatenate([count * np.cos(angle), -count * np.sin(angle)], 1).T
            self.register_buffer("forward_dft", torch.tensor(forward, dtype=torch.float32))
            self.register_buffer("inverse_dft", torch.tensor(inverse, dtype=torch.float32))
            self.n_modes = n_modes

        def forward(self, x, output_shape=None):
            x = (x @ self.forward_dft).permute(2, 0, 1)
            re, im = x[:self.n_modes], x[self.n_modes:]
            w_re, w_im = self.re[:self.n_modes], self.im[:self.n_modes]
            y = torch.cat([re @ w_re - im @ w_im, re @ w_im + im @ w_re]).permute(1, 2, 0)
            return y @ self.inverse_dft + self.bias

        def transform(self, x, output_shape=None):
            return x

    model = copy.deepcopy(model)
    model.fno_blocks.convs = torch.nn.ModuleList(Spectral(conv) for conv in model.fno_blocks.convs)
    return model


def alternate(sides, n):
    """Minimum time in ms of each of several functions, called in turn."""
    best = dict.fromkeys(sides, float("inf"))
    for turn in range(n + 1):
        for name, run in sides.items():
            started = time.perf_counter()
            value = run()
            elapsed = 1e3 * (time.perf_counter() - started) if value is None else value
            if turn > 0:
                best[name] = min(best[name], elapsed)
    return best


def noble_forward(weights, x, folder, threads=1):
    """A function that returns noble's own time of a batch."""
    np.savez(f"{folder}/x.npz", x=x)
    command = [NOBLE, "operator", "forward", "--weights", weights, "--input", f"{folder}/x.npz", "--out",
               f"{folder}/y.npz", "--threads", str(threads), "--repeat", "5"]

    def run():
        line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return float(line.split()[1]) * len(x)
    return run


def runtimes(weights, n_samples, folder, threads=1):
    """Functions that run the exported network in ONNX Runtime and OpenVINO."""
    import onnxruntime
    import openvino
    path = f"{folder}/network.onnx"
    subprocess.run([NOBLE, "operator", "convert", weights, path, "--samples", str(n_samples)], check=True,
                   capture_output=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(path), "CPU", settings)
    return {"ONNX Runtime": lambda x: session.run(None, {"x": x})[0], "OpenVINO": lambda x: compiled([x])[0]}


def forward(args):
    import torch
    model = network(args.weights)
    rewrite = rewritten(model, args.samples)
    rng = np.random.default_rng(1)
    print("| samples | batch | implementation | ms a trace | times noble | relative L2 to eager |")
    print("|---|---|---|---|---|---|")
    for batch in args.batch or (1, 8):
        x = rng.standard_normal((batch, model.in_channels, args.samples)).astype(np.float32)
        tensor = torch.from_numpy(x)
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            others = runtimes(args.weights, args.samples, folder)
            functions = {"neuraloperator eager": lambda: model(tensor).numpy(),
                         "PyTorch, matrix products": lambda: rewrite(tensor).numpy(),
                         **{name: (lambda run=run: run(x)) for name, run in others.items()}}
            y = {name: run() for name, run in functions.items()}
            silent = {name: (lambda run=run: run() is None or None) for name, run in functions.items()}
            sides = {"noble": noble_forward(args.weights, x, folder), **silent}
            best = alternate(sides, args.repeat)
            y["noble"] = np.load(f"{folder}/y.npz")["y"]
        exact = y["neuraloperator eager"]
        for name, time_ms in best.items():
            deviation = np.linalg.norm(y[name] - exact) / np.linalg.norm(exact)
            print(f"| {args.samples} | {batch} | {name} | {time_ms / batch:.2f} | {time_ms / best['noble']:.1f} "
                  f"| {deviation:.1e} |")


def threads(args):
    rng = np.random.default_rng(1)
    print("| batch | one thread, ms a trace | two threads | ratio |")
    print("|---|---|---|---|")
    for batch in args.batch or (1, 2, 64):
        x = rng.standard_normal((batch, 23, args.samples)).astype(np.float32)
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            sides = {1: noble_forward(args.weights, x, one, 1), 2: noble_forward(args.weights, x, two, 2)}
            best = alternate(sides, args.repeat)
        print(f"| {batch} | {best[1] / batch:.2f} | {best[2] / batch:.2f} | {best[1] / best[2]:.2f} |")


def child_train(kind, args):
    """One training step after another in this process; prints ms a step and the peak of memory."""
    import resource

    import torch
    from neuralop.losses import LpLoss
    from neuralop.training import AdamW
    model = network(args.weights)
    if kind == "rewrite":
        model = rewritten(model, args.samples)
    optimizer = (AdamW if kind == "eager" else torch.optim.AdamW)(model.parameters(), lr=1e-4, weight_decay=0.0)
    loss = LpLoss(d=1, p=4, reduction="sum")
    rng = np.random.default_rng(1)
    batch = (args.batch or [16])[0]
    x = torch.from_numpy(rng.standard_normal((batch, model.in_channels, args.samples)).astype(np.float32))
    target = torch.from_numpy(rng.standard_normal((batch, 1, args.samples)).astype(np.float32))
    best = float("inf")
    for turn in range(args.repeat + 1):
        started = time.perf_counter()
        optimizer.zero_grad()
        loss(model(x), target).backward()
        optimizer.step()
        if turn > 0:
            best = min(best, 1e3 * (time.perf_counter() - started))
    print(best / batch, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def train(args):
    batch = (args.batch or [16])[0]
    common = [args.weights, "--samples", str(args.samples), "--repeat", str(args.repeat), "--batch", str(batch)]
    ours = ["cargo", "bench", "-q", "-p", "noble-operator", "--bench", "step", "--", "batch", str(batch)]
    results = {}
    for _ in range(args.turns):
        line = subprocess.run(ours, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        found = re.search(r"training step ([\d.]+) ms per trace.*peak ([\d.]+) MB", line)
        rows = {"noble": [float(found[1]), float(found[2])]}
        for kind in ("eager", "rewrite"):
            command = [sys.executable, __file__, f"_{kind}", *common]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            rows[kind] = [float(word) for word in out.split()]
        for name, row in rows.items():
            results[name] = min(results.get(name, [float("inf")] * 2), row)
    print(f"| training step, batch {batch} | ms a trace | times noble | peak memory, MB | times noble |")
    print("|---|---|---|---|---|")
    for name, (time_ms, memory_mb) in results.items():
        print(f"| {name} | {time_ms:.1f} | {time_ms / results['noble'][0]:.1f} | {memory_mb:.0f} "
              f"| {memory_mb / results['noble'][1]:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["forward", "threads", "train", "_eager", "_rewrite"])
    parser.add_argument("weights")
    parser.add_argument("--samples", type=int, default=8583)
    parser.add_argument("--batch", type=int, nargs="*")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    if options.what.startswith("_"):
        child_train(options.what[1:], options)
    else:
        {"forward": forward, "threads": threads, "train": train}[options.what](options)
