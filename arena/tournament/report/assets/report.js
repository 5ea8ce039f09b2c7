const games = data.games, count = games.number.length;
const titles = [];
for (const agent of data.agents) titles[agent.index] = agent.title;
const HUES = [215, 20, 140, 280, 45, 330, 180, 95, 255, 0];
const colour = (i) => `hsl(${HUES[i % HUES.length]} 65% ${i < HUES.length ? 52 : 38}%)`;
const number = (v, digits = 0) => v === null || v === undefined ? "–" : v.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }).replace("-", "−");
const signed = (v, digits = 0) => (v > 0 ? "+" : v < 0 ? "−" : "") + number(Math.abs(v), digits);
const percent = (v) => v === null ? "–" : number(100 * v, 1) + " %";

function canvas(width, height, label) {
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
}
function table(head, names) {
  const t = make("table"), row = t.createTHead().insertRow();
  head.forEach((h, i) => row.append(make("th", h, names.includes(i) ? "name" : "")));
  return t;
}
function ticks(low, high, wanted) {
  const raw = (high - low) / wanted || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) found.push(v);
  return found;
}

// --- head, ratings, cross table -------------------------------------------------------------
$("title").textContent = data.title;
$("about").textContent = `${count === data.total ? "Complete" : `${number(count)} of ${number(data.total)} games`}; ` +
  `${number(data.faults)} faults; record ${data.record}, configuration ${data.hash}; Plywise ${data.version}, code ${data.code}.`;
$("settings-text").textContent = JSON.stringify({ ...data.settings, agents: data.agents.map((a) => ({ title: a.title, ...a.settings })) }, null, 2);

// What the results say of a rating, and a dot for it: hollow where virtual draws place it.
const oneSided = (a) => a.low === null || a.high === null;
const interval = (a) => !oneSided(a) ? `[${signed(a.low)}, ${signed(a.high)}]` :
  a.low !== null ? `> ${signed(a.low)}` : a.high !== null ? `< ${signed(a.high)}` : "no bound";
function dot(a, cx, cy, r) {
  const mark = draw("circle", { cx, cy, r, stroke: colour(a.index), "stroke-width": 2 });
  mark.style.fill = oneSided(a) ? "var(--back)" : colour(a.index);
  mark.append(draw("title", {}, `${a.title}: ${a.shown}, 95 %: ${interval(a)}`));
  return mark;
}
function ratingTable() {
  const finite = data.agents.filter((a) => a.rating !== null);
  const ends = finite.flatMap((a) => [a.rating, a.low ?? a.rating, a.high ?? a.rating]);
  const low = Math.min(0, ...ends) - 20, high = Math.max(0, ...ends) + 20, x = (v) => 4 + 112 * (v - low) / (high - low);
  // Columns about the language model only where one was asked.
  const asked = data.agents.some((a) => a.effort.calls + a.effort.cached + a.effort.failed + a.effort.over_budget), priced = data.agents.some((a) => a.effort.cost);
  const t = table(["", "agent", "rating", "95 % interval", "", "stronger than next", "games", "W–D–L", "score", "seconds / decision",
    ...(asked ? ["LLM calls", "tokens"] : []), ...(priced ? ["cost $"] : [])], [1]);
  const body = t.createTBody();
  data.agents.forEach((a, i) => {
    const row = body.insertRow();
    row.append(make("td", i + 1), make("td", a.title, "name"), make("td", a.shown));
    row.append(make("td", interval(a)));
    const bars = canvas(120, 18, `interval of ${a.title}`);
    bars.style.width = "120px";
    bars.append(draw("line", { x1: x(0), x2: x(0), y1: 0, y2: 18, class: "grid" }));
    const from = a.low === null ? 0 : x(a.low), to = a.high === null ? 120 : x(a.high);
    bars.append(draw("rect", { x: from, y: 6, width: Math.max(1, to - from), height: 6, rx: 3, fill: colour(a.index), opacity: 0.45 }));
    if (a.rating !== null) bars.append(dot(a, x(a.rating), 9, 4.5));
    const cell = make("td");
    cell.append(bars);
    const e = a.effort, tokens = e.prompt_tokens + e.completion_tokens;
    row.append(cell, make("td", percent(a.superiority)), make("td", number(a.wins + a.draws + a.losses)),
      make("td", `${a.wins}–${a.draws}–${a.losses}`), make("td", percent(a.score)), make("td", number(a.seconds, 3)));
    if (asked) {
      const wrong = [[e.late, "late"], [e.failed, "failed"], [e.over_budget, "over budget"]].filter(([n]) => n).map(([n, what]) => `, ${number(n)} ${what}`);
      row.append(make("td", `${number(e.calls)}${wrong.join("")}`), make("td", number(tokens)));
      row.cells[row.cells.length - 2].title = `${number(e.cached)} more from the cache; ${number(e.used)} answers used by the search, ${number(e.ignored)} of no use to it`;
      row.cells[row.cells.length - 1].title = `${number(e.prompt_tokens)} in, ${number(e.completion_tokens)} out; of ${number(e.unmetered)} calls not known`;
    }
    if (priced) row.append(make("td", e.cost ? number(e.cost, 4) : "–"));
  });
  $("rating-table").append(t);
  const r = data.rated, notes = [...r.warnings];
  for (const note of notes) $("warnings").append(make("li", note));
  let about = r.anchor ? `Elo scale, ${r.anchor} fixed.` : "Elo scale, the mean fixed.";
  if (r.first) about += ` Moving first is worth ${signed(r.first.value)} [${signed(r.first.low)}, ${signed(r.first.high)}].`;
  if (r.draw !== null) about += ` Draws between equals: ${percent(r.draw)}.`;
  $("rating-table").append(make("p", about + " Intervals: 95 %, by pairs of games (sandwich)." + (data.agents.some((a) => a.rating !== null && oneSided(a)) ? " Hollow dots: no result bounds the rating on the other side." : ""), "hint"));
}
function crossTable() {
  const order = data.agents.map((a) => a.index), t = table(["", "agent", ...order.map((_, i) => i + 1)], [1]);
  const body = t.createTBody();
  order.forEach((a, i) => {
    const row = body.insertRow();
    row.append(make("td", i + 1), make("td", titles[a], "name"));
    for (const b of order) {
      const found = data.cross[a][b], cell = make("td", found ? percent(found[0]) : a === b ? "" : "–");
      if (found) {
        const away = 2 * found[0] - 1;
        cell.style.background = `rgba(var(--${away > 0 ? "good" : "bad"}), ${0.6 * Math.abs(away)})`;
        cell.append(make("small", `${number(found[1])} games`));
        cell.title = `${titles[a]} against ${titles[b]}`;
      }
      row.append(cell);
    }
  });
  $("cross-table").append(t);
}

