// Talks to a proxy as programs do that use the official clients for Node.
// Usage: node clients.mjs CASE URL SERVER     SERVER is the llama-server behind the proxy, for cases that compare the two.
// Prints what was seen; exit code 1 and the reason when something is not as expected.
import assert from "node:assert/strict";

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { generateText, streamText } from "ai";
import { Ollama } from "ollama";
import OpenAI from "openai";

const [name, url, server] = process.argv.slice(2);
const model = "tiny";
const question = "@code How do I reverse a string?";
const messages = [{ role: "user", content: question }];
const least = 300; // tokens of a prompt whose trigger was expanded
const most = 12; // tokens of an answer

const openai = (baseURL = `${url}/v1`) => new OpenAI({ baseURL, apiKey: "k", maxRetries: 0 });
const anthropic = () => new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 0 });
const ollama = () => new Ollama({ host: url });

async function textOf(stream, piece) {
  let text = "";
  for await (const part of stream) text += piece(part) ?? "";
  return text;
}

function assertAlike(whole, streamed, promptTokens) {
  assert.ok(whole.length > 0, "the answer is empty");
  assert.equal(streamed, whole);
  assert.ok(promptTokens > least, `the trigger was not expanded: ${promptTokens} tokens`);
  return { whole, promptTokens };
}

