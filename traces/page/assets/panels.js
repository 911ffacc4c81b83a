"use strict";
// Why (properties and evaluated trees), what else could happen, and how to pass the trace on.

const SIGNS = { 1: ["good", "✓ holds"], 0: ["bad", "✗ violated"], x: ["odd", "! fails"], " ": ["none", "· no step yet"] };
const WITNESS = { 1: ["good", "● reached"], 0: ["none", "· not here"], x: ["odd", "! fails"], " ": ["none", "·"] };
const OTHER = { 1: ["good", "✓ true"], 0: ["none", "· false"], x: ["odd", "! fails"], " ": ["none", "·"] };
const KINDS = { invariant: "invariant", step_invariant: "step invariant", witness: "witness", boundary: "boundary", terminal: "intended end" };

function whyPanel() {
  const every = [...D.properties].sort((a, b) => rank(a) - rank(b));
  return [
    el("h2", null, `Properties in step ${shown(V.step)}`),
    D.failure && el("p", { class: "verdict bad" }, `${D.failure[0]} fails: ${D.failure[2]} (${D.failure[1]})`),
    D.property === "deadlock" && el("p", { class: "verdict bad" }, "Nothing can happen in the last state. ", stepLink(D.steps, "See the alternatives there.")),
    every.map(propertyBlock),
  ];
}

function rank(one) {
  if (one.name === D.property) return 0;
  return SAFETY.has(one.kind) ? (one.values.includes("0") ? 1 : 2) : 3;
}

function propertyBlock(one) {
  const value = one.values[V.step - 1];
  const [kind, words] = (SAFETY.has(one.kind) ? SIGNS : one.kind === "witness" ? WITNESS : OTHER)[value];
  const tree = D.trees[`${one.name}:${V.step}`];
  const open = V.open ? V.open === one.name : one.name === D.property || (value === "0" && SAFETY.has(one.kind) && !D.properties.some((p) => p.name === D.property));
  return el("details", { class: "property", open, "data-property": one.name },
    el("summary", null, el("span", { class: `chip ${kind}` }, words), " ", el("b", null, one.name), el("span", { class: "tag" }, KINDS[one.kind])),
    one.doc && el("p", null, one.doc),
    strip(one),
    tree
      ? el("ul", { class: "tree" }, tree[5].length ? tree[5].map(branch) : branch(tree))
      : D.live ? (open && lookAt(V.step))
        : el("p", { class: "dim" }, "The evaluated tree is kept for the last state, and for violations: ",
          [...new Set(treesOf(one))].slice(0, 8).map((step) => [stepLink(step), " "])));
}

const treesOf = (one) => Object.keys(D.trees).filter((key) => key.startsWith(`${one.name}:`)).map((key) => Number(key.split(":")[1])).sort((a, b) => a - b);

// The whole course of a property in one line, run by run.
function strip(one) {
  const runs = [];
  for (let i = 0; i < D.steps; i++) {
    if (runs.length && runs[runs.length - 1][2] === one.values[i]) runs[runs.length - 1][1] = i + 1;
    else runs.push([i + 1, i + 1, one.values[i]]);
  }
  const map = SAFETY.has(one.kind) ? SIGNS : one.kind === "witness" ? WITNESS : OTHER;
  return el("div", { class: "strip" }, runs.slice(0, 40).map(([from, to, value]) => {
    const [kind, words] = map[value];
    const there = V.step >= from && V.step <= to;
    const part = button(`${words[0]} ${shown(from)}${to > from ? `–${shown(to)}` : ""}`, `${words} in steps ${shown(from)} to ${shown(to)}`, () => go(from, { open: one.name }), { class: `chip ${kind}${there ? " there" : ""}` });
    return part;
  }));
}

function branch([words, value, binding, note, reads, parts]) {
  const truth = value === "true" || value === "false";
  return el("li", null,
    binding.length > 0 && el("div", { class: "binding" }, `with ${binding.map(text).join(", ")}`),
    value === null
      ? el("div", { class: "dim" }, "not reached ", el("code", null, text(words)))
      : truth
        ? el("div", null, el("span", { class: `chip ${value === "true" ? "good" : "bad"}` }, value === "true" ? "✓ true" : "✗ false"), " ", el("code", null, text(words)))
        : el("div", null, el("code", null, text(words)), el("code", { class: "worth" }, ` ${value.replace("=", "= ")}`)),
    reads.length > 0 && el("ul", { class: "reads" }, reads.map(([place, seen, writer]) =>
      el("li", null, el("code", null, `${text(place)} = ${text(seen)}`), " ",
        writer === null ? "" : writer > 1 ? stepLink(writer, `since step ${shown(writer)}`) : el("span", { class: "dim" }, "initially")))),
    parts.length > 0 && el("ul", { class: "tree" }, parts.map(branch)),
    note && el("div", { class: "dim" }, note));
}

