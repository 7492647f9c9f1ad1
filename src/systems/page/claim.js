"use strict";
/* A claim: its table, its figures, and the run through the shells. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const known = v => typeof v === "number" && isFinite(v);
const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = n => "10" + String(n).split("").map(c => RAISED[c]).join("");
/* A number for people; very small and large ones as a × 10ⁿ. */
function say(v, digits = 3) {
  if (!known(v)) return "–";
  const size = Math.abs(v);
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return String(Number(v.toPrecision(digits))).replace("-", "−");
  const [front, back] = v.toExponential(digits - 1).split("e");
  return Number(front) === 1 ? power(Number(back)) : `${String(Number(front)).replace("-", "−")}\u202f×\u202f${power(Number(back))}`;
}
const make = (parent, tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
};
const COLOUR = { holds: "good", fails: "bad", "cannot tell": "open" };
const page = document.getElementById("page");
/* Figures are as wide as the page when it opens, so that their letters keep their size. */
const WIDTH = Math.max(320, Math.min(1132, page.clientWidth - 48));
const LEFT = 70, RIGHT = 16, TOP = 22, BOTTOM = 44;

/* --- headline ---------------------------------------------------------------------------------- */

make(page, "p", "over", "renorm claims " + DATA.name);
make(page, "h1", "", DATA.title);
make(page, "p", "lead", DATA.claim + " (" + DATA.paper + ")");
if (DATA.is_mutated) {
  const note = make(page, "p", "alert");
  make(note, "b", "", "Broken on purpose. ");
  note.append(`This is the claim with its mutation: ${DATA.mutation}. It must not hold.`);
}
const judged = DATA.lines.filter(l => l.verdict), holding = judged.filter(l => l.verdict === "holds");
const cards = make(page, "div", "cards");
function card(title, big, words, className) {
  const box = make(cards, "div", "card");
  make(box, "h3", "", title);
  make(box, "p", "big " + (className || ""), big);
  make(box, "p", "words", words);
}
card("Verdict", DATA.verdict, `${holding.length} of ${judged.length} quantities lie, with their whole interval, in what is accepted`, COLOUR[DATA.verdict]);
card("Scale", DATA.scale, `${DATA.seeds} seeds where medians or means are asked for`);
card("What must break it", DATA.is_mutated ? "done here" : "tested", DATA.mutation);

/* --- table ------------------------------------------------------------------------------------- */

const tableSection = make(page, "section");
make(tableSection, "h2", "", "Theory and measurement");
make(tableSection, "p", "lead", "A quantity holds where all of its interval lies in what is accepted. Rows open on a click: where the numbers come from.");
const scroll = make(tableSection, "div", "scroll");
const table = make(scroll, "table", "claim");
const head = make(make(table, "thead"), "tr");
for (const name of ["quantity", "theory", "measured", "interval", "accepted", "verdict"]) make(head, "th", "", name);
const body = make(table, "tbody");
function accepted(l) {
  if (!l.verdict) return "shown only";
  if (known(l.at_least) && known(l.at_most)) return `${say(l.at_least)} … ${say(l.at_most)}`;
  return known(l.at_least) ? `≥ ${say(l.at_least)}` : known(l.at_most) ? `≤ ${say(l.at_most)}` : "any";
}
for (const l of DATA.lines) {
  const row = make(body, "tr", "opens"), digits = known(l.theory) && Math.abs(l.theory) > 1e-3 ? 4 : 3;
  const name = make(make(row, "td"), "button", "", l.quantity + (l.unit !== "1" ? ` (${l.unit})` : ""));
  name.type = "button"; name.setAttribute("aria-expanded", "false");
  make(row, "td", "", say(l.theory, digits));
  make(row, "td", "", say(l.measured, digits));
  make(row, "td", "", l.low === l.high ? "–" : `${say(l.low, digits)} … ${say(l.high, digits)}`);
  make(row, "td", "", accepted(l));
  make(row, "td", l.verdict ? COLOUR[l.verdict] : "", l.verdict || "–");
  const more = make(body, "tr", "more");
  more.hidden = true;
  const cell = make(more, "td");
  cell.colSpan = 6;
  for (const [what, text] of [["Theory", l.formula], ["Measured", l.method + (l.n_values > 1 ? ` (${l.n_values} values)` : "")], ["Accepted", l.tolerance]]) {
    if (!text) continue;
    const p = make(cell, "p");
    make(p, "b", "", what + ": ");
    p.append(text);
  }
  row.addEventListener("click", () => { more.hidden = !more.hidden; name.setAttribute("aria-expanded", String(!more.hidden)); });
}

