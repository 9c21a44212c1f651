using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>Scans a request body once and collects a <see cref="PromptBody"/>. Of several members with one name the last one counts, as for
/// the backend.</summary>
internal sealed class PromptBodyReader
{
    private readonly ReadOnlyMemory<byte> _body;
    private readonly PromptEndpoint _endpoint;
    private readonly PromptForm _form;
    private readonly InfillPrompt? _infill;
    private readonly JsonRange?[] _head = new JsonRange?[HeadMember.Names.Length];
    private IReadOnlyList<MessageRanges> _messages = [];
    private string? _model;
    private bool _isStream;
    private bool? _wantsProgress;
    private bool _wantsCache = true;
    private JsonRange? _cacheKey;
    private JsonRange? _user;
    private JsonRange? _metadata;
    private JsonRange? _previousResponse;
    private int? _maxTokens;
    private int _tools;
    private JsonRange? _idSlot;
    private JsonRange? _cachePrompt;
    private int _choices = 1;
    private int _prompts = 1;

    private PromptBodyReader(ReadOnlyMemory<byte> body, PromptEndpoint endpoint, PromptForm form)
    {
        _body = body;
        _endpoint = endpoint;
        _form = form;
        _infill = form == PromptForm.Infill ? new InfillPrompt() : null;
    }

    /// <returns>Null when the body is not a JSON object.</returns>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A name or a role is not Unicode.</exception>
    public static PromptBody? Read(ReadOnlyMemory<byte> body, PromptEndpoint endpoint, PromptForm form) =>
        new PromptBodyReader(body, endpoint, form).Read();

    private PromptBody? Read()
    {
        var reader = new Utf8JsonReader(_body.Span, JsonReading.Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;
        var firstMember = (int)reader.BytesConsumed;
        var isEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            ReadMember(ref reader);
        }

        while (reader.Read()) // anything behind the object is an error the reader throws
        {
        }

        return new PromptBody(_head)
        {
            Body = _body,
            Endpoint = _endpoint,
            Model = _model,
            IsStream = _isStream,
            WantsProgress = _wantsProgress,
            WantsCache = _wantsCache,
            CacheKey = _cacheKey,
            User = _user,
            Metadata = _metadata,
            PreviousResponse = _previousResponse,
            MaxTokens = _maxTokens,
            Tools = _tools,
            Choices = _choices,
            Prompts = _prompts,
            Messages = _infill?.Messages ?? _messages,
            Splices = new PromptSplices(firstMember, isEmpty, _idSlot, _cachePrompt),
        };
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        if ((_endpoint is PromptEndpoint.Chat or PromptEndpoint.Messages) && reader.ValueTextEquals("messages"u8))
        {
            reader.Read();
            ReadMessages(ref reader);
        }
        else if (_endpoint == PromptEndpoint.Responses && reader.ValueTextEquals("input"u8))
        {
            reader.Read();
            ReadInput(ref reader);
        }
        else if (_endpoint == PromptEndpoint.Completion && _infill is null
            && reader.ValueTextEquals(_form == PromptForm.Content ? "content"u8 : "prompt"u8))
        {
            reader.Read();
            (_messages, _prompts) = CompletionPrompts.Read(ref reader);
        }
        else if (_infill?.TryRead(ref reader) != true && !ReadSetting(ref reader))
        {
            ReadHeadMember(ref reader);
        }
    }

