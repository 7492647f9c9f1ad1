#!/usr/bin/env python3
"""The renorm command as a person or a script meets it.

usage: test_cli.py RENORM SOURCE_FOLDER [unittest arguments]
"""

import csv
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

RENORM, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TINY = os.path.join(SOURCE, "configs", "tiny.yaml")
SMALL = ["--set", "steps=8", "--set", "measure.snapshots=3", "--threads", "1"]
NOBODY = 65534


class Cli(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="renorm-cli-")
        os.chmod(self.place, 0o755)

    def tearDown(self):
        shutil.rmtree(self.place)

    def path(self, *names):
        return os.path.join(self.place, *names)

    def distinct(self, pairs):
        """A JSON object none of whose keys comes twice."""
        self.assertEqual(len(pairs), len(dict(pairs)), pairs)
        return dict(pairs)

    def read(self, *names):
        with open(self.path(*names)) as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def renorm(self, *words, status=0, before=(), env=None):
        """Runs the command, checks its exit status, returns (standard output, standard error)."""
        done = subprocess.run([*before, RENORM, *words], cwd=self.place, timeout=120,
                              capture_output=True, text=True, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout, done.stderr

    def as_ordinary_user(self):
        """Words in front of a command; empty where the tests do not run as root."""
        if os.geteuid() != 0:
            return []
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    # ---- words ------------------------------------------------------------------------------

    def test_help_goes_to_standard_output_and_names_every_command(self):
        out, err = self.renorm("--help")
        self.assertEqual(err, "")
        for name in ("run", "info", "selftest", "help"):
            self.assertRegex(out, rf"(?m)^  {name} ")
            text, _ = self.renorm(name, "--help")
            self.assertTrue(text.startswith(f"renorm {name}"))
            self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_version(self):
        out, _ = self.renorm("--version")
        self.assertRegex(out, r"^renorm \d+\.\d+\.\d+\n$")

    def test_wrong_words_get_the_nearest_right_one_and_status_2(self):
        for words, hint in ((["rnu"], "'run'"), (["slftest"], "'selftest'"),
                            (["run", "--sede", "3", TINY], "'--seed'"),
                            (["run", "--outptu=x", TINY], "'--output'"),
                            (["help", "model.mlpp"], "'model.mlp'")):
            _, err = self.renorm(*words, status=2)
            self.assertIn(f"did you mean {hint}", err)
        for words in ([], ["run"], ["run", TINY, TINY], ["run", TINY, "-x"], ["run", TINY, "-o"],
                      ["run", TINY, "--json=yes"], ["info", "more"], ["selftest", "--seed", "1x"]):
            self.renorm(*words, status=2)

    def test_help_topics_come_from_the_tables(self):
        out, _ = self.renorm("help", "model.mlp")
        self.assertIn("depth: 8", out)
        self.assertIn("an integer", out)
        self.assertIn("one of: ", out)
        out, _ = self.renorm("help", "model")
        self.assertIn("model.mlp", out)
        self.assertIn("model.linear", out)
        out, _ = self.renorm("help")
        for topic in ("model.mlp", "data.fashion_mnist", "measure.exact", "output", "top"):
            self.assertIn(topic, out)

    def test_info_names_the_libraries(self):
        out, _ = self.renorm("info")
        for name in ("OpenBLAS", "HDF5", "libyaml"):
            self.assertRegex(out, rf"(?m)^{name}\t\d")
        told = json.loads(self.renorm("info", "--json")[0])
        self.assertGreaterEqual(told["processors"], 1)
        self.assertTrue(told["blas_is_openmp"])
        self.assertIn("fashion_mnist", told["kinds"]["data"])
        self.assertEqual(list(told["kinds"]), ["model", "data", "loss", "sampler", "train", "measure",
                                                "start", "velocity", "decay"])
        self.assertRegex(out, r"(?m)^measure\t3 kinds\texact, matrix_free, none\t$")

    def test_selftest_passes_and_says_what_it_compared(self):
        out, _ = self.renorm("selftest")
        rows = out.splitlines()[1:]
        self.assertEqual(len(rows), 12)
        self.assertTrue(all("\tpassed\t" in row for row in rows), out)
        told = json.loads(self.renorm("selftest", "--json", "--seed", "7")[0])
        self.assertTrue(all(check["passed"] and check["value"] <= check["limit"] for check in told))

    # ---- export -----------------------------------------------------------------------------

    def test_export_writes_one_new_file_or_says_why_not(self):
        self.renorm("run", TINY, *SMALL, "-o", "r")
        for form, asked in (("csv", []), ("npz", ["--format", "npz"])):
            out, err = self.renorm("export", "r", *asked)
            self.assertEqual((out, err), ("", f"renorm export: wrote r/export.{form}\n"))
            _, err = self.renorm("export", "r", "--format", form, status=3)
            self.assertIn("nothing is overwritten", err)
        with open(self.path("r", "export.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        loss = [float(row["value"]) for row in rows if row["quantity"] == "loss"]
        with open(self.path("r", "metrics.csv"), newline="") as file:
            told = {row["step"]: float(row["loss"]) for row in csv.DictReader(file)}
        steps = [row["step"] for row in rows if row["quantity"] == "loss"]
        self.assertEqual(loss, [told[step] for step in steps])
        with zipfile.ZipFile(self.path("r", "export.npz")) as archive:
            self.assertIsNone(archive.testzip())
            self.assertIn("records/loss.npy", archive.namelist())
        for words, status in ((["r", "--format", "xls"], 2), (["missing"], 3),
                              ([".", "--format", "npz", "-o", "x.npz"], 3)):
            self.renorm("export", *words, status=status)
        self.assertFalse(os.path.exists(self.path("x.npz")))

    # ---- looking ahead ----------------------------------------------------------------------

    def test_plan_says_sizes_kernel_memory_steps_and_time_and_writes_nothing(self):
        told = json.loads(self.renorm("plan", TINY, "--json")[0], object_pairs_hook=self.distinct)
        self.assertEqual((told["n_samples"], told["n_outputs"], told["n_rows"]), (16, 1, 16))
        self.assertEqual(told["n_snapshots"], 6)
        self.assertEqual((told["steps"][0], told["steps"][-1]), (0, 60))
        self.assertEqual(sum(block["size"] for block in told["blocks"]), told["n_weights"])
        self.assertTrue(all(block["order"] in ("S", "A", "G", "rank one", "rows")
                            and block["reason"] for block in told["blocks"]))
        self.assertGreater(told["peak_bytes"], told["base_bytes"] + told["kept_bytes"])
        self.assertGreater(told["total_s"], 0)
        out, err = self.renorm("plan", TINY, "--set", "steps=7")
        self.assertRegex(out, r"(?m)^weights\t\d+\tP$")
        self.assertRegex(out, r"(?m)^first\.weight\tS\t.*fewest operations$")
        self.assertRegex(out, r"(?m)^peak memory\t[\d.]+ MiB\t")
        self.assertRegex(out, r"(?m)^  measuring\t.*% of training$")
        self.assertIn("at steps 0 1 ", out)
        self.assertEqual(err, "")
        self.assertEqual(os.listdir(self.place), [])

    def test_a_limit_of_memory_is_obeyed_or_refused_before_any_work(self):
        self.renorm("run", TINY, *SMALL, "-o", "free")
        self.renorm("run", TINY, *SMALL, "-o", "limited", "--memory", "2G")
        for name in ("metrics.csv", "shells.csv", "budget.csv"):
            self.assertEqual(self.read("free", name), self.read("limited", name))
        for words in (["plan", TINY], ["run", TINY, "-o", "refused"]):
            _, err = self.renorm(*words, "--memory", "1M", status=2)
            self.assertIn("may take 1.0 MiB", err)
            self.assertIn("use ", err)
        _, err = self.renorm("plan", TINY, "--set", "data.n_train=900", "--memory", "60M", status=2)
        self.assertIn("of the 900 training samples", err)
        self.assertFalse(os.path.exists(self.path("refused")))
        for text in ("", "0", "-1", "2X", "2GG", "1e3", "0x10", "nan", "many"):
            _, err = self.renorm("run", TINY, f"--memory={text}", status=2)
            self.assertIn("expected a size such as 500M or 2G", err)

    def test_plan_of_what_cannot_be_read(self):
        self.renorm("plan", self.path("missing.yaml"), status=3)
        _, err = self.renorm("plan", TINY, "--set", "model.dpeth=1", status=2)
        self.assertIn("did you mean 'depth'", err)
        self.renorm("plan", TINY, "--set", "train.learning_rate=1e9", status=3)

    # ---- configurations ---------------------------------------------------------------------

    def test_all_mistakes_of_a_file_at_once_with_their_places(self):
        config = self.write("bad.yaml", "seed: 1\nmodel:\n  kind: mlp\n  dpeth: 4\n  width: 4.5\n"
                            "  gain: 1.5abc\n  activation: gleu\ndata:\n  kind: sphere\n"
                            "  n_train: 010\nlos: {}\n")
        _, err = self.renorm("run", config, "--set", "train.learning_rate=quick", status=2)
        for place in (":4:3:", ":5:10:", ":6:9:", ":7:15:", ":10:12:", ":11:1:", "--set train"):
            self.assertIn(place, err)
        self.assertIn("did you mean 'depth'", err)
        self.assertIn("'gelu'", err)
        self.assertIn("7 mistakes", err)
        self.assertEqual(os.listdir(self.place), ["bad.yaml"])

    def test_hostile_files_are_refused_with_status_2_or_3(self):
        bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
        for name, text, status in (("bomb.yaml", bomb, 2), ("twice.yaml", "seed: 1\nseed: 2\n", 2),
                                   ("bytes.yaml", b"seed: \xff\xfe\n", 2),
                                   ("deep.yaml", "a: " + "[" * 5000, 2),
                                   ("big.yaml", "# " + "x" * 2_000_000, 2)):
            _, err = self.renorm("run", self.write(name, text), status=status)
            self.assertIn(name, err)
        _, err = self.renorm("run", self.path("absent.yaml"), status=3)
        self.assertIn("absent.yaml", err)
        self.renorm("run", self.place, status=3)

    def test_data_that_cannot_be_read_is_status_3(self):
        for changes in (["data.kind=fashion_mnist", "data.path=" + self.path("nowhere")],
                        ["data.kind=npy", "data.inputs=" + self.write("x.npy", "no array"),
                         "data.targets=" + self.path("x.npy")]):
            words = [word for change in changes for word in ("--set", change)]
            config = self.write("empty.yaml", "")
            _, err = self.renorm("run", config, *words, status=3)
            self.assertIn(self.place, err)
            self.assertNotIn("runs", os.listdir(self.place))

    def test_an_unreadable_file_is_said_so(self):
        config = self.write("secret.yaml", "seed: 1\n")
        os.chmod(config, 0)
        _, err = self.renorm("run", config, status=3, before=self.as_ordinary_user())
        self.assertIn("secret.yaml", err)
        self.assertIn("Permission denied", err)

    # ---- runs -------------------------------------------------------------------------------

    def test_a_run_writes_its_folder_and_prints_a_table(self):
        out, err = self.renorm("run", TINY, *SMALL, "-o", "r")
        self.assertEqual(sorted(os.listdir(self.path("r"))),
                         [".lock", "budget.csv", "checkpoint.h5", "config.yaml", "manifest.yaml",
                          "metrics.csv", "shells.csv", "snapshots"])
        self.assertEqual(sorted(os.listdir(self.path("r", "snapshots")))[0], "000000.h5")
        rows = list(csv.DictReader(out.splitlines(), delimiter="\t"))
        with open(self.path("r", "shells.csv"), newline="") as file:
            shells = list(csv.DictReader(file))
        self.assertEqual(len(rows), len(shells))
        for row, shell in zip(rows, shells):
            self.assertAlmostEqual(float(row["energy"]), float(shell["energy"]), delta=1e-9)
        with open(self.path("r", "metrics.csv"), newline="") as file:
            self.assertEqual([row["step"] for row in csv.DictReader(file)],
                             [str(step) for step in range(9)])
        self.assertIn("closes to", err)
        self.assertIn("outcome: done", self.read("r", "manifest.yaml"))

    def test_steps_to_shrink_count_the_time_of_a_step(self):
        for name, *changes in (("sgd", "train.momentum=0.9"), ("sgd", "train.momentum=0"),
                               ("inertial", "train.friction=0.5")):
            words = [word for change in (f"train.kind={name}", "train.learning_rate=0.01", *changes)
                     for word in ("--set", change)]
            _, err = self.renorm("run", TINY, *SMALL, *words, "-o", "_".join((name, *changes)))
            rate, steps = re.search(r"around lambda = (\S+):\s+at that rate it takes some (\d+) more",
                                    err).groups()
            with open(self.path("_".join((name, *changes)), "metrics.csv"), newline="") as file:
                last = list(csv.DictReader(file))[-2:]
            tau = float(last[1]["time"]) - float(last[0]["time"])
            # both are told to two digits
            self.assertAlmostEqual(float(rate) * tau * float(steps), 1.0, delta=0.1, msg=name)

    def test_results_as_json(self):
        out, err = self.renorm("run", TINY, *SMALL, "--json", "--quiet", "-o", "r")
        self.assertEqual(err, "")
        told = json.loads(out, object_pairs_hook=self.distinct)
        self.assertEqual(told["n_steps"], 8)
        self.assertEqual(len(told["records"]), 9)
        last = told["snapshots"][-1]
        self.assertAlmostEqual(sum(last["energy"]) + last["null_energy"], last["loss"],
                               delta=1e-12 * last["loss"])
        self.assertIsNone(last["step_mismatch"])
        with open(os.path.join(SOURCE, "docs", "formats", "run_folder.md")) as file:
            section = file.read().split("\n## Snapshots\n")[1].split("\n## ")[0]
        documented = re.findall(r"(?m)^\| `(\w+)` \|", section)
        measured = [name for name in last if name != "step"]
        self.assertEqual(sorted(documented), sorted(set(measured)))
        self.assertEqual(told["folder"], "r")

    def test_folders_are_found_or_refused_never_overwritten(self):
        for _ in range(2):
            self.renorm("run", TINY, *SMALL, "-q")
        self.assertEqual(sorted(os.listdir(self.path("runs"))), ["tiny", "tiny-2"])
        _, err = self.renorm("run", TINY, *SMALL, "-q", "-o", "runs/tiny", status=3)
        self.assertIn("not empty", err)

    def test_changes_on_the_command_line_reach_the_run(self):
        self.renorm("run", TINY, *SMALL, "-q", "--seed", "42", "--set", "model.width=5", "-o", "r")
        text = self.read("r", "config.yaml")
        self.assertIn("seed: 42\n", text)
        self.assertIn("  width: 5\n", text)
        self.assertIn("threads: 1\n", text)
        self.renorm("run", self.path("r", "config.yaml"), "-q", "-o", "again")
        for name in ("config.yaml", "metrics.csv", "budget.csv"):
            with open(self.path("r", name), "rb") as one, open(self.path("again", name), "rb") as two:
                self.assertEqual(one.read(), two.read(), name)

    def test_a_diverging_run_says_at_which_step_and_keeps_its_rows(self):
        _, err = self.renorm("run", TINY, "--set", "train.learning_rate=100", "--set", "steps=500",
                             "-o", "r", status=3)
        self.assertRegex(err, r"step \d+")
        self.assertIn("outcome: failed", self.read("r", "manifest.yaml"))
        self.assertGreater(self.read("r", "metrics.csv").count("\n"), 1)

    def test_interrupt_finishes_the_step_and_keeps_everything(self):
        with subprocess.Popen([RENORM, "run", TINY, "--set", "steps=100000000", "-o", "r"],
                              cwd=self.place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as run:
            metrics = self.path("r", "metrics.csv")
            for _ in range(600):
                time.sleep(0.05)
                if os.path.exists(metrics) and os.path.getsize(metrics) > 2000:
                    break
            run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1, err)
        self.assertIn("stopping after this step", err)
        self.assertIn("outcome: stopped early", self.read("r", "manifest.yaml"))
        with open(metrics, newline="") as file:
            steps = [int(row["step"]) for row in csv.DictReader(file)]
        done = int(re.search(r"(?m)^steps: (\d+)$", self.read("r", "manifest.yaml"))[1])
        self.assertEqual(steps, list(range(done)))

    # ---- disks that refuse ------------------------------------------------------------------

    def test_a_folder_without_permission(self):
        os.mkdir(self.path("locked"), 0o555)
        _, err = self.renorm("run", TINY, *SMALL, "-q", "-o", "locked/r", status=3,
                             before=self.as_ordinary_user())
        self.assertIn("locked/r", err)
        self.assertIn("choose a folder you may write to", err)

    def test_a_limit_on_the_size_of_files(self):
        _, err = self.renorm("run", TINY, "--set", "steps=500", "-q", "-o", "r", status=3,
                             before=["sh", "-c", 'ulimit -f 24; exec "$@"', "sh"])
        self.assertIn("cannot write r/", err)
        for name in os.listdir(self.path("r")):
            self.assertFalse(name.endswith(".part"), name)
        for name in ("metrics.csv", "shells.csv", "budget.csv"):
            text = self.read("r", name)
            self.assertTrue(text == "" or text.endswith("\n"), name)

    def test_a_full_disk(self):
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=96k,mode=777", "tmpfs", disk],
            capture_output=True).returncode == 0
        if not mounted:
            return  # the limit on the size of files above makes the same calls fail
        try:
            _, err = self.renorm("run", TINY, "--set", "steps=500", "-q", "-o", "disk/r", status=3)
            self.assertIn("No space left on device", err)
            self.assertIn("free some space", err)
            self.assertFalse(any(name.endswith(".part")
                                 for _, _, names in os.walk(disk) for name in names))
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_standard_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([RENORM, "info"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("standard output", done.stderr)

    # ---- terminals --------------------------------------------------------------------------

    def on_terminal(self, *words, columns=80, **env):
        """What a terminal of that width gets from the command."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.place)
            os.execvpe("sh", ["sh", "-c", f'stty cols {columns} rows 50; exec "$@"', "sh", RENORM,
                              *words], {**os.environ, "TERM": "xterm", **env})
        chunks = []
        while True:
            try:
                chunk = os.read(fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        return b"".join(chunks).decode()

    def test_the_page_fits_eighty_columns_and_shows_colours_only_if_wanted(self):
        shown = self.on_terminal("run", TINY, *SMALL, "-o", "r", LC_ALL="C.UTF-8", NO_COLOR="")
        self.assertIn("\033[", shown)
        self.assertIn("\u2588", shown)
        self.assertIn("training", shown)
        for line in re.split(r"[\r\n]+", re.sub(r"\033\[[0-9;]*[mK]", "", shown)):
            self.assertLess(len(line.rstrip()), 80, line)
        shown = self.on_terminal("run", TINY, "--set", "steps=30000", "-o", "u", LC_ALL="C.UTF-8")
        self.assertRegex(shown, r"\d s left")
        for line in re.split(r"[\r\n]+", re.sub(r"\033\[[0-9;]*[mK]", "", shown)):
            self.assertLess(len(line.rstrip()), 80, line)
        plain = self.on_terminal("run", TINY, *SMALL, "-o", "s", LC_ALL="C.UTF-8", NO_COLOR="1")
        self.assertNotRegex(plain, r"\033\[[0-9;]*m")
        ascii_only = self.on_terminal("run", TINY, *SMALL, "-o", "t", LC_ALL="C", NO_COLOR="1")
        self.assertTrue(ascii_only.isascii())

    def test_a_forecast_is_a_page_on_a_terminal_and_a_table_elsewhere(self):
        self.renorm("run", TINY, "--set", "steps=64", "--set", "measure.snapshots=5", "-q", "-o", "r")
        shown = self.on_terminal("forecast", "r", LC_ALL="C.UTF-8", NO_COLOR="1")
        self.assertNotIn("\t", shown)
        for line in shown.splitlines():
            self.assertLess(len(line), 80, line)
        out, err = self.renorm("forecast", "r")
        self.assertIn("10 times as long", err)
        rows = [line.split("\t") for line in out.splitlines()]
        self.assertEqual(rows[0][:5], ["time", "factor", "measured", "method", "loss"])
        n_seen = 0
        for row in rows[1:]:
            if row[1] in ("2", "4", "10"):
                n_seen += 1
                self.assertRegex(shown, rf"(?m)^ *{row[3]} +{float(row[4]):.3g} ")
        self.assertGreaterEqual(n_seen, 6)

    def test_elsewhere_progress_is_plain_lines(self):
        _, err = self.renorm("run", TINY, *SMALL, "-o", "r", env={"LC_ALL": "C"})
        self.assertNotIn("\r", err)
        self.assertNotIn("\033", err)
        self.assertRegex(err, r"(?m)^renorm: 100 %")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
