"""Layers and networks on images in PyTorch, those of ../image_layers.cpp and ../image_networks.cpp."""

import torch
import torch.nn.functional as F
from torch import nn

from images import EMBEDDING, GROUPS, HEADS, SIZE


class ResidualBlock(nn.Module):
    """A block that looks at a context, as those of Dhariwal and Nichol 2021."""

    def __init__(self, inputs, channels):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, inputs)
        self.first = nn.Conv2d(inputs, channels, 3, padding=1)
        self.modulation = nn.Linear(EMBEDDING, 2 * channels)
        self.hidden_norm = nn.GroupNorm(GROUPS, channels, affine=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, channels, 1) if channels != inputs else nn.Identity()

    def forward(self, x, context):
        hidden = self.first(F.silu(self.norm(x)))
        scale, shift = self.modulation(context)[:, :, None, None].chunk(2, dim=1)
        hidden = self.second(F.silu(self.hidden_norm(hidden) * (1 + scale) + shift))
        return self.shortcut(x) + hidden


class SelfAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.maps = nn.Linear(channels, 3 * channels)  # query, key and value at once
        self.output = nn.Linear(channels, channels)

    def forward(self, x):
        pixels = x.flatten(2).transpose(1, 2)
        heads = (m.unflatten(2, (HEADS, -1)).transpose(1, 2) for m in self.maps(pixels).chunk(3, dim=2))
        mixed = F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        return self.output(mixed).transpose(1, 2).unflatten(2, x.shape[2:])


class AttentionBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.attention = SelfAttention(channels)
        nn.init.zeros_(self.attention.output.weight)
        nn.init.zeros_(self.attention.output.bias)

    def forward(self, x):
        return x + self.attention(self.norm(x))


class SkipConnection(nn.Module):
    def __init__(self, inner, after):
        super().__init__()
        self.inner = inner
        self.after = after

    def forward(self, x):
        return self.after(torch.cat([self.inner(x), x], dim=1))


class SinusoidalEmbedding(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.register_buffer("frequencies", 1000 * 1e-4 ** torch.linspace(0, 1, outputs // 2))

    def forward(self, t):
        angles = t * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=1)


def time_embedding():
    return nn.Sequential(SinusoidalEmbedding(64), nn.Linear(64, EMBEDDING), nn.SiLU(),
                         nn.Linear(EMBEDDING, EMBEDDING), nn.SiLU())


def layer(kind, shape, to):
    """One of images.LAYERS."""
    if kind == "time_embedding":
        return time_embedding()
    (height, _, inputs), (height_to, _, outputs) = shape, to
    return {
        "convolution": lambda: nn.Conv2d(inputs, outputs, 3, stride=height // height_to, padding=1),
        "convolution_1x1": lambda: nn.Conv2d(inputs, outputs, 1),
        "transposed_convolution": lambda: doubling_convolution(inputs, outputs, height, height_to),
        "max_pool": lambda: nn.MaxPool2d(2, padding=height % 2),
        "average_pool": lambda: nn.AvgPool2d(2),
        "upsample_nearest": lambda: nn.Upsample(scale_factor=2),
        "space_to_depth": lambda: nn.PixelUnshuffle(2),
        "depth_to_space": lambda: nn.PixelShuffle(2),
        "group_norm": lambda: nn.Sequential(nn.GroupNorm(GROUPS, inputs), nn.SiLU()),
        "residual_block": lambda: ResidualBlock(inputs, outputs),
        "skip_connection": lambda: SkipConnection(nn.Sequential(nn.MaxPool2d(2), nn.Upsample(scale_factor=2)),
                                                  nn.Conv2d(2 * inputs, outputs, 1)),
        "self_attention": lambda: SelfAttention(inputs),
    }[kind]()


def doubling_convolution(inputs, outputs, size, to):
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=to - 2 * size + 1)


class TutorialUNet(nn.Module):
    def __init__(self):
        super().__init__()
        widths, sizes = [32, 64, 128, 256, 256], [SIZE, 14, 7, 4, 2]
        self.enter = nn.ModuleList(nn.Conv2d(inputs, width, 3, padding=1)
                                   for inputs, width in zip([2, *widths], widths))
        self.down = nn.ModuleList(nn.MaxPool2d(2, padding=size % 2) for size in sizes[:-1])
        coarse = [2 * width for width in widths[1:-1]] + widths[-1:]  # channels that come up, beside those of the skip
        self.up = nn.ModuleList(doubling_convolution(*each) for each in zip(coarse, widths, sizes[1:], sizes))
        self.leave = nn.ModuleList([nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 1, 3, padding=1)])

    def forward(self, x, t):
        x = F.logsigmoid(self.enter[0](torch.cat([x, t.expand_as(x)], dim=1)))
        skips = []
        for down, enter in zip(self.down, self.enter[1:]):
            skips.append(x)
            x = F.logsigmoid(enter(down(x)))
        for up in reversed(self.up):
            x = torch.cat([F.logsigmoid(up(x)), skips.pop()], dim=1)
        return self.leave[1](F.logsigmoid(self.leave[0](x)))


class UNet(nn.Module):
    """UNet<float, {28, 28, 1}, {.fold = 2, .heads = 2}, 48, 96>. It starts as 0 as well."""

    def __init__(self):
        super().__init__()
        self.time = time_embedding()
        self.first = nn.Conv2d(4, 48, 3, padding=1)
        self.enter = ResidualBlock(48, 48)
        self.down = nn.Conv2d(48, 96, 3, stride=2, padding=1)
        self.coarse = nn.ModuleList([ResidualBlock(96, 96), ResidualBlock(96, 96)])
        self.attention = AttentionBlock(96)
        self.up = doubling_convolution(96, 48, 7, 14)
        self.leave = ResidualBlock(96, 48)
        self.norm = nn.GroupNorm(GROUPS, 48)
        self.last = nn.Conv2d(48, 4, 3, padding=1)
        for block in (self.enter, *self.coarse, self.leave):
            nn.init.zeros_(block.second.weight)
            nn.init.zeros_(block.second.bias)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x, t):
        context = self.time(t.flatten(1))
        skip = self.enter(self.first(F.pixel_unshuffle(x, 2)), context)
        x = self.down(skip)
        x = self.attention(self.coarse[0](x, context))
        x = self.coarse[1](x, context)
        x = self.leave(torch.cat([self.up(x), skip], dim=1), context)
        return F.pixel_shuffle(self.last(F.silu(self.norm(x))), 2)
