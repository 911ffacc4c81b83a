"use strict";
// The space–time diagram: a row per step, a lane per element. Only the rows in sight are in the document.

const ROW = 34;
const TOP = 10;
const SPARE = 12; // rows drawn beyond the window
const TAIL = 26; // below the last row, where messages in flight end, and for each line of their captions
const LETTER = 7.25;
const BAND = 24;
const NARROW = 26; // a lane that is folded

// Where a step is drawn; beside other traces, in the row that it shares with their steps.
const rowY = (step) => TOP + (M?.at ? (M.at[step] ?? M.rows) : step - 1) * ROW + ROW / 2;

function measure() {
  const room = document.getElementById("scroll").clientWidth - 2;
  const longest = Math.max(...D.labels.map((number) => text(number).length));
  const columns = matrixColumns();
  const matrix = columns.length * 22 + 34;
  const open = D.lanes.filter((_, lane) => !V.folded.has(lane)).length;
  const left = room - matrix - (D.lanes.length - open) * NARROW - open * 92; // for labels, where lanes are narrow
  const wanted = Math.min(Math.max(longest * LETTER + 66, 150), Math.max(230, Math.min(room * 0.44, left)));
  const rest = room - wanted - matrix - (D.lanes.length - open) * NARROW;
  const even = Math.min(Math.max(rest / Math.max(open, 1), 92), 210);
  const beside = Math.max(0, lastRoleName(even) - even / 2 + 2);
  const wide = Math.max(Math.min(even, 118), even - beside / Math.max(open, 1));
  const labels = Math.max(Math.min(wanted, 230), wanted - Math.max(0, beside - (even - wide) * open));
  const lanes = [];
  let x = labels;
  D.lanes.forEach((_, lane) => {
    const width = V.folded.has(lane) ? NARROW : wide;
    lanes.push({ x: x + width / 2, width });
    x += width;
  });
  const rows = V.brief ? briefRows() : { rows: D.steps };
  x += beside;
  return { labels, lanes, columns, matrix: x + 22, width: Math.max(room, x + matrix), height: TOP + rows.rows * ROW + TAIL + 15 * flightLines(lanes), ...rows };
}

// How far the longest name of a role reaches to the right of the last lane's middle.
function lastRoleName(wide) {
  const lane = D.lanes.length - 1;
  const course = D.roles[V.role]?.courses[lane];
  if (!course || V.folded.has(lane) || wide < 90) return 0;
  const most = Math.min(14, Math.max(4, Math.floor((wide - 46) / 6.2)));
  return BAND / 2 + 6 + 7 * Math.max(...course.map(([, value]) => Math.min(D.roles[V.role].members[value].length, most)));
}

const SHORTEST_RUN = 3; // steps that are worth a row of their own together

// Runs of steps that neither send nor receive share a row; `at` is the row of a step, `first` the first step of a row,
// `runs` the last step of a row that holds several. The step at hand, and what is marked, stands alone.
function briefRows() {
  const alone = new Set([1, D.steps, V.step, ...V.bad, ...V.marks, ...V.hits]);
  for (const [, sent, , received] of D.messages) alone.add(sent).add(received);
  for (const note of V.notes.keys()) alone.add(note - D.skipped);
  const found = { at: [], first: [], runs: new Map(), rows: 0 };
  for (let step = 1; step <= D.steps; step++) {
    let end = step;
    while (!alone.has(end) && end < D.steps && !alone.has(end + 1)) end++;
    if (end - step + 1 < SHORTEST_RUN) end = step;
    else found.runs.set(found.rows, end);
    for (let one = step; one <= end; one++) found.at[one] = found.rows;
    found.first[found.rows++] = step;
    step = end;
  }
  return found;
}

const inRun = (step) => Boolean(V.brief && M.runs.has(M.at[step]));

