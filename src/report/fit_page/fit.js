/* A fitted table: points and law, residuals, parameters with every interval, what leaving out a few points changes, and
   the allocation of least loss. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const TWO = DATA.variables > 1, BROKEN = DATA.breaks > 0;
const PARAMETERS = new Map(DATA.parameters.map(p => [p.name, p]));
const value = name => PARAMETERS.get(name).value;
const SIGN = { alpha: "α", beta: "β", "beta/(alpha+beta)": "β/(α + β)", c1: "c₁", d1: "d₁", f1: "f₁", c2: "c₂", d2: "d₂", f2: "f₂" };
const nameOf = p => SIGN[p] || p;
const LEVEL = percent(DATA.level);
/* Columns as the table writes them; tokens from compute have no column of their own. */
const X = DATA.names[0], Y = DATA.names[2], D = TWO ? (DATA.from_compute ? `D = ${DATA.names[1]}/(6 N)` : DATA.names[1]) : "";

/* Points: [row, x, d, loss, law]. Those that a group leaves out are marked in every figure; the group that moves its
   exponent most comes first. */
const GROUPS = DATA.groups.slice().sort((a, b) => Math.abs(b.errors) - Math.abs(a.errors));
const MARKED = new Set(GROUPS.length ? GROUPS[0].rows : []);
const WARNING = DATA.warning && DATA.warning.replace(/^the fit cannot be trusted: /, "").replace(/^./, c => c.toUpperCase()) + ".";
const relative = p => (p[3] - p[4]) / Math.abs(p[4]);

function addSection(title, lead) {
  const section = make(page, "section");
  make(section, "h2", "", title);
  if (lead) make(section, "p", "lead", lead);
  return section;
}

/* --- the law in words --------------------------------------------------------------------------- */

/* Parts are texts, or lists of one text: an exponent. */
function addLaw(parent) {
  const line = make(parent, "p", "law");
  const power = (scale, base, exponent) => [`${say(value(scale), 4)} ${base}`, [signed(String(Number((-exponent).toPrecision(4))))]];
  const parts = [`${Y} = ${say(value("E"), 4)} + `, ...power("A", TWO ? "N" : X, value(TWO ? "alpha" : "a"))];
  if (TWO) parts.push(" + ", ...power("B", "D", value("beta")));
  for (let b = 1; b <= DATA.breaks; b++)
    parts.push(` · (1 + (${X}/${say(value("d" + b), 4)})`, [`1/${say(value("f" + b), 3)}`], ")", [signed(String(Number((-value("c" + b) * value("f" + b)).toPrecision(3))))]);
  for (const part of parts) {
    if (typeof part === "string") line.append(part);
    else make(line, "sup", "", part[0]);
  }
}

const ends = r => (r ? `${say(r[0], 3)} to ${known(r[1]) ? say(r[1], 3) : "no end"}` : "");
const byError = p => (known(p.error) ? [p.value - 1.96 * p.error, p.value + 1.96 * p.error] : null);
/* The widest evidence first: points drawn again, else the profile, else the standard error. */
const interval = p => (p.bootstrap ? `${LEVEL} by points drawn again: ${ends(p.bootstrap)}` : p.profile ? `95 % by profile: ${ends(p.profile)}` : `95 % by standard errors: ${ends(byError(p))}`);

function card(box, title, big, words, tone) {
  const node = make(box, "div", "card");
  make(node, "h3", "", title);
  make(node, "p", "big " + (tone || ""), big);
  make(node, "p", "words", words);
}

