using System.Globalization;
using System.Text;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Requests;

/// <summary>Tells the client what was reused, as soon as the backend has told it and before anything of the answer.</summary>
internal sealed class Evidence(Exchange exchange, Placement placement)
{
    /// <summary>What a whole answer told; null for others.</summary>
    public PromptTimings? Timings { get; private set; }

    /// <param name="cached">Tokens reused; null when the backend did not tell.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <returns>What has to be said in the stream, because its headers are gone: a comment.</returns>
    public ReadOnlyMemory<byte> Tell(int? cached, int prompt)
    {
        var result = placement.Verdict(cached, prompt);
        if (exchange.Http.Response.HasStarted)
            return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $": X-Bioproxy-Cache: {result}, X-Bioproxy-Cached-Tokens: {cached ?? 0}\n\n"));
        exchange.Header("X-Bioproxy-Cache", result);
        if (cached is { } tokens)
            exchange.Header("X-Bioproxy-Cached-Tokens", tokens.ToString(CultureInfo.InvariantCulture));
        return default;
    }

    /// <summary>Looks for it in a whole answer.</summary>
    public void TellFrom(ReadOnlyMemory<byte> body)
    {
        Timings = TimingsReader.Read(body.Span);
        Tell(Timings?.CachedTokens, Timings?.PromptTokens ?? 0);
    }
}
