#!/usr/bin/env python3
"""The report's page in a browser: what is drawn, read back from the pixels through the axes' own
ticks, is what the run's tables say. usage: test_page.py RENORM SOURCE_FOLDER"""

import csv
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from chromium import Chromium

RENORM, SOURCE = sys.argv[1], Path(sys.argv[2])
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

# A mark is placed to about 1e-3 pixel (coordinates are written in full, data in 9 digits); axes
# are a few hundred pixels long, so this share of an axis is far above rounding and far below
# anything an eye could see.
SHARE = 2e-4

READ = """(id, index) => {
  const panel = document.querySelectorAll(`figure[data-chart=${id}] .panel svg`)[index];
  const axis = name => {
    const g = panel.querySelector(`[data-axis=${name}]`);
    return {kind: g.dataset.scale, constant: Number(g.dataset.constant),
      ticks: [...g.querySelectorAll('.tick')].map(t => [t.getAttribute('transform'), t.textContent]),
      label: g.querySelector('.label').textContent};
  };
  const series = {};
  for (const s of panel.querySelectorAll('.series'))
    series[s.dataset.series] = s.querySelector('.line').getAttribute('d');
  const cells = [...panel.querySelectorAll('.cell')].map(c => [...['x', 'y', 'width', 'height', 'fill']
    .map(a => c.getAttribute(a))]);
  return {x: axis('x'), y: axis('y'), series, cells};
}"""


