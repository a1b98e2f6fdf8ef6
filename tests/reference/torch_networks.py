"""The library's networks as PyTorch modules: the tutorial's MLP, ResidualMlp, TutorialUNet and UNet.

They compute what the networks of the same names in include/scorefield/network do, and are written as one would write
them in PyTorch. All take a batch whose first axis is the samples, x of shape (n, d), or (n, channels, height, width)
for images, then the noise level of each sample, (n,), and its condition, (n, k), with NaN where a sample is given
none. LEVEL says what number tells the noise level: "time" is t in [0, 1], "half_log_snr" is log(alpha / sigma). The
numbers of a sample are `dimension`, those of its condition `given`; `image` is (height, width, channels) for images.

Where PyTorch's obvious choice is another, they follow the library:
  condition      a network is told k numbers and a 1, or k + 1 zeros where a sample is given none
  sinusoids      frequencies are rounded to float from double, since sin(1000 t) shows the last digit of each; the
                 highest comes first, both ends occur, and sines come before cosines
  half_log_snr   is cut off at -20 and 20
  fold           its channels are in the order (row, column, channel); F.pixel_unshuffle has (channel, row, column)
  padding        images are filled up to whole folds below and to the right, and cropped at the end
  concatenation  what comes up from the coarser size stands before what comes across
  modulation     of 2 channels numbers, the first half scales and the second shifts; it multiplies by 1 + scale
  attention      its maps are four Linear layers; the in_proj_weight of nn.MultiheadAttention is the weights of query,
                 key and value below each other
GroupNorm's epsilon, 1e-5, and the rows that convolutions leave out or add are PyTorch's.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def told(condition):
    """What networks are told of conditions: (n, k) to (n, k + 1)."""
    given = ~condition[:, :1].isnan()
    return torch.where(given, F.pad(condition, (0, 1), value=1), 0)


class Mlp(nn.Module):
    """Mlp<float, dimension, widths...>, and DynamicMlp<float>(dimension, {widths}, {.condition})."""

    LEVEL, image = "time", None

    def __init__(self, dimension, widths, condition=0):
        super().__init__()
        self.dimension, self.given = dimension, condition
        inputs = dimension + 1 + (condition + 1 if condition else 0)
        layers = []
        for width in widths:
            layers += [nn.Linear(inputs, width), nn.LogSigmoid()]
            inputs = width
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, dimension))

    def forward(self, x, time, condition=None):
        numbers = [x, time[:, None]] + ([] if condition is None else [told(condition)])
        return self.layers(torch.cat(numbers, dim=1))


class Sinusoids(nn.Module):
    """Sines and cosines of a number at frequencies in a geometric row."""

    def __init__(self, outputs, highest, lowest):
        super().__init__()
        count = outputs // 2
        powers = torch.arange(count, dtype=torch.float64) / (count - 1)
        self.register_buffer("frequencies", highest * (lowest / highest) ** powers, persistent=False)

    def forward(self, numbers):
        angles = numbers * self.frequencies.to(numbers.dtype)
        return torch.cat([angles.sin(), angles.cos()], dim=1)


class Context(nn.Module):
    """What the layers of a network look at: an embedding of the noise level and what the condition adds."""

    def __init__(self, time, size, condition):
        super().__init__()
        self.time = time
        self.condition = None
        if condition:
            self.condition = nn.Sequential(nn.Linear(condition + 1, size), nn.SiLU(), nn.Linear(size, size))

    def forward(self, level, condition):
        context = self.time(level[:, None])
        return context if self.condition is None else context + self.condition(told(condition))


class ResidualDense(nn.Module):
    def __init__(self, width, embedding):
        super().__init__()
        self.first = nn.Linear(width, width)
        self.modulation = nn.Linear(embedding, 2 * width)
        self.second = nn.Linear(width, width)

    def forward(self, x, context):
        scale, shift = self.modulation(context).chunk(2, dim=1)
        return x + self.second(F.silu((1 + scale) * self.first(x) + shift))


class ResidualMlp(nn.Module):
    """ResidualMlp<float>(dimension, {.width, .blocks, .embedding, .condition})."""

    LEVEL, image = "half_log_snr", None

    def __init__(self, dimension, width=128, blocks=3, embedding=64, condition=0):
        super().__init__()
        self.dimension, self.given = dimension, condition
        time = nn.Sequential(Sinusoids(32, highest=4, lowest=0.05), nn.Linear(32, embedding), nn.SiLU())
        self.context = Context(time, embedding, condition)
        self.enter = nn.Linear(dimension, width)
        self.blocks = nn.ModuleList(ResidualDense(width, embedding) for _ in range(blocks))
        self.leave = nn.Linear(width, dimension)

    def forward(self, x, half_log_snr, condition=None):
        context = self.context(half_log_snr.clamp(-20, 20), condition)
        x = self.enter(x)
        for block in self.blocks:
            x = block(x, context)
        return self.leave(x)


class TutorialUNet(nn.Module):
    """TutorialUNet<float>, for images of 28 x 28."""

    LEVEL, image, dimension, given = "time", (28, 28, 1), 28 * 28, 0

    def __init__(self):
        super().__init__()
        widths = [32, 64, 128, 256, 256]
        coarse = [2 * width for width in widths[1:-1]] + widths[-1:]  # channels at the next size, with those across
        self.enter = nn.ModuleList(nn.Conv2d(inputs, width, 3, padding=1)
                                   for inputs, width in zip([2, *widths], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(inputs, width, 3, stride=2, padding=1)
                                for inputs, width in zip(coarse, widths))
        self.leave = nn.ModuleList([nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 1, 3, padding=1)])

    def forward(self, x, time, condition=None):
        x = torch.cat([x, time[:, None, None, None].expand_as(x)], dim=1)
        x = F.logsigmoid(self.enter[0](x))
        across = []
        for enter in self.enter[1:]:
            across.append(x)
            x = F.logsigmoid(enter(F.max_pool2d(x, 2, padding=x.shape[2] % 2)))
        for up in reversed(self.up):
            beside = across.pop()
            x = torch.cat([F.logsigmoid(up(x, output_size=beside.shape[2:])), beside], dim=1)
        return self.leave[1](F.logsigmoid(self.leave[0](x)))


def centred(kernel):
    """The zeros around an image that keep its size at stride 1."""
    return tuple(edge // 2 for edge in kernel)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, channels, groups, embedding, kernel):
        super().__init__()
        self.norm = nn.GroupNorm(groups, inputs)
        self.first = nn.Conv2d(inputs, channels, kernel, padding=centred(kernel))
        self.modulation = nn.Linear(embedding, 2 * channels)
        self.hidden_norm = nn.GroupNorm(groups, channels, affine=False)
        self.second = nn.Conv2d(channels, channels, kernel, padding=centred(kernel))
        self.shortcut = nn.Conv2d(inputs, channels, 1) if inputs != channels else nn.Identity()

    def forward(self, x, context):
        scale, shift = self.modulation(context)[:, :, None, None].chunk(2, dim=1)
        hidden = self.hidden_norm(self.first(F.silu(self.norm(x))))
        return self.shortcut(x) + self.second(F.silu(hidden * (1 + scale) + shift))


class SelfAttention(nn.Module):
    """Multi-head attention over the pixels of an image."""

    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, x):
        pixels = x.flatten(2).transpose(1, 2)
        query, key, value = (part(pixels).unflatten(2, (self.heads, -1)).transpose(1, 2)
                             for part in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return self.output(mixed).transpose(1, 2).unflatten(2, x.shape[2:])


class AttentionBlock(nn.Module):
    def __init__(self, channels, groups, heads):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.attention = SelfAttention(channels, heads)

    def forward(self, x):
        return x + self.attention(self.norm(x))


class Level(nn.Module):
    """The layers of a UNet at one size: `down` to it, `enter`, then after the coarser sizes `leave`, and `up`."""

    def __init__(self, level, widths, kernel, blocks, groups, heads, embedding):
        super().__init__()
        width, coarsest = widths[level], level + 1 == len(widths)
        if level > 0:
            self.down = nn.Conv2d(widths[level - 1], width, kernel, stride=2, padding=centred(kernel))
            self.up = nn.ConvTranspose2d(width, widths[level - 1], kernel, stride=2, padding=centred(kernel))
        if coarsest and heads > 0:
            self.attention = AttentionBlock(width, groups, heads)

        def residual_blocks(inputs):
            return nn.ModuleList(ResidualBlock(inputs if i == 0 else width, width, groups, embedding, kernel)
                                 for i in range(blocks))

        self.enter = residual_blocks(width)
        self.leave = residual_blocks(width if coarsest else 2 * width)


def space_to_depth(x, factor):
    """Channels in the order (row, column, channel)."""
    rows, columns = factor
    return x.unflatten(3, (-1, columns)).unflatten(2, (-1, rows)).permute(0, 3, 5, 1, 2, 4).flatten(1, 3)


def depth_to_space(x, factor):
    return x.unflatten(1, (*factor, -1)).permute(0, 3, 4, 1, 5, 2).flatten(4, 5).flatten(2, 3)


class UNet(nn.Module):
    """UNet<float>({height, width, channels}, {.widths, .fold, .kernel, .blocks, .groups, .heads, .embedding, ...}).

    A sequence, an image of height 1, is folded, halved and convolved along its length alone.
    """

    LEVEL = "time"

    def __init__(self, image, widths, fold=1, kernel=3, blocks=1, groups=8, heads=0, embedding=128, condition=0):
        super().__init__()
        self.image, self.dimension, self.given = image, math.prod(image), condition
        along_axes = (lambda n: (1, n)) if image[0] == 1 else (lambda n: (n, n))
        self.fold, kernel = along_axes(fold), along_axes(kernel)
        channels = image[2] * math.prod(self.fold)
        time = nn.Sequential(Sinusoids(64, highest=1000, lowest=0.1), nn.Linear(64, embedding), nn.SiLU(),
                             nn.Linear(embedding, embedding), nn.SiLU())
        self.context = Context(time, embedding, condition)
        self.first = nn.Conv2d(channels, widths[0], kernel, padding=centred(kernel))
        self.levels = nn.ModuleList(Level(level, widths, kernel, blocks, groups, heads, embedding)
                                    for level in range(len(widths)))
        self.norm = nn.GroupNorm(groups, widths[0])
        self.last = nn.Conv2d(widths[0], channels, kernel, padding=centred(kernel))

    def forward(self, x, time, condition=None):
        context = self.context(time, condition)
        height, width, _ = self.image
        x = self.first(space_to_depth(F.pad(x, (0, -width % self.fold[1], 0, -height % self.fold[0])), self.fold))
        x = self.at(0, x, context)
        return depth_to_space(self.last(F.silu(self.norm(x))), self.fold)[:, :, :height, :width]

    def at(self, number, x, context):
        """The U from one size on."""
        level = self.levels[number]
        for block in level.enter:
            x = block(x, context)
        if number + 1 < len(self.levels):
            coarser = self.levels[number + 1]
            inner = self.at(number + 1, coarser.down(x), context)
            x = torch.cat([coarser.up(inner, output_size=x.shape[2:]), x], dim=1)
        elif hasattr(level, "attention"):
            x = level.attention(x)
        for block in level.leave:
            x = block(x, context)
        return x
