#!/usr/bin/env python3
"""The page of a fit in a browser: what is drawn, read back through the axes' own ticks, is the table and the
printed law. usage: test_fit_page.py RENORM SOURCE_FOLDER"""

import csv
import json
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from chromium import Chromium
from test_page import Axis, number_of, pixels_of

RENORM = str(Path(sys.argv[1]).resolve())

READ = """(id) => {
  const panel = document.querySelector(`figure[data-chart=${id}] .panel svg`);
  const axis = name => {
    const g = panel.querySelector(`[data-axis=${name}]`);
    return {kind: g.dataset.scale, constant: Number(g.dataset.constant), label: g.querySelector('.label').textContent,
      ticks: [...g.querySelectorAll('.tick')].map(t => [t.getAttribute('transform'), t.textContent])};
  };
  return {x: axis('x'), y: axis('y'), series: [...panel.querySelectorAll('.series')].map(s => ({name: s.dataset.series,
    line: s.querySelector('.line') ? s.querySelector('.line').getAttribute('d') : null,
    band: s.querySelector('.band') ? s.querySelector('.band').getAttribute('d') : null,
    marks: [...s.querySelectorAll('.mark')].map(m => m.getAttribute('transform'))}))};
}"""


def places(transforms):
    return [tuple(float(v) for v in re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", t)) for t in transforms]


def table_of(text):
    return {r["parameter"]: {k: float(v) for k, v in r.items() if k != "parameter" and v}
            for r in csv.DictReader(text.splitlines(), delimiter="\t")}


class FitPage(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-fit-page-"))
        chance = random.Random(7)
        cls.law = [(10 ** (1 + i / 20), 0.4 + 5 * 10 ** (-0.45 * (1 + i / 20)) * (1 + 0.02 * chance.gauss(0, 1)))
                   for i in range(61)]
        cls.broken = [(10 ** (i / 20), 0.05 + 2 * 10 ** (-i / 200) * (1 + (10 ** (i / 20) / 200) ** 3.3) ** -0.15
                       * (1 + 0.004 * chance.gauss(0, 1))) for i in range(81)]
        cls.runs, cls.outliers = [], []
        for i in range(245):
            size, tokens = 4e7 * 400 ** ((i // 7) / 34), 2e9 * 150 ** (((3 * i + i // 7) % 7) / 6)
            loss = (1.69 + 406.4 * size ** -0.34 + 410.7 * tokens ** -0.28) * (1 + 0.002 * chance.gauss(0, 1))
            if tokens < 4e9 and i % 49 == 0 and len(cls.outliers) < 5:
                cls.outliers.append(i + 1)
                loss *= 1.15 + 0.05 * len(cls.outliers)
            cls.runs.append((size, 6 * size * tokens, loss))
        cls.tables = {}
        cls.browser = Chromium()
        for name, head, rows, more in (("law", "step,loss", cls.law, []), ("broken", "x,y", cls.broken, ["--breaks", "1"]),
                                       ("runs", "N,FLOP,loss", cls.runs, [])):
            (cls.place / f"{name}.csv").write_text(head + "\n" + "".join(",".join(f"{v:.12g}" for v in r) + "\n" for r in rows))
            cls.tables[name] = table_of(cls.fit(f"{name}.csv", "-o", f"{name}.html", *more).stdout)
            setattr(cls, f"{name}_page", cls.browser.open(cls.place / f"{name}.html"))

    @classmethod
    def fit(cls, *arguments, status=0):
        done = subprocess.run([RENORM, "fit", *arguments], cwd=cls.place, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        shutil.rmtree(cls.place)

    def read(self, page, chart):
        found = page.run(f"({READ})({chart!r})")
        return Axis(found["x"], True), Axis(found["y"], False), found["series"]

    def assert_marks(self, page, chart, expected):
        """All marks of a figure, whatever their series, are these points."""
        x, y, series = self.read(page, chart)
        drawn = sorted(p for s in series for p in places(s["marks"]))
        self.assertEqual(len(drawn), len(expected))
        left = list(expected)
        for px, py in drawn:
            match = next((p for p in left if x.is_at(px, p[0]) and y.is_at(py, p[1])), None)
            self.assertIsNotNone(match, (chart, px, py))
            left.remove(match)

    def assert_line(self, page, chart, law, name=None):
        """A line follows a function over the whole axis; its band holds it, and is widest at the end."""
        x, y, series = self.read(page, chart)
        found = next(s for s in series if s["line"] and (name is None or s["name"] == name))
        drawn = pixels_of(found["line"])
        self.assertGreater(len(drawn), 40)
        for px, py in drawn:
            self.assertTrue(y.is_at(py, law(math.exp(x.at(px)))), (chart, px))
        edge = pixels_of(found["band"])
        self.assertEqual(len(edge), 2 * len(drawn))
        low, high = edge[len(drawn):][::-1], edge[:len(drawn)]
        if low[0][1] < high[0][1]:  # pixels grow downwards
            low, high = high, low
        for (px, py), (qx, lower), (rx, upper) in zip(drawn, low, high):
            self.assertAlmostEqual(px, qx, places=2)
            self.assertAlmostEqual(px, rx, places=2)
            self.assertTrue(upper - 1.0 <= py <= lower + 1.0, (chart, px))
        return [a[1] - b[1] for a, b in zip(low, high)]

    def law_of(self, name):
        p = {k: v["value"] for k, v in self.tables[name].items() if "value" in v}
        if name == "law":
            return lambda x: p["E"] + p["A"] * x ** -p["a"]
        if name == "broken":
            return lambda x: p["E"] + p["A"] * x ** -p["a"] * (1 + (x / p["d1"]) ** (1 / p["f1"])) ** (-p["c1"] * p["f1"])
        return lambda n, d: p["E"] + p["A"] * n ** -p["alpha"] + p["B"] * d ** -p["beta"]

    def test_1_nothing_is_fetched_and_nothing_complains(self):
        for page in (self.law_page, self.broken_page, self.runs_page):
            self.assertEqual(page.requests, [])
            self.assertEqual(page.messages, [])

    def test_2_points_are_those_of_the_table(self):
        self.assert_marks(self.law_page, "law", self.law)
        self.assert_marks(self.broken_page, "law", self.broken)
        self.assert_marks(self.runs_page, "law-n", [(n, loss) for n, _, loss in self.runs])
        self.assert_marks(self.runs_page, "law-d", [(c / (6 * n), loss) for n, c, loss in self.runs])
        floor = self.tables["law"]["E"]["value"]
        self.assert_marks(self.law_page, "excess", [(x, y - floor) for x, y in self.law if y > floor])

    def test_3_lines_are_the_printed_law(self):
        widths = self.assert_line(self.law_page, "law", self.law_of("law"))
        self.assertGreater(widths[-1], 2.0 * widths[len(widths) // 2])
        self.assert_line(self.broken_page, "law", self.law_of("broken"))
        law = self.law_of("runs")
        held = json.loads(self.runs_page.run("JSON.stringify(curvesOf(0).map(c => [lawName(c, 0), c.held]))"))
        self.assertGreaterEqual(len(held), 4)
        for name, d in held:
            self.assertTrue(any(abs(c / (6 * n) / d - 1) < 1e-6 for n, c, _ in self.runs))
            self.assert_line(self.runs_page, "law-n", lambda n, d=d: law(n, d), name)

    def test_4_residuals_are_loss_less_law_over_law(self):
        law = self.law_of("law")
        self.assert_marks(self.law_page, "residual", [(x, y / law(x) - 1) for x, y in self.law])
        law = self.law_of("runs")
        self.assert_marks(self.runs_page, "residual-d",
                          [(c / (6 * n), loss / law(n, c / (6 * n)) - 1) for n, c, loss in self.runs])

    def test_5_intervals_are_those_printed(self):
        for name in ("law", "broken", "runs"):
            page, table = getattr(self, f"{name}_page"), self.tables[name]
            found = page.run("""[...document.querySelectorAll('svg[data-parameter]')].map(s => [s.dataset.parameter,
                [...s.querySelectorAll('.tick')].map(t => [t.getAttribute('transform'), t.textContent]),
                [...s.querySelectorAll('.kind')].map(k => [k.dataset.kind, k.getAttribute('d')])])""")
            self.assertEqual([f[0] for f in found], [p for p in table if p not in ("rss", "condition") and "profile" not in p])
            for parameter, ticks, bars in found:
                at = [(places([t])[0][0], number_of(text)) for t, text in ticks]
                slope = (at[-1][1] - at[0][1]) / (at[-1][0] - at[0][0])
                row = table[parameter]
                profile = table.get(parameter + ", profile", {})
                expected = {"error": (row["value"] - 1.96 * row["error"], row["value"] + 1.96 * row["error"]),
                            "bootstrap": (row["low95"], row["high95"])}
                if profile:
                    expected["profile"] = (profile["low95"], profile["high95"])
                self.assertEqual({k for k, _ in bars}, set(expected))
                for kind, path in bars:
                    ends = [at[0][1] + slope * (float(v) - at[0][0]) for v in re.findall(r"[MH](-?[0-9.e-]+)", path)]
                    for end, value in zip(ends, expected[kind]):  # printed in 3 to 5 digits
                        self.assertAlmostEqual(end, value, delta=0.01 * (expected[kind][1] - expected[kind][0]) + 2e-5 * abs(value))

    def test_6_outliers_are_marked_and_named(self):
        _, _, series = self.read(self.runs_page, "law-n")
        marked = next(s for s in series if s["name"] == "left out first")
        x, y, _ = self.read(self.runs_page, "law-n")
        rows = {i + 1 for i, (n, _, loss) in enumerate(self.runs)
                if any(x.is_at(px, n) and y.is_at(py, loss) for px, py in places(marked["marks"]))}
        self.assertEqual(len(marked["marks"]), 5)
        self.assertGreaterEqual(len(rows & set(self.outliers)), 4)
        words = self.runs_page.run("[...document.querySelectorAll('.groups tbody tr')].map(r => [...r.children].map(c => c.textContent))")
        self.assertEqual(len(words), 4)
        self.assertEqual({int(v) for v in words[0][4].split(", ")}, rows)
        self.assertIn("Do a few points decide?yes", self.runs_page.run("[...document.querySelectorAll('.card')].map(c => c.querySelector('h3').textContent + c.querySelector('.big').textContent).join()"))

    def test_7_the_allocation_is_where_the_law_is_least(self):
        law = self.law_of("runs")
        x, y, series = self.read(self.runs_page, "size")
        drawn = pixels_of(next(s for s in series if s["line"])["line"])
        for px, py in drawn[::8]:
            compute, size = math.exp(x.at(px)), math.exp(y.at(py))
            here = law(size, compute / (6 * size))
            for other in (0.9 * size, 1.1 * size):  # a least one: moving either way costs
                self.assertGreater(law(other, compute / (6 * other)), here)
        x, y, series = self.read(self.runs_page, "tokens")
        drawn = pixels_of(next(s for s in series if s["line"])["line"])
        for px, py in drawn[::8]:
            compute, tokens = math.exp(x.at(px)), math.exp(y.at(py))
            here = law(compute / (6 * tokens), tokens)
            for other in (0.9 * tokens, 1.1 * tokens):
                self.assertGreater(law(compute / (6 * other), other), here)
        self.assert_marks(self.runs_page, "tokens", [(c, c / (6 * n)) for n, c, _ in self.runs])

    def test_8_what_cannot_be_trusted_is_said_first(self):
        (self.place / "up.csv").write_text("x,y\n1,1\n3,1.1\n10,1.3\n30,1.5\n100,1.8\n")
        self.fit("up.csv", "-o", "up.html", status=1)
        page = self.browser.open(self.place / "up.html")
        self.assertIn("Not to be trusted", page.run("document.querySelector('.alert').textContent"))
        self.assertEqual(page.messages, [])

    def test_9_only_its_own_pages_are_replaced(self):
        self.fit("law.csv", "-o", "law.html", "--bootstrap", "0")
        self.assertEqual(self.browser.open(self.place / "law.html").messages, [])
        before = (self.place / "runs.csv").read_bytes()
        self.assertIn("not a page", self.fit("law.csv", "-o", "runs.csv", status=3).stderr)
        self.assertEqual((self.place / "runs.csv").read_bytes(), before)

    def test_a_it_fits_a_phone_and_follows_dark_mode(self):
        page = self.browser.open(self.place / "runs.html", width=360, height=740, dark=True, phone=True)
        self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 360)
        red = int(re.findall(r"\d+", page.run("getComputedStyle(document.body).backgroundColor"))[0])
        self.assertLess(red, 60)
        self.assertEqual(page.messages, [])

    def test_b_a_hostile_name_stays_text(self):
        (self.place / "<img src=x onerror=alert(1)>.csv").write_text((self.place / "law.csv").read_text())
        self.fit("<img src=x onerror=alert(1)>.csv", "-o", "hostile.html", "--bootstrap", "0")
        page = self.browser.open(self.place / "hostile.html")
        self.assertEqual(page.run("document.querySelectorAll('img').length"), 0)
        self.assertIn("<img", page.run("document.querySelector('h1').textContent"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
