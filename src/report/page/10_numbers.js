/* What is in the data. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const RUNS = DATA.runs;
const MANY = RUNS.length > 1;

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
