#!/usr/bin/env python3
"""renorm forecast and renorm fit as a person or a script meets them.

usage: test_forecast_command.py RENORM SOURCE_FOLDER"""

import csv
import io
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

RENORM, SOURCE = os.path.abspath(sys.argv[1]), Path(os.path.abspath(sys.argv[2]))
STUDY = """base:
  steps: 300
  threads: 1
  model: {kind: mlp, depth: 2, width: 10}
  data: {kind: sphere, n_train: 16, n_test: 8, dimension: 6}
  train: {kind: gradient_descent, learning_rate: 0.2, relative: true}
  measure: {kind: exact, snapshots: 12, closure_dt: 0, step_budget: false}
arms:
  residual: {model.residual: true}
  plain: {model.residual: false}
seeds: 2
"""


def run(*arguments, status=0):
    done = subprocess.run([RENORM, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stderr}"
    return done


def rows(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


class Forecast(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-forecast-"))
        (cls.place / "s.yaml").write_text(STUDY)
        run("study", cls.place / "s.yaml", "-o", cls.place / "s", "-q")
        cls.one = sorted((cls.place / "s/cells").iterdir())[0]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def test_table_and_json_say_the_same(self):
        table = rows(run("forecast", self.one).stdout)
        told = json.loads(run("forecast", "--json", self.one).stdout)
        self.assertEqual(told["chosen"], "transport")
        self.assertIn("90 %", told["sentence"])
        self.assertEqual({r["method"] for r in table}, {"frozen", "transport", "power", "line"})
        for row in table:
            line = min(told["lines"], key=lambda l: abs(l["time"] - float(row["time"])))
            value = line[row["method"]]
            for name in ("loss", "low50", "high90"):
                self.assertAlmostEqual(float(row[name]) / value[name], 1.0, delta=1e-5)
            self.assertTrue(value["low90"] <= value["low50"] <= value["loss"])

    def test_from_and_to(self):
        with open(self.one / "metrics.csv", encoding="ascii") as f:
            metrics = [{k: float(v) if v else math.nan for k, v in r.items()} for r in csv.DictReader(f)]
        end = metrics[-1]["time"]
        told = json.loads(run("forecast", "--json", "--from", end / 8, "--to", end, self.one).stdout)
        self.assertLessEqual(told["from"], end / 8)
        last = told["lines"][-1]
        self.assertAlmostEqual(last["time"] / end, 1.0, delta=1e-12)
        self.assertAlmostEqual(last["measured"] / metrics[-1]["loss"], 1.0, delta=1e-6)
        # a real network of a hundred steps: the forecast is right to a factor, not by luck of units
        self.assertLess(abs(math.log(last["transport"]["loss"] / last["measured"])), 1.0)

    def test_a_back_test_over_a_study(self):
        done = run("forecast", "--backtest", self.place / "s")
        table = rows(done.stdout)
        self.assertEqual({r["run"] for r in table}, {p.name for p in (self.place / "s/cells").iterdir()})
        halves = {}
        for row in table:  # seeds fall together
            halves.setdefault(row["run"].split("-", 1)[1].rsplit("-", 1)[0], set()).add(row["half"])
            if row["loss"]:
                self.assertAlmostEqual(math.log(float(row["loss"]) / float(row["measured"])),
                                       float(row["ln_error"]), delta=1e-4)
        self.assertTrue(all(len(h) == 1 for h in halves.values()))
        scores = json.loads(run("forecast", "--backtest", "--json", self.place / "s").stdout)["scores"]
        for s in scores:
            if s["half"] != "both" or s["only_drifting"]:
                continue
            errors = sorted(abs(float(r["ln_error"])) for r in table
                            if r["method"] == s["method"] and float(r["factor"]) == s["factor"] and r["loss"])
            if s["told"] == s["lines"]:
                middle = 0.5 * (errors[(len(errors) - 1) // 2] + errors[len(errors) // 2])
                self.assertAlmostEqual(s["median"], middle, delta=1e-4)

    def test_what_cannot_be_told(self):
        run("run", SOURCE / "configs/tiny.yaml", "-q", "-o", self.place / "brief", "--set", "steps=8")
        done = run("forecast", "--backtest", self.place / "brief", status=1)
        self.assertIn("too short", done.stderr)
        self.assertIn("--to", run("forecast", "--to", "soon", self.one, status=2).stderr)
        self.assertIn("--backtest", run("forecast", self.one, self.one, status=2).stderr)
        run("forecast", self.place / "nowhere", status=3)
        done = run("forecast", "--from", 0, self.one, status=1)
        self.assertIn("to which time", done.stderr)


class Fit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-fit-"))
        random.seed(3)
        lines = ["Model Size,Training FLOP,loss"]
        cls.outliers = []
        for i in range(245):
            row = i // 7
            size, tokens = 4e7 * 400 ** (row / 34), 2e9 * 150 ** (((i * 3 + row) % 7) / 6)
            loss = (1.69 + 406.4 * size ** -0.34 + 410.7 * tokens ** -0.28) * math.exp(random.gauss(0, 0.002))
            if tokens < 4e9 and i % 7 == 0 and len(cls.outliers) < 5:
                loss *= 1.15 + 0.05 * len(cls.outliers)
                cls.outliers.append(i + 1)
            lines.append(f"{size:.12g},{6 * size * tokens:.12g},{loss:.12g}")
        cls.table = cls.place / "t.csv"
        cls.table.write_text("\n".join(lines) + "\n")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def test_outliers_are_named_unasked(self):
        done = run("fit", self.table, "--bootstrap", 0)
        named = done.stderr.split("(rows")[1].split(")")[0].split()
        self.assertGreaterEqual(len(set(map(int, named)) & set(self.outliers)), 4)

    def test_intervals_of_a_robust_fit_hold_the_truth(self):
        found = json.loads(run("fit", self.table, "--norm", "huber", "--bootstrap", 60, "--json").stdout)
        for name, truth in (("E", 1.69), ("alpha", 0.34), ("beta", 0.28), ("beta/(alpha+beta)", 0.28 / 0.62)):
            self.assertLess(found[name]["low95"], truth)
            self.assertGreater(found[name]["high95"], truth)
        self.assertEqual(found["points"], 245)

    def test_breaks(self):
        text = "x,y\n" + "\n".join(f"{x},{0.4 + 2 * x ** -0.1 * (1 + (x / 30) ** 2) ** -0.4:.17g}"
                                   for x in [1.2 ** k for k in range(40)]) + "\n"
        (self.place / "b.csv").write_text(text)
        found = {r["parameter"]: float(r["value"]) for r in rows(run("fit", self.place / "b.csv", "--breaks", 1).stdout)}
        for name, truth in (("E", 0.4), ("A", 2.0), ("a", 0.1), ("c1", 0.8), ("d1", 30.0), ("f1", 0.5)):
            self.assertAlmostEqual(found[name] / truth, 1.0, delta=1e-4)

    def test_refusals(self):
        (self.place / "two.csv").write_text("x,y\n1,2\n100,1\n")
        self.assertIn("found 2 points", run("fit", self.place / "two.csv", status=1).stderr)
        self.assertIn("--norm", run("fit", self.table, "--norm", "cubic", status=2).stderr)
        run("fit", self.table, "--breaks", 5, status=2)
        run("fit", self.table, "--breaks", 1, status=3)  # two variables


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
