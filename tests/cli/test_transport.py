#!/usr/bin/env python3
"""renorm transport from outside: what it prints and writes, its mistakes, and the page in a browser.

    test_transport.py PROGRAM SOURCE_FOLDER
"""
import csv
import json
import math
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, SOURCE = None, None
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "browser"))


def renorm(folder, *arguments):
    return subprocess.run([PROGRAM, *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=120)


def table(text):
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in text else ","))
    return [{k: float(v) if v else math.nan for k, v in row.items()} for row in rows]


class Transport(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="renorm-transport-")
        self.here = Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def solve(self, text, *arguments, status=0):
        (self.here / "c.yaml").write_text(text)
        done = renorm(self.here, "transport", "c.yaml", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_examples_agree_with_their_exact_solutions(self):
        for name, tolerance in (("transport", 1e-4), ("transport_lazy", 1e-5),
                                ("transport_covariant", 5e-3)):
            done = renorm(self.here, "transport", str(SOURCE / f"configs/{name}.yaml"))
            self.assertEqual(done.returncode, 0, done.stderr)
            states = table(done.stdout)
            self.assertGreater(len(states), 40)
            for at in states:
                self.assertLess(abs(at["loss"] / at["exact"] - 1), tolerance)
            self.assertTrue((self.here / f"transport/{name}/transport.html").is_file())

    def test_lazy_example_has_the_closed_form(self):
        """L(t) = (1/b) Gamma((q-1)/b) (2t)^(-(q-1)/b) for q = 1.5, b = 1.2; the example's energy is
        2, its continuum of modes has 1/(q-1) = 2 (less e^-8.3 of it below the axis)."""
        done = renorm(self.here, "transport", str(SOURCE / "configs/transport_lazy.yaml"), "-q")
        at = table(done.stdout)[-1]
        p = 0.5 / 1.2
        exact = math.gamma(p) / 1.2 * 2000 ** -p
        # the spectrum ends at e^-20: what is missing there, e^(-20 p), and its normalisation
        self.assertAlmostEqual(at["loss"], (exact - 2 * math.exp(-20 * p)) / (1 - math.exp(-20 * p)),
                               delta=1e-4 * exact)

    def test_the_folder_holds_what_was_printed(self):
        done = self.solve("time: {to: 3, states: 5}\naccuracy: {tolerance: 0.1}\n", "-o", "out",
                          "--set", "grid.cells=100", "--json")
        printed = json.loads(done.stdout)
        self.assertEqual(printed["folder"], "out")
        rows = table((self.here / "out/energies.csv").read_text())
        self.assertEqual(len(rows), 5)
        for row, at in zip(rows, printed["states"]):
            self.assertEqual(row["loss"], at["loss"])
            self.assertAlmostEqual(row["inside"] + row["below"] + row["above"] + row["dissipated"],
                                   1.0, delta=1e-12)
        cells = table((self.here / "out/density.csv").read_text())
        self.assertEqual(len(cells), 500)
        last = sum(c["density"] for c in cells[400:]) * 14 / 100
        self.assertAlmostEqual(last, rows[-1]["inside"], delta=1e-12)
        again = renorm(self.here, "transport", "out/config.yaml", "-o", "again", "-q")
        self.assertEqual(again.returncode, 0)
        for name in ("config.yaml", "energies.csv", "density.csv"):
            self.assertEqual((self.here / "out" / name).read_bytes(),
                             (self.here / "again" / name).read_bytes())
        self.assertEqual(self.solve("", "-o", "out", status=3).stdout, "")

    def test_tables_give_what_formulas_give(self):
        """A bump and a velocity written down point by point, the velocity changing with t."""
        points = [-3 + 4 * i / 400 for i in range(401)]
        hill = [max(0.0, 1 - ((s + 1) / 2) ** 2) ** 3 * 35 / 64 for s in points]
        (self.here / "d.csv").write_text(
            "s,density\n" + "".join(f"{s!r},{d!r}\n" for s, d in zip(points, hill)))
        (self.here / "w.csv").write_text("t,s,w\n" + "".join(
            f"{t!r},{s!r},{-0.1 * t * (1 + s)!r}\n" for t in (0.0, 4.0) for s in (-14.0, 0.0, 2.0)))
        flat = "time: {to: 2, states: 3}\nstart: {kind: %s}\nvelocity: {kind: power_law, a: 0.0, c: 0.3}\n"
        one = table(self.solve(flat % "bump", "-o", "one").stdout)
        two = table(self.solve(flat % "table, path: d.csv", "-o", "two").stdout)
        for a, b in zip(one, two):
            self.assertAlmostEqual(a["loss"], b["loss"], delta=1e-4)
        moving = self.solve("time: {to: 2, states: 3}\nstart: {kind: bump}\n"
                            "velocity: {kind: table, path: w.csv}\ndecay: {kind: none}\n"
                            "grid: {lower: -4, upper: 2}\n", "-o", "three")
        # ds/dt = -t (1 + s)/10: 1 + s shrinks by e^(-t^2/20), the density grows by as much
        cells = table((self.here / "three/density.csv").read_text())
        top = max(c["density"] for c in cells[800:])
        self.assertAlmostEqual(top, 35 / 64 * math.exp(4 / 20), delta=2e-3)
        self.assertAlmostEqual(table(moving.stdout)[-1]["inside"], 1.0, delta=1e-12)

    def test_a_run_is_start_velocity_and_decay(self):
        ran = renorm(self.here, "run", str(SOURCE / "configs/tiny.yaml"), "-o", "r", "-q")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        metrics = table((self.here / "r/metrics.csv").read_text())
        text = ("grid: {lower: -14, upper: 3.5}\ntime: {to: %r, states: 2}\n"
                "start: {kind: run, path: r}\nvelocity: {kind: run, path: r}\n"
                "decay: {kind: run, path: r}\n" % metrics[6]["time"])
        states = table(self.solve(text).stdout)
        self.assertAlmostEqual(states[0]["loss"], metrics[0]["loss"], delta=1e-9)
        # steps of gradient descent are finite and shells are histograms: ten per cent
        self.assertAlmostEqual(math.log(states[1]["loss"] / metrics[6]["loss"]), 0.0, delta=0.15)
        self.assertLess(states[1]["loss"], 0.5 * states[0]["loss"])
        still = table(self.solve(text.replace("velocity: {kind: run, path: r}",
                                              "velocity: {kind: none}"), "-o", "still").stdout)
        self.assertGreater(abs(math.log(still[1]["loss"] / states[1]["loss"])), 1e-3)

    def test_mistakes_are_explained(self):
        for text, words in (
                ("grid: {cells: 33}", "an even number"),
                ("grid: {lower: 3}", "expected lower < upper"),
                ("velocity: {kind: covariant}", "time.from: found 0"),
                ("time: {from: 30}", "time.to: found 20"),
                ("grid: {upper: -1}", "grid.upper: found -1"),
                ("start: {kind: bump, middle: -50}", "has no energy"),
                ("start: {kind: bmp}", "did you mean 'bump'"),
                ("velocty: {a: 1}", "did you mean 'velocity'"),
                ("start: {kind: table}", "path")):
            done = self.solve(text + "\n", status=2)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertIn("none.csv", self.solve("start: {kind: table, path: none.csv}\n",
                                             status=3).stderr)
        for rows, words in (("s,w\n0,1\n0,2\n", ":3:"), ("s,x\n0,1\n", "columns s and w"),
                            ("t,s,w\n0,0,1\n0,1,1\n1,0,1\n", "as many at every t"),
                            ("t,s,w\n0,0,1\n0,1,1\n1,0,1\n1,2,1\n", "the same s at every t")):
            (self.here / "w.csv").write_text(rows)
            self.assertIn(words, self.solve("velocity: {kind: table, path: w.csv}\n",
                                            status=3).stderr)
        self.assertFalse((self.here / "transport").exists())

    def test_weaker_answers_have_their_status(self):
        done = self.solve("accuracy: {tolerance: 1e-9}\n", "--set", "grid.cells=50", status=1)
        self.assertIn("take more cells", done.stderr)
        self.assertEqual(len(table(done.stdout)), 41)
        done = self.solve("accuracy: {max_evaluations: 300}\n", "-o", "short", status=1)
        self.assertIn("evaluations were not enough", done.stderr)
        self.assertLess(len(table(done.stdout)), 41)

    def test_the_page_moves(self):
        from chromium import Chromium
        self.solve("time: {to: 5, states: 6}\nstart: {kind: bump}\n", "-o", "out", "-q")
        with Chromium() as browser:
            page = browser.open(self.here / "out/transport.html")
            first = page.run("document.querySelector('#solved').getAttribute('d')")
            page.run("slider.value = 5; slider.dispatchEvent(new Event('input'))")
            last = page.run("document.querySelector('#solved').getAttribute('d')")
            self.assertNotEqual(first, last)
            # the drawn curve, read back through the axes, is the density of the last state
            top = page.run("Math.max(...document.querySelector('#solved').getAttribute('d')"
                           ".slice(1).split('L').map(p => y.invert(+p.split(',')[1])))")
            cells = table((self.here / "out/density.csv").read_text())
            self.assertAlmostEqual(top, max(c["density"] for c in cells[-400:]), delta=2e-3)
            exact = page.run("document.querySelector('#exact').getAttribute('d')")
            self.assertGreater(len(exact), 1000)
            page.run("slider.value = 0; slider.dispatchEvent(new Event('input')); "
                     "document.querySelector('#play').click()")
            page.run("new Promise(done => setTimeout(done, 2500)).then(() => 1)")
            self.assertEqual(page.messages, [])
            self.assertEqual(page.requests, [])


if __name__ == "__main__":
    PROGRAM, SOURCE = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
