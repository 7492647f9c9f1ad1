/* Line figures: axes, series that can be switched, values under the pointer or the arrow keys, and
   the table of numbers behind each. */

const DASHES = ["", "7 4", "2 3", "9 3 2 3", "12 4", "4 2 1 2", "1 4", "14 3 3 3"];
const MARKS = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar, d3.symbolWye];
const colour = i => `var(--c${i % 8})`;
const markPath = (i, size = 26) => d3.symbol().type(MARKS[i % MARKS.length]).size(size)();
const make = (parent, tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
};

/* --- the tip ---------------------------------------------------------------------------------- */

const tip = document.getElementById("tip");
function showTip(x, y, title, rows) {
  tip.textContent = "";
  make(tip, "b", "", title);
  for (const [name, value] of rows) {
    const row = make(tip, "div");
    make(row, "span", "", name);
    make(row, "span", "", value);
  }
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(6, Math.min(x + 14, innerWidth - box.width - 6)) + "px";
  tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(6, y - box.height - 12) : y + 18) + "px";
}
const hideTip = () => { tip.hidden = true; };
addEventListener("scroll", hideTip, { passive: true });
addEventListener("keydown", e => { if (e.key === "Escape") hideTip(); });

/* --- scales ----------------------------------------------------------------------------------- */

/* kind: "linear", "log", "log0" (logarithmic with 0 at its end) or "symlog" (both signs). */
function makeScale(kind, values, range, isExact) {
  const all = values.filter(known);
  const positive = all.filter(v => v > 0);
  if (kind === "log") {
    let [low, high] = positive.length ? d3.extent(positive) : [0.1, 1];
    if (low === high) { low /= 2; high *= 2; }
    if (!isExact) { const room = (high / low) ** 0.03; low /= room; high *= room; }
    return d3.scaleLog().domain([low, high]).range(range);
  }
  if (kind === "log0") {
    const constant = positive.length ? d3.min(positive) : 1;
    return d3.scaleSymlog().constant(constant).domain([0, Math.max(d3.max(all) || 1, constant * 1.01)]).range(range);
  }
  let [low, high] = all.length ? d3.extent(all) : [0, 1];
  if (low === high) { low -= Math.abs(low) || 1; high += Math.abs(high) || 1; }
  if (kind === "symlog") {
    const most = Math.max(Math.abs(low), Math.abs(high));
    return d3.scaleSymlog().constant(most * 1e-4).domain([low * 1.6, high * 1.6]).range(range);
  }
  return d3.scaleLinear().domain([low, high]).nice(6).range(range);
}

function makeTicks(kind, scale, pixels, isX) {
  const room = Math.max(2, Math.floor(pixels / (isX ? 62 : 38)));
  if (kind === "linear") return scale.ticks(Math.min(room, 7));
  const [low, high] = scale.domain();
  const powers = [];
  if (kind === "log") {
    const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high) + 1e-9);
    if (to - from < 2) {
      const fine = [];
      for (let n = from - 1; n <= to; n++) for (const f of [1, 2, 5]) fine.push(f * 10 ** n);
      const inside = fine.filter(v => v >= low * 0.9999 && v <= high * 1.0001);
      return inside.length >= 2 ? inside : scale.ticks(4);
    }
    for (let n = from; n <= to; n++) powers.push(n);
    const step = Math.ceil(powers.length / room);
    return powers.filter(n => n % step === 0).map(n => Number(`1e${n}`));
  }
  const constant = scale.constant();
  const first = Math.ceil(Math.log10(constant) - 1e-9);
  const top = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high))) + 1e-9);
  for (let n = first; n <= top; n++) powers.push(n);
  const sides = low < 0 && high > 0 ? 2 : 1;
  const step = Math.max(1, Math.ceil(powers.length * sides / Math.max(1, room - 1)));
  const chosen = powers.filter(n => (top - n) % step === 0).map(n => Number(`1e${n}`));
  return [...chosen.filter(v => -v >= low).map(v => -v).reverse(), 0, ...chosen.filter(v => v <= high)];
}

