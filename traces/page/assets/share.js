"use strict";
// Passing the trace on: command, test, link, other formats, pictures, and notes that travel with the page.

const ORIGINAL = document.documentElement.outerHTML; // as it came; what the page draws is not part of it
const SHORTEST = "Fewest steps, faults, servers, switches";

function sharePanel() {
  const block = (title, words, id) => [
    el("h3", null, title),
    el("pre", { id }, words),
    button("Copy", `copies ${title.toLowerCase()}`, (event) => copy(words, event.target), { "data-copy": id }),
  ];
  return [
    el("h2", null, "Pass it on"),
    el("p", null, el("span", { class: "chip none" }, D.badge[0]), ` ${D.badge[1]}. Trace ${D.identity}.`),
    D.needed && el("p", { id: "needed" }, neededWords()),
    notesBlock(),
    el("h3", null, "As a file"),
    el("p", { class: "line" },
      Object.keys(D.forms ?? {}).map((form) => button(FORMS[form], `saves ${D.identity}.${form}`, () => saveFile(`${D.identity}.${form}`, D.forms[form], "text/plain"), { "data-form": form })),
      button("SVG", "the space–time diagram as a vector picture", saveSvg, { id: "save-svg" }),
      button("PNG", "the space–time diagram as a picture", savePng, { id: "save-png" }),
      button("State graph, SVG", "the state graph as a vector picture", saveGraph, { id: "save-graph", disabled: !D.space.views.length })),
    block("Reproduce", D.command, "reproduce"),
    block("As a regression test for pytest", D.test, "pytest"),
    D.property && !D.live && block(SHORTEST, ["steps", "faults", "servers", "switches"].map((one) => `quorate trace shrink ${D.identity} --for ${one}`).join("\n"), "shrink"),
    block("Link to this view", location.href, "link"),
  ];
}

const FORMS = { "trace.json": "Trace", "itf.json": "ITF", md: "Markdown", mmd: "Mermaid" };

function neededWords() {
  const spare = D.needed.flatMap((needed, i) => (needed ? [] : [i + 1]));
  if (!spare.length) return "Every step is needed: without any one of them, and what only it enabled, the end is lost.";
  return ["Steps marked ∗ are needed. The end is also reached without: ", spare.map((step) => [stepLink(step), " "])];
}

async function copy(words, from) {
  let done = true;
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const area = el("textarea", null);
    area.value = words;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  from.textContent = done ? "Copied" : "Select the text and copy it";
  say(from.textContent);
}

function saveFile(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  el("a", { download: name, href: URL.createObjectURL(blob) }).click();
  document.documentElement.dataset.saved = `${name} ${blob.size}`;
  say(`saved ${name}`);
}

// -------------------------------------------------------------------------------------------- pictures

// The diagram with the names of its lanes, all rows up to the first 400, as a picture that stands alone.
function wholeDiagram() {
  printing(true);
  const [names, rows] = [document.querySelector("#lanes svg"), document.querySelector("#canvas svg")].map((one) => one.cloneNode(true));
  printing(false);
  const head = Number(names.getAttribute("height"));
  const [width, height] = [Number(rows.getAttribute("width")), Number(rows.getAttribute("height"))];
  rows.setAttribute("y", head);
  return standalone(width, head + height, [names, rows]);
}

function standalone(width, height, parts) {
  const styles = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText)).join("\n");
  const paper = getComputedStyle(document.body).getPropertyValue("--card");
  const whole = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "data-theme": document.documentElement.dataset.theme },
    svg("style", null, `${styles}\n.picture { position: static }`), document.querySelector("body > svg defs").cloneNode(true),
    svg("rect", { width, height, fill: paper }), parts);
  return [new XMLSerializer().serializeToString(whole), width, height];
}

const saveSvg = () => saveFile(`${D.identity}.svg`, wholeDiagram()[0], "image/svg+xml");

function savePng() {
  const [words, width, height] = wholeDiagram();
  const scale = Math.min(2, 16000 / height); // a canvas has a largest height
  const picture = new Image();
  picture.onload = () => {
    const canvas = el("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.drawImage(picture, 0, 0);
    canvas.toBlob((blob) => saveFile(`${D.identity}.png`, blob));
  };
  picture.src = URL.createObjectURL(new Blob([words], { type: "image/svg+xml" }));
}

function saveGraph() {
  const view = D.space.views[V.graph] ?? D.space.views[0];
  const graph = graphPicture(view);
  saveFile(`${D.identity}.graph.svg`, standalone(Number(graph.getAttribute("width")), Number(graph.getAttribute("height")), [graph])[0], "image/svg+xml");
}

// -------------------------------------------------------------------------------------------- notes

const LONGEST_NOTE = 2000;
const LONGEST_LINK = 1500; // letters of notes that a link takes along

// The notes that were saved into the file.
function keptNotes() {
  const packed = document.getElementById("notes").textContent.trim();
  if (!packed) return new Map();
  const words = new TextDecoder().decode(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)));
  return readNotes(words);
}

function readNotes(words) {
  try {
    return new Map(Object.entries(JSON.parse(words)).map(([step, note]) => [Number(step), String(note).slice(0, LONGEST_NOTE)]));
  } catch {
    return new Map();
  }
}

const writtenNotes = () => JSON.stringify(Object.fromEntries(V.notes));

function setNote(step, words) {
  if (words.trim()) V.notes.set(shown(step), words.slice(0, LONGEST_NOTE));
  else V.notes.delete(shown(step));
  saveLink();
  drawn = "";
  drawWindow();
}

function noteField(step) {
  const field = el("textarea", { id: "note", rows: 1, maxlength: LONGEST_NOTE, placeholder: "A note on this step (c)", "aria-label": `A note on step ${shown(step)}` });
  field.value = V.notes.get(shown(step)) ?? "";
  field.addEventListener("input", () => setNote(step, field.value));
  return field;
}

function notesBlock() {
  const found = [...V.notes].sort(([a], [b]) => a - b);
  if (!found.length) return el("p", { class: "dim" }, "There are no notes; the Step panel takes one for every step.");
  return [
    el("h3", null, "Notes"),
    el("ul", { id: "notes-list" }, found.map(([step, note]) => el("li", null, stepLink(step - D.skipped), ": ", note))),
    el("p", { class: "line" },
      !D.live && button("Save the page with its notes", "a copy of this file that shows them", saveWithNotes, { id: "save-notes" }),
      button("Copy as Markdown", "copies the notes", (event) => copy(found.map(([step, note]) => `- step ${step} (${label(step - D.skipped)}): ${note.replace(/\s+/g, " ")}`).join("\n"), event.target))),
    writtenNotes().length > LONGEST_LINK && el("p", { class: "dim" }, "They are too long for the link; save the page to pass them on."),
  ];
}

function saveWithNotes() {
  const packed = btoa(String.fromCharCode(...new TextEncoder().encode(writtenNotes())));
  const place = /(<script type="text\/plain" id="notes">)[^<]*/;
  saveFile(`${D.identity}.html`, `<!doctype html>\n${ORIGINAL.replace(place, (_, tag) => tag + packed)}`, "text/html");
}
