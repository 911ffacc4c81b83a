"use strict";
// The clustered state graph. Its layout was computed before the file was written.

const COUNTED = 60; // edges, up to which each shows how many steps it stands for
const NODE = { width: 132, height: 38, across: 188, down: 56 };

function spacePanel() {
  const view = D.space.views[V.graph] ?? D.space.views[0];
  if (!view && D.live) return [el("h2", null, "State graph"), askGraph()];
  if (!view) return [el("h2", null, "State graph"), el("p", null, "This page was written without a state graph.")];
  const states = D.space.states.toLocaleString("en");
  return [
    el("h2", null, "State graph"),
    el("p", null, D.space.complete ? `All ${states} states` : `The ${states} states nearest to the start and on the trace, of more`, ", grouped by ",
      el("select", { id: "choose-graph", "aria-label": "What groups the states", onchange: (event) => set({ graph: Number(event.target.value), group: -1 }) },
        D.space.views.map((one, i) => el("option", { value: i, selected: i === V.graph }, one.name))),
      `. ${view.nodes.length} groups; the trace is the thick path.`),
    el("div", { class: "graph" }, graphPicture(view)),
    V.group >= 0 && V.group < view.nodes.length ? groupDetails(view) : el("p", { class: "dim" }, "Click a group, or reach it with Tab and press Enter."),
    components(),
    view.sinks.length > 0 && el("p", null, `Nothing leads out of: ${view.sinks.slice(0, 12).map((node) => view.nodes[node][0]).join(", ")}${view.sinks.length > 12 ? ` and ${view.sinks.length - 12} more` : ""}.`),
  ];
}

// Where a behaviour can go round: components of several states, whatever groups the drawing.
function components() {
  const found = D.space.views.find((one) => one.name === "strongly connected component")?.nodes.filter(([name]) => name.startsWith("component ")) ?? [];
  const listed = found.slice(0, 12).map(([name, size]) => `${name} (${size.toLocaleString("en")} states)`).join(", ");
  return el("p", { id: "components" }, found.length ? `Strongly connected: ${listed}${found.length > 12 ? ` and ${found.length - 12} more` : ""}.` : "No state can be reached again: there is no cycle among these states.");
}

function graphPicture(view) {
  const rows = view.nodes.map((node) => node[3]);
  const [low, high] = [Math.min(...rows), Math.max(...rows)];
  const width = (Math.max(...view.nodes.map((node) => node[2])) + 1) * NODE.across + 20;
  const height = (high - low + 1) * NODE.down + 40;
  const x = (node) => 10 + node[2] * NODE.across + NODE.width / 2;
  const y = (node) => 20 + (node[3] - low) * NODE.down + NODE.height / 2;
  const onPath = new Set(view.path.slice(1).map((node, i) => `${view.path[i]} ${node}`));
  const passed = new Set(view.path);
  const here = view.path[V.step - 1];
  const edges = view.edges.filter(([from, to]) => from !== to).map(([from, to, count, actions]) => {
    const [a, b] = [view.nodes[from], view.nodes[to]];
    const way = Math.sign(b[2] - a[2]) || 1;
    const [x1, x2] = [x(a) + (way * NODE.width) / 2, x(b) - (way * NODE.width) / 2];
    const same = a[2] === b[2];
    const bend = same ? 34 : (x2 - x1) / 2;
    const d = same
      ? `M${x1} ${y(a)}C${x1 + bend} ${y(a)} ${x1 + bend} ${y(b)} ${x1} ${y(b)}`
      : `M${x1} ${y(a)}C${x1 + bend} ${y(a)} ${x2 - bend} ${y(b)} ${x2} ${y(b)}`;
    const path = onPath.has(`${from} ${to}`);
    const [cx, cy] = [same ? x1 + bend * 0.75 : (x1 + x2) / 2, (y(a) + y(b)) / 2];
    return svg("g", { class: `edge${path ? " path" : ""}${way < 0 ? " back" : ""}` },
      svg("path", { d, "marker-end": path ? "url(#tip)" : null }),
      (path || view.edges.length <= COUNTED) && svg("text", { x: cx, y: cy + 3.5, "text-anchor": "middle" }, count.toLocaleString("en")),
      svg("title", null, `${a[0]} → ${b[0]}: ${count} steps, ${actions.join(", ")}`));
  });
  edges.sort((a, b) => a.classList.contains("path") - b.classList.contains("path"));
  const choose = (number) => () => set({ group: number });
  const nodes = view.nodes.map((node, number) => svg("g", {
    class: ["node", passed.has(number) ? "path" : "", number === here ? "here" : "", number === V.group ? "chosen" : ""].filter(Boolean).join(" "),
    tabindex: 0, role: "button", "aria-label": `${node[0]}, ${node[1]} states${passed.has(number) ? ", on the trace" : ""}`, "data-group": number,
    onclick: choose(number), onkeydown: (event) => event.key === "Enter" && choose(number)(),
  },
    svg("title", null, `${node[0]}: ${node[1]} states`),
    svg("rect", { x: x(node) - NODE.width / 2, y: y(node) - NODE.height / 2, width: NODE.width, height: NODE.height, rx: 7 }),
    svg("text", { x: x(node), y: y(node) - 2, "text-anchor": "middle" }, short(node[0], 19)),
    svg("text", { class: "dim", x: x(node), y: y(node) + 13, "text-anchor": "middle" }, `${number === here ? "▶ " : ""}${node[1].toLocaleString("en")} state${node[1] === 1 ? "" : "s"}`)));
  return svg("svg", { width, height, id: "graph", role: "group", "aria-label": "State graph" },
    svg("defs", null, svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 4, markerHeight: 4, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8Z" }))),
    edges, nodes);
}

function groupDetails(view) {
  const [name, size] = view.nodes[V.group];
  const steps = view.path.flatMap((node, i) => (node === V.group ? [i + 1] : []));
  const leaving = view.edges.filter(([from]) => from === V.group);
  return el("div", { id: "group" },
    el("h3", null, name),
    el("p", null, `${size.toLocaleString("en")} states. `, steps.length ? ["The trace is here in ", steps.slice(0, 30).map((step) => [stepLink(step), " "])] : "The trace is never here."),
    el("ul", null, leaving.map(([, to, count, actions]) => el("li", null, `${count} step${count === 1 ? "" : "s"} ${to === V.group ? "stay here" : "to"} `, to !== V.group && button(view.nodes[to][0], "shows this group", () => set({ group: to }), { class: "link" }), ` by ${actions.join(", ")}`))));
}