function addCards() {
  const box = make(page, "div", "cards");
  for (const name of TWO ? ["alpha", "beta"] : ["a"])
    card(box, TWO ? `Exponent of ${name === "alpha" ? "N" : "D"}` : BROKEN ? "Exponent before the break" : "Exponent", `${nameOf(name)} = ${say(value(name), 3)}`, interval(PARAMETERS.get(name)) + ".");
  for (let b = 1; b <= DATA.breaks; b++)
    card(box, "The exponent changes", `at ${X} = ${say(value("d" + b), 3)}`, `By ${say(value("c" + b), 3)} (${interval(PARAMETERS.get("c" + b))}). Place: ${interval(PARAMETERS.get("d" + b))}.`);
  card(box, "Floor", `E = ${say(value("E"), 3)}`, `What is left when everything grows without end. ${interval(PARAMETERS.get("E"))}.`);
  card(box, "Can the data tell?", WARNING ? "not to be trusted" : `condition ${say(DATA.condition, 2)}`,
    `${WARNING ? WARNING + " " : ""}An error of the data is enlarged up to ${say(DATA.condition, 2)} times in the parameters; ${DATA.agreeing} of ${DATA.starts} starts came to this minimum.`, WARNING ? "bad" : "");
  if (GROUPS.length) {
    const g = GROUPS[0], name = exponentName(g), matters = Math.abs(g.errors) > 2;
    card(box, "Do a few points decide?", matters ? "yes" : "no", `Without rows ${someRows(g)}, ${nameOf(name)} goes from ${say(value(name), 3)} to ${say(g.value, 3)}: ${Math.abs(g.errors).toFixed(1)} of its standard errors.`, matters ? "open" : "");
  }
  if (TWO) card(box, "Most for a compute", `N ∝ C^${say(value("beta/(alpha+beta)"), 3)}`, `At the least loss for C = 6 N D. ${interval(PARAMETERS.get("beta/(alpha+beta)"))}.`);
}

const exponentName = g => (TWO ? ["alpha", "beta"][g.exponent] : "a");
const someRows = g => (g.rows.length > 8 ? `${g.rows.slice(0, 8).join(", ")} and ${g.rows.length - 8} more` : g.rows.slice(0, -1).join(", ") + " and " + last(g.rows));

/* --- head --------------------------------------------------------------------------------------- */

make(page, "p", "over", `renorm ${DATA.version} · fit`);
make(page, "h1", "", DATA.name);
const NORM = { squares: "squares of the residuals of ln L", huber: `Huber’s function of the residuals of ln L, δ = ${say(DATA.delta)}`, absolute: "absolute residuals of ln L" }[DATA.norm] || (BROKEN ? "squares of relative residuals" : "squares of the residuals of L");
make(page, "p", "lead", `${whole(DATA.n)} points, ${TWO ? "two variables" : "one variable"}; least ${NORM}. ` + (DATA.draws ? `Bands and bootstrap intervals hold ${LEVEL} of ${whole(DATA.draws)} fits to points drawn again.` : "Without a bootstrap: no bands."));
if (WARNING) {
  const box = make(page, "p", "alert");
  make(box, "b", "", "Not to be trusted. ");
  box.append(WARNING);
}
addLaw(page);
addCards();

/* --- figures ------------------------------------------------------------------------------------ */

const called = (symbol, column) => (column === symbol ? symbol : `${symbol} = ${column}`);
const axisName = v => (v ? (DATA.from_compute ? D : called("D", DATA.names[1])) : TWO ? called("N", X) : X);
const axisOf = v => ({ label: () => axisName(v), kinds: ["log", "linear"], say: at => `${TWO ? "ND"[v] : X} = ${say(at, 4)}` });
const at = (p, v) => p[1 + v];
const curvesOf = v => DATA.curves.filter(c => c.variable === v);
/* Of two variables: the curve whose held value is nearest to a point's. */
const nearest = (p, v) => { const held = curvesOf(v).map(c => Math.abs(Math.log(c.held / at(p, 1 - v)))); return held.indexOf(d3.min(held)); };
const lawName = (c, v) => (TWO ? `${"DN"[v]} = ${say(c.held, 2)}` : "law");
const dots = (name, points, more) => Object.assign({ name, marksOnly: true, mark: 0, points }, more);
const POINTS_NAME = "points", MARKED_NAME = "left out first";

