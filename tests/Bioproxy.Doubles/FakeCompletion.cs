using System.Text;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>An answer in the making, and its JSON in the forms that were measured on a real llama-server.</summary>
internal sealed class FakeCompletion(FakeJob job, FakeBackendOptions options, string id)
{
    private static readonly TimeSpan Nothing = TimeSpan.Zero;

    public int Cached { get; set; }

    public int? Slot { get; set; }

    public List<int> Generated { get; } = [];

    public IReadOnlyList<(int Token, double LogProbability)> Likeliest { get; set; } = [];

    private bool IsForeign => options.Slots == 0;

    private string Text => FakeTokens.Text(Generated);

    private string FinishReason => job.Limit >= 0 && Generated.Count >= job.Limit ? "length" : "stop";

    public string ProgressEvent(int processed)
    {
        var progress = new JsonObject
        {
            ["total"] = job.Prompt.Count,
            ["cache"] = Cached,
            ["processed"] = processed,
            ["time_ms"] = Nothing.TotalMilliseconds,
        };
        if (job.Shape == FakeShape.Native)
            return Event(new()
            {
                ["index"] = 0,
                ["content"] = "",
                ["tokens"] = new JsonArray(0),
                ["stop"] = false,
                ["id_slot"] = -1,
                ["tokens_predicted"] = 0,
                ["tokens_evaluated"] = job.Prompt.Count,
                ["prompt_progress"] = progress
            });
        var chunk = Chunk(new() { ["role"] = "assistant", ["content"] = null }, null);
        chunk["prompt_progress"] = progress;
        return Event(chunk);
    }

    /// <summary>The events before the first token.</summary>
    public IEnumerable<string> OpeningEvents()
    {
        switch (job.Shape)
        {
            case FakeShape.Chat:
                yield return Event(Chunk(new() { ["role"] = "assistant", ["content"] = null }, null));
                break;
            case FakeShape.Responses:
                yield return Event("response.created",
                    new() { ["response"] = new JsonObject { ["id"] = id, ["object"] = "response", ["status"] = "in_progress" } });
                yield return Event("response.in_progress",
                    new() { ["response"] = new JsonObject { ["id"] = id, ["object"] = "response", ["status"] = "in_progress" } });
                yield return Event("response.output_item.added",
                    new()
                    {
                        ["item"] = new JsonObject
                        {
                            ["content"] = new JsonArray(),
                            ["id"] = "msg_"
                        + id,
                            ["role"] = "assistant",
                            ["status"] = "in_progress",
                            ["type"] = "message"
                        }
                    });
                yield return Event("response.content_part.added", new()
                {
                    ["item_id"] = "msg_"
                    + id,
                    ["part"] = new JsonObject { ["type"] = "output_text", ["text"] = "" }
                });
                break;
            case FakeShape.Messages:
                var message = new JsonObject
                {
                    ["id"] = id,
                    ["type"] = "message",
                    ["role"] = "assistant",
                    ["content"] = new JsonArray(),
                    ["model"] = options.Model,
                    ["stop_reason"] = null,
                    ["stop_sequence"] = null,
                    ["usage"] = AnthropicUsage(0),
                };
                yield return Event("message_start", new() { ["message"] = message });
                yield return Event("content_block_start",
                    new() { ["index"] = 0, ["content_block"] = new JsonObject { ["type"] = "text", ["text"] = "" } });
                break;
        }
    }

    public string TokenEvent(int token)
    {
        var text = FakeTokens.Text([token]);
        return job.Shape switch
        {
            FakeShape.Native =>
                Event(new()
                {
                    ["index"] = 0,
                    ["content"] = text,
                    ["tokens"] = new JsonArray(token),
                    ["stop"] = false,
                    ["id_slot"] = -1,
                    ["tokens_predicted"] = Generated.Count,
                    ["tokens_evaluated"] = job.Prompt.Count
                }),
            FakeShape.Text => Event(TextChunk(text, null)),
            FakeShape.Chat => Event(Chunk(new() { ["content"] = text }, null)),
            FakeShape.Responses => Event("response.output_text.delta", new() { ["item_id"] = "msg_" + id, ["delta"] = text }),
            _ => Event("content_block_delta",
                new() { ["index"] = 0, ["delta"] = new JsonObject { ["type"] = "text_delta", ["text"] = text } }),
        };
    }

