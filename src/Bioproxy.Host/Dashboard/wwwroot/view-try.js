// A small chat that shows what the cache did. It goes the way of any client's request.

import { keyHeaders, modelNames, send } from "./api.js";
import { h } from "./dom.js";
import { number, percent, seconds } from "./format.js";
import { button, card, empty, result } from "./parts.js";

const settings = { model: "", tokens: 256, key: "" };
let models = [];
let messages = []; // { role, content, figures, problem }
let draft = "";
let running = null;
let readAt = null;

export function show(app) {
  readModels(app);
}

async function readModels(app) {
  try {
    models = await modelNames(settings.key);
    readAt = app.state?.run;
  } catch {
    models = []; // the server is asked without a name
  }
  if (!models.includes(settings.model))
    settings.model = models[0] ?? "";
  app.changed();
}

export function view(app) {
  if (readAt && readAt !== app.state.run) {
    readAt = app.state.run;
    readModels(app);
  }
  const triggers = [...new Set(app.state.models.flatMap(model => model.templates.map(one => one.prefix)))];
  return [
    h("h1", { class: "hidden" }, "Try it"),
    h("div", { key: "chat", class: "chat" },
      card("Chat", { key: "card", aside: h("div", { class: "aside" },
        h("label", {}, h("span", {}, "Model"), h("select", {
          value: settings.model, onchange: event => { settings.model = event.target.value; app.changed(); },
        }, models.map(name => h("option", { key: name, value: name, selected: name === settings.model }, name)))),
        h("label", {}, h("span", {}, "Tokens"), h("input", {
          type: "number", min: 1, max: 32768, value: settings.tokens, onchange: event => { settings.tokens = Number(event.target.value) || 256; },
        })),
        h("label", {}, h("span", {}, "Key"), h("input", {
          type: "password", autocomplete: "off", value: settings.key, placeholder: "none", oninput: event => { settings.key = event.target.value; },
          onchange: () => { readModels(app); },
        })),
        button("New", () => { running?.abort(); messages = []; app.changed(); }, { "aria-label": "New conversation" })) },
      h("ol", { class: "messages", tabindex: 0, "aria-label": "Conversation" }, messages.length === 0
        ? h("li", { class: "hint" }, empty(triggers.length > 0
          ? `Ask something. A message that begins with ${triggers.join(" or ")} uses that template.` : "Ask something. Then ask again: the second turn continues in its slot."))
        : messages.map((one, index) => h("li", { key: index, class: one.role },
          h("div", { class: "who" }, one.role === "user" ? "You" : settings.model || "Model"),
          h("div", { class: "text" }, one.content || (one.problem ? "" : "…")),
          one.problem && h("div", { class: "problem" }, one.problem),
          one.figures && figures(app, one.figures)))),
      app.other && h("p", { class: "dim small" }, `Chats go through ${app.cluster.own}, which serves this page: no key and no prompt is relayed.`),
      h("form", { class: "ask", onsubmit: event => { event.preventDefault(); ask(app); } },
        h("label", { class: "grow" }, h("span", { class: "hidden" }, "Message"), h("textarea", {
          rows: 2, value: draft, placeholder: "Message", oninput: event => { draft = event.target.value; },
          onkeydown: event => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
              event.preventDefault();
              ask(app);
            }
          },
        })),
        running ? button("Stop", () => running?.abort(), { class: "danger" }) : h("button", { type: "submit", class: "primary" }, "Send")))),
  ];
}

function figures(app, one) {
  return h("div", { class: "figures" },
    result(one.cache),
    h("span", {}, `${number(one.cached)} of ${number(one.prompt)} prompt tokens reused (${percent(one.cached, one.prompt)})`),
    h("span", {}, `first token ${seconds(one.first)}`),
    h("span", {}, `${number(one.generated)} tokens${one.rate ? `, ${one.rate.toFixed(0)} a second` : ""}`),
    one.slot && one.slot !== "auto" && h("span", {}, `slot ${one.slot}`),
    one.id && h("a", {
      href: `#requests/${one.id}`,
      onclick: event => {
        event.preventDefault();
        app.select(null, `#requests/${one.id}`);
      },
    }, "why"));
}

async function ask(app) {
  const content = draft.trim();
  if (!content || running)
    return;
  draft = "";
  messages = [...messages, { role: "user", content }];
  const sent = messages.filter(one => !one.problem).map(one => ({ role: one.role, content: one.content }));
  const answer = { role: "assistant", content: "" };
  messages = [...messages, answer];
  running = new AbortController();
  app.changed();
  const begun = performance.now();
  try {
    const response = await send("/try/v1/chat/completions", {
      method: "POST",
      signal: running.signal,
      headers: { "Content-Type": "application/json", ...keyHeaders(settings.key) },
      body: JSON.stringify({
        ...settings.model && { model: settings.model }, messages: sent, stream: true, max_tokens: settings.tokens,
        stream_options: { include_usage: true }, timings_per_token: false,
      }),
    });
    if (!response.ok)
      throw new Error((await response.json()).error?.message ?? `The answer was ${response.status}.`);
    const header = name => response.headers.get(`X-Bioproxy-${name}`);
    answer.figures = null;
    let figure = null;
    let first = null;
    for await (const event of events(response.body)) {
      if (event.error)
        throw new Error(event.error.message);
      const text = event.choices?.[0]?.delta?.content ?? event.choices?.[0]?.delta?.reasoning_content;
      if (text) {
        first ??= (performance.now() - begun) / 1000;
        answer.content += text;
        app.changed();
      }
      figure = event.timings ?? figure;
    }
    answer.figures = {
      cache: header("Cache"), slot: header("Slot"), id: header("Request-Id"), first: first ?? (performance.now() - begun) / 1000,
      cached: figure?.cache_n ?? Number(header("Cached-Tokens") ?? 0), prompt: figure ? figure.cache_n + figure.prompt_n : null,
      generated: figure?.predicted_n ?? null, rate: figure?.predicted_per_second ?? null,
    };
  } catch (error) {
    answer.problem = error.name === "AbortError" ? "Stopped." : error.message;
  }
  running = null;
  app.changed();
}

/** The events of a stream as objects. Comments are skipped. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done)
      return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:") && !line.includes("[DONE]"))
        yield JSON.parse(line.slice(5));
    }
  }
}
