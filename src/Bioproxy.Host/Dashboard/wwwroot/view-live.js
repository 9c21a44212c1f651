// What happens now: slots, queue, requests under way, templates, disk.

import { get, post } from "./api.js";
import { h } from "./dom.js";
import { ago, bytes, number, percent, seconds, short, words } from "./format.js";
import { bar, button, card, chip, elsewhere, empty, result, show as showProxy, stat, status, table, warmUp } from "./parts.js";

let saved = null;
let timer = 0;
let readAt = 0;
let journal = null;

export function show(app) {
  readSavings(app);
  timer = setInterval(() => document.hidden || readSavings(app), 15000);
}

export const hide = () => clearInterval(timer);

/** Soon after requests have ended; they are written to the history with a delay. */
export function updated(app) {
  if (app.state.journal !== journal && Date.now() - readAt > 3000)
    readSavings(app);
}

export function restarted() {
  saved = null;
  journal = null;
  readAt = 0;
}

async function readSavings(app) {
  readAt = Date.now();
  journal = app.state?.journal ?? null;
  try {
    saved = await get("/savings?window=day");
    app.changed();
  } catch {
    saved = null; // shown as not known
  }
}

export function view(app) {
  const { state } = app;
  return [
    h("h1", { class: "hidden" }, "Live"),
    state.problems.length > 0 && h("div", { class: "notice", role: "note", "aria-label": "Problems" },
      state.problems.map(problem => h("div", {}, problem))),
    tiles(app),
    h("div", { key: "models", class: "models" }, state.models.map(model => modelCard(app, model))),
    h("div", { key: "lower", class: "columns" }, underWay(app), h("div", { class: "stack" }, lately(app))),
  ];
}

/** Slots and queues of the models that this proxy schedules. */
const scheduled = app => app.state.models.filter(model => !elsewhere(app, model));

function tiles(app) {
  const models = scheduled(app);
  const slots = models.flatMap(model => model.slots);
  const busy = models.reduce((sum, model) => sum + (model.slots.length > 0
    ? model.slots.filter(slot => slot.busy).length : model.queue.used), 0);
  const capacity = models.filter(model => model.backend.status === "ready")
    .reduce((sum, model) => sum + (model.slots.length || model.queue.capacity), 0);
  const waiting = lane => models.reduce((sum, model) => sum + model.queue[lane].waiting, 0);
  const { snapshots } = app.state;
  return h("div", { key: "tiles", class: "stats" },
    stat("Prefill saved, last hour", saved ? seconds(saved.saved.hour) : "–", saved ? `${seconds(saved.saved.day)} in a day` : ""),
    stat("Prompt tokens reused, last day", saved
      ? percent(saved.total.cached_tokens, saved.total.cached_tokens + saved.total.computed_tokens) : "–",
    saved ? `${short(saved.total.cached_tokens)} of ${short(saved.total.cached_tokens + saved.total.computed_tokens)}` : ""),
    stat("Slots at work", `${busy} / ${capacity}`, `${slots.filter(slot => slot.kind !== "empty").length} hold something`),
    stat("Waiting", number(waiting("interactive") + waiting("batch")),
      `${waiting("interactive")} people · ${waiting("batch")} batch · ${waiting("warm_up")} warm-up`),
    stat("Snapshots", number(snapshots.count), `${bytes(snapshots.bytes)} of ${bytes(snapshots.max_bytes)}`
      + (snapshots.free_bytes === undefined ? "" : ` · ${bytes(snapshots.free_bytes)} free`)));
}

