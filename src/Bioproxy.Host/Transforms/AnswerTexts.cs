using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// Finds the texts in an answer, or in one event of a stream. The shapes are recognised by their members: OpenAI chat and completions
/// (<c>choices</c>), llama-server's own (<c>content</c> is a string), OpenAI responses (<c>type: response.…</c>, or <c>output</c>) and
/// Anthropic messages (<c>type: content_block_…</c>, or <c>content</c> is an array).
/// </summary>
internal sealed class AnswerTexts
{
    private readonly List<AnswerText> _texts = [];
    private readonly List<JsonElement> _once = [];
    private readonly List<int> _ended = [];
    private readonly List<AnswerCall> _calls = [];
    private bool _isStream;
    private bool _hasChoices;

    public IReadOnlyList<AnswerText> Texts => _texts;

    /// <summary>Strings beside the pieces that must not be sent twice, because clients append them: the role, the name of a tool.</summary>
    public IReadOnlyList<JsonElement> Once => _once;

    /// <summary>The tool calls that begin here.</summary>
    public IReadOnlyList<AnswerCall> Calls => _calls;

    /// <summary>The answer itself, without reasoning; of several choices the first.</summary>
    public IEnumerable<AnswerText> Answer => _texts.Where(
        text => text.Channel.Kind == ResponseTextKind.Answer && text.IsDelta == _isStream && !(_hasChoices && text.Channel.Index > 0));

    /// <summary>The choices (output items, content blocks) that are complete with this event.</summary>
    public IReadOnlyList<int> Ended => _ended;

    /// <summary>The choice (output item, content block) that a channel belongs to.</summary>
    public static int OwnerOf(ResponseChannel channel) =>
        channel.Kind == ResponseTextKind.ToolArguments ? channel.Index / 1000 : channel.Index;