/* --- figures ----------------------------------------------------------------------------------- */

const isLog = scale => scale.base !== undefined;
/* Powers of ten on a logarithmic axis, or 1, 2, 5 where there are few of them. */
function ticks(axis, scale, count) {
  if (!isLog(scale)) return axis.ticks(count);
  const [low, high] = scale.domain(), fronts = high / low > 300 ? [1] : [1, 2, 5], values = [];
  const every = Math.max(1, Math.ceil(Math.log10(high / low) / count));
  for (let n = Math.floor(Math.log10(low)); n <= Math.log10(high); n++)
    for (const front of fronts) if (n % every === 0 && front * 10 ** n >= low * 0.999 && front * 10 ** n <= high * 1.001) values.push(front * 10 ** n);
  return axis.tickValues(values).tickFormat(v => say(v));
}
function scaleOf(values, log, range) {
  const good = values.filter(v => known(v) && (!log || v > 0));
  if (!good.length) return d3.scaleLinear().domain([0, 1]).range(range);
  let [low, high] = d3.extent(good);
  if (log) return d3.scaleLog().domain(low < high ? [low / (high / low) ** 0.03, high * (high / low) ** 0.03] : [low / 2, high * 2]).range(range);
  const room = low < high ? 0.04 * (high - low) : Math.abs(low) || 1;
  return d3.scaleLinear().domain([low - room, high + room]).range(range);
}
function draw(parent, f, number) {
  const height = Math.max(260, Math.round(0.4 * WIDTH)), box = make(parent, "figure", "wide");
  make(box, "h3", "", f.title);
  const legend = make(box, "div", "legend");
  const svg = d3.select(box).append("svg").attr("viewBox", `0 0 ${WIDTH} ${height}`)
    .attr("role", "img").attr("aria-label", f.title).style("width", "100%");
  const x = scaleOf(f.curves.flatMap(c => c.x), f.log_x, [LEFT, WIDTH - RIGHT]);
  const y = scaleOf(f.curves.flatMap(c => c.y), f.log_y, [height - BOTTOM, TOP + 8]);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - BOTTOM})`).call(ticks(d3.axisBottom(x), x, WIDTH / 90));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${LEFT},0)`).call(ticks(d3.axisLeft(y), y, 7));
  svg.append("text").attr("x", WIDTH - RIGHT).attr("y", height - 6).attr("text-anchor", "end").text(f.x);
  svg.append("text").attr("x", 4).attr("y", TOP - 8).text(f.y);
  const drawable = c => i => known(c.x[i]) && known(c.y[i]) && (!f.log_x || c.x[i] > 0) && (!f.log_y || c.y[i] > 0);
  let colour = -1;
  f.curves.forEach((c, k) => {
    /* a curve of theory takes the colour of what stands before it */
    if (c.stroke !== "theory" || k === 0) colour++;
    const paint = `var(--c${colour % 8})`, order = d3.range(c.x.length).filter(drawable(c));
    const mark = make(legend, "span", "key");
    const sign = d3.select(mark).append("svg").attr("width", 26).attr("height", 10);
    if (c.stroke === "points") {
      svg.append("g").attr("class", "points").selectAll("circle").data(order).join("circle").attr("r", 3).attr("fill", paint)
        .attr("cx", i => x(c.x[i])).attr("cy", i => y(c.y[i]));
      sign.append("circle").attr("cx", 13).attr("cy", 5).attr("r", 3).attr("fill", paint);
    } else {
      const dashes = c.stroke === "theory" ? "6 4" : "";
      svg.append("path").attr("class", "line").attr("id", `curve-${number}-${k}`).style("stroke", paint).style("stroke-dasharray", dashes)
        .attr("d", d3.line().x(i => x(c.x[i])).y(i => y(c.y[i]))(order));
      sign.append("path").attr("class", "line").attr("d", "M1,5H25").style("stroke", paint).style("stroke-dasharray", dashes);
    }
    make(mark, "span", "", c.name);
  });
}
if (DATA.figures.some(f => f.curves.length)) {
  const section = make(page, "section");
  make(section, "h2", "", "Figures");
  make(section, "p", "lead", "Lines and points are measured, dashes are theory.");
  DATA.figures.filter(f => f.curves.length).forEach((f, i) => draw(section, f, i));
}
if (DATA.notes.length) {
  const section = make(page, "section");
  make(section, "h2", "", "Windows, residuals, remarks");
  const list = make(section, "ul", "notes");
  for (const note of DATA.notes) make(list, "li", "", note);
}

