"""scorefield and its peers, PyTorch eager, torch.compile and JAX, at the same work in turn on this machine (Linux).

    cmake --preset native && cmake --build build/native --target scorefield_bench
    pip install -r benchmarks/peers/requirements.txt            # and a C++ compiler, for torch.compile
    python benchmarks/peers/compare.py --ours build/native/bin/scorefield_bench [--only images] [--quick]

The peers choose their instructions when they run, so ours is built for the same processor. --portable adds a column for
another build, such as that of the preset bench, for any x86-64-v3.

Prints Markdown tables: one of the work of recipe.py, and without JAX one of the networks and one of the layers of
images.py, layers on one thread only. Time is taken inside each contestant, compiled and warm; the contestants take
turns, round after round, so that a noisy machine is noisy for all, and a cell has the medians of the rounds. With one
thread all share one core. The recipe takes twenty to thirty minutes, images about four and a minute more where Inductor
has yet to compile them; with --quick either takes a minute or two.
"""

import argparse
import importlib.metadata
import itertools
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from images import BATCH, LAYERS, NETWORKS

HERE = Path(__file__).resolve().parent
OURS, PORTABLE = "scorefield", "scorefield, x86-64-v3"
WIDTHS, BATCHES = (16, 64, 128, 256, 1024), (1, 16, 256, 4096)
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}


class Failure(Exception):
    """Why there is no figure."""


@dataclass
class Cell:
    name: str
    request: dict  # to a peer's worker
    benchmark: str  # of ours
    steps: int = 1  # that the figure is the time of


@dataclass
class Table:
    cells: list
    peers: dict  # commands of their workers
    rounds: int
    seconds: float  # that a measurement takes at least


class Ours:
    def __init__(self, executable):
        self.executable = executable

    def measure(self, cell, seconds):
        """{"seconds_per_step": ...} and, where the work has parameters to compare, {"parameters": their number}."""
        flags = {"filter": f"^{re.escape(cell.benchmark)}$", "format": "json", "min_time": seconds}
        command = [self.executable, *(f"--benchmark_{name}={value}" for name, value in flags.items())]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"exit code {done.returncode}: {done.stderr.strip()}")
        if not done.stdout.strip():
            raise Failure(f"it has no benchmark {cell.benchmark}: build it anew")
        result = json.loads(done.stdout)["benchmarks"][0]
        answer = {"seconds_per_step": result["real_time"] * SECONDS[result["time_unit"]]}
        return answer | ({"parameters": int(result["parameters"])} if "parameters" in result else {})

    def close(self):
        pass


class Peer:
    """A worker that lives from its first request on; one that dies is started anew."""

    def __init__(self, command):
        self.command, self.process = command, None

    def measure(self, cell, seconds):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            text=True, bufsize=1, start_new_session=True)  # out of reach of Ctrl-C
        try:
            print(json.dumps({**cell.request, "seconds": seconds}), file=self.process.stdin)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            code = self.process.wait()
            self.process = None
            raise Failure(f"its worker ended with exit code {code}")
        answer = json.loads(answer)
        if "error" in answer:
            raise Failure(answer["error"])
        return answer

    def close(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)  # and a compiler that it may have started
            self.process.wait()


def recipe_cells(widths, batches, threads):
    for width, batch in itertools.product(widths, batches):
        yield Cell(f"training step, width {width}, batch {batch}", {"work": "train", "width": width, "batch": batch},
                   f"training_step<float>/width:{width}/batch:{batch}/threads:{threads}/real_time")
    yield Cell("sampler, 1,000 samples by 999 steps", {"work": "sample"},
               f"reverse_step<float>/samples:1000/threads:{threads}/real_time", steps=999)
    if threads == 1:
        yield Cell("one reverse step of one sample", {"work": "latency"},
                   "reverse_step<float>/samples:1/threads:1/real_time")


def network_cells(threads):
    for network in NETWORKS:
        yield Cell(f"{network}, training step, batch {BATCH}", {"work": "train", "network": network},
                   f"image_training_step<{network}>/threads:{threads}/real_time")
        for images in (BATCH, 1) if threads == 1 else (BATCH,):
            yield Cell(f"{network}, score of {images}", {"work": "score", "network": network, "images": images},
                       f"image_score<{network}>/images:{images}/threads:{threads}/real_time")


def layer_cells():
    for layer in LAYERS:
        kind, *shapes = layer
        shapes = ["x".join(map(str, shape)) for shape in shapes if shape]
        name = f"{kind.replace('_', ' ')}{' ' * bool(shapes)}{' to '.join(shapes)}"
        for work, text in {"evaluate": "forward", "forward_backward": "forward and backward"}.items():
            yield Cell(f"{name}, {text}", {"work": work, "layer": layer}, "/".join([work, kind, *shapes]))


def tables(options):
    def table(cells, peers, rounds, seconds):
        if options.quick:
            rounds, seconds = 1, seconds / 5
        return Table([*cells], peers, options.rounds or rounds, options.seconds or seconds)

    if options.only != "images":
        peers = {"PyTorch eager": ["torch_recipe.py"], "torch.compile": ["torch_recipe.py", "--compile"],
                 "JAX": ["jax_recipe.py"]}
        yield table(recipe_cells(options.widths, options.batches, options.threads), peers, 5, 1.0)
    if options.only != "recipe":
        eager = {"PyTorch eager": ["torch_images.py"]}
        peers = eager | {"torch.compile": ["torch_images.py", "--compile"]}
        yield table(network_cells(options.threads), peers, 3, 0.3)
        if options.threads == 1:
            yield table(layer_cells(), eager, 3, 0.1)


