/* Couplings between scales: K as a matrix at moments along each run, one colour scale for all. */

const PANELS_OF_ONE = 6, PANELS_OF_MANY = 4;

const hasCouplings = at => Boolean(at.coupling && at.coupling_s && at.coupling_modes);
const COUPLED = RUNS.filter(run => run.snapshots.some(hasCouplings));

/* Moments evenly spaced among those with couplings, the first and the last among them. */
function stripOf(run) {
  const all = run.snapshots.filter(hasCouplings), n = Math.min(all.length, MANY ? PANELS_OF_MANY : PANELS_OF_ONE);
  return d3.range(n).map(i => all[n > 1 ? Math.round(i * (all.length - 1) / (n - 1)) : 0]);
}

/* Shells come slowest first or fastest first; here always slowest first. */
function couplingsOf(at) {
  const m = at.coupling_modes.length, s = at.coupling_s, up = s[m] > s[0];
  const place = i => (up ? i : m - 1 - i);
  const shells = d3.range(m).map(i => { const k = place(i); return { low: Math.min(s[k], s[k + 1]), high: Math.max(s[k], s[k + 1]), modes: at.coupling_modes[k] }; });
  return { shells, at: (a, b) => at.coupling[place(a) * m + place(b)] };
}

const STRIPS = COUPLED.map(run => ({ run, moments: stripOf(run) }));
const meanOf = at => Math.exp(d3.mean(at.coupling.filter(v => v > 0).map(Math.log)));

/* What colours stand for: K itself, or K over its geometric mean in that square, where the pattern
   shows however much K has fallen. Either way one scale for every square of every run. */
const COLOURINGS = {
  pattern: { button: "pattern", unit: "K / its mean", of: (k, at) => k / meanOf(at), decades: 2 },
  size: { button: "size", unit: "coupling K (1/time)", of: k => k, decades: 6 }
};
Object.values(COLOURINGS).forEach(c => {
  const all = STRIPS.flatMap(x => x.moments.flatMap(at => at.coupling.filter(v => v > 0).map(k => c.of(k, at))));
  c.most = d3.max(all) || 1;
  c.least = Math.max(c.most * 10 ** -c.decades, d3.min(all) || 0);
  c.isCut = c.least > d3.min(all);
  c.colour = v => heatColour(c.most > c.least ? 0.06 + 0.94 * Math.max(0, Math.min(1, Math.log(v / c.least) / Math.log(c.most / c.least))) : 0.5);
});
let colouring = COLOURINGS.pattern;

/* All matrices share their axes: the same place is the same rate. */
const K_RANGE = STRIPS.length ? [d3.min(STRIPS, x => d3.min(x.moments, at => d3.min(at.coupling_s))), d3.max(STRIPS, x => d3.max(x.moments, at => d3.max(at.coupling_s)))] : [0, 1];

function drawMatrix(host, run, at) {
  const full = Math.max(150, host.clientWidth || 200), left = 46, top = 20, side = full - left - 8;
  const c = couplingsOf(at), scale = d3.scaleLinear().domain(K_RANGE).range([0, side]);
  const svg = d3.select(host).append("svg").attr("viewBox", `0 0 ${full} ${side + top + 40}`).attr("role", "img")
    .attr("data-panel", run.name).attr("data-step", at.step).attr("aria-label", `Couplings of ${run.name} at step ${at.step}; the table below has all numbers.`);
  const g = svg.append("g").attr("transform", `translate(${left},${top})`);
  g.append("rect").attr("class", "shade").attr("width", side).attr("height", side);
  const x = s => scale(s), y = s => side - scale(s);
  c.shells.forEach((a, i) => c.shells.forEach((b, k) => {
    const value = c.at(i, k);
    if (!(value > 0)) return;
    g.append("rect").attr("class", "cell").attr("x", x(b.low)).attr("y", y(a.high)).attr("width", x(b.high) - x(b.low) + 0.3).attr("height", y(a.low) - y(a.high) + 0.3)
      .attr("data-k", value).attr("data-value", colouring.of(value, at)).attr("fill", colouring.colour(colouring.of(value, at)))
      .on("pointermove", () => showTip(d3.event.clientX, d3.event.clientY, `${MANY ? run.name + ", " : ""}step ${whole(at.step)}`, [
        ["λ of one shell", `${say(Math.exp(a.low), 2)} … ${say(Math.exp(a.high), 2)}, ${a.modes} modes`],
        ["λ of the other", `${say(Math.exp(b.low), 2)} … ${say(Math.exp(b.high), 2)}, ${b.modes} modes`],
        ["apart", `${Math.abs(i - k)} shell${Math.abs(i - k) === 1 ? "" : "s"}`], ["coupling K", say(value, 3)], ["K / its mean", say(value / meanOf(at), 3)]]))
      .on("pointerleave", hideTip);
  }));
  const rates = d3.scaleLog().domain(K_RANGE.map(Math.exp)).range([0, side]);
  const powers = d3.range(Math.ceil(K_RANGE[0] / Math.LN10), Math.floor(K_RANGE[1] / Math.LN10) + 1), step = Math.ceil(powers.length * 46 / side);
  for (const v of powers.filter(n => n % step === 0).map(n => Number(`1e${n}`))) {
    g.append("text").attr("class", "tick-x").attr("x", rates(v)).attr("y", side + 15).attr("text-anchor", "middle").text(tickText(v));
    g.append("text").attr("class", "tick-y").attr("x", -6).attr("y", side - rates(v)).attr("dy", ".32em").attr("text-anchor", "end").text(tickText(v));
  }
  g.append("text").attr("class", "label").attr("x", side).attr("y", side + 31).attr("text-anchor", "end").text("λ of the other shell");
  g.append("text").attr("class", "label").attr("x", -left + 4).attr("y", -7).text("λ of one shell");
}

