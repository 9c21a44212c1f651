// The last 1,000 requests, and why each went where it went.

import { get } from "./api.js";
import { h } from "./dom.js";
import { number, percent, seconds, when, words } from "./format.js";
import { button, card, chip, empty, result, table } from "./parts.js";

const kept = 1000;
const filter = { model: "", client: "", result: "", text: "" };
let records = [];
let seen = null; // the journal's version that was read
let reading = false;
let opened = null; // { id, explanation, problem }

export const show = app => refresh(app);
export const updated = app => refresh(app);

export function restarted() {
  records = [];
  seen = null;
  opened = null;
  reading = false;
}

async function refresh(app) {
  if (reading || !app.state || app.state.journal === seen)
    return;
  reading = true;
  try {
    const after = records.length > 0 ? `?after=${records[0].number}` : "";
    const answer = await get(`/requests${after}`);
    records = [...answer.requests, ...records].slice(0, kept);
    seen = answer.version;
  } catch (error) {
    app.say(error.message, true);
  }
  reading = false;
  app.changed();
}

export function view(app) {
  const id = decodeURIComponent(location.hash.split("/")[1] ?? "");
  if (id && opened?.id !== id)
    open(app, id);
  if (!id)
    opened = null;
  const rows = records.filter(one => (!filter.model || one.model === filter.model) && (!filter.client || one.client === filter.client)
    && (!filter.result || resultOf(one) === filter.result) && (!filter.text || matches(one, filter.text)));
  return [
    h("h1", { class: "hidden" }, "Requests"),
    h("div", { key: "filters", class: "filters", role: "search", "aria-label": "Filter" },
      choice(app, "model", "Model", unique(one => one.model)),
      choice(app, "client", "Client", unique(one => one.client)),
      choice(app, "result", "Result", unique(resultOf)),
      h("label", {}, h("span", {}, "Find"), h("input", {
        type: "search", value: filter.text, placeholder: "id, template, conversation, status",
        oninput: event => { filter.text = event.target.value.trim().toLowerCase(); app.changed(); },
      })),
      h("span", { class: "count dim", role: "status" },
        rows.length === records.length ? `${number(rows.length)} requests` : `${number(rows.length)} of ${number(records.length)} requests`)),
    h("div", { key: "list", class: id ? "split" : "whole" },
      records.length === 0 ? empty("No requests yet. Point a client at the proxy (Connect), or chat here (Try it).") : list(app, rows, id),
      id && detail(app, id)),
  ];
}

const resultOf = one => one.result ?? one.error ?? String(one.status);
const unique = of => [...new Set(records.map(of))].filter(Boolean).sort();
const matches = (one, text) => [one.id, one.template, one.conversation, one.status, one.error, one.route, one.backend]
  .some(value => value !== null && String(value).toLowerCase().includes(text));

function choice(app, name, label, values) {
  return h("label", { key: name }, h("span", {}, label), h("select", {
    value: filter[name], onchange: event => { filter[name] = event.target.value; app.changed(); },
  }, h("option", { value: "" }, "all"), values.map(value => h("option", { key: value, value, selected: filter[name] === value }, value))));
}

function list(app, rows, id) {
  const columns = [
    ["Time", "", one => when(one.at)],
    ["Request", "mono", one => h("a", { href: `#requests/${one.id}`, "aria-current": one.id === id ? "true" : null }, one.id)],
    ["Client", "", one => one.client],
    ["Model", "", one => [one.model || "–", one.template && chip(one.template, "template")]],
    ["Result", "", one => one.error || one.status >= 400 ? chip(one.error ? words(one.error) : one.status, "bad") : result(one.result)],
    ["Prompt", "num", one => one.cached_tokens === null ? "–" : number(one.cached_tokens + one.computed_tokens)],
    ["Reused", "num", one => one.cached_tokens === null ? "–" : percent(one.cached_tokens, one.cached_tokens + one.computed_tokens)],
    ["Saved", "num", one => one.saved > 0 ? seconds(one.saved) : "–"],
    ["Waited", "num", one => one.waited < 0.001 ? "–" : seconds(one.waited)],
    ["First token", "num", one => seconds(one.first_token)],
    ["All", "num", one => seconds(one.seconds)],
  ];
  return h("div", { key: "table", class: "card flush" },
    table("Requests, the newest first", id ? columns.filter(([title]) => !["Saved", "Waited", "Prompt", "Client"].includes(title)) : columns,
      rows, one => ({ key: one.number, class: one.id === id ? "selected" : "", onclick: () => { location.hash = `requests/${one.id}`; } })));
}

