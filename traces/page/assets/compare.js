"use strict";
// Several traces side by side. D and M are always those of one trace: of the one that is being drawn, or was clicked.

const C = { traces: [], table: [], layouts: [], at: 0 };
const V = { row: 0, step: 0, role: 0, epoch: 0, folded: new Set(), pins: new Set(), marks: new Set(), watch: [], query: "", hits: [], bad: [], hover: 0, notes: new Map(), plain: true,
  crowded: true, printing: false };
const SIGN = { same: "=", moved: "⇅", alike: "≈", only: "≠" };
const TOLD = {
  same: "the same step, from the same causes",
  moved: "the same step from the same causes, in another place of the order: no difference",
  alike: "a step with the same name, after another past",
  only: "the others do not take this step",
};
const BRIEFLY = { moved: "in another order", alike: "after another past", only: "only here" };
const KIND = ["same", "moved", "alike", "only"];
const NUMBERS = 40; // room for the number of a step
const KEYS = [["← → ↑ ↓", "one row back or on"], ["Home, End", "first and last row"], ["n, p", "next and previous row that differs"], ["v", "first divergence"],
  ["/", "find an action or a value"], ["g", "go to a row"], ["?", "these keys"], ["Esc", "close, or clear the search"]];

function within(number, act) {
  [D, M, C.at] = [C.traces[number], C.layouts[number], number];
  V.step = C.table[V.row][number]?.[0] ?? 0;
  V.crowded = M?.lanes.some((lane) => lane.width < 120);
  return act(number);
}

const each = (act) => C.traces.map((_, number) => within(number, act));
const kindOf = (cell) => KIND[cell[1]];
const differs = (row) => row.some((cell) => cell && (kindOf(cell) === "only" || kindOf(cell) === "alike"));
const latest = (row, number) => {
  for (let at = row; at >= 0; at--) if (C.table[at][number]) return C.table[at][number][0];
  return 1;
};

// -------------------------------------------------------------------------------------------- the picture

function layOut() {
  const room = document.getElementById("scroll").clientWidth - 4;
  const share = room / C.traces.length;
  let x = 4;
  C.layouts = C.traces.map((trace, number) => {
    const longest = Math.max(...trace.labels.map((one) => trace.texts[one].length));
    const labels = NUMBERS + Math.min(longest * LETTER + 18, Math.max(150, share * 0.47));
    const wide = Math.min(Math.max((share - labels - 16) / trace.lanes.length, 74), 170);
    const lanes = trace.lanes.map((_, lane) => ({ x: x + labels + wide * (lane + 0.5), width: wide }));
    const at = [];
    C.table.forEach((row, position) => { if (row[number]) at[row[number][0]] = position; });
    const layout = { x, labels, lanes, at, rows: C.table.length, columns: [], width: labels + wide * trace.lanes.length + 16 };
    x += layout.width;
    return layout;
  });
  C.width = Math.max(room, x);
  C.height = TOP + C.table.length * ROW + TAIL + 15 * Math.max(0, ...each(() => flightLines(M.lanes)));
}

function drawLaneNames() {
  const height = 62;
  put("lanes", svg("svg", { width: C.width, height, class: "names", "aria-hidden": "true" }, each((number) => [
    svg("text", { x: M.x + 6, y: 22, class: "trace-name" }, short(`${number + 1}. ${D.headline}`, Math.floor(M.width / 7.5))),
    D.lanes.map((name, lane) => svg("text", { x: M.lanes[lane].x, y: height - 12, "text-anchor": "middle", class: "lane-label" }, short(name, 14))),
    number > 0 && svg("line", { class: "between", x1: M.x, x2: M.x, y1: 0, y2: height })])));
}

function drawTimeline() {
  layOut();
  const role = C.traces[0].roles[0];
  const taken = (member) => C.traces.some((trace) => trace.roles[0]?.name === role.name && isTaken(trace.roles[0], member));
  put("legend", role && [el("b", null, role.name), role.members.map((_, member) => taken(member) && swatchOf(role, member))],
    KIND.slice(1).map((kind) => el("span", { class: `sign-of ${kind}` }, el("b", null, SIGN[kind]), ` ${BRIEFLY[kind]}`)));
  drawLaneNames();
  const canvas = document.getElementById("canvas");
  canvas.style.height = `${C.height}px`;
  canvas.style.width = `${C.width}px`;
  drawWindow();
}

