#!/usr/bin/env python3
"""What `noble operator convert` writes, judged by the programs that shall read it.

    pip install torch==2.15.0 neuraloperator==2.0.0 safetensors==0.8.0 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4
    cargo build --release
    python reference/neuralop/check_exchange.py --noble target/release/noble [FOLDER …]

Every FOLDER (default: the cases beside this file) holds cases as `make.py` writes them. Per case:

- `weights.pth` becomes .safetensors; neuraloperator loads it, and its output must be that of `weights.pth`, bit by bit;
- `weights.pth` becomes .onnx; ONNX checks it, ONNX Runtime and OpenVINO run it, in one batch and trace by trace. Printed is the
  relative L2 distance to `y64`, the reference in float64, beside that of PyTorch.

Then the way of the published weights: a network of 23 channels becomes an operator by `--latents`, and `noble predict` must
give what neuraloperator gives for an input built in Python. Nothing is written but into a temporary folder.
"""

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino
import torch
from neuralop.layers.embeddings import SinusoidalEmbedding
from neuralop.models import FNO
from safetensors import safe_open
from safetensors.torch import load_file

# float32 of PyTorch is within 8e-7 of float64 on all cases.
MOST_REL_L2 = 3e-6
# `noble predict` against neuraloperator: the network's rounding, and sines that differ in the last bit.
MOST_PREDICT_REL_L2 = 2e-5
TABLE = ",cell_type,seed,hof,slope,intercept\n0,PVALB,1,0,756.2,0.0164\n1,PVALB,1,1,848.0,0.0139\n2,PVALB,2,0,811.7,0.0194\n"
TOTAL_MS, STEP_MS, DELAY_MS, DURATION_MS = 515.0, 0.06, 15.0, 400.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--noble", default="target/release/noble", help="the program")
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(__file__).parent])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cases = sorted(path.parent for folder in arguments.folders for path in folder.glob("*/weights.pth"))
    print(f"{'case':24}{'T':>6}{'PyTorch':>10}{'ONNX RT':>10}{'OpenVINO':>10}{'MB':>7}   safetensors")
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases:
            check_case(arguments.noble, case, Path(scratch))
        for case in cases:
            if config(case)["in_channels"] == 23:
                check_operator(arguments.noble, case, Path(scratch))


def config(case):
    with safe_open(case / "io.safetensors", "pt") as file:
        return json.loads(file.metadata()["config"])


def network(case):
    settings = config(case)
    return FNO(
        n_modes=(settings["n_modes"],),
        in_channels=settings["in_channels"],
        out_channels=1,
        hidden_channels=settings["hidden"],
        n_layers=settings["n_layers"],
        projection_channel_ratio=settings.get("proj_ratio", 4),
        norm="group_norm" if settings.get("group_norm") else None,
    ).eval()


def noble(program, *words):
    subprocess.run([program, *map(str, words)], check=True, capture_output=True, text=True)


def rel_l2(y, exact):
    return float(np.linalg.norm(np.float64(y) - exact) / np.linalg.norm(exact))


def inputs(case, io):
    """The case's input; the large case stores its scalars instead."""
    if "x" in io:
        return io["x"]
    length = io["y"].shape[-1]
    return noble_input(length, io["amp"], [io["slope"], io["intercept"]], pulse(io["x_first_trace"]))


def pulse(first_trace):
    on = torch.nonzero(first_trace.reshape(-1, first_trace.shape[-1])[0]).flatten()
    return slice(int(on[0]), int(on[-1]) + 1)


def noble_input(length, amp, features, on):
    time = torch.linspace(0.0, 2.0 * torch.pi, length)
    current = torch.zeros(len(amp), 1, length)
    current[:, :, on] = amp.view(-1, 1, 1)
    parts = [current, sines(time, amp, 9)] + [sines(time, feature, 1) for feature in features]
    return torch.cat(parts, dim=1).contiguous()


def sines(time, scale, n_frequencies):
    embedding = SinusoidalEmbedding(in_channels=1, num_frequencies=n_frequencies, embedding_type="nerf")
    return embedding(scale.view(-1, 1, 1) * time.view(1, -1, 1)).permute(0, 2, 1)


