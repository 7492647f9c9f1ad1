/* The sections of the page, in the order of reading. */

const STATE = { against: "step", step: last(STEPS), boundary: null };
const redraw = follows => FIGURES.forEach(f => { if (!follows || f.follows === follows || f.follows === "all") f.draw(); });

function addSection(title, lead) {
  const section = make(page, "section");
  make(section, "h2", "", title);
  if (lead) make(section, "p", "lead", lead);
  return section;
}

/* Across: training steps or learning time, as chosen for the whole page. */
const when = at => at[STATE.against];
const whenAxis = kinds => ({
  label: () => (STATE.against === "step" ? "training step" : "learning time t = sum of step sizes"),
  kinds: kinds || ["log0", "linear"],
  say: v => (STATE.against === "step" ? `step ${whole(Math.round(v))}` : `time ${say(v, 4)}`)
});
const rateAxis = { label: () => "rate λ = exp(s) (1/time)", kinds: ["log"], domain: () => S_RANGE.map(Math.exp), say: v => `λ = ${say(v, 3)}, s = ${signed(Math.log(v).toFixed(2))}` };
const valueAxis = (label, unit, kinds, more) => Object.assign({ label: () => label + (unit ? ` (${unit})` : ""), kinds }, more);

function addWhenSwitch(parent) {
  const seg = make(parent, "div", "seg", "Time axes show ");
  seg.setAttribute("role", "group");
  for (const [key, text] of [["step", "training steps"], ["time", "learning time"]]) {
    const b = make(seg, "button", "", text);
    b.type = "button";
    b.dataset.when = key;
    b.setAttribute("aria-pressed", String(key === STATE.against));
    b.onclick = () => {
      STATE.against = key;
      seg.querySelectorAll("button").forEach(o => o.setAttribute("aria-pressed", String(o === b)));
      redraw("when");
      redraw("all");
    };
  }
}

/* --- learning curves -------------------------------------------------------------------------- */

const curve = (run, column) => run.metrics.step.map((step, i) => [STATE.against === "step" ? step : run.metrics.time[i], run.metrics[column][i]]);
const runName = (run, what) => (MANY ? `${run.name}: ${what}` : what);

/* Training as a line, held-out samples as marks: one run by colour, several by colour and dash. */
function curveSeries(train, held) {
  return RUNS.flatMap(run => {
    const list = [{ name: runName(run, "training"), run: run.name, colour: run.index, dash: run.index, points: curve(run, train), label: MANY ? run.name : "training" }];
    const points = curve(run, held).filter(p => known(p[1]));
    if (points.length) list.push({ name: runName(run, "held-out"), run: run.name, colour: MANY ? run.index : 1, dash: MANY ? run.index : 1, thin: true, mark: MANY ? run.index : 1, points, label: MANY ? `${run.name}, held-out` : "held-out" });
    return list;
  });
}

function addCurves() {
  const section = addSection("Learning", "What training sees. Curves of many steps are thinned without losing a peak; the files hold every step.");
  addWhenSwitch(section);
  const pair = make(section, "div", "pair");
  addChart(pair, { id: "loss", title: "Loss", wide: true, height: 300, follows: "when", x: whenAxis(), y: valueAxis("loss", "", ["log", "linear"]),
    caption: "Lines: training samples. Marks: samples never trained on. A widening distance between the two is overfitting.",
    panels: () => [{ series: curveSeries("loss", "held_out_loss") }] });
  if (RUNS.some(run => known(lastKnown(run.metrics.accuracy)) || known(lastKnown(run.metrics.held_out_accuracy))))
    addChart(pair, { id: "accuracy", title: "Accuracy", follows: "when", names: false, x: whenAxis(), y: valueAxis("share classified right", "0 … 1", ["linear", "log"]),
    caption: "Measured at the snapshots.", panels: () => [{ series: curveSeries("accuracy", "held_out_accuracy").map(s => Object.assign(s, { points: s.points.filter(p => known(p[1])), mark: s.mark === undefined ? (MANY ? RUNS.findIndex(r => r.name === s.run) : 0) : s.mark })) }] });
  addChart(pair, { id: "gradient", title: "Gradient norm", follows: "when", names: false, x: whenAxis(), y: valueAxis("|∇L|", unitOf("gradient_norm"), ["log", "linear"]),
    caption: "Length of the loss’s gradient: how hard training pulls on the weights.",
    panels: () => [{ series: RUNS.map(run => ({ name: MANY ? run.name : "gradient norm", run: run.name, colour: run.index, dash: run.index, points: curve(run, "gradient_norm") })) }] });
}

