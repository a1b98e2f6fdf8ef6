"""Held-out log densities by scorefield and its peers, kernel density, Gaussian mixtures, MAF and NSF, of the same splits.

    cmake --preset native && cmake --build build/native --target table
    pip install scikit-learn==1.9.1 zuko==1.6.0            # into an environment of its own: zuko takes a newer torch
    python benchmarks/peers/density.py --ours build/native/bin/table [--minutes 1] [--splits 1] [--only wine]

Ours is examples/table as it is shipped. A fifth of the records is for the test; a tenth of the others is held out, by
which kernels choose their width, mixtures the number of Gaussians, flows the better of two widths and the epoch to stop
after; ours holds out a tenth of its own choice, for the step. Flows have half of the minutes a width. Numbers were
recorded in steps, and a density of such is not bounded, so each is spread uniformly over its step once, for all. Units:
nats of a record, each number divided by its deviation in the training data.

Prints a Markdown table: the mean log density of the test records, how far a peer is above ours with the standard error
of that difference over the records of all splits, and the seconds of training on one thread.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before those that read it

import numpy as np
import torch
import zuko
from sklearn import datasets
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity


def ring(random, n=5000, d=30):
    """Eight Gaussians of deviation 0.1 on a circle of radius 1, turned into d dimensions, with noise of 0.1 in all."""
    angles = 2 * np.pi * random.integers(8, size=n) / 8
    plane = np.linalg.qr(np.random.default_rng(8).standard_normal((d, 2)))[0]
    return np.stack([np.cos(angles), np.sin(angles)], 1) @ plane.T + 0.1 * random.standard_normal((n, d))


def recorded(load):
    """The records of a loader, each number anywhere in its step, the least distance of two numbers of its column."""

    def spread(random):
        x = load().data.astype(np.float64)
        x = x[:, x.std(0) > 0]
        steps = np.array([np.diff(np.unique(column)).min() for column in x.T])
        return x + steps * (random.random(x.shape) - 0.5)

    return spread


SETS = {"digits": recorded(datasets.load_digits), "breast cancer": recorded(datasets.load_breast_cancer),
        "wine": recorded(datasets.load_wine), "ring": ring,
        "california housing": recorded(datasets.fetch_california_housing)}


def split(x, random):
    """Training, held-out and test records, by the training records' deviations."""
    x = x[random.permutation(len(x))]
    test, rest = x[:len(x) // 5], x[len(x) // 5:]
    mean, deviation = rest.mean(0), rest.std(0)
    rest, test = (rest - mean) / deviation, (test - mean) / deviation
    return rest[len(rest) // 10:], rest[:len(rest) // 10], test


def best(candidates, held_out):
    return max(candidates, key=lambda candidate: candidate.score_samples(held_out).mean())


def kernel_density(training, held_out, test, minutes):
    widths = np.geomspace(0.03, 3, 40)
    return best((KernelDensity(bandwidth=w).fit(training) for w in widths), held_out).score_samples(test)


def gaussian_mixture(training, held_out, test, minutes):
    counts = [k for k in (1, 2, 3, 5, 8, 12, 20, 30) if 2 * k <= len(training)]
    return best((GaussianMixture(k, reg_covar=r, random_state=0).fit(training) for k in counts for r in (1e-6, 1e-3, 1e-1)),
                held_out).score_samples(test)


class Flow:
    """Adam on batches of 128 until the held-out records were no better for 50 epochs, or the time is over."""

    def __init__(self, kind, width, training, held_out, seconds):
        torch.manual_seed(0)
        self.flow = kind(training.shape[1], transforms=5, hidden_features=(width, width))
        optimizer = torch.optim.Adam(self.flow.parameters(), lr=1e-3)
        training = torch.from_numpy(training.astype(np.float32))
        state, highest, since, end = self.parameters(), -np.inf, 0, time.monotonic() + seconds
        while since < 50 and time.monotonic() < end:
            for batch in training[torch.randperm(len(training))].split(128):
                optimizer.zero_grad()
                (-self.flow().log_prob(batch).mean()).backward()
                torch.nn.utils.clip_grad_norm_(self.flow.parameters(), 10)
                optimizer.step()
            score = self.score_samples(held_out).mean()
            since += 1
            if score > highest:
                state, highest, since = self.parameters(), score, 0
        self.flow.load_state_dict(state)

    def parameters(self):
        return {name: value.clone() for name, value in self.flow.state_dict().items()}

    def score_samples(self, x):
        with torch.no_grad():
            return self.flow().log_prob(torch.from_numpy(x.astype(np.float32))).double().numpy()


def flow(kind):
    return lambda training, held_out, test, minutes: best(
        [Flow(kind, width, training, held_out, 30 * minutes) for width in (64, 256)], held_out).score_samples(test)


def ours(table):
    """It takes what it holds out of what it is given, so that has both."""

    def log_density(training, held_out, test, minutes):
        with tempfile.TemporaryDirectory() as folder:
            data, score = Path(folder, "data.npy"), Path(folder, "score.npy")
            np.save(data, np.concatenate([training, held_out]))
            np.save(score, test)
            done = subprocess.run([table, "--data", data, "--score", score, "--minutes", str(minutes), "--threads", "1",
                                   "--output", folder], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{table}: exit code {done.returncode}: {done.stderr}")
            with open(Path(folder, "scores.csv")) as file:
                ranked = {int(row["record"]): float(row["log_density"]) for row in csv.DictReader(file)}
        return np.array([ranked[j + 1] for j in range(len(test))])

    return log_density


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True, type=Path, help="the program of examples/table")
    parser.add_argument("--minutes", type=float, default=1, help="of training at most; default 1")
    parser.add_argument("--splits", type=int, default=1, help="each by another seed; default 1")
    parser.add_argument("--only", choices=SETS, nargs="+", default=list(SETS))
    options = parser.parse_args()
    contestants = {"scorefield": ours(options.ours), "kernel density": kernel_density,
                   "Gaussian mixture": gaussian_mixture, "MAF": flow(zuko.flows.MAF), "NSF": flow(zuko.flows.NSF)}
    print("| data | " + " | ".join(contestants) + " |\n" + "|---" * (len(contestants) + 1) + "|", flush=True)
    for name in options.only:
        logs, seconds = {c: [] for c in contestants}, dict.fromkeys(contestants, 0.0)
        for seed in range(options.splits):
            random = np.random.default_rng(seed)
            try:
                x = SETS[name](random)
            except OSError as failure:
                print(f"{name}: {failure}", file=sys.stderr)
                break
            parts = split(x, random)
            for contestant, log_density in contestants.items():
                begin = time.monotonic()
                logs[contestant].append(log_density(*parts, options.minutes))
                seconds[contestant] += (time.monotonic() - begin) / options.splits
                print(f"{name}, split {seed}, {contestant}: {logs[contestant][-1].mean():.3f}", file=sys.stderr, flush=True)
        else:
            own = np.concatenate(logs["scorefield"])
            cells = [f"{name}, {x.shape[0]} x {x.shape[1]}", f"{own.mean():.2f} ({seconds['scorefield']:.0f} s)"]
            for contestant in list(contestants)[1:]:
                above = np.concatenate(logs[contestant]) - own
                cells.append(f"{above.mean() + own.mean():.2f}, {above.mean():+.2f} +- "
                             f"{above.std() / np.sqrt(len(above)):.2f} ({seconds[contestant]:.0f} s)")
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