    public IEnumerable<string> ClosingEvents()
    {
        switch (job.Shape)
        {
            case FakeShape.Native:
                yield return Event(Native(""));
                break;
            case FakeShape.Text:
                var last = TextChunk("", FinishReason);
                last["usage"] = Usage();
                yield return Event(WithTimings(last));
                yield return "data: [DONE]\n\n";
                break;
            case FakeShape.Chat when job.WithUsage:
                yield return Event(Chunk([], FinishReason));
                var usage = Chunk([], null);
                usage["choices"] = new JsonArray();
                usage["usage"] = Usage();
                yield return Event(WithTimings(usage));
                yield return "data: [DONE]\n\n";
                break;
            case FakeShape.Chat:
                yield return Event(WithTimings(Chunk([], FinishReason)));
                yield return "data: [DONE]\n\n";
                break;
            case FakeShape.Responses:
                yield return Event("response.output_text.done", new() { ["item_id"] = "msg_" + id, ["text"] = Text });
                yield return Event("response.content_part.done", new() { ["item_id"] = "msg_" + id, ["part"] = OutputText() });
                yield return Event("response.output_item.done", new() { ["item"] = OutputMessage() });
                yield return Event(
                    "response.completed", WithTimings(new() { ["type"] = "response.completed", ["response"] = ResponseObject() }));
                break;
            case FakeShape.Messages:
                yield return Event("content_block_stop", new() { ["index"] = 0 });
                yield return Event("message_delta",
                    new()
                    {
                        ["delta"] = new JsonObject { ["stop_reason"] = StopReason(), ["stop_sequence"] = null },
                        ["usage"] = new JsonObject { ["output_tokens"] = Generated.Count }
                    });
                yield return Event("message_stop", []);
                break;
        }
    }

