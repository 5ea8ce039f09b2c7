const points = (v, digits = 1) => (100 * v).toFixed(digits).replace("-", "−");
const noise = (m, digits = 1) => m.error === null || m.error === undefined ? "" : ` ±${points(m.error, digits)}`;
const chance = (m) => m ? `${points(m.value)}${noise(m)} %` : "–";
const lost = (m) => Math.abs(m.value) < 0.0005 ? "0.0" : `${m.value > 0 ? "−" : "+"}${points(Math.abs(m.value))}`;
const unit = data.battle ? "turn" : "move";
let view = data.analysed[0], shown = [], at = 0;

const when = (d) => data.battle && !d.turn ? "Team Preview" : `${unit === "turn" ? "Turn" : "Move"} ${d.turn}`;
const played = (d) => d.choice ? d.choice + (d.forced ? " (forced)" : "") : `unknown${d.unknown ? ` (${d.unknown})` : ""}`;
function filled(share, name) {
  const bar = make("div", null, name), inner = make("i");
  inner.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
  bar.append(inner);
  return bar;
}

// --- the curve --------------------------------------------------------------------------------
let W = 1180;
const H = 230, LEFT = 38, RIGHT = 12, TOP = 10, BOTTOM = 24;
const x = (i) => LEFT + (shown.length < 2 ? 0.5 : i / (shown.length - 1)) * (W - LEFT - RIGHT);
const y = (v) => TOP + (1 - v) * (H - TOP - BOTTOM);
function curve() {
  W = Math.max(320, Math.min(1180, $("curve").clientWidth || 1180));
  const svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "chance of winning over the game" });
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(draw("line", { x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v), class: v === 0.5 ? "half" : "grid" }));
    svg.append(draw("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, `${100 * v}`));
  }
  const known = shown.map((d, i) => [d, i]).filter(([d]) => d.before);
  const high = known.map(([d, i]) => `${x(i)},${y(Math.min(1, d.before.value + (d.before.error || 0)))}`);
  const low = known.map(([d, i]) => `${x(i)},${y(Math.max(0, d.before.value - (d.before.error || 0)))}`).reverse();
  if (known.length > 1) svg.append(draw("polygon", { points: [...high, ...low].join(" "), class: "area" }));
  svg.append(draw("polyline", { points: known.map(([d, i]) => `${x(i)},${y(d.before.value)}`).join(" "), class: "path" }));
  let last = null;
  for (const [d, i] of known) {
    if (d.after && d.cost && d.cost.value > 0.005)
      svg.append(draw("line", { x1: x(i), x2: x(i), y1: y(d.before.value), y2: y(d.after.value), class: d.blunder ? "cost bad" : "cost" }));
    const mark = draw("circle", { cx: x(i), cy: y(d.before.value), r: d.blunder ? 5.5 : 2.6, class: d.blunder ? "dot bad" : "dot" });
    mark.append(draw("title", {}, `${when(d)}: ${played(d)}`));
    svg.append(mark);
  }
  shown.forEach((d, i) => {
    if (last !== null && (x(i) - last < 42 || shown[i - 1].turn === d.turn)) return;
    svg.append(draw("text", { x: x(i), y: H - 6, "text-anchor": "middle" }, `${d.turn}`));
    last = x(i);
  });
  svg.append(draw("line", { id: "cursor", class: "cursor", y1: TOP, y2: H - BOTTOM, x1: 0, x2: 0 }));
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect(), place = (event.clientX - box.left) / box.width * W;
    go(Math.round((place - LEFT) / (W - LEFT - RIGHT) * (shown.length - 1)));
  });
  $("curve").replaceChildren(svg);
}

// --- the list ---------------------------------------------------------------------------------
function list() {
  $("turns").replaceChildren(...shown.map((d, i) => {
    const row = make("div", null, `row${d.blunder ? " bad" : d.forced || !d.choice ? " quiet" : ""}`);
    row.setAttribute("role", "option");
    row.append(make("span", d.turn, "n"), make("span", `${played(d)}${d.blunder ? " ??" : ""}`),
      make("span", d.before ? points(d.before.value) : "–", "n"), make("span", d.cost && !d.forced ? lost(d.cost) : d.forced ? "" : "–", "n"));
    row.addEventListener("click", () => go(i));
    return row;
  }));
}