async function open(app, id) {
  opened = { id };
  try {
    opened = { id, explanation: await get(`/explain/${encodeURIComponent(id)}`) };
  } catch (error) {
    opened = { id, problem: error.status === 404
      ? "There is no explanation of this request: it never reached a model, or it is from an earlier run of the proxy." : error.message };
  }
  app.changed();
}

function detail(app, id) {
  const record = records.find(one => one.id === id);
  const { explanation, problem } = opened ?? {};
  const close = button("Close", () => { location.hash = "requests"; }, { class: "quiet" });
  return card(`Request ${id}`, { key: "detail", class: "detail", aside: close },
    record && facts(record),
    problem && empty(problem),
    explanation ? explained(app, explanation) : !problem && empty("Reading …"));
}

const fact = (name, value) => value !== null && value !== undefined && value !== "" && [h("dt", {}, name), h("dd", {}, value)];

function facts(one) {
  return h("dl", { key: "facts" },
    fact("Arrived", `${new Date(one.at).toLocaleString("en-GB")}, ${one.route}, ${one.lane} lane`),
    fact("Client", one.client),
    fact("Model", one.backend && one.backend !== one.model ? `${one.model} on ${one.backend}` : one.model),
    fact("Template", one.template),
    fact("Status", one.error ? `${one.status} ${words(one.error)}` : String(one.status)),
    fact("Times", `${seconds(one.waited)} in the queue · first token ${seconds(one.first_token)} · all ${seconds(one.seconds)}`),
    fact("Answer", one.generated_tokens !== null && `${number(one.generated_tokens)} tokens`
      + (one.first_token !== null && one.seconds > one.first_token
        ? `, ${((one.generated_tokens) / (one.seconds - one.first_token)).toFixed(0)} a second` : "")));
}

function explained(app, why) {
  const difference = why.first_difference;
  return h("div", { key: "why" },
    h("h3", {}, "Expected and measured"),
    h("dl", {},
      fact("Cache result", result(why.result)),
      fact("Expected to be reused", why.expected_tokens === null ? "nothing was known" : `${number(why.expected_tokens)} tokens`),
      fact("Reused", why.cached_tokens === null ? "not reported" : `${number(why.cached_tokens)} tokens`),
      fact("Computed", why.computed_tokens === null ? "not reported" : `${number(why.computed_tokens)} tokens`),
      fact("Slot", why.slot === null ? "chosen by the server" : String(why.slot)),
      fact("Conversation", why.conversation && `${why.conversation} (by ${words(why.conversation_source)})`),
      fact("Side request", why.side_request && words(why.side_request)),
      fact("Rules", why.rules && Object.entries(why.rules).map(([rule, count]) => `${rule} ×${count}`).join(", ")),
      fact("Lost", why.lost_tokens && `${number(why.lost_tokens)} tokens computed again, ${seconds(why.lost_seconds)}`)),
    h("h3", {}, "Chosen"),
    h("p", {}, why.plan),
    why.compared.length > 1 && [h("h3", {}, "Compared"), h("ul", { class: "plain" }, why.compared.map(line => h("li", {}, line)))],
    why.candidates && [h("h3", {}, "Places that could have served it"), table("Places", [
      ["Backend", "", one => one.backend],
      ["Model", "", one => one.model],
      ["Queue", "num", one => seconds(one.wait_seconds)],
      ["Load", "num", one => seconds(one.load_seconds)],
      ["Prompt", "num", one => seconds(one.prompt_seconds)],
      ["Displaces", "num", one => seconds(one.eviction_seconds)],
    ], why.candidates, one => ({ key: `${one.backend}/${one.model}` }))],
    difference && [
      h("h3", {}, "First difference to the closest known prompt"),
      h("dl", {},
        fact("Where", `${difference.where}, byte ${number(difference.position_bytes)}`
          + (difference.line ? `, line ${difference.line}` : "")),
        fact("Cause", difference.cause && words(difference.cause)),
        fact("Rule against it", difference.rule)),
      difference.excerpt && h("pre", {}, difference.excerpt),
      difference.was && [h("p", { class: "dim" }, "before:"), h("pre", {}, difference.was)],
      !difference.excerpt && !app.state.excerpts && h("p", { class: "dim small" }, "Excerpts are shown only with explain_excerpts: true."),
    ]);
}
