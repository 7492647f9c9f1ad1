/* A study: medians and quartiles as small multiples, the gap to the reference with its interval, the
   verdicts of its families, a table to copy. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const ARMS = DATA.arms, KEYS = DATA.keys, POINTS = DATA.points, QUANTITIES = DATA.quantities;
const page = document.getElementById("page");
const MOMENTS = ["first", "last"];

/* Along the axis of figures: the key of numbers with most values; the others make the panels. */
const valuesOf = k => [...new Set(POINTS.map(p => p[k]))];
const isNumeric = k => valuesOf(k).every(v => v !== "" && isFinite(Number(v)));
const AXIS = d3.range(KEYS.length).filter(k => isNumeric(k) && valuesOf(k).length > 1).sort((a, b) => (KEYS[b] === "model.depth") - (KEYS[a] === "model.depth") || valuesOf(b).length - valuesOf(a).length)[0];
const OTHERS = d3.range(KEYS.length).filter(k => k !== AXIS);
const shortKey = key => key.replace(/^.*\./, "").replace(/_/g, " ");
const panelName = p => OTHERS.filter(k => valuesOf(k).length > 1).map(k => `${shortKey(KEYS[k])} ${POINTS[p][k]}`).join(", ");
const PANELS = [...new Set(POINTS.map((_, p) => panelName(p)))];
const along = p => (AXIS === undefined ? 1 : Number(POINTS[p][AXIS]));
const pointName = p => KEYS.map((key, k) => `${shortKey(key)} ${POINTS[p][k]}`).join(", ");

const STATE = { quantity: Math.max(0, QUANTITIES.findIndex(q => q.name === "coupling_delta_tilt")), at: 0, gap: "ratio" };
const redraw = () => FIGURES.forEach(f => f.draw());

/* [count, median, low, high, difference, low, high, ratio, low, high] */
const lineOf = (p, a) => DATA.summary[STATE.quantity][STATE.at][p][a];
const gapOf = line => (STATE.gap === "ratio" ? line.slice(7, 10) : line.slice(4, 7));
const NEUTRAL = () => (STATE.gap === "ratio" ? 1 : 0);

function addSection(title, lead) {
  const section = make(page, "section");
  make(section, "h2", "", title);
  if (lead) make(section, "p", "lead", lead);
  return section;
}

/* --- head --------------------------------------------------------------------------------------- */

make(page, "p", "over", `renorm ${DATA.version} · study`);
make(page, "h1", "", DATA.name);
make(page, "p", "lead", `${whole(ARMS.length)} arm${ARMS.length === 1 ? "" : "s"}` + (KEYS.length ? `, ${KEYS.map((key, k) => `${valuesOf(k).length} values of ${key}`).join(", ")}` : "") +
  `, ${whole(DATA.n_seeds)} seeds: ${whole(DATA.n_done)} of ${whole(DATA.n_cells)} runs are done. Arms share samples and initial draws seed by seed, so differences are taken within a pair.`);
function addAlert(title, text) {
  const box = make(page, "p", "alert");
  make(box, "b", "", title + " ");
  box.append(text);
}
if (DATA.n_failed) addAlert(`${whole(DATA.n_failed)} run${DATA.n_failed === 1 ? "" : "s"} failed.`, "Those that were measured before they failed count with their first measurement. The list stands at the end of this page.");
if (DATA.n_done + DATA.n_failed < DATA.n_cells) addAlert("Not finished.", `${whole(DATA.n_cells - DATA.n_done - DATA.n_failed)} runs are missing; renorm study goes on with them.`);
if (QUANTITIES.length < DATA.n_quantities) addAlert("Too large for one page.", `It shows the first ${QUANTITIES.length} of ${DATA.n_quantities} quantities; summary.csv has them all.`);

/* --- what is shown ------------------------------------------------------------------------------ */

function addChoice(parent, id, title, options, key) {
  const label = make(parent, "label", "", title);
  const select = make(label, "select");
  select.id = id;
  options.forEach(([value, text]) => { const o = make(select, "option", "", text); o.value = value; });
  select.value = STATE[key];
  select.onchange = () => { STATE[key] = key === "gap" ? select.value : Number(select.value); redraw(); };
}
const chooser = make(page, "div", "chooser");
addChoice(chooser, "quantity", "Quantity", QUANTITIES.map((q, i) => [i, q.name]), "quantity");
addChoice(chooser, "moment", "Measured", [[0, "at the start"], [1, "at the end"]], "at");
addChoice(chooser, "gap", "Gap as", [["ratio", "ratio to the reference"], ["difference", "difference"]], "gap");
const meaning = make(chooser, "span", "where");
FIGURES.push({ draw: () => { const q = QUANTITIES[STATE.quantity]; meaning.textContent = q.help + (q.unit === "1" ? "" : `, ${q.unit}`); } });

