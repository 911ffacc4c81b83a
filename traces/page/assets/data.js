"use strict";
// The data of the page, and questions about it. Steps are counted from 1, as they stand in the data; `shown` adds the
// number of steps that were left out before them.

let D;

async function unpack() {
  const packed = document.getElementById("data").textContent;
  const bytes = Uint8Array.from(atob(packed.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function adopt(data) {
  D = data;
  D.steps = D.labels.length;
  D.rowOf = new Map(D.rows.map((row, number) => [row.place, number]));
  D.passing = Array.from({ length: D.steps + 1 }, () => []);
  for (const [words, sent, , received] of D.messages) {
    D.passing[sent].push(words);
    if (received) D.passing[received].push(words);
  }
  V.bad = violations();
  V.crowded = D.messages.length > 400;
}

const comparing = () => document.body.classList.contains("comparing");
const text = (number) => D.texts[number];
const shown = (step) => step + D.skipped;
const label = (step) => text(D.labels[step - 1]);

// The last entry of a history ([[step, value]…]) at or before a step.
function entryAt(history, step) {
  let low = 0;
  let high = history.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (history[middle][0] <= step) low = middle;
    else high = middle - 1;
  }
  return history[low];
}

const valueAt = (row, step) => text(entryAt(row.history, step)[1]);
const writerOf = (row, step) => entryAt(row.history, step)[0];

// The row that a changed place belongs to: the place itself, or the longest row that it lies within.
function rowWithin(place) {
  for (let end = place.length; end > 0; end--) {
    const found = D.rowOf.get(place.slice(0, end));
    if (found !== undefined) return D.rows[found];
  }
  return null;
}

function changedAt(row, step) {
  return step > 1 && writerOf(row, step) === step;
}

// What a search looks through, step by step.
function haystack(step) {
  const parts = [label(step)];
  for (const [place, what] of D.changes[step - 1]) parts.push(`${text(place)} ${text(what)}`);
  if (step === 1) for (const row of D.rows) parts.push(`${row.place} ${valueAt(row, 1)}`);
  parts.push(...D.passing[step].map(text), V.notes.get(shown(step)) ?? "");
  return parts.join("\n").toLowerCase();
}

function hits(query) {
  const wanted = query.trim().toLowerCase();
  const found = [];
  if (wanted) for (let step = 1; step <= D.steps; step++) if (haystack(step).includes(wanted)) found.push(step);
  return found;
}

const SAFETY = new Set(["invariant", "step_invariant"]);

function violations() {
  const found = new Set();
  for (const one of D.properties) {
    if (SAFETY.has(one.kind)) for (let i = 0; i < D.steps; i++) if (one.values[i] === "0") found.add(i + 1);
  }
  if (!found.size && (D.verdict === "violated" || D.failure)) found.add(D.steps);
  return [...found].sort((a, b) => a - b);
}

// Steps that happened before a step, and because of it: along lanes and messages.
function causes(step, forward) {
  const near = forward ? (D.after ??= neighbours(true)) : (D.before ??= neighbours(false));
  const seen = new Set();
  const queue = [step];
  while (queue.length) {
    for (const other of near[queue.pop()] ?? []) {
      if (!seen.has(other)) {
        seen.add(other);
        queue.push(other);
      }
    }
  }
  return seen;
}

function neighbours(forward) {
  const near = [];
  const join = (earlier, later) => {
    const [from, to] = forward ? [earlier, later] : [later, earlier];
    (near[from] ??= []).push(to);
  };
  const last = new Map();
  D.events.forEach((lane, i) => {
    if (lane < 0) return;
    if (last.has(lane)) join(last.get(lane), i + 1);
    last.set(lane, i + 1);
  });
  for (const [, sent, , received, , fate] of D.messages) if (received && fate === "received") join(sent, received);
  return near;
}