/* --- shell energies ---------------------------------------------------------------------------- */

/* Shells gathered by decades of their rate. */
function bandsOf(run) {
  const bands = new Map();
  for (const at of run.snapshots) (at.energy || []).forEach((energy, i) => {
    const middle = (at.s[i] + at.s[i + 1]) / 2, decade = Math.floor(middle / Math.LN10);
    if (!inRange(middle)) return;
    if (!bands.has(decade)) bands.set(decade, new Map());
    const sums = bands.get(decade);
    sums.set(at, (sums.get(at) || 0) + energy);
  });
  return bands;
}

const DECADES = [...new Set(MEASURED.flatMap(r => [...bandsOf(r).keys()]))].sort((a, b) => b - a);

function bandSeries(run) {
  const bands = bandsOf(run);
  return DECADES.filter(d => bands.has(d)).map(d => {
    const i = DECADES.indexOf(d);
    return { name: `λ ${power(d)} … ${power(d + 1)}`, label: `${power(d)} … ${power(d + 1)}`, run: run.name, colour: i, dash: i, mark: i, size: 18,
      points: run.snapshots.map(at => [when(at), bands.get(d).get(at)]) };
  });
}

function addEnergies() {
  const section = addSection("Where the error sits", "The error is split by the rate λ at which the network can learn it: modes of large λ are learned first. " +
    "A shell collects all modes within a factor of " + say(Math.exp(MEASURED[0].snapshots[0].width || Math.LN2), 2) + " in λ; the energies of all shells add up to the loss.");
  addHeat(section, { id: "heat", title: "Error energy by rate, over time", when, xLabel: () => whenAxis().label(),
    caption: "Each column is one measurement. Learning empties the top first; what is left drifts. The dashed line is the largest eigenvalue of the kernel." });
  const gap = make(section, "div");
  gap.style.height = "2.2rem";
  addChart(section, { id: "bands", title: "The same, gathered by decades of λ", wide: true, height: 290, follows: "when", x: whenAxis(), y: valueAxis("energy", "units of the loss", ["log", "linear"], {
    domain: (values, kind) => { const most = d3.max(values.filter(known)); return kind === "log" ? values.map(v => (v > 0 ? Math.max(v, most * 1e-8) : v)) : values.concat(0); } }),
    panels: () => MEASURED.map(run => ({ title: MANY ? run.name : "", series: bandSeries(run) })) });
}

/* --- one moment -------------------------------------------------------------------------------- */

function overBoundaries(at, values, keep) {
  if (!values) return [];
  return at.s.map((s, i) => [Math.exp(s), values[i], i]).filter(p => inRange(Math.log(p[0])) && known(p[1]) && (!keep || keep(p[2])))
    .map(p => [p[0], p[1]]);
}
const aboveFloor = at => i => !(at.lambda_floor > 0) || at.s[i] >= Math.log(at.lambda_floor);
const hasDensity = at => i => at.density && at.density[i] > 0;
const floorShade = list => { const floors = list.map(at => at.lambda_floor).filter(v => v > 0); return floors.length ? [{ from: 1e-300, to: d3.max(floors), label: "rounding noise" }] : []; };

const momentsOf = run => [snapshotAt(run, STATE.step)];
const eachRun = (list, seriesOf) => MEASURED.map((run, k) => ({ title: MANY ? `${run.name}, step ${whole(list[k].step)}` : "", series: seriesOf(list[k], run) }));
const now = () => MEASURED.map(run => momentsOf(run)[0]);
/* The latest moment up to the chosen one whose next step was measured. */
const stepMoment = run => last(run.snapshots.filter(at => at.step <= STATE.step && at.step_drive)) || snapshotAt(run, STATE.step);

