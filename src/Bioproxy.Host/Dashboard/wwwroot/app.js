// The frame of the page: views, the state's stream, the theme.

import { choose, getOwn, other } from "./api.js";
import { h, render } from "./dom.js";
import { follow } from "./stream.js";
import { span } from "./format.js";
import { show } from "./parts.js";
import * as cache from "./view-cache.js";
import * as clusterView from "./view-cluster.js";
import * as connect from "./view-connect.js";
import * as live from "./view-live.js";
import * as requests from "./view-requests.js";
import * as savings from "./view-savings.js";
import * as tryIt from "./view-try.js";

const views = [
  { name: "live", title: "Live", view: live },
  { name: "savings", title: "Saved time", view: savings },
  { name: "requests", title: "Requests", view: requests },
  { name: "cache", title: "Cache", view: cache },
  { name: "try", title: "Try it", view: tryIt },
  { name: "connect", title: "Connect", view: connect },
  { name: "cluster", title: "Cluster", view: clusterView, isOfCluster: true },
];

const main = document.getElementById("main");
let state = null; // of the proxy that is shown
let cluster = null; // { own, proxies }; null where there is none, or not yet
let gone = null; // why the proxy that is shown has no state
let connection = "opening";
let shown = null;
let due = false;

/** What views get. */
const app = {
  get state() { return state; },
  /** The proxy's clock, which may differ from the browser's. */
  now: () => new Date(Date.now() + offset),
  get cluster() { return cluster; },
  /** The proxy that is shown, unless it is the one that serves the page. */
  get other() { return other(); },
  select,
  changed: draw,
  say,
  /** Runs what a button asks for, and says how it ended. */
  async act(done, call) {
    try {
      const result = await call();
      say(typeof done === "function" ? done(result) : done);
    } catch (error) {
      say(error.message, true);
    }
    draw();
  },
};

let offset = 0;

function current() {
  const name = location.hash.slice(1).split("/")[0];
  const entry = views.find(view => view.name === name) ?? views[0];
  return entry.isOfCluster && state && !cluster ? views[0] : entry;
}

// ---- The proxy that is shown

const chosenIn = search => new URLSearchParams(search).get("proxy") || null;

/** Shows a proxy of the cluster; null for the one that serves the page. */
function select(name, hash = `#${current().name}`, isCorrection = false) {
  const next = name === cluster?.own ? null : name;
  const address = `/${next ? `?proxy=${encodeURIComponent(next)}` : ""}${hash}`;
  history[isCorrection ? "replaceState" : "pushState"](null, "", address);
  if (next !== other())
    use(next);
  draw();
}

function use(next) {
  choose(next);
  state = null;
  gone = null;
  begin();
  restart();
  draw();
}

/** What views know is of another proxy, or of an earlier run. */
function begin() {
  shown?.view.hide?.(app);
  shown = null;
  views.forEach(view => view.view.restarted?.(app));
}

function selector() {
  if (!cluster || (cluster.proxies.length < 2 && !other()))
    return null;
  const names = [...new Set([...cluster.proxies, other() ?? cluster.own])].sort();
  const title = name => name === cluster.own ? `${name} (this)` : cluster.proxies.includes(name) ? name : `${name} (gone)`;
  return h("select", {
    "aria-label": "Proxy", class: other() ? "other" : "", value: other() ?? cluster.own,
    title: other() ? `Shown through ${cluster.own}` : "The proxy that this page shows", onchange: event => select(event.target.value),
  }, names.map(name => h("option", { key: name, value: name, selected: name === (other() ?? cluster.own) }, title(name))));
}

const missing = () => h("div", { class: "notice", role: "alert" },
  h("p", {}, gone), h("p", {}, "It is shown again as soon as it is back."), cluster && show(app, cluster.own));

// ---- Drawing

/** Draws once for any number of reasons. */
function draw() {
  if (due)
    return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    const entry = current();
    const isMissing = gone && !entry.isOfCluster;
    const wanted = isMissing ? null : entry;
    const isAnother = shown !== wanted;
    if (isAnother) {
      shown?.view.hide?.(app);
      shown = wanted;
      wanted?.view.show?.(app);
    }
    document.title = `${entry.title} · ${other() ? `${other()} · ` : ""}Bioproxy`;
    render(document.getElementById("tabs"), views.filter(view => !view.isOfCluster || cluster).map(view => h("a", {
      key: view.name, href: `#${view.name}`, "aria-current": view === entry ? "page" : null,
    }, view.title)));
    if (isAnother)
      document.querySelector("#tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    render(document.getElementById("proxy"), selector());
    render(document.getElementById("state"), header());
    render(main, h("div", { key: entry.name, class: `view ${entry.name}` }, isMissing ? missing()
      : state || (entry.isOfCluster && cluster) ? entry.view.view(app) : h("p", { class: "empty" }, "Connecting …")));
  });
}

function header() {
  if (connection === "lost")
    return [h("span", { class: "dot bad" }), h("span", {}, "no connection to the proxy; trying again")];
  if (gone)
    return [h("span", { class: "dot bad" }), h("span", {}, "not reachable")];
  if (!state)
    return [h("span", { class: "dot idle" }), h("span", {}, "connecting")];
  const health = { ok: "good", degraded: "warn", down: "bad" }[state.health] ?? "idle";
  return [
    h("span", { class: `dot ${health}` }),
    h("span", { title: state.problems.join("\n") }, state.health === "ok" ? "serving" : state.health),
    h("span", { class: "dim wide" }, `up ${span((app.now() - new Date(state.started)) / 1000)}`),
    h("span", { class: "dim wide" }, state.version),
  ];
}

let toastTimer = 0;

function say(text, isError = false) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.className = `toast shown${isError ? " error" : ""}`;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.className = "toast"; }, isError ? 8000 : 4000);
}

// ---- Theme: the system's, or the user's choice

const themes = ["auto", "light", "dark"];
const themeButton = document.getElementById("theme");

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = { auto: "◐", light: "☀", dark: "☾" }[theme];
  themeButton.setAttribute("aria-label", `Colours: ${theme}`);
  themeButton.title = `Colours: ${theme}`;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // a browser that stores nothing
  }
}

themeButton.onclick = () => setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]);
setTheme(themes.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto");

addEventListener("hashchange", draw);
setInterval(() => state?.running > 0 && draw(), 1000); // elapsed times
function received(next) {
  gone = null;
  if (next.now)
    offset = new Date(next.now) - Date.now();
  if (state && state.run !== next.run)
    begin();
  state = next;
  current().view.updated?.(app);
  draw();
}

choose(chosenIn(location.search));
const restart = follow(next => {
  cluster = next.cluster ? { own: next.cluster.proxy, proxies: next.cluster.proxies } : null;
  received(next);
}, frame => {
  cluster = { own: frame.own, proxies: frame.proxies };
  if (frame.own === other())
    select(null, location.hash, true);
  else if (frame.state)
    received(frame.state);
  else {
    gone = frame.problem;
    draw();
  }
}, now => {
  if (connection !== now) {
    connection = now;
    draw();
    if (now === "lost" && other()) // there may be no cluster any more
      getOwn("/cluster").catch(error => error.status === 404 && select(null, location.hash, true));
  }
});
addEventListener("popstate", () => {
  if (chosenIn(location.search) !== other())
    use(chosenIn(location.search));
});
draw();
