#!/usr/bin/env python3
"""`renorm plan` against the peak of a real run's memory, within 20 % for six configurations.

usage: test_plan_peak.py RENORM SOURCE_FOLDER [--time | --overhead]

With --time nothing is tested: the runs are made in full, and a table of planned and measured
memory and time is printed. With --overhead the runs choose themselves when to measure, and their
share of the training time is printed. Times depend on what else the machine does, so no test
asserts them.
"""

import json
import os
import subprocess
import sys
import tempfile

RENORM, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
WITH_TIME = "--time" in sys.argv[3:]
MIB = 2.0 ** 20

SPHERE = """
steps: 400
model: {kind: mlp, depth: 3, width: 32}
data: {kind: sphere, n_train: 200, n_test: 200, dimension: 8}
train: {kind: gradient_descent, learning_rate: 0.5, relative: true}
measure: {kind: exact, snapshots: 10}
"""
LARGE = """
steps: 100
model: {kind: mlp, depth: 4, width: 128}
data: {kind: fashion_mnist, n_train: 256, n_test: 500}
train: {kind: gradient_descent, learning_rate: 0.4, relative: true}
measure: {kind: exact, snapshots: 3}
"""
FLOW = """
steps: 60
model: {kind: mlp, depth: 4, width: 48, residual: true}
data: {kind: sphere, n_train: 384, n_test: 256, dimension: 10}
train: {kind: gradient_flow, interval: 0.5, relative: true}
measure: {kind: exact, snapshots: 8}
"""
LINEAR = """
steps: 3000
model: {kind: linear}
data: {kind: power_law, n_train: 300, n_test: 100, dimension: 400}
train: {kind: gradient_descent, learning_rate: 0.5, relative: true}
measure: {kind: exact, snapshots: 12}
"""
FREE = """
steps: 20
model: {kind: mlp, depth: 3, width: 64, activation: gelu, residual: true}
data: {kind: fashion_mnist, n_train: 2000, n_test: 500}
train: {kind: gradient_descent, learning_rate: 0.1}
measure: {kind: matrix_free, snapshots: 2, steps: 30, accuracy: 0}
"""
# name, configuration, what makes it shorter without changing what it holds
CASES = [
    ("demo", None, ["--set", "steps=4", "--set", "measure.snapshots=3"]),
    ("sphere", SPHERE, []),
    ("large", LARGE, ["--set", "steps=2", "--set", "measure.snapshots=2"]),
    ("flow", FLOW, ["--set", "steps=6", "--set", "measure.snapshots=4"]),
    ("linear", LINEAR, []),
    ("matrix_free", FREE, ["--set", "steps=2"]),
]


def call(*words, cwd):
    return subprocess.run([RENORM, *words], cwd=cwd, check=True, timeout=1200, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def measured(path):
    """The numbers of a manifest, by name."""
    found = {}
    with open(os.path.join(path, "manifest.yaml")) as file:
        for line in file:
            key, _, value = line.partition(": ")
            if key in ("peak_bytes", "train_seconds", "measure_seconds"):
                found[key] = float(value)
    return found


def compare(place, name, text, shorter):
    config = os.path.join(SOURCE, "configs", "demo.yaml")
    if text:
        config = os.path.join(place, name + ".yaml")
        with open(config, "w") as file:
            file.write(text)
    changes = [] if WITH_TIME else shorter
    plan = json.loads(call("plan", config, *changes, "--json", cwd=place))
    call("run", config, *changes, "-q", "-o", name, cwd=place)
    return plan, measured(os.path.join(place, name))


OVERHEAD_STEPS = {"demo": 36000, "sphere": 20000, "large": 60000, "flow": 600, "linear": 200000}


def print_overheads():
    """Runs long enough for some measurements, none of them asked for."""
    print("| configuration | steps | price, steps | measurements | planned | measured |")
    print("|---|---|---|---|---|---|")
    for name, text, _ in CASES[:len(OVERHEAD_STEPS)]:
        changes = ["--set", f"steps={OVERHEAD_STEPS[name]}", "--set", "measure.snapshots=0",
                   "--set", "output.record_every=100"]
        with tempfile.TemporaryDirectory(prefix="renorm-plan-") as place:
            plan, found = compare(place, name, text, changes)
            n_taken = len(os.listdir(os.path.join(place, name, "snapshots")))
        print(f"| {name} | {plan['n_steps']} | {plan['price']:.0f} | {n_taken} of "
              f"{plan['n_snapshots']} | {100 * plan['overhead']:.1f} % | "
              f"{100 * found['measure_seconds'] / found['train_seconds']:.1f} % |", flush=True)
    return 0


def main():
    worst = 0.0
    if "--overhead" in sys.argv[3:]:
        return print_overheads()
    if WITH_TIME:
        print("| configuration | n | P | planned MiB | measured MiB | planned s | measured s |")
        print("|---|---|---|---|---|---|---|")
    for name, text, shorter in CASES:
        with tempfile.TemporaryDirectory(prefix="renorm-plan-") as place:
            plan, found = compare(place, name, text, shorter)
        planned, peak = plan["peak_bytes"], found["peak_bytes"]
        error = planned / peak - 1.0
        worst = max(worst, abs(error))
        if WITH_TIME:
            seconds = found["train_seconds"] + found["measure_seconds"]
            print(f"| {name} | {plan['n_rows']} | {plan['n_weights']} | {planned / MIB:.1f} | "
                  f"{peak / MIB:.1f} ({100 * error:+.0f} %) | "
                  f"{plan['train_s'] + plan['measure_s']:.3g} | {seconds:.3g} |", flush=True)
        else:
            print(f"{name}: planned {planned / MIB:.1f} MiB, measured {peak / MIB:.1f} MiB, "
                  f"{100 * error:+.1f} %", flush=True)
    return 0 if WITH_TIME or worst <= 0.2 else 1


if __name__ == "__main__":
    sys.exit(main())
