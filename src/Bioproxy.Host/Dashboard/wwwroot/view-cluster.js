// The proxies that act as one, and the servers that they schedule. Asked of the proxy that serves the page, whichever one is shown.

import { getOwn } from "./api.js";
import { h } from "./dom.js";
import { number, seconds, when } from "./format.js";
import { bar, card, chip, empty, show as showProxy, table } from "./parts.js";

let report = null;
let problem = null;
let timer = 0;
let saved = {}; // seconds of prefill in the last day, by proxy
let savedAt = 0;

export function show(app) {
  read(app);
  timer = setInterval(() => document.hidden || read(app), 5000);
}

export const hide = () => clearInterval(timer);

async function read(app) {
  try {
    report = await getOwn("/cluster");
    problem = null;
    if (Date.now() - savedAt > 30000) {
      savedAt = Date.now();
      await readSaved();
    }
  } catch (error) {
    problem = error.message;
  }
  app.changed();
}

/** Each proxy keeps the history of its own clients. One that does not answer has no figure. */
async function readSaved() {
  const ask = one => getOwn(`${one.asked ? "" : `/cluster/${encodeURIComponent(one.proxy)}`}/savings?window=day`)
    .then(answer => [one.proxy, answer.saved.day], () => [one.proxy, null]);
  saved = Object.fromEntries(await Promise.all(report.proxies.map(ask)));
}

export function view(app) {
  return [
    h("h1", { class: "hidden" }, "Cluster"),
    problem && empty(problem),
    report?.problems.length > 0 && h("div", { key: "problems", class: "notice", role: "note", "aria-label": "Problems of the cluster" },
      report.problems.map(text => h("div", {}, text))),
    report ? [proxies(app), servers(app)] : !problem && empty("Reading …"),
  ];
}

function proxies(app) {
  const newest = report.proxies.reduce((best, one) => !best || (one.configured ?? "") > (best.configured ?? "") ? one : best, null);
  const rows = [
    ...report.proxies.map(one => ({ ...one, state: one.draining ? "draining" : "ready" })),
    ...report.not_reachable.map(proxy => ({ proxy, state: "not reachable", owns: [] })),
    ...report.gone.map(proxy => ({ proxy, state: "gone", owns: [] })),
  ];
  const shown = app.other ?? report.proxy;
  const total = Object.values(saved).reduce((sum, one) => sum + (one ?? 0), 0);
  const aside = h("span", { class: "dim" }, `cluster ${report.name}: ${seconds(total)} of prefill saved in the last day`);
  return card("Proxies", { key: "proxies", class: "flush", aside },
    table("Proxies", [
      ["Proxy", "", one => [h("span", { class: "mono" }, one.proxy), one.asked && chip("serves this page", "after")]],
      ["State", "", one => chip(one.state, { ready: "good", draining: "warn", "not reachable": "bad" }[one.state] ?? "idle")],
      ["Version", "", one => one.version ?? "–"],
      ["Configuration", "", one => one.configuration
        ? [h("span", { class: "mono" }, one.configuration), one.configuration !== newest.configuration && chip("differs", "warn after")] : "–"],
      ["Changed", "num", one => one.configured ? when(one.configured) : "–"],
      ["Saved, last day", "num", one => saved[one.proxy] == null ? "–" : seconds(saved[one.proxy])],
      ["Schedules", "wrap", one => one.owns.length > 0 ? one.owns.join(", ") : "–"],
      ["", "num", one => one.proxy === shown ? h("span", { class: "dim" }, "shown") : one.configuration && showProxy(app, one.proxy)],
    ], rows, one => ({ key: one.proxy })));
}

function servers(app) {
  const rows = report.proxies.flatMap(one => one.loads.map(load => ({ ...load, owner: one.proxy })))
    .sort((one, next) => one.server < next.server ? -1 : 1);
  return card("Servers", { key: "servers", class: "flush" }, rows.length === 0 ? empty("No proxy schedules a server now.")
    : table("Servers", [
      ["Server", "mono", one => one.server],
      ["Scheduled by", "mono", one => one.owner],
      ["Slots at work", "num", one => `${number(one.busy)} / ${number(one.slots)}`],
      ["", "doing", one => bar(one.busy, one.slots, "context", `Slots of ${one.server} at work`)],
      ["Waiting", "num", one => number(one.waiting)],
    ], rows, one => ({ key: one.server })));
}
