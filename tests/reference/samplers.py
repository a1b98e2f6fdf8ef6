"""Writes sampler_values.hpp: the ways that public samplers take with a closed-form denoiser, in double precision.

    pip install torch==2.13.0 numpy scipy torchdiffeq torchsde tqdm diffusers==0.42.1
    pip install --no-deps k-diffusion==0.1.1.post1
    python tests/reference/samplers.py

The denoiser is that of two_normals in tests/sampler/exact_denoiser.hpp. All are run on the same falling levels rho = sigma /
alpha, the last above 0, and what they hold after each step is written as y = x / alpha, whatever their own alpha is. Where
schedulers of diffusers lower the order of last steps they are told not to.

k-diffusion's 3M (and diffusers', DPM-Solver's) multiplies the second divided difference by phi_3 where the integral of a
parabola is 2 phi_3: it is run as it is for the record of its order, which this prints, and with that factor for the table.
"""

import importlib.metadata
import importlib.util
import pathlib
import sys
import types

import torch
from diffusers import DEISMultistepScheduler, DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler
from diffusers import UniPCMultistepScheduler
from torchdiffeq import odeint

torch.set_default_dtype(torch.float64)

STEPS = 16
WEIGHTS = torch.tensor([0.7, 0.3])
MEANS = torch.tensor([[-1.0, -1.0], [1.5, 1.0]])
COVARIANCES = torch.tensor([[[0.2, 0.1], [0.1, 0.3]], [[0.15, 0.0], [0.0, 0.25]]])
START = torch.tensor([[0.6, -1.1], [-0.4, 0.3], [1.5, 0.8]])  # times the first level

HEADER = """\
/// What k-diffusion {k_diffusion} and diffusers {diffusers} make of three samples. Written by samplers.py.
#pragma once

#include <array>
#include <vector>

namespace scorefield::test::reference {{

/// The falling levels sigma / alpha, and x / alpha at the first of them: a pair for each of three samples.
inline const std::vector<double> sampler_levels{{{levels}}};
inline const std::array<double, 6> sampler_start{{{start}}};

/// x / alpha after each step.
using SamplerWay = std::vector<std::array<double, 6>>;
"""


def levels(steps, first=20.0, last=0.05, rho=5.0):
    ramp = torch.linspace(0, 1, steps + 1)
    return (first ** (1 / rho) + ramp * (last ** (1 / rho) - first ** (1 / rho))) ** rho


def denoise(y, rho):
    """E[x0 | x0 + rho noise = y], y being n x 2."""
    covariances = COVARIANCES + rho**2 * torch.eye(2)
    offsets = y[:, None, :] - MEANS  # n x k x 2
    solved = torch.linalg.solve(covariances, offsets[..., None])[..., 0]
    logs = WEIGHTS.log() - (offsets * solved).sum(-1) / 2 - torch.logdet(covariances) / 2
    score = -(torch.softmax(logs, 1)[..., None] * solved).sum(1)
    return y + rho**2 * score


def k_diffusion_sampling(change=lambda source: source):
    """The module k_diffusion.sampling without what its package imports for training."""
    found = importlib.util.find_spec("k_diffusion").submodule_search_locations[0]
    package = types.ModuleType("k_diffusion_alone")
    package.__path__ = []
    package.utils = types.ModuleType("k_diffusion_alone.utils")
    package.utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    sys.modules["k_diffusion_alone"], sys.modules["k_diffusion_alone.utils"] = package, package.utils
    module = types.ModuleType("k_diffusion_alone.sampling")
    module.__package__ = "k_diffusion_alone"
    exec(change(pathlib.Path(found, "sampling.py").read_text()), module.__dict__)
    return module


def whole_curvature(source):
    assert "- phi_3 * d2" in source
    return source.replace("- phi_3 * d2", "- 2 * phi_3 * d2")


def k_diffusion_way(sampler, sigmas, **options):
    way = []
    model = lambda y, sigma: denoise(y, sigma[0])
    y = sampler(model, START * sigmas[0], sigmas, callback=lambda at: way.append(at["x"]), disable=True, **options)
    return way[1:] + [y]


