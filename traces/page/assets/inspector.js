"use strict";
// The step: what it changed, down to the leaf, who wrote what it replaced, and, on demand, the whole state.

function stepPanel() {
  const step = V.step;
  const action = D.actions[D.action_of[step - 1]];
  return [
    el("h2", null, `Step ${shown(step)} of ${shown(D.steps)}`),
    el("p", { class: "step-label" }, el("code", null, label(step))),
    action && action[2] && el("p", null, action[2]),
    action && el("p", { class: "dim" }, action[1]),
    noteField(step),
    watched(step),
    pinned(step),
    step > 1 ? changesTable(step) : el("p", { class: "dim" }, "The initial state. Every value is below."),
    histories(step),
    passing(step),
    el("p", null, button(V.all || step === 1 ? "Only what changes (d)" : "All values (d)", "Switches between the two", () => set({ all: !V.all }), { id: "all-button" })),
    (V.all || step === 1) && stateTable(step),
    rawStep(step),
  ];
}

// The step as it stands in the trace's file.
function rawStep(step) {
  const file = D.forms?.["trace.json"];
  return file && el("details", { id: "raw" }, el("summary", null, "Raw JSON"), el("pre", null, JSON.stringify(JSON.parse(file).trace.steps[step - 1], null, 1)));
}

function pinButton(place) {
  const on = V.pins.has(place);
  return button(on ? "unpin" : "pin", on ? `no longer keep ${place} in sight` : `keep ${place} in sight`, () => pin(place), { class: "small", "aria-pressed": String(on), "data-pin": place });
}

function since(row, step) {
  const writer = writerOf(row, step);
  return writer > 1 ? stepLink(writer, `since step ${shown(writer)}`) : el("span", { class: "dim" }, "initially");
}

function pinned(step) {
  const places = [...V.pins].map((place) => rowWithin(place)).filter(Boolean);
  return places.length > 0 && [
    el("h3", null, "Pinned"),
    el("table", { id: "pinned" }, places.map((row) => el("tr", { class: changedAt(row, step) ? "changed" : null },
      el("th", { scope: "row" }, placeCode(row.place)),
      el("td", null, el("code", null, valueAt(row, step))),
      el("td", null, since(row, step)),
      el("td", null, pinButton(row.place))))),
  ];
}

// Expressions of the reader's own, as rows; D.watched maps each to a row like those of the state.
const watchedRows = () => V.watch.map((words) => (D.watched ?? {})[words]).filter((row) => row?.history);

function watched(step) {
  const rows = V.watch.map((words) => [words, (D.watched ?? {})[words]]).filter(([, row]) => row);
  return (rows.length > 0 || D.live) && [
    el("h3", null, "Expressions"),
    rows.length > 0 && el("table", { id: "watched" }, rows.map(([words, row]) => el("tr", { class: row.history && changedAt(row, step) ? "changed" : null },
      el("th", { scope: "row" }, el("code", null, words)),
      el("td", null, row.history ? el("code", null, valueAt(row, step)) : el("span", { class: "verdict bad" }, row.error)),
      el("td", null, row.history && since(row, step)),
      el("td", null, button("remove", `no longer show ${words}`, () => set({ watch: V.watch.filter((one) => one !== words) }), { class: "small" }))))),
    D.live && askExpression(),
  ];
}

function changesTable(step) {
  const found = D.changes[step - 1];
  if (!found.length) return el("p", { class: "dim" }, "Nothing changes.");
  return el("table", { id: "changes" },
    el("caption", null, "What it changes"),
    found.map(([placeNumber, what]) => {
      const place = text(placeNumber);
      const row = rowWithin(place);
      return el("tr", null,
        el("th", { scope: "row" }, placeCode(place)),
        el("td", null, difference(text(what))),
        el("td", null, row && el("span", { class: "dim" }, "before: "), row && since(row, step - 1)),
        el("td", null, row && pinButton(row.place)));
    }));
}

