// What is kept: templates, snapshots, plugins; and what an operator can do with it.

import { get, post } from "./api.js";
import { h } from "./dom.js";
import { ago, bytes, number, seconds, when, words } from "./format.js";
import { bar, button, card, chip, elsewhere, empty, table, warmUp } from "./parts.js";

let kv = null;
let plugins = null;
let problem = null;
let timer = 0;
let kind = "";

export function show(app) {
  read(app);
  timer = setInterval(() => document.hidden || read(app), 5000);
}

export const hide = () => clearInterval(timer);

export function restarted() {
  kv = null;
  plugins = null;
  problem = null;
}

async function read(app) {
  try {
    const [snapshots, status] = await Promise.all([get("/kv"), get("/status")]);
    kv = snapshots;
    plugins = status.plugins;
    problem = null;
  } catch (error) {
    problem = error.message;
  }
  app.changed();
}

/** Does something, and reads again what it changed. */
const change = (app, done, call) => app.act(done, async () => {
  const answer = await call();
  await read(app);
  return answer;
});

export function view(app) {
  return [
    h("h1", { class: "hidden" }, "Cache"),
    problem && empty(problem),
    templates(app),
    kv && snapshots(app),
    plugins && pluginList(app),
  ];
}

function templates(app) {
  const rows = app.state.models.flatMap(model => [
    ...model.templates.map(one => ({ model, ...one, name: one.prefix, what: "template" })),
    ...model.preambles.map(one => ({ model, ...one, what: "preamble" })),
  ]);
  const aside = button("Warm now", () => change(app, "Templates are being checked", () => post("/templates/warm")),
    { title: "Looks now for templates whose KV cache is missing or stale" });
  return card("Templates and preambles", { key: "templates", class: "flush", aside }, rows.length === 0
    ? empty("No templates are configured, and no preamble has been found yet.")
    : table("Templates and preambles", [
      ["", "", one => one.name],
      ["Kind", "", one => one.what],
      ["Model", "", one => one.model.name],
      ["State", "", one => elsewhere(app, one.model) ? h("span", { class: "dim" }, `warmed by ${elsewhere(app, one.model)}`) : [warmUp(one.state), one.state === "running" && bar(one.progress, 1, "prefill", `Warm-up of ${one.name}`)]],
      ["Cacheable", "num", one => one.what === "template" ? `${number(one.cacheable_tokens)} of ${number(one.tokens)}` : number(one.tokens)],
      ["Warmed", "num", one => one.warmed_at ? `${ago(one.warmed_at, app.now())}, ${seconds(one.duration_seconds)}` : "–"],
      ["", "wrap", one => [one.problem && h("span", { class: "problem" }, one.problem),
        one.conversations && h("span", { class: "dim" }, `${one.conversations} conversations`), one.path && h("span", { class: "dim" }, one.path)]],
      ["", "num", one => one.what === "template" && !elsewhere(app, one.model) && button("Warm now",
        () => change(app, `${one.name} is being checked`, () => post(`/templates/warm?template=${encodeURIComponent(one.name)}`)),
        { "aria-label": `Warm now: ${one.name} on ${one.model.name}` })],
    ], rows, one => ({ key: `${one.model.backend_name}/${one.model.name}/${one.name}` })));
}

function snapshots(app) {
  const labels = [...new Set(kv.snapshots.map(one => one.label))].sort();
  const rows = kv.snapshots.filter(one => !kind || one.label === kind);
  const { snapshots: limits } = app.state;
  const aside = h("div", { class: "aside" },
    h("label", {}, h("span", {}, "Show"), h("select", { value: kind, onchange: event => { kind = event.target.value; app.changed(); } },
      h("option", { value: "" }, "all"), labels.map(label => h("option", { key: label, value: label, selected: label === kind }, label)))),
    button("Clean up", () => change(app, answer => `${answer.removed.length} snapshots were removed`, () => post("/kv/gc")),
      { title: "Removes what exceeds the limits of the configuration" }));
  return card("Snapshots", { key: "snapshots", class: "flush", aside },
    h("div", { class: "usage" },
      h("span", {}, `${number(kv.count)} of ${number(limits.max_count)}`),
      bar(kv.bytes, limits.max_bytes, "context", "Disk space of snapshots"),
      h("span", {}, `${bytes(kv.bytes)} of ${bytes(limits.max_bytes)}`),
      kv.free_bytes !== undefined && h("span", { class: "dim" }, `${bytes(kv.free_bytes)} free on the disk`)),
    rows.length === 0 ? empty("No snapshots yet.") : table("Snapshots", [
      ["Holds", "", one => [one.label, one.turns > 0 && one.label === "conversation" && h("span", { class: "dim" }, ` ${one.turns} ${one.turns === 1 ? "turn" : "turns"}`)]],
      ["", "", one => [one.pinned && chip("pinned", "good"), one.in_use && chip("in use", "busy"), !one.fits_model && chip("other model", "idle")]],
      ["Tokens", "num", one => number(one.tokens)],
      ["Size", "num", one => bytes(one.bytes)],
      ["Saved", "num", one => when(one.created)],
      ["Last used", "num", one => ago(one.last_used, app.now())],
      ["File", "mono", one => one.file],
      ["Key", "mono", one => one.domain ? one.domain.slice(0, 8) : "–"],
      ["", "num actions", one => [
        one.pinned && !one.pinned_by_operator ? null : button(one.pinned_by_operator ? "Unpin" : "Pin",
          () => change(app, `${one.file} is ${one.pinned_by_operator ? "no longer pinned" : "pinned"}`,
            () => post(`/kv/pin?file=${encodeURIComponent(one.file)}&pinned=${!one.pinned_by_operator}`)),
          { "aria-label": `${one.pinned_by_operator ? "Unpin" : "Pin"} ${one.file}`, title: "A pinned snapshot is not removed by any limit" }),
        button("Drop", () => change(app, `${one.file} was dropped`, () => post(`/kv/drop?file=${encodeURIComponent(one.file)}`)),
          { class: "danger", "aria-label": `Drop ${one.file}` })]],
    ], rows, one => ({ key: one.file })));
}

function pluginList(app) {
  const aside = button("Reload", () => change(app, answer =>
    `${answer.loaded.length} loaded, ${answer.replaced.length} replaced, ${answer.removed.length} removed, ${answer.failed.length} failed`,
  () => post("/plugins/reload")), { title: "Loads, replaces and removes plugins to match the plugin folders" });
  return card("Plugins", { key: "plugins", class: "flush", aside }, plugins.length === 0 ? empty("There are no plugins.") : table("Plugins", [
    ["", "", one => one.name],
    ["State", "", one => chip(words(one.state), one.state === "active" ? "good" : "bad")],
    ["Version", "num", one => one.version ?? "–"],
    ["Exports", "wrap", one => one.exports.join(", ")],
    ["Calls", "num", one => number(one.calls)],
    ["Errors", "num", one => number(one.errors)],
    ["Loaded", "num", one => one.loaded_at ? when(one.loaded_at) : "–"],
    ["", "wrap", one => (one.problem || one.last_error) && h("span", { class: "problem" }, one.problem ?? one.last_error.message)],
  ], plugins, one => ({ key: one.name })));
}
