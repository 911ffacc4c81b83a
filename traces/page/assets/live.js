"use strict";
// What only a served page can do: it asks the server that it came from, and nobody else. The walk is a tree on the
// server; D.live says where in it this page stands, and D is always the path there.

const L = { asking: 0, words: "", error: false, states: 20000, wanted: "" };

function goLive() {
  TABS.unshift(["explore", "Explore", explorePanel]);
  KEYS.push(["e", "explore: branches, initial states, the checker"], ["1 … 9", "take the first, second, … enabled action"], ["Backspace", "step back"]);
  Object.assign(ACTS, { e: () => set({ tab: "explore" }), Backspace: () => go(V.step - 1) });
  for (let digit = 1; digit <= 9; digit++) ACTS[digit] = () => takeNumber(digit);
  if (!location.hash) Object.assign(V, { step: D.steps, tab: D.property || D.failure ? "why" : "other" });
  if (!location.hash) history.replaceState(null, "", `#step=${shown(D.steps)}&tab=${D.property || D.failure ? "why" : "other"}`);
}

// One question, one answer; null where there is none, and then the page says why.
async function ask(question) {
  L.asking++;
  document.documentElement.dataset.asking = "yes";
  try {
    const answer = await fetch("ask", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) });
    const found = answer.headers.get("Content-Type").startsWith("application/json") ? await answer.json() : { error: await answer.text() };
    if (found.error) tell(found.error, true);
    return found.error ? null : found;
  } catch {
    tell("The server does not answer. What is on the screen stays; `quorate browse` starts another.", true);
    return null;
  } finally {
    L.asking--;
    if (!L.asking) document.documentElement.dataset.asking = "no";
  }
}

function tell(words, error) {
  Object.assign(L, { words, error });
  say(words);
  drawLiveNotice();
}

function drawLiveNotice() {
  document.getElementById("told")?.remove();
  if (!L.words) return;
  const close = button("✕", "Dismiss", () => tell("", false), { class: "small", "aria-label": "Dismiss" });
  document.getElementById("notices").append(el("p", { id: "told", class: L.error ? "odd" : "good" }, L.words, " ", close));
}

// The page goes on with the path that was found; what is pinned, folded and chosen stays.
function walkOn(data, words, tab) {
  const [old, now] = [D.live.path, data.live.path];
  for (const step of V.notes.keys()) if (old[step - 1] !== now[step - 1]) V.notes.delete(step);
  adopt(data);
  L.words = "";
  Object.assign(V, { step: D.steps, hits: hits(V.query), open: "", group: -1, hover: 0 });
  if (tab) V.tab = tab;
  drawHead();
  go(D.steps);
  if (words) tell(words, false);
  V.watch.forEach(evaluate);
}

async function take(name) {
  const found = await ask({ ask: "take", node: D.live.node, step: shown(V.step), label: name });
  if (found) walkOn(found);
}

function takeNumber(digit) {
  const found = (D.options[V.step] ?? []).filter((one) => one[1] === "taken" || one[1] === "enabled")[digit - 1];
  if (!found) return say(`there is no enabled action ${digit} here`);
  return found[1] === "taken" ? go(V.step + 1) : take(text(found[0]));
}

function takeButton(name, taken, number) {
  const act = () => (taken ? go(V.step + 1) : take(name));
  const key = number < 9 ? ` (${number + 1})` : "";
  return button(taken ? "Go on" : "Take", `${taken ? "goes on with" : "takes"} ${name}${key}`, act, { class: "small take", "data-take": name });
}

// The alternatives and trees of a step that the page has not seen yet; the panel is drawn again when they are there.
const looking = new Set();

function lookAt(step) {
  const data = D;
  const key = `${data.live.node} ${step}`;
  if (!looking.has(key)) {
    looking.add(key);
    ask({ ask: "look", node: data.live.node, step, texts: data.texts.length, reasons: data.reasons.length }).then((found) => {
      looking.delete(key);
      if (!found || data !== D) return;
      data.texts.push(...found.texts);
      data.reasons.push(...found.reasons);
      data.options[step] = found.options;
      for (const one of data.properties) data.trees[`${one.name}:${step}`] ??= found.trees[one.name] ?? NO_TREE;
      render();
    });
  }
  return el("p", { class: "dim" }, "Asking …");
}

const NO_TREE = [0, null, [], "", [], []];

function askGraph() {
  if (!looking.has("graph")) {
    looking.add("graph");
    const data = D;
    ask({ ask: "space", node: data.live.node }).then((found) => {
      looking.delete("graph");
      if (!found || data !== D) return;
      data.space = found.space;
      render();
    });
  }
  return el("p", { class: "dim" }, "Asking …");
}

