"""The recipe in JAX: a worker that compare.py starts (see worker.py).

    python jax_recipe.py [--threads 1]
"""

import argparse
import functools
import itertools
import os

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1, help="1, or whatever JAX takes")
options = parser.parse_args()
os.environ["JAX_PLATFORMS"] = "cpu"
if options.threads == 1:  # read when JAX is imported; one thread it is only on one core, where compare.py starts it
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp

from recipe import (BETA1, BETA2, BETA_MAX, BETA_MIN, DIMENSION, EPSILON, LEARNING_RATE, REVERSE_STEPS, SAMPLING_WIDTH,
                    T_MIN, layer_sizes, swiss_roll)
from worker import serve

jax.config.update("jax_cpu_enable_async_dispatch", False)  # nearly halves the latency of a step that is waited for


def initial_weights(width, key):
    """Uniform in +-1/sqrt(inputs), as in the other libraries."""
    weights = []
    for inputs, outputs in layer_sizes(width):
        key, for_weight, for_bias = jax.random.split(key, 3)
        uniform = functools.partial(jax.random.uniform, minval=-(inputs**-0.5), maxval=inputs**-0.5)
        weights.append((uniform(for_weight, (inputs, outputs)), uniform(for_bias, (outputs,))))
    return weights


def score_of(weights, x, t):
    x = jnp.concatenate([x, t], axis=1)
    for weight, bias in weights[:-1]:
        x = jax.nn.log_sigmoid(x @ weight + bias)
    weight, bias = weights[-1]
    return x @ weight + bias


def loss_of(weights, x0, key):
    """Denoising score matching."""
    for_time, for_noise = jax.random.split(key)
    t = jax.random.uniform(for_time, (len(x0), 1), minval=T_MIN)
    noise = jax.random.normal(for_noise, x0.shape)
    integral = t * (BETA_MIN + (BETA_MAX - BETA_MIN) / 2 * t)
    deviation = jnp.sqrt(-jnp.expm1(-integral))
    x_t = jnp.exp(-integral / 2) * x0 + deviation * noise
    return jnp.mean(jnp.square(deviation * score_of(weights, x_t, t) + noise))


def training_step(state, x0):
    weights, means, squares, count, key, _ = state
    key, for_loss = jax.random.split(key)
    loss, gradient = jax.value_and_grad(loss_of)(weights, x0, for_loss)
    count += 1
    mean_scale = LEARNING_RATE / (1 - BETA1**count)
    square_scale = 1 / (1 - BETA2**count)
    means = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, means, gradient)
    squares = jax.tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * jnp.square(g), squares, gradient)
    weights = jax.tree.map(lambda w, m, s: w - mean_scale * m / (jnp.sqrt(square_scale * s) + EPSILON), weights, means,
                           squares)
    return weights, means, squares, count, key, loss


# A whole call of many epochs is compiled code. Tried without gain: unrolling the scan, other random number generators,
# a shuffle by argsort.
@functools.partial(jax.jit, static_argnames="batch", donate_argnames="state")
def train(state, data, epochs, batch):
    whole = len(data) // batch * batch

    def epoch(_, state):
        *others, key, loss = state
        key, for_order = jax.random.split(key)
        shuffled = jax.random.permutation(for_order, data)
        state, _ = jax.lax.scan(lambda state, x0: (training_step(state, x0), None), (*others, key, loss),
                                shuffled[:whole].reshape(-1, batch, DIMENSION))
        return training_step(state, shuffled[whole:]) if whole < len(data) else state

    return jax.lax.fori_loop(0, epochs, epoch, state)


class Training:
    def __init__(self, width, batch):
        self.data, self.batch = jnp.asarray(swiss_roll(batch)), batch
        self.steps = -(-len(self.data) // batch)  # of an epoch
        weights = initial_weights(width, jax.random.key(0))
        means, squares = (jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
        self.state = (weights, means, squares, jnp.float32(0), jax.random.key(1), jnp.float32(0))
        self.run(1)

    def run(self, epochs):
        self.state = train(self.state, self.data, epochs, self.batch)
        return self.state[-1].item()


def reverse_step(weights, i, x, key):
    dt = 1 / REVERSE_STEPS
    t = 1 - i * dt
    beta = BETA_MIN + (BETA_MAX - BETA_MIN) * t
    key, for_noise = jax.random.split(key)
    score = score_of(weights, x, jnp.full((len(x), 1), t))
    return x + beta * (x / 2 + score) * dt + jnp.sqrt(beta * dt) * jax.random.normal(for_noise, x.shape), key


class Sampling:
    """1,000 samples, the whole way in one call."""

    steps = REVERSE_STEPS

    def __init__(self):
        weights = initial_weights(SAMPLING_WIDTH, jax.random.key(0))  # as constants they are a little faster

        @jax.jit
        def sample(key):
            key, for_prior = jax.random.split(key)
            x = jax.random.normal(for_prior, (1000, DIMENSION))
            return jax.lax.fori_loop(0, REVERSE_STEPS, lambda i, state: reverse_step(weights, i, *state), (x, key))

        self.sample, self.key = sample, jax.random.key(1)
        self.run(1)

    def run(self, count):
        for _ in range(count):
            x, self.key = self.sample(self.key)
        return jnp.abs(x).max().item()


@functools.partial(jax.jit, donate_argnames=("x", "key", "i"))
def single_step(weights, x, key, i):  # in this order, as others take nearly twice the time
    return *reverse_step(weights, i, x, key), i + 1


class Latency:
    """One sample, a call for each step."""

    steps = 1

    def __init__(self):
        self.weights = initial_weights(SAMPLING_WIDTH, jax.random.key(0))  # as arguments they are faster here
        self.chain = self.chains()
        self.run(10)

    def chains(self):
        """The states of one run after the other."""
        for seed in itertools.count():
            for_prior, key = jax.random.split(jax.random.key(seed))
            x, i = jax.random.normal(for_prior, (1, DIMENSION)), jnp.int32(0)
            for _ in range(REVERSE_STEPS):
                x, key, i = single_step(self.weights, x, key, i)
                yield x.block_until_ready()

    def run(self, count):
        for x in itertools.islice(self.chain, count):
            pass
        return jnp.abs(x).max().item()


if __name__ == "__main__":

    def prepare(work, **shape):
        jax.clear_caches()  # drops what earlier cells compiled
        return {"train": Training, "sample": Sampling, "latency": Latency}[work](**shape)

    serve(prepare)