// --- one decision -----------------------------------------------------------------------------
function monBar(mon) {
  return filled(mon.hp / 100, `bar${mon.hp <= 20 ? " low" : mon.hp <= 50 ? " mid" : ""}`);
}
function side(found, name, kind) {
  const box = make("div", null, `side ${kind}`);
  box.append(make("h4", name));
  const out = found.active === null || found.active === undefined ? null : found.mons[found.active];
  if (out) {
    const title = make("div", null, "active-mon");
    title.append(make("span", out.name), make("span", `  ${out.hp ? `${Math.round(out.hp)} %` : "fainted"}${out.status ? ` ${out.status}` : ""}`, "facts"));
    box.append(title, monBar(out), make("div", facts(out), "facts"));
    const tags = [...(out.tera ? [`Tera ${out.tera}`] : []), ...Object.entries(found.boosts).map(([k, v]) => `${k} ${v > 0 ? "+" : "−"}${Math.abs(v)}`), ...found.volatiles];
    for (const tag of tags) box.append(make("span", tag, "tag"));
  }
  for (const tag of found.conditions) box.append(make("span", tag, "tag"));
  const bench = make("div", null, "bench");
  found.mons.forEach((mon, i) => {
    if (i === found.active) return;
    const one = make("div", null, mon.hp ? "" : "gone");
    one.append(make("span", `${mon.name}${mon.status ? ` ${mon.status}` : ""}`), monBar(mon));
    one.title = facts(mon);
    bench.append(one);
  });
  if (found.unseen) for (const name of found.shown) bench.append(make("div", name, "facts"));
  if (found.unseen && !found.shown.length) bench.append(make("div", `${found.unseen} not seen`, "facts"));
  box.append(bench);
  return box;
}
const facts = (mon) => [mon.item === null ? "item ?" : mon.item, mon.ability === null ? "ability ?" : mon.ability, mon.moves.join(", ") || "moves ?"].join(" · ");
function position(d) {
  const box = $("position"), p = d.position;
  if (p.own) {
    const sides = make("div", null, "sides");
    sides.append(side(p.own, data.players[d.player], "own"), side(p.foe, data.players[1 - d.player], "foe"));
    box.replaceChildren(...(p.field.length ? [make("div", p.field.join(" · "), "field")] : []), sides);
  } else box.replaceChildren(make("pre", p.text || ""));
}
function actions(d) {
  const t = make("table"), head = t.createTHead().insertRow();
  for (const [text, name] of [["action", ""], ["the search plays it", ""], ["chance after", "n"]]) head.append(make("th", text, name));
  const body = t.createTBody();
  for (const a of d.actions) {
    const row = body.insertRow();
    if (a.chosen) row.className = "chosen";
    row.append(make("td", a.name + (a.drawn ? " ?" : "")));
    const cell = make("td");
    const bar = make("span", null, "share"), inner = make("i");
    inner.style.width = `${100 * a.share}%`;
    bar.append(inner);
    cell.className = "shared";
    cell.append(bar, make("span", `${points(a.share, 0)} %`));
    row.append(cell, make("td", chance(a.win), "n"));
  }
  $("actions").replaceChildren(d.failure ? make("p", d.failure, "mark") : t);
}
function shares(dl, name, found) {
  const entries = Object.entries(found).filter(([, share]) => share >= 0.05);
  if (!entries.length) return;
  const dd = make("dd");
  entries.forEach(([key, share], i) => {
    if (i) dd.append(", ");
    dd.append(make("span", share >= 0.995 ? key : `${key} ${points(share, 0)} %`, share >= 0.995 ? "told" : ""));
  });
  dl.append(make("dt", name), dd);
}
function belief(d) {
  $("belief-part").hidden = !d.belief;
  if (!d.belief) return;
  const box = make("div", null, "belief");
  for (const mon of d.belief.mons) {
    const card = make("div"), dl = make("dl");
    card.append(make("b", mon.species));
    shares(dl, "item", mon.items); shares(dl, "ability", mon.abilities); shares(dl, "moves", mon.moves); shares(dl, "Tera", mon.tera_types);
    card.append(dl);
    box.append(card);
  }
  if (Object.keys(d.belief.unseen).length) {
    const card = make("div"), dl = make("dl");
    card.append(make("b", "not seen yet"));
    shares(dl, "may be", d.belief.unseen);
    card.append(dl);
    box.append(card);
  }
  $("belief").replaceChildren(box);
}
function events(d) {
  const found = data.events[d.turn] || [];
  $("events-part").hidden = !found.length;
  $("events").replaceChildren(...found.map(([who, words]) => make("li", words, who < 0 ? "" : who === d.player ? "s0" : "s1")));
}
function verdict(d) {
  const p = $("verdict");
  p.replaceChildren();
  if (d.before) p.append(`Before: ${chance(d.before)}. `);
  if (d.forced) p.append("Nothing else could be chosen. ");
  else if (d.cost) {
    p.append(`After: ${chance(d.after)}. `);
    p.append(make("span", d.blunder ? `A blunder: it cost ${points(d.cost.value)}${noise(d.cost)} points. ` : `It cost ${points(Math.max(0, d.cost.value))}${noise(d.cost)} points. `, d.blunder ? "mark" : d.cost.value < 0.02 ? "fine" : ""));
  } else if (!d.choice) p.append("What was chosen, the log does not tell. ");
  else if (!d.failure) p.append("What it cost is not known: no set that was searched has it. ");
  const drawn = d.actions.some((a) => a.drawn && a.name === d.best);
  if (d.best && !d.forced) p.append(`The search would play ${d.best}${drawn ? ", if it was there," : ""} (${points(d.share, 0)} %).`);
  if (d.reply) p.append(` The opponent chose ${d.reply}.`);
}
function go(to) {
  if (!shown.length) return;
  at = Math.max(0, Math.min(shown.length - 1, to));
  const d = shown[at];
  [...$("turns").children].forEach((row, i) => { row.classList.toggle("on", i === at); row.setAttribute("aria-selected", i === at); });
  const row = $("turns").children[at], box = $("turns");
  if (row.offsetTop - box.offsetTop < box.scrollTop || row.offsetTop - box.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight)
    box.scrollTop = row.offsetTop - box.offsetTop - box.clientHeight / 2;
  $("place").textContent = `${at + 1} of ${shown.length}`;
  $("heading").textContent = `${when(d)}: ${played(d)}`;
  verdict(d); position(d); actions(d); belief(d); events(d);
  const cursor = $("cursor");
  cursor.setAttribute("x1", x(at)); cursor.setAttribute("x2", x(at));
  $("first").disabled = $("back").disabled = at === 0;
  $("last").disabled = $("next").disabled = at === shown.length - 1;
}
function nextBlunder() {
  const marked = shown.map((d, i) => d.blunder ? i : -1).filter((i) => i >= 0);
  if (marked.length) go(marked.find((i) => i > at) ?? marked[0]);
}
function look(player) {
  view = player;
  shown = data.decisions.filter((d) => d.player === player);
  $("chart-title").textContent = `${data.players[player]}: chance of winning, in %`;
  [...$("views").children].forEach((b) => b.setAttribute("aria-selected", Number(b.dataset.player) === player));
  $("worst").disabled = !shown.some((d) => d.blunder);
  curve(); list();
  const worst = shown.reduce((best, d, i) => d.blunder && (best < 0 || d.cost.value > shown[best].cost.value) ? i : best, -1);
  go(Math.max(0, worst));
}

$("title").textContent = `${data.players[0]} v ${data.players[1]}`;
const game = data.title.slice(`${data.players[0]} v ${data.players[1]}, `.length);
$("about").textContent = `${game}${data.result ? `: ${data.result}` : ""}. Plywise ${data.version}.`;
$("head-turn").textContent = unit;
for (const note of data.notes) $("note-list").append(make("li", note));
if (data.analysed.length > 1) for (const player of data.analysed) {
  const button = make("button", `${data.players[player]}`);
  button.dataset.player = player;
  button.setAttribute("role", "tab");
  button.addEventListener("click", () => look(player));
  $("views").append(button);
}
$("first").addEventListener("click", () => go(0));
$("back").addEventListener("click", () => go(at - 1));
$("next").addEventListener("click", () => go(at + 1));
$("last").addEventListener("click", () => go(shown.length - 1));
$("worst").addEventListener("click", nextBlunder);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const steps = { ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1), ArrowUp: () => go(at - 1), ArrowDown: () => go(at + 1),
    Home: () => go(0), End: () => go(shown.length - 1), b: nextBlunder };
  if (steps[event.key]) { event.preventDefault(); steps[event.key](); }
});
window.addEventListener("resize", () => { curve(); go(at); });
look(view);