function drawMatrixKey(legend) {
  const { least, most, unit, isCut } = colouring;
  const svg = d3.select(legend).append("svg").attr("width", 330).attr("height", 34).attr("role", "img")
    .attr("aria-label", `Darker or brighter is a stronger coupling: ${unit} from ${say(least)} to ${say(most)}`);
  for (let i = 0; i < 60; i++)
    svg.append("rect").attr("x", 1 + i * 2.5).attr("y", 3).attr("width", 2.9).attr("height", 10).attr("fill", heatColour(0.06 + 0.94 * i / 59));
  svg.append("text").attr("x", 0).attr("y", 29).text((isCut ? "≤ " : "") + say(least, 2));
  svg.append("text").attr("x", 151).attr("y", 29).attr("text-anchor", "end").text(say(most, 2));
  svg.append("text").attr("x", 162).attr("y", 13).text(unit);
}

function addColouring(parent, draw) {
  const box = make(parent, "span", "", "colour");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "what colours stand for");
  const buttons = Object.entries(COLOURINGS).map(([key, c]) => {
    const b = make(box, "button", "", c.button);
    b.type = "button";
    b.dataset.kind = key;
    b.setAttribute("aria-pressed", String(c === colouring));
    b.onclick = () => { colouring = c; buttons.forEach(o => o.setAttribute("aria-pressed", String(o === b))); draw(); };
    return b;
  });
}

function addMatrices(parent) {
  const { figure, switches, legend, box } = addFigureFrame(parent, { id: "couplings", title: "Couplings between scales, along the run", wide: true });
  const draw = () => {
    box.textContent = legend.textContent = "";
    drawMatrixKey(legend);
    const most = d3.max(STRIPS, x => x.moments.length), room = Math.max(1, Math.floor((box.clientWidth || 320) / 170));
    box.style.gridTemplateColumns = `repeat(${Math.min(most, room)}, minmax(0, 1fr))`;
    for (const { run, moments } of STRIPS) {
      if (MANY) make(box, "p", "row-title", run.name);
      for (const at of moments) {
        const host = make(box, "div", "panel");
        make(host, "p", "", `step ${whole(at.step)}`);
        drawMatrix(host, run, at);
      }
    }
  };
  addColouring(switches, draw);
  make(figure, "figcaption", "", "Each panel is one measurement: how strongly the motion of the kernel mixes the modes of one shell (upward) with those of another (across). " +
    "Where every scale looks alike, all cells along a line parallel to the diagonal have one colour; a colour that changes steadily along it is a tilt, which a power law allows. Grey: too few modes. Colours mean the same in every panel" + (MANY ? " and every run" : "") + "; size shows K itself, pattern K over its mean in the panel.");
  addTable(figure, () => ({
    head: ["run", "step", "s of one from", "to", "s of the other from", "to", "K"],
    rows: STRIPS.flatMap(({ run, moments }) => moments.flatMap(at => {
      const c = couplingsOf(at);
      return c.shells.flatMap((a, i) => c.shells.map((b, k) => [run.name, at.step, a.low, a.high, b.low, b.high, c.at(i, k)])).filter(r => r[6] > 0);
    }))
  }));
  FIGURES.push({ draw, follows: "when" });
}

/* Defects over the run: the one that decides, the one that includes sampling, and what noise gives. */
const root = v => (known(v) ? Math.sqrt(Math.max(v, 0)) : NaN);
function defectSeries(run) {
  const over = get => run.snapshots.map(at => [when(at), get(at)]).filter(p => known(p[1]));
  return [
    { name: "Δₓ, sampling removed", label: "Δₓ", colour: 0, mark: 0, strong: true, points: over(at => root(at.coupling_cross_tilt)) },
    { name: "Δ, sampling included", label: "Δ", colour: 1, dash: 1, mark: 1, points: over(at => at.coupling_delta_tilt) },
    { name: "Δ of pure noise", label: "noise", colour: 7, dash: 2, thin: true, points: over(at => at.coupling_floor_tilt) }
  ].map(s => Object.assign(s, { run: run.name, size: 20 }));
}

function addCouplings() {
  if (!COUPLED.length) return;
  const section = addSection("Do all scales look alike?", "A power law needs a network whose learning treats every scale of the spectrum the same way. This is measured by the couplings between shells, modes within a factor 2 in λ.");
  addMatrices(section);
  const gap = make(section, "div");
  gap.style.height = "2.2rem";
  const limit = d3.max(CHECK.flatMap(s => s.lines).filter(l => l.condition === "C4" && l.answer), l => l.threshold);
  addChart(section, { id: "defect", title: "How far from alike", wide: true, height: 260, follows: "when", x: whenAxis(), y: valueAxis("defect, tilt removed", "nat", ["linear", "log"], { zero: true }),
    caption: "Scatter of ln K at equal distance between shells: 0.1 means couplings of one scale differ by about 10 % from those of the others. Δₓ decides (C4): it holds where its interval over the run lies below the dotted threshold.",
    panels: () => COUPLED.map(run => ({ title: MANY ? run.name : "", series: defectSeries(run), levels: known(limit) ? [{ y: limit, label: "threshold" }] : [] })) });
}