// The properties that have a column of their own: all if they are few, else those that tell something.
function matrixColumns() {
  if (V.plain) return [];
  const every = D.properties.filter((one) => SAFETY.has(one.kind) || one.kind === "witness");
  if (every.length <= 5) return every.map((one) => ({ name: one.name, members: [one] }));
  const telling = every.filter((one) => (SAFETY.has(one.kind) ? /[0x]/.test(one.values) : false)).slice(0, 6);
  const rest = every.filter((one) => SAFETY.has(one.kind) && !telling.includes(one));
  const columns = telling.map((one) => ({ name: one.name, members: [one] }));
  if (rest.length) columns.push({ name: `${rest.length} others`, members: rest });
  return columns;
}

const LONGEST_COLUMN = 24; // letters of a property's name above its column
let M;
let drawn = "";

function drawTimeline() {
  M = measure();
  drawn = "";
  drawLaneNames();
  const canvas = document.getElementById("canvas");
  canvas.style.height = `${M.height}px`;
  canvas.style.width = `${M.width}px`;
  drawWindow();
}

function drawLaneNames() {
  const height = M.columns.length ? Math.max(64, 26 + 6.1 * Math.max(...M.columns.map((column) => Math.min(column.name.length, LONGEST_COLUMN)))) : 44;
  const focused = document.activeElement?.dataset?.fold;
  const names = svg("svg", { width: M.width, height, class: "names", role: "group", "aria-label": "Lanes and properties" },
    svg("text", { x: 14, y: height - 14, class: "dim", "aria-hidden": "true" }, "step"),
    D.lanes.map((name, lane) =>
      svg("g", { class: "lane-name", ...folder(String(lane), () => fold(lane), `lane ${name}`, !V.folded.has(lane)) },
        svg("rect", { class: "catch", x: M.lanes[lane].x - M.lanes[lane].width / 2 + 2, y: height - 32, width: M.lanes[lane].width - 4, height: 26, rx: 6 }),
        svg("title", null, `${name}: click, or press Enter, to fold or unfold`),
        V.folded.has(lane)
          ? svg("text", { x: M.lanes[lane].x, y: height - 14, "text-anchor": "middle" }, "⋮")
          : svg("text", { x: M.lanes[lane].x, y: height - 14, "text-anchor": "middle" }, short(name, 22)))),
    M.columns.map((column, i) =>
      svg("text", { class: "column", transform: `translate(${M.matrix + i * 22 + 12} ${height - 10}) rotate(-90)` },
        svg("title", null, column.members.map((one) => `${one.name}: ${one.doc}`).join("\n")),
        short(column.name, LONGEST_COLUMN))),
    hasMatrix() && svg("g", { class: "matrix-fold", ...folder("matrix", foldMatrix, "property matrix", !V.plain) },
      svg("rect", { class: "catch", x: M.matrix - 14, y: 4, width: 16, height: 20, rx: 5 }),
      svg("title", null, "the properties: click, or press Enter, to fold or unfold (k)"),
      svg("text", { x: M.matrix - 6, y: 18, "text-anchor": "middle" }, V.plain ? "◂" : "▸")));
  put("lanes", names);
  if (focused !== undefined) document.querySelector(`[data-fold="${focused}"]`)?.focus();
}

// What a thing needs that is folded by a click, or by Enter and the space bar.
function folder(name, act, words, open) {
  const onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  return { onclick: act, onkeydown, tabindex: 0, role: "button", "aria-label": words, "aria-expanded": String(open), "data-fold": name };
}

const hasMatrix = () => D.properties.some((one) => SAFETY.has(one.kind) || one.kind === "witness");

function foldMatrix() {
  set({ plain: !V.plain });
}

function windowOfSteps() {
  if (V.printing) return [1, Math.min(D.steps, 400)];
  const scroll = document.getElementById("scroll");
  const first = Math.floor(scroll.scrollTop / ROW) - SPARE;
  const last = Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW) + SPARE;
  const rows = [Math.max(1, first - (first % 8)), Math.min(M.rows, last + 8 - (last % 8))];
  return V.brief ? [M.first[rows[0] - 1], rows[1] === M.rows ? D.steps : M.first[rows[1]] - 1] : rows;
}

