"use strict";
/* Numbers as text. */

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
