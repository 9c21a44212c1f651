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
            _messages = new MessageReader(_body, _endpoint).ReadAll(ref reader);
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
            _messages = new MessageReader(_body, _endpoint).ReadAll(ref reader);
    }
}