function drawWindow() {
  const [first, last] = windowOfSteps();
  const key = `${first} ${last} ${V.step} ${V.hover} ${V.query} ${V.role} ${V.epoch} ${[...V.marks]} ${[...V.pins]} ${[...V.notes.keys()]} ${V.brief}`;
  if (key === drawn) return;
  drawn = key;
  const top = rowY(first) - ROW / 2 - TOP;
  const height = (last === D.steps ? M.height : rowY(last + 1) - ROW / 2) - top;
  const picture = svg("svg", { width: M.width, height, viewBox: `0 ${top} ${M.width} ${height}`, class: "picture" });
  picture.style.top = `${top}px`;
  picture.append(...rowsOf(first, last), ...cutsOf(first, last), ...bandsOf(first, last), ...messagesOf(first, last), ...bridgesOf(first, last), ...eventsOf(first, last));
  put("canvas", picture);
}

function rowsOf(first, last) {
  const found = [];
  const hit = new Set(V.hits);
  const near = V.hover || V.step;
  const past = causes(near, false);
  const future = causes(near, true);
  for (let step = first; step <= last; step++) {
    if (inRun(step)) {
      if (M.first[M.at[step]] === step) found.push(runRow(step, M.runs.get(M.at[step])));
      continue;
    }
    const y = rowY(step) - ROW / 2;
    const kinds = ["row"];
    if (step === V.step) kinds.push("here");
    if (hit.has(step)) kinds.push("hit");
    if (past.has(step)) kinds.push("past");
    if (future.has(step)) kinds.push("future");
    const room = Math.floor((M.labels - 62) / LETTER);
    found.push(svg("g", { class: kinds.join(" "), "data-step": step, onclick: () => go(step),
      onmouseenter: () => hover(step), onmouseleave: () => hover(0) },
      svg("rect", { class: "back", x: 2, y, width: M.width - 4, height: ROW, rx: 5 }),
      svg("line", { class: "side", x1: 4, x2: 4, y1: y + 3, y2: y + ROW - 3 }),
      svg("text", { class: "number", x: 38, y: y + 21.5, "text-anchor": "end" }, String(shown(step))),
      V.marks.has(step) && svg("text", { class: "mark", x: 7, y: y + 21 }, "★"),
      V.notes.has(shown(step)) && svg("text", { class: "noted", x: 7, y: y + (V.marks.has(step) ? 31 : 21) }, "✎", svg("title", null, V.notes.get(shown(step)))),
      D.needed?.[step - 1] && D.needed.includes(false) && svg("text", { class: "needed", x: 39, y: y + 20 }, "∗", svg("title", null, "needed: without this step the end is lost")),
      svg("text", { class: "label", x: 50, y: y + 21.5 }, svg("title", null, label(step)), shortLabel(label(step), room)),
      M.columns.map((column, i) => cell(column, i, step))));
  }
  return found;
}

// Several local steps in one row; a click opens them.
function runRow(from, to) {
  const y = rowY(from) - ROW / 2;
  return svg("g", { class: "row run", "data-step": from, "data-run": to, onclick: () => go(from) },
    svg("title", null, `steps ${shown(from)} to ${shown(to)} neither send nor receive; r shows all`),
    svg("rect", { class: "back", x: 2, y, width: M.width - 4, height: ROW, rx: 5 }),
    svg("text", { class: "number", x: 38, y: y + 21.5, "text-anchor": "end" }, "⋯"),
    svg("text", { class: "label", x: 50, y: y + 21.5 }, `${to - from + 1} local steps, ${shown(from)} to ${shown(to)}`),
    M.columns.map((column, i) => cell(column, i, to)));
}

// A square of the property matrix: colour and sign say the same.
function cell(column, i, step) {
  const values = column.members.map((one) => one.values[step - 1]);
  const value = values.includes("0") ? "0" : values.includes("x") ? "x" : values.every((v) => v === " ") ? " " : "1";
  const witness = column.members[0].kind === "witness";
  const [kind, sign, words] = {
    1: witness ? ["good", "●", "reached"] : ["good", "✓", "holds"],
    0: witness ? ["none", "·", "not reached"] : ["bad", "✗", "is violated"],
    x: ["odd", "!", "cannot be evaluated"],
    " ": ["none", "·", "says nothing here"],
  }[value];
  const x = M.matrix + i * 22;
  const show = (event) => {
    event.stopPropagation();
    go(step, { tab: "why", open: column.members.length === 1 ? column.members[0].name : "" });
  };
  return svg("g", { class: `cell ${kind}`, onclick: show, "data-cell": `${column.name}:${step}` },
    svg("title", null, `${column.name} ${words} in step ${shown(step)}`),
    svg("rect", { x, y: rowY(step) - 9, width: 18, height: 18, rx: 4 }),
    svg("text", { x: x + 9, y: rowY(step) + 4.5, "text-anchor": "middle" }, sign));
}