function askExpression() {
  const field = el("input", { id: "expression", placeholder: "phase[rm1], len(self.sent) > 1 …", "aria-label": "An expression in the specification's language", autocomplete: "off", spellcheck: "false" });
  const add = (event) => {
    event.preventDefault();
    const words = field.value.trim();
    if (words && !V.watch.includes(words)) {
      V.watch.push(words);
      evaluate(words);
    }
    field.value = "";
  };
  return el("form", { class: "line", onsubmit: add }, field, el("button", { title: "shows its value in every step" }, "Add"));
}

async function evaluate(words) {
  const data = D;
  const found = await ask({ ask: "evaluate", node: data.live.node, expression: words });
  if (data !== D) return;
  data.watched ??= {};
  const number = (value) => data.texts.push(value) - 1;
  data.watched[words] = found ? { place: words, history: found.history.map(([step, value]) => [step - data.skipped, number(value)]) } : { error: L.words };
  render();
}

// -------------------------------------------------------------------------------------------- the panel

function explorePanel() {
  const { live } = D;
  return [
    el("h2", null, "Explore"),
    el("p", null, `You stand in step ${shown(V.step)} of a path of ${shown(D.steps)}. Go back with ←, take an action under Alternatives (a), or:`),
    el("p", { class: "line" },
      button("Save this path", `writes the path as a trace into ${live.folder}`, save, { id: "save-path" }),
      button("Alternatives here (a)", "what can happen, and why the rest cannot", () => set({ tab: "other" }))),
    el("h3", null, "The checker, from here"),
    checkerForm(live),
    (D.property || D.failure) && [el("h3", null, "A simpler way to the same end"), shrinkButtons()],
    el("h3", null, `Branches: ${live.branches.length}`),
    el("ul", { class: "options", id: "branches" }, live.branches.map(branchOption)),
    el("h3", null, `Initial states: ${live.initial.count.toLocaleString("en")}`),
    el("ul", { class: "options", id: "initial" }, live.initial.listed.map(initialOption)),
    live.initial.count > live.initial.listed.length && el("p", { class: "dim" }, `The first ${live.initial.listed.length} are listed.`),
  ];
}

function checkerForm(live) {
  const wanted = el("select", { id: "wanted", "aria-label": "What to look for", onchange: (event) => { L.wanted = event.target.value; } },
    el("option", { value: "" }, "any violation"),
    live.wanted.map(([name, what]) => el("option", { value: name, selected: name === L.wanted }, `${name} ${what}`)));
  const states = el("input", { id: "states", inputmode: "numeric", size: 8, value: L.states, "aria-label": "At most so many states" });
  const run = async (event) => {
    event.preventDefault();
    L.states = Number.parseInt(states.value.replace(/[^0-9]/g, ""), 10) || 20000;
    tell(`Searching from step ${shown(V.step)} …`, false);
    const found = await ask({ ask: "search", node: D.live.node, step: shown(V.step), wanted: wanted.value || null, states: L.states });
    if (found?.shown) walkOn(found.shown, found.words, "why");
    else if (found) tell(found.words, false);
  };
  return el("form", { class: "line", id: "checker", onsubmit: run }, wanted, "in at most ", states, " states ", el("button", { id: "search-ahead" }, "Search"));
}

function shrinkButtons() {
  const shrink = (objective) => async () => {
    tell("Shrinking …", false);
    const found = await ask({ ask: "shrink", node: D.live.node, objective });
    if (found) walkOn(found.shown, found.words);
  };
  return el("p", { class: "line" }, ["steps", "faults", "servers", "switches"].map((objective) =>
    button(`Fewest ${objective}`, objective === "switches" ? "as few changes of who acts as can be" : `as few ${objective} as can be`, shrink(objective), { "data-shrink": objective })));
}

async function save() {
  const found = await ask({ ask: "save", node: D.live.node });
  if (found) tell(found.words, false);
}

function branchOption([node, states, name, shows]) {
  const here = node === D.live.node;
  const open = async () => {
    const found = await ask({ ask: "open", node });
    if (found) walkOn(found);
  };
  return el("li", { class: "takeable" }, button(here ? "Here" : "Open", `the path of ${states} states that ends with ${name}`, open, { class: "small take", "aria-current": here ? "true" : null, "data-node": node }),
    el("span", null, here && "▶ ", `${states} states, last `, el("code", null, name), " ", shows && el("span", { class: `chip ${shows.startsWith("reached") ? "good" : "bad"}` }, shows)));
}

function initialOption([name, differs], choice) {
  const start = async () => {
    const found = await ask({ ask: "start", choice });
    if (found) walkOn(found, "", "other");
  };
  return el("li", { class: "takeable" }, button("Start", `starts in ${name}`, start, { class: "small take", "data-start": choice }),
    el("span", null, el("code", null, name), " ", el("span", { class: "dim" }, differs.length ? short(differs.join("; "), 160) : choice ? "" : "the first")));
}