// --- charts ---------------------------------------------------------------------------------
const W = 460, H = 240, LEFT = 48, RIGHT = 22, TOP = 10, BOTTOM = 32;
function axes(svg, xs, ys, xLabel, xText, yText) {
  const x = (v) => LEFT + (W - LEFT - RIGHT) * (v - xs[0]) / (xs[1] - xs[0] || 1);
  const y = (v) => H - BOTTOM - (H - TOP - BOTTOM) * (v - ys[0]) / (ys[1] - ys[0] || 1);
  for (const v of ticks(ys[0], ys[1], 5)) {
    svg.append(draw("line", { x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v), class: "grid" }));
    svg.append(draw("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, yText(v)));
  }
  for (const v of ticks(xs[0], xs[1], 6)) svg.append(draw("text", { x: x(v), y: H - BOTTOM + 14, "text-anchor": "middle" }, xText(v)));
  svg.append(draw("text", { x: (LEFT + W - RIGHT) / 2, y: H - 3, "text-anchor": "middle" }, xLabel));
  return [x, y];
}
function overChart() {
  const { games: at, ratings } = data.over, all = ratings.flat().filter((v) => v !== null);
  const box = $("over");
  if (!all.length) return box.append(make("p", "No finite rating.", "hint"));
  const svg = canvas(W, H, "rating over games");
  const [x, y] = axes(svg, [0, at[at.length - 1]], [Math.min(...all) - 10, Math.max(...all) + 10], "games", number, (v) => signed(v));
  ratings.forEach((line, i) => {
    let path = "", pen = "M";
    line.forEach((v, k) => {
      if (v === null) { pen = "M"; return; }
      path += `${pen}${x(at[k]).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
    });
    svg.append(draw("path", { d: path || "M0 0", fill: "none", stroke: colour(i), "stroke-width": 2 }));
  });
  box.append(svg, legend());
}
function legend() {
  const box = make("div", "", "legend");
  for (const a of data.agents) {
    const item = make("span"), mark = make("i");
    mark.style.background = colour(a.index);
    item.append(mark, a.title);
    box.append(item);
  }
  return box;
}
function histogram(id, values, label, digits) {
  if (!values.length) return;
  let low = Infinity, high = -Infinity;
  for (const v of values) { if (v < low) low = v; if (v > high) high = v; }
  const whole = digits === 0, width = whole ? Math.max(1, Math.ceil((high - low + 1) / 40)) : (high - low) / 40 || 1;
  const bins = new Array(Math.max(1, Math.floor((high - low) / width) + 1)).fill(0);
  for (const v of values) bins[Math.min(bins.length - 1, Math.floor((v - low) / width))] += 1;
  const svg = canvas(W, H, `histogram: ${label}`);
  const shift = whole && width === 1 ? 0.5 : 0;  // a whole number stands below the middle of its bar
  const [x, y] = axes(svg, [low - shift, low - shift + width * bins.length], [0, Math.max(...bins)], label, (v) => number(v, whole ? 0 : Math.max(0, 1 - Math.floor(Math.log10(40 * width)))), (v) => number(v));
  bins.forEach((n, i) => {
    if (!n) return;
    const bar = draw("rect", { x: x(low - shift + i * width), y: y(n), width: Math.max(1, x(low + width) - x(low) - 1), height: y(0) - y(n), class: "bar" });
    bar.append(draw("title", {}, `${number(low + i * width, digits)}: ${number(n)} games`));
    svg.append(bar);
  });
  $(id).append(svg);
}
function costChart() {
  const kind = $("cost-kind").value, box = $("cost");
  const value = (a) => {
    const n = a.wins + a.draws + a.losses + a.without || 1, e = a.effort;
    return { cost: e.cost / n, tokens: (e.prompt_tokens + e.completion_tokens) / n, calls: e.calls / n, seconds: a.seconds }[kind];
  };
  box.replaceChildren();
  const shown = data.agents.filter((a) => a.rating !== null);
  if (!shown.length) return box.append(make("p", "No finite rating.", "hint"));
  const most = Math.max(...shown.map(value), 1e-9);
  const ends = shown.flatMap((a) => [a.rating, a.low ?? a.rating, a.high ?? a.rating]);
  const svg = canvas(W, H, "rating against cost");
  const [x, y] = axes(svg, [0, most * 1.05], [Math.min(...ends) - 10, Math.max(...ends) + 10], $("cost-kind").selectedOptions[0].textContent,
    (v) => number(v, most < 0.01 ? 5 : most < 1 ? 3 : most < 20 ? 1 : 0), (v) => signed(v));
  for (const a of shown) {
    const at = x(value(a));
    const from = a.low === null ? H - BOTTOM : y(a.low), to = a.high === null ? TOP : y(a.high);
    svg.append(draw("line", { x1: at, x2: at, y1: from, y2: to, stroke: colour(a.index), "stroke-width": 2, opacity: 0.5 }), dot(a, at, y(a.rating), 5));
  }
  box.append(svg, legend());
}

// --- the list of games: only the rows in sight are in the page ------------------------------
const ROW = 26, list = $("list"), space = $("space");
let shown = [], chosen = -1;
const outcome = (r) => r === null ? "none" : r > 0 ? "1–0" : r < 0 ? "0–1" : "½–½";
function filter() {
  const agent = $("by-agent").value, other = $("by-other").value, result = $("by-result").value, replay = $("by-replay").checked;
  shown = [];
  for (let i = 0; i < count; i++) {
    const a = String(games.first[i]), b = String(games.second[i]), r = games.result[i];
    if (agent && a !== agent && b !== agent) continue;
    if (other && !((a === other && (!agent || b === agent)) || (b === other && (!agent || a === agent)))) continue;
    if (result && (result === "none" ? r !== null : r === null || Math.sign(r) !== Number(result))) continue;
    if (replay && !data.replays[games.number[i]]) continue;
    shown.push(i);
  }
  $("count").textContent = `${number(shown.length)} games`;
  space.style.height = `${shown.length * ROW}px`;
  list.scrollTop = 0;
  redraw();
}
// Row k of the list has the place k % pool.length in the page, so scrolling fills only those that come into sight.
const pool = [];
let drawn = 0;  // grows when what is drawn is out of date
function fill(place, k) {
  const { row, cells } = place, i = shown[k], r = games.result[i];
  Object.assign(place, { k, drawn });
  row.style.transform = `translateY(${k * ROW}px)`;
  row.dataset.game = i;
  row.ariaPosInSet = k + 1;
  row.ariaSelected = i === chosen;
  row.className = i === chosen ? "row on" : "row";
  [games.number[i], titles[games.first[i]], titles[games.second[i]], outcome(r), games.plies[i], number(games.seconds[i], 2)]
    .forEach((text, c) => { cells[c].data = text; });
  cells[1].parentNode.className = r > 0 ? "won" : "";
  cells[2].parentNode.className = r < 0 ? "won" : "";
}
function rows() {
  const wanted = Math.ceil(list.clientHeight / ROW) + 16;
  while (pool.length < wanted) {
    const row = make("div", null, "row"), cells = [0, 1, 2, 3, 4, 5].map((c) => row.appendChild(make("span", " ", [0, 4, 5].includes(c) ? "n" : "")).firstChild);
    row.setAttribute("role", "option");
    space.append(row);
    pool.push({ row, cells, k: -1, drawn: -1 });
    drawn++;
  }
  const from = Math.max(0, Math.min(Math.floor(list.scrollTop / ROW) - 8, shown.length - pool.length));
  for (let k = from; k < from + pool.length; k++) {
    const place = pool[k % pool.length];
    place.row.hidden = k >= shown.length;
    if (k < shown.length && (place.k !== k || place.drawn !== drawn)) fill(place, k);
  }
}
function redraw() { drawn++; rows(); }
let waiting = false;
list.addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; rows(); });
});
space.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (row) open(Number(row.dataset.game));
});
list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && shown.length) {
    event.preventDefault();
    const at = Math.max(0, Math.min(shown.length - 1, shown.indexOf(chosen) + step));
    open(shown[at]);
    if (at * ROW < list.scrollTop) list.scrollTop = at * ROW;
    else if ((at + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * ROW - list.clientHeight;
  } else if (event.key === "ArrowRight") go(ply + 1);
  else if (event.key === "ArrowLeft") go(ply - 1);
});

// --- one game -------------------------------------------------------------------------------
let ply = 0;
const MARKS = "XO";
function moves(i) {
  if (data.board) return [...games.actions[i]].map((c, k) => [k % 2 ? "" : data.board.names[parseInt(c, 36)], k % 2 ? data.board.names[parseInt(c, 36)] : ""]);
  const replay = data.replays[games.number[i]];
  return replay && replay.moves ? replay.moves : [];
}
function position(i, at) {
  if (!data.board) {
    const replay = data.replays[games.number[i]];
    return replay && replay.frames ? replay.frames[at] : null;
  }
  const { kind, rows: height, columns: width } = data.board, board = Array.from({ length: height }, () => Array(width).fill("."));
  [...games.actions[i].slice(0, at)].forEach((c, k) => {
    const action = parseInt(c, 36);
    if (kind === "tic_tac_toe") board[Math.floor(action / width)][action % width] = MARKS[k % 2];
    else for (let r = height - 1; r >= 0; r--) if (board[r][action] === ".") { board[r][action] = MARKS[k % 2]; break; }
  });
  if (kind === "tic_tac_toe") return [[...board.map((line, r) => `${height - r} ${line.join(" ")}`), "  a b c"].join("\n")];
  return [[Array.from({ length: width }, (_, c) => c + 1).join(" "), ...board.map((line) => line.map((m, c) => m.padStart(String(c + 1).length)).join(" "))].join("\n")];
}
function open(i) {
  chosen = i;
  redraw();
  const viewer = $("viewer"), r = games.result[i];
  viewer.replaceChildren(make("h3", `Game ${games.number[i]}: ${titles[games.first[i]]} v ${titles[games.second[i]]}`));
  const how = r === null ? "no result" : r === 0 ? "draw" : `${titles[r > 0 ? games.first[i] : games.second[i]]} wins`;
  const again = games.attempts[i] > 1 ? `, attempt ${games.attempts[i]}` : "";
  viewer.append(make("p", `Seed ${games.seed[i]}: ${how} after ${games.plies[i]} plies, ${number(games.seconds[i], 2)} s${again}.`, "hint"));
  if (games.error[i]) viewer.append(make("p", games.error[i]));
  if (!position(i, 0) || !games.plies[i]) {
    viewer.append(make("p", "No positions of this game are in the report; plywise report RECORD replays=N takes in more.", "hint"));
    return;
  }
  const controls = make("div", null, "controls"), slider = make("input");
  for (const [id, sign, step] of [["start", "|◀", -1e9], ["back", "◀", -1], ["next", "▶", 1], ["end", "▶|", 1e9]]) {
    const button = make("button", sign);
    button.id = id;
    button.setAttribute("aria-label", id);
    button.addEventListener("click", () => go(ply + step));
    controls.append(button);
  }
  Object.assign(slider, { type: "range", min: 0, max: games.plies[i], value: 0, id: "slider" });
  slider.setAttribute("aria-label", "ply");
  slider.addEventListener("input", () => go(Number(slider.value)));
  controls.append(slider, make("span", "", ""));
  controls.lastChild.id = "ply";
  const body = make("div");
  body.id = "position";
  viewer.append(controls, body);
  go(0);
}
function go(to) {
  if (chosen < 0 || !$("position")) return;
  const last = games.plies[chosen], list_ = moves(chosen), body = $("position");
  ply = Math.max(0, Math.min(last, to));
  $("slider").value = ply;
  $("ply").textContent = `${ply} / ${last}`;
  body.replaceChildren();
  if (ply) {
    const made = list_[ply - 1].map((m, p) => m && `${titles[p ? games.second[chosen] : games.first[chosen]]}: ${m}`).filter(Boolean);
    body.append(make("p", `Played: ${made.join("; ")}`));
  }
  const texts = position(chosen, ply);
  texts.forEach((text, p) => {
    if (texts.length > 1) body.append(make("p", `What ${titles[p ? games.second[chosen] : games.first[chosen]]} knows:`, "hint"));
    body.append(make("pre", text, texts.length > 1 ? "text" : "board"));
  });
  const replay = data.replays[games.number[chosen]];
  for (const thought of replay ? replay.trace : []) if (thought.p === ply) body.append(think(thought, replay, list_));
}
function think(thought, replay, list_) {
  const own = replay.names ? replay.names[thought.p][thought.w] : null;
  const name = (a) => own ? own[a] ?? `action ${a}` : data.board ? data.board.names[Number(a)] ?? a : a;
  const box = make("div", null, "thought"), who = titles[thought.w ? games.second[chosen] : games.first[chosen]];
  box.append(make("p", thought.f ? `${who} could not think: ${thought.f}` : thought.v === undefined ? who :
    `${who}: value ${signed(thought.v, 3)}, depth ${thought.d || "–"}, ${number(thought.n)} nodes or iterations`));
  const advice = (thought.a || []), columns = advice.filter((e) => e.weights && e.question !== "model");
  if (thought.q) {
    const t = table(["action", "value", "chosen with", "", ...columns.map((e) => `guide: ${e.question}`)], [0]), body = t.createTBody();
    const made = list_[thought.p] ? list_[thought.p][thought.w] : "";
    const actions = Object.keys(thought.q).sort((a, b) => (thought.s[b] ?? 0) - (thought.s[a] ?? 0) || thought.q[b] - thought.q[a]);
    for (const a of actions) {
      const row = body.insertRow(), share = thought.s[a] ?? 0, bar = make("td");
      if (name(a) === made) row.className = "chosen";
      const fill = make("span", null, "fill");
      fill.style.width = `${Math.round(60 * share)}px`;
      bar.append(fill);
      row.append(make("td", name(a), "name"), make("td", signed(thought.q[a], 3)), make("td", percent(share)), bar,
        ...columns.map((e) => make("td", e.weights[a] === undefined ? "–" : number(e.weights[a], 3))));
    }
    box.append(t);
  }
  for (const e of advice) box.append(make("p", `Guide, ${e.question}: ${e.status}` + (e.weights && (e.question === "model" || !thought.q) ?
    ` (${Object.entries(e.weights).sort((a, b) => b[1] - a[1]).slice(0, 6).map(([a, w]) => `${e.question === "model" ? `action ${a}` : name(a)} ${number(w, 3)}`).join(", ")})` : ""), "hint"));
  return box;
}

// --- begin ----------------------------------------------------------------------------------
ratingTable();
crossTable();
overChart();
histogram("lengths", games.plies, "plies", 0);
histogram("times", games.seconds, "seconds", 1);
const priced = data.agents.some((a) => a.effort.cost), asked = data.agents.some((a) => a.effort.calls);
$("cost-kind").value = priced ? "cost" : asked ? "tokens" : "seconds";
$("cost-kind").addEventListener("change", costChart);
costChart();
for (const id of ["by-agent", "by-other"]) {
  titles.forEach((title, i) => { const option = make("option", title); option.value = i; $(id).append(option); });
}
for (const id of ["by-agent", "by-other", "by-result", "by-replay"]) $(id).addEventListener("change", filter);
["game", "first player", "second player", "result", "plies", "seconds"].forEach((h, i) => $("list-head").append(make("span", h, [0, 4, 5].includes(i) ? "n" : "")));
new ResizeObserver(rows).observe(list);
filter();
if (count) open(0);
document.documentElement.dataset.ready = "yes";