    /// <summary>Members that say how the prompt is served.</summary>
    private bool ReadSetting(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            reader.Read();
            _model = JsonText.StringOrNull(reader.SkipValue().Of(_body.Span));
        }
        else if (reader.ValueTextEquals("stream"u8))
        {
            _isStream = ReadFlag(ref reader);
        }
        else if (reader.ValueTextEquals("id_slot"u8))
        {
            reader.Read();
            _idSlot = reader.SkipValue();
        }
        else if (reader.ValueTextEquals("return_progress"u8))
        {
            _wantsProgress = ReadFlag(ref reader);
        }
        else if (reader.ValueTextEquals("prompt_cache_key"u8))
        {
            reader.Read();
            _cacheKey = reader.SkipValue();
        }
        else if (reader.ValueTextEquals("user"u8))
        {
            reader.Read();
            _user = reader.SkipValue();
        }
        else if (reader.ValueTextEquals("cache_prompt"u8))
        {
            reader.Read();
            _wantsCache = reader.TokenType != JsonTokenType.False;
            _cachePrompt = reader.SkipValue();
        }
        else if (reader.ValueTextEquals("n"u8) || reader.ValueTextEquals("n_cmpl"u8))
        {
            reader.Read();
            // The backend takes 2.0 for 2.
            _choices = reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var n) ? (int)Math.Clamp(n, 1, 1 << 14) : 1;
            reader.Skip();
        }
        else
        {
            return ReadTrait(ref reader);
        }

        return true;
    }

    /// <summary>Members that say which conversation the request belongs to, or what it is for.</summary>
    private bool ReadTrait(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("metadata"u8))
        {
            reader.Read();
            _metadata = reader.SkipValue();
        }
        else if (reader.ValueTextEquals("previous_response_id"u8))
        {
            reader.Read();
            _previousResponse = reader.SkipValue();
        }
        else if (reader.ValueTextEquals("max_tokens"u8) || reader.ValueTextEquals("max_completion_tokens"u8)
            || reader.ValueTextEquals("max_output_tokens"u8) || reader.ValueTextEquals("n_predict"u8))
        {
            reader.Read();
            _maxTokens = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var most) && most >= 0 ? most : null;
            reader.Skip();
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool ReadFlag(ref Utf8JsonReader reader)
    {
        reader.Read();
        var isTrue = reader.TokenType == JsonTokenType.True;
        reader.Skip();
        return isTrue;
    }

    private void ReadHeadMember(ref Utf8JsonReader reader)
    {
        var index = -1;
        for (var i = 0; i < HeadMember.Names.Length && index < 0; i++)
        {
            if (reader.ValueTextEquals(HeadMember.Names[i]))
                index = i;
        }

        reader.Read();
        var value = index == HeadMember.Tools ? reader.SkipElements(out _tools) : reader.SkipValue();
        if (index >= 0)
            _head[index] = HeadMember.IsDefault(value.Of(_body.Span)) ? null : value;
    }

    /// <summary>The <c>input</c> of /v1/responses: a text, or items like messages.</summary>
    private void ReadInput(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            _messages = [new("user", [new("text", true, reader.SkipValue())], [])];
        else
            ReadMessages(ref reader);
    }

    private void ReadMessages(ref Utf8JsonReader reader)
    {
        _messages = [];
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        var messages = new List<MessageRanges>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            messages.Add(reader.TokenType == JsonTokenType.StartObject
                ? ReadMessage(ref reader)
                : new(string.Empty, [new("unknown", false, reader.SkipValue())], []));
        }

        _messages = messages;
    }

    private MessageRanges ReadMessage(ref Utf8JsonReader reader)
    {
        var first = (int)reader.BytesConsumed;
        var role = string.Empty;
        JsonRange? roleToken = null;
        IReadOnlyList<PartRange> parts = [];
        JsonRange? content = null;
        List<(JsonRange, JsonRange)>? others = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                role = RoleName(ref reader);
                var isText = reader.TokenType == JsonTokenType.String;
                var token = reader.SkipValue();
                roleToken = isText ? token : null;
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                parts = ReadContent(ref reader);
                content = new JsonRange(start, (int)reader.BytesConsumed - start);
            }
            else if (IsNeverRendered(ref reader))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                var start = (int)reader.TokenStartIndex;
                var name = new JsonRange(start, (int)reader.BytesConsumed - start - 1); // up to the colon: good enough to tell names apart
                reader.Read();
                (others ??= []).Add((name, reader.SkipValue()));
            }
        }

        return new(role, parts, others ?? (IReadOnlyList<(JsonRange, JsonRange)>)[])
        {
            RoleToken = roleToken,
            Content = content,
            FirstMember = first,
        };
    }

    /// <summary>Members of a message that say nothing to the backend (measured on build 11669): <c>cache_control</c>, which wanders, and
    /// the ids of items, which are others in every session of Codex. The id of a call is <c>call_id</c>.</summary>
    private bool IsNeverRendered(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("cache_control"u8)
        || (_endpoint == PromptEndpoint.Responses && (reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("status"u8)));

    private List<PartRange> ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [new("text", true, reader.SkipValue())];
        if (reader.TokenType != JsonTokenType.StartArray)
            return reader.TokenType == JsonTokenType.Null ? [] : [new("unknown", false, reader.SkipValue())];
        var parts = new List<PartRange>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            parts.Add(reader.TokenType == JsonTokenType.StartObject ? ReadPart(ref reader) : new("unknown", false, reader.SkipValue()));
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
                type = JsonText.StringOrNull(reader.SkipValue().Of(_body.Span)) ?? type;
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                text = reader.TokenType == JsonTokenType.String ? reader.SkipValue() : null;
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
}