def check_case(program, case, scratch):
    io = load_file(case / "io.safetensors")
    x, exact = inputs(case, io), io["y64"].numpy()
    plain = network(case)
    plain.load_state_dict(torch.load(case / "weights.pth", weights_only=False))
    noble(program, "operator", "convert", case / "weights.pth", scratch / "w.safetensors")
    converted = network(case)
    converted.load_state_dict(load_file(scratch / "w.safetensors"))
    with torch.no_grad():
        y, again = plain(x), converted(x)
    assert torch.equal(y, again), f"{case.name}: the weights changed on their way"
    length = x.shape[-1]
    noble(program, "operator", "convert", case / "weights.pth", scratch / "w.onnx", "--samples", length)
    onnx.checker.check_model(str(scratch / "w.onnx"), full_check=True)
    runtime = rel_l2(in_onnxruntime(scratch / "w.onnx", x.numpy()), exact)
    vino = rel_l2(in_openvino(scratch / "w.onnx", x.numpy()), exact)
    torch_error, size = rel_l2(y.numpy(), exact), (scratch / "w.onnx").stat().st_size / 1e6
    print(f"{case.name:24}{length:6}{torch_error:10.1e}{runtime:10.1e}{vino:10.1e}{size:7.1f}   equal")
    assert runtime <= MOST_REL_L2 and vino <= MOST_REL_L2, case.name


def in_onnxruntime(path, x):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (y,) = session.run(["y"], {"x": x})
    singly = np.concatenate([session.run(["y"], {"x": trace[None]})[0] for trace in x])
    assert rel_l2(singly, np.float64(y)) < 1e-6, "the batch matters"
    return y


def in_openvino(path, x):
    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    return core.compile_model(core.read_model(path), "CPU", settings)({"x": x})["y"]


def check_operator(program, case, scratch):
    """The published weights' way, on the case's weights, whatever its own length is."""
    (scratch / "hof.csv").write_text(TABLE)
    words = ["--channel-order", "stimulus,step,s_thr_hz_per_na,i_thr_na", "--current-unit-na", 0.1, "--voltage-unit", "v"]
    operator = scratch / "operator.safetensors"
    noble(program, "operator", "convert", case / "weights.pth", operator, "--latents", scratch / "hof.csv", *words)
    steps_na = [-0.1, 0.07, 0.25]
    currents = ",".join(map(str, steps_na))
    noble(program, "predict", "--operator", operator, f"--step-na={currents}", "--models", "1", "--out", scratch / "out")
    arrays = np.load(scratch / "out" / "ensemble.npz")

    rows = [line.split(",") for line in TABLE.splitlines()[1:]]
    table = np.array([[float(row[4]), float(row[5])] for row in rows])
    low, high = table.min(0), table.max(0)
    scaled = table[1] * 3.0 / (high - low) + (0.5 - low * 3.0 / (high - low))
    length, amp = int(TOTAL_MS / STEP_MS), torch.tensor([10.0 * i for i in steps_na])
    on = round(DELAY_MS / STEP_MS)
    features = [torch.full_like(amp, value) for value in scaled]
    x = noble_input(length, amp, features, slice(on, on + round(DURATION_MS / STEP_MS)))
    model = network(case)
    model.load_state_dict(torch.load(case / "weights.pth", weights_only=False))
    with torch.no_grad():
        v_mv = 1e3 * model(x)[:, 0].numpy()
    assert arrays["v_mv"].shape == v_mv.shape and math.isclose(arrays["time_ms"][1], STEP_MS)
    error = rel_l2(arrays["v_mv"], np.float64(v_mv))
    noble(program, "operator", "convert", operator, scratch / "operator.onnx")
    runtime = rel_l2(1e3 * in_onnxruntime(scratch / "operator.onnx", x.numpy())[:, 0], np.float64(v_mv))
    entries = {entry.key for entry in onnx.load(scratch / "operator.onnx").metadata_props}
    assert {"noble_operator", "channels", "voltage_scale_mv"} <= entries
    print(f"{case.name}: 23 channels as an operator, {length} samples, against neuraloperator: predict {error:.1e}, ONNX RT {runtime:.1e}")
    assert error <= MOST_PREDICT_REL_L2 and runtime <= MOST_REL_L2, case.name


if __name__ == "__main__":
    main()
