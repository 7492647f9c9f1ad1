/* What the loss will be: forecasts from the last measurement, and one made earlier, held against what came. */

const METHODS = [
  ["transport", "transport: modes move with the measured velocity"],
  ["frozen", "frozen: modes decay where they are"],
  ["line", "curve fit, straight in the logarithms"],
  ["power", "curve fit, power law with floor"]
];

function forecastRow(run) {
  const f = run.forecast;
  if (!f) return { big: "cannot tell", tone: "open", words: "The run has no record at a positive time to start from." };
  if (!f.chosen) return { big: "cannot tell", tone: "open", words: f.sentence.replace(/^Cannot tell: /, "").replace(/^./, c => c.toUpperCase()) };
  const end = last(f.lines), [loss, , , low, high] = end[f.chosen];
  const how = { transport: "the network’s modes, moved with their measured velocity", frozen: "the network’s modes, decaying where they are", power: "a curve fit alone: the network’s modes cannot tell" }[f.chosen];
  const line = end.line[0], p = run.past_forecast, then = p && p.chosen ? last(p.lines) : null;
  return {
    big: say(loss, 2), unit: ` at ${say(end.factor, 2)} times the training`,
    words: `90 % interval ${say(low, 2)} to ${say(high, 2)}, from ${how}; today’s loss is ${say(f.loss, 2)}.` +
      (known(line) && f.chosen !== "power" ? ` A straight line through the last half decade would say ${say(line, 2)}.` : "") +
      (then && known(then.measured) && known(then[p.chosen][0]) ?
        ` The same method at step ${whole(p.step)} foretold ${say(then[p.chosen][0], 2)} for now (${say(then[p.chosen][3], 2)} to ${say(then[p.chosen][4], 2)}); it became ${say(then.measured, 2)}.` : "")
  };
}

function forecastSeries(f, colourOf) {
  if (!f) return [];
  const series = [];
  METHODS.forEach(([key, name], i) => {
    const points = f.lines.filter(l => known(l[key][0])).map(l => [l.time, l[key][0]]);
    if (!points.length) return;
    series.push({ name, label: key, run: "", colour: colourOf(i), dash: i, strong: key === f.chosen, thin: key !== f.chosen, points: [[f.from, f.loss], ...points] });
  });
  if (f.chosen)
    for (const [k, end] of [[3, "from"], [4, "to"]])
      series.push({ name: `90 % ${end}`, label: `90 % ${end}`, run: "", colour: 7, dash: 2, thin: true, points: [[f.from, f.loss], ...f.lines.filter(l => known(l[f.chosen][k])).map(l => [l.time, l[f.chosen][k]])] });
  return series;
}

const measuredCurve = (run, until) => ({ name: "measured", run: run.name, colour: 0, dash: 0, points: run.metrics.time.map((t, i) => [t, run.metrics.loss[i]]).filter(p => p[0] > 0 && p[0] <= until) });

function forecastPanel(run, f, until) {
  return { title: MANY ? run.name : "", series: [measuredCurve(run, until), ...forecastSeries(f, i => i + 1)], refs: f ? [{ x: f.from, label: "forecast from here" }] : [] };
}

/* Held-out losses foretold from a measurement: marks with their 90 % intervals. */
const heldOutMarks = (name, f, k) => ({ name, run: "", colour: k + 1, dash: k + 1, mark: k + 1, size: 40, thin: true,
  points: [[f.from, f.held_out.loss], ...f.held_out.lines.filter(l => known(l.frozen[0])).map(l => [l.time, l.frozen[0], true, l.frozen[3], l.frozen[4]])] });

function addHeldOut(section) {
  const able = RUNS.filter(run => run.forecast && run.forecast.held_out);
  if (!able.length) return;
  const gap = make(section, "div");
  gap.style.height = "2.2rem";
  addChart(section, { id: "held-out-forecast", title: "The held-out loss", wide: true, height: 300, follows: "all", names: false,
    x: { label: () => "learning time t = sum of step sizes", kinds: ["log", "linear"], say: v => `time ${say(v, 4)}` }, y: valueAxis("held-out loss", "", ["log", "linear"]),
    caption: "At 2, 4 and 10 times the time of a measurement, from the modes as they were then, carried to the held-out samples by their own Jacobian; bars are 90 % intervals, calibrated on a bank of other runs.",
    panels: () => able.map(run => {
      const past = run.past_forecast && run.past_forecast.held_out ? [heldOutMarks("foretold at a tenth of the run", run.past_forecast, 1)] : [];
      const curve = { name: "measured", run: run.name, colour: 0, dash: 0, points: run.metrics.time.map((t, i) => [t, run.metrics.held_out_loss[i]]).filter(p => p[0] > 0 && known(p[1])) };
      return { title: MANY ? run.name : "", series: [curve, heldOutMarks("foretold from the last measurement", run.forecast, 0), ...past], refs: [{ x: run.forecast.from, label: "last measurement" }] };
    }) });
}

function addForecast() {
  const able = RUNS.filter(run => run.forecast && run.forecast.lines.length);
  if (!able.length) return;
  const section = addSection("What the loss will be", "Forecasts of the training loss from one measurement of the spectrum: every mode decays at its rate, and moves as the shells were seen to move. Curve fits know nothing of the network and stand beside.");
  const axes = { x: { label: () => "learning time t = sum of step sizes", kinds: ["log", "linear"], say: v => `time ${say(v, 4)}` }, y: valueAxis("training loss", "", ["log", "linear"]) };
  addChart(section, Object.assign({ id: "forecast", title: "From the last measurement on", wide: true, height: 300, follows: "all",
    caption: "Dotted: 90 % interval of the strong line. Its width was calibrated on a bank of other runs; beyond ten times the training nothing was back-tested.",
    panels: () => able.map(run => forecastPanel(run, run.forecast, Infinity)) }, axes));
  for (const run of able) for (const [key, why] of Object.entries(run.forecast.cannot_tell))
    make(section, "p", "words", `${MANY ? run.name + ", " : ""}${key} cannot tell: ${why}.`);
  addPast(section, able, axes);
  addHeldOut(section);
}

function addPast(section, able, axes) {
  const past = able.filter(run => run.past_forecast && run.past_forecast.chosen);
  if (!past.length) return;
  const gap = make(section, "div");
  gap.style.height = "2.2rem";
  addChart(section, Object.assign({ id: "past-forecast", title: "The same, made at a tenth of the run", wide: true, height: 300, follows: "all",
    caption: "What was forecast then, with what was known then, against the loss that came.",
    panels: () => past.map(run => forecastPanel(run, run.past_forecast, Infinity)) }, axes));
}
