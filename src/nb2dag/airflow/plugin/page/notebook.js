// Keep the page as the executed notebook is: ask now and then, and renew the cells that are not finished.
import { showCell } from "./cells.js";
import { duration, element } from "./texts.js";

const LIVE_EVERY = 1000;
const QUIET_EVERY = 10000;
const $ = id => document.getElementById(id);

// …/nb2dag/notebook/<dag>/<run>/<task>/<map index>; the parts stay encoded as they came.
const ids = location.pathname.split("/").slice(-4).join("/");
const base = new URL("../../../../", location.href).href;
const asked = new URLSearchParams(location.search);

let attempt = asked.get("attempt") ?? airflowsAttempt();
let view = null;
let tag = null;
let behind = 0;
let timer = 0;

// Airflow's address names the attempt where one was chosen there.
function airflowsAttempt() {
  try {
    return new URLSearchParams(parent.location.search).get("try_number");
  } catch {
    return null;
  }
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  // Cells that have ended stay as they are while the task goes on; in the end all are asked for once more.
  const start = view?.live ? finished(view.known) : 0;
  const query = new URLSearchParams({ start });
  if (attempt !== null) query.set("attempt", attempt);
  let wait = QUIET_EVERY;
  try {
    const headers = tag?.query === `${query}` ? { "If-None-Match": tag.value } : {};
    const answer = await fetch(`${base}view/${ids}?${query}`, { headers, cache: "no-store" });
    behind = Date.now() - Date.parse(answer.headers.get("Date"));
    if (answer.ok) {
      tag = { query: `${query}`, value: answer.headers.get("ETag") };
      show(await answer.json());
    } else if (answer.status !== 304) {
      complain(answer.status, await answer.text());
    }
    wait = view?.live ? LIVE_EVERY : QUIET_EVERY;
  } catch (error) {
    complain(0, String(error));
  }
  timer = setTimeout(refresh, wait);
}

function finished(cells) {
  const open = cells.findIndex(cell => ["running", "waiting"].includes(cell.state));
  return open < 0 ? cells.length : open;
}

function show(next) {
  const same = view && view.attempt === next.attempt;
  const known = same ? [...view.known.slice(0, next.start), ...next.cells] : next.cells;
  const old = same ? view.known : [];
  view = { ...next, known };
  if (!same) $("cells").replaceChildren();
  for (const cell of next.cells) {
    const text = JSON.stringify(cell);
    const present = $(`cell-${cell.index}`);
    if (present && old[cell.index] && JSON.stringify(old[cell.index]) === text) continue;
    const made = showCell(cell, base, theme());
    const open = present?.querySelector("details")?.open;
    if (open && made.querySelector("details")) made.querySelector("details").open = true;
    if (present) present.replaceWith(made);
    else $("cells").append(made);
  }
  for (const left of [...$("cells").children].slice(known.length)) left.remove();
  showMessage(next.message);
  showAttempts();
  showState();
  $("place").hidden = !next.place;
  $("place").textContent = next.place ? `Executed notebook: ${next.place}` : "";
  if (next.total > next.most) $("place").textContent += ` (the first ${next.most} of ${next.total} cells are shown)`;
  follow();
}

function showMessage(message) {
  $("message").hidden = !message;
  $("message").querySelector("h1").textContent = message?.title ?? "";
  $("message").querySelector("p").textContent = message?.text ?? "";
}

function complain(status, text) {
  const known = {
    401: ["Your session has ended", "Log in to Airflow again, and reload this page."],
    403: ["Not permitted", "You may not read the logs of this DAG's tasks, and so not its notebooks."],
    0: ["Airflow does not answer", "This page tries again by itself."],
  };
  let detail = text;
  try {
    detail = JSON.parse(text).detail ?? text;
  } catch {
    // Not an answer of Airflow's API: shown as it is.
  }
  const [title, words] = known[status] ?? [`Airflow answers with ${status}`, String(detail).slice(0, 500)];
  showMessage({ title, text: words });
}

function showAttempts() {
  const all = view.attempts;
  $("choice").hidden = all.length < 2;
  const options = all.map(each => {
    const made = element("option", "", `${each.number}${each.state ? ` (${each.state.replaceAll("_", " ")})` : ""}`);
    made.value = each.number;
    made.selected = each.number === view.attempt;
    return made;
  });
  const before = [...$("attempt").options].map(each => each.text).join();
  if (before !== options.map(each => each.text).join() || Number($("attempt").value) !== view.attempt) {
    $("attempt").replaceChildren(...options);
  }
}

function showState() {
  const now = view.attempts.find(each => each.number === view.attempt);
  const code = view.known.filter(cell => cell.kind === "code" && cell.state);
  const done = code.filter(cell => cell.state === "done").length;
  const state = now?.state ?? "no state";
  $("state").textContent = state.replaceAll("_", " ") + (code.length ? ` · ${done} of ${code.length} cells` : "");
  document.body.dataset.state = state;
  $("progress").hidden = !code.length;
  $("progress").setAttribute("aria-valuemax", code.length);
  $("progress").setAttribute("aria-valuenow", done);
  $("progress").firstElementChild.style.width = `${code.length ? (100 * done) / code.length : 0}%`;
  $("failure").hidden = !failure();
  $("follow").hidden = !(view.live && code.length);
  tick();
}

function tick() {
  const now = view?.attempts.find(each => each.number === view.attempt);
  const since = moment => Math.max(0, (Date.now() - behind - Date.parse(moment)) / 1000);
  if (now?.started) {
    const seconds = now.ended ? (Date.parse(now.ended) - Date.parse(now.started)) / 1000 : since(now.started);
    $("elapsed").textContent = duration(seconds);
  } else $("elapsed").textContent = "";
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = duration(since(each.dataset.since));
}

const failure = () => document.querySelector('.cell[data-state="failed"], .cell[data-state="stopped"]');

// What the running cell puts out last is at its end.
function follow() {
  const running = view?.live && view.known.find(cell => cell.state === "running");
  if (running && $("follow").getAttribute("aria-pressed") === "true") {
    $(`cell-${running.index}`)?.scrollIntoView({ block: "end" });
  }
}

function stopFollowing() {
  $("follow").setAttribute("aria-pressed", "false");
}

function theme() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // No storage, no choice.
  }
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function dress() {
  const chosen = theme();
  if (document.documentElement.dataset.theme === chosen) return;
  document.documentElement.dataset.theme = chosen;
  for (const each of document.querySelectorAll("iframe")) each.src = each.src.replace(/theme=\w+$/, `theme=${chosen}`);
}

$("attempt").addEventListener("change", event => {
  attempt = event.target.value;
  view = tag = null;
  refresh();
});
$("failure").addEventListener("click", () => {
  const cell = failure();
  cell.querySelectorAll("details").forEach(each => { each.open = true; });
  cell.scrollIntoView({ block: "start" });
  cell.focus({ preventScroll: true });
});
$("follow").addEventListener("click", event => {
  const button = event.currentTarget;
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
});
addEventListener("wheel", stopFollowing, { passive: true });
addEventListener("touchmove", stopFollowing, { passive: true });
addEventListener("keydown", event => {
  if (["ArrowUp", "PageUp", "Home", "ArrowDown", "PageDown", "End"].includes(event.key)) stopFollowing();
});
addEventListener("storage", dress);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
document.addEventListener("visibilitychange", refresh);
setInterval(() => {
  tick();
  follow();
}, 1000);
dress();
refresh();
