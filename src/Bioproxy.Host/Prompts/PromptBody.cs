using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>What the proxy needs to know of a request body, as ranges of the client's bytes, found in one pass.</summary>
internal sealed class PromptBody
{
    /// <summary>
    /// Members besides the messages that can change how the backend renders the beginning of the prompt, or which KV state it
    /// may use. Two requests that differ in one of them share nothing.
    /// </summary>
    private static readonly string[] HeadNames =
    [
        "tools", "tool_choice", "functions", "function_call", "parallel_tool_calls", "chat_template", "chat_template_kwargs", "response_format", "json_schema",
        "reasoning_effort", "reasoning", "reasoning_format", "reasoning_budget", "thinking", "enable_thinking", "system", "instructions", "documents", "lora",
    ];

    private readonly JsonRange?[] _head = new JsonRange?[HeadNames.Length];

    private PromptBody(ReadOnlyMemory<byte> body, PromptEndpoint endpoint)
    {
        Body = body;
        Endpoint = endpoint;
    }

    public ReadOnlyMemory<byte> Body { get; }

    public PromptEndpoint Endpoint { get; }

    public string? Model { get; private set; }

    /// <summary>The <c>stream</c> member is true.</summary>
    public bool IsStream { get; private set; }

    /// <summary>What the client said of <c>return_progress</c> itself; null when nothing.</summary>
    public bool? WantsProgress { get; private set; }

    /// <summary>The value of <c>prompt_cache_key</c>: requests with the same one belong together.</summary>
    public JsonRange? CacheKey { get; private set; }

    /// <summary>The value of <c>user</c>.</summary>
    public JsonRange? User { get; private set; }

    /// <summary>False when the client asked for <c>cache_prompt: false</c>: it wants no reuse.</summary>
    public bool WantsCache { get; private set; } = true;

    /// <summary>How many generations the backend runs for this request: <c>n</c> (or <c>n_cmpl</c>) times the prompts of an array.</summary>
    public int Generations => Math.Max(1, _choices) * Math.Max(1, _prompts);

    public IReadOnlyList<MessageRanges> Messages { get; private set; } = [];

    /// <summary>Whether the prompt is one whose beginning can be compared: at least one message, one prompt, no private cache wish.</summary>
    public bool HasChain => Messages.Count > 0 && _prompts <= 1 && WantsCache;

    /// <summary>The value of the last <c>id_slot</c> member.</summary>
    public JsonRange? IdSlot { get; private set; }

    /// <summary>Just behind the opening brace.</summary>
    private int FirstMember { get; set; }

    private bool IsEmptyObject { get; set; } = true;

    private int _choices = 1;
    private int _prompts = 1;

    /// <summary>Members of the head that are present and say something, in a fixed order.</summary>
    public IEnumerable<(string Name, JsonRange Value)> Head
    {
        get
        {
            for (var i = 0; i < _head.Length; i++)
            {
                if (_head[i] is { } value)
                    yield return (HeadNames[i], value);
            }
        }
    }

    /// <summary>The head with the values of a request's <see cref="PromptContext.ReplacedMembers"/>.</summary>
    public IEnumerable<(string Name, ReadOnlyMemory<byte> Value)> HeadWith(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> replaced)
    {
        for (var i = 0; i < _head.Length; i++)
        {
            if (replaced.Count > 0 && replaced.TryGetValue(HeadNames[i], out var other))
            {
                if (!SaysNothing(other.Span))
                    yield return (HeadNames[i], other);
            }
            else if (_head[i] is { } value)
            {
                yield return (HeadNames[i], Body.Slice(value.Start, value.Length));
            }
        }
    }

    /// <summary>The names of <see cref="Head"/>.</summary>
    public IReadOnlyList<string> HeadMembers => Array.TrueForAll(_head, static value => value is null) ? [] : [.. Head.Select(static member => member.Name)];

