/* The verdict, condition by condition: the numbers, and what a reader can do with them. */

const CHECK = DATA.check;
const ANSWER_TONE = { "holds": "good", "fails": "bad", "cannot tell": "open" };
const CONCLUSION_TONE = { "renormalizes, power law": "good", "renormalizes, no power law": "good", "does not renormalize": "bad", "cannot tell": "open" };

/* What each question means, what moves its number, and what follows from each answer. */
const CONDITIONS = [
  { id: "law", title: "The law itself", question: "Is the speed with which error drifts through the spectrum a power of the rate λ?",
    means: "While the network learns, its error moves between fast and slow modes. If the speed of that drift is a power, w = c₀ t^γ λ^a, one formula with three constants describes every scale and all later times, and the loss can be extrapolated far. Gradient flow ties the two exponents together: γ must equal a − 1. The number is their mismatch γ − (a − 1); it must be 0 within its interval, over at least a factor 10 in time and in λ, and no richer formula may predict left-out measurements better.",
    changes: "Longer training and more measurements widen the range and narrow the interval. More samples give more modes to each shell. Architecture, step size and loss decide whether there is a law at all.",
    holds: "Extrapolate: the exponents below describe what comes next as long as the setting stays the same. Give the interval with the number.",
    fails: "Do not extrapolate this run with a power law in λ; fit the loss curve over the range that was seen, and state its end.",
    open: "Collect what is named below. Until then the velocity figures describe, and predict nothing." },
  { id: "C1", title: "C1 · bounded propagation", question: "Do changes pass through the network without being blown up, however deep it is?",
    means: "Gain: by how much a small change at one block grows, at most, until it reaches a later one. Influence: what part of a block’s own effect on the output is rewritten by the learning of all blocks while the loss falls by a factor e. One network has one gain; the condition asks whether these numbers stay bounded when the network is made deeper, so the verdict needs runs of several depths. The number that decides is the exponent b in gain ∝ depth^b: 0 is bounded, a product of critical random layers has 1/2.",
    changes: "Residual branches scaled by 1/√depth, a smaller gain of the weights, or normalisation lower both. Plain stacks of layers raise them with depth.",
    holds: "What you measure on a shallow version says something about deeper ones. Make it deeper with confidence.",
    fails: "Scale the branches (model.gain: 0 does it for residual nets) or add them, and measure again. Do not carry shells or exponents of a shallow net over to a deep one.",
    open: "Run a study over depth: at least 3 depths, the largest 4 times the smallest, 4 seeds each, then renorm check on all of its cells." },
  { id: "C2", title: "C2 · incoherent blocks at the start", question: "Do the blocks of the fresh network act in different directions?",
    means: "Overlap: how alike two blocks’ contributions to the kernel are, from 0 (nothing in common) to 1 (the same). The row sum says how many blocks act like one. All networks we know have large overlaps, since their blocks see the same samples; so this is a number to compare architectures by, not a verdict.",
    changes: "Residual nets have the largest overlaps, plain nets smaller ones that fall with the distance between blocks.",
    open: "Nothing follows from it alone. Compare it between your arms." },
  { id: "C3", title: "C3 · controlled evolution", question: "Does the kernel change steadily, without bursts, and alike for all seeds?",
    means: "The kernel is what decides which errors are learned how fast. Relative speed: the share of it that is new by the time the loss has fallen by a factor e. A burst is a moment at which this speed stands out by a factor 3 over what is before and after: a reorganisation that no smooth law describes. The second number asks whether seeds scatter less in wider networks, and needs runs of several widths.",
    changes: "Large steps, large initial outputs and small widths make bursts. Smaller steps, warm-up, a wider network or a smaller readout calm them.",
    holds: "A law measured before any moment of this run may be used after it.",
    fails: "Look for the step of the burst in the figures below. Fit and forecast on one side of it only; lower the step size there.",
    open: "Measure more often (measure.snapshots: 20 or more), and run several widths with 4 seeds or more for the second number." },
  { id: "C4", title: "C4 · every scale looks alike", question: "Do fast and slow modes mix in the same way, up to a power of the rate?",
    means: "Couplings say how strongly the kernel’s motion mixes the modes of two shells. If they depend on the distance between shells alone, up to a common tilt, no scale is special, and then any drift of the error can only be a power law. Δₓ measures how far from this the couplings are, with the scatter of sampling taken out: 0.1 means that couplings of one scale differ by about 10 % from those of another. It must lie below 0.15.",
    changes: "Depth with well-scaled residual branches keeps it low; deep plain nets raise it to 0.2 and more. Gain and activation matter: compare the arms of a study. More samples and more seeds narrow the interval.",
    holds: "The network gives a power law the ground it needs. Look at the law itself for its exponents.",
    fails: "Some scale is special. See in the couplings below which stripe breaks off, try scaled residual branches or another gain. A law that was measured stands all the same.",
    open: "Use more samples, so that at least 8 shells hold 4 modes each, or several seeds; activations with kinks (relu) have no such number, gelu has." }
];