function drawWindow() {
  const scroll = document.getElementById("scroll");
  const first = V.printing ? 0 : Math.max(0, Math.floor(scroll.scrollTop / ROW) - SPARE);
  const last = V.printing ? Math.min(C.table.length, 400) - 1 : Math.min(C.table.length - 1, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW) + SPARE);
  const top = first * ROW;
  const height = (last === C.table.length - 1 ? C.height : (last + 1) * ROW + TOP) - top;
  const picture = svg("svg", { width: C.width, height, viewBox: `0 ${top} ${C.width} ${height}`, class: "picture" });
  picture.style.top = `${top}px`;
  picture.append(...Array.from({ length: last - first + 1 }, (_, i) => backOf(first + i)), ...each(() => traceGroup(first, last)));
  put("canvas", picture);
}

const lineY = (row) => TOP + row * ROW;

function backOf(row) {
  const cells = C.table[row];
  const kinds = ["row", row === V.row ? "here" : "", V.hits.includes(row) ? "hit" : "", differs(cells) ? "differs" : "", row === C.first ? "first" : ""];
  return svg("g", { class: kinds.filter(Boolean).join(" "), "data-row": row, onclick: () => goRow(row) },
    svg("rect", { class: "back", x: 2, y: lineY(row), width: C.width - 4, height: ROW, rx: 5 }),
    row === C.first && svg("line", { class: "parting", x1: 2, x2: C.width - 2, y1: lineY(row), y2: lineY(row) }));
}

// The part of one trace, drawn as it is alone, but in the rows that it shares.
function traceGroup(first, last) {
  const number = C.at;
  const steps = C.table.slice(first, last + 1).map((row) => row[number]?.[0]).filter(Boolean);
  if (!steps.length) return svg("g", null);
  const [low, high] = [Math.max(1, steps[0] - 1), Math.min(D.steps, steps[steps.length - 1] + 1)];
  const group = svg("g", { class: "trace", "data-trace": number }, cutsOf(low, high), bandsOf(low, high), messagesOf(low, high), eventsOf(low, high), steps.map(stepCell));
  group.addEventListener("click", () => within(number, () => 0), true); // whose step it is that is clicked
  return group;
}

function stepCell(step) {
  const row = M.at[step];
  const kind = kindOf(C.table[row][C.at]);
  const room = Math.floor((M.labels - NUMBERS - 12) / LETTER);
  return svg("g", { class: `cell-step ${kind}`, onclick: () => goRow(row) },
    svg("title", null, `${label(step)}: ${TOLD[kind]}`),
    svg("text", { class: "sign", x: M.x + 6, y: lineY(row) + 21.5 }, kind === "same" ? "" : SIGN[kind]),
    svg("text", { class: "number", x: M.x + NUMBERS - 4, y: lineY(row) + 21.5, "text-anchor": "end" }, String(shown(step))),
    svg("text", { class: "label", x: M.x + NUMBERS + 4, y: lineY(row) + 21.5 }, shortLabel(label(step), room)));
}

// -------------------------------------------------------------------------------------------- the panel

function drawPanel() {
  const cells = C.table[V.row];
  put("panel",
    el("h2", null, `Row ${V.row + 1} of ${C.table.length}`),
    V.row === C.first && el("p", { class: "verdict bad" }, "The first divergence. ", differs(cells) ? "" : parts() ? "After it a log parts from the specification." : "The same steps were taken, and the states differ."),
    each((number) => ofTrace(number, el("div", { class: "of-trace", "data-of": number },
      el("h3", null, `Trace ${number + 1}: `, cells[number] ? el("code", null, `${shown(V.step)}. ${label(V.step)}`) : "no step here"),
      partingBlock(latest(V.row, number)),
      cells[number] && el("p", { class: "dim" }, `${SIGN[kindOf(cells[number])]} ${TOLD[kindOf(cells[number])]}`),
      cells[number] && logLine(V.step),
      cells[number] && changesOf(V.step)))),
    el("h3", null, "What differs in the states after it"),
    statesBeside());
}

