"""The recipe in PyTorch, eager or with torch.compile: a worker that compare.py starts (see worker.py).

    python torch_recipe.py [--compile] [--threads 1]
"""

import argparse
import itertools
import math
import os

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no pool of processes beside the measurements

import torch
import torch.nn.functional as F
from torch import nn

from recipe import (BETA1, BETA2, BETA_MAX, BETA_MIN, DIMENSION, EPSILON, LEARNING_RATE, REVERSE_STEPS, SAMPLING_WIDTH,
                    T_MIN, layer_sizes, swiss_roll)
from worker import serve

# A break in the graph or a shape that compiles again and again is an error, not a fallback. The C++ wrapper has less
# overhead a call, and PyTorch's own random numbers are faster than those that Inductor generates: together they take 15
# to 35 % off a training step. Tried without gain: max_autotune, and for sampling freezing.
compiled = torch.compile(fullgraph=True, dynamic=False, options={"cpp_wrapper": True, "fallback_random": True})


def network(width):
    layers = [module for sizes in layer_sizes(width) for module in (nn.Linear(*sizes), nn.LogSigmoid())]
    return nn.Sequential(*layers[:-1])


def joined(x, t):
    return torch.cat([x, t], dim=1)


def signal_and_deviation(t):
    integral = t * (BETA_MIN + (BETA_MAX - BETA_MIN) / 2 * t)
    return torch.exp(-integral / 2), torch.sqrt(-torch.expm1(-integral))


def loss_of(score, x0):
    """Denoising score matching; score is a function of (x, t), with a time for each row or image."""
    t = T_MIN + (1 - T_MIN) * torch.rand(len(x0), *[1] * (x0.dim() - 1))
    noise = torch.randn_like(x0)
    signal, deviation = signal_and_deviation(t)
    return (deviation * score(signal * x0 + deviation * noise, t) + noise).square().mean()


def training_step(loss_of_batch, parameters):
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, fused=True)  # faster than for-loop and foreach

    def step(x0):
        optimizer.zero_grad()
        loss = loss_of_batch(x0)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def eager_training_step(net):
    return training_step(lambda x0: loss_of(lambda x, t: net(joined(x, t)), x0), net.parameters())


def compiled_training_step(net):
    """Loss, gradient and Adam as one graph, on lists of tensors, which is the fastest of the forms tried. From slow to
    fast: the loss compiled and backward(), with a compiled opt.step or fused Adam, no faster than eager; loss and
    gradient in one graph with fused Adam; all in one graph, with functional_call on the modules; this. Four steps
    unrolled into one graph would take another quarter off small cells, and four times as long to compile."""
    weights = [parameter.detach() for parameter in net.parameters()]
    means, squares = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    count = torch.zeros(())

    def score(weights, x, t):
        x = joined(x, t)
        *hidden, output = zip(weights[::2], weights[1::2])
        for weight, bias in hidden:
            x = F.logsigmoid(F.linear(x, weight, bias))
        return F.linear(x, *output)

    @compiled
    def step(weights, means, squares, count, x0):
        gradients, loss = torch.func.grad_and_value(lambda w: loss_of(lambda x, t: score(w, x, t), x0))(weights)
        count += 1
        mean_scale = LEARNING_RATE / (1 - BETA1**count)
        square_scale = 1 / (1 - BETA2**count)
        for weight, mean, square, gradient in zip(weights, means, squares, gradients):
            mean.lerp_(gradient, 1 - BETA1)
            square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            weight.sub_(mean_scale * mean / ((square_scale * square).sqrt() + EPSILON))
        return loss

    return lambda x0: step(weights, means, squares, count, x0)


def epochs(data, batch):
    """The shuffled batches of one epoch after the other."""
    while True:
        yield from data[torch.randperm(len(data))].split(batch)


class Training:
    steps = 1

    def __init__(self, width, batch, compile):
        data = torch.from_numpy(swiss_roll(batch))
        net = network(width)
        self.step = compiled_training_step(net) if compile else eager_training_step(net)
        self.batches = epochs(data, batch)
        for length in {batch, len(data) % batch or batch}:
            self.step(data[:length])

    def run(self, count):
        for x0 in itertools.islice(self.batches, count):
            loss = self.step(x0)
        return loss.item()


def beta(t):
    return BETA_MIN + (BETA_MAX - BETA_MIN) * t


def eager_reverse_steps(net):
    """The step and its arguments: plain numbers, which cost less than tensors of one element."""
    dt = 1 / REVERSE_STEPS

    def step(x, t, keep, pull, shake):
        score = net(joined(x, torch.full((len(x), 1), t)))
        return x.mul_(keep).add_(score, alpha=pull).add_(torch.randn_like(x), alpha=shake)

    times = [1 - i * dt for i in range(REVERSE_STEPS)]
    return step, [(t, 1 + beta(t) / 2 * dt, beta(t) * dt, math.sqrt(beta(t) * dt)) for t in times]


def compiled_reverse_steps(net):
    """The step and its arguments: tensors, as each number would compile anew."""
    dt = 1 / REVERSE_STEPS

    @compiled
    def step(x, t):
        score = net(joined(x, t.expand(len(x), 1)))
        return x + beta(t) * (x / 2 + score) * dt + torch.sqrt(beta(t) * dt) * torch.randn_like(x)

    return step, [(t,) for t in torch.linspace(1, 0, REVERSE_STEPS + 1)[:-1].unbind()]


class Sampling:
    steps = 1

    def __init__(self, samples, compile):
        net = network(SAMPLING_WIDTH).requires_grad_(False)
        self.chain = self.chains(samples, *(compiled_reverse_steps if compile else eager_reverse_steps)(net))
        self.run(10)

    @staticmethod
    def chains(samples, step, arguments):
        """The states of one run after the other."""
        while True:
            x = torch.randn(samples, DIMENSION)
            for each in arguments:
                x = step(x, *each)
                yield x

    @torch.inference_mode()
    def run(self, count):
        for x in itertools.islice(self.chain, count):
            pass
        return x.abs().max().item()


def worker_options(description):
    """Whether to compile, from the command line, whose number of threads is set."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    return options


if __name__ == "__main__":
    options = worker_options(__doc__)

    def prepare(work, width=None, batch=None):
        torch.compiler.reset()  # what earlier cells compiled does not count for the limit of recompilations
        if work == "train":
            return Training(width, batch, options.compile)
        return Sampling({"sample": 1000, "latency": 1}[work], options.compile)

    serve(prepare)
