using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Requests;

/// <summary>A plugin's answer in the form of its endpoint, so that clients see no difference.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="IsNative">llama-server's own completion, which has a shape of its own.</param>
/// <param name="Id">The request's id.</param>
/// <param name="Model">What the client called the model.</param>
/// <param name="Created">Unix seconds.</param>
internal sealed record ReplyShape(PromptEndpoint Endpoint, bool IsNative, string Id, string Model, long Created)
{
    /// <summary>The events before the first piece of text.</summary>
    public string Opening() => Endpoint switch
    {
        PromptEndpoint.Chat => Event(Chunk(new JsonObject { ["role"] = "assistant", ["content"] = null }, null)),
        PromptEndpoint.Responses =>
            Event("response.created", new() { ["response"] = Response("in_progress", null) })
            + Event("response.output_item.added", new() { ["output_index"] = 0, ["item"] = Item("in_progress", null) })
            + Event("response.content_part.added", InItem(new() { ["part"] = Part("") })),
        PromptEndpoint.Messages =>
            Event("message_start", new() { ["message"] = Message(null) })
            + Event("content_block_start", new() { ["index"] = 0, ["content_block"] = Block("") }),
        _ => "",
    };

    /// <summary>The event of a piece of text.</summary>
    public string Piece(string text) => Endpoint switch
    {
        PromptEndpoint.Chat => Event(Chunk(new JsonObject { ["content"] = text }, null)),
        PromptEndpoint.Responses => Event("response.output_text.delta", InItem(new() { ["delta"] = text })),
        PromptEndpoint.Messages => Event(
            "content_block_delta", new() { ["index"] = 0, ["delta"] = new JsonObject { ["type"] = "text_delta", ["text"] = text } }),
        _ => Event(Completion(text, isLast: false)),
    };

    /// <summary>The events behind the last piece.</summary>
    public string Closing(string text, ReplyUsage usage) => Endpoint switch
    {
        PromptEndpoint.Chat => Event(Chunk([], "stop")) + (usage.IsWanted ? Event(UsageChunk(usage)) : "") + "data: [DONE]\n\n",
        PromptEndpoint.Responses =>
            Event("response.output_text.done", InItem(new() { ["text"] = text }))
            + Event("response.content_part.done", InItem(new() { ["part"] = Part(text) }))
            + Event("response.output_item.done", new() { ["output_index"] = 0, ["item"] = Item("completed", text) })
            + Event("response.completed", new() { ["response"] = Response("completed", text, usage) }),
        PromptEndpoint.Messages =>
            Event("content_block_stop", new() { ["index"] = 0 })
            + Event("message_delta", new()
            {
                ["delta"] = new JsonObject { ["stop_reason"] = "end_turn", ["stop_sequence"] = null },
                ["usage"] = new JsonObject { ["output_tokens"] = usage.Generated },
            })
            + Event("message_stop", []),
        _ => Event(Completion("", isLast: true, usage)) + (IsNative ? "" : "data: [DONE]\n\n"),
    };

    /// <summary>The body of a whole answer.</summary>
    public byte[] Whole(string text, ReplyUsage usage) => Encoding.UTF8.GetBytes((Endpoint switch
    {
        PromptEndpoint.Chat => new JsonObject
        {
            ["choices"] = new JsonArray(new JsonObject
            {
                ["finish_reason"] = "stop",
                ["index"] = 0,
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text },
            }),
            ["created"] = Created,
            ["model"] = Model,
            ["object"] = "chat.completion",
            ["usage"] = OpenAi(usage),
            ["id"] = "chatcmpl-" + Id,
        },
        PromptEndpoint.Responses => Response("completed", text, usage),
        PromptEndpoint.Messages => Message(text, usage),
        _ => Completion(text, isLast: true, usage with { IsWanted = true }),
    }).ToJsonString(JsonWriting.Relaxed));

    private string ItemId => "msg_" + Id;

    private static string Event(JsonObject data) => $"data: {data.ToJsonString(JsonWriting.Relaxed)}\n\n";

    private static string Event(string type, JsonObject data)
    {
        data.Insert(0, "type", type);
        return $"event: {type}\ndata: {data.ToJsonString(JsonWriting.Relaxed)}\n\n";
    }

    private static JsonObject Block(string text) => new() { ["type"] = "text", ["text"] = text };

    /// <summary>Puts the members in front that say where in the answer an event belongs.</summary>
    private JsonObject InItem(JsonObject data)
    {
        data.Insert(0, "item_id", ItemId);
        data.Insert(1, "output_index", 0);
        data.Insert(2, "content_index", 0);
        return data;
    }

    private static JsonObject Part(string text) => new() { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() };

    private JsonObject Chunk(JsonObject delta, string? finish) => new()
    {
        ["choices"] = new JsonArray(new JsonObject { ["finish_reason"] = finish, ["index"] = 0, ["delta"] = delta }),
        ["created"] = Created,
        ["id"] = "chatcmpl-" + Id,
        ["model"] = Model,
        ["object"] = "chat.completion.chunk",
    };

    private JsonObject UsageChunk(ReplyUsage usage)
    {
        var chunk = Chunk([], null);
        chunk["choices"] = new JsonArray();
        chunk["usage"] = OpenAi(usage);
        return chunk;
    }

    private static JsonObject OpenAi(ReplyUsage usage) => new()
    {
        ["completion_tokens"] = usage.Generated,
        ["prompt_tokens"] = usage.Prompt,
        ["total_tokens"] = usage.Prompt + usage.Generated,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = usage.Cached },
    };

    private JsonObject Completion(string text, bool isLast, ReplyUsage usage)
    {
        var completion = Completion(text, isLast);
        if (isLast && usage.IsWanted && !IsNative)
            completion["usage"] = OpenAi(usage);
        return completion;
    }

    private JsonObject Completion(string text, bool isLast) => IsNative
        ? new() { ["index"] = 0, ["content"] = text, ["tokens"] = new JsonArray(), ["stop"] = isLast, ["id_slot"] = -1, ["model"] = Model }
        : new()
        {
            ["choices"] = new JsonArray(new JsonObject
            {
                ["text"] = text,
                ["index"] = 0,
                ["logprobs"] = null,
                ["finish_reason"] = isLast ? "stop" : null,
            }),
            ["created"] = Created,
            ["model"] = Model,
            ["object"] = "text_completion",
            ["id"] = "cmpl-" + Id,
        };

    private JsonObject Item(string status, string? text) => new()
    {
        ["type"] = "message",
        ["id"] = ItemId,
        ["status"] = status,
        ["role"] = "assistant",
        ["content"] = text is null ? new JsonArray() : new JsonArray(Part(text)),
    };

    private JsonObject Response(string status, string? text, ReplyUsage usage = default) => new()
    {
        ["id"] = "resp_" + Id,
        ["object"] = "response",
        ["created_at"] = Created,
        ["status"] = status,
        ["model"] = Model,
        ["output"] = text is null ? new JsonArray() : new JsonArray(Item("completed", text)),
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = usage.Prompt,
            ["output_tokens"] = usage.Generated,
            ["total_tokens"] = usage.Prompt + usage.Generated,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = usage.Cached },
        },
    };

    private JsonObject Message(string? text, ReplyUsage usage = default) => new()
    {
        ["id"] = ItemId,
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = Model,
        ["content"] = text is null ? new JsonArray() : new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
        ["stop_reason"] = text is null ? null : "end_turn",
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = usage.Prompt - usage.Cached,
            ["cache_read_input_tokens"] = usage.Cached,
            ["output_tokens"] = usage.Generated,
        },
    };
}
