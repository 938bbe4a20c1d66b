#!/usr/bin/env python3
"""Reference numbers of three small networks, computed by neuraloperator.

    pip install torch==2.15.0 neuraloperator==2.0.0 tensorly-torch==0.5.0 safetensors==0.8.0 numpy==2.4.6
    python make.py                # writes one folder per network beside this file

CPU, one thread, float32. Every number is drawn from the seed in CASES; the same versions give the same files.

Per network: weights.safetensors, weights.pth (the same numbers as the package stores them), io.safetensors (input, every
stage, output) and train.safetensors (loss, gradients, five steps of AdamW). Names ending in 64 come from `Twin`, a second
evaluation in float64 written down from the definition: Fourier sums as matrices, no FFT. Complex arrays in safetensors are
float32 with a last axis (real, imaginary).
"""

import json
import math
from collections import defaultdict
from pathlib import Path

import torch
from neuralop import LpLoss
from neuralop.layers.embeddings import SinusoidalEmbedding
from neuralop.models import FNO
from neuralop.training import AdamW
from safetensors.torch import save_file

CASES = [
    # An even length that is no power of two; an even number of kept modes.
    {"name": "even_120", "seed": 7001, "T": 120, "batch": 2, "in_channels": 4, "n_modes": 14, "hidden": 6, "n_layers": 2,
     "train": True},
    # A prime length, group norm, an odd number of modes, another width of the last stage.
    {"name": "groupnorm_97", "seed": 7022, "T": 97, "batch": 2, "in_channels": 3, "n_modes": 13, "hidden": 5, "n_layers": 3,
     "proj_ratio": 3, "group_norm": True, "train": True},
    # NOBLE's input: step current, sines of its amplitude (9 frequencies) and of two cell features.
    {"name": "noble_509", "seed": 7003, "T": 509, "batch": 2, "in_channels": 23, "n_modes": 30, "hidden": 4, "n_layers": 2,
     "train": True, "noble_input": True, "amps": [1.3, -0.7], "on": 21, "width": 388},
]  # fmt: skip
AMPLITUDE_FREQUENCIES, FEATURE_FREQUENCIES = 9, 1
LEARNING_RATE, N_STEPS, KEPT_STEPS = 1e-3, 5, {"wd0": (1, 5), "wd1e-2": (5,)}
DECAYS = {"wd0": 0.0, "wd1e-2": 0.01}


# ---------------------------------------------------------------- the network and its input


def network(case):
    """The package's network with every real parameter redrawn, so that none is 0, 1 or without effect."""
    torch.manual_seed(case["seed"])
    model = FNO(
        n_modes=(case["n_modes"],),
        in_channels=case["in_channels"],
        out_channels=1,
        hidden_channels=case["hidden"],
        n_layers=case["n_layers"],
        projection_channel_ratio=case.get("proj_ratio", 4),
        norm="group_norm" if case.get("group_norm") else None,
    )
    draw = torch.Generator().manual_seed(case["seed"] + 10)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.is_complex() or ".convs." in name:
                continue  # spectral weights and biases as the package draws them
            noise = torch.randn(parameter.shape, generator=draw)
            if "channel_mlp_skips" in name or (".norm." in name and name.endswith("weight")):
                parameter.copy_(1.0 + 0.25 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.25 * noise)
            else:
                parameter.copy_(noise / math.sqrt(parameter.shape[1]))
    return model


def sines(time, scale, n_frequencies):
    """The package's embedding of `scale * time`: [batch, 2 n_frequencies, T]."""
    embedding = SinusoidalEmbedding(in_channels=1, num_frequencies=n_frequencies, embedding_type="nerf")
    return embedding(scale.view(-1, 1, 1) * time.view(1, -1, 1)).permute(0, 2, 1)


def noble_input(case, draw):
    """Step current and the embeddings of its amplitude and of two features, with the three scalars."""
    length, on, width = case["T"], case["on"], case["width"]
    amp = torch.tensor(case["amps"], dtype=torch.float32)
    slope = 0.5 + 3.0 * torch.rand(case["batch"], generator=draw)
    intercept = 0.5 + 3.0 * torch.rand(case["batch"], generator=draw)
    time = torch.linspace(0.0, 2.0 * torch.pi, length)
    current = torch.zeros(case["batch"], 1, length)
    current[:, :, on : on + width] = amp.view(-1, 1, 1)
    parts = [current, sines(time, amp, AMPLITUDE_FREQUENCIES)]
    parts += [sines(time, feature, FEATURE_FREQUENCIES) for feature in (slope, intercept)]
    return torch.cat(parts, dim=1).contiguous(), {"amp": amp, "slope": slope, "intercept": intercept}


def random_walks(case, draw):
    """Smooth and rough parts, so that low and high modes are both excited."""
    shape = (case["batch"], case["in_channels"], case["T"])
    walk = torch.randn(shape, generator=draw).cumsum(-1) / math.sqrt(case["T"])
    return walk + 0.15 * torch.randn(shape, generator=draw)


