// Pieces that several views show.

import { h } from "./dom.js";
import { percent, words } from "./format.js";

export const card = (title, props, ...children) => h("section", { ...props, class: `card ${props?.class ?? ""}`, "aria-label": title },
  h("div", { class: "cardhead" }, h("h2", {}, title), props?.aside), ...children);

export const stat = (label, value, note) => h("div", { key: label, class: "stat" },
  h("div", { class: "label" }, label), h("div", { class: "value" }, value), h("div", { class: "note" }, note ?? "\u00a0"));

export const chip = (text, kind) => h("span", { class: `chip ${kind ?? ""}` }, text);

/** A cache result, always in the same colour. */
export const result = name => name ? chip(name, `r-${name}`) : h("span", { class: "dim" }, "–");

export function bar(part, all, kind, label) {
  const share = all > 0 ? Math.min(1, part / all) : 0;
  return h("div", {
    class: `bar ${kind ?? ""}`, role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": Math.round(100 * share), title: `${label}: ${percent(part, all)}`,
  }, h("div", { class: "fill", style: { width: `${(100 * share).toFixed(1)}%` } }));
}

/** A table that scrolls by itself where it is too wide. Columns: [title, class, cell]. */
export function table(label, columns, rows, rowProps) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    h("table", {},
      h("thead", {}, h("tr", {}, columns.map(([title, kind]) => h("th", { scope: "col", class: kind }, title)))),
      h("tbody", {}, rows.map(row => h("tr", rowProps(row),
        columns.map(([, kind, cell]) => h("td", { class: kind }, cell(row))))))));
}

export const button = (text, onclick, props) => h("button", { type: "button", ...props, onclick }, text);

export const empty = text => h("p", { class: "empty" }, text);

/** The proxy that schedules a model, where it is another than the one that the page shows. */
export function elsewhere(app, model) {
  const { owner } = model.backend;
  return owner && app.state.cluster && owner !== app.state.cluster.proxy ? owner : null;
}

/** Leads to another proxy of the cluster. */
export const show = (app, proxy) => button(`Show ${proxy}`, () => app.select(proxy));

/** How a backend's state is shown. */
export function status(model) {
  const kind = { ready: "good", sleeping: "idle", unloaded: "idle", loading: "warn", unreachable: "bad" }[model.backend.status];
  const text = model.loader && model.backend.status !== "ready" ? model.loader.state : words(model.backend.status);
  return chip(text, kind ?? "idle");
}

export const warmUp = state => chip(words(state),
  { warm: "good", computed: "good", running: "warn", waiting: "idle", failed: "bad", not_cacheable: "warn" }[state] ?? "idle");