/* 0 … 1 along a bar that shows value, interval and threshold; nothing where there is no interval. */
function drawInterval(parent, line) {
  const marks = [line.low, line.high, line.threshold, line.value].filter(known);
  if (!known(line.low) || !known(line.high) || !known(line.threshold)) return;
  const [least, most] = d3.extent(marks), room = (most - least) * 0.12 || 1;
  const x = d3.scaleLinear().domain([least - room, most + room]).range([0, 300]);
  const svg = d3.select(parent).append("svg").attr("class", "interval").attr("viewBox", "-6 0 312 40").attr("role", "img")
    .attr("aria-label", `Interval from ${say(line.low)} to ${say(line.high)}; threshold ${say(line.threshold)}.`);
  const tone = `var(--${ANSWER_TONE[line.answer]})`;
  svg.append("path").attr("d", "M0,14H300").style("stroke", "var(--line)").style("stroke-width", 2);
  svg.append("path").attr("d", `M${x(line.low)},14H${x(line.high)}`).style("stroke", tone).style("stroke-width", 6).style("stroke-linecap", "round").style("opacity", .45);
  svg.append("circle").attr("cx", x(line.value)).attr("cy", 14).attr("r", 5).style("fill", tone);
  svg.append("path").attr("class", "ref").attr("d", `M${x(line.threshold)},2V26`).style("stroke", "var(--ink)");
  const end = x(line.threshold) > 210 ? "end" : x(line.threshold) < 90 ? "start" : "middle";
  svg.append("text").attr("x", x(line.threshold)).attr("y", 38).attr("text-anchor", end).text(`threshold ${say(line.threshold)}`);
}

function addNumber(parent, line) {
  const row = make(parent, "div", line.answer ? "number decides" : "number");
  const head = make(row, "p", "quantity");
  make(head, "b", "", line.quantity);
  const unit = line.unit === "1" ? "" : " " + line.unit;
  head.append(known(line.value) ? ` ${say(line.value)}${unit}` : " no number");
  if (known(line.low) && known(line.high)) head.append(`, from ${say(line.low)} to ${say(line.high)}`);
  if (line.answer) make(head, "span", `answer ${ANSWER_TONE[line.answer]}`, line.answer);
  if (line.answer) drawInterval(row, line);
  if (line.reason && line.reason !== "see what would suffice") make(row, "p", "words", sentence(line.reason));
  if (line.remedy && line.remedy !== line.reason) {
    const p = make(row, "p", "words");
    make(p, "b", "", "Would suffice: ");
    p.append(`${line.remedy}.`);
  }
  if (line.origin) make(row, "p", "words origin", sentence(line.origin));
}
const sentence = text => (text.startsWith("renorm ") ? text : text[0].toUpperCase() + text.slice(1)) + (/[.:]$/.test(text) ? "" : ".");

/* One run: its number stands beside the answer. */
function addDeciding(parent, line) {
  if (!line || !known(line.value)) return;
  const box = make(parent, "div", "deciding");
  const limit = known(line.threshold) && !known(line.low) ? ` (threshold ${say(line.threshold)})` : "";
  make(box, "p", "", `${line.quantity}: ${say(line.value)}${line.unit === "1" ? "" : " " + line.unit}${limit}`);
  drawInterval(box, line);
  if (line.reason) make(box, "p", "", sentence(line.reason));
}