function otherPanel() {
  const found = D.options[V.step];
  const head = el("h2", null, `What can happen after step ${shown(V.step)}`);
  if (!found && D.live) return [head, lookAt(V.step)];
  if (!found) {
    return [head, el("p", null, `This page keeps the alternatives from step ${shown(D.options_from)} on; the budget for what came before was spent. `, el("code", null, `quorate trace why ${D.identity} --step ${shown(V.step)}`), " prints them.")];
  }
  const possible = found.filter((one) => one[1] === "taken" || one[1] === "enabled");
  const failing = found.filter((one) => one[1] === "fails");
  const groups = new Map();
  for (const one of found) {
    if (one[1] !== "disabled") continue;
    const key = `${text(one[0]).split("(")[0]} ${one[2]} ${falseParts(D.reasons[one[3]])}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  return [
    head,
    el("h3", null, `Enabled: ${possible.length}`),
    el("ul", { class: "options", id: "enabled" }, possible.map(enabledOption)),
    possible.length === 0 && el("p", null, D.property === "deadlock" && V.step === D.steps ? "Nothing can happen any more." : "Nothing can happen here: the behaviour ends."),
    D.live && possible.length > 0 && el("p", { class: "dim" }, "A step from here begins a branch; what was there stays under Explore. Keys 1 to 9 take the first nine."),
    failing.length > 0 && [el("h3", null, `Fails: ${failing.length}`), el("ul", { class: "options" }, failing.map((one) => el("li", null, el("code", null, text(one[0])), " ", one[3] !== null && text(D.reasons[one[3]][0]))))],
    el("h3", null, `Disabled: ${found.length - possible.length - failing.length}`),
    el("p", { class: "dim" }, "Each with the first guard that fails."),
    el("ul", { class: "options", id: "disabled" }, [...groups.values()].map(disabledOption)),
  ];
}

function falseParts(reason) {
  if (!reason || reason[1] !== "false") return "";
  return `${reason[0]} ${reason[5].map(falseParts).join(" ")}`;
}

function enabledOption([name, outcomeOf, changes, next, more], number) {
  const taken = outcomeOf === "taken";
  return el("li", { class: D.live ? "takeable" : null }, D.live && takeButton(text(name), taken, number), el("details", { "data-option": text(name) },
    el("summary", null, el("span", { class: `chip ${taken ? "good" : "none"}` }, taken ? "✓ taken" : "○ enabled"), " ", el("code", null, text(name))),
    changeRows(changes),
    next && el("div", { class: "next" }, el("h3", null, next.length ? `Then, ${next.length + more}:` : "Then nothing can happen."),
      el("ul", { class: "options" }, next.map(([label, changed]) => el("li", null, el("details", { "data-next": text(label) }, el("summary", null, "○ ", el("code", null, text(label))), changeRows(changed))))),
      more > 0 && el("p", { class: "dim" }, `and ${more} more`)),
    taken && V.step < D.steps && el("p", null, stepLink(V.step + 1, "Go there"))));
}

function changeRows(changes) {
  return changes.length
    ? el("table", null, changes.map(([place, what]) => el("tr", null, el("th", { scope: "row" }, el("code", null, text(place))), el("td", null, difference(text(what))))))
    : el("p", { class: "dim" }, "It would change nothing.");
}

function disabledOption(group) {
  const [name, , place, reason] = group[0];
  const names = group.map((one) => text(one[0]));
  const listed = names.join(", ").length > 90 ? `${names[0]} and ${names.length - 1} more` : names.join(", ");
  return el("li", null, el("details", { "data-option": text(name) },
    el("summary", { title: names.join(", ") }, el("span", { class: "chip bad" }, "✗ disabled"), " ", el("code", null, listed),
      reason !== null && el("div", { class: "guard" }, "needs ", el("code", null, short(text(D.reasons[reason][0]), 140)))),
    reason !== null && el("ul", { class: "tree" }, branch(D.reasons[reason])),
    names.length > 1 && el("p", { class: "dim" }, `The values are those of ${names[0]}.`),
    place !== null && el("p", { class: "dim" }, text(place))));
}