// Segments of a course ([[step, value]…]) that can be seen.
function segments(course, first, last) {
  const found = [];
  course.forEach(([start, value], i) => {
    const end = i + 1 < course.length ? course[i + 1][0] - 1 : D.steps;
    if (end >= first && start <= last) found.push([Math.max(start, first), Math.min(end, last), value, start]);
  });
  return found;
}

function bandsOf(first, last) {
  const role = D.roles[V.role];
  const epoch = D.epochs[V.epoch];
  return D.lanes.map((_, lane) => {
    const { x } = M.lanes[lane];
    const folded = V.folded.has(lane);
    const edge = (step) => rowY(step) - ROW / 2;
    const parts = [];
    if (!role?.courses[lane]) {
      parts.push(svg("line", { class: "thread", x1: x, x2: x, y1: edge(first), y2: edge(last + 1) }));
    }
    for (const [from, to, value, start] of role?.courses[lane] ? segments(role.courses[lane], first, last) : []) {
      const words = role.members[value];
      parts.push(svg("rect", { class: "band", x: x - BAND / 2, width: BAND, y: edge(from) + 1.5, height: edge(to + 1) - edge(from) - 3,
        rx: 6, fill: `url(#role${value % 12})`, "data-role": words }, svg("title", null, `${D.lanes[lane]} is ${words} from step ${shown(start)} on`)));
    }
    for (const [from, to, value, start] of epoch?.courses[lane] && !folded ? segments(epoch.courses[lane], first, last) : []) {
      parts.push(svg("rect", { class: `epoch epoch${value % 4}`, x: x - BAND / 2 - 7, width: 5, y: edge(from) + 1.5, height: edge(to + 1) - edge(from) - 3, rx: 2 },
        svg("title", null, `${epoch.name}[${D.lanes[lane]}] = ${value} from step ${shown(start)} on`)));
      parts.push(svg("text", { class: "epoch-name", x: x - BAND / 2 - 10, y: edge(from) + 12, "text-anchor": "end" }, String(value)));
    }
    for (const [left, y, words] of roleNamesOf(lane, first, last)) parts.push(svg("text", { class: "role-name", x: left, y }, words));
    if (!folded) parts.push(halvesOf(lane, first, last));
    return svg("g", { class: "lane" }, parts);
  });
}

// Names beside the bands of roles, where they begin: [left, baseline, words].
function roleNamesOf(lane, first, last) {
  const role = D.roles[V.role];
  const { x, width } = M.lanes[lane];
  if (!role?.courses[lane] || V.folded.has(lane) || width < 90) return [];
  const most = Math.min(14, Math.max(4, Math.floor((width - 46) / 6.2)));
  return segments(role.courses[lane], first, last).map(([from, , value]) => [x + BAND / 2 + 6, rowY(from) - ROW / 2 + 12, short(role.members[value], most)]);
}

const roleNames = (first, last) => D.lanes.flatMap((_, lane) => roleNamesOf(lane, first, last));

// What is half done in a lane: a bracket from the step that began it to the one that ended it.
function halvesOf(lane, first, last) {
  return D.halves.filter(([own, from, to]) => own === lane && from <= last && (to ?? D.steps) >= first).map(([, from, to, ended, rest]) => {
    const x = M.lanes[lane].x + BAND / 2 + 1;
    const y1 = rowY(from);
    const y2 = to ? rowY(to) : rowY(D.steps + 1) - ROW / 2;
    const told = { done: `ended in step ${shown(to)}`, "given up": `given up in step ${shown(to)}`, open: "still half done at the end" }[ended];
    return svg("g", { class: `half ${ended.replace(" ", "-")}`, "data-half": `${from}-${to ?? ""}` },
      svg("title", null, `half done since step ${shown(from)}: ${text(rest)}, ${told}`),
      svg("path", { d: `M${x} ${y1 + 12}h4V${to ? y2 - 12 : y2}${to ? "h-4" : ""}` }),
      ended === "given up" && svg("path", { d: `M${x} ${y2 - 16}l8 8m0 -8l-8 8` }),
      ended === "open" && svg("text", { x: x + 2, y: y2 - 2 }, "…"));
  });
}