function addCondition(parent, condition) {
  const box = make(parent, "article", "condition");
  box.dataset.condition = condition.id;
  make(box, "h3", "", condition.title);
  make(box, "p", "question", condition.question);
  const judged = condition.id !== "C2";
  if (judged) {
    const list = make(box, "p", "answers");
    for (const subject of CHECK) {
      if (CHECK.length > 1) make(list, "span", "who", subjectName(subject) + " ");
      make(list, "span", `answer ${ANSWER_TONE[subject.answers[condition.id]]}`, subject.answers[condition.id]);
    }
    if (CHECK.length === 1) addDeciding(box, CHECK[0].lines.find(line => line.condition === condition.id && line.answer));
  }
  const told = new Set(CHECK.map(s => s.answers[condition.id]));
  const words = make(box, "dl");
  const say_ = (term, text) => { make(words, "dt", "", term); make(words, "dd", "", text); };
  say_("What it means", condition.means);
  say_("What would change it", condition.changes);
  const needs = CHECK.length === 1 ? [...new Set(CHECK[0].lines.filter(l => l.condition === condition.id && l.remedy).map(l => l.remedy))] : [];
  for (const [answer, key] of [["holds", "holds"], ["fails", "fails"], ["cannot tell", "open"]])
    if (told.has(answer) && condition[key] && !(key === "open" && needs.length))
      say_(judged && told.size > 1 ? `What to do where it ${answer === "cannot tell" ? "cannot be told" : answer}` : "What to do", condition[key]);
  needs.forEach((text, i) => (i ? make(words, "dd", "", sentence(text)) : say_("What would suffice to tell", sentence(text))));
  const details = make(box, "details");
  make(details, "summary", "", "Numbers, thresholds and where they come from");
  for (const subject of CHECK) {
    const lines = subject.lines.filter(line => line.condition === condition.id);
    if (CHECK.length > 1 && lines.length) make(details, "p", "who", subjectName(subject));
    lines.forEach(line => addNumber(details, line));
    if (!lines.length && CHECK.length === 1) make(details, "p", "words", "Not measured in this run.");
  }
}

const subjectName = subject => (subject.is_family ? `${subject.name} (${subject.runs} runs together)` : subject.name);

/* The answers at a glance: one row for each run and family. */
function addAnswers(parent) {
  const box = make(parent, "div", "scroll");
  const table = make(box, "table", "verdicts");
  const head = make(make(table, "thead"), "tr");
  ["", "verdict", ...CONDITIONS.filter(c => c.id !== "C2").map(c => c.id)].forEach(text => { make(head, "th", "", text).scope = "col"; });
  const body = make(table, "tbody");
  for (const subject of CHECK) {
    const row = make(body, "tr");
    make(row, "th", "", subjectName(subject)).scope = "row";
    make(row, "td", CONCLUSION_TONE[subject.conclusion], subject.conclusion);
    for (const c of CONDITIONS) if (c.id !== "C2") make(row, "td", ANSWER_TONE[subject.answers[c.id]], subject.answers[c.id]);
  }
}

function addVerdict() {
  const section = addSection("The verdict, condition by condition", "Does the run follow a power law, and does the network have what makes one? Four conditions are known to be sufficient: together they imply a law. None of them is necessary, so one that fails proves nothing.");
  if (CHECK.length > 1) addAnswers(section);
  else make(section, "p", "sentence", sentence(CHECK[0].sentence));
  const list = make(section, "div", "conditions");
  CONDITIONS.forEach(condition => addCondition(list, condition));
  make(section, "p", "lead", "The conditions are those of Y. Zhang (arXiv 2512.18209). How they are measured, and every threshold, is renorm’s own definition, calibrated on synthetic data with known answers so that at most 5 of 100 verdicts are wrong; docs/calibration.md has the tables.");
}