/* Points less `floor`, coloured by the curve they belong to. */
function pointSeries(v, height) {
  const groups = d3.range(Math.max(1, curvesOf(v).length));
  const here = k => DATA.points.filter(p => !MARKED.has(p[0]) && (!TWO || nearest(p, v) === k));
  const all = groups.map(k => dots(TWO ? lawName(curvesOf(v)[k], v) : POINTS_NAME, here(k).map(p => [at(p, v), height(p)]), { colour: k, tip: TWO ? `near ${lawName(curvesOf(v)[k], v)}` : "", size: DATA.points.length > 200 ? 9 : 18 }));
  const marked = DATA.points.filter(p => MARKED.has(p[0]));
  if (marked.length) all.push(dots(MARKED_NAME, marked.map(p => [at(p, v), height(p), false]), { colour: 5, mark: 3, size: 60 }));
  return all;
}

function lawSeries(v, floor) {
  return curvesOf(v).map((c, k) => ({ name: lawName(c, v), colour: k, strong: true, band: DATA.draws > 0, points: c.at.map((x, i) => [x, c.value[i] - floor, true, c.low[i] - floor, c.high[i] - floor]) }));
}

/* The axis fits points and curves; a band may leave it. */
const fits = v => floor => (_, kind) => [...DATA.points.map(p => p[3] - floor), ...curvesOf(v).flatMap(c => c.value.map(y => y - floor))].filter(y => kind !== "log" || y > 0);
const endOf = v => d3.max(DATA.points, p => at(p, v));

function pointTable() {
  const rows = DATA.points.map(p => [p[0], p[1], ...(TWO ? [p[2]] : []), p[3], p[4], relative(p), GROUPS.some(g => g.rows.includes(p[0])) ? "yes" : ""]);
  return { head: ["row", X, ...(TWO ? [D] : []), Y, "law", "relative residual", "left out in a group"], rows };
}
const note = v => (TWO ? `Lines: ${v ? "N" : "D"} held at the value beside them; points have the colour of the nearest line. ` : "") + (DATA.draws ? `Shaded: the middle ${LEVEL} of fits to points drawn again. ` : "") + "Behind the last point the law is carried on tenfold." +
  (GROUPS.length ? ` Diamonds: the points that move ${nameOf(exponentName(GROUPS[0]))} most when they are left out.` : "");

function addLawChart(parent, id, title, v, floor) {
  addChart(parent, { id, title, wide: !TWO, height: TWO ? 300 : 340, caption: floor ? "A power law is a straight line here; where points bend away from it, the floor or the law is wrong." : note(v), x: axisOf(v),
    y: { label: () => (floor ? `${Y} − E` : Y), kinds: ["log", "linear"], domain: fits(v)(floor) }, table: pointTable, names: TWO ? undefined : false,
    panels: () => [{ series: [...lawSeries(v, floor), ...pointSeries(v, p => p[3] - floor)], refs: [{ x: endOf(v), label: "last point" }] }] });
}

const variables = d3.range(DATA.variables);
const fitted = addSection("Points and law", DATA.points.length < DATA.n ? `${whole(DATA.points.length)} of ${whole(DATA.n)} points are drawn, evenly through the table, and all that a group leaves out.` : "");
const box = TWO ? make(fitted, "div", "pair") : fitted;
variables.forEach(v => addLawChart(box, TWO ? `law-${"nd"[v]}` : "law", TWO ? `Along ${"ND"[v]}` : "The loss", v, 0));
if (!TWO && !BROKEN && value("E") > 0 && DATA.points.every(p => p[4] > value("E"))) addLawChart(fitted, "excess", "The loss less its floor", 0, value("E"));

const left = addSection("Residuals", "The loss less the law, over the law. Without pattern they are noise; with one, the law misses something and intervals are too short.");
const residualBox = TWO ? make(left, "div", "pair") : left;
variables.forEach(v => addChart(residualBox, { id: TWO ? `residual-${"nd"[v]}` : "residual", title: TWO ? `Against ${"ND"[v]}` : "Relative residuals", wide: !TWO, height: 230, x: axisOf(v), table: pointTable, names: false,
  y: { label: () => "(loss − law)/law", kinds: ["linear", "symlog"], zero: true }, panels: () => [{ levels: [{ y: 0, label: "" }], series: pointSeries(v, relative) }] }));