def run(*arguments, status=0):
    done = subprocess.run([RENORM, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stderr}"
    return done


def rows_of(path):
    with open(path, encoding="ascii") as table:
        return [{key: float(v) if v else math.nan for key, v in row.items()}
                for row in csv.DictReader(table)]


def number_of(text):
    """What a reader takes a tick to mean: 1,000  0.01  −2×10⁻⁵  10⁻³."""
    found = re.fullmatch(r"(−?)(?:([0-9.]+)×)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if found:
        return (-1 if found[1] else 1) * float(found[2] or 1) * 10.0 ** int(found[3].translate(RAISED))
    return float(text.replace("−", "-").replace(",", ""))


class Axis:
    """From pixels to numbers, by nothing but the ticks."""

    def __init__(self, found, across):
        self.kind, self.constant = found["kind"], found["constant"]
        ticks = []
        for transform, text in found["ticks"]:
            pair = [float(v) for v in re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", transform)]
            ticks.append((pair[0] if across else pair[1], self.forward(number_of(text))))
        (self.p0, f0), (p1, f1) = ticks[0], ticks[-1]
        self.slope = (f1 - f0) / (p1 - self.p0)
        self.f0 = f0
        self.length = abs(p1 - self.p0)
        for pixel, f in ticks:  # every tick must lie where its text says
            assert abs(self.at(pixel) - f) < SHARE * abs(f1 - f0), found

    def forward(self, v):
        if self.kind == "linear":
            return v
        if self.kind == "log":
            return math.log(v)
        return math.copysign(math.log1p(abs(v) / self.constant), v)

    def at(self, pixel):
        return self.f0 + self.slope * (pixel - self.p0)

    def is_at(self, pixel, value):
        """Whether a pixel stands for a value, in shares of the distance between outer ticks."""
        return abs(self.at(pixel) - self.forward(value)) < SHARE * abs(self.slope) * self.length


def pixels_of(path):
    pairs = re.findall(r"[ML]([-0-9.e]+),([-0-9.e]+)", path)
    return [(float(x), float(y)) for x, y in pairs]


class PageTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="renorm-page-"))
        for name, seed in (("a", 1), ("b", 2)):
            run("run", SOURCE / "configs/tiny.yaml", "-q", "-o", cls.place / name, "--seed", seed)
        run("report", cls.place / "a", "-o", cls.place / "one.html")
        run("report", cls.place / "a", cls.place / "b", "-o", cls.place / "two.html")
        cls.metrics = rows_of(cls.place / "a/metrics.csv")
        cls.budget = rows_of(cls.place / "a/budget.csv")
        cls.shells = rows_of(cls.place / "a/shells.csv")
        cls.browser = Chromium()
        cls.one = cls.browser.open(cls.place / "one.html")
        cls.two = cls.browser.open(cls.place / "two.html")

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        shutil.rmtree(cls.place)

    def read(self, page, chart, index=0):
        found = page.run(f"({READ})({chart!r}, {index})")
        return Axis(found["x"], True), Axis(found["y"], False), found

    def assert_drawn(self, page, chart, series, expected, index=0):
        """The line of a series goes through exactly the expected points."""
        x, y, found = self.read(page, chart, index)
        drawn = pixels_of(found["series"][series])
        self.assertEqual(len(drawn), len(expected), (chart, series))
        for (px, py), (vx, vy) in zip(drawn, expected):
            self.assertTrue(x.is_at(px, vx), (chart, series, "x", px, vx))
            self.assertTrue(y.is_at(py, vy), (chart, series, "y", py, vy))

    def boundaries(self, step, column, table=None):
        """Points of budget.csv that the page can show: inside the range of its rate axis."""
        low, high = self.one.run("S_RANGE")
        return [(math.exp(r["s"]), r[column]) for r in table or self.budget
                if r["step"] == step and low <= r["s"] <= high and not math.isnan(r[column])]

    def set_slider(self, page, key):
        page.run("document.getElementById('moment').focus()")
        page.press(key)

    def test_01_nothing_is_fetched_and_nothing_complains(self):
        for page in (self.one, self.two):
            self.assertEqual(page.requests, [])
            self.assertEqual(page.messages, [])

    def test_02_curves_are_those_of_metrics_csv(self):
        self.assert_drawn(self.one, "loss", "training", [(r["step"], r["loss"]) for r in self.metrics])
        held = [(r["step"], r["held_out_loss"]) for r in self.metrics
                if not math.isnan(r["held_out_loss"])]
        self.assertGreater(len(held), 3)
        self.assert_drawn(self.one, "loss", "held-out", held)
        self.assert_drawn(self.one, "gradient", "gradient norm",
                          [(r["step"], r["gradient_norm"]) for r in self.metrics])

    def test_03_linear_axes_and_learning_time_can_be_chosen(self):
        click = "document.querySelector(`figure[data-chart=loss] [aria-label='{} axis'] [data-kind={}]`).click()"
        self.one.run(click.format("y", "linear"))
        self.one.run(click.format("x", "linear"))
        self.one.run("document.querySelector('[data-when=time]').click()")
        self.assert_drawn(self.one, "loss", "training", [(r["time"], r["loss"]) for r in self.metrics])
        self.assertEqual(self.read(self.one, "loss")[2]["y"]["kind"], "linear")
        self.assertIn("time", self.read(self.one, "loss")[2]["x"]["label"])
        self.one.run("document.querySelector('[data-when=step]').click()")
        self.one.run(click.format("y", "log"))
        self.one.run(click.format("x", "log0"))
        self.assert_drawn(self.one, "loss", "training", [(r["step"], r["loss"]) for r in self.metrics])

    def test_04_heat_map_cells_are_shells_and_darker_is_more(self):
        _, y, found = self.read(self.one, "heat")
        low, high = self.one.run("S_RANGE")
        expected = [r for r in self.shells if low <= (r["s_low"] + r["s_high"]) / 2 <= high]
        self.assertEqual(len(found["cells"]), len(expected))
        drawn = []
        for (_, top, _, height, fill), row in zip(found["cells"], expected):
            self.assertTrue(y.is_at(float(top), math.exp(row["s_high"])))
            # cells overlap by 0.4 pixels so that no seams show
            self.assertTrue(y.is_at(float(top) + float(height) - 0.4, math.exp(row["s_low"])))
            drawn.append((row["energy"], sum(map(int, re.findall(r"\d+", fill)))))
        drawn.sort(key=lambda pair: pair[0])
        for (_, lighter), (_, darker) in zip(drawn, drawn[1:]):
            self.assertGreaterEqual(lighter + 2, darker)  # colours are whole numbers
        self.assertGreater(drawn[0][1], drawn[-1][1] + 200)

    def assert_moment(self, step):
        lines = {"−D: removed by learning (dissipation)": ("dissipation", -1),
                 "migration: eigenvalues move": ("migration", 1),
                 "transfer: eigenvectors rotate": ("transfer", 1),
                 "drive: everything else": ("drive", 1)}
        for series, (column, sign) in lines.items():
            self.assert_drawn(self.one, "budget", series,
                              [(v, sign * w) for v, w in self.boundaries(step, column)])
        self.assert_drawn(self.one, "flux", "flux F", self.boundaries(step, "flux"))
        self.assertIn(f"step {int(step)} ", self.one.run("document.querySelector('.moment output').textContent"))

    def test_05_the_budget_of_the_last_moment_is_that_of_budget_csv(self):
        last = self.metrics[-1]["step"]
        self.assert_moment(last)
        positive = [(v, w) for v, w in self.boundaries(last, "density") if w > 0]
        x, y, found = self.read(self.one, "density")
        drawn = pixels_of(found["series"]["density"])
        self.assertEqual(len(drawn), len(positive))
        for (px, py), (vx, vy) in zip(drawn, positive):
            self.assertTrue(x.is_at(px, vx) and y.is_at(py, vy), (vx, vy))

    def test_06_the_slider_moves_through_the_measurements_by_keyboard(self):
        steps = sorted({r["step"] for r in self.budget})
        before = self.read(self.one, "flux")[2]["series"]["flux F"]
        self.set_slider(self.one, "Home")
        self.assertNotEqual(before, self.read(self.one, "flux")[2]["series"]["flux F"])
        self.assert_moment(steps[0])
        self.set_slider(self.one, "ArrowRight")
        self.assert_moment(steps[1])
        self.assert_drawn(self.one, "step", "A₁ − A₀: what the step changed",
                          self.boundaries(steps[1], "step_change"))
        self.assert_drawn(self.one, "step", "Q: the step is finite",
                          self.boundaries(steps[1], "step_finite"))
        self.set_slider(self.one, "End")
        self.assert_moment(steps[-1])

    def test_07_velocities_are_shown_only_above_their_rounding(self):
        last = self.metrics[-1]["step"]
        rows = [r for r in self.budget if r["step"] == last]
        low, high = self.one.run("S_RANGE")
        expected = [(math.exp(r["s"]), r["velocity"]) for r in rows if low <= r["s"] <= high
                    and abs(r["flux"]) > 3 * r["flux_error"] and r["density"] > 0]
        self.assertGreater(len(expected), 2)
        self.assert_drawn(self.one, "velocity", "velocity w", expected)

    def test_08_series_can_be_switched_off_and_tables_opened(self):
        button = "document.querySelectorAll('figure[data-chart=loss] .legend button')[1]"
        self.one.run(f"{button}.click()")
        self.assertEqual(list(self.read(self.one, "loss")[2]["series"]), ["training"])
        self.assertEqual(self.one.run(f"{button}.getAttribute('aria-pressed')"), "false")
        self.one.run(f"{button}.click()")
        self.assertEqual(len(self.read(self.one, "loss")[2]["series"]), 2)
        cells = self.one.run("""(async () => {
            const d = document.querySelector('figure[data-chart=loss] details');
            d.open = true;
            await new Promise(done => setTimeout(done, 100));
            return [...d.querySelectorAll('tbody tr')].map(r => [...r.children].map(c => c.textContent));
        })()""")
        self.assertEqual(len(cells), len(self.metrics))
        for cell, row in zip(cells, self.metrics):
            self.assertEqual(float(cell[0]), row["step"])
            self.assertAlmostEqual(float(cell[1]) / row["loss"], 1.0, delta=1e-8)  # nine digits

    def test_09_values_appear_under_the_arrow_keys(self):
        self.one.run("document.querySelector('figure[data-chart=loss] svg[role=img]').focus()")
        self.one.press("End")
        text = self.one.run("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
        self.assertIn(f"step {int(self.metrics[-1]['step'])}", text)
        self.assertIn("training", text)

    def test_18_the_forecast_is_that_of_renorm_forecast(self):
        told = json.loads(run("forecast", "--json", self.place / "a").stdout)
        data = self.one.run("DATA.runs[0].forecast")
        self.assertEqual(data["sentence"], told["sentence"])
        for ours, page in zip(told["lines"], data["lines"]):
            self.assertAlmostEqual(page["transport"][0] / ours["transport"]["loss"], 1.0, delta=1e-8)
        text = self.one.run("document.querySelector('.cards').textContent")
        self.assertIn("What will the loss be?", text)
        self.assertIn("90 % interval", text)
        x, y, drawn = self.read(self.one, "forecast")
        name = next(n for n in drawn["series"] if n.startswith("transport"))
        points = pixels_of(drawn["series"][name])
        self.assertEqual(len(points), len(told["lines"]) + 1)  # and the loss it starts from
        for (px, py), line in zip(points[1:], told["lines"]):
            self.assertTrue(x.is_at(px, line["time"]))
            self.assertTrue(y.is_at(py, line["transport"]["loss"]))

    def test_19_held_out_losses_ahead_are_those_of_renorm_forecast(self):
        told = json.loads(run("forecast", "--json", self.place / "a").stdout)["held_out"]
        x, y, drawn = self.read(self.one, "held-out-forecast")
        self.assert_drawn(self.one, "held-out-forecast", "measured",
                          [(r["time"], r["held_out_loss"]) for r in self.metrics
                           if r["time"] > 0 and not math.isnan(r["held_out_loss"])])
        points = pixels_of(drawn["series"]["foretold from the last measurement"])
        bars = self.one.run("""[...[...document.querySelectorAll('figure[data-chart=held-out-forecast] .series')]
            .find(s => s.dataset.series.startsWith('foretold from')).querySelectorAll('.bar')].map(b => b.getAttribute('d'))""")
        self.assertEqual((len(points), len(bars)), (4, 3))
        self.assertTrue(y.is_at(points[0][1], told["loss"]))
        for (px, py), bar, line in zip(points[1:], bars, told["lines"]):
            self.assertTrue(x.is_at(px, line["time"]) and y.is_at(py, line["frozen"]["loss"]))
            ends = [float(v) for v in re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", bar)]
            self.assertTrue(y.is_at(ends[1], line["frozen"]["low90"]) and y.is_at(ends[2], line["frozen"]["high90"]))

    def test_10_the_headline_says_the_runs_numbers(self):
        text = self.one.run("document.querySelector('.cards').textContent")
        for value in (self.metrics[0]["loss"], self.metrics[-1]["loss"]):
            self.assertIn(f"{value:.3g}", text)
        self.assertIn("closes", text)
        self.assertIn("cannot tell", text)

    def test_11_several_runs_share_one_scale(self):
        _, _, first = self.read(self.two, "budget", 0)
        _, _, second = self.read(self.two, "budget", 1)
        for axis in ("x", "y"):
            self.assertEqual(first[axis]["ticks"], second[axis]["ticks"])
        self.assertNotEqual(first["series"], second["series"])
        other = rows_of(self.place / "b/metrics.csv")
        self.assert_drawn(self.two, "loss", "a: training", [(r["step"], r["loss"]) for r in self.metrics])
        self.assert_drawn(self.two, "loss", "b: training", [(r["step"], r["loss"]) for r in other])
        self.assertEqual(self.two.run("[...document.querySelectorAll('#page .differs th')].map(t => t.textContent)")[0], "seed")

    def test_12_it_fits_a_phone_and_follows_dark_mode(self):
        for name in ("one.html", "two.html"):
            page = self.browser.open(self.place / name, width=360, height=740, dark=True, phone=True)
            self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 360)
            red = int(re.findall(r"\d+", page.run("getComputedStyle(document.body).backgroundColor"))[0])
            self.assertLess(red, 60)
            self.assertEqual(page.messages, [])

    def test_13_every_axis_has_a_label_and_every_figure_a_name(self):
        found = self.two.run("""[...document.querySelectorAll('.panel svg')].map(s =>
            [s.getAttribute('aria-label') || '', ...[...s.querySelectorAll('.label')].map(l => l.textContent)])""")
        self.assertGreater(len(found), 12)
        for name, *labels in found:
            self.assertTrue(name)
            self.assertEqual(len(labels), 2)
            self.assertTrue(all(labels))

    def test_14_runs_that_cannot_be_read_are_left_out_with_a_note(self):
        broken = self.place / "broken"
        shutil.copytree(self.place / "a", broken)
        snapshot = broken / "snapshots/000001.h5"
        snapshot.write_bytes(snapshot.read_bytes()[:1000])
        done = run("report", self.place / "a", broken, "-o", self.place / "left.html", status=1)
        self.assertIn("000001.h5", done.stderr)
        page = self.browser.open(self.place / "left.html")
        self.assertIn("000001.h5", page.run("document.querySelector('.alert').textContent"))
        self.assertEqual(page.run("document.querySelector('h1').textContent"), "a")
        done = run("report", broken, status=3)
        self.assertIn("000001.h5", done.stderr)
        self.assertFalse((broken / "report.html").exists())

    def test_15_a_run_without_snapshots_and_hostile_names_still_make_a_page(self):
        name = "<img src=x onerror=alert(1)>&\"'"
        run("run", SOURCE / "configs/tiny.yaml", "-q", "-o", self.place / name,
            "--set", "measure.kind=none")
        run("report", self.place / name)
        page = self.browser.open(self.place / name / "report.html")
        self.assertEqual(page.run("document.querySelector('h1').textContent"), name)
        self.assertEqual(page.messages, [])
        self.assertEqual(page.requests, [])
        self.assertIn("not measured", page.run("document.querySelector('.cards').textContent"))

    @classmethod
    def shells_of(cls, name, *more):
        """A run with enough shells for couplings; what it printed as JSON."""
        done = run("run", SOURCE / "configs/tiny.yaml", "-q", "--json", "-o", cls.place / name,
                   "--set", "data.n_train=96", "--set", "data.dimension=8", "--set", "model.width=32",
                   "--set", "model.activation=gelu", "--set", "steps=40", "--set", "measure.closure_dt=0",
                   "--set", "measure.step_budget=false", "--set", "measure.conditions=true", *more)
        return json.loads(done.stdout)

    def test_16_couplings_are_those_of_the_runs_in_one_colour_scale(self):
        runs = {"c": self.shells_of("c"), "d": self.shells_of("d", "--set", "model.gain=1.5",
                                                              "--set", "model.residual=false")}
        run("report", self.place / "c", self.place / "d", "-o", self.place / "shells.html")
        page = self.browser.open(self.place / "shells.html")
        for kind in ("size", "pattern"):
            page.run(f"document.querySelector('figure[data-chart=couplings] [data-kind={kind}]').click()")
            panels = page.run("""[...document.querySelectorAll('figure[data-chart=couplings] .panel svg')].map(s =>
                ({run: s.dataset.panel, step: Number(s.dataset.step),
                  tickX: [...s.querySelectorAll('.tick-x')].map(t => [Number(t.getAttribute('x')), t.textContent]),
                  tickY: [...s.querySelectorAll('.tick-y')].map(t => [Number(t.getAttribute('y')), t.textContent]),
                  cells: [...s.querySelectorAll('.cell')].map(c => [...['x', 'y', 'width', 'height']
                    .map(a => Number(c.getAttribute(a))), c.getAttribute('fill'), Number(c.dataset.k)])}))""")
            self.assertEqual({p["run"] for p in panels}, {"c", "d"})
            drawn = []
            for p in panels:
                at = next(s for s in runs[p["run"]]["snapshots"] if s["step"] == p["step"])
                drawn += self.assert_matrix(p, at, kind)
            # one scale: whatever the run and moment, a darker cell is never the smaller number
            drawn.sort(key=lambda pair: pair[0])
            for (_, lighter), (_, darker) in zip(drawn, drawn[1:]):
                self.assertGreaterEqual(lighter + 2, darker)
            self.assertGreater(drawn[0][1], drawn[-1][1] + 200)
        self.assertEqual(page.messages, [])

    def assert_matrix(self, panel, at, kind):
        """Every K > 0 of a snapshot has its cell, in its place by the ticks; (value, brightness)."""
        k, s, m = at["coupling"], at["coupling_s"], len(at["coupling_modes"])
        mean = math.exp(sum(math.log(v) for v in k if v) / sum(1 for v in k if v))
        (x0, t0), (x1, t1) = panel["tickX"][0], panel["tickX"][-1]
        (y0, _), (y1, _) = panel["tickY"][0], panel["tickY"][-1]
        low, high = math.log(number_of(t0)), math.log(number_of(t1))
        across = lambda v: x0 + (v - low) / (high - low) * (x1 - x0)
        upward = lambda v: y0 + (v - low) / (high - low) * (y1 - y0)
        expected = sorted((v, i // m, i % m) for i, v in enumerate(k) if v)
        found = sorted(panel["cells"], key=lambda c: c[5])
        self.assertEqual(len(found), len(expected))
        by_place = {(round(c[0], 1), round(c[1], 1)): c for c in found}
        pairs = []
        for v, a, b in expected:
            x, y = across(min(s[b], s[b + 1])), upward(max(s[a], s[a + 1]))
            near = min(by_place, key=lambda place: abs(place[0] - x) + abs(place[1] - y))
            self.assertLess(abs(near[0] - x) + abs(near[1] - y), 0.3)
            cell = by_place[near]
            self.assertAlmostEqual(cell[5] / v, 1.0, delta=1e-8)  # nine digits
            pairs.append((v / mean if kind == "pattern" else v, sum(map(int, re.findall(r"\d+", cell[4])))))
        return pairs

    def test_17_the_verdict_is_that_of_renorm_check(self):
        self.shells_of("e")
        check = json.loads(run("check", "--json", self.place / "e", status=1).stdout)["subjects"][0]
        run("report", self.place / "e")
        page = self.browser.open(self.place / "e/report.html")
        self.assertIn(check["verdict"], page.run("document.querySelector('.cards').textContent"))
        for condition in ("law", "C1", "C2", "C3", "C4"):
            box = f"document.querySelector('[data-condition={condition}]')"
            page.run(f"{box}.querySelector('details').open = true")
            text = page.run(f"{box}.textContent")
            lines = [c for c in check["conditions"] if c["condition"] == condition]
            self.assertTrue(lines)
            numbers = page.run(f"[...{box}.querySelectorAll('.number')].map(n => n.textContent)")
            self.assertEqual(len(numbers), len(lines))
            for line, number in zip(lines, numbers):
                self.assertTrue(number.startswith(line["quantity"]))
                if line["answer"]:
                    self.assertIn(line["answer"], number)
                if line["would_suffice"]:
                    self.assertIn(line["would_suffice"][1:], number)
            answers = page.run(f"[...{box}.querySelectorAll('.answers .answer')].map(n => n.textContent)")
            parts = [line["answer"] for line in lines if line["answer"]]
            whole = ["fails" if "fails" in parts else "holds" if set(parts) == {"holds"} else "cannot tell"]
            self.assertEqual(answers, whole if parts else [])
            for part in ("What it means", "What would change it"):
                self.assertIn(part, text)
        # the bar: value, ends and threshold lie on one linear scale
        bar = page.run("""(box => { const s = box.querySelector('svg.interval');
            const ends = s.querySelectorAll('path')[1].getAttribute('d').match(/[-0-9.e]+/g).map(Number);
            return [ends[0], ends[2], Number(s.querySelector('circle').getAttribute('cx')),
                    Number(s.querySelector('.ref').getAttribute('d').match(/[-0-9.e]+/)[0])]; })
            (document.querySelector('[data-condition=C4] .deciding'))""")
        line = next(c for c in check["conditions"] if c["condition"] == "C4")
        values = [line["low"], line["high"], line["value"], line["threshold"]]
        slope = (bar[1] - bar[0]) / (values[1] - values[0])
        for pixel, value in zip(bar, values):
            self.assertAlmostEqual(pixel, bar[0] + slope * (value - values[0]), delta=0.1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
