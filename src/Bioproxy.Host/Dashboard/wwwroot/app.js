// The frame of the page: views, the state's stream, the theme.

import { h, render } from "./dom.js";
import { follow } from "./stream.js";
import { span } from "./format.js";
import * as cache from "./view-cache.js";
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
];

const main = document.getElementById("main");
let state = null;
let connection = "opening";
let shown = null;
let due = false;

/** What views get. */
const app = {
  get state() { return state; },
  /** The proxy's clock, which may differ from the browser's. */
  now: () => new Date(Date.now() + offset),
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
  return views.find(view => view.name === name) ?? views[0];
}

/** Draws once for any number of reasons. */
function draw() {
  if (due)
    return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    const entry = current();
    if (shown !== entry) {
      shown?.view.hide?.(app);
      shown = entry;
      document.title = `${entry.title} · Bioproxy`;
      entry.view.show?.(app);
    }
    render(document.getElementById("tabs"), views.map(view => h("a", {
      key: view.name, href: `#${view.name}`, "aria-current": view === entry ? "page" : null,
    }, view.title)));
    render(document.getElementById("state"), header());
    render(main, h("div", { key: entry.name, class: `view ${entry.name}` }, state ? entry.view.view(app) : h("p", { class: "empty" }, "Connecting …")));
  });
}

function header() {
  if (connection === "lost")
    return [h("span", { class: "dot bad" }), h("span", {}, "no connection to the proxy; trying again")];
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
follow(next => {
  if (next.now)
    offset = new Date(next.now) - Date.now();
  if (state && state.run !== next.run)
    views.forEach(view => view.view.restarted?.(app));
  state = next;
  current().view.updated?.(app);
  draw();
}, now => {
  if (connection !== now) {
    connection = now;
    draw();
  }
});
draw();