const parts = () => C.traces.some((trace) => trace.log?.parting && trace.log.parting.label !== null);

// A click within means a step of this trace.
function ofTrace(number, element) {
  element.addEventListener("click", () => within(number, () => 0), true);
  return element;
}

function changesOf(step) {
  const found = D.changes[step - 1];
  if (step === 1 || !found.length) return null;
  return el("table", null, found.map(([place, what]) => el("tr", null, el("th", { scope: "row" }, placeCode(text(place))), el("td", null, difference(text(what))))));
}

function statesBeside() {
  const places = [...new Set(C.traces.flatMap((trace) => trace.rows.map((row) => row.place)))];
  const values = (place) => each((number) => {
    const row = D.rows[D.rowOf.get(place)];
    return row ? valueAt(row, latest(V.row, number)) : "—";
  });
  const found = places.map((place) => [place, values(place)]).filter(([, all]) => all.some((one) => one !== all[0]));
  if (!found.length) return el("p", { id: "beside", class: "dim" }, "Nothing.");
  return el("table", { id: "beside" },
    el("tr", null, el("th", { scope: "col" }, "place"), C.traces.map((_, number) => el("th", { scope: "col" }, `trace ${number + 1}`))),
    found.map(([place, all]) => el("tr", null, el("th", { scope: "row" }, placeCode(place)), all.map((one) => el("td", null, el("code", null, one))))));
}

// -------------------------------------------------------------------------------------------- moving about

function goRow(row) {
  V.row = Math.min(Math.max(row, 0), C.table.length - 1);
  saveLink();
  drawWindow();
  drawPanel();
  revealRow(false);
  const scroll = document.getElementById("scroll");
  scroll.setAttribute("aria-valuenow", V.row + 1);
  const words = each((number) => (C.table[V.row][number] ? `trace ${number + 1} ${label(V.step)}` : `trace ${number + 1} nothing`)).join(", ");
  scroll.setAttribute("aria-valuetext", `row ${V.row + 1} of ${C.table.length}: ${words}`);
  document.getElementById("live").textContent = `Row ${V.row + 1}: ${words}`;
}

const go = (step) => goRow(M.at[step]);
const hover = () => 0;
const fold = () => 0;

// Into sight; or, as for the first divergence, into the middle.
function revealRow(middle) {
  const scroll = document.getElementById("scroll");
  const room = scroll.clientHeight - document.getElementById("lanes").offsetHeight;
  const y = lineY(V.row);
  if (middle) scroll.scrollTop = y - room / 2 + ROW / 2;
  else if (y < scroll.scrollTop + ROW) scroll.scrollTop = y - 2 * ROW;
  else if (y + 2 * ROW > scroll.scrollTop + room) scroll.scrollTop = y + 3 * ROW - room;
  drawWindow();
}

function nextDifference(way) {
  for (let row = V.row + way; row >= 0 && row < C.table.length; row += way) if (differs(C.table[row])) return goRow(row);
  document.getElementById("live").textContent = "no more";
  return null;
}

function firstDivergence() {
  if (C.first === null) return;
  goRow(C.first);
  revealRow(true);
}

function search(query) {
  V.query = query.trim().toLowerCase();
  V.hits = [];
  const found = V.query ? each(() => new Set(hits(V.query))) : [];
  C.table.forEach((row, at) => { if (row.some((cell, number) => cell && found[number]?.has(cell[0]))) V.hits.push(at); });
  document.getElementById("found").textContent = V.query ? `${V.hits.length} row${V.hits.length === 1 ? "" : "s"}` : "";
  drawWindow();
}

