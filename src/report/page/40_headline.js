/* The first screen: what a reader wants to know, in words, from measured numbers only. */

const closest = run => last(run.snapshots);
const lossOf = at => (known(at.loss) ? at.loss : d3.sum(at.energy || []));

/* λ above which the share q of the error sits; NaN where it cannot be told. */
function rateOfShare(at, q) {
  if (!at.above) return NaN;
  const total = lossOf(at);
  for (let i = at.s.length - 1; i > 0; i--) {
    const here = at.above[i], below = at.above[i - 1];
    if (!known(here) || !known(below) || below < q * total) continue;
    const t = below > here ? (q * total - here) / (below - here) : 0;
    return Math.exp(at.s[i] + t * (at.s[i - 1] - at.s[i]));
  }
  return NaN;
}

/* Energy-weighted speed of the flux where it is well above its rounding: sum F / sum density. */
function meanVelocity(at) {
  let flux = 0, density = 0, count = 0, total = 0;
  if (!at.flux || !at.inertial) return { count };
  at.flux.forEach((f, i) => {
    if (!known(f) || !known(at.density[i]) || at.inertial[i] !== 1) return;
    flux += f; total += Math.abs(f); density += at.density[i]; count++;
  });
  return { count, w: flux / density, agreement: Math.abs(flux) / total };
}

const firstKnown = list => (list || []).find(known);
const lastKnown = list => { const found = (list || []).filter(known); return last(found); };

function changeText(a, b) {
  if (!(a > 0 && b > 0)) return "";
  const ratio = a / b;
  return ratio >= 1 ? `${say(ratio)} times smaller than at the start` : `${say(1 / ratio)} times larger than at the start`;
}

function lossRow(run) {
  const m = run.metrics, a = m.loss[0], b = last(m.loss);
  return { big: `${say(a)} → ${say(b)}`, words: `Mean error on the training samples: ${changeText(a, b)}, after ${whole(last(m.step))} steps.` };
}

function heldOutRow(run) {
  const m = run.metrics, a = firstKnown(m.held_out_loss), b = lastKnown(m.held_out_loss);
  if (!known(b)) return { big: "not measured", tone: "open", words: "No held-out samples were evaluated in this run." };
  const accuracy = lastKnown(m.held_out_accuracy), gap = b / last(m.loss);
  const words = `Mean error on samples it never trained on, ${say(gap)} times the training loss` +
    (known(accuracy) ? `; ${percent(accuracy)} of them classified right.` : ".");
  return { big: `${say(a)} → ${say(b)}`, words };
}

/* Time of one of the last steps: with momentum more than the learning rate. */
function lastStepTime(run) {
  const { step, time } = run.metrics, k = step.length - 1;
  return k > 0 ? (time[k] - time[k - 1]) / (step[k] - step[k - 1]) : NaN;
}

function placeRow(run) {
  if (!run.snapshots.length) return notMeasured();
  const at = closest(run), low = rateOfShare(at, 0.75), mid = rateOfShare(at, 0.5), high = rateOfShare(at, 0.25);
  const null_share = known(at.null_energy) ? at.null_energy / lossOf(at) : NaN;
  if (!known(mid) && null_share >= 0.25)
    return { big: "below the floor", unit: ` (${percent(null_share)})`, words: `${percent(null_share)} of the remaining error lies below the rounding floor of the spectrum, where rates cannot be told from zero: directions in which this network is not learning.` };
  if (!known(mid)) return { big: "cannot tell yet", tone: "open", words: "The energies of the shells were not measured at the last moment." };
  const tau = lastStepTime(run), steps = known(tau) && tau > 0 ? 1 / (mid * tau) : NaN;
  return {
    big: `λ ≈ ${say(mid, 2)}`, unit: " per time",
    words: `Half of the remaining error is learned slower than this rate; ` +
      (known(low) ? `the middle half lies between ${say(low, 2)} and ${say(high, 2)}. ` : `a quarter of it faster than ${say(high, 2)}. `) +
      (known(steps) ? `An error at this rate falls by e in about ${say(steps, 2)} steps. ` : "") +
      (known(null_share) ? `${null_share > 0 ? percent(null_share) : "None"} of it ${isFree(run) ? "lies below all shells, not resolved" : "is hidden below the rounding floor"}.` : "")
  };
}

