using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Bioproxy.Host.Http;

/// <summary>Which headers pass, in both directions. Values pass as they are, without being parsed.</summary>
internal static class HeaderRules
{
    /// <summary>Headers of one connection, not of the message (RFC 9110, 7.6.1), and those that are made here: <c>Host</c>,
    /// <c>Content-Length</c> of the body that is really sent, the answer to <c>Expect</c>, and the turn at another proxy.</summary>
    private static readonly FrozenSet<string> NotToBackend = new[]
    {
        "Connection", "Proxy-Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Upgrade", "Proxy-Authorization", "Proxy-Authenticate",
        "HTTP2-Settings", "Host", "Content-Length", "Expect", TurnHeaders.Turn,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Includes <c>Trailer</c>: Kestrel sends no trailers over HTTP/1.1, so none may be announced.</summary>
    private static readonly FrozenSet<string> NotToClient = new[]
    {
        "Trailer",
        "Connection", "Proxy-Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Upgrade", "Proxy-Authenticate", TurnHeaders.Refused,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void CopyToBackend(IHeaderDictionary from, HttpRequestMessage to)
    {
        var named = Named(from.Connection);
        foreach (var (name, values) in from)
        {
            if (name.Length == 0 || name[0] == ':' || NotToBackend.Contains(name) || named?.Contains(name) == true)
                continue;
            if (values.Count == 1)
            {
                if (!to.Headers.TryAddWithoutValidation(name, values[0]))
                    to.Content?.Headers.TryAddWithoutValidation(name, values[0]);
            }
            else if (!to.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                to.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        if (from.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
            to.Headers.TryAddWithoutValidation("TE", "trailers");
    }

    public static void CopyToClient(HttpResponseMessage from, IHeaderDictionary to)
    {
        var named = from.Headers.NonValidated.TryGetValues("Connection", out var connection)
            ? Named(new StringValues([.. connection]))
            : null;
        Copy(from.Headers.NonValidated, to, named);
        Copy(from.Content.Headers.NonValidated, to, named);

        // Two lengths in one message are used for request smuggling; the chunked one is what was read.
        if (from.Headers.TransferEncodingChunked == true)
            to.Remove("Content-Length");
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to, HashSet<string>? named)
    {
        foreach (var (name, values) in from)
        {
            if (!NotToClient.Contains(name) && named?.Contains(name) != true)
                to.Append(name, values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]));
        }
    }

    /// <summary>Headers that the Connection header names; they belong to the connection as well.</summary>
    private static HashSet<string>? Named(StringValues connection)
    {
        HashSet<string>? names = null;
        foreach (var value in connection)
        {
            foreach (var name in (value ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (!name.Equals("close", StringComparison.OrdinalIgnoreCase)
                    && !name.Equals("keep-alive", StringComparison.OrdinalIgnoreCase))
                    (names ??= new(StringComparer.OrdinalIgnoreCase)).Add(name);
            }
        }

        return names;
    }
}