/* --- parameters --------------------------------------------------------------------------------- */

const KINDS = [["error", "standard error, 1.96 of it", byError], ["bootstrap", `points drawn again, ${LEVEL}`, p => p.bootstrap], ["profile", "profile of the sum of squares, 95 %", p => p.profile]];
const KINDS_HERE = KINDS.filter(k => DATA.parameters.some(p => k[2](p)));

/* All intervals of a parameter on one axis. */
function drawIntervals(parent, p) {
  const found = KINDS.map(k => k[2](p)), all = [p.value, ...found.flatMap(r => (r ? r : []))].filter(known);
  const [low, high] = d3.extent(all), room = (high - low) * 0.06 || Math.abs(low) * 0.05 || 1;
  const x = d3.scaleLinear().domain([low - room, high + room]).range([6, 214]);
  const svg = d3.select(parent).append("svg").attr("viewBox", "0 0 220 46").attr("role", "img")
    .attr("aria-label", `${p.name}: ${KINDS.map((k, i) => (found[i] ? `${k[1]} ${ends(found[i])}` : "")).filter(Boolean).join("; ")}.`).attr("data-parameter", p.name);
  for (const v of x.ticks(3)) {
    const tick = svg.append("g").attr("class", "axis").append("g").attr("class", "tick").attr("transform", `translate(${x(v)},0)`);
    tick.append("line").attr("y2", 32);
    tick.append("text").attr("y", 43).attr("text-anchor", "middle").text(tickText(Number(v.toPrecision(6))));
  }
  svg.append("path").attr("class", "now").attr("d", `M${x(p.value)},0V32`);
  found.forEach((r, i) => {
    if (!r) return;
    const from = known(r[0]) ? x(r[0]) : 0, to = known(r[1]) ? x(r[1]) : 220;
    svg.append("path").attr("class", "kind").attr("data-kind", KINDS[i][0]).style("stroke", colour(i)).attr("d", `M${from},${6 + 10 * i}H${to}`);
  });
  svg.append("circle").attr("cx", x(p.value)).attr("cy", 16).attr("r", 3).style("fill", "var(--ink)");
}

const parameters = addSection("Parameters", "Three intervals that agree are three reasons to believe them. Standard errors take residuals for independent, of equal size, and the law for straight in its parameters; a bootstrap does without the last two, a profile without the last.");
const keys = make(parameters, "div", "keys");
for (const kind of KINDS_HERE) {
  const key = make(keys, "span");
  key.innerHTML = swatch({ colour: KINDS.indexOf(kind) });
  key.append(kind[1]);
}
const table = make(make(parameters, "div", "scroll"), "table", "parameters");
const headRow = make(make(table, "thead"), "tr");
["", "value", "standard error", ...KINDS_HERE.map(k => k[0] === "error" ? "±1.96 errors" : k[0]), ""].forEach(t => { make(headRow, "th", "", t).scope = "col"; });
const rowsOf = make(table, "tbody");
for (const p of DATA.parameters) {
  const row = make(rowsOf, "tr");
  make(row, "th", "", nameOf(p.name)).scope = "row";
  make(row, "td", "", say(p.value, 5));
  make(row, "td", "", say(p.error, 2));
  for (const kind of KINDS_HERE) make(row, "td", "", ends(kind[2](p)));
  drawIntervals(make(row, "td"), p);
}

/* --- influence ---------------------------------------------------------------------------------- */