# ---------------------------------------------------------------- the float64 twin


class Twin:
    """The network in float64 from its definition; `parameters` go by the package's names."""

    def __init__(self, parameters, case):
        self.p = parameters
        self.n_layers = case["n_layers"]
        length = case["T"]
        kept = next(p for n, p in parameters.items() if n.endswith("convs.0.weight.tensor")).shape[-1]
        n_modes = min(kept, length // 2 + 1)
        turns = torch.arange(n_modes)[:, None] * torch.arange(length)[None, :] % length
        angle = 2.0 * math.pi * turns.double() / length
        self.to_modes = torch.complex(torch.cos(angle), -torch.sin(angle)) / length
        # A real signal holds each mode twice (k and -k), except the mean and, at even lengths, the highest.
        times = torch.full((n_modes, 1), 2.0, dtype=torch.float64)
        times[0] = 1.0
        if length % 2 == 0 and n_modes == length // 2 + 1:
            times[-1] = 1.0
        self.cosine, self.sine = times * torch.cos(angle), times * torch.sin(angle)

    def mix(self, name, x):
        """Linear map over channels, with a bias where there is one."""
        weight, bias = self.p[f"{name}.weight"], self.p.get(f"{name}.bias")
        y = torch.matmul(weight[..., 0], x)
        return y if bias is None else y + bias[:, None]

    def two_layers(self, name, x):
        return self.mix(f"{name}.fcs.1", gelu(self.mix(f"{name}.fcs.0", x)))

    def spectral(self, layer, x):
        weight = self.p[f"fno_blocks.convs.{layer}.weight.tensor"]
        modes = torch.einsum("bit,kt->bik", x.to(torch.complex128), self.to_modes)
        modes = torch.einsum("bik,iok->bok", modes, weight[..., : modes.shape[-1]])
        y = torch.matmul(modes.real, self.cosine) - torch.matmul(modes.imag, self.sine)
        return y + self.p[f"fno_blocks.convs.{layer}.bias"]

    def normalize(self, number, x):
        """Group norm with one group: over channels and time of each sample; nothing where the network has none."""
        weight = self.p.get(f"fno_blocks.norm.{number}.weight")
        if weight is None:
            return x
        centered = x - x.mean((1, 2), keepdim=True)
        variance = (centered * centered).mean((1, 2), keepdim=True)
        return centered / torch.sqrt(variance + 1e-5) * weight[:, None] + self.p[f"fno_blocks.norm.{number}.bias"][:, None]

    def block(self, layer, x):
        last = layer == self.n_layers - 1
        skip = self.mix(f"fno_blocks.fno_skips.{layer}.conv", x)
        gate = self.p[f"fno_blocks.channel_mlp_skips.{layer}.weight"] * x
        y = self.normalize(2 * layer, self.spectral(layer, x)) + skip
        y = y if last else gelu(y)
        y = self.normalize(2 * layer + 1, self.two_layers(f"fno_blocks.channel_mlp.{layer}", y) + gate)
        return y if last else gelu(y)

    def __call__(self, x):
        """Output and the stages `lifting`, `block.<i>`; x in float32 or float64, [batch, channels, T]."""
        length = x.shape[-1]
        # The package's grid is made in float32; its values are part of the network.
        grid = torch.linspace(0.0, 1.0, length + 1)[:-1].double()
        x = torch.cat([x.double(), grid.expand(x.shape[0], 1, length)], dim=1)
        stages = {"lifting": self.two_layers("lifting", x)}
        x = stages["lifting"]
        for layer in range(self.n_layers):
            x = stages[f"block.{layer}"] = self.block(layer, x)
        return self.two_layers("projection", x), stages


def gelu(x):
    return 0.5 * x * (1.0 + torch.erf(x / math.sqrt(2.0)))


def relative_l4(y, target):
    """Sum over samples of |y - target|_4 / |target|_4."""
    return (((y - target) ** 4).sum((1, 2)) ** 0.25 / ((target**4).sum((1, 2)) ** 0.25 + 1e-8)).sum()


def widen(tensor):
    return tensor.detach().to(torch.complex128 if tensor.is_complex() else torch.float64)


# ---------------------------------------------------------------- what is stored


def storable(tensors):
    """Contiguous copies, complex as a last axis of two."""
    plain = {name: t.detach() for name, t in tensors.items() if torch.is_tensor(t)}
    return {n: (torch.view_as_real(t) if t.is_complex() else t).clone().contiguous() for n, t in plain.items()}


def watched_forward(model, x):
    """Output and the outputs of every part, by hooks on one call of the network."""
    seen, handles = defaultdict(list), []

    def watch(module, name):
        handles.append(module.register_forward_hook(lambda _m, _i, out: seen[name].append(out.detach())))

    blocks = model.fno_blocks
    watch(model.positional_embedding, "with_grid")
    watch(model.lifting, "lifting")
    watch(blocks, "block")
    for layer in range(blocks.n_layers):
        watch(blocks.convs[layer], f"spectral.{layer}")
        watch(blocks.fno_skips[layer], f"skip.{layer}")
        watch(blocks.channel_mlp_skips[layer], f"gate.{layer}")
        watch(blocks.channel_mlp[layer], f"mlp.{layer}")
        if blocks.norm is not None:
            watch(blocks.norm[2 * layer], f"norm_a.{layer}")
            watch(blocks.norm[2 * layer + 1], f"norm_b.{layer}")
    with torch.no_grad():
        y = model(x)
    for handle in handles:
        handle.remove()
    outputs = {f"block.{layer}": out for layer, out in enumerate(seen.pop("block"))}
    for name, calls in seen.items():
        assert len(calls) == 1, (name, len(calls))
        outputs[name] = calls[0]
    return y, outputs


def inputs_and_stages(case, model, x, scalars):
    y, stages = watched_forward(model, x)
    with torch.no_grad():
        y64, stages64 = Twin({n: widen(t) for n, t in model.state_dict().items() if torch.is_tensor(t)}, case)(x)
    arrays = dict(scalars) | {"x": x, "y": y, "y64": y64}
    arrays |= {f"stage.{name}": out for name, out in stages.items()}
    return arrays | {f"stage64.{name}": out for name, out in stages64.items()}


def gradients(case, model, x, target):
    loss = LpLoss(d=1, p=4, reduction="sum")
    x = x.clone().requires_grad_(True)
    value = loss(model(x), target)
    value.backward()
    arrays = {"target": target, "loss": value.detach().reshape(1), "grad_input": x.grad}
    arrays |= {f"grad.{n}": p.grad for n, p in model.named_parameters()}

    twins = {n: widen(p).requires_grad_(True) for n, p in model.named_parameters()}
    value64 = relative_l4(Twin(twins, case)(x.detach())[0], target.double())
    value64.backward()
    arrays["loss64"] = value64.detach().reshape(1)
    return arrays | {f"grad64.{n}": p.grad for n, p in twins.items()}


def steps(case, x, target):
    """Parameters along five full-batch steps, with and without weight decay."""
    loss, arrays = LpLoss(d=1, p=4, reduction="sum"), {}
    for tag, decay in DECAYS.items():
        model = network(case).train()
        optimizer = AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=decay)
        losses = []
        for step in range(1, N_STEPS + 1):
            optimizer.zero_grad()
            value = loss(model(x), target)
            value.backward()
            optimizer.step()
            losses.append(value.item())
            if step in KEPT_STEPS[tag]:
                arrays |= {f"adamw.{tag}.step{step}.{n}": p.detach().clone() for n, p in model.named_parameters()}
        arrays[f"adamw.{tag}.losses"] = torch.tensor(losses)
    return arrays


