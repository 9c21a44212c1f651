using System.Text.Json.Nodes;

namespace Bioproxy.Host.Protocols.Chat;

/// <summary>A request of OpenAI's Responses API as the chat that llama-server makes of it.</summary>
internal static class ResponsesForm
{
    public static JsonObject Of(JsonObject request)
    {
        var messages = new JsonArray();
        if (request.ContainsKey("instructions"))
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = ChatForm.Text(request, "instructions") });
        if (request["input"] is JsonArray items)
        {
            foreach (var item in items)
            {
                if (item is JsonObject one)
                    AddItem(messages, one);
            }
        }
        else
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = ChatForm.Text(request, "input") });
        }

        var chat = new JsonObject();
        foreach (var (name, value) in request)
        {
            if (name is not ("input" or "instructions" or "tools" or "max_output_tokens" or "reasoning"))
                chat[name] = ChatForm.Copy(value);
        }

        chat["messages"] = messages;
        if (request["tools"] is JsonArray tools && Tools(tools) is { Count: > 0 } functions)
            chat["tools"] = functions;
        if (request["reasoning"] is JsonObject reasoning && reasoning["effort"] is { } effort)
            chat["reasoning_effort"] = ChatForm.Copy(effort);
        return chat;
    }

    /// <summary>Functions; the server leaves other tools out.</summary>
    private static JsonArray Tools(JsonArray tools)
    {
        var functions = new JsonArray();
        foreach (var tool in tools.OfType<JsonObject>().Where(static tool => ChatForm.Text(tool, "type") == "function"))
        {
            var function = (JsonObject)tool.DeepClone();
            function.Remove("type");
            function.TryAdd("strict", true);
            functions.Add(new JsonObject { ["type"] = "function", ["function"] = function });
        }

        return functions;
    }

    private static void AddItem(JsonArray messages, JsonObject item)
    {
        var role = ChatForm.Text(item, "role");
        switch (ChatForm.Text(item, "type"))
        {
            case "function_call":
                Calls(messages).Add(new JsonObject
                {
                    ["function"] = new JsonObject
                    {
                        ["arguments"] = ChatForm.Text(item, "arguments"),
                        ["name"] = ChatForm.Text(item, "name"),
                    },
                    ["id"] = ChatForm.Text(item, "call_id"),
                    ["type"] = "function",
                });
                break;
            case "function_call_output":
                messages.Add(new JsonObject
                {
                    ["content"] = item["output"] is JsonArray outputs ? Parts(outputs) : ChatForm.Text(item, "output"),
                    ["role"] = "tool",
                    ["tool_call_id"] = ChatForm.Text(item, "call_id"),
                });
                break;
            case "reasoning":
                Assistant(messages)["reasoning_content"] = ChatForm.Text((item["content"] as JsonArray)?.FirstOrDefault(), "text");
                break;
            default:
                AddMessage(messages, role, item);
                break;
        }
    }

    private static void AddMessage(JsonArray messages, string role, JsonObject item)
    {
        var parts = item["content"] is JsonArray content ? Parts(content) : [TextPart(ChatForm.Text(item, "content"))];
        if (role == "assistant" && messages.LastOrDefault() is JsonObject last && ChatForm.Text(last, "role") == "assistant")
        {
            if (last["content"] is not JsonArray all)
                last["content"] = all = [];
            foreach (var part in parts.ToList())
            {
                parts.Remove(part);
                all.Add(part);
            }

            return;
        }

        var message = (JsonObject)item.DeepClone();
        message.Remove("type");
        message.Remove("status");
        message["content"] = parts;
        messages.Add(message);
    }

    private static JsonArray Parts(JsonArray parts) => new([.. parts.Select(static part => ChatForm.Text(part, "type") switch
    {
        "input_text" or "output_text" => TextPart(ChatForm.Text(part, "text")),
        "input_image" => new JsonObject
        {
            ["image_url"] = new JsonObject { ["url"] = ChatForm.Copy(((JsonObject)part!)["image_url"]) },
            ["type"] = "image_url",
        },
        _ => ChatForm.Copy(part),
    })]);

    private static JsonObject TextPart(string text) => new JsonObject { ["text"] = text, ["type"] = "text" };

    /// <summary>The assistant's message that goes on, or a new one.</summary>
    private static JsonObject Assistant(JsonArray messages)
    {
        if (messages.LastOrDefault() is JsonObject last && ChatForm.Text(last, "role") == "assistant")
            return last;
        var added = new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray() };
        messages.Add(added);
        return added;
    }

    private static JsonArray Calls(JsonArray messages)
    {
        var isNew = messages.LastOrDefault() is not JsonObject last || ChatForm.Text(last, "role") != "assistant";
        var message = Assistant(messages);
        if (isNew)
            message.Remove("content");
        if (message["tool_calls"] is not JsonArray calls)
            message["tool_calls"] = calls = [];
        return calls;
    }
}
