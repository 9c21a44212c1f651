using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>Who asks, as far as it matters: nothing of it is a name, all are hashes.</summary>
/// <param name="Client">Whose turn it is in the queue: the API key, else the address, and the user that the request names.</param>
/// <param name="Domain">Whose snapshots it may read; null where nobody is told apart.</param>
/// <param name="Session">What the client calls the conversation; null when it does not.</param>
/// <param name="Lane">How urgent it is; null when it asked for a lane that does not exist.</param>
internal readonly record struct Caller(ulong Client, string? Domain, string? Session, PromptLane? Lane)
{
    public const string LaneHeader = "X-Bioproxy-Lane";
    private const string SessionHeader = "X-Session-Id";
    private const int MaxRemembered = 4096;

    /// <summary>Domains by key and name: few, and asked for at every request.</summary>
    private static readonly ConcurrentDictionary<(string Key, string Named), string> Domains = new();

    public static Caller Of(HttpContext http, PromptBody? prompt, ProxyOptions options)
    {
        var headers = http.Request.Headers;
        var key = KeyOf(headers);
        var named = options.KvDomainHeader is { } name && headers.TryGetValue(name, out var value) ? value.ToString() : "";
        var user = Text(prompt, prompt?.User);
        var session = headers.TryGetValue(SessionHeader, out var given) && given.ToString() is { Length: > 0 } id ? id : Text(prompt, prompt?.CacheKey);
        var who = key.Length + named.Length > 0 ? key + "\n" + named : http.Connection.RemoteIpAddress?.ToString() ?? "";
        return new Caller(
            ((ulong)(uint)who.GetHashCode(StringComparison.Ordinal) << 32) | (uint)user.GetHashCode(StringComparison.Ordinal),
            DomainOf(key, named),
            session.Length > 0 ? Hex(session) : null,
            LaneOf(headers[LaneHeader].ToString(), options.BatchApiKeys.Contains(key, StringComparer.Ordinal)));
    }

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
            Domains.Clear(); // somebody makes keys up
        return Domains[(key, named)] = Hex(key + "\n" + named);
    }

    private static PromptLane? LaneOf(string asked, bool isBatchKey) => asked switch
    {
        "" => isBatchKey ? PromptLane.Batch : PromptLane.Interactive,
        _ when asked.Equals("batch", StringComparison.OrdinalIgnoreCase) => PromptLane.Batch,
        _ when asked.Equals("interactive", StringComparison.OrdinalIgnoreCase) => isBatchKey ? PromptLane.Batch : PromptLane.Interactive, // a key's lane is the operator's word
        _ => null,
    };

    private static string KeyOf(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return authorization[7..].Trim();
        return authorization.Length > 0 ? authorization : headers.TryGetValue("X-Api-Key", out var key) ? key.ToString() : "";
    }

    private static string Text(PromptBody? prompt, Json.JsonRange? range) => range is { } value ? Encoding.UTF8.GetString(value.Of(prompt!.Body.Span)) : "";

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6));
}