const ACTS = {
  ArrowRight: () => goRow(V.row + 1), ArrowDown: () => goRow(V.row + 1), ArrowLeft: () => goRow(V.row - 1), ArrowUp: () => goRow(V.row - 1),
  Home: () => goRow(0), End: () => goRow(C.table.length - 1), PageDown: () => goRow(V.row + 10), PageUp: () => goRow(V.row - 10),
  n: () => nextDifference(1), p: () => nextDifference(-1), v: firstDivergence, "/": () => document.getElementById("find").focus(),
  g: () => document.getElementById("goto").showModal(), "?": showHelp, Escape: () => search(document.getElementById("find").value = ""),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.id === "find") {
    if (event.key === "Enter" && V.hits.length) goRow(V.hits.find((row) => row > V.row) ?? V.hits[0]);
    else if (event.key === "Escape") event.target.blur();
  }
  if (event.target.closest("input, select, textarea") || !ACTS[event.key]) return;
  event.preventDefault();
  ACTS[event.key]();
}

function showHelp() {
  const dialog = document.getElementById("help");
  dialog.replaceChildren(el("h2", { id: "help-title" }, "Keys"),
    el("table", null, KEYS.map(([key, words]) => el("tr", null, el("th", { scope: "row" }, el("kbd", null, key)), el("td", null, words)))),
    el("p", { class: "dim" }, KIND.map((kind) => `${SIGN[kind]} ${TOLD[kind]}. `)),
    el("form", { method: "dialog" }, el("button", null, "Close")));
  dialog.showModal();
}

const saveLink = () => history.replaceState(null, "", `#row=${V.row + 1}`);

function drawHead() {
  const name = C.traces[0].name;
  document.title = `${name}: ${C.traces.length} traces`;
  put("title", `${name}: ${C.traces.length} traces side by side`);
  const same = C.table.filter((row) => row.every((cell) => cell && kindOf(cell) === "same")).length;
  put("claim", el("span", { class: `chip ${C.first === null ? "good" : "bad"}`, id: "verdict" }, C.first === null ? "= no difference" : `≠ first divergence in row ${C.first + 1}`), " ",
    `${same} of ${C.table.length} rows are the same. `,
    C.first !== null && button("Show it (v)", "the first divergence, in the middle", firstDivergence, { class: "small" }));
  put("notices", C.notices.map((words) => el("p", null, words)),
    el("ol", { id: "prose" }, C.traces.map((trace) => el("li", null, el("code", null, `${trace.source} ${trace.configuration}`), `: ${trace.headline}. `,
      trace.link && el("a", { href: trace.link }, "Open it alone")))),
    C.configuration.length > 0 && el("p", { class: "dim" }, `Configurations differ: ${C.configuration.join("; ")}.`));
}

function cycleTheme() {
  const root = document.documentElement;
  const next = { undefined: "dark", dark: "light", light: undefined }[root.dataset.theme];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
}

function printing(on) {
  V.printing = on;
  drawWindow();
}

async function start() {
  Object.assign(C, await unpack());
  C.traces.forEach(adopt);
  document.body.append(patterns());
  document.body.classList.add("comparing");
  drawHead();
  const asked = /^#row=([0-9]+)$/.exec(location.hash);
  V.row = Math.min(asked ? Math.max(Number(asked[1]) - 1, 0) : (C.first ?? 0), C.table.length - 1);
  const scroll = document.getElementById("scroll");
  scroll.setAttribute("aria-label", "Row");
  scroll.setAttribute("aria-valuemin", 1);
  scroll.setAttribute("aria-valuemax", C.table.length);
  drawTimeline();
  goRow(V.row);
  revealRow(true);
  listen(scroll);
  document.documentElement.dataset.ready = "yes";
  performance.mark("drawn");
}

function listen(scroll) {
  scroll.addEventListener("scroll", () => requestAnimationFrame(drawWindow));
  document.addEventListener("keydown", onKey);
  document.getElementById("find").addEventListener("input", (event) => search(event.target.value));
  document.getElementById("goto-label").textContent = "Go to row";
  document.getElementById("goto-button").addEventListener("click", () => ACTS.g());
  document.getElementById("help-button").addEventListener("click", showHelp);
  document.getElementById("theme-button").addEventListener("click", cycleTheme);
  document.getElementById("goto").addEventListener("close", () => {
    const number = Number.parseInt(document.getElementById("goto-number").value, 10);
    document.getElementById("goto-number").value = "";
    if (number) goRow(number - 1);
  });
  addEventListener("resize", () => { drawTimeline(); drawPanel(); });
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
}

start();
