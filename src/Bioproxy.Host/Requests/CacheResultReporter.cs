using System.Globalization;
using System.Text;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;

namespace Bioproxy.Host.Requests;

/// <summary>Reports the cache result to the client as soon as the backend has reported it, before anything of the answer.</summary>
internal sealed class CacheResultReporter(Exchange exchange, Placement placement)
{
    /// <summary>The figures of an answer that was buffered; null for others.</summary>
    public PromptTimings? Timings { get; private set; }

    /// <param name="cached">Tokens reused; null when the backend did not say.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <returns>A comment for the stream where the headers have been sent already; otherwise nothing.</returns>
    public ReadOnlyMemory<byte> Report(int? cached, int prompt)
    {
        var result = placement.Verdict(cached, prompt);
        if (cached is not null)
        {
            var progress = exchange.Progress;
            (progress.CacheResult, progress.CachedTokens, progress.PromptTokens) = (result, cached, prompt);
        }

        if (exchange.Answer.HasStarted)
            return Comment(result, cached ?? 0);
        exchange.Header("X-Bioproxy-Cache", result);
        if (cached is { } tokens)
            exchange.Header("X-Bioproxy-Cached-Tokens", tokens.ToString(CultureInfo.InvariantCulture));
        return default;
    }

    /// <summary>Reports what a whole answer says.</summary>
    public void ReportFrom(ReadOnlyMemory<byte> body)
    {
        Timings = Corrected(TimingsReader.Read(body.Span));
        Report(Timings?.CachedTokens, Timings?.PromptTokens ?? 0);
    }

    /// <summary>The answer's figures. Of a prompt that was computed before it says that all of it was cached.</summary>
    public PromptTimings? Corrected(PromptTimings? timings) => timings is null || exchange.Isolated is not { } isolated
        ? timings
        : new PromptTimings(
            Math.Min(isolated.CachedTokens, timings.PromptTokens),
            Math.Max(0, timings.PromptTokens - isolated.CachedTokens),
            timings.GeneratedTokens);

    /// <summary>Without an empty line: that would end an event, and some clients fail on one without data.</summary>
    private static byte[] Comment(string result, int cached) => Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $": X-Bioproxy-Cache: {result}, X-Bioproxy-Cached-Tokens: {cached}\n"));
}
