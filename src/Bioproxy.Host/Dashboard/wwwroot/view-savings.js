// Seconds of prefill that were not waited for.

import { get } from "./api.js";
import { columns, legend, shares } from "./charts.js";
import { h } from "./dom.js";
import { axisSeconds, date, number, percent, seconds, short } from "./format.js";
import { button, card, empty, stat, table } from "./parts.js";

const windows = { hour: "Last hour", day: "Last day", all: "All" };
const kinds = ["hot", "ram", "restored", "cold", "ineffective"];
let chosen = "day";
let report = null;
let problem = null;
let timer = 0;

export function show(app) {
  read(app);
  timer = setInterval(() => document.hidden || read(app), 10000);
}

export const hide = () => clearInterval(timer);

export function restarted() {
  report = null;
  problem = null;
}

async function read(app) {
  try {
    report = await get(`/savings?window=${chosen}`);
    problem = null;
  } catch (error) {
    problem = error.message;
  }
  app.changed();
}

export function view(app) {
  const { history } = app.state;
  return [
    h("h1", { class: "hidden" }, "Saved time"),
    h("div", { key: "windows", class: "filters" },
      h("div", { class: "segments", role: "group", "aria-label": "Time" }, Object.entries(windows).map(([name, title]) =>
        button(title, () => { chosen = name; read(app); }, { key: name, "aria-pressed": name === chosen ? "true" : "false" }))),
      h("span", { class: "dim" }, report?.since ? `since ${date(report.since)}` : ""),
      history.problem && h("span", { class: "problem" }, `Not kept beyond the end of the proxy: ${history.problem}.`)),
    problem && empty(problem),
    report && (report.total.requests === 0 && chosen === "all" ? empty("No requests yet.") : body()),
  ];
}

function body() {
  const { total, saved } = report;
  const prompt = total.cached_tokens + total.computed_tokens;
  const byResult = kinds.map(name => ({ name, kind: name, sum: report.results.find(one => one.name === name) }))
    .filter(one => one.sum);
  const parts = [
    ...byResult.filter(one => one.sum.cached_tokens > 0).map(one => ({ name: `reused, ${one.name}`, kind: one.kind, value: one.sum.cached_tokens })),
    { name: "computed", kind: "computed", value: total.computed_tokens },
  ].map(part => ({ ...part, note: ` ${percent(part.value, prompt)} · ${short(part.value)} tokens` }));
  return h("div", { key: "body" },
    h("div", { class: "stats" },
      stat("Prefill saved, last hour", seconds(saved.hour)),
      stat("Prefill saved, last day", seconds(saved.day)),
      stat("Prefill saved, all", seconds(saved.all)),
      stat(`Reused, ${windows[chosen].toLowerCase()}`, percent(total.cached_tokens, prompt), `${short(total.cached_tokens)} of ${short(prompt)} tokens`),
      stat(`First token (TTFT), ${windows[chosen].toLowerCase()}`, seconds(total.first_token.p50),
        `p90 ${seconds(total.first_token.p90)} · p99 ${seconds(total.first_token.p99)}`)),
    h("div", { class: "columns even" },
      card("Seconds of prefill saved", {}, columns("Seconds of prefill saved over time", filled(),
        [{ kind: "saved", value: one => one.saved_seconds }], {
          format: axisSeconds, axis: axisOf,
          title: one => `${date(one.at)}: ${seconds(one.saved_seconds)} saved, ${number(one.requests)} requests`,
        }), legend([{ name: "saved", kind: "hot" }])),
      card("Prompt tokens", {}, columns("Prompt tokens reused and computed over time", filled(),
        [{ kind: "hot", value: one => one.cached_tokens }, { kind: "computed", value: one => one.computed_tokens }], {
          format: value => short(value), axis: axisOf,
          title: one => `${date(one.at)}: ${number(one.cached_tokens)} reused, ${number(one.computed_tokens)} computed`,
        }), legend([{ name: "reused", kind: "hot" }, { name: "computed", kind: "computed" }]))),
    card("Where prompt tokens came from", {}, prompt === 0 ? empty("No prompt was reported.")
      : [shares("Prompt tokens by cache result", parts), legend(parts)]),
    h("div", { class: "columns even" },
      groups("By model", report.models, name => name || "none"),
      groups("By template", report.templates, name => name || "no template")),
    groups("By cache result", report.results, name => name || "not answered"));
}

/** Columns without requests are not in the report. */
function filled() {
  const step = report.column_seconds * 1000;
  const known = new Map(report.columns.map(one => [new Date(one.at).getTime(), one]));
  const last = Math.floor(Date.now() / step) * step;
  const count = { hour: 12, day: 24 }[report.window]
    ?? Math.min(120, Math.max(12, report.columns.length > 0 ? (last - new Date(report.columns[0].at)) / step + 1 : 12));
  return Array.from({ length: count }, (_, index) => {
    const at = last - (count - 1 - index) * step;
    return known.get(at) ?? { at: new Date(at).toISOString(), requests: 0, cached_tokens: 0, computed_tokens: 0, saved_seconds: 0 };
  });
}

const axisOf = one => new Date(one.at).toLocaleString("en-GB", report.column_seconds < 86400
  ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" });

function groups(title, all, name) {
  return card(title, { key: title, class: "flush" }, all.length === 0 ? empty("Nothing in this time.") : table(title, [
    ["", "", one => name(one.name)],
    ["Requests", "num", one => number(one.requests)],
    ["Reused", "num", one => percent(one.cached_tokens, one.cached_tokens + one.computed_tokens)],
    ["Tokens", "num", one => short(one.cached_tokens + one.computed_tokens)],
    ["Saved", "num", one => seconds(one.saved_seconds)],
    ["TTFT p50", "num", one => seconds(one.first_token.p50)],
    ["p90", "num", one => seconds(one.first_token.p90)],
    ["p99", "num", one => seconds(one.first_token.p99)],
  ], all, one => ({ key: one.name })));
}