function modelCard(app, model) {
  const facts = model.backend.facts;
  const owner = elsewhere(app, model);
  const requests = app.state.requests.filter(one => one.model === model.name && one.backend === model.backend_name);
  const aside = h("div", { class: "aside" },
    h("span", { class: "dim" }, [model.backend_name !== model.name && model.backend_name, facts?.build,
      facts?.context_per_slot && `${short(facts.context_per_slot)} tokens a slot`,
      model.prefill_rate && `prefill ${number(model.prefill_rate)} tokens/s`].filter(Boolean).join(" · ")),
    status(model),
    !owner && model.loader?.can_unload && (model.backend.status === "ready"
      ? button("Unload", () => change(app, model, "unload"), { "aria-label": `Unload ${model.name}` })
      : button("Load", () => change(app, model, "load"), {
        "aria-label": `Load ${model.name}`, disabled: model.loader.state === "loading",
      })));
  return card(model.name, { key: `${model.backend_name}/${model.name}`, class: "model", aside },
    model.backend.problem && model.backend.status !== "unloaded" && h("p", { class: "problem" }, model.backend.problem),
    model.loader?.obstacle && h("p", { class: "dim small" }, model.loader.obstacle),
    owner ? h("div", { class: "elsewhere" }, h("span", { class: "dim" }, `${owner} schedules this server, and knows its slots and its queue.`),
      showProxy(app, owner)) : model.slots.length > 0
      ? h("ul", { class: "slots", "aria-label": `Slots of ${model.name}` },
        model.slots.map(slot => slotCell(app, model, slot, requests.find(one => one.slot === slot.id))))
      : empty(model.backend.status === "ready" ? "This server does not show its slots."
        : "No slots: the model is not loaded."),
    !owner && templates(model));
}

function slotCell(app, model, slot, request) {
  const title = request && (slot.kind === "empty" || slot.kind === "unknown") ? request.template ?? "new prompt" : {
    empty: "empty",
    unknown: "not known",
    template: slot.prefix ?? "template",
    conversation: slot.prefix ? `conversation on ${slot.prefix}` : "conversation",
    partial: slot.prefix ? `part of ${slot.prefix}` : "part of a prompt",
  }[slot.kind];
  const context = model.backend.facts?.context_per_slot;
  return h("li", { key: slot.id, class: `slot k-${slot.kind}${slot.busy ? " busy" : ""}` },
    h("div", { class: "slothead" },
      h("span", { class: "slotid", title: `Slot ${slot.id}` }, slot.id),
      h("span", { class: "slottitle" }, title),
      request?.template && !title.includes(request.template) && chip(request.template, "template"),
      slot.saved && slot.kind !== "empty" && chip("saved", "saved"),
      slot.busy ? chip("busy", "busy") : slot.kind === "template" || slot.kind === "conversation" ? chip("hot", "hot") : null),
    h("div", { class: "slotmeta dim" },
      slot.kind === "empty" ? "nothing held" : [
        slot.tokens !== null && `${number(slot.tokens)} tokens`,
        slot.kind === "conversation" && slot.turns > 0 && `${slot.turns} ${slot.turns === 1 ? "turn" : "turns"}`,
        slot.conversation && `#${slot.conversation.slice(0, 8)}`,
      ].filter(Boolean).join(" · ") || "tokens not known"),
    context && bar(slot.tokens ?? 0, context, "context", `Slot ${slot.id}: context in use`),
    h("div", { class: "slotwork" }, request ? [h("span", { class: "for" }, request.client), work(app, request, true)]
      : slot.busy ? "at work" : "\u00a0"));
}

/** What a request does now, in a few words, with a bar while a prompt is computed. */
function work(app, request, isShort = false) {
  const since = (app.now() - new Date(request.stage_began)) / 1000;
  if (request.stage === "prefill") {
    const computed = request.computed ?? 0;
    const all = request.prompt_tokens;
    return [
      h("span", {}, isShort && all ? `prefill ${Math.round(computed * 100)} % · ${seconds(since)}` : all ? `prefill ${number(computed * all)} of ${number(all)} · ${seconds(since)}` : `prefill · ${seconds(since)}`),
      bar(computed, 1, "prefill", "Prefill"),
    ];
  }
  if (request.stage === "generating") {
    return h("span", {}, request.tokens_per_second === undefined ? `generating · ${seconds(since)}`
      : isShort ? `${request.tokens_per_second.toFixed(0)} tokens/s · ${number(request.tokens)}` : `generating ${request.tokens_per_second.toFixed(0)} tokens/s · ${number(request.tokens)}`);
  }
  return h("span", {}, `${words(request.stage)} · ${seconds(since)}`);
}