function drawAxis(g, kind, scale, isX, length, across, label, given) {
  const ticks = given || makeTicks(kind, scale, length, isX);
  const axis = g.append("g").attr("class", "axis").attr("data-axis", isX ? "x" : "y").attr("data-scale", kind)
    .attr("data-constant", scale.constant ? scale.constant() : null);
  for (const v of ticks) {
    const at = scale(v);
    const tick = axis.append("g").attr("class", v === 0 ? "tick zero" : "tick")
      .attr("transform", isX ? `translate(${at},${across})` : `translate(0,${at})`);
    tick.append("line").attr(isX ? "y2" : "x2", isX ? -across : across);
    tick.append("text").attr("x", isX ? 0 : -8).attr("y", isX ? 18 : 0).attr("dy", isX ? 0 : ".32em")
      .attr("text-anchor", isX ? "middle" : "end").text(tickText(v));
  }
  if (isX) axis.append("path").attr("d", `M0,${across}H${length}`);
  axis.append("text").attr("class", "label").attr("x", isX ? length : 0).attr("y", isX ? across + 36 : -15)
    .attr("text-anchor", isX ? "end" : "start").attr("dx", isX ? 0 : -40).text(label);
  return axis;
}

/* --- one panel -------------------------------------------------------------------------------- */

const MARGIN = { top: 30, right: 14, bottom: 42, left: 58 };

function shown(points, scaleX, scaleY, kinds) {
  return points.filter(p => known(p[0]) && known(p[1]) && (kinds.x !== "log" || p[0] > 0) && (kinds.y !== "log" || p[1] > 0));
}

/* Names beside the ends of lines, moved apart. */
function drawNames(g, series, x, y, width, height) {
  const names = series.filter(s => s.ends && x(last(s.ends)[0]) > 0.8 * width)
    .map(s => ({ text: s.label || s.name, at: y(last(s.ends)[1]), s })).filter(n => n.at >= -4 && n.at <= height + 4).sort((a, b) => a.at - b.at);
  names.forEach((n, i) => { if (i && n.at < names[i - 1].at + 14) n.at = names[i - 1].at + 14; });
  const over = names.length ? last(names).at - (height + 4) : 0;
  if (over > 0) names.forEach((n, i) => { n.at = Math.min(n.at, height + 4 - 14 * (names.length - 1 - i)); });
  for (const n of names)
    g.append("text").attr("class", "name").attr("x", width + 8).attr("y", n.at).attr("dy", ".32em")
      .style("fill", colour(n.s.colour)).text(n.text);
}

function drawShades(g, shades, x, width, height) {
  for (const s of shades) {
    const from = Math.max(0, Math.min(width, x(s.from))), to = Math.max(0, Math.min(width, x(s.to)));
    if (!(to > from)) continue;
    g.append("rect").attr("class", "shade").attr("x", from).attr("width", to - from).attr("height", height);
    g.append("text").attr("x", from + 6).attr("y", 14).text(to - from > 70 ? s.label : "");
  }
}

/* What lies below a value is noise: shaded, or said where the axis ends above it. */
function drawFloor(g, floor, y, width, height) {
  if (!known(floor)) return;
  const at = y(floor);
  if (at < height) {
    g.append("rect").attr("class", "shade").attr("y", Math.max(0, at)).attr("width", width).attr("height", height - Math.max(0, at));
    g.append("path").attr("class", "shade-edge").attr("d", `M0,${at}H${width}`);
  }
  g.append("text").attr("class", "floor").attr("x", 6).attr("y", at < height ? at - 5 : height - 7)
    .text(at < height ? "rounding noise below" : `noise: λ < ${say(floor, 2)}, below this axis`);
}

/* Between the ends of the points, in place of bars. */
function drawBand(line, s, points, x, y, kinds) {
  const least = y.domain()[0], end = v => (kinds.y === "log" && !(v > least) ? least : v);
  line.append("path").attr("class", "band").style("fill", colour(s.colour))
    .attr("d", d3.area().x(p => x(p[0])).y0(p => y(end(p[3]))).y1(p => y(end(p[4])))(points.filter(p => known(p[3]) && known(p[4]))) || "");
}