def measured(cell, contestants, rounds, seconds):
    """{contestant: its seconds in each round, or the text of an error}"""
    results = {name: [] for name in contestants}
    parameters = None
    for round_, (name, contestant) in itertools.product(range(rounds), contestants.items()):
        if isinstance(results[name], str):
            continue
        print(f"{cell.name}, round {round_ + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
        try:
            answer = contestant.measure(cell, seconds)
            parameters = parameters or answer.get("parameters")
            if answer.get("parameters") != parameters:
                raise Failure(f"{answer.get('parameters')} parameters, where another has {parameters}")
            results[name].append(cell.steps * answer["seconds_per_step"])
        except Failure as failure:
            results[name] = str(failure)
    return results


def time_text(seconds):
    """Three digits and a unit."""
    unit, scale = ("µs", 1e6) if seconds < 1e-4 else ("ms", 1e3) if seconds < 1 else ("s", 1)
    return f"{seconds * scale:#.3g}".rstrip(".") + f" {unit}"


def row(cell, results):
    """A line of the table, and whether ours is ahead of every peer."""
    medians = {name: statistics.median(r) for name, r in results.items() if not isinstance(r, str)}
    ours = medians.get(OURS)
    texts = [cell.name]
    for name in results:
        text = time_text(medians[name]) if name in medians else "failed"
        if name != OURS and name in medians and ours:
            ratio = medians[name] / ours
            text += f" ({ratio:.{2 if ratio < 2 else 1}f}x)"
        texts.append(text)
    peers = [median for name, median in medians.items() if name not in (OURS, PORTABLE)]
    ahead = len(medians) == len(results) and all(ours < median for median in peers)
    return f"| {' | '.join(texts)} |", ahead


def machine():
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores"


def versions():
    try:
        return {"Python": platform.python_version(),
                **{name: importlib.metadata.version(name) for name in ("torch", "jax", "jaxlib", "numpy")}}
    except importlib.metadata.PackageNotFoundError as error:
        sys.exit(f"compare.py: this Python has no {error.name}: pip install -r {HERE / 'requirements.txt'}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True, type=Path, help="the executable scorefield_bench")
    parser.add_argument("--portable", type=Path, help="one that is built for x86-64-v3")
    parser.add_argument("--only", choices=("recipe", "images"), help="default both")
    parser.add_argument("--threads", type=int, default=1, choices=(1, 2))
    parser.add_argument("--widths", type=int, nargs="+", choices=WIDTHS, help="of the recipe")
    parser.add_argument("--batches", type=int, nargs="+", choices=BATCHES, help="of the recipe")
    parser.add_argument("--rounds", type=int, help="default 5, of images 3")
    parser.add_argument("--seconds", type=float,
                        help="that a measurement takes at least; default 1, of networks on images 0.3, of layers 0.1")
    parser.add_argument("--quick", action="store_true",
                        help="1 round of a fifth of the seconds; of the recipe width 64, batches 16 and 256")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keeps the seconds of every round")
    options = parser.parse_args()
    options.widths = options.widths or ((64,) if options.quick else WIDTHS)
    options.batches = options.batches or ((16, 256) if options.quick else BATCHES)
    if (options.rounds or 1) < 1 or not (options.seconds is None or options.seconds > 0):
        parser.error("--rounds and --seconds are positive")
    for executable in filter(None, (options.ours, options.portable)):
        if not os.access(executable, os.X_OK) or not executable.is_file():
            sys.exit(f"compare.py: {executable} is not an executable: cmake --preset native && cmake --build "
                     "build/native --target scorefield_bench makes build/native/bin/scorefield_bench")
    try:
        if options.json:
            options.json.touch()  # rather now than after half an hour
    except OSError as error:
        sys.exit(f"compare.py: cannot write {options.json}: {error.strerror}")
    return options


def compared(table, options, kept):
    """Prints the table, adds its figures to `kept`, and returns the errors."""
    contestants = {OURS: Ours(options.ours.resolve())}
    if options.portable:
        contestants[PORTABLE] = Ours(options.portable.resolve())
    for name, (script, *flags) in table.peers.items():
        contestants[name] = Peer([sys.executable, HERE / script, *flags, "--threads", str(options.threads)])

    print(f"Threads: {options.threads}; medians of {table.rounds}; in parentheses the ratio to {OURS}\n")
    print(f"| work | {' | '.join(contestants)} |\n|---|{'---|' * len(contestants)}", flush=True)
    errors, lead = [], 0
    try:
        for cell in table.cells:
            results = measured(cell, contestants, table.rounds, table.seconds)
            kept[cell.name] = results
            line, ahead = row(cell, results)
            print(line, flush=True)
            errors += [f"{cell.name}: {name}: {r}" for name, r in results.items() if isinstance(r, str)]
            lead += ahead
    finally:
        for contestant in contestants.values():
            contestant.close()
    print(f"\nAhead of every peer in {lead} of {len(table.cells)} cells.\n", flush=True)
    return errors


def main():
    options = arguments()
    kept = {"machine": machine(), "versions": versions(), "threads": options.threads, "cells": {}}
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[-options.threads:]))  # the children inherit it
    print(f"{kept['machine']}; {', '.join(f'{name} {version}' for name, version in kept['versions'].items())}\n")
    errors = []
    try:
        for table in tables(options):
            errors += compared(table, options, kept["cells"])
    except KeyboardInterrupt:
        sys.exit("compare.py: interrupted")
    finally:
        if options.json:
            options.json.write_text(json.dumps(kept, indent=1) + "\n")
    if errors:
        sys.exit("\n".join(errors))


if __name__ == "__main__":
    main()
