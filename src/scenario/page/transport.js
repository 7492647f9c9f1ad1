"use strict";
/* Shell transport: the density over s at a moment that can be moved or played, and what is left. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const STATES = DATA.states;
const EXACT = DATA.exact.length > 0;
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
const page = document.getElementById("page");
/* Figures are as wide as the page when it opens, so that their letters keep their size. */
const WIDTH = Math.max(320, Math.min(1180, page.clientWidth - 32)), HEIGHT = Math.max(260, Math.round(0.42 * WIDTH));
const LEFT = 64, RIGHT = 16, TOP = 14, BOTTOM = 44;
const end = STATES[STATES.length - 1];

/* --- headline ---------------------------------------------------------------------------------- */

make(page, "p", "over", "renorm transport");
make(page, "h1", "", DATA.name);
make(page, "p", "lead",
  `How the density of error energy over s = ln λ moves and decays, ∂ε/∂t + ∂(wε)/∂s = −2Λε − ∂X/∂s, with ${DATA.velocity}.`);
if (STATES.length < DATA.states_asked) {
  const note = make(page, "p", "alert");
  make(note, "b", "", "Stopped early. ");
  note.append(`${STATES.length} of ${DATA.states_asked} states were reached.`);
}
function card(title, big, words) {
  const box = make(cards, "div", "card");
  make(box, "h3", "", title);
  make(box, "p", "big", big);
  make(box, "p", "words", words);
}
const cards = make(page, "div", "cards");
if (end) {
  card("Energy left", say(end.loss, 4),
    `at time ${say(end.time)}, of ${say(DATA.initial + end.null_line, 4)} at the start; ${say(Math.abs(end.null_line + end.below) < 1e-12 * DATA.initial ? 0 : end.null_line + end.below)} of it rests below the axis`);
  card("Error", say(end.error / DATA.initial, 2),
    `of the initial energy: what half of the ${DATA.cells} cells would change. Sums balance to ${say(DATA.balance, 2)}.`);
  card("Exact solution", EXACT ? say(end.loss / end.exact - 1, 2) : "none",
    EXACT ? "relative difference of the energy left at the end; dashed below" : "for this velocity and decay none is known");
}

/* --- a figure ---------------------------------------------------------------------------------- */

function figure(title, caption) {
  const box = make(make(page, "section"), "figure", "wide");
  make(box, "h3", "", title);
  const svg = d3.select(box).append("svg").attr("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
    .attr("role", "img").attr("aria-label", title).style("width", "100%");
  make(box, "figcaption", "", caption);
  return { box, svg };
}
const isLog = scale => scale.base !== undefined;
/* Powers of ten on a logarithmic axis, or 1, 2, 5 where there are few of them. */
function ticks(axis, scale, count) {
  if (!isLog(scale)) return axis.ticks(count);
  const [low, high] = scale.domain(), fronts = high / low > 300 ? [1] : [1, 2, 5], values = [];
  for (let n = Math.floor(Math.log10(low)); n <= Math.log10(high); n++)
    for (const front of fronts) if (front * 10 ** n >= low * 0.999 && front * 10 ** n <= high * 1.001) values.push(front * 10 ** n);
  return axis.tickValues(values).tickFormat(v => say(v));
}
function axes(svg, x, y, xName, yName) {
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${HEIGHT - BOTTOM})`).call(ticks(d3.axisBottom(x), x, WIDTH / 90));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${LEFT},0)`).call(ticks(d3.axisLeft(y), y, 6));
  svg.append("text").attr("x", WIDTH - RIGHT).attr("y", HEIGHT - 6).attr("text-anchor", "end").text(xName);
  svg.append("text").attr("x", 4).attr("y", TOP).text(yName);
}
const styled = (svg, which, colour, dashes) => svg.append("path").attr("class", "line").attr("id", which)
  .style("stroke", colour).style("stroke-dasharray", dashes);

/* --- density ----------------------------------------------------------------------------------- */

const density = figure("Density of energy",
  "Energy per unit of s = ln λ: solved" + (EXACT ? " (line) and exact (dashes); the start is faint." : "; the start is faint."));
const moment = make(density.box, "div", "moment plain");
density.box.insertBefore(moment, density.box.querySelector("svg"));
const label = make(moment, "label", "", "Time");
const slider = make(moment, "input");
slider.type = "range"; slider.id = "time"; slider.min = 0; slider.max = Math.max(STATES.length - 1, 0); slider.step = 1; slider.value = 0;
label.htmlFor = "time";
const play = make(moment, "button", "copy", "Play");
play.id = "play";
const now = make(moment, "output");
now.id = "now";

