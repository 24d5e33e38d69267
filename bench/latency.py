"""How long a frame takes in a closed loop: the next frame predicted, and the 20 after it.

    PYTHONPATH=build/release/python python3 bench/latency.py [--neurons 100 300 1000 3000] [--hidden 16] [--threads 1]

Microseconds, calls from Python included, of a frame of `simulate rates`: median, and what one of a thousand exceeds. The
models are trained for one epoch: what they have learned changes no time.
"""
import argparse
import time

import numpy as np

import synapsnet

STEPS, LONGEST = 20, 20  # of a forecast; seconds for each figure


def measure(function, calls):
    took, end = [], time.monotonic() + LONGEST
    for k in range(calls):
        begin = time.perf_counter_ns()
        function(k)
        took.append((time.perf_counter_ns() - begin) / 1e3)
        if time.monotonic() > end:
            break
    return np.percentile(took[len(took) // 10:], [50, 99.9])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", nargs="+", type=int, default=[100, 300, 1000, 3000])
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    print(f"| neurons | the next frame, median | 99.9 % | {STEPS} frames, median | 99.9 % |\n|---|---|---|---|---|")
    for neurons in arguments.neurons:
        recording = synapsnet.simulate("rates", neurons=neurons, frames=1000, seed=1)
        activity = np.ascontiguousarray(recording.activity)
        model = synapsnet.SynapsNet(connectivity="dense", hidden=arguments.hidden, epochs=1).fit(recording)
        online = model.online(threads=arguments.threads)
        step = measure(lambda k: online.step(activity[k % 1000]), 20000)
        ahead = measure(lambda k: online.forecast(STEPS), 2000)
        print(f"| {neurons} | {step[0]:.0f} | {step[1]:.0f} | {ahead[0]:.0f} | {ahead[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