function templates(model) {
  const all = [
    ...model.templates.map(one => ({ ...one, name: one.prefix, kind: "template" })),
    ...model.preambles.map(one => ({ ...one, kind: "preamble" })),
  ];
  if (all.length === 0)
    return null;
  return h("ul", { class: "warmups", "aria-label": `Templates and preambles of ${model.name}` }, all.map(one => h("li", { key: one.name },
    h("span", { class: "name" }, one.name),
    warmUp(one.state),
    h("span", { class: "dim" }, one.kind === "preamble" ? `${number(one.tokens)} tokens · ${one.conversations} conversations`
      : `${number(one.cacheable_tokens)} of ${number(one.tokens)} tokens`),
    one.state === "running" && bar(one.progress, 1, "prefill", `Warm-up of ${one.name}`),
    one.problem && h("span", { class: "problem" }, one.problem))));
}

function underWay(app) {
  const { requests, running } = app.state;
  const models = scheduled(app);
  const lanes = ["interactive", "batch", "warm_up"].map(lane => {
    const sum = what => models.reduce((all, model) => all + model.queue[lane][what], 0);
    const longest = Math.max(0, ...requests.filter(one => one.stage === "queued" && one.lane === lane.replace("_", "-"))
      .map(one => (app.now() - new Date(one.stage_began)) / 1000));
    return h("div", { key: lane, class: "lane" }, h("span", { class: "lanename" }, words(lane)),
      h("span", {}, `${sum("active")} at work`), h("span", { class: sum("waiting") > 0 ? "waiting" : "dim" }, `${sum("waiting")} waiting`),
      h("span", { class: "dim" }, longest > 0 ? `longest ${seconds(longest)}` : ""));
  });
  return card("Queue and requests under way", { key: "underway" },
    h("div", { class: "lanes" }, lanes),
    requests.length === 0 ? empty("Nothing is under way.") : table("Requests under way", [
      ["Request", "mono", one => one.id],
      ["Client", "", one => [one.client, one.lane === "batch" && chip("batch", "after")]],
      ["Model", "", one => [one.model ?? "–", one.template && chip(one.template, "template")]],
      ["Slot", "num", one => one.slot ?? "–"],
      ["Cache", "", one => result(one.result)],
      ["Doing", "doing", one => one.cancelled ? "being cancelled" : work(app, one)],
      ["For", "num", one => seconds((app.now() - new Date(one.began)) / 1000)],
      ["", "num", one => button("Cancel", () => app.act(`${one.id} is being cancelled`, () => post(`/requests/cancel?id=${one.id}`)),
        { "aria-label": `Cancel ${one.id}`, disabled: one.cancelled, class: "danger" })],
    ], requests, one => ({ key: one.id })),
    running > requests.length && h("p", { class: "dim small" }, `${number(running - requests.length)} more are not shown.`));
}

function lately(app) {
  return card("Lately", { key: "lately" }, app.state.log.length === 0 ? empty("Nothing yet.")
    : h("ol", { class: "log", tabindex: 0, "aria-label": "Loads, evictions, saves, restores and warm-ups, the newest first" },
      app.state.log.map(line => h("li", { class: line.level },
        h("time", { datetime: line.at, title: ago(line.at, app.now()) }, new Date(line.at).toLocaleTimeString("en-GB")),
        h("span", {}, line.text)))));
}

const change = (app, model, what) => app.act(
  answer => `${answer.model} is ${answer.state === "unloaded" || what === "load" ? answer.state : "being unloaded"} (${seconds(answer.seconds)})`,
  () => {
    app.say(`${what === "load" ? "Loading" : "Unloading"} ${model.name} …`);
    return post(`/models/${encodeURIComponent(model.name)}/${what}`);
  });
