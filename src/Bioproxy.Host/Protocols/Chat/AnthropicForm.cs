using System.Text.Json.Nodes;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Chat;

/// <summary>An Anthropic message request as the chat that llama-server makes of it.</summary>
internal static class AnthropicForm
{
    public static JsonObject Of(JsonObject request)
    {
        var messages = new JsonArray();
        if (request["system"] is { } system)
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = SystemText(system) });
        foreach (var message in request["messages"] as JsonArray ?? [])
        {
            if (message is JsonObject one)
                AddMessage(messages, one);
        }

        var chat = new JsonObject { ["messages"] = messages };
        if (request["tools"] is JsonArray tools)
            chat["tools"] = new JsonArray([.. tools.Select(Tool)]);
        if (request["tool_choice"] is JsonObject choice)
            chat["tool_choice"] = ChatForm.Text(choice, "type") is "any" or "tool" ? "required" : "auto";
        if (request["chat_template_kwargs"] is { } arguments)
            chat["chat_template_kwargs"] = ChatForm.Copy(arguments);
        return chat;
    }

    private static string SystemText(JsonNode system) => system is JsonArray blocks
        ? string.Concat(blocks.Where(static block => ChatForm.Text(block, "type") == "text")
            .Select(static block => BillingHeader.Neutral(ChatForm.Text(block, "text"))))
        : BillingHeader.Neutral(system.GetValue<string>());

    private static JsonNode Tool(JsonNode? tool) => new JsonObject
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = ChatForm.Text(tool, "name"),
            ["description"] = ChatForm.Text(tool, "description"),
            ["parameters"] = ChatForm.Copy((tool as JsonObject)?["input_schema"]) ?? new JsonObject(),
        },
    };

    private static void AddMessage(JsonArray messages, JsonObject message)
    {
        if (message["content"] is not JsonArray blocks)
        {
            if (message.ContainsKey("content") || ChatForm.Text(message, "role") != "assistant")
                messages.Add(ChatForm.Copy(message));
            return;
        }

        var parts = new JsonArray();
        var calls = new JsonArray();
        var results = new List<JsonObject>();
        var reasoning = "";
        foreach (var block in blocks)
        {
            switch (ChatForm.Text(block, "type"))
            {
                case "text":
                    parts.Add(ChatForm.Copy(block));
                    break;
                case "thinking":
                    reasoning += ChatForm.Text(block, "thinking");
                    break;
                case "image":
                    AddImage(parts, block);
                    break;
                case "tool_use":
                    calls.Add(Call(block!));
                    break;
                case "tool_result":
                    results.Add(Result(block!));
                    break;
            }
        }

        if (parts.Count + calls.Count + reasoning.Length > 0)
        {
            var one = new JsonObject { ["role"] = ChatForm.Text(message, "role"), ["content"] = parts.Count > 0 ? parts : "" };
            if (calls.Count > 0)
                one["tool_calls"] = calls;
            if (reasoning.Length > 0)
                one["reasoning_content"] = reasoning;
            messages.Add(one);
        }

        foreach (var result in results)
            messages.Add(result);
    }

    private static JsonObject Call(JsonNode block) => new()
    {
        ["id"] = ChatForm.Text(block, "id"),
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = ChatForm.Text(block, "name"),
            ["arguments"] = (block["input"] ?? new JsonObject()).ToJsonString(JsonWriting.Relaxed),
        },
    };

    private static JsonObject Result(JsonNode block)
    {
        var parts = new JsonArray();
        var text = ChatForm.Text(block, "content");
        foreach (var part in block["content"] as JsonArray ?? [])
        {
            if (ChatForm.Text(part, "type") == "text")
            {
                text += ChatForm.Text(part, "text");
                parts.Add(new JsonObject { ["type"] = "text", ["text"] = ChatForm.Text(part, "text") });
            }
            else
            {
                AddImage(parts, part);
            }
        }

        var hasImages = parts.Any(static part => ChatForm.Text(part, "type") == "image_url");
        return new JsonObject
        {
            ["role"] = "tool",
            ["tool_call_id"] = ChatForm.Text(block, "tool_use_id"),
            ["content"] = hasImages ? parts : text,
        };
    }

    private static void AddImage(JsonArray parts, JsonNode? block)
    {
        var source = (block as JsonObject)?["source"];
        var url = ChatForm.Text(source, "type") switch
        {
            "base64" => $"data:{(ChatForm.Text(source, "media_type") is { Length: > 0 } type ? type : "image/jpeg")};base64,"
                + ChatForm.Text(source, "data"),
            "url" => ChatForm.Text(source, "url"),
            _ => null,
        };
        if (url is not null)
            parts.Add(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = url } });
    }
}