function drawSeries(g, s, x, y, kinds, clip) {
  const points = shown(s.points, x, y, kinds);
  s.ends = points.length ? points : null;
  const line = g.append("g").attr("clip-path", `url(#${clip})`).attr("class", "series").attr("data-series", s.name)
    .attr("data-run", s.run);
  if (!s.marksOnly)
    line.append("path").attr("class", s.thin ? "line thin" : s.strong ? "line strong" : "line").style("stroke", colour(s.colour))
      .attr("stroke-dasharray", DASHES[s.dash || 0]).attr("d", d3.line().x(p => x(p[0])).y(p => y(p[1]))(points) || "");
  if (s.band) drawBand(line, s, points, x, y, kinds);
  else for (const p of points)
    if (known(p[3]) && known(p[4]) && (kinds.y !== "log" || p[3] > 0))
      line.append("path").attr("class", "bar").style("stroke", colour(s.colour)).attr("d", `M${x(p[0])},${y(p[3])}V${y(p[4])}`);
  if (s.mark !== undefined)
    for (const p of points)
      line.append("path").attr("class", "mark").attr("transform", `translate(${x(p[0])},${y(p[1])})`)
        .attr("d", markPath(s.mark, s.size || 26)).style("fill", p[2] === false ? "var(--paper)" : colour(s.colour))
        .style("stroke", colour(s.colour)).style("stroke-width", 1.2);
}

let clips = 0;

function drawPanel(host, panel, spec, kinds, hidden, domains, cursor) {
  const whole = Math.max(240, host.clientWidth || 320);
  const series = panel.series.filter(s => !hidden.has(s.name));
  const named = spec.names !== false && whole >= 440 && panel.series.length > 1;
  const right = named ? Math.min(150, 22 + 6.4 * d3.max(panel.series, s => (s.label || s.name).length)) : MARGIN.right;
  const width = whole - MARGIN.left - right, height = (spec.height || 270) * (whole < 420 ? 0.85 : 1);
  const full = height + MARGIN.top + MARGIN.bottom;
  const x = makeScale(kinds.x, domains.x, [0, width], true), y = makeScale(kinds.y, domains.y, [height, 0]);
  const clip = `clip${clips++}`;
  const svg = d3.select(host).append("svg").attr("viewBox", `0 0 ${whole} ${full}`).attr("role", "img").attr("tabindex", 0)
    .attr("data-panel", panel.title || "").attr("aria-label", `${spec.title}${panel.title ? ", " + panel.title : ""}. ` +
      "Arrow keys read the values; the table below has all numbers.");
  svg.append("clipPath").attr("id", clip).append("rect").attr("x", -4).attr("y", -4).attr("width", width + 8).attr("height", height + 8);
  const g = svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  drawShades(g, panel.shades || [], x, width, height);
  if (kinds.y === "log") drawFloor(g, panel.floor, y, width, height);
  if (panel.note) g.append("text").attr("class", "floor").attr("x", 6).attr("y", height - 7).text(panel.note);
  drawAxis(g, kinds.x, x, true, width, height, spec.x.label(), spec.x.ticks && spec.x.ticks());
  drawAxis(g, kinds.y, y, false, height, width, spec.y.label());
  if (known(cursor)) g.append("path").attr("class", "now").attr("d", `M${x(cursor)},0V${height}`);
  for (const ref of panel.refs || [])
    if (known(ref.x)) {
      g.append("path").attr("class", "ref").attr("d", `M${x(ref.x)},0V${height}`);
      g.append("text").attr("x", x(ref.x) + 5).attr("y", 12).text(ref.label);
    }
  for (const level of panel.levels || []) {
    const at = y(level.y);
    if (!(at >= 0 && at <= height)) continue;
    g.append("path").attr("class", "ref").attr("data-level", level.y).attr("d", `M0,${at}H${width}`);
    g.append("text").attr("class", "floor").attr("x", width - 4).attr("y", at - 5).attr("text-anchor", "end").text(level.label);
  }
  for (const s of series) drawSeries(g, s, x, y, kinds, clip);
  if (named) drawNames(g, series, x, y, width, height);
  if (!series.some(s => s.ends))
    g.append("text").attr("x", width / 2).attr("y", height / 2).attr("text-anchor", "middle").text("nothing measured here");
  addReading(svg, g, series, spec, x, y, width, height);
}

