#!/usr/bin/env python3
"""renorm resume as a person meets it: stopped, killed, locked, damaged, full and foreign folders.

usage: test_resume.py RENORM SOURCE_FOLDER [unittest arguments]
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

RENORM, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TINY = os.path.join(SOURCE, "configs", "tiny.yaml")
LONG = ["--set", "steps=4000", "--threads", "1"]
NOBODY = 65534


class Resume(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="renorm-resume-")
        os.chmod(self.place, 0o755)

    def tearDown(self):
        shutil.rmtree(self.place)

    def path(self, *names):
        return os.path.join(self.place, *names)

    def renorm(self, *words, status=0, before=()):
        """Runs the command, checks its exit status, returns (standard output, standard error)."""
        done = subprocess.run([*before, RENORM, *words], cwd=self.place, timeout=120,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def contents(self, folder):
        """Every file that must not depend on interruptions, with its bytes."""
        found = {}
        for at, _, names in os.walk(self.path(folder)):
            for name in names:
                if name in (".lock", "manifest.yaml"):
                    continue
                with open(os.path.join(at, name), "rb") as file:
                    found[os.path.relpath(os.path.join(at, name), self.path(folder))] = file.read()
        return found

    def assert_same(self, folder, other):
        left, right = self.contents(folder), self.contents(other)
        self.assertEqual(sorted(left), sorted(right))
        for name, content in left.items():
            self.assertTrue(content == right[name], f"{name} differs")

    def start(self, folder, *words):
        """A run that has written some rows and has far to go."""
        run = subprocess.Popen([RENORM, "run", TINY, *words, "-q", "-o", folder], cwd=self.place,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        metrics = self.path(folder, "metrics.csv")
        for _ in range(2000):
            if os.path.exists(metrics) and os.path.getsize(metrics) > 2000:
                return run
            time.sleep(0.005)
        run.kill()
        self.fail("the run does not write")

    def test_ctrl_c_says_how_to_go_on_and_resume_ends_with_the_same_bytes(self):
        self.renorm("run", TINY, *LONG, "-q", "-o", "whole")
        run = self.start("r", *LONG)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1, err)
        self.assertIn("to go on: renorm resume r", err)
        _, err = self.renorm("resume", "r")
        self.assertIn("4000 steps", err)
        self.assert_same("whole", "r")
        with open(self.path("r", "manifest.yaml")) as file:
            manifest = file.read()
        self.assertIn("outcome: done\n", manifest)
        self.assertIn("resumed: 1\n", manifest)

    def test_measurements_that_the_run_chose_itself_are_chosen_again(self):
        chosen = ["--set", "measure.snapshots=0", "--set", "measure.price=40",
                  "--set", "measure.change=0.02"]
        self.renorm("run", TINY, *LONG, *chosen, "-q", "-o", "whole")
        planned = json.loads(self.renorm("plan", TINY, *LONG[:2], *chosen, "--json")[0])
        steps = [int(name[:-3]) for name in os.listdir(self.path("whole", "snapshots"))]
        self.assertTrue(set(planned["steps"]) < set(steps))  # some are extra
        self.assertLessEqual(len(steps), planned["n_snapshots"])
        for wait in (0.0, 0.2):
            run = self.start("r", *LONG, *chosen)
            time.sleep(wait)
            run.kill()
            run.communicate()
            self.renorm("resume", "r", "-q")
            self.assert_same("whole", "r")
            shutil.rmtree(self.path("r"))

    def test_matrix_free_measurements_go_on_with_the_same_bytes(self):
        free = ["--set", "measure.kind=matrix_free", "--set", "measure.steps=9",
                "--set", "measure.accuracy=0.001", "--set", "measure.snapshots=40"]
        self.renorm("run", TINY, *LONG, *free, "-q", "-o", "whole")
        run = self.start("r", *LONG, *free)
        run.kill()
        run.communicate()
        self.renorm("resume", "r", "-q")
        self.assert_same("whole", "r")

    # 60 images make a kernel of 600 rows, whose measurement takes a second or more.
    SLOW_CONFIG = """seed: 1
