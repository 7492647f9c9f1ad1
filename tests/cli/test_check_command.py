#!/usr/bin/env python3
"""renorm check as a person or a script meets it. usage: test_check_command.py RENORM SOURCE_FOLDER"""

import csv
import io
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

RENORM, SOURCE = os.path.abspath(sys.argv[1]), Path(os.path.abspath(sys.argv[2]))
COLUMNS = ["subject", "kind", "condition", "quantity", "value", "low", "high", "unit", "threshold",
           "answer", "reason", "would_suffice", "origin"]
SHELLS = ["--set", "data.n_train=96", "--set", "data.dimension=8", "--set", "model.width=32",
          "--set", "model.activation=gelu", "--set", "measure.closure_dt=0",
          "--set", "measure.step_budget=false", "--set", "steps=20"]

BLOCKS = ["--set", "data.n_train=40", "--set", "model.width=12", "--set", "measure.conditions=true",
          "--set", "measure.snapshots=9"]


class Check(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-check-"))
        for seed in range(1, 5):
            cls.make(f"seed{seed}", "--seed", seed)
        cls.make("threads", "--seed", 1, "--threads", 2)
        cls.make("relu", "--set", "model.activation=relu")
        cls.make("small", "--set", "data.n_train=12")

        cls.grid = {(depth, seed): f"depth{depth}seed{seed}" for depth in (2, 4, 8) for seed in range(1, 5)}
        for (depth, seed), name in cls.grid.items():
            cls.make(name, "--seed", seed, "--set", f"model.depth={depth}", *BLOCKS)
        cls.make("blocks2", "--seed", 1, "--set", "model.depth=2", "--threads", 2, *BLOCKS)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    @classmethod
    def make(cls, name, *more):
        done = subprocess.run([RENORM, "run", SOURCE / "configs/tiny.yaml", "-q", "-o", name,
                               "--threads", "1", *SHELLS, *map(str, more)], cwd=cls.place,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def check(self, *words, status=1):
        done = subprocess.run([RENORM, "check", *map(str, words)], cwd=self.place,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def table(self, *words):
        text = self.check(*words).stdout
        rows = list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
        self.assertEqual(text.splitlines()[0].split("\t"), COLUMNS)
        for line in text.splitlines():
            self.assertEqual(len(line.split("\t")), len(COLUMNS), line)
        return rows

    def first(self, rows, condition, subject=None):
        return next(r for r in rows if r["condition"] == condition
                    and subject in (None, r["subject"]))

    def test_the_json_of_the_kept_folder_stays(self):
        folder = SOURCE / "tests/fixtures/run_format_1"
        found = json.loads(self.check("--json", folder).stdout)
        found["subjects"][0]["folder"] = "FOLDER"
        golden = SOURCE / "tests/golden/check_format_1.json"
        self.assertEqual(found, json.loads(golden.read_text()))

    def test_table_and_json_say_the_same(self):
        rows = self.table("seed1", "seed2")
        subjects = json.loads(self.check("--json", "seed1", "seed2").stdout)["subjects"]
        self.assertEqual([s["name"] for s in subjects], ["seed1", "seed2", "all runs"])
        lines = [dict(c, subject=s["name"]) for s in subjects for c in s["conditions"]]
        told = [r for r in rows if r["condition"] != "verdict"]
        self.assertEqual(len(lines), len(told))
        for line, row in zip(lines, told):
            for key in ("subject", "condition", "quantity", "unit", "reason"):
                self.assertEqual(line[key], row[key])
            for key in ("value", "low", "high", "threshold"):
                self.assertEqual(line[key] is None, row[key] == "")
                if line[key] is not None:
                    self.assertAlmostEqual(line[key], float(row[key]), delta=1e-9)
            self.assertEqual(line["answer"] or "-", row["answer"])
        self.assertEqual([r["answer"] for r in rows if r["condition"] == "verdict"],
                         [s["verdict"] for s in subjects])

    def test_threads_change_nothing_but_rounding(self):
        one, two = self.table("seed1"), self.table("threads")
        self.assertEqual([r["answer"] for r in one], [r["answer"] for r in two])
        for a, b in zip(one, two):
            if a["value"]:
                self.assertAlmostEqual(float(a["value"]), float(b["value"]), delta=1e-6)

    def test_seeds_never_contradict_each_other(self):
        rows = self.table(*(f"seed{i}" for i in range(1, 5)))
        for condition in {r["condition"] for r in rows} - {"verdict"}:
            answers = {r["answer"] for r in rows if r["condition"] == condition and r["answer"] != "-"}
            self.assertFalse({"holds", "fails"} <= answers, (condition, answers))
        family = [r for r in rows if r["kind"] == "family" and r["condition"] == "C4"]
        single = [float(r["value"]) for r in rows
                  if r["quantity"] == "Delta_x, tilt removed" and r["value"]]
        if len(single) == 4:
            self.assertLess(float(family[0]["value"]), max(single) + 1e-9)

    def test_families_of_other_seeds_never_contradict_each_other(self):
        answers = []
        for seeds in ((1, 2), (3, 4), (1, 2, 3, 4)):
            rows = self.table(*(name for (_, seed), name in self.grid.items() if seed in seeds))
            answers.append({r["quantity"]: r["answer"] for r in rows if r["kind"] == "family"
                            and r["answer"] != "-"})
        self.assertIn("growth of the largest gain with depth", answers[0])
        for quantity in answers[0]:
            told = {a[quantity] for a in answers}
            self.assertFalse({"holds", "fails"} <= told, (quantity, told))

    def test_threads_do_not_change_a_family(self):
        one = list(self.grid.values())
        two = ["blocks2" if name == "depth2seed1" else name for name in one]
        first, second = ([r for r in self.table(*names) if r["kind"] == "family"] for names in (one, two))
        self.assertEqual([r["answer"] for r in first], [r["answer"] for r in second])
        for a, b in zip(first, second):
            if a["value"]:
                self.assertAlmostEqual(float(a["value"]), float(b["value"]), delta=1e-6)

    def test_what_one_run_says_of_bursts_needs_moments(self):
        row = self.first(self.table("depth2seed1"), "C3")
        self.assertIn(row["answer"], ("holds", "fails"))
        self.make("few", "--seed", 1, *BLOCKS, "--set", "measure.snapshots=3")
        row = self.first(self.table("few"), "C3")
        self.assertEqual(row["answer"], "cannot tell")
        self.assertIn("at least 8", row["reason"])
        self.assertIn("measure.snapshots", row["would_suffice"])

    def test_too_little_data_cannot_tell_and_says_what_would_suffice(self):
        row = self.first(self.table("small"), "C4")
        self.assertEqual(row["answer"], "cannot tell")
        self.assertIn("expected 8", row["reason"])
        self.assertIn("data.n_train", row["would_suffice"])

    def test_kinks_are_no_ground_for_a_verdict(self):
        row = self.first(self.table("relu"), "C4")
        self.assertEqual((row["answer"], row["value"]), ("cannot tell", ""))
        self.assertIn("kinks", row["reason"])

    def test_several_arms_are_several_families(self):
        rows = self.table("seed1", "seed2", "relu", "small")
        self.assertEqual({r["subject"] for r in rows if r["kind"] == "family"},
                         {r["subject"] for r in rows if r["kind"] == "family"
                          and "activation=gelu" in r["subject"]})

    def test_folders_that_cannot_be_read_end_with_status_3(self):
        broken = self.place / "broken"
        shutil.copytree(self.place / "seed1", broken)
        snapshot = sorted((broken / "snapshots").iterdir())[0]
        snapshot.write_bytes(snapshot.read_bytes()[:-40])
        done = self.check("seed2", broken, status=3)
        self.assertIn(snapshot.name, done.stderr)
        self.assertEqual(done.stdout, "")
        self.check("nowhere", status=3)
        self.check(status=2)
        self.check("seed1", "--jsn", status=2)

    def test_on_a_terminal_the_verdict_is_the_first_line(self):
        leader, follower = pty.openpty()
        env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80"}
        process = subprocess.Popen([RENORM, "check", "seed1"], cwd=self.place, stdout=follower, env=env)
        os.close(follower)
        text = b""
        while True:
            try:
                more = os.read(leader, 65536)
            except OSError:
                break
            if not more:
                break
            text += more
        os.close(leader)
        self.assertEqual(process.wait(), 1)
        lines = [line for line in text.decode().splitlines() if line.strip()]
        self.assertEqual(lines[0], "seed1: cannot tell")
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn("would suffice", text.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