/* --- through the shells ------------------------------------------------------------------------ */

if (DATA.lens) {
  const section = make(page, "section");
  make(section, "h2", "", "Through the shells");
  make(section, "p", "lead", "The same system as a run whose error energy is resolved into shells of s = ln λ of its kernel; ");
  const link = make(section.querySelector("p"), "a", "", "its own page");
  link.href = "lens/report.html";
  section.querySelector("p").append(` has all ${DATA.lens.snapshots} measurements.`);
  const note = make(section, "p", "alert");
  make(note, "b", "", "renorm check: ");
  note.append(DATA.lens.sentence || DATA.lens.conclusion);
  /* shells that hold a millionth of the most at some moment, and a few more */
  const most = d3.max(DATA.lens.moments, m => d3.max(m.energy));
  const held = DATA.lens.moments.flatMap(m => m.s.filter((s, i) => m.energy[i] > 1e-6 * most));
  const [low, high] = d3.extent(held), seen = s => s >= low - 1.5 && s <= high + 2.2;
  const cut = (m, key) => ({ x: m.s.filter(seen), y: m[key].filter((v, i) => seen(m.s[i])) });
  const steps = m => {
    const shells = d3.range(m.energy.length).filter(i => seen(m.s[i]) && seen(m.s[i + 1]));
    return { x: shells.flatMap(i => [m.s[i], m.s[i + 1]]), y: shells.flatMap(i => [m.energy[i], m.energy[i]]) };
  };
  draw(section, { title: "Energy of shells", x: "s = ln λ", y: "energy", log_x: 0, log_y: 1,
    curves: DATA.lens.moments.map(m => ({ name: `t = ${say(m.time)}, loss ${say(m.loss)}`, stroke: "measured", ...steps(m) })) }, "energy");
  const last = DATA.lens.moments[Math.min(1, DATA.lens.moments.length - 1)];
  draw(section, { title: `Budget at t = ${say(last.time)}: what is lost above s and what flows up through s`, x: "s = ln λ", y: "energy per time", log_x: 0, log_y: 0,
    curves: [{ name: "dissipation D", stroke: "measured", ...cut(last, "dissipation") }, { name: "flux F", stroke: "measured", ...cut(last, "flux") }] }, "budget");
  make(section, "p", "", `The budget closes to ${say(last.closure_error, 2)}; ${say(last.null_energy, 3)} of ${say(last.loss, 3)} lies below the rounding floor of the kernel.`);
}

/* --- configuration ----------------------------------------------------------------------------- */

const settings = make(make(page, "section"), "details");
make(settings, "summary", "", "Configuration, every default written out");
make(settings, "pre", "", DATA.config);
make(make(page, "footer"), "p", "", `renorm ${DATA.version}; every number stands in claim.csv, values.csv and curves.csv beside this page.`);
document.documentElement.dataset.ready = "yes";
