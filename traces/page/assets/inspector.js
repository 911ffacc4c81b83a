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
    logLine(step),
    partingBlock(step),
    noteField(step),
    watched(step),
    pinned(step),
    step > 1 ? changesTable(step) : el("p", { class: "dim" }, "The initial state. Every value is below."),
    D.forests.map((forest) => treeBlock(forest, step)),
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

// The line of the log that the step was read from.
function logLine(step) {
  const line = D.log && text(D.log.lines[step - 1]);
  return line && el("div", { class: "log-line" }, el("h3", null, `In the log ${D.log.name}`), el("pre", null, line));
}

// What the log has after the last step, where that is no step of the specification: the line, what it stands for, why not.
function partingBlock(step) {
  const found = D.log?.parting;
  if (!found || step !== D.steps) return null;
  const cannot = found.label !== null && !found.differences.length;
  return el("div", { class: found.label === null ? "parting-block" : "parting-block bad", id: comparing() ? null : "parting" },
    el("h3", null, found.label === null ? "The specification has no word for what the log has next" : "Here the log parts from the specification"),
    el("pre", null, found.line),
    found.label !== null && el("p", null, "It would be ", el("code", null, found.label), cannot ? ", which cannot happen here:" : ", whose effect is another:"),
    found.differences.length > 0 && el("ul", null, found.differences.map((words) => el("li", null, words))),
    cannot && found.reason && el("ul", { class: "tree" }, branch(found.reason)),
    !comparing() && el("p", null, button("What can happen here instead", "the alternatives (a)", () => set({ tab: "other" }), { class: "link" })));
}

// A tree that the step changes, as a tree: what came, went or changed, below what it hangs from; or all that is there.
function treeBlock(forest, step) {
  const rows = forest.places.map(([place, depth, name]) => ({ place, depth, name, row: D.rows[D.rowOf.get(place)] })).filter((one) => one.row);
  const now = (one) => valueAt(one.row, step);
  const before = (one) => (step > 1 ? valueAt(one.row, step - 1) : now(one));
  const changed = (one) => now(one) !== before(one);
  if (!rows.some(changed) && !V.all && step > 1) return null;
  const above = (at) => rows.slice(at + 1).some((one, i, rest) => one.depth > rows[at].depth && !rest.slice(0, i).some((earlier) => earlier.depth <= rows[at].depth) && changed(one));
  const shownRows = rows.filter((one, at) => (now(one) !== "None" || changed(one)) && (V.all || step === 1 || changed(one) || above(at)));
  return [el("h3", null, `${forest.name}, as a tree`),
    el("ul", { class: "forest", "data-forest": forest.name }, shownRows.map((one) => el("li", { class: `deep${Math.min(one.depth, 9)}`, "data-place": one.place }, treeLine(one, step, now(one), before(one)))))];
}

function treeLine(one, step, now, before) {
  const [kind, sign, words] = now === before ? ["", "", ""] : before === "None" ? ["came", "+ ", "came with this step"] : now === "None" ? ["went", "− ", "went with this step"] : ["changed", "Δ ", "changed by this step"];
  const within = D.changes[step - 1].map(([place, what]) => [text(place), text(what)]).filter(([place]) => place.startsWith(`${one.place}.`));
  const value = kind === "changed" ? within.map(([place, what]) => [el("code", null, `${place.slice(one.place.length + 1)} `), difference(what), " "])
    : kind ? el("code", { class: kind }, kind === "came" ? now : before)
      : V.all || step === 1 ? el("code", { class: "dim" }, now) : null;
  const writer = kind === "went" || kind === "changed" ? [el("span", { class: "dim" }, "before: "), since(one.row, step - 1)] : !kind && value ? since(one.row, step) : null;
  return [el("span", { class: `sign ${kind}`, title: words }, sign), el("b", { class: `name ${kind}` }, one.depth ? `└ ${one.name}` : one.name),
    el("span", { class: "value" }, value), el("span", { class: "beside" }, writer, " ", value && pinButton(one.row.place))];
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
  const every = D.changes[step - 1];
  const found = every.filter(([place]) => !D.forests.some((forest) => text(place).startsWith(`${forest.name}[`)));
  if (!every.length) return el("p", { class: "dim" }, "Nothing changes.");
  return found.length > 0 && el("table", { id: "changes" },
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