/* --- figures ------------------------------------------------------------------------------------ */

/* Arms stand side by side at each value, on a logarithmic axis too. */
const dodge = (x, a) => x * Math.exp(0.03 * (a - (ARMS.length - 1) / 2));
const X_AXIS = {
  label: () => (AXIS === undefined ? "" : KEYS[AXIS]), kinds: ["log", "linear"],
  domain: () => { const all = POINTS.map((_, p) => along(p)); return [d3.min(all) * 0.85, d3.max(all) / 0.85]; },
  ticks: () => [...new Set(POINTS.map((_, p) => along(p)))],
  say: v => `${AXIS === undefined ? "" : KEYS[AXIS]} near ${say(v)}`
};
const pointsOf = name => d3.range(POINTS.length).filter(p => panelName(p) === name);

function seriesOf(name, wanted, get) {
  return wanted.map(a => ({
    name: ARMS[a], colour: a, dash: a, mark: a,
    points: pointsOf(name).map(p => { const [v, low, high] = get(lineOf(p, a)); return [dodge(along(p), a), v, true, low, high]; }).filter(q => known(q[1]))
  }));
}
/* Panels in which the quantity was measured; all of them where it was nowhere. */
const shownPanels = () => {
  const found = PANELS.filter(name => pointsOf(name).some(p => ARMS.some((_, a) => lineOf(p, a)[0] > 0)));
  return found.length ? found : PANELS;
};
const allArms = d3.range(ARMS.length), gapArms = allArms.filter(a => a !== DATA.reference);

const medians = addSection("Arm by arm", "Medians over seeds; bars reach from the lower to the upper quartile.");
addChart(medians, { id: "median", title: "Medians and quartiles", wide: true, height: 250, names: false, x: X_AXIS,
  y: { label: () => { const q = QUANTITIES[STATE.quantity]; return q.name + (q.unit === "1" ? "" : ` (${q.unit})`); }, kinds: ["linear", "log"] },
  panels: () => shownPanels().map(name => ({ title: name, series: seriesOf(name, allArms, line => line.slice(1, 4)) })) });

if (gapArms.length) {
  const gaps = addSection("The gap", `Every arm against ${ARMS[DATA.reference]}, pair by pair with the same seed: the median and its 95 % interval, by bootstrap over seeds. An interval that holds the dotted line means: these seeds do not tell the arms apart.`);
  addChart(gaps, { id: "gap", title: `Gap to ${ARMS[DATA.reference]}`, wide: true, height: 250, names: false, x: X_AXIS,
    y: { label: () => (STATE.gap === "ratio" ? `${QUANTITIES[STATE.quantity].name}: arm / reference` : `${QUANTITIES[STATE.quantity].name}: arm − reference`), kinds: ["linear", "log"] },
    panels: () => shownPanels().map(name => ({ title: name, levels: [{ y: NEUTRAL(), label: "no gap" }], series: seriesOf(name, gapArms, gapOf) })) });
  const list = make(gaps, "ul", "gaps");
  FIGURES.push({ draw: () => { list.textContent = ""; for (const name of shownPanels()) for (const a of gapArms) addGapWords(list, name, a); } });
}

/* Where an arm lies above, below, and where it cannot be told apart. */
function addGapWords(list, name, a) {
  const told = { above: [], below: [], "not told apart": [], "not measured": [] };
  for (const p of pointsOf(name)) {
    const [v, low, high] = gapOf(lineOf(p, a)), at = AXIS === undefined ? "" : POINTS[p][AXIS];
    const side = !known(v) || !known(low) ? "not measured" : low > NEUTRAL() ? "above" : high < NEUTRAL() ? "below" : "not told apart";
    told[side].push(known(v) && side !== "not measured" ? `${at} (${say(v)}: ${say(low)} to ${say(high)})`.trim() : at);
  }
  const item = make(list, "li");
  make(item, "b", "", ARMS[a] + " ");
  make(item, "span", "where", name ? `${name}: ` : "");
  const axis = AXIS === undefined ? "" : ` at ${shortKey(KEYS[AXIS])}`;
  item.append(Object.entries(told).filter(([, where]) => where.length).map(([side, where]) => `${side}${axis} ${where.join(", ")}`).join("; ") + ".");
}

/* --- verdicts ----------------------------------------------------------------------------------- */

const TONE = { "holds": "good", "fails": "bad", "cannot tell": "open", "renormalizes, power law": "good", "renormalizes, no power law": "good", "does not renormalize": "bad" };
const CONDITIONS = ["law", "C1", "C3", "C4"];

