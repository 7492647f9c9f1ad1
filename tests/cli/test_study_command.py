#!/usr/bin/env python3
"""renorm study as a person or a script meets it.

usage: test_study_command.py RENORM SOURCE_FOLDER [unittest arguments]
"""

import csv
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

RENORM, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])

BASE = """
base:
  steps: {steps}
  model: {{kind: mlp, depth: 2, width: 6, activation: quick_gelu}}
  data: {{kind: sphere, n_train: 10, n_test: 6, dimension: 5}}
  train: {{kind: gradient_descent, learning_rate: 0.5, relative: true}}
  measure: {{kind: exact, snapshots: 2}}
"""
TWO = BASE.format(steps=4) + """
arms: {residual: {model.residual: true}, plain: {model.residual: false}}
seeds: 1
summarise: [loss, held_out_loss, lambda_max]
"""
FAILING = BASE.format(steps=4) + """
arms: {sound: {}, wild: {train.learning_rate: 1.0e+9}}
seeds: 1
summarise: [loss, lambda_max]
"""
LONG = BASE.format(steps=12000) + """
  output: {record_every: 100, checkpoint_every: 1000}
arms: {residual: {model.residual: true}, plain: {model.residual: false}}
seeds: 2
summarise: [loss, lambda_max]
"""


