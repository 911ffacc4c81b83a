"use strict";
// Small builders of elements. Whatever comes from a trace gets onto the screen as text here, never as markup.

function build(element, settings, parts) {
  for (const [name, value] of Object.entries(settings ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  for (const part of parts.flat(9)) {
    if (part !== null && part !== undefined && part !== false) element.append(part);
  }
  return element;
}

const el = (tag, settings, ...parts) => build(document.createElement(tag), settings, parts);
const svg = (tag, settings, ...parts) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), settings, parts);

const put = (id, ...parts) => document.getElementById(id).replaceChildren(...parts.flat(9).filter((part) => part));
const short = (words, most) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);

function button(words, title, act, settings) {
  return el("button", { type: "button", title, onclick: act, ...settings }, words);
}

// A place with chances to break the line between its parts.
const placeCode = (place) => el("code", { class: "place" }, place.split(/(?=[.[])/).map((part) => [el("wbr"), part]));

// A label that keeps its arguments when it has to lose letters.
function shortLabel(words, most) {
  const at = words.indexOf("(");
  const rest = words.length - at;
  return words.length <= most || at < 0 || rest > most - 6 ? short(words, most) : `${words.slice(0, most - rest - 1)}…${words.slice(at)}`;
}

// A link to a step of the trace.
function stepLink(step, words) {
  return button(words ?? `step ${shown(step)}`, label(step), () => go(step), { class: "link", "data-step": step });
}

// Roles differ in pattern as well as in colour.
const PATTERNS = [
  "",
  "M0 8L8 0",
  "M0 4H8",
  "M4 0V8",
  "M0 0L8 8M0 8L8 0",
  "M0 0L8 8",
  "M0 4H8M4 0V8",
  "M2 2h2v2h-2zM6 6h1v1h-1z",
];

function patterns() {
  return svg("svg", { class: "unseen", "aria-hidden": "true", width: 0, height: 0 },
    svg("defs", null,
      Array.from({ length: 12 }, (_, role) =>
        svg("pattern", { id: `role${role}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
          svg("rect", { width: 8, height: 8, class: `role role${role % 8}` }),
          svg("path", { d: PATTERNS[role % 8], class: "grain" }))),
      svg("pattern", { id: "cut", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svg("path", { d: "M0 6L6 0", class: "hatch" }))));
}