    /// <summary>Where the value of a member stands; of several with one name the last, which is the one that counts.</summary>
    public JsonRange? Find(string name)
    {
        JsonRange? found = null;
        var reader = new Utf8JsonReader(Body.Span, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            var value = Value(ref reader);
            if (isIt)
                found = value;
        }

        return found;
    }

    /// <summary>Scans a body. Null when it is not a JSON object: then it is forwarded as it is, for the backend to say what is wrong.</summary>
    public static PromptBody? Read(ReadOnlyMemory<byte> body, PromptEndpoint endpoint)
    {
        var result = new PromptBody(body, endpoint);
        try
        {
            return result.Scan() ? result : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // no JSON, or a name or role that is no Unicode (a lone surrogate)
        }
    }

    /// <summary>The splice that makes the backend use one slot: a replaced value, or a new first member.</summary>
    /// <param name="slot">The slot's number, or -1 to let the backend choose where the client had chosen.</param>
    public JsonSplice Pin(int slot)
    {
        if (IdSlot is { } range)
            return new JsonSplice(range, JsonText.Number(slot));
        return First($"\"id_slot\":{slot}");
    }

    /// <summary>The splice that makes the backend write an event after every batch of the prompt: only so it notices soon that a client left.</summary>
    public JsonSplice AskForProgress() => First("\"return_progress\":true");

    private JsonSplice First(string member) =>
        new(new JsonRange(FirstMember, 0), System.Text.Encoding.ASCII.GetBytes(IsEmptyObject ? member : member + ","));