// A partition: hatched between lanes that cannot reach each other.
function cutsOf(first, last) {
  return D.cuts.filter(([from, to]) => from <= last && to >= first).map(([from, to, groups]) => {
    const names = groups.map((group) => group.map((lane) => D.lanes[lane]).join(" ")).join(" | ");
    const side = (lane) => groups.findIndex((group) => group.includes(lane));
    const gaps = D.lanes.flatMap((_, lane) => (lane > 0 && side(lane) >= 0 && side(lane) !== side(lane - 1) ? [lane] : []));
    const [y1, y2] = [rowY(Math.max(from, first)) - ROW / 2, rowY(Math.min(to, last) + 1) - ROW / 2];
    return svg("g", { class: "cut", "data-cut": names }, svg("title", null, `partition in steps ${shown(from)} to ${shown(to)}: ${names}`),
      gaps.map((lane) => {
        const x = M.lanes[lane].x - M.lanes[lane].width / 2;
        return [svg("rect", { x: x - 9, width: 18, y: y1, height: y2 - y1, fill: "url(#cut)" }), svg("path", { d: `M${x} ${y1}V${y2}` })];
      }),
      gaps.length > 0 && svg("text", { x: M.lanes[gaps[0]].x - M.lanes[gaps[0]].width / 2, y: y1 + 12, "text-anchor": "middle" }, "partition"));
  });
}

// Messages are drawn below their captions; of captions that would collide, that of the step at hand has the first choice.
function messagesOf(first, last) {
  const near = V.hover || V.step;
  const together = new Map();
  const inSight = [];
  D.messages.forEach((message, number) => {
    const [, sent, sender, received, receiver] = message;
    const course = `${sent} ${sender} ${received} ${receiver}`;
    const order = together.get(course) ?? 0;
    together.set(course, order + 1);
    if ((received ?? D.steps + 1) < first || sent > last || V.folded.has(sender) || V.folded.has(receiver)) return;
    inSight.push({ message, number, order, busy: sent === near || received === near });
  });
  taken = occupied(first, last);
  for (const { message: [words, , , received, receiver, fate], number } of inSight) {
    if (fate === "in flight") taken.push(flightBox(words, number));
    else if (received && fate !== "received") taken.push([M.lanes[receiver].x - 20, rowY(received) - 8, M.lanes[receiver].x + 12, rowY(received) + 8]);
  }
  inSight.sort((a, b) => b.busy - a.busy);
  const drawn = inSight.map(({ message, number, order, busy }) => {
    const [words, sent, , , , fate, mark] = message;
    const kinds = ["message", fate.replace(" ", "-"), mark, busy ? "busy" : ""].filter(Boolean).join(" ");
    const name = `${text(words)}: sent in step ${shown(sent)}, ${outcome(message)}`;
    const group = svg("g", { class: kinds, "data-message": number }, svg("title", null, name));
    const words_ = fate === "in flight" ? flying(group, message, number) : arriving(group, message, order, busy);
    return [group, words_ && svg("g", { class: kinds.replace("message", "words") }, words_)];
  }).reverse();
  return [...drawn.map(([group]) => group), ...drawn.map(([, words]) => words).filter(Boolean)];
}

// Where the caption of a message in flight stands.
function flightBox(words, number) {
  const { x, line, turned } = (M.flights ??= flights(M.lanes).found).get(number);
  const wide = (brief(text(words), 20).length + 10) * 6.65;
  const y = rowY(D.steps + 1) - ROW / 2 + 18 + 15 * line;
  return turned ? [x - 9 - wide, y - 12, x + 6, y + 4] : [x - 6, y - 12, x + 9 + wide, y + 4];
}

