using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>
/// Finds the texts of a message that are not its content: arguments and results of tool calls, and reasoning. Reads on demand: most
/// requests have no plugin that asks for them. Of several members with one name the last counts, as for the backend.
/// </summary>
internal sealed class OtherPartsReader(ReadOnlyMemory<byte> body, PromptEndpoint endpoint)
{
    private readonly List<(PromptPart Part, JsonRange Token)> _found = [];

    /// <summary>The texts of one message, in the order sent.</summary>
    public List<(PromptPart Part, JsonRange Token)> Read(MessageRanges message)
    {
        if (endpoint == PromptEndpoint.Chat)
            ReadChat(message);
        else if (endpoint == PromptEndpoint.Responses)
            ReadItem(message);
        else if (endpoint == PromptEndpoint.Messages)
            ReadBlocks(message);
        _found.Sort(static (left, right) => left.Token.Start.CompareTo(right.Token.Start));
        return _found;
    }

    private ReadOnlySpan<byte> Bytes => body.Span;

    private void ReadChat(MessageRanges message)
    {
        Add("reasoning", MemberOf(message, "reasoning_content"), null, null);
        if (MemberOf(message, "function_call") is { } old)
            Add("tool_call", Find(old, "arguments"), null, Text(old, "name"), mayBeJson: true);
        if (MemberOf(message, "tool_calls") is not { } calls)
            return;
        foreach (var call in ElementsOf(calls))
        {
            if (Find(call, "function") is { } function)
                Add("tool_call", Find(function, "arguments"), Text(call, "id"), Text(function, "name"), mayBeJson: true);
        }
    }

    /// <summary>An item of <c>input</c>; that of a call or a result has neither role nor content.</summary>
    private void ReadItem(MessageRanges message)
    {
        switch (Text(MemberOf(message, "type")))
        {
            case "function_call":
                Add("tool_call", MemberOf(message, "arguments"), CallOf(message), Text(MemberOf(message, "name")), mayBeJson: true);
                break;
            case "custom_tool_call":
                Add("tool_call", MemberOf(message, "input"), CallOf(message), Text(MemberOf(message, "name")));
                break;
            case "function_call_output" or "custom_tool_call_output":
                AddContent("tool_result", MemberOf(message, "output"), CallOf(message));
                break;
            case "reasoning":
                AddContent("reasoning", MemberOf(message, "summary"), null);
                foreach (var part in message.Parts)
                    Add("reasoning", part.IsText ? null : Find(part.Range, "text"), null, null);
                break;
        }
    }

    private void ReadBlocks(MessageRanges message)
    {
        foreach (var part in message.Parts)
        {
            if (part.Type == "tool_use")
                Add("tool_call", Find(part.Range, "input"), Text(part.Range, "id"), Text(part.Range, "name"), mayBeJson: true);
            else if (part.Type == "tool_result")
                AddContent("tool_result", Find(part.Range, "content"), Text(part.Range, "tool_use_id"));
            else if (part.Type == "thinking")
                Add("reasoning", Find(part.Range, "thinking"), null, null);
        }
    }

    private string? CallOf(MessageRanges message) => Text(MemberOf(message, "call_id"));

    /// <summary>A content: a string, or a list of parts of which some have a text.</summary>
    private void AddContent(string type, JsonRange? content, string? call)
    {
        if (content is not { } range)
            return;
        if (IsString(range))
        {
            Add(type, range, call, null);
            return;
        }

        foreach (var part in ElementsOf(range))
            Add(type, Find(part, "text"), call, null);
    }

    private void Add(string type, JsonRange? value, string? call, string? tool, bool mayBeJson = false)
    {
        if (value is not { } range || !(IsString(range) || (mayBeJson && Bytes[range.Start] == '{')))
            return;
        var part = new PromptPart(type, body.Slice(range.Start, range.Length))
        {
            CallId = call,
            ToolName = tool,
            IsJson = !IsString(range),
        };
        _found.Add((part, range));
    }

    private bool IsString(JsonRange range) => Bytes[range.Start] == '"';

    /// <summary>A member of a message beside its role and content.</summary>
    private JsonRange? MemberOf(MessageRanges message, string name) => message.Find(Bytes, name);

    private JsonRange? Find(JsonRange value, string name) =>
        JsonMembers.Find(value.Of(Bytes), name) is { } found ? found with { Start = value.Start + found.Start } : null;

    private string? Text(JsonRange value, string name) => Text(Find(value, name));

    private string? Text(JsonRange? value) => value is { } range ? JsonText.StringOrNull(range.Of(Bytes)) : null;

    private List<JsonRange> ElementsOf(JsonRange list) => JsonMembers.Elements(Bytes, list);
}
