"use strict";
// The state of the view, the keys, and the link that restores the view.

const V = { step: 1, tab: "step", pins: new Set(), watch: [], notes: new Map(), plain: false, brief: false, marks: new Set(), query: "", hits: [], bad: [], all: false, role: 0, epoch: 0,
  folded: new Set(), graph: 0, group: -1, open: "", hover: 0, crowded: false, printing: false };

const TABS = [["step", "Step", stepPanel], ["why", "Why", whyPanel], ["other", "Alternatives", otherPanel], ["graph", "Graph", spacePanel], ["share", "Share", sharePanel]];

const KEYS = [
  ["← → ↑ ↓", "one step back or on"], ["Shift + arrow", "to the previous or next step of the same lane"], ["Home, End", "first and last step"],
  ["n, p", "next and previous change of what is pinned or watched, or hit of the search"], ["v", "next violation"], ["/", "find an action, a message, a value"],
  ["g", "go to a step"], ["m", "bookmark this step"], ["c", "a note on this step"], ["k, l", "fold the properties; go to the lanes' names (Enter folds)"], ["r", "runs of local steps in one row, or all steps"], ["d", "all values, or only what changes"], ["a", "alternatives here"],
  ["w, s, t, x", "why; step; graph; share"], ["?", "these keys"], ["Esc", "close, or clear the search"],
];

function set(changes) {
  Object.assign(V, changes);
  render();
}

function go(step, more) {
  V.step = Math.min(Math.max(step, 1), D.steps);
  Object.assign(V, more);
  render();
  reveal(V.step);
  drawWindow();
}

function hover(step) {
  if (V.hover === step) return;
  V.hover = step;
  drawHover();
}

// Hovering only changes classes, so that what is under the pointer stays the same element.
function drawHover() {
  const near = V.hover || V.step;
  const past = causes(near, false);
  const future = causes(near, true);
  for (const row of document.querySelectorAll("#canvas .row")) {
    const step = Number(row.dataset.step);
    row.classList.toggle("past", past.has(step));
    row.classList.toggle("future", future.has(step));
  }
}

function render() {
  saveLink();
  drawLegend();
  drawTimeline();
  drawTabs();
  const scroll = document.getElementById("scroll");
  scroll.setAttribute("aria-valuemin", 1);
  scroll.setAttribute("aria-valuemax", D.steps);
  scroll.setAttribute("aria-valuenow", V.step);
  scroll.setAttribute("aria-valuetext", `step ${shown(V.step)} of ${shown(D.steps)}, ${label(V.step)}`);
  say(`Step ${shown(V.step)}: ${label(V.step)}`);
  document.getElementById("found").textContent = V.query ? `${V.hits.length} step${V.hits.length === 1 ? "" : "s"}` : "";
}

function drawTabs() {
  const focused = document.activeElement?.dataset?.tab;
  put("tabs", TABS.map(([name, title]) => button(title, "", () => set({ tab: name }), { role: "tab", "aria-selected": String(V.tab === name), "data-tab": name, "aria-controls": "panel" })));
  if (focused) document.querySelector(`[data-tab="${focused}"]`)?.focus();
  const panel = document.getElementById("panel");
  const same = panel.dataset.shows === V.tab;
  const graph = panel.querySelector(".graph");
  const place = graph && [graph.scrollLeft, graph.scrollTop];
  panel.dataset.shows = V.tab;
  put("panel", TABS.find(([name]) => name === V.tab)[2]());
  if (!same) panel.scrollTop = 0;
  showGraph(panel.querySelector(".graph"), same ? place : null);
}

function showGraph(graph, place) {
  if (!graph) return;
  if (place) [graph.scrollLeft, graph.scrollTop] = place;
  else graph.scrollTop = (graph.scrollHeight - graph.clientHeight) / 2;
  const here = graph.querySelector(".here rect");
  if (here) {
    const x = Number(here.getAttribute("x"));
    const y = Number(here.getAttribute("y"));
    if (x < graph.scrollLeft || x > graph.scrollLeft + graph.clientWidth - 160) graph.scrollLeft = x - graph.clientWidth / 2 + 66;
    if (y < graph.scrollTop || y > graph.scrollTop + graph.clientHeight - 60) graph.scrollTop = y - graph.clientHeight / 2;
  }
}

function say(words) {
  document.getElementById("live").textContent = words;
}

function pin(place) {
  if (!V.pins.delete(place)) V.pins.add(place);
  render();
}

function fold(lane) {
  if (!V.folded.delete(lane)) V.folded.add(lane);
  render();
}

