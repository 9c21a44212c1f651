using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>What the proxy needs to know of a request body, as ranges of the client's bytes. Immutable; made by
/// <see cref="PromptBodyReader"/> in one pass.</summary>
internal sealed class PromptBody
{
    private readonly JsonRange?[] _head;

    /// <param name="head">The values of <see cref="HeadMember.Names"/>, in that order; null for a member that is missing or says
    /// nothing.</param>
    public PromptBody(JsonRange?[] head) => _head = head;

    public required ReadOnlyMemory<byte> Body { get; init; }

    public required PromptEndpoint Endpoint { get; init; }

    public string? Model { get; init; }

    /// <summary>The <c>stream</c> member is true.</summary>
    public bool IsStream { get; init; }

    /// <summary>The client's own <c>return_progress</c>; null when there is none.</summary>
    public bool? WantsProgress { get; init; }

    /// <summary>The value of <c>prompt_cache_key</c>: requests with the same one belong together.</summary>
    public JsonRange? CacheKey { get; init; }

    /// <summary>The value of <c>metadata</c>, in which some clients pack the conversation's id.</summary>
    public JsonRange? Metadata { get; init; }

    /// <summary>The value of <c>previous_response_id</c>.</summary>
    public JsonRange? PreviousResponse { get; init; }

    /// <summary>The most tokens that the answer may have, under whatever name the protocol has for it; null when not limited.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The number of tools.</summary>
    public int Tools { get; init; }

    /// <summary>The answer has to follow a JSON schema.</summary>
    public bool HasSchema => _head[HeadMember.ResponseFormat] is not null || _head[HeadMember.JsonSchema] is not null;

    /// <summary>The value of <c>user</c>.</summary>
    public JsonRange? User { get; init; }

    /// <summary>False when the client asked for <c>cache_prompt: false</c>: it wants no reuse.</summary>
    public bool WantsCache { get; init; } = true;

    /// <summary><c>n</c> (or <c>n_cmpl</c>).</summary>
    public int Choices { get; init; } = 1;

    /// <summary>The prompts of an array.</summary>
    public int Prompts { get; init; } = 1;

    /// <summary>How many generations the backend runs for this request.</summary>
    public int Generations => Math.Max(1, Choices) * Math.Max(1, Prompts);

    public IReadOnlyList<MessageRanges> Messages { get; init; } = [];

    /// <summary>Whether the prompt is one whose prefix can be compared: at least one message, one prompt, no private cache wish.</summary>
    public bool HasChain => Messages.Count > 0 && Prompts <= 1 && WantsCache;

    /// <summary>The request chooses its own adapters: what the backend reuses then depends on which were used before, not on the prompt
    /// alone.</summary>
    public bool HasAdapters => _head[HeadMember.Lora] is not null;

    /// <summary>Where splices go.</summary>
    public required PromptSplices Splices { get; init; }

    /// <summary>The value of the last <c>id_slot</c> member.</summary>
    public JsonRange? IdSlot => Splices.IdSlot;

    /// <summary>Members of the head that are present and say something, in a fixed order.</summary>
    public IEnumerable<(string Name, JsonRange Value)> Head
    {
        get
        {
            for (var i = 0; i < _head.Length; i++)
            {
                if (_head[i] is { } value)
                    yield return (HeadMember.Names[i], value);
            }
        }
    }

    /// <summary>The head with the values of a request's <see cref="PromptContext.ReplacedMembers"/>.</summary>
    public IEnumerable<(string Name, ReadOnlyMemory<byte> Value)> HeadWith(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> replaced)
    {
        for (var i = 0; i < _head.Length; i++)
        {
            if (replaced.Count > 0 && replaced.TryGetValue(HeadMember.Names[i], out var other))
            {
                if (!HeadMember.IsDefault(other.Span))
                    yield return (HeadMember.Names[i], other);
            }
            else if (_head[i] is { } value)
            {
                yield return (HeadMember.Names[i], Body.Slice(value.Start, value.Length));
            }
        }
    }

    /// <summary>The names of <see cref="Head"/>.</summary>
    public IReadOnlyList<string> HeadMembers =>
        Array.TrueForAll(_head, static value => value is null) ? [] : [.. Head.Select(static member => member.Name)];

    /// <summary>Scans the JSON of a body (<see cref="JsonExtent"/>). Null when it is not a JSON object; see <see cref="ProblemOf"/>.
    /// </summary>
    public static PromptBody? Read(ReadOnlyMemory<byte> body, PromptEndpoint endpoint, PromptForm form = PromptForm.Usual)
    {
        try
        {
            return PromptBodyReader.Read(body, endpoint, form);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // not JSON, or a name or role that is not Unicode (a lone surrogate)
        }
    }

    /// <summary>Why a body could not be read, without quoting any of it.</summary>
    public static string ProblemOf(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, JsonReading.Options);
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            while (reader.Read())
            {
                // to the error
            }

            return isObject ? "the name of a member is not Unicode" : "it is JSON, but not an object";
        }
        catch (JsonException e)
        {
            return $"it is not JSON in UTF-8 (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})";
        }
    }

    /// <summary>Where the value of a member stands; of several with one name the last, which is the one that counts.</summary>
    public JsonRange? Find(string name) => JsonMembers.Find(Body.Span, name);
}
