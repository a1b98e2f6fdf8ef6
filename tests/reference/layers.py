"""Writes layer_values.hpp: what PyTorch makes of small cases of the layers, in double precision.

    python tests/reference/layers.py

Tensors are rearranged to this library's layout on the way: a sample is a column, an image height x width x channels
with the channels fastest, a matrix column-major.
"""

import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

SAMPLES = 2

HEADER = """\
/// What PyTorch {version} makes of small cases of the layers. Written by layers.py.
#pragma once

#include <vector>

namespace scorefield::test::reference {{

/// Of {samples} samples, column after column: inputs x, outputs y of the layer with parameters p, and for the gradient dy of
/// a loss by y the gradients dx by x and g by p.
struct LayerValues {{
  std::vector<double> x, p, y, dy, dx, g;
}};

// clang-format off
"""

FOOTER = """
// clang-format on

}  // namespace scorefield::test::reference
"""


def image(tensor):
    """NCHW to our batch of images."""
    return tensor.permute(0, 2, 3, 1)


def matrix(tensor):
    """Column-major."""
    return tensor.t()


def convolution_weight(tensor):
    """(out, in, height, width) to out x (height, width, in)."""
    return matrix(tensor.permute(0, 2, 3, 1).flatten(1))


def transposed_convolution_weight(tensor):
    """(in, out, height, width) to in x (height, width, out)."""
    return matrix(tensor.permute(0, 2, 3, 1).flatten(1))


def numbers(values):
    text, line = [], ""
    for value in values:
        number = repr(value)  # the shortest that reads back the same
        if len(line) + len(number) + 2 > 115:
            text.append(line)
            line = ""
        line += (" " if line else "") + number + ","
    text.append(line)
    return "    {" + "\n     ".join(text).rstrip(",") + "}"


def case(name, comment, function, x, parameters, arrange=image):
    """`parameters` are pairs of a tensor and how it is rearranged, in the order of our flat vector."""
    leaves = [x] + [tensor for tensor, _ in parameters]
    for leaf in leaves:
        leaf.requires_grad_()
    y = function(x, *(tensor for tensor, _ in parameters))
    dy = normal(*y.shape)
    dx, *gradients = torch.autograd.grad(y, leaves, dy)

    def flat(tensors):
        return [value for tensor in tensors for value in tensor.detach().flatten().tolist()]

    arrangements = [rearrange for _, rearrange in parameters]
    fields = [
        [arrange(x)],
        [rearrange(tensor) for tensor, rearrange in parameters],
        [arrange(y)],
        [arrange(dy)],
        [arrange(dx)],
        [rearrange(gradient) for gradient, rearrange in zip(gradients, arrangements)],
    ]
    text = ",\n".join(numbers(flat(field)) for field in fields)
    return f"\n/// {comment}\ninline const LayerValues {name}{{\n{text}}};\n"


def same(tensor):
    return tensor


def normal(*shape):
    return torch.randn(*shape).round(decimals=2)  # short to write down


def convolution(name, comment, height, width, kernel, inputs=3, outputs=4, **options):
    return case(
        name,
        f"{height} x {width} x {inputs} to {outputs} channels, {comment}; p is weight, then bias.",
        lambda x, weight, bias: F.conv2d(x, weight, bias, **options),
        normal(SAMPLES, inputs, height, width),
        [(normal(outputs, inputs, kernel, kernel), convolution_weight), (normal(outputs), same)],
    )


def transposed_convolution(name, comment, size, kernel, inputs=2, outputs=3, **options):
    return case(
        name,
        f"{size} x {size} x {inputs} to {outputs} channels, {comment}; p is weight, then bias.",
        lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, **options),
        normal(SAMPLES, inputs, size, size),
        [(normal(inputs, outputs, kernel, kernel), transposed_convolution_weight), (normal(outputs), same)],
    )


def attention(channels=4, heads=2, height=2, width=3):
    module = torch.nn.MultiheadAttention(channels, heads, batch_first=True)
    names = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]

    def function(x, *parameters):
        q, qb, k, kb, v, vb, o, ob = parameters
        values = dict(zip(names, [torch.cat([q, k, v]), torch.cat([qb, kb, vb]), o, ob]))
        pixels = x.flatten(2).transpose(1, 2)  # sample x pixel x channel
        result, _ = torch.func.functional_call(module, values, (pixels, pixels, pixels))
        return result.transpose(1, 2).unflatten(2, (height, width))

    return case(
        "self_attention",
        f"{height} x {width} x {channels}, {heads} heads; p is weight and bias of query, key, value and output.",
        function,
        normal(SAMPLES, channels, height, width),
        [(normal(channels, channels), matrix) if i % 2 == 0 else (normal(channels), same) for i in range(8)],
    )


def cases():
    yield case(
        "max_pool",
        "7 x 7 x 2 to 4 x 4 x 2: kernel 3, stride 2, padding 1.",
        lambda x: F.max_pool2d(x, 3, 2, 1),
        normal(SAMPLES, 2, 7, 7),
        [],
    )
    yield case(
        "average_pool",
        "5 x 6 x 3 to 3 x 3 x 3: kernel 3, stride 2, padding 1.",
        lambda x: F.avg_pool2d(x, 3, 2, 1),
        normal(SAMPLES, 3, 5, 6),
        [],
    )
    yield case(
        "upsample_nearest",
        "2 x 3 x 2 to 4 x 6 x 2.",
        lambda x: F.interpolate(x, scale_factor=2, mode="nearest"),
        normal(SAMPLES, 2, 2, 3),
        [],
    )
    yield case(
        "group_norm",
        "2 x 3 x 6 in 3 groups, epsilon 1e-5; p is weight, then bias.",
        lambda x, weight, bias: F.group_norm(x, 3, weight, bias, 1e-5),
        normal(SAMPLES, 6, 2, 3),
        [(normal(6), same), (normal(6), same)],
    )
    yield attention()
    yield convolution("convolution_3x3", "kernel 3, stride 1, padding 1", 5, 6, 3, padding=1)
    yield convolution("convolution_3x3_stride_2", "kernel 3, stride 2, padding 1", 7, 7, 3, 2, 3, stride=2, padding=1)
    yield convolution("convolution_1x1", "kernel 1, stride 1, padding 0", 3, 4, 1)
    yield convolution("convolution_2x2_stride_2", "kernel 2, stride 2, padding 0", 6, 6, 2, 2, 3, stride=2)
    yield transposed_convolution(
        "transposed_convolution_3x3_stride_2",
        "kernel 3, stride 2, padding 1, output padding 0",
        4,
        3,
        stride=2,
        padding=1,
    )
    yield transposed_convolution(
        "transposed_convolution_3x3_stride_2_output_padding_1",
        "kernel 3, stride 2, padding 1, output padding 1",
        2,
        3,
        stride=2,
        padding=1,
        output_padding=1,
    )
    yield transposed_convolution(
        "transposed_convolution_3x3", "kernel 3, stride 1, padding 1, output padding 0", 4, 3, padding=1
    )
    yield transposed_convolution(
        "transposed_convolution_4x4_stride_2",
        "kernel 4, stride 2, padding 1, output padding 0",
        3,
        4,
        stride=2,
        padding=1,
    )


def main():
    torch.manual_seed(0)
    version = torch.__version__.split("+")[0]
    text = HEADER.format(version=version, samples=SAMPLES) + "".join(cases()) + FOOTER
    (pathlib.Path(__file__).parent / "layer_values.hpp").write_text(text)


if __name__ == "__main__":
    main()