async function fails(promise, kind, status, words) {
  const error = await promise.then(() => assert.fail("it did not fail"), (e) => e);
  assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error}`);
  assert.equal(error.status, status);
  assert.match(error.message, words);
  return { error: error.constructor.name, message: error.message };
}

const cases = {
  async "openai-chat"() {
    const body = { model, messages, temperature: 0, max_tokens: most };
    const whole = await openai().chat.completions.create(body);
    const streamed = await textOf(
      await openai().chat.completions.create({ ...body, stream: true }), (part) => part.choices[0]?.delta?.content);
    return assertAlike(whole.choices[0].message.content, streamed, whole.usage.prompt_tokens);
  },

  async "openai-responses"() {
    const body = { model, input: question, temperature: 0, max_output_tokens: most };
    const whole = await openai().responses.create(body);
    const streamed = await textOf(
      await openai().responses.create({ ...body, stream: true }),
      (part) => (part.type === "response.output_text.delta" ? part.delta : ""));
    return assertAlike(whole.output_text, streamed, whole.usage.input_tokens);
  },

  // The helper `responses.stream()` needs more than llama-server's events have: `output` in the response of `response.created`,
  // `output_index` in the events of an item, `content_index` in those of its text. It fails on the server itself, and through the proxy,
  // which leaves the events as they are, in the same words. With a server that sends them it works on both.
  async "openai-responses-helper"() {
    const body = { model, input: "How do I reverse a string?", temperature: 0, max_output_tokens: most };
    const outcome = (base) => openai(`${base}/v1`).responses.stream(body).finalResponse().then(
      (response) => ({ text: response.output_text }), (error) => ({ error: error.message }));
    const events = async (base) => {
      const response = await fetch(`${base}/v1/responses`, { method: "POST", body: JSON.stringify({ ...body, stream: true }) });
      const varying = /"((?:item_)?id|created_at|completed_at|timings)":("[^"]*"|\d+|\{[^}]*\})/g;
      return (await response.text()).replace(varying, '"$1":0').trim().split("\n\n");
    };
    await events(server); // from now on all but the last token of the prompt is cached
    const [expected, seen] = [await events(server), await events(url)];
    assert.deepEqual(seen, expected);
    assert.match(seen[0], /^event: response\.created\n/);
    assert.match(seen.at(-1), /^event: response\.completed\n/);
    const [direct, proxied] = [await outcome(server), await outcome(url)];
    assert.deepEqual(proxied, direct);
    return { events: seen.length, ...proxied };
  },

  async "openai-lists"() {
    const models = await openai().models.list();
    assert.ok(models.data.length > 0);
    return fails(openai(`${url}/nowhere/v1`).models.list(), OpenAI.NotFoundError, 404, /./);
  },

  async "openai-errors"() {
    const long = [{ role: "user", content: "word ".repeat(20000) }];
    return fails(
      openai().chat.completions.create({ model, messages: long, max_tokens: most }), OpenAI.BadRequestError, 400, /context|exceed/i);
  },

  async "anthropic-messages"() {
    const body = { model, messages, temperature: 0, max_tokens: most };
    const whole = await anthropic().messages.create(body);
    const streamed = await anthropic().messages.stream(body).finalMessage();
    const counted = await anthropic().messages.countTokens({ model, messages });
    const text = (message) => message.content.map((part) => part.text ?? "").join("");
    const usage = whole.usage.input_tokens + (whole.usage.cache_read_input_tokens ?? 0);
    assert.equal(counted.input_tokens, usage);
    return assertAlike(text(whole), text(streamed), usage);
  },

  async "anthropic-errors"() {
    const long = [{ role: "user", content: "word ".repeat(20000) }];
    return fails(
      anthropic().messages.create({ model, messages: long, max_tokens: most }), Anthropic.BadRequestError, 400, /context|exceed/i);
  },

  async "ai-sdk-openai-compatible"() {
    const provider = createOpenAICompatible({ name: "bioproxy", baseURL: `${url}/v1`, apiKey: "k", includeUsage: true });
    return aiSdk(provider(model));
  },

  async "ai-sdk-anthropic"() {
    return aiSdk(createAnthropic({ baseURL: `${url}/v1`, apiKey: "k" })(model));
  },

  async ollama() {
    const options = { temperature: 0, num_predict: most };
    const whole = await ollama().chat({ model, messages, options });
    const streamed = await textOf(await ollama().chat({ model, messages, options, stream: true }), (part) => part.message.content);
    const generated = await ollama().generate({ model, prompt: question, options });
    assert.equal(generated.response, whole.message.content);
    const listed = await ollama().list();
    assert.ok(listed.models.some((one) => one.details.format === "gguf"));
    assert.equal((await ollama().ps()).models.length, listed.models.length);
    assert.ok((await ollama().show({ model })).capabilities.includes("completion"));
    await assert.rejects(ollama().pull({ model }), /not supported/);
    return assertAlike(whole.message.content, streamed, whole.prompt_eval_count);
  },

  // One slot, and somebody has it: what the proxy writes into a stream that waits must not disturb any client.
  async waiting() {
    const holder = await openai().chat.completions.create({
      model, messages: [{ role: "user", content: "Write." }], max_tokens: 2000, ignore_eos: true, stream: true });
    await holder[Symbol.asyncIterator]().next();
    const chat = { model, messages, temperature: 0, max_tokens: most };
    const provider = createOpenAICompatible({ name: "bioproxy", baseURL: `${url}/v1`, apiKey: "k" });
    const bytes = fetch(`${url}/v1/chat/completions`, { method: "POST", body: JSON.stringify({ ...chat, stream: true }) }).then(
      (response) => response.text());
    const all = Promise.all([
      openai().chat.completions.create({ ...chat, stream: true }).then((stream) => textOf(stream, (part) => part.choices[0]?.delta?.content)),
      openai().responses.create({ model, input: question, temperature: 0, max_output_tokens: most, stream: true }).then(
        (stream) => textOf(stream, (part) => (part.type === "response.output_text.delta" ? part.delta : ""))),
      anthropic().messages.stream(chat).finalText(),
      textOf(streamText({ model: provider(model), prompt: question, temperature: 0, maxOutputTokens: most, maxRetries: 0,
        onError: ({ error }) => { throw error; } }).textStream, (part) => part),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1500)); // several signs of life
    holder.controller.abort();
    const texts = await all;
    assert.match(await bytes, /^: waiting/); // otherwise nothing was tried
    for (const text of texts) assert.equal(text, texts[0]);
    assert.ok(texts[0].length > 0);
    return { texts };
  },
};

async function aiSdk(sdkModel) {
  const settings = { model: sdkModel, prompt: question, temperature: 0, maxOutputTokens: most, maxRetries: 0 };
  const whole = await generateText(settings);
  const stream = streamText({ ...settings, onError: ({ error }) => { throw error; } });
  const streamed = await textOf(stream.textStream, (part) => part);
  return assertAlike(whole.text, streamed, whole.usage.inputTokens);
}

console.log(JSON.stringify(await cases[name]()));
process.exit(0);