    private bool Scan()
    {
        var reader = new Utf8JsonReader(Body.Span, new JsonReaderOptions { MaxDepth = 512 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        FirstMember = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            IsEmptyObject = false;
            Member(ref reader);
        }

        while (reader.Read()) // anything behind the object is an error the reader throws
        {
        }

        return true;
    }

    private void Member(ref Utf8JsonReader reader)
    {
        if ((Endpoint is PromptEndpoint.Chat or PromptEndpoint.Messages) && reader.ValueTextEquals("messages"u8))
        {
            reader.Read();
            ReadMessages(ref reader);
        }
        else if (Endpoint == PromptEndpoint.Responses && reader.ValueTextEquals("input"u8))
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
                Messages = [new("user", [new("text", true, Value(ref reader))], [])];
            else
                ReadMessages(ref reader);
        }
        else if (Endpoint == PromptEndpoint.Completion && reader.ValueTextEquals("prompt"u8))
        {
            reader.Read();
            ReadPrompt(ref reader);
        }
        else if (reader.ValueTextEquals("model"u8))
        {
            reader.Read();
            Model = JsonText.StringOrNull(Value(ref reader).Of(Body.Span));
        }
        else if (reader.ValueTextEquals("stream"u8))
        {
            reader.Read();
            IsStream = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("id_slot"u8))
        {
            reader.Read();
            IdSlot = Value(ref reader);
        }
        else if (reader.ValueTextEquals("return_progress"u8))
        {
            reader.Read();
            WantsProgress = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("prompt_cache_key"u8))
        {
            reader.Read();
            CacheKey = Value(ref reader);
        }
        else if (reader.ValueTextEquals("user"u8))
        {
            reader.Read();
            User = Value(ref reader);
        }
        else if (reader.ValueTextEquals("cache_prompt"u8))
        {
            reader.Read();
            WantsCache = reader.TokenType != JsonTokenType.False;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("n"u8) || reader.ValueTextEquals("n_cmpl"u8))
        {
            reader.Read();
            _choices = reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var n) ? (int)Math.Clamp(n, 1, 1 << 14) : 1; // the backend takes 2.0 for 2
            reader.Skip();
        }
        else
        {
            HeadMember(ref reader);
        }
    }

    private void HeadMember(ref Utf8JsonReader reader)
    {
        var index = -1;
        for (var i = 0; i < HeadNames.Length && index < 0; i++)
        {
            if (reader.ValueTextEquals(HeadNames[i]))
                index = i;
        }

        reader.Read();
        var value = Value(ref reader);
        if (index >= 0)
            _head[index] = SaysNothing(value.Of(Body.Span)) ? null : value;
    }

    /// <summary>Many clients send empty lists and defaults where others send nothing; the backend renders both alike.</summary>
    private static bool SaysNothing(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("null"u8) || value.SequenceEqual("[]"u8) || value.SequenceEqual("{}"u8) || value.SequenceEqual("{\"type\":\"text\"}"u8) || value.SequenceEqual("{\"type\": \"text\"}"u8);

    private void ReadPrompt(ref Utf8JsonReader reader)
    {
        _prompts = 1;
        if (reader.TokenType == JsonTokenType.String)
        {
            Messages = [new("user", [new("text", true, Value(ref reader))], [])];
            return;
        }

        // An array is one prompt of tokens (and text) when it holds a number, otherwise a list of prompts.
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            var elements = 0;
            var hasNumber = false;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                elements++;
                hasNumber |= reader.TokenType == JsonTokenType.Number;
                reader.Skip();
            }

            _prompts = hasNumber ? 1 : Math.Max(1, elements);
        }
        else
        {
            reader.Skip();
        }

        Messages = [new("user", [new("tokens", false, new JsonRange(start, (int)reader.BytesConsumed - start))], [])];
    }

    private void ReadMessages(ref Utf8JsonReader reader)
    {
        Messages = [];
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        var messages = new List<MessageRanges>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                messages.Add(ReadMessage(ref reader));
            else
                messages.Add(new(string.Empty, [new("unknown", false, Value(ref reader))], []));
        }

        Messages = messages;
    }

    private MessageRanges ReadMessage(ref Utf8JsonReader reader)
    {
        var role = string.Empty;
        IReadOnlyList<PartRange> parts = [];
        List<(JsonRange, JsonRange)>? others = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                role = RoleName(ref reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                parts = ReadContent(ref reader);
            }
            else
            {
                var start = (int)reader.TokenStartIndex;
                var name = new JsonRange(start, (int)reader.BytesConsumed - start - 1); // up to the colon: good enough to tell names apart
                reader.Read();
                (others ??= []).Add((name, Value(ref reader)));
            }
        }

        return new(role, parts, others ?? (IReadOnlyList<(JsonRange, JsonRange)>)[]);
    }

    private List<PartRange> ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [new("text", true, Value(ref reader))];
        if (reader.TokenType != JsonTokenType.StartArray)
            return reader.TokenType == JsonTokenType.Null ? [] : [new("unknown", false, Value(ref reader))];
        var parts = new List<PartRange>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            parts.Add(reader.TokenType == JsonTokenType.StartObject ? ReadPart(ref reader) : new("unknown", false, Value(ref reader)));
        return parts;
    }

    private PartRange ReadPart(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        string type = "unknown";
        JsonRange? text = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = JsonText.StringOrNull(Value(ref reader).Of(Body.Span)) ?? type;
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                text = reader.TokenType == JsonTokenType.String ? Value(ref reader) : null;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return text is { } token && (type is "text" or "input_text" or "output_text")
            ? new(type, true, token)
            : new(type, false, new JsonRange(start, (int)reader.BytesConsumed - start));
    }

    private static string RoleName(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
            return string.Empty;
        if (reader.ValueTextEquals("user"u8))
            return "user";
        if (reader.ValueTextEquals("assistant"u8))
            return "assistant";
        if (reader.ValueTextEquals("system"u8))
            return "system";
        if (reader.ValueTextEquals("tool"u8))
            return "tool";
        try
        {
            return reader.GetString() ?? string.Empty;
        }
        catch (InvalidOperationException)
        {
            return string.Empty; // a lone surrogate
        }
    }

    private static JsonRange Value(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new JsonRange(start, (int)reader.BytesConsumed - start);
    }
}