def largest_gradient_error(arrays):
    """Worst relative L2 difference between float32 and float64 gradients, over tensors."""
    pairs = [(arrays["grad." + n[7:]], g) for n, g in arrays.items() if n.startswith("grad64.")]
    return max(((widen(a) - b).abs().square().sum() / b.abs().square().sum()).sqrt().item() for a, b in pairs)


def write_case(case, folder):
    folder.mkdir(exist_ok=True)
    metadata = {"config": json.dumps(case)}
    model = network(case).eval()
    torch.save(model.state_dict(), folder / "weights.pth")
    save_file(storable(model.state_dict()), folder / "weights.safetensors", metadata=metadata)

    draw = torch.Generator().manual_seed(case["seed"] + 20)
    x, scalars = noble_input(case, draw) if case.get("noble_input") else (random_walks(case, draw), {})
    io = inputs_and_stages(case, model, x, scalars)
    save_file(storable(io), folder / "io.safetensors", metadata=metadata)

    walk = torch.randn(case["batch"], 1, case["T"], generator=draw).cumsum(-1) / math.sqrt(case["T"])
    target = -0.065 + 0.02 * walk  # volts, as recorded cells have
    train = gradients(case, model.train(), x, target) | steps(case, x, target)
    save_file(storable(train), folder / "train.safetensors", metadata=metadata)

    error = (io["y"].double() - io["y64"]).norm() / io["y64"].norm()
    print(
        f"{case['name']}: y std {io['y'].std():.3f}, float32 against float64: y {error:.2g}, loss "
        f"{abs(train['loss'].item() / train['loss64'].item() - 1):.2g}, gradients {largest_gradient_error(train):.2g}; "
        f"losses {train['adamw.wd0.losses'].tolist()}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}")
    for entry in CASES:
        write_case(entry, Path(__file__).parent / entry["name"])