def scheduler_way(scheduler, rhos):
    """Of a variance-preserving scheduler that is given the denoised sample."""
    scheduler.set_timesteps(len(rhos) - 1)
    scheduler.sigmas = rhos
    scheduler.timesteps = torch.arange(len(rhos) - 1, 0, -1)
    scheduler.set_begin_index(0)
    alphas = 1 / (1 + rhos**2).sqrt()
    x, way = START * rhos[0] * alphas[0], []
    for i, timestep in enumerate(scheduler.timesteps):
        x = scheduler.step(denoise(x / alphas[i], rhos[i]), timestep, x, return_dict=False)[0]
        way.append(x / alphas[i + 1])
    return way


def rectified_way(rhos):
    """Euler's steps of rectified flow, sigma = rho / (1 + rho), given the velocity."""
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(len(rhos) - 1)
    scheduler.sigmas = sigmas = rhos / (1 + rhos)
    scheduler.timesteps = torch.arange(len(rhos) - 1, 0, -1).double()
    scheduler.set_begin_index(0)
    x, way = START * rhos[0] * (1 - sigmas[0]), []
    for i, timestep in enumerate(scheduler.timesteps):
        velocity = (x - denoise(x / (1 - sigmas[i]), rhos[i])) / sigmas[i]
        x = scheduler.step(velocity, timestep, x, return_dict=False)[0].double()
        way.append(x / (1 - sigmas[i + 1]))
    return way


def midpoint_way(rhos):
    slope = lambda rho, y: (y - denoise(y, rho)) / rho
    return list(odeint(slope, START * rhos[0], rhos, method="midpoint"))[1:]


def ways(rhos):
    k = k_diffusion_sampling()
    quiet = {"noise_sampler": lambda *_: 0.0}
    options = {"prediction_type": "sample", "lower_order_final": False}
    yield "euler_way", k_diffusion_way(k.sample_euler, rhos)
    yield "heun_way", k_diffusion_way(k.sample_heun, rhos)
    yield "midpoint_way", midpoint_way(rhos)
    yield "rectified_euler_way", rectified_way(rhos)
    yield "ddim_way", scheduler_way(DPMSolverMultistepScheduler(solver_order=1, **options), rhos)
    yield "two_m_way", k_diffusion_way(k.sample_dpmpp_2m, rhos)
    yield "two_s_way", k_diffusion_way(k.sample_dpmpp_2s_ancestral, rhos, eta=0.0, **quiet)
    exact = k_diffusion_sampling(whole_curvature)
    yield "three_m_way", k_diffusion_way(exact.sample_dpmpp_3m_sde, rhos, eta=0.0, **quiet)
    for order in (1, 2, 3):
        for kind in ("bh1", "bh2"):
            scheduler = UniPCMultistepScheduler(solver_order=order, solver_type=kind, **options)
            yield f"unipc_{kind}_{order}_way", scheduler_way(scheduler, rhos)
        yield f"deis_{order}_way", scheduler_way(DEISMultistepScheduler(solver_order=order, **options), rhos)


def numbers(values):
    return ", ".join(f"{float(value):.9g}" for value in values)


def print_orders():
    """Of 3M as it is and with the whole curvature, by doublings of the steps from 80 on."""
    for name, change in (("as it is", lambda source: source), ("with the whole curvature", whole_curvature)):
        sampler = k_diffusion_sampling(change).sample_dpmpp_3m_sde
        end = lambda steps: k_diffusion_way(sampler, levels(steps, rho=100.0), eta=0.0, noise_sampler=lambda *_: 0.0)[-1]
        exact = end(5120)
        errors = torch.stack([(end(80 * 2**i) - exact).norm() for i in range(4)])
        print("3M", name, "- orders", (errors[:-1] / errors[1:]).log2().tolist())


def main():
    rhos = levels(STEPS)
    versions = {name.replace("-", "_"): importlib.metadata.version(name) for name in ("k-diffusion", "diffusers")}
    lines = [HEADER.format(levels=numbers(rhos), start=numbers((START * rhos[0]).flatten()), **versions)]
    for name, way in ways(rhos):
        rows = ",\n    ".join("{" + numbers(y.flatten()) + "}" for y in way)
        lines.append("inline const SamplerWay " + name + "{\n    " + rows + "};\n")
    lines.append("}  // namespace scorefield::test::reference\n")
    pathlib.Path(__file__).with_name("sampler_values.hpp").write_text("\n".join(lines))
    print_orders()


if __name__ == "__main__":
    main()