function search(query) {
  V.query = query;
  V.hits = hits(query);
  render();
}

function nextInteresting(way) {
  const pins = [...[...V.pins].map(rowWithin).filter(Boolean), ...watchedRows()];
  const wanted = pins.length ? (step) => pins.some((row) => changedAt(row, step)) : V.hits.length ? (step) => V.hits.includes(step) : () => true;
  for (let step = V.step + way; step >= 1 && step <= D.steps; step += way) if (wanted(step)) return go(step);
  return say("no more");
}

function nextViolation() {
  const found = V.bad.find((step) => step > V.step) ?? V.bad[0];
  if (found) go(found, { tab: "why" });
  else say("nothing is violated");
}

function sameLane(way) {
  const lane = D.events[V.step - 1];
  for (let step = V.step + way; step >= 1 && step <= D.steps; step += way) if (D.events[step - 1] === lane || lane < 0) return go(step);
  return null;
}

function toggleMark() {
  if (!V.marks.delete(V.step)) V.marks.add(V.step);
  render();
}

const ACTS = {
  ArrowRight: () => go(V.step + 1), ArrowDown: () => go(V.step + 1), ArrowLeft: () => go(V.step - 1), ArrowUp: () => go(V.step - 1),
  Home: () => go(1), End: () => go(D.steps), PageDown: () => go(V.step + 10), PageUp: () => go(V.step - 10),
  n: () => nextInteresting(1), p: () => nextInteresting(-1), v: nextViolation, m: toggleMark,
  d: () => set({ all: !V.all, tab: "step" }), a: () => set({ tab: "other" }), w: () => set({ tab: "why" }), s: () => set({ tab: "step" }),
  r: () => { set({ brief: !V.brief }); reveal(V.step); }, c: askNote, k: foldMatrix, l: () => document.querySelector("[data-fold]").focus(), t: () => set({ tab: "graph" }), x: () => set({ tab: "share" }),
  "/": () => document.getElementById("find").focus(), g: askStep, "?": showHelp,
  Escape: () => clearSearch(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("input, select, textarea");
  if (field) {
    if (field.id === "find" && event.key === "Enter" && V.hits.length) {
      go(V.hits.find((step) => step > V.step) ?? V.hits[0]);
    } else if (event.key === "Escape") {
      if (field.id === "find") clearSearch();
      field.blur();
    }
    return;
  }
  const act = event.shiftKey && event.key.startsWith("Arrow") ? () => sameLane(/Right|Down/.test(event.key) ? 1 : -1) : ACTS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function askNote() {
  set({ tab: "step" });
  document.getElementById("note").focus();
}

function clearSearch() {
  document.getElementById("find").value = "";
  search("");
}

function askStep() {
  const dialog = document.getElementById("goto");
  document.getElementById("goto-number").value = "";
  dialog.showModal();
}

function showHelp() {
  const dialog = document.getElementById("help");
  dialog.replaceChildren(el("h2", { id: "help-title" }, "Keys"),
    el("table", null, KEYS.map(([key, words]) => el("tr", null, el("th", { scope: "row" }, el("kbd", null, key)), el("td", null, words)))),
    el("p", { class: "dim" }, "Bars at the left edge of the rows: solid for what the step (or the one under the pointer) follows from, dashed for what follows from it. Filled arrows are messages that were received; ✗ dropped ones; ⊘ ones lost with their connection; † ones that met a server that is down; an open end is still in flight. A bracket beside a lane: an action that is half done. Hatched between lanes: a partition. A click on a lane's name folds the lane; a dashed arrow then stands for what happened before what through folded lanes."),
    el("form", { method: "dialog" }, el("button", null, "Close")));
  dialog.showModal();
}

// The part of the view that a link restores.
function saveLink() {
  const words = new URLSearchParams({ step: String(shown(V.step)) });
  const note = (name, value, normal) => value !== normal && words.set(name, value);
  note("tab", V.tab, "step");
  note("pins", [...V.pins].join("|"), "");
  note("marks", [...V.marks].map(shown).join(","), "");
  note("notes", V.notes.size && writtenNotes().length <= LONGEST_LINK ? writtenNotes() : "", "");
  note("brief", V.brief ? "1" : "", "");
  note("plain", V.plain ? "1" : "", "");
  note("watch", V.watch.join("\n"), "");
  note("find", V.query, "");
  note("all", V.all ? "1" : "", "");
  note("role", String(V.role), "0");
  note("epoch", String(V.epoch), "0");
  note("fold", [...V.folded].join(","), "");
  note("graph", String(V.graph), "0");
  note("group", String(V.group), "-1");
  note("open", V.open, "");
  const fragment = `#${words}`;
  if (location.hash !== fragment) history.replaceState(null, "", fragment);
}

function restoreLink() {
  const words = new URLSearchParams(location.hash.slice(1));
  const numbers = (name) => (words.get(name) ?? "").split(",").filter((part) => /^[0-9]+$/.test(part)).map(Number);
  const within = (name, length) => (numbers(name)[0] < length ? numbers(name)[0] : 0);
  const step = numbers("step")[0];
  V.step = step === undefined ? D.steps : Math.min(Math.max(step - D.skipped, 1), D.steps);
  V.tab = TABS.some(([name]) => name === words.get("tab")) ? words.get("tab") : step === undefined && (D.property || D.failure) ? "why" : "step";
  V.pins = new Set((words.get("pins") ?? "").split("|").filter((place) => place && rowWithin(place)));
  V.marks = new Set(numbers("marks").map((number) => number - D.skipped).filter((number) => number >= 1 && number <= D.steps));
  V.brief = words.get("brief") === "1";
  V.plain = words.get("plain") === "1";
  V.notes = words.has("notes") ? readNotes(words.get("notes")) : V.notes.size ? V.notes : keptNotes();
  V.watch = words.has("watch") ? words.get("watch").split("\n").filter(Boolean) : Object.keys(D.watched ?? {});
  V.query = words.get("find") ?? "";
  V.hits = hits(V.query);
  V.all = words.get("all") === "1";
  V.role = within("role", D.roles.length);
  V.epoch = within("epoch", D.epochs.length);
  V.folded = new Set(numbers("fold").filter((lane) => lane < D.lanes.length));
  V.graph = within("graph", D.space.views.length);
  V.group = words.has("group") ? within("group", 1e6) : -1;
  V.open = words.get("open") ?? "";
  document.getElementById("find").value = V.query;
}

function drawHead() {
  document.title = `${D.name}: ${D.headline}`;
  put("title", `${D.name}: ${D.headline}`);
  const bad = D.verdict === "violated" || D.failure;
  const [kind, words] = D.log ? ofLog(D.log.parting) : D.failure ? ["bad", "! fails"] : bad ? ["bad", "✗ violated"] : D.verdict === "reached" ? ["good", "● reached"] : ["none", "· undecided"];
  put("claim",
    el("span", { class: `chip ${kind}`, id: "verdict" }, words), " ",
    el("span", { class: "chip none", id: "badge", title: D.badge[1] }, D.badge[0]), " ",
    el("code", null, `${D.source} ${D.configuration}`.split(/ (?=--)|(?<!--\w+) /).map((word) => [el("span", { class: "word" }, word), " "])));
  put("notices", D.notices.map((words) => el("p", null, words)), el("p", { id: "prose" }, D.prose));
}

// What a log shows: whether it is a behaviour of the specification.
function ofLog(parting) {
  if (!parting) return ["good", "✓ the log fits"];
  return parting.label === null ? ["none", "· the log goes further"] : ["bad", "≠ the log parts"];
}

function cycleTheme() {
  const root = document.documentElement;
  const next = { undefined: "dark", dark: "light", light: undefined }[root.dataset.theme];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  say(next ? `${next} theme` : "theme of the system");
}

function printing(on) {
  V.printing = on;
  drawn = "";
  drawWindow();
}

async function start() {
  adopt(await unpack());
  document.body.append(patterns());
  if (D.live) goLive();
  drawHead();
  restoreLink();
  render();
  reveal(V.step);
  drawWindow();
  let asked = false;
  document.getElementById("scroll").addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      drawWindow();
    });
  });
  document.addEventListener("keydown", onKey);
  document.getElementById("find").addEventListener("input", (event) => search(event.target.value));
  document.getElementById("goto-button").addEventListener("click", askStep);
  document.getElementById("help-button").addEventListener("click", showHelp);
  document.getElementById("theme-button").addEventListener("click", cycleTheme);
  document.getElementById("goto").addEventListener("close", () => {
    const number = Number.parseInt(document.getElementById("goto-number").value, 10);
    if (number) go(number - D.skipped);
  });
  addEventListener("hashchange", () => {
    restoreLink();
    render();
    reveal(V.step);
    drawWindow();
  });
  addEventListener("resize", render);
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
  document.documentElement.dataset.ready = "yes";
  performance.mark("drawn");
}

start();
