"""A peer's side of the conversation with compare.py: a line of JSON on stdin asks, one on stdout answers.

    {"work": "train", "width": 64, "batch": 256, "seconds": 1}  ->  {"seconds_per_step": 0.0012, "value": 0.31}
    {"work": "sample", "seconds": 1}                                1,000 samples
    {"work": "latency", "seconds": 1}                               one sample

`value` is the last loss, or the largest coordinate of a sample. Where the work tells its parameters, their number is in
the answer too. What fails is answered {"error": "..."}.
"""

import json
import math
import os
import sys
import time
import traceback


def measure(work, seconds):
    """Runs ever more of the work until it takes that long, as Google Benchmark does, and times the last run."""
    count = 1
    while True:
        start = time.perf_counter()
        value = work.run(count)
        elapsed = time.perf_counter() - start
        if not math.isfinite(value):
            raise ArithmeticError(f"the result is {value}")
        if elapsed >= seconds:
            answer = {"seconds_per_step": elapsed / (count * work.steps), "value": value}
            return answer | ({"parameters": work.parameters} if hasattr(work, "parameters") else {})
        count = math.ceil(count * min(10, 1.4 * seconds / elapsed))


def serve(prepare):
    """Answers until stdin ends. prepare(work, ...) gives an object, compiled and warm, whose run(count) does count
    times `steps` steps and returns the value. It is kept until something else is asked for.

    Between requests a worker sleeps in a read: none of the libraries keeps threads that spin."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is not an answer
    cell, work = None, None
    for line in sys.stdin:
        request = json.loads(line)
        seconds = request.pop("seconds")
        try:
            if request != cell:
                cell, work = None, None  # frees the memory first
                work = prepare(**request)
                cell = request
            answer = measure(work, seconds)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)