class Study(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="renorm-study-")

    def tearDown(self):
        shutil.rmtree(self.place)

    def path(self, *names):
        return os.path.join(self.place, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def read(self, *names):
        with open(self.path(*names)) as file:
            return file.read()

    def rows(self, *names):
        with open(self.path(*names), newline="") as file:
            return list(csv.DictReader(file))

    def study(self, *words, status=0):
        done = subprocess.run([RENORM, "study", *words], cwd=self.place, timeout=120,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def runs_bytes(self, folder):
        """Every file of every cell, those with wall times and numbers of threads aside."""
        found = {}
        for name in sorted(glob.glob(self.path(folder, "cells", "*", "**"), recursive=True)):
            if os.path.isfile(name) and not name.endswith(("manifest.yaml", "checkpoint.h5")):
                with open(name, "rb") as file:
                    found[os.path.relpath(name, self.path(folder))] = file.read()
        return found

    # ---- one study ---------------------------------------------------------------------------

    def test_two_cells_end_to_end(self):
        self.write("two.yaml", TWO)
        out, err = self.study("two.yaml", "-o", "out", "--jobs", "1")
        self.assertEqual(out, "out/report.html\n")
        self.assertIn("2 of 2 cells done, 0 failed", err)
        cells = self.rows("out", "cells.csv")
        self.assertEqual([c["outcome"] for c in cells], ["done", "done"])
        # each cell is an ordinary run, and its numbers are those of `renorm run`
        for cell, residual in zip(cells, ("true", "false")):
            alone = f"alone-{residual}"
            self.write("base.yaml", BASE.format(steps=4).replace("\nbase:\n", "\n").replace("\n  ", "\n"))
            subprocess.run([RENORM, "run", "base.yaml", "--set", f"model.residual={residual}",
                            "--seed", "1", "--threads", "1", "-q", "-o", alone],
                           cwd=self.place, check=True, stdout=subprocess.DEVNULL, timeout=60)
            self.assertEqual(self.read("out", cell["folder"], "metrics.csv"),
                             self.read(alone, "metrics.csv"))
            metrics = self.rows(alone, "metrics.csv")
            mine = [r for r in self.rows("out", "table.csv") if r["cell"] == cell["cell"]]
            self.assertEqual([r["step"] for r in mine], ["0", "4"])
            self.assertEqual([r["loss"] for r in mine], [metrics[0]["loss"], metrics[-1]["loss"]])
        summary = {(r["arm"], r["measurement"], r["quantity"]): r
                   for r in self.rows("out", "summary.csv")}
        self.assertEqual(len(summary), 2 * 2 * 3)
        table = self.rows("out", "table.csv")
        value = {(r["arm"], r["step"]): float(r["loss"]) for r in table}
        plain = summary["plain", "last", "loss"]
        self.assertEqual(float(plain["median"]), value["plain", "4"])
        self.assertEqual(float(plain["difference"]), value["plain", "4"] - value["residual", "4"])
        self.assertEqual(float(plain["ratio"]), value["plain", "4"] / value["residual", "4"])
        self.assertEqual(summary["residual", "last", "loss"]["difference"], "")
        # once more: nothing is done again, and the folder says it all
        before = self.runs_bytes("out")
        times = [os.stat(p).st_mtime_ns for p in glob.glob(self.path("out/cells/*/metrics.csv"))]
        self.study("out")
        self.assertEqual(before, self.runs_bytes("out"))
        self.assertEqual(times, [os.stat(p).st_mtime_ns
                                 for p in glob.glob(self.path("out/cells/*/metrics.csv"))])

    def test_jobs_change_no_number(self):
        self.write("two.yaml", TWO.replace("seeds: 1", "seeds: 2"))
        self.study("two.yaml", "-o", "one", "--jobs", "1")
        self.study("two.yaml", "-o", "three", "--jobs", "3")
        self.assertEqual(self.runs_bytes("one"), self.runs_bytes("three"))
        for name in ("table.csv", "summary.csv", "cells.csv", "study.yaml", "verdicts.csv", "report.html"):
            self.assertEqual(self.read("one", name), self.read("three", name))

    def test_a_failed_cell_is_told_and_the_others_are_done(self):
        self.write("bad.yaml", FAILING)
        _, err = self.study("bad.yaml", "-o", "out", status=1)
        self.assertIn("warning: cell 0002-wild-s1 failed:", err)
        self.assertIn("1 of 2 cells done, 1 failed", err)
        cells = self.rows("out", "cells.csv")
        self.assertEqual([c["outcome"] for c in cells], ["done", "failed"])
        self.assertIn("choose a smaller one", cells[1]["message"])
        # what it measured before it failed counts
        wild = {r["measurement"]: r for r in self.rows("out", "summary.csv")
                if r["arm"] == "wild" and r["quantity"] == "lambda_max"}
        self.assertEqual([wild["first"]["count"], wild["last"]["count"]], ["1", "0"])

    # ---- stopping ----------------------------------------------------------------------------

    def start(self, *words):
        return subprocess.Popen([RENORM, "study", *words], cwd=self.place, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                start_new_session=True)

    def wait_for_lock(self, process):
        """Until the command is at work: its number stands in the folder's lock."""
        for _ in range(600):
            if self.read("out", ".lock").strip() == str(process.pid):
                return
            time.sleep(0.02)
        self.fail("the folder was never locked")

    def wait_for(self, pattern, process):
        for _ in range(600):
            if glob.glob(self.path(pattern)):
                return
            self.assertIsNone(process.poll(), process.stderr.read() if process.poll() else "")
            time.sleep(0.02)
        self.fail(f"{pattern} never came")

    def test_killed_or_interrupted_anywhere_it_goes_on_with_the_same_numbers(self):
        self.write("long.yaml", LONG)
        self.study("long.yaml", "-o", "whole", "-q")
        process = self.start("long.yaml", "-o", "out", "--jobs", "2")
        self.wait_for("out/cells/0002*/checkpoint.h5", process)
        os.killpg(process.pid, signal.SIGKILL)  # the command and its cells
        process.communicate()
        process = self.start("long.yaml", "-o", "out", "--jobs", "2")
        self.wait_for("out/cells/0003*/checkpoint.h5", process)
        process.kill()  # the command alone: its cells see that and end
        process.communicate()
        process = self.start("out", "--jobs", "1")
        self.wait_for_lock(process)
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C in a terminal reaches all of them
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("to go on: renorm study out", err)
        self.assertIn("stopped", {c["outcome"] for c in self.rows("out", "cells.csv")})
        self.study("out")
        self.assertEqual(self.runs_bytes("whole"), self.runs_bytes("out"))
        for name in ("table.csv", "summary.csv", "cells.csv", "verdicts.csv"):
            self.assertEqual(self.read("whole", name), self.read("out", name))

    def test_what_a_cell_killed_at_its_very_start_leaves_is_no_obstacle(self):
        self.write("two.yaml", TWO)
        os.makedirs(self.path("out", "cells", "0001-residual-s1", "snapshots"))
        self.write("out/cells/0001-residual-s1/.config.yaml.part", "x")
        shutil.copy(self.path("two.yaml"), self.path("out", ".study.yaml.part"))
        shutil.rmtree(self.path("out", "cells"))
        self.study("two.yaml", "-o", "out")
        shutil.rmtree(self.path("out", "cells", "0001-residual-s1"))
        os.makedirs(self.path("out", "cells", "0001-residual-s1", "snapshots"))
        self.write("out/cells/0001-residual-s1/.config.yaml.part", "x")
        os.makedirs(self.path("out", "cells", "0002-plain-s1"), exist_ok=True)
        self.study("two.yaml", "-o", "out")
        self.assertEqual([c["outcome"] for c in self.rows("out", "cells.csv")], ["done", "done"])

    # ---- refusals ----------------------------------------------------------------------------

    def test_mistakes_are_listed_and_nothing_is_done(self):
        self.write("bad.yaml", "base: {model: {dpeth: 3}}\nseedz: 3\n")
        _, err = self.study("bad.yaml", status=2)
        self.assertIn("bad.yaml:1:16: model.dpeth: found an unknown key", err)
        self.assertIn("bad.yaml:2:1: 'seedz'", err)
        self.assertIn("did you mean 'seeds'?", err)
        self.assertEqual(os.listdir(self.place), ["bad.yaml"])
        self.study("missing.yaml", status=3)
        self.study("bad.yaml", "--jobs", "0", status=2)

    def test_another_study_or_foreign_files_in_the_folder_are_left_alone(self):
        self.write("two.yaml", TWO)
        self.study("two.yaml", "-o", "out")
        self.write("other.yaml", TWO.replace("seeds: 1", "seeds: 2"))
        _, err = self.study("other.yaml", "-o", "out", status=2)
        self.assertIn("found another study", err)
        os.makedirs(self.path("full"))
        self.write("full/letter.txt", "dear")
        self.study("two.yaml", "-o", "full", status=3)
        self.assertEqual(os.listdir(self.path("full")), ["letter.txt"])
        # a cell somebody changed is not taken for the study's
        config = self.path("out", "cells", "0001-residual-s1", "config.yaml")
        os.remove(self.path("out", "cells", "0001-residual-s1", "manifest.yaml"))
        with open(config) as file:
            text = file.read()
        with open(config, "w") as file:
            file.write(text.replace("width: 6", "width: 7"))
        _, err = self.study("out", status=1)
        self.assertIn("found another configuration than the study's", err)

    def test_a_folder_of_a_version_with_fewer_defaults_is_gone_on_with(self):
        self.write("two.yaml", TWO)
        self.study("two.yaml", "-o", "out")
        text = self.read("out", "study.yaml")
        lines = text.splitlines(keepends=True)
        kept = [line for line in lines if not line.lstrip().startswith(("first_seed", "record_every"))]
        self.assertLess(len(kept), len(lines))
        self.write("out/study.yaml", "".join(kept))
        self.study("out")
        self.study("two.yaml", "-o", "out")
        self.write("out/study.yaml", "".join(kept).replace("width: 6", "width: 7"))
        _, err = self.study("two.yaml", "-o", "out", status=2)
        self.assertIn("found another study", err)

    def test_dry_run_lists_cells_memory_and_time_and_does_nothing(self):
        self.write("two.yaml", TWO)
        out, err = self.study("two.yaml", "--dry-run")
        lines = [line.split("\t") for line in out.splitlines()]
        self.assertEqual(lines[0], ["cell", "folder", "arm", "seed"])
        self.assertEqual([line[2] for line in lines[1:]], ["residual", "plain"])
        self.assertIn("2 cells: 2 arms, 1 points, 1 seeds", err)
        self.assertRegex(err, r"at most \d+ MiB")
        self.assertEqual(os.listdir(self.place), ["two.yaml"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
