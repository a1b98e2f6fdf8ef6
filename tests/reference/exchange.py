"""Exchanges networks with PyTorch through safetensors files, both ways, and compares what they compute.

    pip install torch==2.13.0 numpy safetensors
    cmake --preset test && cmake --build --preset test --target scorefield_exchange

    python tests/reference/exchange.py write build/from_pytorch          # PyTorch's networks and their outputs
    build/test/bin/scorefield_exchange check build/from_pytorch          # the library's outputs of the same

    build/test/bin/scorefield_exchange write build/from_scorefield       # the other way
    python tests/reference/exchange.py check build/from_scorefield

    python tests/reference/exchange.py table                             # what each weight is called on both sides

Each network is written once in float and once in double, with random numbers in all its weights and 1,000 inputs. A
file holds, in C order with samples first:
  x, y                 (n, d): inputs and outputs; an image is height x width x channels, channels fastest
  time, alpha, sigma   (n): the noise levels; x would be alpha data + sigma noise
  condition            (n, k): what each sample is given, NaN where it is given none; left out where k is 0
  network.<name>       the weights under the library's names, as add_parameters writes and read_parameters reads them

To bring over a network of one's own, build it from torch_networks.py with the same sizes, and
  safetensors.torch.save_file(to_scorefield(network), path)
  from_scorefield(network, safetensors.torch.load_file(path))
"""

import argparse
import itertools
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from torch_networks import Mlp, ResidualMlp, TutorialUNet, UNet

PREFIX = "network."
INPUTS = 1000
TOLERANCES = {torch.float32: 1e-5, torch.float64: 1e-13}  # of |difference| / max(1, |y|), as in exchange.cpp

# What is exchanged; exchange.cpp has the same list.
NETWORKS = {
    "mlp": lambda: Mlp(2, [64, 64, 64]),
    "dynamic_mlp": lambda: Mlp(3, [48, 32], condition=4),
    "residual_mlp": lambda: ResidualMlp(2),
    "residual_mlp_condition": lambda: ResidualMlp(5, width=96, blocks=2, embedding=48, condition=3),
    "tutorial_unet": lambda: TutorialUNet(),
    "unet": lambda: UNet((28, 28, 1), [48, 96], fold=2, heads=2),
    "unet_condition": lambda: UNet((7, 10, 3), [16, 24, 32], fold=2, blocks=2, groups=4, embedding=48, condition=10),
    "unet_sequence": lambda: UNet((1, 25, 2), [16, 32], heads=4, embedding=32, condition=3),
    "unet_sequence_fold": lambda: UNet((1, 51, 2), [16, 32], fold=2, kernel=5, embedding=32),
}

# ---- The table --------------------------------------------------------------------------------------------------

# The library's matrix of rows x cols is column-major: in a file it is a tensor of shape (cols, rows). The axes of
# PyTorch's weights in the order of that memory, slowest first; the last one is the rows, and the others are the cols.
AXES = {
    nn.Linear: (1, 0),  # (out, in) to (in, out): the transpose
    nn.Conv2d: (2, 3, 1, 0),  # (out, in, height, width) to (height width in, out)
    nn.ConvTranspose2d: (2, 3, 1, 0),  # (in, out, height, width) to (height width out, in)
    nn.GroupNorm: (0,),  # (channels) to (1, channels)
}
BIAS_AXES = (0,)  # (out) to (1, out)

# What layers, and layers made of layers, are called: PyTorch's name, then the library's. Within them the names are the
# same: norm, first, modulation, second and shortcut of a residual block; norm and attention.query, .key, .value and
# .output of an attention block; weight and bias.


def mlp_names(network):
    hidden = len(network.layers) // 2
    for i in range(hidden):
        yield f"layers.{2 * i}", f"hidden.{i}"
    yield f"layers.{2 * hidden}", "output"


def context_names(context):
    for i, layer in enumerate(context.time):
        if isinstance(layer, nn.Linear):  # which has its activation in it
            yield f"context.time.{i}", f"time.{(i + 1) // 2}"
    if context.condition is not None:
        yield "context.condition.0", "condition.0"
        yield "context.condition.2", "condition.1"