function one(run, at, values, more) {
  return Object.assign({ name: MANY ? run.name : "now", run: run.name, colour: run.index, dash: run.index, mark: run.index, size: 20, points: values }, more);
}

function spectrumSeries(run, at) {
  if (!at.modes) return [];
  return [one(run, at, at.modes.rank.map((r, i) => [r, at.modes.lambda[i]]), { name: MANY ? run.name : "eigenvalue", mark: undefined })];
}

function firstAsShadow(values, name) {
  return MANY ? [] : [{ name, label: "start", run: RUNS[0].name, colour: 7, dash: 2, thin: true, points: values }];
}

function spectrumPanels(moments) {
  const floors = moments.map(at => at.lambda_floor).filter(v => v > 0);
  const series = MEASURED.flatMap((run, k) => spectrumSeries(run, moments[k]));
  const start = MEASURED[0].snapshots[0];
  if (start.modes) series.push(...firstAsShadow(start.modes.rank.map((r, i) => [r, start.modes.lambda[i]]), "at the start"));
  return [{ series, floor: floors.length ? d3.max(floors) : NaN }];
}

const BUDGET_LINES = [
  ["flux − dissipation + drive = dA/dt", at => at.flux && at.flux.map((f, i) => f - at.dissipation[i] + (at.drive ? at.drive[i] : 0)), 7, "dA/dt"],
  ["−D: removed by learning (dissipation)", at => at.dissipation && at.dissipation.map(v => (known(v) ? -v : v)), 0, "−D"],
  ["migration: eigenvalues move", at => at.migration, 1, "migration"],
  ["transfer: eigenvectors rotate", at => at.transfer, 2, "transfer"],
  ["drive: everything else", at => at.drive, 3, "drive"]
];
const STEP_LINES = [
  ["A₁ − A₀: what the step changed", at => at.step_change, 7, "A₁ − A₀"],
  ["−τD: dissipation", at => at.step_dissipation, 0, "−τD"],
  ["F₁: exact flux", at => at.step_flux, 1, "F₁"],
  ["Q: the step is finite", at => at.step_finite, 2, "Q"],
  ["X: drive", at => at.step_drive, 3, "X"],
  ["F₁ − τF: kernel remainder", at => at.step_remainder, 4, "F₁ − τF"],
  ["part of τF: the preconditioner changes", at => at.step_preconditioner, 5, "P′"]
];
const DRIVE_LINES = [
  ["X: drive in all", at => at.step_drive, 3, "X"],
  ["minibatch: the batch is not all samples", at => at.step_minibatch, 0, "minibatch"],
  ["momentum: gradients remembered", at => at.step_momentum, 1, "momentum"],
  ["weight decay", at => at.step_decay, 2, "decay"],
  ["clipped gradients", at => at.step_clipping, 4, "clipping"],
  ["Langevin noise", at => at.step_noise, 5, "noise"],
  ["running statistics: batches are normalised by their own", at => at.step_statistics, 7, "statistics"],
  ["R: the loss's frame turns", at => at.step_frame, 6, "frame"]
];
const isDriven = at => DRIVE_LINES.slice(1).some(([, get]) => get(at));
const lineSeries = (lines, at, run) => lines.map(([name, get, c, label], i) => ({ name, label, run: run.name, colour: c, dash: i, mark: i, size: 18, strong: i === 0, points: overBoundaries(at, get(at), aboveFloor(at)) }));
const FLUX_LINES = [
  ["flux F", at => at.flux, 0, "F"],
  ["migration", at => at.migration, 1, "migration"],
  ["transfer", at => at.transfer, 2, "transfer"],
  ["rounding error of F", at => at.flux_error, 7, "rounding"]
];

