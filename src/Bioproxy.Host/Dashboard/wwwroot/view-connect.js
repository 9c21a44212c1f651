// Settings for clients, ready to copy.

import { modelNames } from "./api.js";
import { h } from "./dom.js";
import { button, card } from "./parts.js";

let models = [];
const chosen = { client: "openai-python", model: "", key: "", host: "" };

export async function show(app) {
  try {
    models = await modelNames(chosen.key);
  } catch {
    models = [];
  }
  chosen.model ||= models[0] ?? "";
  app.changed();
}

export function restarted() {
  chosen.host = "";
}

const clients = {
  "openai-python": {
    title: "OpenAI SDK, Python", api: "OpenAI", file: "Python",
    text: c => `from openai import OpenAI

client = OpenAI(base_url="${c.url}/v1", api_key="${c.key}")
answer = client.chat.completions.create(
    model="${c.model}",
    messages=[{"role": "user", "content": "${c.ask}"}],
)
print(answer.choices[0].message.content)`,
  },
  "openai-js": {
    title: "OpenAI SDK, JavaScript", api: "OpenAI", file: "JavaScript",
    text: c => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${c.url}/v1", apiKey: "${c.key}" });
const answer = await client.chat.completions.create({
  model: "${c.model}",
  messages: [{ role: "user", content: "${c.ask}" }],
});
console.log(answer.choices[0].message.content);`,
  },
  "openai-env": {
    title: "By environment variables", api: "OpenAI", file: "Shell",
    text: c => `export OPENAI_BASE_URL=${c.url}/v1
export OPENAI_API_KEY=${c.key}`,
  },
  curl: {
    title: "curl", api: "OpenAI", file: "Shell",
    text: c => `curl ${c.url}/v1/chat/completions -H 'Content-Type: application/json' -H 'Authorization: Bearer ${c.key}' \\
  -d '{"model":"${c.model}","messages":[{"role":"user","content":"${c.ask}"}]}'`,
  },
  codex: {
    title: "Codex", api: "OpenAI, /v1/responses", file: "~/.codex/config.toml",
    text: c => `model = "${c.model}"
model_provider = "bioproxy"

[model_providers.bioproxy]
name = "Bioproxy"
base_url = "${c.url}/v1"
wire_api = "responses"`,
  },
  opencode: {
    title: "opencode", api: "OpenAI", file: "opencode.json",
    text: c => JSON.stringify({
      $schema: "https://opencode.ai/config.json",
      provider: {
        bioproxy: {
          npm: "@ai-sdk/openai-compatible", name: "Bioproxy",
          options: { baseURL: `${c.url}/v1`, apiKey: c.key }, models: { [c.model]: {} },
        },
      },
      model: `bioproxy/${c.model}`,
    }, null, 2),
  },
  continue: {
    title: "Continue", api: "OpenAI", file: "~/.continue/config.yaml",
    text: c => `models:
  - name: ${c.model}
    provider: openai
    model: ${c.model}
    apiBase: ${c.url}/v1
    apiKey: ${c.key}
    roles: [chat, edit, apply]`,
  },
  cline: {
    title: "Cline, Roo Code", api: "OpenAI", file: "Settings",
    text: c => `API provider    OpenAI Compatible
Base URL        ${c.url}/v1
API key         ${c.key}
Model ID        ${c.model}`,
  },
  "open-webui": {
    title: "Open WebUI", api: "OpenAI", file: "Environment",
    text: c => `OPENAI_API_BASE_URL=${c.url}/v1
OPENAI_API_KEY=${c.key}
ENABLE_FORWARD_USER_INFO_HEADERS=true   # tells the proxy which requests belong to a chat`,
  },
  aider: {
    title: "aider", api: "OpenAI", file: "Shell",
    text: c => `export OPENAI_API_BASE=${c.url}/v1 OPENAI_API_KEY=${c.key}
aider --model openai/${c.model}`,
  },
  "claude-code": {
    title: "Claude Code", api: "Anthropic", file: "Shell",
    text: c => `export ANTHROPIC_BASE_URL=${c.url}
export ANTHROPIC_AUTH_TOKEN=${c.key}
export ANTHROPIC_MODEL=${c.model}
claude`,
  },
  "anthropic-python": {
    title: "Anthropic SDK, Python", api: "Anthropic", file: "Python",
    text: c => `from anthropic import Anthropic

client = Anthropic(base_url="${c.url}", api_key="${c.key}")
answer = client.messages.create(
    model="${c.model}",
    max_tokens=1024,
    messages=[{"role": "user", "content": "${c.ask}"}],
)
print(answer.content[0].text)`,
  },
  ollama: {
    title: "Ollama's command and SDKs", api: "Ollama", file: "Shell",
    text: c => `export OLLAMA_HOST=${c.url}
ollama run ${c.model}`,
  },
  "ollama-python": {
    title: "Ollama SDK, Python", api: "Ollama", file: "Python",
    text: c => `from ollama import Client

client = Client(host="${c.url}")
answer = client.chat(model="${c.model}", messages=[{"role": "user", "content": "${c.ask}"}])
print(answer.message.content)`,
  },
};