function numberOf(family, id) {
  const line = family.lines.find(l => l.condition === id && known(l.value));
  if (!line) return "";
  const interval = known(line.low) && known(line.high) ? `, ${say(line.low, 2)} to ${say(line.high, 2)}` : "";
  return `${line.quantity.replace(/,.*/, "")} ${say(line.value, 2)}${interval}` + (known(line.threshold) ? `; threshold ${say(line.threshold, 2)}` : "");
}
const families = DATA.families.filter(f => f.answers);
if (families.length) {
  const section = addSection("Verdicts", "Each arm’s runs over all depths, widths and seeds, judged together as renorm check does: the law of the velocity, bounded propagation (C1), controlled evolution (C3), every scale alike (C4). The conditions are sufficient for a power law and not necessary: one that fails proves nothing. docs/theory/verdict.md explains them.");
  const box = make(section, "div", "numbers");
  box.style.maxHeight = "none";
  box.tabIndex = 0;
  const table = make(box, "table", "families");
  const head = make(make(table, "thead"), "tr");
  ["arm", ...OTHERS.map(k => KEYS[k]), "runs", "verdict", ...CONDITIONS].forEach(t => { make(head, "th", "", t).scope = "col"; });
  const body = make(table, "tbody");
  for (const f of families) {
    const row = make(body, "tr");
    [ARMS[f.arm], ...OTHERS.map(k => POINTS[f.point][k]), f.cells + (f.left_out ? ` of ${f.cells + f.left_out}` : "")].forEach(t => make(row, "td", "", t));
    make(row, "td", `told ${TONE[f.conclusion]}`, f.conclusion);
    for (const id of CONDITIONS) {
      const cell = make(row, "td");
      make(cell, "span", `told ${TONE[f.answers[id]]}`, f.answers[id]);
      make(cell, "small", "", numberOf(f, id));
    }
  }
  make(section, "p", "lead", "verdicts.csv has every number with its reason and what would suffice.");
}

/* --- the table ---------------------------------------------------------------------------------- */

const tableSection = addSection("The table", "The quantity chosen above, everywhere. summary.csv has all of them.");
const copy = make(tableSection, "button", "copy", "Copy as tab-separated text");
const tableBox = make(tableSection, "div", "summary");
tableBox.tabIndex = 0;
FIGURES.push({ draw: () => {
  const head = [...KEYS, "arm", "seeds", "median", "lower quartile", "upper quartile", "difference", "from", "to", "ratio", "from", "to"];
  const rows = POINTS.flatMap((values, p) => ARMS.map((arm, a) => { const line = lineOf(p, a); return [...values, arm, ...d3.range(10).map(i => line[i])]; }));
  tableBox.textContent = "";
  const table = make(tableBox, "table");
  const line = make(make(table, "thead"), "tr");
  head.forEach(t => { make(line, "th", "", t).scope = "col"; });
  const body = make(table, "tbody");
  rows.forEach(r => { const tr = make(body, "tr"); r.forEach((v, i) => make(tr, "td", "", i <= KEYS.length ? v : known(v) ? say(v, 4) : "")); });
  copy.textContent = "Copy as tab-separated text";
  copy.onclick = () => copyText([head, ...rows].map(r => r.map(v => (v === undefined || v === null ? "" : v)).join("\t")).join("\n"), copy);
} });

/* --- failures and the file ---------------------------------------------------------------------- */

if (DATA.failures.length) {
  const section = addSection("Runs that failed", DATA.n_failed > DATA.failures.length ? `The first ${DATA.failures.length} of ${DATA.n_failed}; cells.csv has them all.` : "");
  const body = make(make(section, "table", "failures"), "tbody");
  DATA.failures.forEach(([name, message]) => { const row = make(body, "tr"); make(row, "td", "", name); make(row, "td", "", message); });
}
const file = make(addSection("The study", ""), "details");
make(file, "summary", "", "study.yaml, every default written out");
make(file, "pre", "", DATA.text);
const footer = make(page, "footer");
make(footer, "p", "", "Numbers here carry 9 significant digits; summary.csv, table.csv, cells.csv and verdicts.csv beside this page have everything. This page is one file and needs no network. Figures use D3 (Mike Bostock, BSD 3-clause; licence in the page’s source).");

document.title = `renorm study: ${DATA.name}`;
redraw();
let drawnWidth = page.clientWidth, waiting = 0;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { if (page.clientWidth !== drawnWidth) { drawnWidth = page.clientWidth; redraw(); } }, 120);
});
document.documentElement.dataset.ready = "yes";