    /// <summary>Reads a JSON answer, or the JSON of one event.</summary>
    /// <exception cref="InvalidOperationException">A member's name is not valid Unicode (a lone surrogate).</exception>
    public void Read(JsonElement root, bool isStream)
    {
        _texts.Clear();
        _once.Clear();
        _ended.Clear();
        _calls.Clear();
        _isStream = isStream;
        _hasChoices = false;
        if (root.ValueKind == JsonValueKind.Object)
        {
            One(root);
        }
        else if (root.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in root.EnumerateArray())
            {
                if (element.ValueKind == JsonValueKind.Object)
                    One(element);
            }
        }
    }

    private static ResponseChannel Arguments(int owner, int call) => new(ResponseTextKind.ToolArguments, (1000 * owner) + call);

    private void One(JsonElement root)
    {
        if (Is(root, "choices"u8, JsonValueKind.Array, out var choices))
            Choices(choices);
        else if (Is(root, "content"u8, JsonValueKind.String, out _))
            Native(root);
        else if (Is(root, "type"u8, JsonValueKind.String, out var type) && JsonTokens.TextOf(type) is { } name && IsEvent(name))
            Event(name, root);
        else if (Is(root, "output"u8, JsonValueKind.Array, out var output))
            Items(output);
        else if (Is(root, "content"u8, JsonValueKind.Array, out var blocks))
            Blocks(blocks);
    }

    private static bool IsEvent(string type) =>
        type.StartsWith("response.", StringComparison.Ordinal) || type.StartsWith("content_block_", StringComparison.Ordinal);

    private void Choices(JsonElement choices)
    {
        var position = 0;
        _hasChoices = true;
        foreach (var choice in choices.EnumerateArray())
        {
            var index = Number(choice, "index"u8) ?? position;
            position++;
            if (Is(choice, "delta"u8, JsonValueKind.Object, out var delta))
                Message(delta, index, isDelta: true);
            else if (Is(choice, "message"u8, JsonValueKind.Object, out var message))
                Message(message, index, isDelta: false);
            else
                Add(choice, "text"u8, ResponseTextKind.Answer, index, _isStream);
            if (Is(choice, "finish_reason"u8, JsonValueKind.String, out _))
                _ended.Add(index);
        }
    }

    private void Message(JsonElement message, int index, bool isDelta)
    {
        AddOnce(message, "role"u8);
        Add(message, "reasoning_content"u8, ResponseTextKind.Reasoning, index, isDelta);
        Add(message, "content"u8, ResponseTextKind.Answer, index, isDelta);
        if (!Is(message, "tool_calls"u8, JsonValueKind.Array, out var calls))
            return;
        var position = 0;
        foreach (var call in calls.EnumerateArray())
        {
            AddOnce(call, "id"u8);
            if (Is(call, "function"u8, JsonValueKind.Object, out var function))
            {
                var channel = Arguments(index, Number(call, "index"u8) ?? position);
                AddOnce(function, "name"u8);
                AddCall(channel, call, "id"u8, function);
                if (Is(function, "arguments"u8, JsonValueKind.String, out var arguments))
                    _texts.Add(new(channel, arguments, isDelta));
            }

            position++;
        }
    }

    private void Native(JsonElement root)
    {
        var index = Number(root, "index"u8) ?? 0;
        _hasChoices = true;
        Add(root, "content"u8, ResponseTextKind.Answer, index, _isStream);
        if (Is(root, "stop"u8, JsonValueKind.True, out _))
            _ended.Add(index);
    }

    private void Event(string type, JsonElement root)
    {
        var index = Number(root, "output_index"u8) ?? Number(root, "index"u8) ?? 0;
        switch (type)
        {
            case "response.output_text.delta":
                Add(root, "delta"u8, ResponseTextKind.Answer, index, isDelta: true);
                break;
            case "response.reasoning_text.delta" or "response.reasoning_summary_text.delta":
                Add(root, "delta"u8, ResponseTextKind.Reasoning, index, isDelta: true);
                break;
            case "response.function_call_arguments.delta" when Is(root, "delta"u8, JsonValueKind.String, out var piece):
                _texts.Add(new(Arguments(index, 0), piece, IsDelta: true));
                break;
            case "response.output_text.done":
                Add(root, "text"u8, ResponseTextKind.Answer, index, isDelta: false);
                break;
            case "response.reasoning_text.done" or "response.reasoning_summary_text.done":
                Add(root, "text"u8, ResponseTextKind.Reasoning, index, isDelta: false);
                break;
            case "response.function_call_arguments.done" when Is(root, "arguments"u8, JsonValueKind.String, out var whole):
                _texts.Add(new(Arguments(index, 0), whole, IsDelta: false));
                break;
            case "content_block_delta" when Is(root, "delta"u8, JsonValueKind.Object, out var delta):
                Add(delta, "text"u8, ResponseTextKind.Answer, index, isDelta: true);
                Add(delta, "thinking"u8, ResponseTextKind.Reasoning, index, isDelta: true);
                if (Is(delta, "partial_json"u8, JsonValueKind.String, out var json))
                    _texts.Add(new(Arguments(index, 0), json, IsDelta: true));
                break;
            default:
                if (Is(root, "part"u8, JsonValueKind.Object, out var part))
                    Add(part, "text"u8, ResponseTextKind.Answer, index, isDelta: false);
                if (Is(root, "item"u8, JsonValueKind.Object, out var item))
                    Item(item, index);
                if (Is(root, "content_block"u8, JsonValueKind.Object, out var block))
                    AddCall(Arguments(index, 0), block, "id"u8, block);
                if (Is(root, "response"u8, JsonValueKind.Object, out var response)
                    && Is(response, "output"u8, JsonValueKind.Array, out var output))
                {
                    Items(output);
                }

                break;
        }

        if (type == "content_block_stop" || type.EndsWith(".done", StringComparison.Ordinal))
            _ended.Add(index);
    }

    private void Items(JsonElement output)
    {
        var index = 0;
        foreach (var item in output.EnumerateArray())
            Item(item, index++);
    }

    private void Item(JsonElement item, int index)
    {
        if (item.ValueKind != JsonValueKind.Object)
            return;
        var isReasoning = Is(item, "type"u8, JsonValueKind.String, out var type) && type.ValueEquals("reasoning");
        var kind = isReasoning ? ResponseTextKind.Reasoning : ResponseTextKind.Answer;
        Parts(item, "content"u8, kind, index);
        Parts(item, "summary"u8, kind, index);
        AddCall(Arguments(index, 0), item, "call_id"u8, item);
        if (Is(item, "arguments"u8, JsonValueKind.String, out var arguments))
            _texts.Add(new(Arguments(index, 0), arguments, IsDelta: false));
    }

    private void Parts(JsonElement item, ReadOnlySpan<byte> name, ResponseTextKind kind, int index)
    {
        if (!Is(item, name, JsonValueKind.Array, out var parts))
            return;
        foreach (var part in parts.EnumerateArray())
            Add(part, "text"u8, kind, index, isDelta: false);
    }

    private void Blocks(JsonElement blocks)
    {
        var index = 0;
        foreach (var block in blocks.EnumerateArray())
        {
            Add(block, "text"u8, ResponseTextKind.Answer, index, isDelta: false);
            Add(block, "thinking"u8, ResponseTextKind.Reasoning, index, isDelta: false);
            AddCall(Arguments(index, 0), block, "id"u8, block);
            index++;
        }
    }

    private void Add(JsonElement element, ReadOnlySpan<byte> name, ResponseTextKind kind, int index, bool isDelta)
    {
        if (Is(element, name, JsonValueKind.String, out var token))
            _texts.Add(new(new ResponseChannel(kind, index), token, isDelta));
    }

    private void AddOnce(JsonElement element, ReadOnlySpan<byte> name)
    {
        if (Is(element, name, JsonValueKind.String, out var token))
            _once.Add(token);
    }

    /// <summary>A call without an id has none that could come back.</summary>
    private void AddCall(ResponseChannel channel, JsonElement call, ReadOnlySpan<byte> idName, JsonElement named)
    {
        if (Is(call, idName, JsonValueKind.String, out var token) && JsonTokens.TextOf(token) is { } id
            && Is(named, "name"u8, JsonValueKind.String, out var name))
        {
            var input = Is(call, "input"u8, JsonValueKind.Object, out var value) ? value.GetRawText() : null;
            _calls.Add(new AnswerCall(channel, id, JsonTokens.TextOf(name), input));
        }
    }

    private static bool Is(JsonElement element, ReadOnlySpan<byte> name, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == kind;
    }

    private static int? Number(JsonElement element, ReadOnlySpan<byte> name) =>
        Is(element, name, JsonValueKind.Number, out var value) && value.TryGetInt32(out var number) ? number : null;
}