let taken = []; // boxes in which no caption may stand: [left, top, right, bottom]

function occupied(first, last) {
  const found = [];
  for (let step = first; step <= last; step++) {
    const lane = D.events[step - 1];
    if (lane >= 0 && !inRun(step)) found.push([M.lanes[lane].x - 12, rowY(step) - 12, M.lanes[lane].x + 12, rowY(step) + 12]);
  }
  for (const [x, y, words] of roleNames(first, last)) found.push([x, y - 8, x + words.length * 6.2, y + 2]);
  return found;
}

// The first of some spots that is free; it is then taken.
function freeSpot(spots, letters, anchor) {
  const wide = letters * 6.65;
  const boxed = ([x, y]) => (anchor === "start" ? [x, y - 9, x + wide, y + 3] : [x - wide / 2, y - 9, x + wide / 2, y + 3]);
  const spot = spots.find((one) => {
    const [left, top, right, bottom] = boxed(one);
    return !taken.some(([a, b, c, d]) => left < c && right > a && top < d && bottom > b);
  });
  if (spot) taken.push(boxed(spot));
  return spot;
}

// What happened before what through lanes that are folded: from the last step of a lane to the first of another.
function bridges() {
  if (!V.folded.size) return [];
  const key = [...V.folded].join();
  if (D.bridged?.key === key) return D.bridged.found;
  const near = (D.after ??= neighbours(true));
  const folded = (step) => V.folded.has(D.events[step - 1]);
  const latest = new Map();
  for (let step = 1; step <= D.steps; step++) {
    const lane = D.events[step - 1];
    if (lane < 0 || folded(step)) continue;
    for (const [to, end] of beyond(step, near, folded)) if (to !== lane) latest.set(`${lane} ${end}`, [step, end]);
  }
  D.bridged = { key, found: [...latest.values()] };
  return D.bridged.found;
}

// The first step of every lane in sight that a step leads to, if everything on the way lies in folded lanes.
function beyond(step, near, folded) {
  const first = new Map();
  const seen = new Set();
  const queue = (near[step] ?? []).filter(folded);
  while (queue.length) {
    for (const other of near[queue.pop()] ?? []) {
      if (seen.has(other)) continue;
      seen.add(other);
      if (folded(other)) queue.push(other);
      else if (!(first.get(D.events[other - 1]) <= other)) first.set(D.events[other - 1], other);
    }
  }
  return first;
}

function bridgesOf(first, last) {
  return bridges().filter(([from, to]) => from <= last && to >= first).map(([from, to]) => {
    const [a, b] = [M.lanes[D.events[from - 1]], M.lanes[D.events[to - 1]]];
    const side = Math.sign(b.x - a.x);
    const [x1, y1, x2, y2] = [a.x + side * 11, rowY(from), b.x - side * 12, rowY(to)];
    return svg("g", { class: "bridge", "data-bridge": `${from}-${to}` },
      svg("title", null, `step ${shown(from)} happened before step ${shown(to)}, through lanes that are folded`),
      svg("path", { class: "line", d: `M${x1} ${y1}L${x2} ${y2}` }),
      svg("path", { class: "head", d: "M1 0L-9 -4.5L-6.5 0L-9 4.5Z", transform: `translate(${x2} ${y2}) rotate(${(Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI})` }));
  });
}

function outcome([, , , received, , fate, mark]) {
  const at = received ? ` in step ${shown(received)}` : "";
  const special = { again: ", once more", overtaken: ", after a later one", dead: ", by a server that is down", late: ", by a server that has another role by now", "": "" }[mark];
  const told = { received: "received", dropped: "dropped on its way", lost: "lost with its connection", "in flight": "still in flight at the end" };
  return `${told[fate]}${at}${special}`;
}

