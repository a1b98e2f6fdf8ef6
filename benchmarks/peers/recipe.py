"""The numbers of the recipe that all contestants share, those of ../recipe.hpp, and its data.

The network is (x, t) -> width -> width -> width -> score with LogSigmoid between, the equation dx = -beta(t) x / 2 dt +
sqrt(beta(t)) dw with beta linear in t. Training: denoising score matching, t uniform in [T_MIN, 1], Adam. Sampling:
Euler-Maruyama from t = 1 down to 0. Everything is in float32.
"""

import numpy as np

DIMENSION = 2
BETA_MIN, BETA_MAX = 0.1, 20.0
T_MIN = 1e-4
LEARNING_RATE, BETA1, BETA2, EPSILON = 3e-4, 0.9, 0.999, 1e-8

SAMPLING_WIDTH = 64
REVERSE_STEPS = 999  # between 1,000 equidistant times


def layer_sizes(width):
    """Inputs and outputs of each layer."""
    sizes = [DIMENSION + 1, width, width, width, DIMENSION]
    return list(zip(sizes, sizes[1:]))


def swiss_roll(batch):
    """1,000 points, or as many as a larger batch has; a row is a point."""
    points = max(1000, batch)
    random = np.random.default_rng(0)
    t = 1.5 * np.pi * (1 + 2 * random.random(points))
    roll = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) + random.standard_normal((points, DIMENSION))
    return (roll / 10).astype(np.float32)