/** The proxy's own address, under the name by which it is reached: that of this page, or what another proxy has in the cluster. */
function address(app) {
  const listens = app.state.addresses[0];
  if (!listens)
    return "http://localhost:8088";
  const url = new URL(listens);
  if (url.hostname === "localhost" || url.hostname === "127.0.0.1" || url.hostname === "[::1]")
    return url.origin;
  const host = app.other ? app.other.slice(0, app.other.lastIndexOf(":")) : location.hostname;
  return `${url.protocol}//${host}:${url.port}`;
}

export function view(app) {
  const triggers = app.state.models.flatMap(model => model.templates.map(one => one.prefix));
  const client = clients[chosen.client];
  const url = chosen.host || address(app);
  const text = client.text({
    url: url.replace(/\/+$/, ""), key: chosen.key || "none", model: chosen.model || "any",
    ask: `${triggers[0] ? `${triggers[0]} ` : ""}How do I reverse a string?`,
  });
  return [
    h("h1", { class: "hidden" }, "Connect"),
    h("div", { key: "columns", class: "columns connect" },
      card("Client", { key: "clients" }, ["OpenAI", "Anthropic", "Ollama"].map(api => h("div", { key: api },
        h("h3", {}, `${api} API`),
        h("ul", { class: "choices" }, Object.entries(clients).filter(([, one]) => one.api.startsWith(api)).map(([name, one]) => h("li", { key: name },
          button(one.title, () => { chosen.client = name; app.changed(); }, { "aria-pressed": name === chosen.client ? "true" : "false" }))))))),
      card(client.title, { key: "text", aside: button("Copy", () => copy(app, text), { class: "primary" }) },
        h("div", { class: "filters" },
          h("label", {}, h("span", {}, "Model"), h("select", { value: chosen.model, onchange: event => { chosen.model = event.target.value; app.changed(); } },
            models.map(name => h("option", { key: name, value: name, selected: name === chosen.model }, name)))),
          h("label", {}, h("span", {}, "Address"), h("input", {
            type: "url", value: url, onchange: event => { chosen.host = event.target.value.trim(); app.changed(); },
          })),
          h("label", {}, h("span", {}, "Key"), h("input", {
            type: "text", value: chosen.key, placeholder: "any", autocomplete: "off", spellcheck: "false",
            oninput: event => { chosen.key = event.target.value.trim(); app.changed(); },
            onchange: () => { show(app); },
          }))),
        h("p", { class: "dim" }, `${client.file}`),
        h("pre", { tabindex: 0, "aria-label": `Settings for ${client.title}` }, text),
        triggers.length > 0 && h("p", { class: "dim small" }, `A message that begins with ${triggers.join(", ")} uses that template; it has been computed already.`))),
  ];
}

async function copy(app, text) {
  try {
    await navigator.clipboard.writeText(text);
    app.say("Copied");
  } catch {
    const range = document.createRange(); // without https the browser copies only what a person selects
    range.selectNodeContents(document.querySelector("pre"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    app.say("Selected: press Ctrl+C");
  }
}
