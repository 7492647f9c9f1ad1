#!/usr/bin/env python3
"""renorm claims from outside: what it prints and writes, its mistakes, and the page in a browser.

    test_claims.py PROGRAM SOURCE_FOLDER
"""
import csv
import json
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM, SOURCE = None, None
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "browser"))
SMALL = ["--seeds", "3", "--set", "settings.modes=8", "--set", "settings.cells=200",
         "--set", "settings.exponents=[1.5]"]


def renorm(folder, *arguments, status=0):
    done = subprocess.run([PROGRAM, *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=250)
    assert done.returncode == status, f"{done.returncode}: {done.stderr}"
    return done


class Claims(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="renorm-claims-")
        self.here = Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def test_every_system_has_its_file_and_a_page_of_documentation(self):
        listed = renorm(self.here, "claims", "--list").stdout.splitlines()
        names = {line.split("\t")[0] for line in listed}
        self.assertIn("spectral_shells", names)
        self.assertEqual(names, {p.stem for p in (SOURCE / "configs/systems").glob("*.yaml")})
        for name in names:
            self.assertTrue((SOURCE / f"docs/systems/{name}.md").is_file(), name)
        for about in json.loads(renorm(self.here, "claims", "--list", "--json").stdout):
            self.assertTrue(about["claim"] and about["mutation"] and about["paper"])

    def test_the_folder_holds_what_was_printed(self):
        done = renorm(self.here, "claims", "spectral_shells", *SMALL, "-o", "out", "--json")
        found = json.loads(done.stdout)
        rows = list(csv.DictReader((self.here / "out/claim.csv").read_text().splitlines()))
        self.assertEqual([r["key"] for r in rows], [l["key"] for l in found["lines"]])
        for row, line in zip(rows, found["lines"]):
            self.assertEqual(row["verdict"], line["verdict"])
            self.assertEqual(row["quantity"], line["quantity"])
            self.assertEqual(float(row["measured"]), line["measured"])
            self.assertLessEqual(line["low"], line["measured"])
            self.assertGreaterEqual(line["high"], line["measured"])
            inside = (line["at_least"] is None or line["low"] >= line["at_least"]) and (
                line["at_most"] is None or line["high"] <= line["at_most"])
            self.assertEqual(inside, line["verdict"] == "holds")
        values = list(csv.DictReader((self.here / "out/values.csv").read_text().splitlines()))
        for line in found["lines"]:
            of_line = [float(v["value"]) for v in values if v["key"] == line["key"]]
            self.assertEqual(of_line, line["values"])
        self.assertEqual((self.here / "out/notes.txt").read_text().splitlines(), found["notes"])
        self.assertIn("modes: 8", (self.here / "out/config.yaml").read_text())
        again = json.loads(renorm(self.here, "claims", "spectral_shells", *SMALL, "--json",
                                  "-q").stdout)
        self.assertEqual(again["folder"], "claims/spectral_shells")
        self.assertEqual(again["lines"], found["lines"])
        self.assertIn("not empty", renorm(self.here, "claims", "spectral_shells", *SMALL, "-o",
                                          "out", status=3).stderr)

    def test_the_mutation_breaks_it_and_says_so(self):
        done = renorm(self.here, "claims", "spectral_shells", *SMALL, "--mutate", status=1)
        self.assertIn("broken, as it must be", done.stderr)
        self.assertIn("\tfails\n", done.stdout)

    def test_several_at_a_time(self):
        names = ["spectral_shells", "unhinged"]
        done = renorm(self.here, "claims", *names, "--seeds", "6", "-o", "all")
        rows = list(csv.DictReader(done.stdout.splitlines(), delimiter="\t"))
        self.assertEqual(names, [r["name"] for r in rows])
        for row in rows:
            self.assertEqual(row["verdict"], "holds")
            self.assertEqual(row["holding"], row["deciding"])
            self.assertTrue((self.here / "all" / row["name"] / "claim.html").is_file())
        twice = ["claims", "spectral_shells", "spectral_shells"]
        self.assertIn("twice", renorm(self.here, *twice, status=3).stderr)

    def test_interrupt_stops_it(self):
        work = subprocess.Popen([PROGRAM, "claims", "spectral_shells", "--scale", "full"],
                                cwd=self.here, stderr=subprocess.PIPE, text=True)
        time.sleep(1.0)
        work.send_signal(signal.SIGINT)
        words = work.communicate(timeout=60)[1]
        self.assertEqual(work.returncode, 1, words)
        self.assertIn("renorm claims spectral_shells with the same options", words)
        self.assertFalse((self.here / "claims/spectral_shells/claim.html").exists())

    def test_a_long_claim_goes_on_after_interrupt_and_kill(self):
        small = ["claims", "equilibrium", "--seeds", "2", "--set", "settings.epochs=2000", "--set",
                 "settings.langevin_epochs=2000", "--set", "settings.rates=[0.06,0.03,0.015]",
                 "--set", "settings.learning_rate=0.05", "--set", "settings.batch=20", "--set",
                 "settings.steps=700000", "--set", "settings.theorem_rate=0.01", "--set",
                 "settings.theorem_steps=100000"]
        names = ["claim.csv", "values.csv", "curves.csv", "notes.txt", "config.yaml"]
        whole = subprocess.run([PROGRAM, *small, "-o", "whole", "-q"], cwd=self.here,
                               capture_output=True, text=True, timeout=250)
        kept = self.here / "parts/checkpoint.bin"
        for number in (signal.SIGINT, signal.SIGKILL, signal.SIGKILL, signal.SIGINT):
            work = subprocess.Popen([PROGRAM, *small, "-o", "parts"], cwd=self.here,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            before = kept.read_bytes() if kept.exists() else b""
            end = time.monotonic() + 60
            while time.monotonic() < end and (not kept.exists() or kept.read_bytes() == before):
                time.sleep(0.01)
            work.send_signal(number)
            words = work.communicate(timeout=60)[1]
            if number == signal.SIGINT:
                self.assertEqual(work.returncode, 1, words)
                self.assertIn("renorm claims equilibrium with the same options and -o parts", words)
            self.assertTrue(kept.exists())
            self.assertFalse((self.here / "parts/claim.csv").exists())
        other = renorm(self.here, *small, "--mutate", "-o", "parts", status=2)
        self.assertIn("another configuration", other.stderr)
        last = subprocess.run([PROGRAM, *small, "-o", "parts"], cwd=self.here,
                              capture_output=True, text=True, timeout=250)
        self.assertIn("goes on with what parts keeps", last.stderr)
        self.assertEqual(last.returncode, whole.returncode)
        self.assertEqual(last.stdout, whole.stdout)
        for name in names:
            self.assertEqual((self.here / "whole" / name).read_bytes(),
                             (self.here / "parts" / name).read_bytes(), name)
        self.assertFalse(kept.exists())

    def test_mistakes_are_explained(self):
        for arguments, words in (
                (["spectral_shels"], "did you mean 'spectral_shells'"),
                (["spectral_shells", "--scale", "large"], "expected quick or full"),
                (["spectral_shells", "--set", "settings.mode=3"], "did you mean 'modes'"),
                (["spectral_shells", "--set", "settings.modes=33"], "expected an even number"),
                (["--set", "settings.modes=8"], "one NAME"),
                (["spectral_shells", "--seeds", "0"], "seeds")):
            done = renorm(self.here, "claims", *arguments, status=2)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")
        (self.here / "mine.yaml").write_text("seeds: 3\nfull: {seed: 4}\nsetings: {modes: 8}\n")
        mine = ["claims", "spectral_shells", "--config", "mine.yaml"]
        self.assertIn("mine.yaml:3:1: setings", renorm(self.here, *mine, status=2).stderr)
        self.assertIn("mine.yaml:2:8", renorm(self.here, *mine, "--scale", "full",
                                              status=2).stderr)
        self.assertFalse((self.here / "claims").exists())

    def test_the_page_draws_what_was_found(self):
        from chromium import Chromium
        renorm(self.here, "claims", "spectral_shells", *SMALL, "-o", "out", "-q")
        rows = list(csv.DictReader((self.here / "out/claim.csv").read_text().splitlines()))
        with Chromium() as browser:
            page = browser.open(self.here / "out/claim.html")
            self.assertEqual(page.run("document.querySelectorAll('tr.opens').length"), len(rows))
            self.assertEqual(page.run("document.querySelector('.card .big').textContent"), "holds")
            page.run("document.querySelector('tr.opens').click()")
            self.assertFalse(page.run("document.querySelector('tr.more').hidden"))
            self.assertGreater(page.run("document.querySelectorAll('figure circle').length"), 20)
            self.assertEqual(page.messages, [])
            self.assertEqual(page.requests, [])


if __name__ == "__main__":
    PROGRAM, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
