/* The heat map of shell energies: time across, rate upward, one panel for each run. */

const DARK = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const isDark = () => DARK.matches && !printing;
const LIGHT_HEAT = d3.interpolateRgbBasis(["#f3f5f8", "#cfe3ee", "#8fc3d6", "#4c97bd", "#2a6099", "#1d2f66"]);
const DARK_HEAT = d3.interpolateRgbBasis(["#1a2027", "#1d3b57", "#22678a", "#38a0a8", "#8fd5a0", "#f4f0a6"]);
const heatColour = t => (isDark() ? DARK_HEAT : LIGHT_HEAT)(t);
const HEAT_DECADES = 5;

/* Edges between neighbouring positions on a scale, in pixels. */
function edgesOf(positions) {
  const n = positions.length;
  if (n === 1) return [positions[0] - 10, positions[0] + 10];
  const inner = d3.pairs(positions, (a, b) => (a + b) / 2);
  return [positions[0], ...inner, positions[n - 1]];
}

function cellsOf(run) {
  const cells = [];
  run.snapshots.forEach((at, column) => {
    (at.energy || []).forEach((energy, i) => {
      const s = (at.s[i] + at.s[i + 1]) / 2;
      if (inRange(s)) cells.push({ column, at, low: at.s[i], high: at.s[i + 1], energy });
    });
  });
  return cells;
}

function drawHeat(host, run, spec, kinds, most) {
  const whole = Math.max(240, host.clientWidth || 320), right = 14;
  const width = whole - MARGIN.left - right, height = whole < 420 ? 250 : 320;
  const x = makeScale(kinds.x, MEASURED.flatMap(r => r.snapshots.map(spec.when)), [0, width]);
  const y = makeScale("log", S_RANGE.map(Math.exp), [height, 0], true);
  const svg = d3.select(host).append("svg").attr("viewBox", `0 0 ${whole} ${height + MARGIN.top + MARGIN.bottom}`)
    .attr("role", "img").attr("tabindex", 0).attr("data-panel", run.name)
    .attr("aria-label", `${spec.title}, ${run.name}. Arrow keys read the values; the table below has all numbers.`);
  const g = svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  const columns = run.snapshots.map(at => x(spec.when(at)));
  const edges = edgesOf(columns);
  const cells = cellsOf(run);
  for (const c of cells) {
    c.x = edges[c.column];
    c.width = edges[c.column + 1] - c.x;
    c.y = y(Math.exp(c.high));
    c.height = y(Math.exp(c.low)) - c.y;
    const t = c.energy > 0 ? 1 + Math.log10(c.energy / most) / HEAT_DECADES : 0;
    g.append("rect").attr("class", "cell").attr("x", c.x).attr("y", c.y).attr("width", c.width + 0.4).attr("height", c.height + 0.4)
      .attr("data-energy", c.energy).attr("fill", heatColour(Math.max(0, Math.min(1, t))));
  }
  drawAxis(g, kinds.x, x, true, width, height, spec.xLabel()).selectAll(".tick line").attr("y2", 5);
  drawAxis(g, "log", y, false, height, width, "rate λ (1/time), fast at the top").selectAll(".tick line").attr("x2", -4);
  const tops = run.snapshots.filter(at => at.lambda_max > 0).map(at => [x(spec.when(at)), y(at.lambda_max)]);
  g.append("path").attr("class", "top").attr("d", d3.line()(tops) || "");
  if (tops.length) g.append("text").attr("class", "name").attr("x", width - 4).attr("y", last(tops)[1] - 7).attr("text-anchor", "end").text("largest λ");
  readCells(svg, g, cells, spec, width, height);
}

function readCells(svg, g, cells, spec, width, height) {
  const edge = g.append("rect").attr("class", "cell-edge").style("display", "none");
  let here = null;
  const read = (c, px, py) => {
    here = c;
    edge.style("display", null).attr("x", c.x).attr("y", c.y).attr("width", c.width).attr("height", c.height);
    const total = known(c.at.loss) ? c.at.loss : d3.sum(c.at.energy);
    showTip(px, py, `step ${whole(c.at.step)}, time ${say(c.at.time)}`, [
      ["λ", `${say(Math.exp(c.low))} … ${say(Math.exp(c.high))}`], ["energy", say(c.energy, 4)], ["share of the error", percent(c.energy / total)]]);
  };
  const leave = () => { edge.style("display", "none"); hideTip(); };
  svg.on("pointermove", function () {
    const e = d3.event, box = this.getBoundingClientRect(), k = this.viewBox.baseVal.width / box.width;
    const px = (e.clientX - box.left) * k - MARGIN.left, py = (e.clientY - box.top) * k - MARGIN.top;
    const c = cells.find(o => px >= o.x && px <= o.x + o.width && py >= o.y && py <= o.y + o.height);
    c ? read(c, e.clientX, e.clientY) : leave();
  }).on("pointerleave", leave).on("blur", leave).on("keydown", function () {
    const key = d3.event.key, move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    if (!move || !cells.length) return;
    d3.event.preventDefault();
    const from = here || cells.reduce((a, b) => (b.energy > a.energy ? b : a));
    const to = here ? cells.find(c => c.column === from.column + move[0] && Math.abs(c.low - from.low - move[1] * (from.high - from.low)) < 1e-6) : from;
    if (!to) return;
    const box = this.getBoundingClientRect(), k = box.width / this.viewBox.baseVal.width;
    read(to, box.left + (MARGIN.left + to.x) * k, box.top + (MARGIN.top + to.y) * k);
  });
}

function drawHeatKey(legend, most) {
  const svg = d3.select(legend).append("svg").attr("width", 290).attr("height", 34).attr("role", "img")
    .attr("aria-label", `Darker or brighter is more energy, from ${say(most * 10 ** -HEAT_DECADES)} to ${say(most)}`);
  for (let i = 0; i < 60; i++)
    svg.append("rect").attr("x", 1 + i * 2.5).attr("y", 3).attr("width", 2.9).attr("height", 10).attr("fill", heatColour(i / 59));
  svg.append("text").attr("x", 0).attr("y", 29).text("≤ " + say(most * 10 ** -HEAT_DECADES, 2));
  svg.append("text").attr("x", 151).attr("y", 29).attr("text-anchor", "end").text(say(most, 2));
  svg.append("text").attr("x", 162).attr("y", 13).text("energy in a shell");
}

/* spec: id, title, caption, when(snapshot), xLabel() */
function addHeat(parent, spec) {
  const { figure, switches, legend, box } = addFigureFrame(parent, Object.assign({ wide: true }, spec));
  const kinds = { x: "log0" };
  const most = d3.max(MEASURED, r => d3.max(r.snapshots, at => d3.max(at.energy || [0]))) || 1;
  const draw = () => {
    box.textContent = legend.textContent = "";
    drawHeatKey(legend, most);
    const columns = Math.max(1, Math.min(MEASURED.length, Math.floor((box.clientWidth || 320) / 330)));
    box.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    for (const run of MEASURED) {
      const host = make(box, "div", "panel");
      if (MANY) make(host, "p", "", run.name);
      drawHeat(host, run, spec, kinds, most);
    }
  };
  addSwitch(switches, "x", ["log0", "linear"], "log0", kind => { kinds.x = kind; draw(); });
  make(figure, "figcaption", "", spec.caption);
  addTable(figure, () => ({
    head: ["run", "step", "time", "s from", "s to", "energy"],
    rows: MEASURED.flatMap(r => cellsOf(r).map(c => [r.name, c.at.step, c.at.time, c.low, c.high, c.energy]))
  }));
  FIGURES.push({ draw, follows: "when" });
}
