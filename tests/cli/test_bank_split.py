#!/usr/bin/env python3
"""The halves of the forecast bank stay what they were when intervals were calibrated on one of them.

usage: test_bank_split.py RENORM SOURCE_FOLDER

The half of a run is the lowest bit of the CRC-64/XZ of its settings (docs/forecast.md). A setting
that is new has to stand in `later` of src/forecast/backtest.c and below with its old meaning, or
runs change sides and what was calibrated on one half is reported on it.
"""

import os
import subprocess
import sys
import tempfile
import unittest

RENORM, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])

# Halves of arms x data.kind x model.depth, in the order of configs/bank.yaml.
HALVES = "110011000100000000010010110100001000001000001100"
ARMS = {
    "residual": "model.residual=true model.activation=gelu",
    "residual_quiet": "model.residual=true model.activation=gelu model.readout_gain=0.1 "
                      "train.learning_rate=0.005",
    "residual_tanh": "model.residual=true model.activation=tanh model.gain=1.0",
    "residual_narrow": "model.residual=true model.activation=erf model.width=16",
    "plain": "model.residual=false model.activation=gelu model.gain=1.5 train.learning_rate=0.01",
    "plain_quiet": "model.residual=false model.activation=quick_gelu model.gain=1.5 "
                   "model.readout_gain=0.2 train.learning_rate=0.002",
    "plain_tanh": "model.residual=false model.activation=tanh model.gain=1.2",
    "plain_erf": "model.residual=false model.activation=erf model.gain=2.0",
}
KINDS = ["sphere", "power_law", "fashion_mnist"]
DEPTHS = ["2", "8"]
BASE = """steps: 1
threads: 1
model: {kind: mlp, width: 40}
data: {kind: sphere, n_train: 72, n_test: 144}
loss: {kind: squared_error}
train: {kind: gradient_descent, learning_rate: 0.05, relative: true}
measure: {kind: none}
"""
LATER = {("sampler.kind", "full"), ("data.square", "false")}
LEFT_OUT = {"seed", "steps", "threads", "data.seed"}


def crc64(data):
    """CRC-64/XZ, bit by bit."""
    crc = 2 ** 64 - 1
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xc96c5795d7870f42 if crc & 1 else 0)
    return crc ^ (2 ** 64 - 1)


def settings(path):
    """Keys and values of a config.yaml, whose sections are one level deep."""
    section = ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.strip().partition(":")
            if not line.startswith(" "):
                section = ""
            if value.strip():
                yield section + key, value.strip().strip('"')
            else:
                section = key + "."


def half(path):
    kept = [(key, value) for key, value in settings(path)
            if key not in LEFT_OUT and not key.startswith(("measure.", "output."))
            and (key, value) not in LATER]
    return crc64("".join(f"{key}={value}\n" for key, value in kept).encode()) & 1


class Split(unittest.TestCase):
    def test_halves_are_those_that_were_calibrated_on(self):
        found = ""
        with tempfile.TemporaryDirectory(prefix="renorm-split-") as place:
            base = os.path.join(place, "base.yaml")
            with open(base, "w", encoding="utf-8") as file:
                file.write(BASE)
            for arm, changes in ARMS.items():
                for kind in KINDS:
                    for depth in DEPTHS:
                        words = [f"data.kind={kind}", f"model.depth={depth}", *changes.split()]
                        sets = [part for word in words for part in ("--set", word)]
                        folder = os.path.join(place, f"{arm}-{kind}-{depth}")
                        subprocess.run([RENORM, "run", base, *sets, "-q", "-o", folder],
                                       check=True, stdout=subprocess.DEVNULL)
                        found += str(half(os.path.join(folder, "config.yaml")))
        self.assertEqual(found, HALVES)

    def test_the_program_puts_runs_where_this_file_does(self):
        with tempfile.TemporaryDirectory(prefix="renorm-split-") as place:
            base = os.path.join(place, "base.yaml")
            with open(base, "w", encoding="utf-8") as file:
                file.write(BASE.replace("steps: 1", "steps: 300")
                           .replace("measure: {kind: none}", "measure: {snapshots: 12}"))
            expected = {}
            for kind in ("sphere", "power_law"):
                for width in (4, 5, 6):
                    name = f"{kind}{width}"
                    sets = ["--set", f"data.kind={kind}", "--set", f"model.width={width}"]
                    subprocess.run([RENORM, "run", base, *sets, "--set", "model.depth=2",
                                    "--set", "data.n_train=16", "--set", "data.n_test=0", "-q",
                                    "-o", name], check=True, stdout=subprocess.DEVNULL, cwd=place)
                    expected[name] = half(os.path.join(place, name, "config.yaml"))
            told = subprocess.run([RENORM, "forecast", "--backtest", *expected], check=True,
                                  capture_output=True, text=True, cwd=place).stdout
            rows = [line.split("\t") for line in told.splitlines()[1:]]
            self.assertEqual({row[0]: int(row[1]) for row in rows}, expected)
            self.assertEqual(set(expected.values()), {0, 1})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