function arriving(group, [words, sent, sender, received, receiver, fate, mark], order, busy) {
  const from = M.lanes[sender].x;
  const to = M.lanes[receiver].x;
  const [y1, y2] = [rowY(sent) + 5 * order, rowY(received) + 5 * order];
  const side = Math.sign(to - from);
  const loop = side === 0;
  const [x1, x2] = loop ? [from + 11, to + 11] : [from + side * 11, to - side * 12];
  const line = loop ? `M${x1} ${y1}C${x1 + 40} ${y1} ${x1 + 40} ${y2} ${x2} ${y2}` : `M${x1} ${y1}L${x2} ${y2}`;
  group.append(svg("path", { class: "wide", d: line }), svg("path", { class: "line", d: line }));
  const angle = loop ? 180 : (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  const heads = {
    received: svg("path", { class: "head", d: "M1 0L-9 -4.5L-6.5 0L-9 4.5Z", transform: `translate(${x2} ${y2}) rotate(${angle})` }),
    dropped: svg("path", { class: "cross", d: "M-5 -5L5 5M-5 5L5 -5", transform: `translate(${x2} ${y2})` }),
    lost: svg("path", { class: "void", d: "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0M-3.5 3.5L3.5 -3.5", transform: `translate(${x2 - side * 5} ${y2})` }),
  };
  group.append(mark === "dead" ? svg("path", { class: "tomb", d: "M-5 7V-1a5 5 0 0 1 10 0V7ZM0 -4V4M-2.5 -1.5H2.5", transform: `translate(${x2 - side * 5} ${y2})` }) : heads[fate]);
  const whole = { received: "", dropped: " ✗ dropped", lost: " ⊘ lost" }[fate] + { "": "", again: " ↻ again", overtaken: " ⇄ overtaken", dead: " † down", late: " ↷ late" }[mark];
  const along = (part) => [x1 + (x2 - x1) * part + (loop ? 34 : 0), y1 + (y2 - y1) * part];
  const x = along(0.5)[0];
  const beyond = M.matrix ? Math.floor((M.matrix - 10 - x) / 6.65) : 26; // letters of a loop's caption before the matrix
  const signs = loop && beyond < 5 + whole.length ? whole.slice(0, 2) : whole;
  const room = Math.min(26, loop ? beyond : Math.floor((Math.max(Math.abs(x2 - x1), 110) - 6) / 6.65)) - signs.length;
  if (!busy && V.crowded && !signs) return null;
  const words_ = brief(text(words), room);
  const anchor = loop ? "start" : "middle";
  const higher = busy ? [-5, 12, -17, 24, -29, 36, -41, 48] : [-5, 12, -17];
  const spots = [0.5, 0.35, 0.65, 0.2, 0.8].flatMap((part) => higher.map((more) => [along(part)[0], along(part)[1] + more]));
  const [cx, cy] = freeSpot(spots, words_.length + signs.length, anchor) ?? (busy ? spots[0] : []);
  return cx === undefined ? null : caption(words_, signs, cx, cy, anchor);
}

// Messages in flight end below the last row, on their way to whom they are for; captions that would collide go lower.
function flights(lanes) {
  const found = new Map();
  const lines = [];
  D.messages.forEach(([words, , sender, received, receiver, fate], number) => {
    if (fate !== "in flight" || received || V.folded.has(sender) || V.folded.has(receiver)) return;
    const from = lanes[sender].x;
    const x = receiver === null || receiver === sender ? from + 22 : from + (lanes[receiver].x - from) * 0.55;
    const width = (brief(text(words), 20).length + 12) * 6.7 + 16;
    const right = lanes[lanes.length - 1].x + lanes[lanes.length - 1].width / 2;
    const left = x + width > right ? x - width : x - 8;
    let line = lines.findIndex((taken) => taken.every(([a, b]) => left > b || left + width + 8 < a));
    if (line < 0) line = lines.length < 12 ? lines.push([]) - 1 : lines.length - 1;
    lines[line].push([left, left + width + 8]);
    found.set(number, { x, line, turned: left < x - 8 });
  });
  return { found, lines: lines.length };
}

const flightLines = (lanes) => flights(lanes).lines;

function flying(group, [words, sent, sender], number) {
  const { x, line, turned } = (M.flights ??= flights(M.lanes).found).get(number);
  const from = M.lanes[sender].x;
  const bottom = rowY(D.steps + 1) - ROW / 2;
  const [y1, y2] = [rowY(sent), bottom + 14 + 15 * line];
  const side = Math.sign(x - from);
  const d = `M${from + side * 11} ${y1}L${x} ${bottom}V${y2 - 5}`;
  group.append(svg("path", { class: "wide", d }), svg("path", { class: "line", d }));
  group.append(svg("circle", { class: "open", cx: x, cy: y2, r: 4.5 }));
  return caption(brief(text(words), 20), " in flight", turned ? x - 9 : x + 9, y2 + 4, turned ? "end" : "start");
}

// A message in few letters: its type, and its values without the names of the fields.
function brief(words, most) {
  const at = words.indexOf("(");
  if (at < 0) return short(words, most);
  const values = words.slice(at + 1, -1).replace(/\w+=/g, "").replace(/\w+\(/g, "(").replace(/\w+\.(?=\w)/g, "");
  const name = words.slice(0, at);
  const whole = values ? `${name} ${values}` : name;
  if (whole.length <= most) return whole;
  return most - name.length > 9 ? short(whole, most) : short(name, Math.max(most, 8));
}

function caption(words, sign, x, y, anchor) {
  return svg("text", { class: "caption", x, y, "text-anchor": anchor }, words, sign && svg("tspan", { class: "sign" }, sign));
}

function eventsOf(first, last) {
  const found = [];
  const bad = new Set(V.bad);
  for (let step = first; step <= last; step++) {
    const lane = D.events[step - 1];
    if (lane < 0 || lane === undefined || inRun(step)) continue;
    const { x } = M.lanes[lane];
    const kinds = ["event", step === V.step ? "here" : "", bad.has(step) ? "bad" : ""].filter(Boolean).join(" ");
    found.push(svg("g", { class: kinds, onclick: () => go(step) },
      svg("title", null, `${shown(step)}. ${label(step)}`),
      D.others[step - 1].map((other) => [
        svg("line", { class: "reach", x1: x + Math.sign(M.lanes[other].x - x) * 11, x2: M.lanes[other].x, y1: rowY(step), y2: rowY(step) }),
        svg("circle", { class: "reached", cx: M.lanes[other].x, cy: rowY(step), r: 4 })]),
      V.folded.has(lane)
        ? svg("circle", { cx: x, cy: rowY(step), r: 5 })
        : bad.has(step)
        ? svg("rect", { x: x - 11, y: rowY(step) - 11, width: 22, height: 22, rx: 5 })
        : svg("circle", { cx: x, cy: rowY(step), r: 11 }),
      !V.folded.has(lane) && svg("text", { class: `digits${String(shown(step)).length}`, x, y: rowY(step) + 3.6, "text-anchor": "middle" }, String(shown(step)))));
  }
  return found;
}

function drawLegend() {
  const choice = (name, list, value) => list.length > 0 && el("label", null, `${name} `,
    list.length > 1
      ? el("select", { id: `choose-${name}`, onchange: (event) => set({ [name]: Number(event.target.value) }) },
        list.map((one, i) => el("option", { value: i, selected: i === value }, one.name)))
      : el("b", null, list[0].name));
  const role = D.roles[V.role];
  const swatch = (member) => isTaken(role, member) && swatchOf(role, member);
  put("legend", choice("role", D.roles, V.role), role && role.members.map((_, member) => swatch(member)), choice("epoch", D.epochs, V.epoch));
}

const isTaken = (role, member) => role.courses.some((course) => course.some(([, value]) => value === member));

function swatchOf(role, member) {
  return el("span", { class: "swatch" },
    svg("svg", { width: 18, height: 14, "aria-hidden": "true" }, svg("rect", { class: "band", x: 1, y: 1, width: 16, height: 12, rx: 3, fill: `url(#role${member % 12})` })),
    role.members[member]);
}

// Brings the step into sight.
function reveal(step) {
  const scroll = document.getElementById("scroll");
  const head = document.getElementById("lanes").offsetHeight;
  const y = rowY(step) - ROW / 2;
  if (y < scroll.scrollTop + ROW) scroll.scrollTop = Math.max(0, y - 2 * ROW);
  else if (y + ROW * 2 > scroll.scrollTop + scroll.clientHeight - head) scroll.scrollTop = y + ROW * 3 - (scroll.clientHeight - head);
}