const CLOSES_BELOW = 1e-3;

const isFree = run => run.snapshots.some(at => known(at.lanczos_steps));

/* A matrix-free run: what the products with the kernel leave open. */
function quadratureRow(run) {
  const found = run.snapshots.filter(at => known(at.lanczos_steps));
  const open = d3.max(found, at => at.null_energy / at.loss);
  const spread = d3.max(found, at => d3.sum(at.energy_spread || [], (v, i) => Math.min(v, at.energy[i])) / at.loss);
  const sure = d3.min(found, at => d3.sum(at.energy_low || [], (low, i) => (at.energy_high[i] - low <= 0.2 * at.energy[i] ? at.energy[i] : 0)) / at.loss);
  const flux = d3.max(found, at => (at.flux ? d3.max(at.flux_error.filter(known)) / d3.max(at.flux.filter(known), Math.abs) : NaN));
  return {
    big: percent(spread), unit: " uncertain", tone: spread < 0.1 ? "good" : "open",
    words: `Shells come from ${whole(d3.max(found, at => at.lanczos_steps))} products with the kernel. Their errors, as calibrated, add up to at most ${percent(spread)} of the loss; ` +
      `shells with ${percent(sure)} of it are guaranteed to 10 %, and ${percent(open)} lies below all shells, not resolved.` +
      (known(flux) ? ` Half the products change the flux by at most ${percent(flux)} of its largest.` : "")
  };
}

function budgetRow(run) {
  if (isFree(run)) return quadratureRow(run);
  const found = run.snapshots.filter(at => known(at.closure_error));
  const steps = run.snapshots.map(at => at.step_mismatch).filter(known);
  const ending = steps.length ? ` For the finite steps the lines add up to ${say(d3.max(steps), 2)} of the largest.` : "";
  if (!found.length && !steps.length) return notMeasured();
  if (!found.length) return { big: "cannot tell yet", tone: "open", words: "Instantaneous rates were not checked in this run." + ending };
  const worst = found.reduce((a, b) => (b.closure_error > a.closure_error ? b : a));
  const ok = worst.closure_error <= CLOSES_BELOW;
  return {
    big: ok ? "closes" : "does not close", tone: ok ? "good" : "bad", unit: ` to ${say(worst.closure_error, 2)}`,
    words: `Gains and losses, each measured on its own, miss the true change of energy by at most ${say(worst.closure_error, 2)} of the largest loss rate ` +
      `(at step ${whole(worst.step)}; rounding alone leaves ${say(worst.closure_floor, 2)}). We call less than 0.001 closed.` + ending
  };
}

function fluxRow(run) {
  if (!run.snapshots.length) return notMeasured();
  const at = closest(run), v = meanVelocity(at);
  const kinks = run.snapshots.some(s => s.kink_share > 0.1);
  if (/relu|abs|hard/.test(setting(run, "model.activation") || "") && kinks)
    return { big: "cannot tell yet", tone: "open", words: "The activation has kinks, and the exact tangent misses more than 10 % of what they do; flux and velocity are not to be trusted here." };
  if (!v.count) return { big: "cannot tell yet", tone: "open", words: "Nowhere in the spectrum are there enough modes, with a flux above its rounding error, to speak of a velocity." };
  const down = v.w < 0;
  if (v.agreement < 0.6)
    return { big: "↕ both ways", words: `At step ${whole(at.step)} the flux is upward in some parts of the spectrum and downward in others, and the two nearly cancel: one direction would mislead. See the flux figure below.` };
  const fluxes = at.flux.filter(known).map(Math.abs), losses = at.dissipation.filter(known);
  return {
    big: down ? "↓ to slower modes" : "↑ to faster modes",
    words: `At step ${whole(at.step)} the error moves through the spectrum at ${say(v.w, 2)} nat per unit of learning time: a factor e in rate takes ${say(Math.abs(1 / v.w), 2)}. ` +
      `At its strongest this flux is ${percent(d3.max(fluxes) / d3.max(losses))} of what learning removes.`
  };
}