function velocitySeries(run, at) {
  const points = overBoundaries(at, at.velocity, i => known(at.flux[i]) && Math.abs(at.flux[i]) > 3 * at.flux_error[i] && at.density[i] > 0);
  const inertial = new Set(at.s.map((s, i) => (at.inertial && at.inertial[i] === 1 ? Math.exp(s) : NaN)));
  return [one(run, at, points.map(p => [p[0], p[1], inertial.has(p[0])]), { name: MANY ? run.name : "velocity w", size: 34 })];
}

function addSlider(parent) {
  const box = make(parent, "div", "moment");
  const label = make(box, "label", "", "Moment");
  const input = make(box, "input");
  const output = make(box, "output");
  Object.assign(input, { type: "range", min: 0, max: STEPS.length - 1, step: 1, value: STEPS.length - 1, id: "moment" });
  label.htmlFor = "moment";
  output.htmlFor = "moment";
  const show = () => {
    STATE.step = STEPS[Number(input.value)];
    const at = snapshotAt(MEASURED[0], STATE.step);
    const text = `step ${whole(STATE.step)} of ${whole(last(STEPS))}` + (MANY ? "" : `, time ${say(at.time)}, loss ${say(at.loss)}`);
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  input.addEventListener("input", () => { show(); redraw("moment"); redraw("all"); });
  show();
}

const energyUnit = "units of the loss";

/* A matrix-free measurement: A with the interval that is certain. */
const isBounded = at => Boolean(at.above_low);
const BOUND_LINES = [
  ["at most (guaranteed)", at => at.above_high, 1, "at most"],
  ["A by quadrature", at => at.above, 0, "A"],
  ["at least (guaranteed)", at => at.above_low, 2, "at least"]
];
const rateUnit = "units of the loss per time";

/* Eigenvalues per factor e in rate, so that the width of shells does not matter, at the middle of each. */
function countSeries(run, at) {
  if (!at.count) return [];
  const points = at.count.map((n, i) => {
    const h = at.s[i + 1] - at.s[i], d = at.count_error ? at.count_error[i] : 0;
    return [Math.exp(at.s[i] + h / 2), n / h, "", d > 0 ? Math.max(n - d, n / 10) / h : NaN, d > 0 ? (n + d) / h : NaN];
  });
  return [one(run, at, points.filter(p => inRange(Math.log(p[0])) && known(p[1]) && p[1] > 0.1), { name: MANY ? run.name : "eigenvalues" })];
}

function addMoment() {
  const section = addSection("One moment", "Move the slider (or use the arrow keys) to step through the measurements. Spectrum and density keep their scales, so that movement can be seen; the other figures follow the moment.");
  addSlider(section);
  const pair = make(section, "div", "pair");
  addChart(pair, { id: "spectrum", title: "Spectrum of the kernel", follows: "moment", names: false,
    x: { label: () => "rank, largest first", kinds: ["log", "linear"] }, y: valueAxis("eigenvalue λ", unitOf("lambda"), ["log", "linear"], {
      domain: (values, kind) => { const most = d3.max(values.filter(known)); return kind === "log" ? values.map(v => (v > 0 ? Math.max(v, most * 1e-18) : v)) : values.concat(0); } }),
    caption: "How many directions can be learned, and how fast. Shaded: eigenvalues are rounding noise.",
    all: () => MEASURED.flatMap(run => run.snapshots).map(at => ({ series: spectrumSeries(MEASURED[0], at) })).concat(spectrumPanels(now())),
    panels: () => spectrumPanels(now()) });
  const density = moments => {
    const series = MEASURED.flatMap((run, k) => [one(run, moments[k], overBoundaries(moments[k], moments[k].density, hasDensity(moments[k])), { name: MANY ? run.name : "density" })]);
    const start = MEASURED[0].snapshots[0];
    series.push(...firstAsShadow(overBoundaries(start, start.density, hasDensity(start)), "at the start"));
    const floors = moments.map(at => at.lambda_floor).filter(v => v > 0), floor = floors.length ? d3.max(floors) : NaN;
    const isOff = Math.log(floor) < S_RANGE[0];
    return [{ series, shades: floorShade(moments), note: isOff ? `noise: λ < ${say(floor, 2)}, left of this axis` : "" }];
  };
  addChart(pair, { id: "density", title: "Density of the error", follows: "moment", names: false, x: rateAxis,
    y: valueAxis("−dA/ds", "energy per nat", ["log", "linear"], { domain: (values, kind) => { const most = d3.max(values.filter(known)); return kind === "log" ? values.map(v => (v > 0 ? Math.max(v, most * 1e-10) : v)) : values.concat(0); } }),
    caption: "Error energy per factor e in rate: on linear scales the area is the loss. Shaded: eigenvalues are rounding noise.",
    all: () => MEASURED.flatMap(run => run.snapshots.map(at => ({ series: [{ name: "all", points: overBoundaries(at, at.density, hasDensity(at)) }] }))),
    panels: () => density(now()) });
  const counted = MEASURED.filter(run => run.snapshots.some(at => at.count));
  if (counted.length)
    addChart(pair, { id: "counts", title: "How many directions learn at each rate", wide: true, follows: "moment", names: false, x: rateAxis, y: valueAxis("eigenvalues per nat", "", ["log", "linear"]),
      caption: "The density of states: eigenvalues of the kernel per factor e in rate, whether there is error in them or not. Bars: one standard error, where they were counted by random vectors.",
      panels: () => [{ series: counted.flatMap(run => countSeries(run, snapshotAt(run, STATE.step))) }] });
  /* Several runs share one scale, and a slow one must not vanish beside a fast one. */
  const bothSigns = MANY ? ["symlog", "linear"] : ["linear", "symlog"];
  const budgetY = valueAxis("gain of A", rateUnit, bothSigns, { zero: true });
  addChart(pair, { id: "budget", title: "The budget", wide: true, height: 310, follows: "moment", names: false, x: rateAxis, y: budgetY,
    caption: "A(λ) is the error energy in modes faster than λ. At each λ: what learning removes, what flows in from below as the kernel changes, and what else drives it. Upward is gain.",
    panels: () => eachRun(now(), (at, run) => lineSeries(BUDGET_LINES, at, run)) });
  addChart(pair, { id: "flux", title: "Flux through each rate", wide: MANY, follows: "moment", names: false, x: rateAxis, y: valueAxis("F, upward", rateUnit, bothSigns, { zero: true }),
    caption: "Energy passing λ per unit of time because the kernel changes: above zero toward faster modes, below toward slower ones. F is migration (eigenvalues move) plus transfer (eigenvectors rotate).",
    panels: () => eachRun(now(), (at, run) => lineSeries(FLUX_LINES, at, run)) });
  addChart(pair, { id: "velocity", title: "Velocity of the error", wide: MANY, follows: "moment", names: false, x: rateAxis, y: valueAxis("w = F / density", "nat per time", ["symlog", "linear"], { zero: true }),
    caption: "How fast energy moves along ln λ. Filled marks: enough modes and flux for a velocity law; hollow: a number, not evidence.",
    panels: () => [{ series: MEASURED.flatMap((run, k) => velocitySeries(run, now()[k])) }] });
  if (MEASURED.some(r => r.snapshots.some(at => at.step_change)))
    addChart(pair, { id: "step", title: "The step that follows, exactly", wide: true, height: 290, follows: "moment", names: false, x: rateAxis, y: valueAxis("gain of A over one step", energyUnit, bothSigns, { zero: true }),
      caption: "The same budget for the finite step training really took: A₁ − A₀ = −τD + X + Q + F₁ to rounding. No step follows the last one: there the one measured before is shown.",
      panels: () => MEASURED.map(run => {
        const at = stepMoment(run);
        return { title: (MANY ? `${run.name}, ` : "") + `from step ${whole(at.step)} to ${whole(at.step + 1)}`, series: lineSeries(STEP_LINES.filter(([, get]) => get(at)), at, run) };
      }) });
  const bounded = MEASURED.filter(run => run.snapshots.some(isBounded));
  if (bounded.length)
    addChart(pair, { id: "certain", title: "What is certain: energy above each rate", wide: true, height: 290, follows: "moment", names: false, x: rateAxis, y: valueAxis("A", energyUnit, ["linear", "log"], { zero: true }),
      caption: "This kernel is known by products alone. Whatever its spectrum looks like in detail, the energy in modes faster than λ lies between the outer lines; the estimate between them is far better than they can promise.",
      panels: () => bounded.map(run => {
        const at = snapshotAt(run, STATE.step);
        return { title: (MANY ? `${run.name}, ` : "") + `${whole(at.lanczos_steps)} products with the kernel`, series: lineSeries(BOUND_LINES, at, run) };
      }) });
  const driven = MEASURED.filter(run => run.snapshots.some(isDriven));
  if (driven.length)
    addChart(pair, { id: "drive", title: "What drove that step", wide: true, height: 290, follows: "moment", names: false, x: rateAxis, y: valueAxis("gain of A over one step", energyUnit, bothSigns, { zero: true }),
      caption: "The drive X of the step, taken apart: each line is the work of one part of the step beside the full gradient, computed from its own direction in weight space.",
      panels: () => driven.map(run => {
        const at = stepMoment(run);
        return { title: (MANY ? `${run.name}, ` : "") + `from step ${whole(at.step)} to ${whole(at.step + 1)}`, series: lineSeries(DRIVE_LINES.filter(([, get]) => get(at)), at, run) };
      }) });
}

/* --- over time ---------------------------------------------------------------------------------- */

const BOUNDARIES = [...new Set(MEASURED.flatMap(r => r.snapshots.flatMap(at => (at.s || []).map(s => Math.round(s * 1e6) / 1e6))))].sort((a, b) => a - b).filter(inRange);
const indexOfBoundary = (at, s) => at.s.findIndex(v => Math.abs(v - s) < 1e-5);

/* Lines at one boundary over time. */
function trackSeries(run) {
  return BUDGET_LINES.map(([name, get, c, label], i) => ({ name, label, run: run.name, colour: c, dash: i, mark: i, size: 18,
    points: run.snapshots.map(at => { const values = get(at), k = indexOfBoundary(at, STATE.boundary); return [when(at), values && k >= 0 ? values[k] : NaN]; }) }));
}

function addBoundarySlider(parent) {
  const box = make(parent, "div", "moment plain");
  const label = make(box, "label", "", "Boundary");
  const input = make(box, "input");
  const output = make(box, "output");
  STATE.boundary = BOUNDARIES[0];
  /* start where half of the first energy lies above */
  const start = MEASURED[0].snapshots[Math.floor(MEASURED[0].snapshots.length / 2)], middle = Math.log(rateOfShare(start, 0.5));
  const begin = known(middle) ? d3.scan(BOUNDARIES, (a, b) => Math.abs(a - middle) - Math.abs(b - middle)) : 0;
  Object.assign(input, { type: "range", min: 0, max: BOUNDARIES.length - 1, step: 1, value: begin, id: "boundary" });
  label.htmlFor = "boundary";
  const show = () => {
    STATE.boundary = BOUNDARIES[Number(input.value)];
    const text = `λ = ${say(Math.exp(STATE.boundary))} (s = ${signed(STATE.boundary.toFixed(2))})`;
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  input.addEventListener("input", () => { show(); redraw("boundary"); });
  show();
}

const closureSeries = run => [
  { name: runName(run, "closure error"), colour: run.index, dash: run.index, mark: run.index, points: run.snapshots.map(at => [when(at), at.closure_error]), label: "closure error" },
  { name: runName(run, "its rounding floor"), colour: MANY ? run.index : 7, dash: 2, thin: true, points: run.snapshots.map(at => [when(at), at.closure_floor]), label: "rounding floor" },
  { name: runName(run, "mismatch of the step"), colour: MANY ? run.index : 2, dash: 1, thin: true, mark: 2, size: 18, points: run.snapshots.map(at => [when(at), at.step_mismatch]), label: "step mismatch" }
].map(s => Object.assign(s, { run: run.name, points: s.points.filter(p => known(p[1])) }));

function addOverTime() {
  const section = addSection("The budget over time", "The same lines at one boundary, through the whole run; and how well the books balance.");
  addBoundarySlider(section);
  const pair = make(section, "div", "pair");
  const chart = addChart(pair, { id: "track", title: "Gains and losses above the boundary", wide: true, height: 290, follows: "boundary", x: whenAxis(), y: valueAxis("gain of A", rateUnit, ["symlog", "linear"], { zero: true }),
    panels: () => MEASURED.map(run => ({ title: MANY ? run.name : "", series: trackSeries(run) })) });
  last(FIGURES).follows = "boundary";
  FIGURES.push({ draw: last(FIGURES).draw, follows: "when" });
  addChart(pair, { id: "closure", title: "How well the budget closes", wide: true, height: 250, follows: "when", x: whenAxis(), y: valueAxis("error, share of the largest line", "", ["log", "linear"]),
    caption: "Largest |dA/dt − (F − D + X)| over all boundaries, relative to the largest D: dA/dt is taken from two states a small time apart. Rounding alone leaves the dotted floor. The step’s mismatch compares both sides of the finite-step budget.",
    panels: () => [{ series: MEASURED.flatMap(closureSeries) }] });
  return chart;
}

/* --- where it comes from ------------------------------------------------------------------------ */

function addEntries(parent, id, title, listOf) {
  const figure = make(parent, "figure");
  figure.dataset.chart = id;
  make(make(figure, "div", "head"), "h3", "", title);
  const table = make(figure, "table", "facts");
  if (MANY) {
    const head = make(make(table, "thead"), "tr");
    make(head, "th", "", "");
    RUNS.forEach(run => { make(head, "th", "", run.name).scope = "col"; });
  }
  const body = make(table, "tbody");
  const keys = [...new Set(RUNS.flatMap(run => listOf(run).map(e => e[0])))];
  for (const key of keys) {
    const values = RUNS.map(run => entry(listOf(run), key));
    const row = make(body, "tr", new Set(values).size > 1 ? "differs" : "");
    make(row, "th", "", key.replace(/_/g, " ")).scope = "row";
    values.forEach(v => make(row, "td", "", v === null ? "–" : v === "" ? "(empty)" : v));
  }
}

function addProvenance() {
  const section = addSection("Configuration and provenance", MANY ? "Settings that differ between the runs are set in bold." : "Everything that decides the numbers above.");
  const pair = make(section, "div", MANY ? "" : "pair");
  addEntries(pair, "settings", "Configuration", run => run.settings);
  if (MANY) make(pair, "div").style.height = "2rem";
  addEntries(pair, "facts", "Provenance", run => [["folder", run.folder], ...run.facts]);
}

function addFooter() {
  const footer = make(page, "footer");
  make(footer, "p", "", "Symbols: M the kernel J Jᵀ / N, λ its eigenvalues, s = ln λ; A(s) the error energy above s, D dissipation, F flux, X drive, w velocity. " +
    "dA/dt = F − D + X. Shells, budget and velocity are renorm’s own definitions; its theory pages derive them. Learning time is the sum of step sizes, and the kernel’s rates are per unit of it.");
  make(footer, "p", "", "Numbers here carry 9 significant digits; the run’s folder has them in full. This page is one file and needs no network. Figures use D3 (Mike Bostock, BSD 3-clause; licence in the page’s source).");
}

/* --- all ---------------------------------------------------------------------------------------- */

const page = document.getElementById("page");
document.title = `renorm: ${MANY ? RUNS.length + " runs" : RUNS[0].name}`;
addHeader(page);
if (MEASURED.length) addVerdict();
addCurves();
addForecast();
if (MEASURED.length) {
  addEnergies();
  addMoment();
  addOverTime();
  addCouplings();
}
addProvenance();
addFooter();
redraw();

/* Widths and colours that change. */
let drawnWidth = page.clientWidth, waiting = 0;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (page.clientWidth === drawnWidth) return;
    drawnWidth = page.clientWidth;
    redraw();
  }, 120);
});
DARK.addListener(() => redraw());
addEventListener("beforeprint", () => { printing = true; redraw(); });
addEventListener("afterprint", () => { printing = false; redraw(); });
document.documentElement.dataset.ready = "yes";
