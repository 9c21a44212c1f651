using System.Collections.Concurrent;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Bioproxy.Host.Requests;

/// <summary>
/// llama-server keeps the stream of a request with an <c>X-Conversation-Id</c>, and goes on computing when its client leaves; the client
/// comes back with <c>GET /v1/stream?conv_id=…&amp;from=…</c> and the number of bytes that it has. So nothing is put into such a stream
/// or taken out of it, and one whose client stays away is ended here, because it occupies a slot.
/// </summary>
internal sealed class ResumableStreams(LiveOptions options, TimeProvider time)
{
    public const string Header = "X-Conversation-Id";
    private const string Path = "/v1/stream";

    /// <summary>More than slots by far.</summary>
    private const int MaxWatched = 4096;

    private readonly ConcurrentDictionary<string, ITimer> _left = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, int> _readers = new(StringComparer.Ordinal);

    /// <summary>How many streams wait for their client.</summary>
    public int Waiting => _left.Count;

    /// <summary>The conversation of a stream that can be resumed; null when it is none.</summary>
    public static string? ConversationOf(IHeaderDictionary headers) =>
        headers.TryGetValue(Header, out var value) && value.ToString() is { Length: > 0 } id ? id : null;

    /// <summary>The conversation whose stream a client asks for; null when the request is another one.</summary>
    public static string? ConversationOf(in RequestHead head)
    {
        if (!HttpMethods.IsGet(head.Method) || !TargetPath.Of(head.Target).EndsWith(Path, StringComparison.Ordinal))
            return null;
        var query = head.Target.IndexOf('?', StringComparison.Ordinal);
        return query >= 0 && QueryHelpers.ParseQuery(head.Target[query..]).TryGetValue("conv_id", out var id) ? id.ToString() : null;
    }

    /// <summary>A request for such a stream is sent: a new one, or that of a client that has come back.</summary>
    /// <param name="conversation">Its conversation; null for any other request.</param>
    public void Begun(string? conversation)
    {
        if (conversation is not null && _left.TryRemove(conversation, out var timer))
            timer.Dispose();
    }

    /// <summary>A client that has come back reads a stream; until <see cref="Closed"/> it is not ended.</summary>
    public void Opened(string? conversation)
    {
        Begun(conversation);
        if (conversation is not null)
            _readers.AddOrUpdate(conversation, 1, static (_, count) => count + 1);
    }

    public void Closed(string? conversation)
    {
        if (conversation is not null && _readers.AddOrUpdate(conversation, 0, static (_, count) => count - 1) <= 0)
            _readers.TryRemove(new(conversation, 0));
    }

    /// <summary>A request for such a stream has ended.</summary>
    /// <param name="conversation">Its conversation; null for any other request.</param>
    /// <param name="failure">How it ended; null when the client has the whole answer.</param>
    /// <param name="sender">Reaches the server, which goes on when the client left.</param>
    /// <param name="head">The request, which says who the client is.</param>
    public void Ended(string? conversation, ProxyFailure? failure, BackendSender sender, in RequestHead head)
    {
        if (conversation is null)
            return;
        Begun(conversation);
        if (failure is not { Kind: FailureKind.ClientGone } || _left.Count >= MaxWatched)
            return;
        var headers = new HeaderDictionary
        {
            ["Authorization"] = head.Headers.Authorization,
            [CredentialHeaders.ApiKey] = head.Headers[CredentialHeaders.ApiKey],
        };
        var who = head with { Method = HttpMethods.Delete, Headers = headers };
        var timer = time.CreateTimer(
            _ => _ = EndAsync(conversation, sender, who), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _left[conversation] = timer;
        timer.Change(options.Current.ResumeTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A stream that plugins edit cannot be resumed: the backend would repeat what it had sent, unedited.</summary>
    public static RequestHead Without(in RequestHead head)
    {
        if (!head.Headers.ContainsKey(Header))
            return head;
        var headers = new HeaderDictionary();
        foreach (var (name, value) in head.Headers)
            headers[name] = value;
        headers.Remove(Header);
        return head with { Headers = headers };
    }

    private async Task EndAsync(string conversation, BackendSender sender, RequestHead who)
    {
        Begun(conversation);
        if (_readers.ContainsKey(conversation))
            return;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), time);
        var head = who with { Target = $"{Path}?conv_id={Uri.EscapeDataString(conversation)}" };
        try
        {
            var (response, _) = await sender.SendAsync(head, null, isRepeatable: true, limit.Token).ConfigureAwait(false);
            response?.Dispose();
        }
        catch (ObjectDisposedException)
        {
            // the proxy stops, or the backend is gone
        }
    }
}