// A change in words: `old → new`, `+ came`, `- went`. Signs stay; colours only help.
function difference(what) {
  const arrow = what.indexOf(" → ");
  if (arrow > 0) {
    return [el("code", { class: "went" }, what.slice(0, arrow)), " → ", el("code", { class: "came" }, what.slice(arrow + 3))];
  }
  return what.split("   ").map((part) => el("code", { class: part.startsWith("+") ? "came" : "went" }, part));
}

// Sequences that every lane has one of, such as logs, side by side: position by position, with a sign where they differ.
function histories(step) {
  return D.variables.map(({ name }) => {
    const rows = D.lanes.map((lane) => D.rowOf.get(`${name}[${lane}]`)).filter((number) => number !== undefined).map((number) => D.rows[number]);
    if (rows.length < 2 || !rows.every((row) => valueAt(row, step).startsWith("["))) return null;
    if (!V.all && !rows.some((row) => changedAt(row, step))) return null;
    const columns = rows.map((row) => itemsOf(valueAt(row, step)));
    const length = Math.max(...columns.map((items) => items.length));
    if (!length) return null;
    const cell = (items, i, row) => {
      const others = columns.filter((own) => own.length > i).map((own) => own[i]);
      const odd = items.length > i && others.some((one) => one !== items[i]);
      return el("td", { class: changedAt(row, step) ? "changed" : null }, items.length > i ? [odd && el("span", { class: "sign", title: "not the same in all lanes" }, "≠ "), el("code", { title: items[i] }, brief(items[i], 34))] : el("span", { class: "dim" }, "–"));
    };
    return [el("h3", null, `${name}, side by side`),
      el("table", { class: "histories", "data-histories": name },
        el("tr", null, el("th", { scope: "col" }, "#"), rows.map((row) => el("th", { scope: "col" }, row.place.slice(name.length + 1, -1), changedAt(row, step) && " Δ"))),
        Array.from({ length }, (_, i) => el("tr", null, el("th", { scope: "row" }, String(i)), columns.map((items, column) => cell(items, i, rows[column])))))];
  });
}

// The items of a sequence as it is shown: `[a, B(c, d)]`.
function itemsOf(words) {
  const found = [];
  let depth = 0;
  let from = 1;
  for (let i = 1; i < words.length - 1; i++) {
    if ("([{⟅".includes(words[i])) depth++;
    else if (")]}⟆".includes(words[i])) depth--;
    else if (words[i] === "," && depth === 0) {
      found.push(words.slice(from, i).trim());
      from = i + 1;
    }
  }
  const last = words.slice(from, -1).trim();
  return last ? [...found, last] : found;
}

function passing(step) {
  const lines = [];
  for (const message of D.messages) {
    const [words, sent, sender, received, receiver] = message;
    if (received === step) lines.push(el("li", null, `← from ${D.lanes[sender]}: `, el("code", null, text(words)), ` ${outcome(message).split(" in step")[0]}, `, stepLink(sent, `sent in step ${shown(sent)}`)));
    if (sent === step) {
      lines.push(el("li", null, receiver === null ? "→ " : `→ to ${D.lanes[receiver]}: `, el("code", null, text(words)), " ",
        received ? stepLink(received, outcome(message)) : outcome(message)));
    }
  }
  return lines.length > 0 && [el("h3", null, "Messages"), el("ul", { id: "passing" }, lines)];
}

function stateTable(step) {
  const body = [];
  let variable = -1;
  for (const row of D.rows) {
    const first = row.variable !== variable;
    variable = row.variable;
    const changed = changedAt(row, step);
    body.push(el("tr", { class: [changed ? "changed" : "", first ? "first" : ""].join(" ").trim() || null },
      el("th", { scope: "row" }, placeCode(row.place), D.variables[variable].ghost && first && el("span", { class: "tag" }, "ghost")),
      el("td", null, changed && el("span", { class: "sign", title: "changed by this step" }, "Δ "), el("code", null, valueAt(row, step))),
      el("td", null, since(row, step)),
      el("td", null, pinButton(row.place))));
  }
  return el("table", { id: "state" }, el("caption", null, "The state after it"), body);
}
