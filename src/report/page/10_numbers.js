"use strict";
/* Numbers as text, and what is in the data. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const RUNS = DATA.runs;
const MANY = RUNS.length > 1;

const known = v => typeof v === "number" && isFinite(v);
const last = list => list[list.length - 1];

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = n => "10" + String(n).split("").map(c => RAISED[c]).join("");
const signed = text => text.replace("-", "−");

/* A number for people: `digits` significant ones; very small and large ones as a × 10ⁿ. */
function say(v, digits = 3) {
  if (!known(v)) return "–";
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (size >= 1e-3 && size < 1e5) {
    const text = Number(v.toPrecision(digits));
    return signed(size >= 1000 ? d3.format(",")(Math.round(text)) : String(text));
  }
  const [front, back] = v.toExponential(digits - 1).split("e");
  const mantissa = signed(String(Number(front)));
  return (mantissa === "1" ? "" : mantissa === "−1" ? "−" : mantissa + "\u202f×\u202f") + power(Number(back));
}
const whole = v => d3.format(",")(v);
const percent = v => (v > 0 && v < 1e-4 ? "less than 0.01" : v * 100 >= 99.95 ? (v * 100).toFixed(0) : Number((v * 100).toPrecision(2))) + "\u202f%";

/* A tick of an axis: as short as it goes. */
function tickText(v) {
  if (v === 0) return "0";
  const size = Math.abs(v), n = Math.floor(Math.log10(size) + 1e-9), front = Number((size / 10 ** n).toPrecision(6));
  const minus = v < 0 ? "−" : "";
  if (n >= -3 && n < 5) return minus + (size >= 1000 ? d3.format(",")(Number(size.toPrecision(6))) : Number(size.toPrecision(6)));
  return minus + (front === 1 ? "" : front + "×") + power(n);
}

const entry = (list, key) => { const found = list.find(e => e[0] === key); return found ? found[1] : null; };
const setting = (run, key) => entry(run.settings, key);
const fact = (run, key) => entry(run.facts, key);

RUNS.forEach((run, i) => { run.index = i; });
/* Names must tell runs apart: folders where last parts agree. */
if (new Set(RUNS.map(r => r.name)).size < RUNS.length) RUNS.forEach(r => { r.name = r.folder; });

const MEASURED = RUNS.filter(r => r.snapshots.length > 0);
const unitOf = name => { const u = DATA.fields[name] ? DATA.fields[name].unit : "1"; return u === "1" ? "" : u; };

/* All steps at which some run was measured; a run shows its latest one up to there. */
const STEPS = [...new Set(MEASURED.flatMap(r => r.snapshots.map(s => s.step)))].sort((a, b) => a - b);
function snapshotAt(run, step) {
  let found = run.snapshots[0];
  for (const s of run.snapshots) if (s.step <= step) found = s;
  return found;
}

/* Boundaries worth showing: from where some energy is, one shell to spare. */
const S_RANGE = (() => {
  let low = Infinity, high = -Infinity;
  for (const run of MEASURED) for (const at of run.snapshots) {
    if (!at.energy || !at.s) continue;
    const least = 1e-7 * d3.sum(at.energy);
    at.energy.forEach((e, i) => { if (e > least) { low = Math.min(low, at.s[i]); high = Math.max(high, at.s[i + 1]); } });
  }
  return low < high ? [low - 0.7, high + 0.7] : [-10, 1];
})();
const inRange = s => s >= S_RANGE[0] - 1e-9 && s <= S_RANGE[1] + 1e-9;
