"""Layers and networks on images in PyTorch: a worker that compare.py starts (see worker.py).

    python torch_images.py [--compile] [--threads 1]

    {"work": "evaluate", "layer": ["max_pool", [28, 28, 32], [14, 14, 32]], ...}      or "forward_backward"
    {"work": "train", "network": "UNet", ...}
    {"work": "score", "network": "UNet", "images": 64, ...}

Eager work is tried with both memory formats, and the faster one is kept. Compiled networks get the channels last, as
Inductor arranges convolutions so in any case. Tried without gain: Inductor's freezing for the score.
"""

import itertools

import torch

import torch_image_networks as networks
from images import BATCH, CHUNK, EMBEDDING, IMAGES, SIZE
from torch_recipe import compiled, epochs, loss_of, signal_and_deviation, training_step, worker_options
from worker import measure, serve


def random_images(format):
    return torch.rand(IMAGES, 1, SIZE, SIZE).contiguous(memory_format=format)


class LinearDenoiserCorrection(torch.nn.Module):
    """The score, where the network corrects the best linear denoiser of the data (see the library's header)."""

    def __init__(self, network, data):
        super().__init__()
        self.network = network
        self.register_buffer("mean", data.mean(dim=0))
        self.register_buffer("variance", data.var(dim=0, correction=0) + 0.02**2)

    def forward(self, x, t):
        signal, sigma = signal_and_deviation(t)
        precision = torch.rsqrt(signal**2 * self.variance + sigma**2)
        white = (x - signal * self.mean) * precision
        return -precision * (white + signal / sigma * self.variance.sqrt() * self.network(white, t))


def score_of(network, data, format):
    """A function of (x, t), times of shape (images, 1, 1, 1)."""
    net = getattr(networks, network)().to(memory_format=format)
    return LinearDenoiserCorrection(net, data) if network == "UNet" else net


def parameters_of(module):
    return sum(parameter.numel() for parameter in module.parameters())


class Layer:
    steps = 1

    def __init__(self, layer, format):
        kind, shape, _ = layer
        self.module = networks.layer(*layer).to(memory_format=format)
        self.parameters = parameters_of(self.module)
        if kind == "time_embedding":
            self.inputs = [torch.rand(CHUNK, 1)]
        else:
            height, width, channels = shape
            self.inputs = [torch.randn(CHUNK, channels, height, width).contiguous(memory_format=format)]
        if kind == "residual_block":
            self.inputs.append(torch.randn(CHUNK, EMBEDDING))


class Evaluation(Layer):
    @torch.inference_mode()
    def run(self, count):
        for _ in range(count):
            y = self.module(*self.inputs)
        return y.mean().item()


class ForwardBackward(Layer):
    def __init__(self, layer, format):
        super().__init__(layer, format)
        for x in self.inputs:
            x.requires_grad_()
        self.wanted = [*self.inputs, *self.module.parameters()]
        self.upstream = torch.randn_like(self.module(*self.inputs).detach())

    def run(self, count):
        for _ in range(count):
            gradients = torch.autograd.grad(self.module(*self.inputs), self.wanted, self.upstream)
        return gradients[0].mean().item()


class Training:
    steps = 1

    def __init__(self, network, format, compile):
        data = random_images(format)
        score = score_of(network, data, format)
        self.parameters = parameters_of(score)

        def loss_of_batch(x0):
            return loss_of(score, x0)

        self.step = training_step(compiled(loss_of_batch) if compile else loss_of_batch, score.parameters())
        self.batches = epochs(data, BATCH)

    def run(self, count):
        for x0 in itertools.islice(self.batches, count):
            loss = self.step(x0)
        return loss.item()


class Score:
    steps = 1

    def __init__(self, network, images, format, compile):
        data = random_images(format)
        score = score_of(network, data, format).requires_grad_(False)
        self.parameters = parameters_of(score)
        self.score = compiled(score) if compile else score
        self.x, self.t = data[:images], torch.full((images, 1, 1, 1), 0.5)

    @torch.inference_mode()
    def run(self, count):
        for _ in range(count):
            score = self.score(self.x, self.t)
        return score.abs().max().item()


if __name__ == "__main__":
    options = worker_options(__doc__)

    def prepare(work, **shape):
        torch.compiler.reset()  # what earlier cells compiled does not count for the limit of recompilations
        kind = {"evaluate": Evaluation, "forward_backward": ForwardBackward, "train": Training, "score": Score}[work]
        if work in ("train", "score"):
            shape["compile"] = options.compile
        formats = [torch.channels_last] if options.compile else [torch.contiguous_format, torch.channels_last]
        candidates = [kind(**shape, format=format) for format in formats]
        for candidate in candidates:
            candidate.run(1)
        return min(candidates, key=lambda candidate: measure(candidate, 0.05)["seconds_per_step"])

    serve(prepare)