if (GROUPS.length) {
  const section = addSection("Which points decide", "For each exponent and direction the few points that pull it most are left out and the rest is fitted again. A law that rests on them is a law about them: look whether those runs were cut short, restarted or tuned differently.");
  const list = make(make(section, "div", "scroll"), "table", "groups");
  const head = make(make(list, "thead"), "tr");
  ["exponent", "with all points", "without", "moved by", "rows left out"].forEach(t => { make(head, "th", "", t).scope = "col"; });
  const body = make(list, "tbody");
  for (const g of GROUPS) {
    const row = make(body, "tr"), name = exponentName(g);
    make(row, "td", "", nameOf(name));
    make(row, "td", "", `${say(value(name), 4)} ± ${say(PARAMETERS.get(name).error, 2)}`);
    make(row, "td", "", `${say(g.value, 4)} ± ${say(g.error, 2)}`);
    make(row, "td", Math.abs(g.errors) > 2 ? "open" : "", `${Math.abs(g.errors).toFixed(1)} standard errors`);
    make(row, "td", "", g.rows.length > 16 ? g.rows.slice(0, 16).join(", ") + ", …" : g.rows.join(", "));
  }
  const words = make(section, "p", "words", "The rows left out first, as the table has them:");
  words.style.marginTop = "1.4rem";
  const scroll = make(section, "div", "scroll"), rows = make(scroll, "table", "outliers"), top = make(make(rows, "thead"), "tr");
  ["row", X, ...(TWO ? [D] : []), Y, "law", "off by"].forEach(t => { make(top, "th", "", t).scope = "col"; });
  const lines = make(rows, "tbody");
  for (const p of DATA.points.filter(q => MARKED.has(q[0])).slice(0, 16)) {
    const row = make(lines, "tr");
    [String(p[0]), say(p[1], 4), ...(TWO ? [say(p[2], 4)] : []), say(p[3], 4), say(p[4], 4), signed((relative(p) > 0 ? "+" : "") + percentOf(relative(p)))].forEach(t => make(row, "td", "", t));
  }
}
function percentOf(v) { return Number((100 * v).toPrecision(2)) + "\u202f%"; }

/* --- allocation --------------------------------------------------------------------------------- */

if (TWO) {
  const a = DATA.allocation, p = PARAMETERS.get("beta/(alpha+beta)");
  const section = addSection("The best use of a compute", `Given C = 6 N D, the law is least where N grows as C to the power β/(α + β) = ${say(p.value, 3)} and D as C to the rest. ${interval(p)}. Behind the last point this is a forecast of the law, and its band knows nothing of laws of another form.`);
  const compute = q => 6 * q[1] * q[2];
  const line = (name, key, k) => ({ name, colour: k, dash: k, strong: true, band: DATA.draws > 0, points: a.compute.map((c, i) => [c, a[key].value[i], true, a[key].low[i], a[key].high[i]]) });
  const seen = (name, v, k) => dots(name, DATA.points.map(q => [compute(q), at(q, v)]), { colour: k, mark: k ? 1 : 0, size: 9 });
  const axis = { label: () => "compute C = 6 N D", kinds: ["log"], say: c => `C = ${say(c, 4)}` };
  const chart = (id, title, key, v) => addChart(pair, { id, title, height: 280, names: false, x: axis, y: { label: () => "ND"[v], kinds: ["log"] },
    panels: () => [{ series: [line("least loss", key, v), seen("points of the table", v, 7)], refs: [{ x: d3.max(DATA.points, compute), label: "last point" }] }] });
  const pair = make(section, "div", "pair");
  chart("size", "How large: N", "size", 0);
  chart("tokens", "How long: D", "tokens", 1);
}

/* --- the end ------------------------------------------------------------------------------------ */

const footer = make(page, "footer");
make(footer, "p", "", `Numbers here carry 9 significant digits. Sum of squares ${say(DATA.rss, 4)}. This page is one file and needs no network. Figures use D3 (Mike Bostock, BSD 3-clause; licence in the page’s source).`);

document.title = `renorm fit: ${DATA.name}`;
const redraw = () => FIGURES.forEach(f => f.draw());
redraw();
let drawnWidth = page.clientWidth, waiting = 0;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { if (page.clientWidth !== drawnWidth) { drawnWidth = page.clientWidth; redraw(); } }, 120);
});
document.documentElement.dataset.ready = "yes";
