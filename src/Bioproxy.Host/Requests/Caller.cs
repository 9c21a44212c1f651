using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>Who sends a request. Names and keys are kept as hashes only.</summary>
/// <param name="Client">Whose turn it is in the queue: the API key, else the address, and the user that the request names.</param>
/// <param name="Domain">Whose KV state it may reuse; null where callers are not told apart.</param>
/// <param name="Session">The conversation that the client names, see <see cref="ConversationKey"/>; null when it names none.</param>
/// <param name="Lane">Its lane; null when it asked for a lane that does not exist.</param>
internal readonly record struct Caller(ulong Client, string? Domain, string? Session, PromptLane? Lane)
{
    public const string LaneHeader = "X-Bioproxy-Lane";
    private const int MaxRemembered = 4096;

    /// <summary>Domains by key and name: few, and needed for every request.</summary>
    private static readonly ConcurrentDictionary<(string Key, string Named), string> Domains = new();

    /// <summary>The header or member that names the conversation.</summary>
    public string? SessionSource { get; init; }

    /// <summary>The client says that a sub-agent asks.</summary>
    public bool IsSubAgent { get; init; }

    /// <param name="headers">Its headers.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="prompt">Its body; null when it is not one with a prompt.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="known">The key that it was let in with; null where keys are not checked, and only tell people apart.</param>
    public static Caller Of(
        IHeaderDictionary headers, IPAddress? address, PromptBody? prompt, ProxyOptions options, ApiKey? known = null)
    {
        var key = known?.Scope ?? KeyOf(headers);
        var named = options.KvDomainHeader is { } name && headers.TryGetValue(name, out var value) ? value.ToString() : "";
        var user = Text(prompt, prompt?.User);
        var scope = key + "\n" + named;
        var who = key.Length + named.Length > 0 ? scope : ClientAddress.Of(headers, address, options.TrustedProxies)?.ToString() ?? "";
        var (session, source) = ConversationKey.Of(headers, prompt, scope);
        return new Caller(
            ((ulong)NumberOf(who) << 32) | NumberOf(user),
            DomainOf(key, named),
            session,
            LaneOf(
                headers[LaneHeader].ToString(),
                known is null
                    ? options.BatchApiKeys.Contains(key, StringComparer.Ordinal)
                    : known.Options.Lane == PromptLane.Batch))
        {
            SessionSource = source,
            IsSubAgent = ConversationKey.NamesSubAgent(headers),
        };
    }

    /// <summary>The same in every proxy of a cluster: a client that goes round them has one turn in the queue, not one a proxy.</summary>
    private static uint NumberOf(string text) => (uint)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()));

    /// <summary>Why a request without a <see cref="Lane"/> is refused.</summary>
    public static ProxyFailure WrongLane { get; } = new(
        FailureKind.ClientHeaderWrong, $"{LaneHeader} may be interactive or batch."); // what it was is not for the log

    /// <summary>The name of a domain in sidecars and on the command line.</summary>
    /// <param name="key">The API key; empty for none.</param>
    /// <param name="named">The value of the domain header; empty for none.</param>
    public static string? DomainOf(string key, string named)
    {
        if (key.Length + named.Length == 0)
            return null;
        if (Domains.TryGetValue((key, named), out var known))
            return known;
        if (Domains.Count >= MaxRemembered)
            Domains.Clear(); // a client makes keys up
        return Domains[(key, named)] = ConversationKey.Hash(key + "\n" + named);
    }

    private static PromptLane? LaneOf(string asked, bool isBatchKey) => asked switch
    {
        "" => isBatchKey ? PromptLane.Batch : PromptLane.Interactive,
        _ when asked.Equals("batch", StringComparison.OrdinalIgnoreCase) => PromptLane.Batch,

        // The operator's word on a key counts more than the header.
        _ when asked.Equals("interactive", StringComparison.OrdinalIgnoreCase) => isBatchKey ? PromptLane.Batch : PromptLane.Interactive,
        _ => null,
    };

    private static string KeyOf(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return authorization[7..].Trim();
        return authorization.Length > 0 ? authorization : headers.TryGetValue("X-Api-Key", out var key) ? key.ToString() : "";
    }

    private static string Text(PromptBody? prompt, Json.JsonRange? range) =>
        range is { } value ? Encoding.UTF8.GetString(value.Of(prompt!.Body.Span)) : "";
}