const most = d3.max(DATA.density, row => d3.max(row)) || 1;
const inside = DATA.s.filter((s, i) => DATA.density.some(row => row[i] > 1e-4 * most));
const x = d3.scaleLinear().domain(inside.length > 1 ? [inside[0] - 0.3, inside[inside.length - 1] + 0.3] : d3.extent(DATA.s)).range([LEFT, WIDTH - RIGHT]);
const y = d3.scaleLinear().domain([0, most * 1.05]).range([HEIGHT - BOTTOM, TOP + 10]);
axes(density.svg, x, y, "s = ln λ", "energy per nat");
density.svg.append("clipPath").attr("id", "inside").append("rect").attr("x", LEFT).attr("y", 0).attr("width", WIDTH - LEFT - RIGHT).attr("height", HEIGHT - BOTTOM);
const curve = d3.line().x((v, i) => x(DATA.s[i])).y(v => y(Math.min(v, most * 1.2)));
const first = styled(density.svg, "first", "var(--faint)", "").classed("thin", true).attr("clip-path", "url(#inside)");
const solved = styled(density.svg, "solved", "var(--c0)", "").attr("clip-path", "url(#inside)");
const exact = styled(density.svg, "exact", "var(--c1)", "6 4").attr("clip-path", "url(#inside)");

/* --- energy left ------------------------------------------------------------------------------- */

const left = figure("Energy left", "What has not decayed against time since the start" + (EXACT ? ", solved and exact (dashes)." : "."));
const t0 = STATES.length ? STATES[0].time : 0;
const later = STATES.filter(s => s.time > t0 && s.loss > 0);
const tx = d3.scaleLog().domain(later.length > 1 ? d3.extent(later, s => s.time - t0) : [0.1, 1]).range([LEFT, WIDTH - RIGHT]);
const values = later.flatMap(s => [s.loss, s.exact]).filter(v => known(v) && v > 0);
const span = values.length ? d3.extent(values) : [0.1, 1];
const ty = d3.scaleLog().domain([span[0] / 1.1, span[1] * 1.1]).range([HEIGHT - BOTTOM, TOP + 10]);
axes(left.svg, tx, ty, "time since the start", "energy");
const path = key => d3.line().defined(s => known(s[key]) && s[key] > 0).x(s => tx(s.time - t0)).y(s => ty(s[key]))(later);
styled(left.svg, "loss", "var(--c0)", "").attr("d", path("loss"));
if (EXACT) styled(left.svg, "loss-exact", "var(--c1)", "6 4").attr("d", path("exact"));
const mark = left.svg.append("circle").attr("r", 4.5).attr("fill", "var(--c0)");

/* --- the moment -------------------------------------------------------------------------------- */

function show(k) {
  const at = STATES[k];
  if (!at) return;
  slider.value = k;
  now.textContent = `${say(at.time)}: ${say(at.loss, 4)} left` + (EXACT ? `, exact ${say(at.exact, 4)}` : "");
  solved.attr("d", curve(DATA.density[k]));
  if (EXACT) exact.attr("d", curve(DATA.exact[k]));
  const drawn = at.time > t0 && at.loss > 0;
  mark.attr("visibility", drawn ? null : "hidden");
  if (drawn) mark.attr("cx", tx(at.time - t0)).attr("cy", ty(at.loss));
}
let timer = null;
function stop() { if (timer) timer.stop(); timer = null; play.textContent = "Play"; }
play.addEventListener("click", () => {
  if (timer) { stop(); return; }
  if (Number(slider.value) >= STATES.length - 1) show(0);
  play.textContent = "Stop";
  timer = d3.interval(() => {
    const next = Number(slider.value) + 1;
    if (next >= STATES.length) stop(); else show(next);
  }, Math.max(30, 6000 / STATES.length));
});
slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
if (STATES.length) first.attr("d", curve(DATA.density[0]));
show(0);

/* --- configuration ----------------------------------------------------------------------------- */

const settings = make(make(page, "section"), "details");
make(settings, "summary", "", "Configuration, every default written out");
make(settings, "pre", "", DATA.config);
make(make(page, "footer"), "p", "", `renorm ${DATA.version}; numbers carry 9 digits, every number stands in energies.csv and density.csv beside this page.`);
document.documentElement.dataset.ready = "yes";