/* Values under the pointer or the keyboard's cursor. */
function addReading(svg, g, series, spec, x, y, width, height) {
  const stops = [...new Set(series.flatMap(s => (s.ends || []).map(p => p[0])))].sort((a, b) => a - b);
  if (!stops.length) return;
  const mark = g.append("path").attr("class", "cursor").attr("d", `M0,0V${height}`).style("display", "none");
  let here = stops.length - 1;
  const read = (at, clientX, clientY) => {
    const rows = [];
    for (const s of series) {
      if (!s.ends) continue;
      const near = s.ends.reduce((a, b) => (Math.abs(x(b[0]) - x(at)) < Math.abs(x(a[0]) - x(at)) ? b : a));
      if (Math.abs(x(near[0]) - x(at)) < 12) rows.push([s.tip || s.name, say(near[1], 4)]);
    }
    mark.style("display", null).attr("transform", `translate(${x(at)},0)`);
    showTip(clientX, clientY, spec.x.say ? spec.x.say(at) : `${spec.x.label()} ${say(at, 4)}`, rows);
  };
  const leave = () => { mark.style("display", "none"); hideTip(); };
  svg.on("pointermove", function () {
    const e = d3.event, box = this.getBoundingClientRect();
    const px = (e.clientX - box.left) * this.viewBox.baseVal.width / box.width - MARGIN.left;
    if (px < -10 || px > width + 10) return leave();
    here = d3.scan(stops, (a, b) => Math.abs(x(a) - px) - Math.abs(x(b) - px));
    read(stops[here], e.clientX, e.clientY);
  }).on("pointerleave", leave).on("blur", leave).on("keydown", function () {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[d3.event.key];
    if (!move) return;
    d3.event.preventDefault();
    here = Math.max(0, Math.min(stops.length - 1, here + move));
    const box = this.getBoundingClientRect(), k = box.width / this.viewBox.baseVal.width;
    read(stops[here], box.left + (MARGIN.left + x(stops[here])) * k, box.top + MARGIN.top * k + 30);
  });
}

/* --- the table behind a figure ---------------------------------------------------------------- */

function tableOf(panels, spec) {
  const lists = panels.flatMap(p => p.series.map(s => ({ name: (p.title ? p.title + ": " : "") + s.name, points: s.points })));
  const at = [...new Set(lists.flatMap(s => s.points.map(p => p[0])).filter(known))].sort((a, b) => a - b);
  const maps = lists.map(s => new Map(s.points.map(p => [p[0], p[1]])));
  return { head: [spec.x.label(), ...lists.map(s => s.name)], rows: at.map(v => [v, ...maps.map(m => m.get(v))]) };
}

function addTable(figure, getTable) {
  const details = make(figure, "details");
  make(details, "summary", "", "Numbers");
  const body = make(details, "div");
  const fill = () => {
    if (!details.open) return;
    body.textContent = "";
    const { head, rows } = getTable();
    const copy = make(body, "button", "copy", "Copy as tab-separated text");
    const box = make(body, "div", "numbers");
    box.tabIndex = 0;
    const table = make(box, "table");
    const line = make(make(table, "thead"), "tr");
    head.forEach(h => { make(line, "th", "", h).scope = "col"; });
    const list = make(table, "tbody");
    rows.forEach(r => { const tr = make(list, "tr"); r.forEach(v => make(tr, "td", "", known(v) ? String(v) : v === undefined || v === null ? "" : v)); });
    copy.onclick = () => copyText([head, ...rows].map(r => r.map(v => (v === undefined || v === null ? "" : v)).join("\t")).join("\n"), copy);
  };
  details.addEventListener("toggle", fill);
  return fill;
}

function copyText(text, button) {
  const done = ok => { button.textContent = ok ? "Copied" : "Select the table and copy it"; };
  const old = () => {
    const area = make(document.body, "textarea");
    area.value = text;
    area.select();
    let ok = false;
    try { ok = document.execCommand("copy"); } catch (e) { ok = false; }
    area.remove();
    done(ok);
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => done(true), old);
  else old();
}

/* --- a figure --------------------------------------------------------------------------------- */

const FIGURES = [];
const KIND_NAMES = { linear: "lin", log: "log", log0: "log", symlog: "±log" };

