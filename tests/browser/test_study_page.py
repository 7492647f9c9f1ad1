#!/usr/bin/env python3
"""The page of a study in a browser: what is drawn and said is what summary.csv and verdicts.csv hold.
usage: test_study_page.py RENORM SOURCE_FOLDER"""

import csv
import math
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from chromium import Chromium
from test_page import READ, Axis, pixels_of

RENORM = str(Path(sys.argv[1]).resolve())
STUDY = """
base:
  steps: 6
  threads: 1
  model: {kind: mlp, width: 16, activation: quick_gelu}
  data: {kind: sphere, n_train: 40, n_test: 8, dimension: 8}
  train: {kind: gradient_descent, learning_rate: 0.01, relative: false}
  measure: {kind: exact, snapshots: 2, closure_dt: 0}
arms:
  residual: {model.residual: true, model.gain: 0}
  plain: {model.residual: false, model.gain: 1.5}
  wild: {model.residual: false, model.gain: 1.5, train.learning_rate: 1.0e+9}
vary:
  model.activation: [quick_gelu, tanh]
  model.depth: [2, 4, 8]
seeds: 6
reference: residual
summarise: [lambda_max, coupling_delta_tilt, held_out_loss]
"""


class StudyPage(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-study-page-"))
        (cls.place / "grid.yaml").write_text(STUDY)
        done = subprocess.run([RENORM, "study", "grid.yaml", "-q", "-o", "out", "--jobs", "1"],
                              cwd=cls.place, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr  # the wild arm fails
        assert done.stdout == "out/report.html\n"
        with open(cls.place / "out/summary.csv", newline="", encoding="ascii") as file:
            cls.summary = list(csv.DictReader(file))
        with open(cls.place / "out/verdicts.csv", newline="", encoding="ascii") as file:
            cls.verdicts = list(csv.DictReader(file))
        cls.browser = Chromium()
        cls.page = cls.browser.open(cls.place / "out/report.html")

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        shutil.rmtree(cls.place)

    def choose(self, name, value):
        self.page.run(f"""(s => {{ s.value = {value!r}; s.dispatchEvent(new Event('change')); }})
            (document.getElementById({name!r}))""")

    def rows(self, quantity, measurement, activation, arm):
        return [r for r in self.summary if (r["quantity"], r["measurement"], r["model.activation"],
                                            r["arm"]) == (quantity, measurement, activation, arm)]

    def assert_drawn(self, chart, index, arm, expected):
        """Marks and bars of an arm: [depth, value, low, high], side by side with others at a depth."""
        found = self.page.run(f"({READ})({chart!r}, {index})")
        x, y = Axis(found["x"], True), Axis(found["y"], False)
        drawn = pixels_of(found["series"][arm])
        bars = self.page.run(f"""[...[...document.querySelectorAll('figure[data-chart={chart}] .panel svg')][{index}]
            .querySelectorAll('.series')].filter(s => s.dataset.series === {arm!r})
            .flatMap(s => [...s.querySelectorAll('.bar')].map(b => b.getAttribute('d')))""")
        self.assertEqual(len(drawn), len(expected), (chart, index, arm))
        self.assertEqual(len(bars), len(expected))
        for (px, py), bar, (depth, value, low, high) in zip(drawn, bars, expected):
            self.assertLess(abs(x.at(px) - math.log(depth)), 0.04)
            self.assertTrue(y.is_at(py, value), (chart, arm, depth))
            ends = [float(v) for v in re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", bar)]
            self.assertTrue(y.is_at(ends[1], low) and y.is_at(ends[2], high), (bar, low, high))

    def test_1_nothing_is_fetched_and_nothing_complains(self):
        self.assertEqual(self.page.requests, [])
        self.assertEqual(self.page.messages, [])

    def test_2_medians_and_quartiles_are_those_of_the_summary(self):
        for number, quantity in enumerate(("lambda_max", "coupling_delta_tilt", "held_out_loss")):
            self.choose("quantity", str(number))
            for at, measurement in enumerate(("first", "last")):
                self.choose("moment", str(at))
                for index, activation in enumerate(("quick_gelu", "tanh")):
                    for arm in ("residual", "plain", "wild"):
                        rows = [[float(r[k]) for k in ("model.depth", "median", "lower_quartile",
                                                       "upper_quartile")]
                                for r in self.rows(quantity, measurement, activation, arm) if r["median"]]
                        self.assertEqual(len(rows), 0 if (arm, measurement) == ("wild", "last") else 3)
                        if rows:
                            self.assert_drawn("median", index, arm, rows)

    def test_3_gaps_and_their_words_are_those_of_the_summary(self):
        self.choose("moment", "0")
        for number, quantity in enumerate(("lambda_max", "coupling_delta_tilt", "held_out_loss")):
            self.choose("quantity", str(number))
            for kind, neutral in (("ratio", 1.0), ("difference", 0.0)):
                self.choose("gap", kind)
                words = self.page.run("[...document.querySelectorAll('.gaps li')].map(l => l.textContent)")
                self.assertEqual(len(words), 4)
                for index, activation in enumerate(("quick_gelu", "tanh")):
                    rows = [[float(r[k]) for k in ("model.depth", kind, kind + "_low", kind + "_high")]
                            for r in self.rows(quantity, "first", activation, "plain")]
                    self.assert_drawn("gap", index, "plain", rows)
                    line = next(w for w in words if w.startswith("plain") and activation in w)
                    for depth, _, low, high in rows:
                        side = "above" if low > neutral else "below" if high < neutral else "not told apart"
                        part = next(p for p in line.split("; ") if re.search(rf"(depth|,) {depth:.0f} \(", p))
                        self.assertIn(side, part)
        level = self.page.run("document.querySelector('figure[data-chart=gap] .ref').dataset.level")
        self.assertEqual(float(level), 0.0)

    def test_4_the_table_is_the_summary_and_copies(self):
        self.choose("quantity", "1")
        self.choose("moment", "0")
        cells = self.page.run("""[...document.querySelectorAll('.summary tbody tr')]
            .map(r => [...r.children].map(c => c.textContent))""")
        rows = [r for r in self.summary if (r["quantity"], r["measurement"]) == ("coupling_delta_tilt", "first")]
        self.assertEqual(len(cells), len(rows))
        for cell, row in zip(cells, rows):
            self.assertEqual(cell[:4], [row["model.activation"], row["model.depth"], row["arm"], row["count"]])
            for text, key in zip(cell[4:], ("median", "lower_quartile", "upper_quartile", "difference",
                                            "difference_low", "difference_high", "ratio")):
                if row[key]:
                    self.assertAlmostEqual(float(text.replace("−", "-")), float(row[key]),
                                           delta=6e-4 * abs(float(row[key])))
                else:
                    self.assertEqual(text, "")
        copied = self.page.run("""(async () => { let text = '';
            navigator.clipboard ? navigator.clipboard.writeText = async t => { text = t; } : 0;
            document.execCommand = () => { text = document.activeElement.value || document.querySelector('textarea').value; return true; };
            document.querySelector('.copy').click();
            await new Promise(done => setTimeout(done, 50));
            return text; })()""")
        lines = copied.split("\n")
        self.assertEqual(len(lines), len(rows) + 1)
        self.assertEqual(len(lines[1].split("\t")), 13)

    def test_5_verdicts_are_those_of_the_table_and_of_renorm_check(self):
        shown = self.page.run("""[...document.querySelectorAll('.families tbody tr')].map(r =>
            [...r.children].map(c => (c.querySelector('.told') || c).textContent))""")
        self.assertEqual([row[:3] for row in shown],
                         [[arm, activation, "18"] for activation in ("quick_gelu", "tanh")
                          for arm in ("residual", "plain")])
        for arm, activation, _, verdict, *answers in shown:
            cells = sorted((self.place / "out/cells").glob(f"*-{arm}-{activation}-*"))
            done = subprocess.run([RENORM, "check", *cells], capture_output=True, text=True, check=False)
            table = list(csv.DictReader(done.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
            said = [r for r in table if r["kind"] == "family"]
            self.assertEqual(verdict, said[-1]["answer"])
            kept = [r for r in self.verdicts if (r["arm"], r["model.activation"]) == (arm, activation)]
            self.assertEqual([(r["condition"], r["quantity"], r["answer"]) for r in kept],
                             [(r["condition"], r["quantity"], r["answer"].replace("-", "")) for r in said[:-1]])
            for condition, answer in zip(("law", "C1", "C3", "C4"), answers):
                parts = {r["answer"] for r in kept if r["condition"] == condition and r["answer"]}
                self.assertEqual(answer, "fails" if "fails" in parts
                                 else "holds" if parts == {"holds"} else "cannot tell")

    def test_6_failures_are_told(self):
        self.assertIn("36 runs failed", self.page.run("document.querySelector('.alert').textContent"))
        rows = self.page.run("[...document.querySelectorAll('.failures tr')].map(r => r.textContent)")
        self.assertEqual(len(rows), 36)
        self.assertTrue(all("wild" in r and "learning rate" in r for r in rows))

    def test_7_it_fits_a_phone_and_follows_dark_mode(self):
        page = self.browser.open(self.place / "out/report.html", width=360, height=740, dark=True, phone=True)
        self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 360)
        red = int(re.findall(r"\d+", page.run("getComputedStyle(document.body).backgroundColor"))[0])
        self.assertLess(red, 60)
        self.assertEqual(page.messages, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
