using System.Collections.ObjectModel;
using System.Text.Json;

namespace Bioproxy.Abstractions;

/// <summary>The prompt of one request, as plugins see and edit it.</summary>
/// <remarks>
/// Edits are made by assigning <see cref="PromptPart.Text"/>. The host replaces exactly the JSON strings that changed; every
/// other byte of the request body reaches the backend as the client sent it.
/// </remarks>
public sealed class PromptContext
{
    private static readonly string[] Kept =
    [
        "messages", "input", "prompt", "model", "stream", "id_slot", "return_progress", "prompt_cache_key", "user", "cache_prompt", "n",
        "n_cmpl",
    ];

    /// <summary>As deep as the backend reads.</summary>
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = int.MaxValue };

    private Dictionary<object, object?>? _state;
    private Dictionary<string, ReadOnlyMemory<byte>>? _replaced;
    private Dictionary<string, int>? _notes;

    /// <summary>Created by the host, and by tests of plugins.</summary>
    /// <param name="requestId">The request's id.</param>
    /// <param name="endpoint">The kind of endpoint.</param>
    /// <param name="model">The request's <c>model</c> member.</param>
    /// <param name="isWarmUp">Whether this is a rehearsal by warm-up.</param>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="body">The whole request body.</param>
    public PromptContext(
        string requestId,
        PromptEndpoint endpoint,
        string? model,
        bool isWarmUp,
        IReadOnlyList<PromptMessage> messages,
        ReadOnlyMemory<byte> body)
    {
        RequestId = requestId;
        Endpoint = endpoint;
        Model = model;
        IsWarmUp = isWarmUp;
        Messages = messages;
        Body = body;
    }

    /// <summary>The id that the response carries as <c>X-Bioproxy-Request-Id</c>.</summary>
    public string RequestId { get; }

    /// <summary>Which family of endpoint the client called.</summary>
    public PromptEndpoint Endpoint { get; }

    /// <summary>The <c>model</c> member, or null if it is missing or not a string.</summary>
    public string? Model { get; }

    /// <summary>True when warm-up rehearses the chain with a placeholder message. A transform must treat it like any request.</summary>
    public bool IsWarmUp { get; }

    /// <summary>The messages, oldest first. Each prompt of a raw completion appears as one message with role <c>user</c>.</summary>
    public IReadOnlyList<PromptMessage> Messages { get; }

    /// <summary>The request body as the client sent it: UTF-8 JSON, without the edits of any transform. Do not keep it.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The lane in which the request will wait for a slot. A transform may change it, and overrules the client.</summary>
    public PromptLane Lane { get; set; }

    /// <summary>The request's time, in the local time zone. Each rehearsal by warm-up has another time, so that a time that a transform
    /// writes is not mistaken for text that never changes. Since contract 1.1.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The slash commands of the last user message, in the order written. Since contract 1.1.</summary>
    public IReadOnlyList<string> Commands => Messages.LastOrDefault(message => message.Role == "user")?.Commands ?? [];

    /// <summary>What the parts of a plugin keep for each other during one request. Use an object of your own as the key, not a name that
    /// another plugin may use, too. Since contract 1.1.</summary>
    public IDictionary<object, object?> State => _state ??= [];

    /// <summary>Whose request it is: an opaque name for those who may share KV state; null where callers are not told apart. What a plugin
    /// remembers of one request must not reach a request of another domain. Set by the host. Since contract 1.2.</summary>
    public string? Domain { get; set; }

    /// <summary>What was noted by <see cref="Note"/>: how often by rule. Since contract 1.2.</summary>
    public IReadOnlyDictionary<string, int> Notes =>
        (IReadOnlyDictionary<string, int>?)_notes ?? ReadOnlyDictionary<string, int>.Empty;

    /// <summary>Notes what was done to this prompt; <c>/explain</c> shows it. Never a text of the prompt. Since contract 1.2.</summary>
    /// <param name="rule">The name of what was done: lower-case letters, digits and underscores by convention.</param>
    /// <param name="count">In how many places; it is added to what was noted before.</param>
    public void Note(string rule, int count = 1)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _notes ??= new(StringComparer.Ordinal);
        _notes[rule] = _notes.GetValueOrDefault(rule) + count;
    }

    /// <summary>The members that <see cref="ReplaceMember"/> replaced. Since contract 1.1.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReplacedMembers =>
        (IReadOnlyDictionary<string, ReadOnlyMemory<byte>>?)_replaced ?? ReadOnlyDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary>A member of the request's body, such as <c>tools</c> or Anthropic's <c>system</c>. Since contract 1.1.</summary>
    /// <param name="name">The member's name.</param>
    /// <returns>Its value as JSON in UTF-8, with edits; null if the body has no such member or is not an object. Do not keep it.</returns>
    public ReadOnlyMemory<byte>? Member(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _replaced is not null && _replaced.TryGetValue(name, out var replaced) ? replaced : Find(name);
    }

    /// <summary>Replaces the value of a member that the body has. Messages are edited through <see cref="Messages"/>, and members that the
    /// host itself uses cannot be replaced. Since contract 1.1.</summary>
    /// <param name="name">The member's name.</param>
    /// <param name="value">One JSON value in UTF-8. The caller must not change it afterwards.</param>
    /// <exception cref="ArgumentException">The member may not be replaced, or the value is not valid JSON.</exception>
    /// <exception cref="InvalidOperationException">The body has no such member.</exception>
    public void ReplaceMember(string name, ReadOnlyMemory<byte> value)
    {
        if (Array.IndexOf(Kept, name) >= 0)
            throw new ArgumentException($"'{name}' cannot be replaced as a member of the body.", nameof(name));
        if (Member(name) is null)
            throw new InvalidOperationException($"The body has no member '{name}'.");
        JsonValue.Check(value, nameof(value));
        (_replaced ??= new(StringComparer.Ordinal))[name] = value;
    }

    /// <summary>The last member of that name, which is the one that JSON readers use.</summary>
    private ReadOnlyMemory<byte>? Find(string name)
    {
        ReadOnlyMemory<byte>? found = null;
        var reader = new Utf8JsonReader(Body.Span, Deep);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isIt = reader.ValueTextEquals(name);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isIt)
                    found = Body[start..(int)reader.BytesConsumed];
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return found;
    }
}