function addSwitch(parent, name, kinds, initial, choose) {
  if (kinds.length < 2) return;
  const box = make(parent, "span", "", name);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${name} axis`);
  const buttons = kinds.map(kind => {
    const b = make(box, "button", "", KIND_NAMES[kind]);
    b.type = "button";
    b.dataset.kind = kind;
    b.setAttribute("aria-pressed", String(kind === initial));
    b.onclick = () => { buttons.forEach(o => o.setAttribute("aria-pressed", String(o === b))); choose(kind); };
    return b;
  });
}

function addFigureFrame(parent, spec) {
  const figure = make(parent, "figure", spec.wide ? "wide" : "");
  figure.dataset.chart = spec.id;
  const head = make(figure, "div", "head");
  make(head, "h3", "", spec.title);
  return { figure, switches: make(head, "div", "switches"), legend: make(figure, "div", "legend"), box: make(figure, "div", "panels") };
}

/* A point is [x, y], and may go on with: false for a hollow mark, and the ends of its bar; of a series that says `band`
   these ends make an area. */
/* spec: id, title, caption, wide, height, x and y {label(), kinds, say, x also ticks()}, panels() and, for scales that
   stay while panels change, all(): the panels of all moments; table(): {head, rows} in place of the series' points. */
function addChart(parent, spec) {
  const { figure, switches, legend, box } = addFigureFrame(parent, spec);
  const kinds = { x: spec.x.kinds[0], y: spec.y.kinds[0] };
  const hidden = new Set();
  let legendOf = "";
  const draw = () => {
    const panels = spec.panels();
    const scaled = (spec.all || spec.panels)();
    const domains = {
      x: spec.x.domain ? spec.x.domain() : scaled.flatMap(p => p.series.flatMap(s => s.points.map(q => q[0]))),
      y: scaled.flatMap(p => p.series.filter(s => !hidden.has(s.name)).flatMap(s => s.points.flatMap(q => [q[1], q[3], q[4]])))
    };
    domains.y.push(...panels.flatMap(p => (p.levels || []).map(l => l.y)));
    if (spec.y.zero) domains.y.push(0);
    if (spec.y.domain) domains.y = spec.y.domain(domains.y, kinds.y);
    box.textContent = "";
    const columns = Math.max(1, Math.min(panels.length, Math.floor((box.clientWidth || 320) / 330)));
    box.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    for (const panel of panels) {
      const host = make(box, "div", "panel");
      if (panel.title) make(host, "p", "", panel.title);
      drawPanel(host, panel, spec, kinds, hidden, domains, spec.cursor ? spec.cursor() : NaN);
    }
    drawLegend(panels);
    fillTable();
  };
  const drawLegend = panels => {
    const seen = new Map();
    panels.forEach(p => p.series.forEach(s => { if (!seen.has(s.name)) seen.set(s.name, s); }));
    const key = [...seen.keys()].join("\n");
    if (key === legendOf || seen.size < 2) return;
    legendOf = key;
    legend.textContent = "";
    for (const [name, s] of seen) {
      const b = make(legend, "button");
      b.type = "button";
      b.innerHTML = swatch(s);
      b.append(name);
      b.setAttribute("aria-pressed", String(!hidden.has(name)));
      b.onclick = () => {
        hidden.has(name) ? hidden.delete(name) : hidden.add(name);
        b.setAttribute("aria-pressed", String(!hidden.has(name)));
        draw();
      };
    }
  };
  addSwitch(switches, "x", spec.x.kinds, kinds.x, kind => { kinds.x = kind; draw(); });
  addSwitch(switches, "y", spec.y.kinds, kinds.y, kind => { kinds.y = kind; draw(); });
  if (spec.caption) make(figure, "figcaption", "", spec.caption);
  const fillTable = addTable(figure, spec.table || (() => tableOf(spec.panels(), spec)));
  FIGURES.push({ draw, follows: spec.follows });
  return figure;
}

/* A short piece of the line, for legends. Holds no text of the data. */
function swatch(s) {
  const line = s.marksOnly ? "" : `<path d="M0,6H26" style="stroke:${colour(s.colour)};stroke-width:2;stroke-dasharray:${DASHES[s.dash || 0]}"/>`;
  const mark = s.mark === undefined ? "" : `<path transform="translate(13,6)" d="${markPath(s.mark)}" style="fill:${colour(s.colour)}"/>`;
  return `<svg width="26" height="12" aria-hidden="true">${line}${mark}</svg>`;
}