const notMeasured = () => ({ big: "not measured", tone: "open", words: "This run recorded no snapshots of the spectrum." });

const CARDS = [
  ["What will the loss be?", forecastRow, "broad"],
  ["Loss, start → now", lossRow],
  ["Held-out loss, start → now", heldOutRow],
  ["Where the error sits now", placeRow],
  [RUNS.length && RUNS.every(isFree) ? "How sure are the shells?" : "Does the energy budget add up?", budgetRow],
  ["Which way does the error flow?", fluxRow]
];

function addCards(parent) {
  const box = make(parent, "div", "cards");
  for (const [title, rowOf, more] of CARDS) {
    const card = make(box, "div", "card" + (more ? " " + more : ""));
    make(card, "h3", "", title);
    for (const run of RUNS) {
      const row = make(card, "div", "row"), r = rowOf(run);
      if (MANY) make(row, "p", "who", run.name);
      const big = make(row, "p", "big " + (r.tone || ""), r.big);
      if (r.unit) make(big, "small", "", r.unit);
      make(row, "p", "words", r.words);
    }
  }
  const card = make(box, "div", "card");
  make(card, "h3", "", "Does it follow a power law?");
  for (const subject of CHECK.filter(s => !s.is_family)) {
    const row = make(card, "div", "row");
    if (MANY) make(row, "p", "who", subject.name);
    make(row, "p", `big ${CONCLUSION_TONE[subject.conclusion]}`, subject.conclusion);
    if (!MANY) make(row, "p", "words", sentence(subject.sentence.slice(subject.conclusion.length + 2)));
  }
  if (MANY) make(card, "p", "words", "The table below says why.");
}

/* One line that says what was trained. */
function describe(run) {
  const f = key => fact(run, key), s = key => setting(run, key);
  const parts = [];
  const depth = s("model.depth"), kind = s("model.kind");
  if (kind) parts.push([depth ? `${depth}-layer` : "", s("model.residual") === "true" ? "residual" : "", s("model.activation"), kind === "mlp" ? "MLP" : kind].filter(Boolean).join(" "));
  if (f("weights")) parts.push(`${whole(Number(f("weights")))} weights`);
  if (f("samples")) parts.push(`${whole(Number(f("samples")))} samples × ${f("outputs")} output${f("outputs") === "1" ? "" : "s"}`);
  if (s("data.kind")) parts.push(s("data.kind").replace(/_/g, " "));
  if (s("train.kind")) parts.push(s("train.kind").replace(/_/g, " "));
  parts.push(`${whole(last(run.metrics.step))} steps`, `${run.snapshots.length} measurements`);
  return parts.join(" · ");
}

function addHeader(parent) {
  make(parent, "p", "over", `renorm ${DATA.version} · report`);
  make(parent, "h1", "", MANY ? `${RUNS.length} runs side by side` : RUNS[0].name);
  make(parent, "p", "lead", "Where in the spectrum of the network’s kernel the error sits, how fast it is removed there, and which way it moves.");
  for (const gone of DATA.left_out) {
    const box = make(parent, "p", "alert");
    make(box, "b", "", `Left out: ${gone.folder}. `);
    box.append(gone.message);
  }
  const list = make(parent, "ul", "runs");
  for (const run of RUNS) {
    const item = make(list, "li");
    if (MANY) {
      item.innerHTML = swatch({ colour: run.index, dash: run.index, mark: run.index });
      make(item, "b", "", run.name + " ");
    }
    item.append(describe(run));
  }
  for (const run of RUNS) for (const note of run.notes) {
    const box = make(parent, "p", "alert");
    make(box, "b", "", `Note on ${run.name}: `);
    box.append(note + ".");
  }
  addCards(parent);
}