def residual_mlp_names(network):
    yield from context_names(network.context)
    yield "enter", "body.0"
    for i in range(len(network.blocks)):
        yield f"blocks.{i}", f"body.1.{i}"
    yield "leave", "body.2"


def tutorial_unet_names(_):
    yield "enter.0", "0"
    yield "enter.1", "1.inner.1"  # after the pooling, 1.inner.0
    yield "enter.2", "1.inner.2.inner.1"
    yield "enter.3", "1.inner.2.inner.2.inner.1"
    yield "enter.4", "1.inner.2.inner.2.inner.2.inner.1"
    yield "up.3", "1.inner.2.inner.2.inner.2.inner.2"
    yield "up.2", "1.inner.2.inner.2.inner.2.after"
    yield "up.1", "1.inner.2.inner.2.after"
    yield "up.0", "1.inner.2.after"
    yield "leave.0", "1.after"
    yield "leave.1", "2"


def unet_names(network):
    """Layers are counted at each size; a skip connection is one, with the coarser sizes and the layer after it."""
    yield from context_names(network.context)
    height, width, _ = network.image
    count = itertools.count(1 if height % network.fold[0] or width % network.fold[1] else 0)  # after what fills up folds
    next(count)  # the fold
    prefix = "body."
    yield "first", f"{prefix}{next(count)}"
    for number, level in enumerate(network.levels):
        theirs = f"levels.{number}."
        if number > 0:
            count = itertools.count()
            yield theirs + "down", f"{prefix}{next(count)}"
        for i in range(len(level.enter)):
            yield f"{theirs}enter.{i}", f"{prefix}{next(count)}"
        if hasattr(level, "attention"):
            yield theirs + "attention", f"{prefix}{next(count)}"
        skip = f"{prefix}{next(count)}"
        yield f"{theirs}leave.0", skip if level is network.levels[-1] else f"{skip}.after"
        for i in range(1, len(level.leave)):
            yield f"{theirs}leave.{i}", f"{prefix}{next(count)}"
        if number > 0:
            yield theirs + "up", f"{prefix}{next(count)}"
        else:
            yield "norm", f"{prefix}{next(count)}"
            yield "last", f"{prefix}{next(count)}"
        prefix = f"{skip}.inner."


NAMES = {Mlp: mlp_names, ResidualMlp: residual_mlp_names, TutorialUNet: tutorial_unet_names, UNet: unet_names}


def pieces(network):
    """PyTorch's name, the parameter, the library's name and the order of axes, of every parameter."""
    for theirs, ours in NAMES[type(network)](network):
        for name, parameter in network.get_submodule(theirs).named_parameters():
            layer = network.get_submodule(f"{theirs}.{name}".rpartition(".")[0])
            axes = AXES[type(layer)] if name.endswith("weight") else BIAS_AXES
            yield f"{theirs}.{name}", parameter, f"{ours}.{name}", axes


# ---- Weights, there and back ------------------------------------------------------------------------------------


def arranged(parameter, axes):
    """A parameter in the library's order, of shape (cols, rows)."""
    return parameter.detach().permute(axes).reshape(-1, parameter.shape[axes[-1]]).contiguous()


def arranged_back(piece, shape, axes):
    back = [axes.index(axis) for axis in range(len(axes))]
    return piece.reshape([shape[axis] for axis in axes]).permute(back)


def to_scorefield(network):
    """The tensors that read_parameters(file, "network.", layout) reads."""
    return {PREFIX + ours: arranged(parameter, axes) for _, parameter, ours, axes in pieces(network)}


def from_scorefield(network, tensors):
    """Gives the network the weights that add_parameters(file, "network.", layout, parameters) wrote."""
    expected = to_scorefield(network)
    for name in expected.keys() | {name for name in tensors if name.startswith(PREFIX)}:
        shapes = [tuple(of[name].shape) if name in of else "nothing" for of in (expected, tensors)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"{name}: the network takes {shapes[0]}, and the file has {shapes[1]}")
    with torch.no_grad():
        for _, parameter, ours, axes in pieces(network):
            parameter.copy_(arranged_back(tensors[PREFIX + ours], parameter.shape, axes))