steps: 3
model: {kind: mlp, depth: 4, width: 48}
data: {kind: fashion_mnist, n_train: 60, n_test: 0}
train: {kind: gradient_descent, learning_rate: 0.4, relative: true}
measure: {kind: matrix_free, snapshots: 2, steps: 60, accuracy: 0, keep_every: 0}
"""

    def slow(self, n=60):
        name = self.path(f"slow{n}.yaml")
        with open(name, "w") as file:
            file.write(self.SLOW_CONFIG.replace("n_train: 60", f"n_train: {n}"))
        return [name, "--threads", "1", "-o"]

    def pieces(self, kind):
        return sorted(name for name in os.listdir(self.path("r"))
                      if name.startswith(f"measuring-{kind}-"))

    def start_measuring(self, kind, n_pieces):
        """A run in the midst of its first measurement."""
        run = subprocess.Popen([RENORM, "run", *self.slow(), "r"], cwd=self.place,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(20000):
            if os.path.isdir(self.path("r")) and len(self.pieces(kind)) >= n_pieces:
                return run
            if run.poll() is not None:
                break
            time.sleep(0.001)
        run.kill()
        self.fail(f"no piece of the {kind}: {run.communicate()[1]}")

    def test_a_measurement_that_is_stopped_or_killed_goes_on_where_it_was(self):
        self.renorm("run", *self.slow(), "whole")
        for kind, end in (("basis", signal.SIGINT), ("tangent", signal.SIGKILL)):
            run = self.start_measuring(kind, 5)
            run.send_signal(end)
            _, err = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 1 if end == signal.SIGINT else -end, err)
            if end == signal.SIGINT:
                self.assertRegex(err, r"at step 0 stopped after \d+ products that were kept")
                self.assertIn("to go on: renorm resume r", err)
            found = self.pieces(kind)
            self.assertGreaterEqual(len(found), 5)
            if end == signal.SIGKILL:  # one that is damaged is made again, and all after it
                with open(self.path("r", found[3]), "r+b") as file:
                    file.seek(1000)
                    file.write(b"\xff" * 8)
            _, err = self.renorm("resume", "r")
            told = re.search(r"went on with (\d+) products that were kept", err)
            self.assertTrue(told, err)
            self.assertGreaterEqual(int(told[1]), 3)
            self.assert_same("whole", "r")
            shutil.rmtree(self.path("r"))

    def test_pieces_of_another_state_are_not_used(self):
        run = self.start_measuring("tangent", 3)
        run.kill()
        run.communicate()
        pieces = {}
        for name in self.pieces("basis") + self.pieces("tangent"):
            with open(self.path("r", name), "rb") as file:
                pieces[name] = file.read()
        shutil.rmtree(self.path("r"))
        self.renorm("run", *self.slow(59), "other")
        run = subprocess.Popen([RENORM, "run", *self.slow(59), "r"], cwd=self.place,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(self.path("r", "checkpoint.h5")):
            time.sleep(0.001)
        run.kill()
        run.communicate()
        for kind in ("basis", "tangent"):
            for name in self.pieces(kind):
                os.remove(self.path("r", name))
        for name, content in pieces.items():
            with open(self.path("r", name), "wb") as file:
                file.write(content)
        _, err = self.renorm("resume", "r")
        self.assertNotIn("that were kept", err)
        self.assert_same("other", "r")

    def test_a_second_ctrl_c_ends_at_once_without_harm(self):
        self.renorm("run", TINY, *LONG, "-q", "-o", "whole")
        run = self.start("r", *LONG)
        for _ in range(50):
            run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
        self.assertIn(run.returncode, (-signal.SIGINT, 1))
        self.renorm("resume", "r", "-q")
        self.assert_same("whole", "r")

    def test_a_finished_run_is_shown_and_not_touched(self):
        first, _ = self.renorm("run", TINY, "-q", "-o", "r")
        with open(self.path("r", "manifest.yaml")) as file:
            manifest = file.read()
        again, err = self.renorm("resume", "r")
        self.assertIn("finished already", err)
        self.assertEqual(first, again)
        with open(self.path("r", "manifest.yaml")) as file:
            self.assertEqual(manifest, file.read())

    def test_data_with_a_relative_path_is_found_from_another_folder(self):
        with open(self.path("points.csv"), "w") as file:
            file.write("x,y\n" + "".join(f"{i / 8},{(i / 8) ** 2}\n" for i in range(16)))
        with open(self.path("c.yaml"), "w") as file:
            file.write("steps: 4000\nmodel: {kind: mlp, depth: 2, width: 8, activation: tanh}\n"
                       "data: {kind: csv, path: points.csv, targets: y}\nthreads: 1\n")
        self.renorm("run", "c.yaml", "-q", "-o", "whole")
        run = subprocess.Popen([RENORM, "run", "c.yaml", "-q", "-o", "r"], cwd=self.place,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(self.path("r", "checkpoint.h5")):
            time.sleep(0.002)
        run.kill()
        run.communicate()
        os.mkdir(self.path("elsewhere"))
        done = subprocess.run([RENORM, "resume", "../r", "-q"], cwd=self.path("elsewhere"),
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same("whole", "r")

    def test_a_memory_limit_is_obeyed_or_refused(self):
        self.renorm("run", TINY, *LONG, "-q", "-o", "whole")
        run = self.start("r", *LONG)
        run.kill()
        run.communicate()
        before = self.contents("r")
        _, err = self.renorm("resume", "r", "--memory", "1M", status=2)
        self.assertIn("memory", err)
        self.assertEqual(before, self.contents("r"))
        _, err = self.renorm("resume", "r", "--memory", "lots", status=2)
        self.assertIn("expected a size such as 500M", err)
        self.renorm("resume", "r", "-q", "--memory", "1G")
        self.assert_same("whole", "r")

    def test_a_folder_in_use_is_refused_with_the_process(self):
        run = self.start("r", "--set", "steps=100000000")
        try:
            _, err = self.renorm("resume", "r", status=3)
            self.assertIn(f"in use by another renorm (process {run.pid})", err)
        finally:
            run.kill()
            run.communicate()
        _, err = self.renorm("run", TINY, "-o", "r", status=3)
        self.assertIn("renorm resume r", err)

    def test_a_lock_file_left_behind_blocks_nobody(self):
        self.renorm("run", TINY, "-q", "-o", "r")
        with open(self.path("r", ".lock"), "w") as file:
            file.write("1\n")
        self.renorm("resume", "r", "-q")
        with open(self.path("r", ".lock")) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.renorm("resume", "r", status=3)

    def test_a_read_only_folder(self):
        self.renorm("run", TINY, *LONG, "-q", "-o", "r")
        for at, folders, names in os.walk(self.path("r")):
            for name in (*folders, *names):
                os.chmod(os.path.join(at, name), 0o555 if name in folders else 0o444)
        os.chmod(self.path("r"), 0o555)
        before = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] \
            if os.geteuid() == 0 else []
        content = self.contents("r")
        _, err = self.renorm("resume", "r", status=3, before=before)
        self.assertIn("Permission denied", err)
        self.assertIn("may write to", err)
        self.assertEqual(content, self.contents("r"))
        os.chmod(self.path("r"), 0o755)
        os.chmod(self.path("r", "snapshots"), 0o755)

    def test_a_full_disk_loses_nothing_and_a_freed_one_goes_on(self):
        self.renorm("run", TINY, *LONG, "-q", "-o", "whole")
        os.mkdir(self.path("disk"))
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", self.path("disk")],
            capture_output=True).returncode == 0
        if not mounted:
            return  # tests/crash makes every write fail without mounting anything
        try:
            with open(self.path("disk", "ballast"), "wb") as file:
                file.write(bytes(700 << 10))
            _, err = self.renorm("run", TINY, *LONG, "-q", "-o", "disk/r", status=3)
            self.assertIn("No space left on device", err)
            self.assertIn("renorm resume disk/r", err)
            rows = open(self.path("disk", "r", "metrics.csv")).read()
            self.assertTrue(rows.endswith("\n"))
            self.assertTrue(open(self.path("whole", "metrics.csv")).read().startswith(rows))
            os.remove(self.path("disk", "ballast"))
            self.renorm("resume", "disk/r", "-q")
            self.assert_same("whole", "disk/r")
        finally:
            subprocess.run(["umount", self.path("disk")], check=True)

    def test_folders_that_are_none(self):
        _, err = self.renorm("resume", "nothing", status=3)
        self.assertIn("expected the folder of a run", err)
        os.mkdir(self.path("empty"))
        _, err = self.renorm("resume", "empty", status=3)
        self.assertIn("no config.yaml", err)

    def test_a_newer_format_is_refused_with_the_version(self):
        self.renorm("run", TINY, "-q", "-o", "r")
        name = self.path("r", "manifest.yaml")
        with open(name) as file:
            text = file.read()
        text = re.sub("format: 1", "format: 2", text)
        text = re.sub('version: ".*"', 'version: "7.3.1"', text)
        with open(name, "w") as file:
            file.write(text)
        _, err = self.renorm("resume", "r", status=3)
        self.assertIn("renorm '7.3.1': install that version", err)

    def test_a_missing_or_damaged_manifest_costs_wall_times_only(self):
        self.renorm("run", TINY, "-q", "-o", "whole")
        for damage in (None, b"", b"\0\xff", b"format: [\n"):
            shutil.copytree(self.path("whole"), self.path("r"))
            os.remove(self.path("r", "manifest.yaml"))
            if damage is not None:
                with open(self.path("r", "manifest.yaml"), "wb") as file:
                    file.write(damage)
            self.renorm("resume", "r", "-q")
            self.assert_same("whole", "r")
            with open(self.path("r", "manifest.yaml")) as file:
                self.assertIn("outcome: done", file.read())
            shutil.rmtree(self.path("r"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