    /// <summary>The whole answer as one object.</summary>
    public JsonObject Whole() => job.Shape switch
    {
        FakeShape.Native => Native(Text),
        FakeShape.Text =>
            WholeChoices("text_completion",
                i => new() { ["text"] = Text, ["index"] = i, ["logprobs"] = null, ["finish_reason"] = FinishReason }),
        FakeShape.Chat =>
            WholeChoices("chat.completion",
                i => new()
                {
                    ["finish_reason"] = FinishReason,
                    ["index"] = i,
                    ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = Text }
                }),
        FakeShape.Responses => ResponseObject(),
        _ => new()
        {
            ["id"] = id,
            ["type"] = "message",
            ["role"] = "assistant",
            ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Text }),
            ["model"] = options.Model,
            ["stop_reason"] = StopReason(),
            ["stop_sequence"] = null,
            ["usage"] = AnthropicUsage(Generated.Count),
        },
    };

    private JsonObject Native(string content)
    {
        var answer = new JsonObject
        {
            ["index"] = 0,
            ["content"] = content,
            ["tokens"] = new JsonArray(),
            ["id_slot"] = Slot ?? -1,
            ["stop"] = true,
            ["model"] = options.Model,
            ["tokens_predicted"] = Generated.Count,
            ["tokens_evaluated"] = job.Prompt.Count,
            ["generation_settings"] = new JsonObject
            {
                ["seed"] = 4294967295,
                ["n_predict"] = job.Limit,
                ["stream"] = job.IsStream,
                ["lora"] = new JsonArray(),
            },
            ["prompt"] = FakeTokens.Text(job.Prompt),
            ["truncated"] = false,
            ["stop_type"] = FinishReason == "length" ? "limit" : "eos",
            ["tokens_cached"] = job.Prompt.Count + Math.Max(0, Generated.Count - 1),
        };
        WithTimings(answer);
        if (Likeliest.Count > 0)
        {
            JsonObject Entry((int Token, double LogProbability) p) => new()
            {
                ["id"] = p.Token,
                ["token"] = FakeTokens.Text([p.Token]),
                ["bytes"] = new JsonArray(p.Token - TinyVocabulary.FirstByte),
                ["logprob"] = p.LogProbability,
            };
            var first = Entry(Likeliest[0]);
            first["top_logprobs"] = new JsonArray([.. Likeliest.Select(p => (JsonNode)Entry(p))]);
            answer["completion_probabilities"] = new JsonArray(first);
        }

        return answer;
    }

    private JsonObject Chunk(JsonObject delta, string? finishReason) => new()
    {
        ["choices"] = new JsonArray(new JsonObject { ["finish_reason"] = finishReason, ["index"] = 0, ["delta"] = delta }),
        ["created"] = 1,
        ["id"] = id,
        ["model"] = options.Model,
        ["system_fingerprint"] = options.BuildInfo,
        ["object"] = "chat.completion.chunk",
    };

    private JsonObject TextChunk(string text, string? finishReason) => new()
    {
        ["choices"] = new JsonArray(
            new JsonObject { ["text"] = text, ["index"] = 0, ["logprobs"] = null, ["finish_reason"] = finishReason }),
        ["created"] = 1,
        ["model"] = options.Model,
        ["system_fingerprint"] = options.BuildInfo,
        ["object"] = "text_completion",
        ["id"] = id,
    };

    private JsonObject WholeChoices(string type, Func<int, JsonObject> choice)
    {
        var first = choice(0);
        if (Likeliest.Count > 0)
        {
            JsonObject Entry((int Token, double LogProbability) p) => new()
            {
                ["token"] = FakeTokens.Text([p.Token]),
                ["bytes"] = new JsonArray(p.Token - TinyVocabulary.FirstByte),
                ["logprob"] = p.LogProbability,
            };
            var entry = Entry(Likeliest[0]);
            entry["top_logprobs"] = new JsonArray([.. Likeliest.Select(p => (JsonNode)Entry(p))]);
            first["logprobs"] = new JsonObject { ["content"] = new JsonArray(entry) };
        }

        return WithTimings(new()
        {
            ["choices"] = new JsonArray([first, .. Enumerable.Range(1, job.Choices - 1).Select(i => (JsonNode)choice(i))]),
            ["created"] = 1,
            ["model"] = options.Model,
            ["system_fingerprint"] = options.BuildInfo,
            ["object"] = type,
            ["usage"] = Usage(),
            ["id"] = id,
        });
    }

    private JsonObject ResponseObject() => new()
    {
        ["id"] = id,
        ["object"] = "response",
        ["created_at"] = 1,
        ["status"] = "completed",
        ["model"] = options.Model,
        ["output"] = new JsonArray(OutputMessage()),
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = job.Prompt.Count,
            ["output_tokens"] = Generated.Count,
            ["total_tokens"] = job.Prompt.Count + Generated.Count,
            ["input_tokens_details"] = new JsonObject
            {
                ["cached_tokens"] = Cached
            },
        },
    };

    private JsonObject OutputMessage() => new()
    {
        ["type"] = "message",
        ["status"] = "completed",
        ["id"] = "msg_" + id,
        ["content"] = new JsonArray(OutputText()),
        ["role"] = "assistant",
    };

    private JsonObject OutputText() => new()
    {
        ["type"] = "output_text",
        ["annotations"] = new JsonArray(),
        ["logprobs"] = new JsonArray(),
        ["text"] = Text,
    };

    private string StopReason() => FinishReason == "length" ? "max_tokens" : "end_turn";

    private JsonObject AnthropicUsage(int output) => new()
    {
        ["cache_read_input_tokens"] = Cached,
        ["input_tokens"] = job.Prompt.Count - Cached,
        ["output_tokens"] = output,
    };

    private JsonObject Usage()
    {
        var usage = new JsonObject
        {
            ["completion_tokens"] = Generated.Count,
            ["prompt_tokens"] = job.Prompt.Count,
            ["total_tokens"] = job.Prompt.Count + Generated.Count,
        };
        if (!IsForeign)
            usage["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = Cached };
        return usage;
    }

    private JsonObject WithTimings(JsonObject answer)
    {
        if (!IsForeign)
        {
            answer["timings"] = new JsonObject
            {
                ["cache_n"] = Cached,
                ["prompt_n"] = job.Prompt.Count - Cached,
                ["prompt_ms"] = 0.5 + (2.0 * (job.Prompt.Count - Cached)),
                ["prompt_per_token_ms"] = 0.1,
                ["prompt_per_second"] = 10000.25,
                ["predicted_n"] = Generated.Count,
                ["predicted_ms"] = 0.25,
                ["predicted_per_token_ms"] = 0.1,
                ["predicted_per_second"] = 10000.0,
            };
        }

        return answer;
    }

    private static string Event(string name, JsonObject data)
    {
        var typed = new JsonObject { ["type"] = name };
        foreach (var (key, value) in data)
            typed[key] = value?.DeepClone();
        return $"event: {name}\n{Event(typed)}";
    }

    private static string Event(JsonObject data) => $"data: {Encoding.UTF8.GetString(FakeJson.Bytes(data))}\n\n";
}