# ---- Both ways --------------------------------------------------------------------------------------------------


def images(x, network):
    """Samples as columns of a batch hold them, (n, d), to what the network takes."""
    return x.unflatten(1, network.image).permute(0, 3, 1, 2) if network.image else x


def samples(y):
    return y.permute(0, 2, 3, 1).flatten(1) if y.dim() == 4 else y


@torch.inference_mode()
def outputs(network, tensors):
    """What the network makes of a file's inputs."""
    levels = {"time": tensors["time"], "half_log_snr": tensors["alpha"].log() - tensors["sigma"].log()}
    inputs = [images(tensors["x"], network), levels[network.LEVEL]]
    if "condition" in tensors:
        inputs.append(tensors["condition"])
    return torch.cat([samples(network(*some)) for some in zip(*(each.split(100) for each in inputs))])


def random_inputs(network, dtype):
    """Inputs at levels of the variance-preserving equation, every third of them given no condition."""
    time = torch.linspace(0, 1, INPUTS, dtype=dtype)
    integral = 0.1 * time + 9.95 * time**2
    tensors = {
        "x": torch.randn(INPUTS, network.dimension, dtype=dtype),
        "time": time,
        "alpha": torch.exp(-integral / 2),
        "sigma": torch.sqrt(-torch.expm1(-integral)),
    }
    if network.given:
        tensors["condition"] = torch.randn(INPUTS, network.given, dtype=dtype)
        tensors["condition"][::3] = torch.nan
    return tensors


def randomise(network):
    """Numbers of the size of a trained network's in all weights, also in those that start at 0."""
    for layer in network.modules():
        for name, parameter in layer.named_parameters(recurse=False):
            deviation = 0.25 if parameter.dim() == 1 else (parameter.shape[0] / parameter.numel()) ** 0.5
            nn.init.normal_(parameter, float(name == "weight" and parameter.dim() == 1), deviation)


def files(folder):
    for name, make in NETWORKS.items():
        for suffix, dtype in ("float", torch.float32), ("double", torch.float64):
            yield folder / f"{name}_{suffix}.safetensors", make().to(dtype), dtype


def write(folder):
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    for path, network, dtype in files(folder):
        randomise(network)
        tensors = to_scorefield(network) | random_inputs(network, dtype)
        tensors["y"] = outputs(network, tensors)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
        print("wrote", path)


def check(folder):
    """Prints the largest difference of each file, and returns whether all are within the tolerance."""
    passed = True
    for path, network, dtype in files(folder):
        tensors = load_file(path)
        from_scorefield(network, tensors)
        y = tensors["y"]
        difference = ((outputs(network, tensors) - y).abs() / y.abs().clamp(min=1)).max().item()
        good = difference <= TOLERANCES[dtype]
        print(f"{path.stem:30} {len(y)} outputs up to {y.abs().max():5.2f}, largest difference {difference:.1e}"
              + ("" if good else f" is above {TOLERANCES[dtype]:.0e}"))
        passed = passed and good
    return passed


def table():
    """Prints the names and shapes of every parameter of every network, as Markdown."""
    for name, make in NETWORKS.items():
        network = make()
        print(f"\n## {name}\n\n| PyTorch | shape | scorefield | shape in the file | axes |\n|---|---|---|---|---|")
        for theirs, parameter, ours, axes in pieces(network):
            shapes = [tuple(tensor.shape) for tensor in (parameter, arranged(parameter, axes))]
            print(f"| {theirs} | {shapes[0]} | {PREFIX}{ours} | {shapes[1]} | {axes} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in "write", "check":
        commands.add_parser(command).add_argument("folder", type=pathlib.Path)
    commands.add_parser("table")
    options = parser.parse_args()
    if options.command == "write":
        write(options.folder)
    elif options.command == "check":
        sys.exit(not check(options.folder))
    else:
        table()


if __name__ == "__main__":
    main()
